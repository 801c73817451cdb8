"""Requests for seals (PKCS#10, RFC 2986), and the check of what an outside authority answers.

An answer is taken when our own reader would believe its seals: the key is ours, the subject names
the department by its credit code, the profile is that of a document seal (RFC 9336), and a path of
good signatures leads to an authority that the trust list lets issue for this department now.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from cryptography.x509.oid import NameOID

from certlib.key_errors import answer_refused
from certlib.trust import TrustList, Use
from keys import profiles
from keys.algorithms import PrivateKey
from keys.ocsp_answers import responders_named
from keys.register import OutsideSeal, SealRequest

__all__ = ["LIMIT", "Trusted", "accepted", "certificates_in", "pkcs10"]

LIMIT: Final = 256 * 1024
"""Largest answer that is read, octets: a chain has a few kilobytes."""

_MOST: Final = 4
"""Certificates of a path without its anchor."""
_MOST_GIVEN: Final = 10
"""Certificates of an answer: paths through equal names are tried one by one."""
_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_BROKEN = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)


@dataclass(frozen=True, slots=True)
class Trusted:
    """What an answer is held against.

    Attributes:
        found: the trust list of the moment.
        crls: revocation lists at hand, DER.
        responders: addresses of OCSP responders that the worker asks.
    """

    found: TrustList
    crls: tuple[bytes, ...] = ()
    responders: frozenset[str] = frozenset()


def pkcs10(key: PrivateKey, department: str, credit_code: str) -> bytes:
    """The request for a department's seal, DER: subject and wished extensions as in the profile."""
    builder = x509.CertificateSigningRequestBuilder(
        profiles.seal_subject(department, credit_code, profiles.OUTSIDE_SEAL)
    )
    for extension, critical in profiles.seal_extensions():
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def certificates_in(content: bytes) -> tuple[x509.Certificate, ...]:
    """Every certificate in a PEM, DER or PKCS#7 file.

    Raises:
        SealAnswerRefused: there is none, there are too many, or the file is too large.
    """
    if len(content) > LIMIT:
        raise answer_refused("too-large", limit=LIMIT)
    readers = (
        x509.load_pem_x509_certificates,
        lambda given: [x509.load_der_x509_certificate(given)],
        pkcs7.load_pem_pkcs7_certificates,
        pkcs7.load_der_pkcs7_certificates,
    )
    for read in readers:
        try:
            found = tuple(read(content))
            for certificate in found:
                _ = certificate.subject, certificate.issuer, certificate.extensions
        except _BROKEN:
            continue
        if len(found) > _MOST_GIVEN:
            raise answer_refused("too-many", limit=_MOST_GIVEN)
        if found:
            return found
    raise answer_refused("unreadable")


def accepted(
    requests: Iterable[SealRequest],
    certificates: Sequence[x509.Certificate],
    trusted: Trusted,
    at: datetime,
) -> tuple[SealRequest, OutsideSeal]:
    """The request that is answered, and the seal that it becomes.

    Raises:
        SealAnswerRefused: with the first reason that stands against it.
    """
    request, own = _answered(requests, certificates)
    _check_profile(own, request.issuer_code)
    if own.not_valid_after_utc <= at:
        raise answer_refused("expired", day=f"{own.not_valid_after_utc:%Y-%m-%d}")
    chain = _chain(own, certificates, trusted, request.issuer_code, at)
    _check_revocation((own, *chain.between), trusted, at)
    der = tuple(item.public_bytes(Encoding.DER) for item in (own, *chain.between))
    seal = OutsideSeal(
        request.key, request.algorithm, request.issuer_code, request.department, der[0], der[1:]
    )
    return request, seal


def _answered(
    requests: Iterable[SealRequest], certificates: Iterable[x509.Certificate]
) -> tuple[SealRequest, x509.Certificate]:
    wanted = {_key_of(x509.load_der_x509_csr(item.request)): item for item in requests}
    for certificate in certificates:
        request = wanted.get(_key_of(certificate))
        if request is not None:
            return request, certificate
    raise answer_refused("no-request")


def _key_of(holder: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    try:
        key = holder.public_key()
    except _BROKEN:
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _check_profile(own: x509.Certificate, credit_code: str) -> None:
    named = own.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    codes = [str(item.value) for item in named]
    if f"{profiles.CREDIT_CODE_PREFIX}{credit_code}" not in codes:
        raise answer_refused("code", found=", ".join(codes), wanted=credit_code)
    values = {type(item.value): item.value for item in own.extensions}
    constraints = values.get(x509.BasicConstraints)
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        raise answer_refused("authority")
    usage = values.get(x509.KeyUsage)
    if not isinstance(usage, x509.KeyUsage) or not (
        usage.digital_signature and usage.content_commitment
    ):
        raise answer_refused("usage")
    purposes = values.get(x509.ExtendedKeyUsage)
    if not isinstance(purposes, x509.ExtendedKeyUsage) or profiles.DOCUMENT_SIGNING not in purposes:
        raise answer_refused("purpose")
    digest = own.signature_hash_algorithm
    if digest is None or digest.name not in _DIGESTS:
        name = "?" if digest is None else digest.name
        raise answer_refused("digest", algorithm=name)


@dataclass(frozen=True, slots=True)
class _Chain:
    between: tuple[x509.Certificate, ...]


def _chain(
    own: x509.Certificate,
    given: Sequence[x509.Certificate],
    trusted: Trusted,
    credit_code: str,
    at: datetime,
) -> _Chain:
    """A path to an authority that the list lets issue for this department now."""
    anchors = [
        (x509.load_der_x509_certificate(entry.certificate), entry)
        for entry in trusted.found.authorities
    ]
    pool = [*given, *map(x509.load_der_x509_certificate, trusted.found.helpers)]
    slug = ""
    for path in _paths((own,), pool, at):
        for anchor, entry in anchors:
            if not _issued(path[-1], anchor):
                continue
            types = sorted(entry.types)
            slug = trusted.found.refusal(
                entry.sha256, Use.SEAL, at, credit_code, types[0] if types else ""
            )
            if not slug:
                return _Chain(path[1:])
    if slug:
        raise answer_refused("not-trusted", wanted=credit_code, slug=slug)
    raise answer_refused("chain")


def _paths(
    path: tuple[x509.Certificate, ...], pool: Sequence[x509.Certificate], at: datetime
) -> Iterator[tuple[x509.Certificate, ...]]:
    yield path
    if len(path) == _MOST:
        return
    for above in pool:
        if above not in path and _is_authority(above, at) and _issued(path[-1], above):
            yield from _paths((*path, above), pool, at)


def _is_authority(found: x509.Certificate, at: datetime) -> bool:
    for item in found.extensions:
        if isinstance(item.value, x509.BasicConstraints):
            return item.value.ca and found.not_valid_before_utc <= at <= found.not_valid_after_utc
    return False


def _issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (*_BROKEN, InvalidSignature):
        return False
    return True


def _check_revocation(path: Sequence[x509.Certificate], trusted: Trusted, at: datetime) -> None:
    """Without a list nobody could verify what is sealed: better said now than at a seal.

    A responder that the worker asks will do: about this certificate it is asked from now on.
    """
    lists = [x509.load_der_x509_crl(der) for der in trusted.crls]
    for certificate in path:
        fresh = [
            item
            for item in lists
            if item.issuer == certificate.issuer
            and (item.next_update_utc is None or item.next_update_utc > at)
        ]
        named = responders_named(certificate.public_bytes(Encoding.DER))
        if not fresh and trusted.responders.isdisjoint(named):
            raise answer_refused("no-list", issuer=certificate.issuer.rfc4514_string())
        serial = certificate.serial_number
        if any(item.get_revoked_certificate_by_serial_number(serial) for item in fresh):
            raise answer_refused("revoked")
