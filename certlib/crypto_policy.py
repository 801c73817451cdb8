"""Which algorithms a signature may rest on, and until when: data with a name, no code.

A policy is asked for the moment at which a signature provably existed: what was reliable then
stays reliable, since nobody can make it afterwards. What a policy does not list is not reliable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

__all__ = ["CRYPTO_2026", "CRYPTO_POLICIES", "CryptoPolicy"]


@dataclass(frozen=True, slots=True)
class CryptoPolicy:
    """Algorithms with their last reliable day (UTC); None where no end is known.

    Attributes:
        name: stands in reports.
        source: the publications that it follows.
        digests: by name (`sha256`).
        moduli: least length in bits of RSA and DSA keys, by kind, with the day for that length.
        curves: by the key's whole name (`ecdsa-secp256r1`, `ed25519`).
    """

    name: str
    source: str
    digests: Mapping[str, date | None]
    moduli: Mapping[str, tuple[tuple[int, date | None], ...]]
    curves: Mapping[str, date | None]

    def digest_problem(self, name: str, at: datetime) -> str:
        """`name` when it was no longer reliable at `at`, or ""."""
        plain = name.replace("-", "_").removesuffix("_len")
        return "" if _reliable(self.digests, plain, at) else name

    def key_problem(self, key: str, at: datetime) -> str:
        """`key` (`rsa-2048`, `ecdsa-secp256r1`) when it was no longer reliable at `at`, or ""."""
        kind, _, size = key.partition("-")
        if kind not in self.moduli:
            return "" if _reliable(self.curves, key, at) else key
        long_enough = (
            until is None or at.date() <= until
            for least, until in self.moduli[kind]
            if size.isdigit() and int(size) >= least
        )
        return "" if any(long_enough) else key


def _reliable(table: Mapping[str, date | None], name: str, at: datetime) -> bool:
    if name not in table:
        return False
    until = table[name]
    return until is None or at.date() <= until


_112_BITS = date(2030, 12, 31)
_80_BITS = date(2013, 12, 31)

CRYPTO_2026 = CryptoPolicy(
    name="certlib-2026",
    source="NIST SP 800-57 Part 1 Rev. 5 (tables 2 to 4), SP 800-131A Rev. 2, FIPS 186-5; "
    "ETSI TS 119 312 for what is in use",
    digests=MappingProxyType(
        {
            "sha1": _80_BITS,
            "sha224": _112_BITS,
            "sha256": None,
            "sha384": None,
            "sha512": None,
            "sha3_256": None,
            "sha3_384": None,
            "sha3_512": None,
            "shake256": None,
            # Keys that bring their digest along (RFC 8032).
            "ed25519": None,
            "ed448": None,
        }
    ),
    moduli=MappingProxyType(
        {
            "rsa": ((3072, None), (2048, _112_BITS), (1024, _80_BITS)),
            # FIPS 186-5 no longer approves DSA for new signatures.
            "dsa": ((2048, date(2023, 2, 3)), (1024, _80_BITS)),
        }
    ),
    curves=MappingProxyType(
        {
            "ecdsa-secp256r1": None,
            "ecdsa-secp384r1": None,
            "ecdsa-secp521r1": None,
            "ecdsa-brainpoolp256r1": None,
            "ecdsa-brainpoolp384r1": None,
            "ecdsa-brainpoolp512r1": None,
            "ecdsa-secp224r1": _112_BITS,
            "ecdsa-secp192r1": _80_BITS,
            "ed25519": None,
            "ed448": None,
        }
    ),
)
"""The policy in force."""

CRYPTO_POLICIES: Mapping[str, CryptoPolicy] = MappingProxyType({CRYPTO_2026.name: CRYPTO_2026})
