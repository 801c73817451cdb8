"""One X.509 certificate (RFC 5280, 4) to facts: what it says of itself, and what is wrong with it.

Read by `cryptography`, whose parser wants DER and whose objects can be shared between threads;
asn1crypto parses at the first look, and two threads at once would each see half.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certlib.creditcode import is_credit_code
from certlib.evidence import CertificateFacts
from signing.evidence.bounds import clamped
from signing.evidence.der import span_at, spans

__all__ = [
    "UNREADABLE",
    "Name",
    "Part",
    "SerialNumberError",
    "Signed",
    "certificate_facts",
    "key_of",
    "loaded",
    "name_of",
    "part_of",
    "prepared",
    "signature_holds",
    "signed_by",
]

Part = frozenset[tuple[str, str]]
Name = tuple[Part, ...]
"""A distinguished name in a form that compares as RFC 5280, 7.1 wants it."""

_OF_CHINA = ("NTRCN-", "VATCN-")
_NAME_ATTRIBUTES = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
_LONGEST_SERIAL = 20
_INTEGER, _SEQUENCE, _NEGATIVE = 0x02, 0x30, 0x80
_USAGES = (
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
)
_UNDERSTOOD = frozenset(
    {
        "2.5.29.14",  # subjectKeyIdentifier
        "2.5.29.15",  # keyUsage
        "2.5.29.17",  # subjectAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.30",  # nameConstraints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.33",  # policyMappings
        "2.5.29.35",  # authorityKeyIdentifier
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extKeyUsage
        "2.5.29.54",  # inhibitAnyPolicy
    }
)
"""Extensions that may be critical: path validation or the judge minds them."""


UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises when names or extensions are asked for that it cannot read."""


class Signed(Protocol):
    """What is signed, as far as its signature goes: certificate, list or answer."""

    @property
    def signature(self) -> bytes:
        """The octets."""
        ...

    @property
    def signature_hash_algorithm(self) -> hashes.HashAlgorithm | None:
        """None where the key brings its own."""
        ...

    @property
    def signature_algorithm_parameters(self) -> Any:  # noqa: ANN401 - by kind of key
        """Padding or curve's algorithm, as the key's `verify` takes it."""
        ...


class SerialNumberError(ValueError):
    """The serial number is not positive (RFC 5280, 4.1.2.2)."""


@lru_cache(maxsize=512)
def loaded(der: bytes) -> x509.Certificate:
    """The certificate, parsed.

    Raises:
        SerialNumberError: seen before the parser sees it, which would warn or fail by its version.
        ValueError: it is no DER certificate.
    """
    if not _serial_is_positive(der):
        raise SerialNumberError("serial number")
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.subject, certificate.issuer  # parsed only now, and kept
        # A time that no calendar has (year 0) is a ValueError here, and nowhere later.
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (x509.InvalidVersion, TypeError) as error:
        raise ValueError("certificate") from error
    return certificate


@lru_cache(maxsize=512)
def certificate_facts(der: bytes) -> CertificateFacts:
    """What `der` says of itself; its revocation is not asked.

    Raises:
        ValueError, UnsupportedAlgorithm: it cannot be read at all.
    """
    certificate = loaded(der)
    problem, extensions = _extensions(certificate)
    constraints = extensions.get(x509.BasicConstraints.oid)
    usage = extensions.get(x509.KeyUsage.oid)
    purposes = extensions.get(x509.ExtendedKeyUsage.oid)
    return CertificateFacts(
        sha256=hashlib.sha256(der).hexdigest(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        not_before=clamped(certificate.not_valid_before_utc),
        not_after=clamped(certificate.not_valid_after_utc),
        name=_first(certificate.subject, _NAME_ATTRIBUTES),
        code=_credit_code(certificate.subject),
        authority=constraints is not None and constraints.value.ca,
        usages=None if usage is None else tuple(_usages(usage.value)),
        purposes=None if purposes is None else tuple(item.dotted_string for item in purposes.value),
        purposes_critical=purposes is not None and purposes.critical,
        key=key_of(certificate),
        signed_with=_signed_with(certificate),
        problem=problem or _encoding_problem(der) or _profile_problem(certificate, extensions),
    )


@lru_cache(maxsize=512)
def name_of(name: x509.Name) -> Name:
    """The name without what comparison must not mind: case, white space, string type."""
    return tuple(part_of(part) for part in name.rdns)


def part_of(part: x509.RelativeDistinguishedName) -> Part:
    """One part of a name, in the same form."""
    return frozenset((item.oid.dotted_string, prepared(item.value)) for item in part)


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`'s key has signed `certificate`; names are not compared."""
    der = certificate.public_bytes(Encoding.DER)
    *_, (_, signature, _) = spans(der, span_at(der))
    if der[signature]:
        # X.690, 8.6.2.2: bits left out of the last octet, which no signature does and the parser
        # passes over: one signature would hold for several files.
        return False
    return signature_holds(issuer, certificate, certificate.tbs_certificate_bytes)


def signature_holds(
    issuer: x509.Certificate,
    signed: Signed,
    content: bytes,
) -> bool:
    """Whether `issuer`'s key has signed `content`, as certificate, list or answer says; no names.

    Not by their own methods: those compare names, and encode a long list once more.
    """
    try:
        _verify(issuer.public_key(), signed, content)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def key_of(certificate: x509.Certificate) -> str:
    """Kind and size of the key, as crypto policies name it; `unsupported` when it has none."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unsupported"
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ecdsa-{key.curve.name.lower()}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"dsa-{key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    return "ed448" if isinstance(key, ed448.Ed448PublicKey) else "unsupported"


def _verify(
    key: CertificatePublicKeyTypes,
    signed: Signed,
    content: bytes,
) -> None:
    signature, digest = signed.signature, signed.signature_hash_algorithm
    parameters: Any = signed.signature_algorithm_parameters
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, content)
    elif digest is None:
        raise InvalidSignature
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, content, parameters, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, content, parameters)
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, content, digest)
    else:
        raise InvalidSignature


def _signed_with(certificate: x509.Certificate) -> str:
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return certificate.signature_algorithm_oid._name.lower() if digest is None else digest.name  # noqa: SLF001 - the only name there is


def _extensions(
    certificate: x509.Certificate,
) -> tuple[str, dict[x509.ObjectIdentifier, x509.Extension[Any]]]:
    """What is wrong with the extensions, and they by their identifiers."""
    try:
        return "", {item.oid: item for item in certificate.extensions}
    except x509.DuplicateExtension:
        return "duplicate-extensions", {}
    except UNREADABLE:
        return "certificate-malformed", {}


def _profile_problem(
    certificate: x509.Certificate, extensions: dict[x509.ObjectIdentifier, x509.Extension[Any]]
) -> str:
    """RFC 5280, 4.1.2 and 4.2: what no certificate may have, whatever it is used for."""
    if (certificate.serial_number.bit_length() + 8) // 8 > _LONGEST_SERIAL:
        return "serial-number"
    if certificate.not_valid_before_utc > certificate.not_valid_after_utc:
        return "validity-order"
    if certificate.version is not x509.Version.v3 and extensions:
        return "certificate-malformed"
    unknown = {
        item.oid.dotted_string for item in extensions.values() if item.critical
    } - _UNDERSTOOD
    return "critical-extension" if unknown else ""


def _encoding_problem(der: bytes) -> str:
    """RFC 5280, 4.1.1.2: the algorithm outside, which nobody has signed, is the one inside."""
    content, outside, _ = spans(der, span_at(der))
    inside = next(item for item in spans(der, content) if der[item[0]] == _SEQUENCE)
    same = der[inside[0] : inside[2]] == der[outside[0] : outside[2]]
    return "" if same else "certificate-malformed"


def _serial_is_positive(der: bytes) -> bool:
    """RFC 5280, 4.1.2.2, by the bytes; what is no certificate at all is left to the parser."""
    try:
        content = next(spans(der, span_at(der)))
        _, begin, end = next(item for item in spans(der, content) if der[item[0]] == _INTEGER)
    except (ValueError, IndexError, StopIteration):
        return True
    serial = der[begin:end]
    return any(serial) and serial[0] < _NEGATIVE


def _usages(usage: x509.KeyUsage) -> Iterator[str]:
    for attribute, name in _USAGES:
        if getattr(usage, attribute):
            yield name


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(item.value) for item in name.get_attributes_for_oid(oid)]


def _first(name: x509.Name, oids: tuple[x509.ObjectIdentifier, ...]) -> str:
    return next((value for oid in oids for value in _values(name, oid)), "")


def _credit_code(name: x509.Name) -> str:
    """The organizationIdentifier (ETSI EN 319 412-1, 5.1.4), if it is one of China.

    Without any, the serialNumber, where it is the bare code. Of several nobody can say which one
    its authority has looked at: then there is none.
    """
    organisations = _values(name, NameOID.ORGANIZATION_IDENTIFIER)
    found = organisations or _values(name, NameOID.SERIAL_NUMBER)
    if len(found) != 1:
        return ""
    code = found[0]
    if organisations and code.startswith(_OF_CHINA):
        code = code.partition("-")[2]
    return code if is_credit_code(code) else ""


def prepared(text: str | bytes) -> str:
    """RFC 4518 as far as real names need it: case, compatibility forms, inner and outer spaces."""
    if isinstance(text, bytes):  # a unique identifier: bits, no letters
        return f"#{text.hex()}"
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
