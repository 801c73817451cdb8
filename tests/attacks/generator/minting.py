"""X.509 certificates of every shape, keys by seed: what a forger could get or make."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from asn1crypto import algos, keys, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from tests.unit.usecases.house import NOW

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey

HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384()}
_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def ec_key(seed: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(f"key of {seed}".encode()).digest()[:23], "big")
    return ec.derive_private_key(number, curve())


@cache
def rsa_key(seed: str, bits: int) -> rsa.RSAPrivateKey:
    chance = Random(f"rsa {seed} {bits}")
    p, q = (_prime(chance, bits // 2) for _ in range(2))
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(chance: Random, bits: int) -> int:
    while True:
        found = chance.getrandbits(bits) | (3 << (bits - 2)) | 1
        if found % 65537 == 1 or any(found % small == 0 for small in _SMALL_PRIMES):
            continue
        if all(pow(base, found - 1, found) == 1 for base in (2, 3, 5)):
            return found


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    """By chance, not by seed: finding its parameters anew takes longer than all cases together."""
    return dsa.generate_private_key(1024)


def signature(key: Key, data: bytes, digest: str = "sha256") -> bytes:
    algorithm = HASHES[digest]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    if isinstance(key, dsa.DSAPrivateKey):
        return key.sign(data, algorithm)
    deterministic = digest != "sha1"
    return key.sign(data, ec.ECDSA(algorithm, deterministic_signing=deterministic))


def mechanism(key: Key, digest: str = "sha256") -> str:
    """asn1crypto's name of a signature algorithm."""
    if isinstance(key, rsa.RSAPrivateKey):
        return f"{digest}_rsa"
    return f"{digest}_dsa" if isinstance(key, dsa.DSAPrivateKey) else f"{digest}_ecdsa"


@dataclass(frozen=True)
class Minted:
    """A certificate with its key: `KeyHandle` and `SealCustody` of one seal."""

    der: bytes
    key: Key
    issuer: "Minted | None" = None
    others: tuple[bytes, ...] | None = None
    digest: str = "sha256"

    name = "forged"

    @property
    def algorithm(self) -> str:
        return "rsa-3072-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ecdsa-p256-sha256"

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The signer and what it brings along: its authorities below the root, or `others`."""
        if self.others is not None:
            return (self.der, *self.others)
        found, above = [self.der], self.issuer
        while above is not None and above.issuer is not None:
            found.append(above.der)
            above = above.issuer
        return tuple(found)

    @property
    def serial(self) -> int:
        return int(x509.Certificate.load(self.der).serial_number)

    def sign(self, message: bytes) -> bytes:
        return signature(self.key, message, self.digest)

    def seal_key(self, issuer_code: str) -> "Minted":
        return self

    def crl(self, revoked: Sequence[tuple[int, datetime]] = (), *, at: datetime = NOW) -> bytes:
        certificate = pyca.load_der_x509_certificate(self.der)
        builder = (
            pyca.CertificateRevocationListBuilder()
            .issuer_name(certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=30))
            .add_extension(pyca.CRLNumber(1), critical=False)
        )
        for serial, when in revoked:
            entry = pyca.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self.key, hashes.SHA256(), ecdsa_deterministic=True)
        return signed.public_bytes(serialization.Encoding.DER)


SIGNING = ("digital_signature", "non_repudiation")
CERTIFYING = ("key_cert_sign", "crl_sign")


@dataclass(frozen=True)
class Profile:
    """What a certificate says; the defaults are those of an honest seal.

    Attributes:
        days: validity, in days from now.
        serial: by the name when None.
        usage, purposes: absent when None.
        extra: further extensions as asn1crypto takes them, duplicates included.
        digest: of the issuer's signature.
    """

    name: str
    issuer: Minted | None = None
    key: Key | None = None
    code: str = ""
    days: tuple[float, float] = (-365, 365)
    serial: int | None = None
    authority: bool = False
    path_length: int | None = None
    usage: tuple[str, ...] | None = SIGNING
    purposes: tuple[str, ...] | None = None
    purposes_critical: bool = True
    extra: tuple[dict[str, Any], ...] = ()
    digest: str = "sha256"
    others: tuple[bytes, ...] | None = None
    version: str = "v3"


def authority(name: str, issuer: Minted | None = None, **changes: Any) -> Minted:
    return minted(
        Profile(
            name,
            issuer,
            **{"authority": True, "usage": CERTIFYING, "days": (-3650, 3650), **changes},
        )
    )


def minted(profile: Profile) -> Minted:
    key = profile.key or ec_key(profile.name)
    signing = profile.issuer.key if profile.issuer else key
    name = _name(profile)
    issuer = x509.Certificate.load(profile.issuer.der).subject if profile.issuer else name
    algorithm = algos.SignedDigestAlgorithm({"algorithm": mechanism(signing, profile.digest)})
    serial = profile.serial
    if serial is None:
        seed = f"serial {profile.name} {profile.days} {profile.authority}"
        serial = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:7], "big")
    values = {
        "version": profile.version,
        "serial_number": serial,
        "signature": algorithm,
        "issuer": issuer,
        "validity": {
            "not_before": x509.Time({"utc_time": NOW + timedelta(days=profile.days[0])}),
            "not_after": x509.Time({"utc_time": NOW + timedelta(days=profile.days[1])}),
        },
        "subject": name,
        "subject_public_key_info": _public(key),
    }
    if profile.version == "v3":
        values["extensions"] = _extensions(profile, key, signing)
    signed = x509.TbsCertificate(values)
    certificate = x509.Certificate(
        {
            "tbs_certificate": signed,
            "signature_algorithm": algorithm,
            "signature_value": signature(signing, signed.dump(), profile.digest),
        }
    )
    return Minted(certificate.dump(), key, profile.issuer, profile.others)


def _name(profile: Profile) -> x509.Name:
    values = {"country_name": "CN", "organization_name": profile.name}
    if profile.code:
        values["organization_identifier"] = f"NTRCN-{profile.code}"
    return x509.Name.build({**values, "common_name": profile.name}, use_printable=False)


def _public(key: Key) -> keys.PublicKeyInfo:
    return keys.PublicKeyInfo.load(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _extensions(profile: Profile, key: Key, signing: Key) -> list[dict[str, Any]]:
    basic: dict[str, Any] = {"ca": profile.authority}
    if profile.path_length is not None:
        basic["path_len_constraint"] = profile.path_length
    found = [
        extension("basic_constraints", basic, critical=True),
        extension("key_identifier", _public(key).sha1),
        extension("authority_key_identifier", {"key_identifier": _public(signing).sha1}),
    ]
    if profile.usage is not None:
        found.append(extension("key_usage", set(profile.usage), critical=True))
    if profile.purposes is not None:
        critical = profile.purposes_critical
        found.append(extension("extended_key_usage", list(profile.purposes), critical=critical))
    return [*found, *profile.extra]


def extension(kind: str, value: Any, *, critical: bool = False) -> dict[str, Any]:
    return {"extn_id": kind, "critical": critical, "extn_value": value}
