"""RFC 3161 tokens: over which digest, when, and by an authority that is believed."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from asn1crypto import cms, tsp
from cryptography import x509

from api.audit.signed import BadSignature, check_signer, signer_of
from api.audit.trust import Trust, for_timestamps


def token_time(token: bytes, imprint: bytes, trust: Trust) -> datetime:
    """When the authority says it saw `imprint`.

    Raises:
        BadSignature: the token does not hold; `str()` is a slug.
    """
    try:
        return _time(token, imprint, trust)
    # asn1crypto raises many kinds on octets that are no token.
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadSignature("malformed") from error


def stamps(token: bytes, covered: Iterable[bytes]) -> None:
    """Holds a token against what it was laid over, in parts; its authority is not asked about.

    Raises:
        BadSignature: it does not hold, or was laid over something else.
    """
    made = hashlib.sha256()
    for part in covered:
        made.update(part)
    try:
        _info(token, made.digest())
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadSignature("malformed") from error


def token_certificate(token: bytes) -> x509.Certificate:
    """The certificate of the authority that a token carries.

    Raises:
        BadSignature: none, or the octets are no token.
    """
    try:
        return signer_of(cms.ContentInfo.load(token, strict=True)["content"])[1]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadSignature("malformed") from error


def _time(token: bytes, imprint: bytes, trust: Trust) -> datetime:
    info, certificate = _info(token, imprint)
    at: datetime = info["gen_time"].native.astimezone(UTC)
    _check_authority(certificate, at, trust)
    return at


def _info(token: bytes, imprint: bytes) -> tuple[tsp.TSTInfo, x509.Certificate]:
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    signer, certificate = signer_of(signed)
    encoded = signed["encap_content_info"]["content"].contents
    check_signer(signer, certificate, (encoded,))
    info = tsp.TSTInfo.load(encoded, strict=True)
    said = info["message_imprint"]
    if said["hash_algorithm"]["algorithm"].native != "sha256":
        raise BadSignature("digest-algorithm")
    if said["hashed_message"].native != imprint:
        raise BadSignature("imprint")
    return info, certificate


def _check_authority(certificate: x509.Certificate, at: datetime, trust: Trust) -> None:
    if certificate not in trust.pinned and trust.root_of(certificate) is None:
        raise BadSignature("authority")
    if not for_timestamps(certificate):
        raise BadSignature("purpose")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise BadSignature("authority-expired")
    if trust.revoked(certificate, at):
        raise BadSignature("authority-revoked")
