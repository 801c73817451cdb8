"""What the tests of trust lists share: a list with two cities in it, and hands to forge one."""

import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certlib.canonical import canonical_bytes
from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.trust_errors import TrustListRefused
from keys import algorithms
from keys.handles import SoftwareKey
from tests.unit.keys.keys_world import START

NEXT = START.replace(microsecond=0) + timedelta(days=90)
ISSUER = "114452009900900327"
TYPE = "11100000000013338W001"
TYPED = "certlib-trust-list+json"


def entry(material, **changes):
    """The entry for an authority that `keys_world.found` has founded."""
    plain = TrustedAuthority(
        name="邻市电子证照库",
        name_en="Neighbouring city",
        certificate=material.seal_anchors[0],
        uses=frozenset(Use),
        issuers=frozenset({ISSUER, "445200"}),
        types=frozenset({TYPE}),
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2030, 1, 1, tzinfo=UTC),
        helpers=material.issuers,
    )
    return replace(plain, **changes)


def listing(*entries, version=1, **changes):
    plain = TrustList(version, START, NEXT, "揭阳市政务服务和数据管理局", entries)
    return replace(plain, **changes)


def reason_of(refused: TrustListRefused) -> str:
    return refused.values["reason"]


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def parts(content: bytes) -> dict[str, str]:
    return json.loads(content)


def forged(key, payload: bytes, header=None, **members) -> bytes:
    """A file that says anything, with a good signature of `key` over it."""
    plain = {"alg": "ES256", "typ": TYPED, "x5c": [b64encode(key.chain[0]).decode()]}
    if header is not None:
        plain = header(plain)
    protected = encoded(plain if isinstance(plain, bytes) else canonical_bytes(plain))
    message = f"{protected}.{encoded(payload)}".encode()
    raw = key.sign(message)
    if key.algorithm == algorithms.ECDSA_P256:
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        raw = b"".join(part.to_bytes(32) for part in decode_dss_signature(raw))
    found = {"payload": encoded(payload), "protected": protected, "signature": encoded(raw)}
    return json.dumps(found | members).encode()


def of_version_9(text: str) -> str:
    """A certificate in base64, of a version that does not exist: no `ValueError` to its parser."""
    der = bytearray(b64decode(text))
    der[der.index(b"\xa0\x03\x02\x01\x02") + 4] = 9
    return b64encode(der).decode()


def signer(name="Somebody", algorithm=algorithms.ECDSA_P256, **changes) -> SoftwareKey:
    """A key with a certificate that it has signed itself."""
    private = algorithms.generate(algorithm)
    der = certificate(private, name=name, **changes)
    return SoftwareKey(name, algorithm, (der,), lambda: algorithms.private_bytes(private))


def certificate(
    private=None,
    *,
    name="Somebody",
    first=START - timedelta(days=1),
    last=START + timedelta(days=900),
    constraints=None,
    usage=None,
) -> bytes:
    private = private or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )
    for extension in filter(None, (constraints, usage)):
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)


def key_usage(**allowed):
    named = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in named})


def small_rsa():
    return rsa.generate_private_key(65537, 1024)
