"""The signed trust list: one file, a JWS (RFC 7515) in flattened JSON serialisation.

    {"payload": "…", "protected": "…", "signature": "…"}

The protected header holds `alg` (ES256 or RS256), `typ` and `x5c`, and nothing else: no key is
fetched, no extension is followed, no unsigned header is read. Who may sign is not the file's to
say: its reader names signers by the SHA-256 of their X.509 certificate or of their public key.
"""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from certlib.ports import KeyHandle
from certlib.trust import TrustList
from certlib.trust_errors import refused
from keys import algorithms
from keys.certificates import certificate_from
from keys.trust_payload import check_list, list_from_payload, payload_bytes, strict_object

__all__ = ["LIMIT", "SignedList", "Signer", "believed", "read", "write"]

LIMIT: Final = 4_000_000
"""Octets of the largest list that is read: some thousand authorities."""
_TYPE: Final = "certlib-trust-list+json"
_MEMBERS: Final = frozenset({"payload", "protected", "signature"})
_HEADER: Final = frozenset({"alg", "typ", "x5c"})
_MOST_CERTIFICATES: Final = 6
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]+")
_COORDINATE: Final = 32
_RSA_BITS: Final = range(2048, 8193)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a list.

    Attributes:
        certificate: X.509, DER.
        sha256: hex SHA-256 of it; changes when it is renewed.
        key_sha256: hex SHA-256 of its SubjectPublicKeyInfo; stays as long as the key.
    """

    certificate: bytes
    sha256: str
    key_sha256: str
    subject: str

    def named_in(self, signers: frozenset[str]) -> bool:
        """Whether one of these fingerprints is this signer's."""
        return bool(signers & {self.sha256, self.key_sha256})


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list whose signature holds.

    Attributes:
        digest: hex SHA-256 of the payload: the same list signed again has the same.
    """

    found: TrustList
    digest: str
    signer: Signer


def write(found: TrustList, key: KeyHandle) -> bytes:
    """The file with `found`, signed by `key`.

    Raises:
        TrustListRefused: a list that no reader would believe.
        Unsupported: a key of another algorithm.
        KeyUnusable, SigningUnavailable: as `key.sign`.
    """
    scheme = next((item for item in _SCHEMES.values() if item.key == key.algorithm), None)
    if scheme is None:
        raise Unsupported(what=f"signature algorithm {key.algorithm}")
    check_list(found)
    header = {
        "alg": scheme.name,
        "typ": _TYPE,
        "x5c": [b64encode(der).decode() for der in key.chain],
    }
    protected, payload = _encoded(canonical_bytes(header)), _encoded(payload_bytes(found))
    signature = scheme.raw(key.sign(f"{protected}.{payload}".encode()))
    members = {"payload": payload, "protected": protected, "signature": _encoded(signature)}
    content = canonical_bytes(members) + b"\n"
    read(content)  # what its readers would refuse is never written
    return content


def believed(content: bytes, signers: frozenset[str]) -> SignedList:
    """The list in a file, when one of `signers` has signed it.

    Args:
        content: the whole file.
        signers: hex SHA-256 of X.509 certificates or of public keys.

    Raises:
        TrustListRefused: `values["reason"]` says why.
    """
    return _read(content, signers)


def read(content: bytes) -> SignedList:
    """The list in a file whose signature holds by the certificate inside: anybody may have it.

    Raises:
        TrustListRefused: `values["reason"]` says why.
    """
    return _read(content, None)


def _read(content: bytes, signers: frozenset[str] | None) -> SignedList:
    if len(content) > LIMIT:
        raise refused("too-large", limit=LIMIT)
    members = strict_object(content)
    if members.keys() != _MEMBERS:
        raise refused("malformed", detail="not a JWS of payload, protected and signature")
    parts = {name: _decoded(members[name]) for name in sorted(_MEMBERS)}
    scheme, certificate = _header(parts["protected"])
    signer = _signer(certificate)
    if signers is not None and not signer.named_in(signers):
        raise refused("signer", fingerprint=signer.key_sha256)
    _check_signature(members, scheme, certificate)
    found = list_from_payload(parts["payload"])
    if not (certificate.not_valid_before_utc <= found.issued_at <= certificate.not_valid_after_utc):
        raise refused("signer-ended")
    return SignedList(found, sha256(parts["payload"]).hexdigest(), signer)


class _Sized(jws.JWSRegistry):
    """One algorithm and no other; sizes were looked at before."""

    max_header_length = max_payload_length = max_signature_length = LIMIT

    def __init__(self, only: list[str]) -> None:
        super().__init__(algorithms=only)


@dataclass(frozen=True, slots=True)
class _Scheme:
    """One JWS algorithm: which key fits, and how its signatures look in a JWS."""

    name: str
    key: str
    fits: Callable[[object], bool]
    jwk: type[ECKey] | type[RSAKey]
    raw: Callable[[bytes], bytes]


def _header(protected: bytes) -> tuple[_Scheme, x509.Certificate]:
    header = strict_object(protected)
    for member in sorted(header.keys() - _HEADER):  # `crit` and all that it could name
        raise refused("header", member=member[:30])
    scheme = _SCHEMES.get(str(header.get("alg")))
    if scheme is None:
        raise refused("algorithm", algorithm=str(header.get("alg"))[:30])
    if header.get("typ") != _TYPE:
        raise refused("header", member="typ")
    certificate = _first(header.get("x5c"))
    try:
        fits = scheme.fits(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        fits = False
    if not fits:
        raise refused("certificate", detail=f"no key for {scheme.name}")
    return scheme, certificate


def _first(chain: Any) -> x509.Certificate:  # noqa: ANN401 - any JSON value
    texts = chain if isinstance(chain, list) else []
    if not 1 <= len(texts) <= _MOST_CERTIFICATES or not all(isinstance(t, str) for t in texts):
        raise refused("certificate", detail="x5c")
    try:
        return certificate_from(b64decode(texts[0], validate=True))
    except ValueError as error:
        raise refused("certificate", detail="x5c") from error


def _signer(certificate: x509.Certificate) -> Signer:
    der = certificate.public_bytes(Encoding.DER)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    subject = certificate.subject.rfc4514_string()
    return Signer(der, sha256(der).hexdigest(), sha256(key).hexdigest(), subject)


def _check_signature(members: Any, scheme: _Scheme, certificate: x509.Certificate) -> None:  # noqa: ANN401 - a JWS
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        jws.deserialize_json(members, scheme.jwk.import_key(pem), registry=_Sized([scheme.name]))
    except (JoseError, ValueError) as error:
        raise refused("signature") from error


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Base64url as RFC 7515 has it: no padding, no line ends, one way to write each value."""
    if isinstance(text, str) and _URL_SAFE.fullmatch(text) and len(text) % 4 != 1:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if _encoded(content) == text:
            return content
    raise refused("malformed", detail="not base64url")


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _is_rsa(key: object) -> bool:
    return isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS


def _fixed(signature: bytes) -> bytes:
    """ECDSA-Sig-Value as RFC 7518 section 3.4 wants it: r and s, 32 octets each."""
    return b"".join(part.to_bytes(_COORDINATE) for part in decode_dss_signature(signature))


_SCHEMES: Final = {
    scheme.name: scheme
    for scheme in (
        _Scheme("ES256", algorithms.ECDSA_P256, _is_p256, ECKey, _fixed),
        _Scheme("RS256", algorithms.RSA_3072, _is_rsa, RSAKey, bytes),
    )
}
