"""Which algorithms a signature may rest on, and until when: data with a name, no code.

A policy is asked for the moment at which a signature provably existed: what was reliable then
stays reliable, since nobody can make it afterwards. What a policy does not list is not reliable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

__all__ = ["CRYPTO_2026", "CRYPTO_POLICIES", "CryptoPolicy"]


_LONG_AGO = date(1970, 1, 1)
"""The last day of what no policy ever relied on."""


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

    def digest_end(self, name: str) -> date | None:
        """Last reliable day (UTC) of a digest; None where no end is known.

        What is not listed ended long ago (1970).
        """
        return self.digests.get(name.replace("-", "_").removesuffix("_len"), _LONG_AGO)

    def key_end(self, key: str) -> date | None:
        """Last reliable day (UTC) of a kind and size of key, as `digest_end`."""
        kind, _, size = key.partition("-")
        if kind not in self.moduli:
            return self.curves.get(key, _LONG_AGO)
        ends = [end for least, end in self.moduli[kind] if size.isdigit() and int(size) >= least]
        return None if None in ends else max((end for end in ends if end), default=_LONG_AGO)


def _reliable(table: Mapping[str, date | None], name: str, at: datetime) -> bool:
    if name not in table:
        return False
    until = table[name]
    return until is None or at.date() <= until


# SP 800-57 Part 1 Rev. 5, table 4: 112 bits of security protect what is signed through 2030.
# ETSI TS 119 312 V1.5.1 is two years stricter with RSA below 3000 bits and SHA-224 (2029-01-01),
# SOG-IS ACM 1.3 five (2025-12-31): seals of today that nothing is wrong with would be refused.
_112_BITS = date(2030, 12, 31)
# SP 800-131A Rev. 2, tables 2 and 8: less than 112 bits, and SHA-1, sign nothing after 2013.
# TS 119 312 lets SHA-1 end on 2012-08-01; the first collision was shown in February 2017.
_80_BITS = date(2013, 12, 31)
# FIPS 186-5, 4: no DSA signatures any more; FIPS 186-4 was withdrawn a year after it came out.
_DSA = date(2024, 2, 3)

CRYPTO_2026 = CryptoPolicy(
    name="certlib-2026",
    source="NIST SP 800-57 Part 1 Rev. 5 (tables 2 to 4), SP 800-131A Rev. 2, FIPS 186-5, "
    "SP 800-186; ETSI TS 119 312 and SOG-IS ACM for what is in use",
    digests=MappingProxyType(
        {
            # MD5 is not here: TS 119 312 lets it end in 2004, NIST never approved it.
            "sha1": _80_BITS,
            "sha224": _112_BITS,
            # FIPS 180-4 and FIPS 202, 128 bits and more against collisions (SP 800-57, table 3).
            "sha256": None,
            "sha384": None,
            "sha512": None,
            "sha3_256": None,
            "sha3_384": None,
            "sha3_512": None,
            # RFC 8702, 3.1: 512 bits of it.
            "shake256": None,
            # Keys that bring their digest along (RFC 8032; FIPS 186-5, 7).
            "ed25519": None,
            "ed448": None,
        }
    ),
    moduli=MappingProxyType(
        {
            # SP 800-57, table 2: 3072 bits are worth 128, 2048 are worth 112, 1024 are worth 80.
            "rsa": ((3072, None), (2048, _112_BITS), (1024, _80_BITS)),
            "dsa": ((2048, _DSA), (1024, _80_BITS)),
        }
    ),
    curves=MappingProxyType(
        {
            # SP 800-186, 3.2.1; SOG-IS ACM 1.3, 4.3.
            "ecdsa-secp256r1": None,
            "ecdsa-secp384r1": None,
            "ecdsa-secp521r1": None,
            # SP 800-186, appendix H: for interoperability; RFC 5639; SOG-IS ACM 1.3, 4.3.
            "ecdsa-brainpoolp256r1": None,
            "ecdsa-brainpoolp384r1": None,
            "ecdsa-brainpoolp512r1": None,
            # 112 bits; TS 119 312 lets it end on 2021-10-01 already.
            "ecdsa-secp224r1": _112_BITS,
            # 96 bits, which is less than 112.
            "ecdsa-secp192r1": _80_BITS,
            # FIPS 186-5, 7; SP 800-186, 3.2.3.
            "ed25519": None,
            "ed448": None,
        }
    ),
)
"""The policy in force."""

CRYPTO_POLICIES: Mapping[str, CryptoPolicy] = MappingProxyType({CRYPTO_2026.name: CRYPTO_2026})
