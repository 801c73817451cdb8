"""OCSP answers of others that the worker has asked for: looked at, then kept beside their lists.

Asked about is a certificate whose responder, by its own authorityInfoAccess, stands among the
addresses that the operator has named, and whose issuer this node believes. An answer is taken only
if it is about that certificate, signed by the issuer or a responder of its, in force, and no older
than the one that was here.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certlib.errors import SigningUnavailable
from keys import files
from keys.certificates import certificate_from
from keys.ocsp_answers import (
    LIMIT,
    AnswerRefusedError,
    answer_from,
    answer_holds,
    basis_of,
    issued_by,
    responders_named,
    response_from,
    speaks_of,
)

__all__ = ["ENDING", "Question", "due_of", "file_of", "holding", "keep", "questions"]

ENDING: Final = ".ocsp"
_AHEAD: Final = timedelta(minutes=5)
"""So much the clock of whoever signs may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Question:
    """One certificate to be asked about.

    Attributes:
        address: of the responder, as certificate and operator both name it.
        certificate, issuer: DER.
    """

    address: str
    certificate: bytes
    issuer: bytes

    def request(self, nonce: bytes) -> bytes:
        """The OCSPRequest, DER; CertID by SHA-1, which every responder knows (RFC 5019, 2.1.1)."""
        certificate, issuer = map(certificate_from, (self.certificate, self.issuer))
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303 - names a certificate, proves nothing
        built = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
        return built.public_bytes(Encoding.DER)


def questions(
    certificates: Iterable[bytes],
    authorities: Iterable[bytes],
    allowed: AbstractSet[str],
    now: datetime,
) -> Iterator[Question]:
    """Whom to ask about which certificates, each once.

    Args:
        certificates: DER; those that have ended, or name no allowed responder, are left out.
        authorities: certificates of possible issuers, DER.
        allowed: addresses that the operator has named; compared letter by letter.
        now: aware UTC.
    """
    issuers = [(der, found) for der in dict.fromkeys(authorities) for found in _readable(der)]
    spelled = [address.encode() for address in allowed]
    for der in dict.fromkeys(certificates):
        # Addresses stand in a certificate letter by letter: few of many thousands are parsed.
        if not any(address in der for address in spelled):
            continue
        address = next((url for url in responders_named(der) if url in allowed), None)
        if address is None:
            continue
        certificate = certificate_from(der)
        if certificate.not_valid_after_utc < now:
            continue
        above = (own for own, found in issuers if own != der and issued_by(certificate, found))
        for issuer in above:
            yield Question(address, der, issuer)
            break


def file_of(folder: Path, question: Question) -> Path:
    """Where its answer lies; names say nothing of address or certificate."""
    return folder / f"{_prefix(question.address)}{_digest(question.certificate)}{ENDING}"


def due_of(path: Path) -> datetime | None:
    """When half of the life of the answer that lies there has passed; None where none does."""
    kept = _kept(path)
    if kept is None or kept.next_update_utc is None:
        return None
    return kept.this_update_utc + (kept.next_update_utc - kept.this_update_utc) / 2


def holding(folder: Path, address: str, now: datetime) -> int:
    """How many answers from that address lie here and hold now."""
    kept = map(_kept, folder.glob(f"{_prefix(address)}*{ENDING}"))
    return sum(found is not None and answer_holds(found, now) for found in kept)


def keep(
    path: Path,
    content: bytes,
    question: Question,
    nonce: bytes,
    crls: Iterable[bytes],
    now: datetime,
) -> bool:
    """Lays an answer into the folder, in one step; says whether it is another one.

    Args:
        path: as `file_of` names it.
        content: what came back, by whomever.
        question: what was asked.
        nonce: what was sent; an answer may be without one, but not with another.
        crls: lists that may speak of the responder, DER.
        now: aware UTC.

    Raises:
        AnswerRefusedError: it is no answer (`no-answer`) or one that tells nothing (`unauthorized`,
            `try-later`, …); it is about something else (`other`) or an answer to somebody else
            (`nonce`); the responder does not know the certificate (`unknown`); it is not believed
            (`signer`, `responder`), not in force (`ended`, `not-yet`), or older than the one
            that is here (`older`).
        SigningUnavailable: the folder cannot be written.
    """
    found = _answer(content)
    issuer = certificate_from(question.issuer)
    if not speaks_of(found, certificate_from(question.certificate), issuer):
        raise AnswerRefusedError("other")
    if _nonce_of(found) not in (None, nonce):
        raise AnswerRefusedError("nonce")
    basis_of(content, issuer, crls, now)
    if found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise AnswerRefusedError("unknown")
    if found.this_update_utc > now + _AHEAD:
        raise AnswerRefusedError("not-yet")
    if found.next_update_utc is None or found.next_update_utc <= now:
        raise AnswerRefusedError("ended")
    kept = _kept(path)
    if kept is not None and found.this_update_utc < kept.this_update_utc:
        raise AnswerRefusedError("older")
    # An answer with a nonce is always another one: what is told is what counts.
    fresh = kept is None or _told(kept) != _told(found)
    files.make_folder(path.parent)
    files.replace(path, content)
    return fresh


def _answer(content: bytes) -> ocsp.OCSPResponse:
    try:
        status = response_from(content).response_status
        if status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            return answer_from(content)
    except ValueError:
        raise AnswerRefusedError("no-answer") from None
    raise AnswerRefusedError(status.name.lower().replace("_", "-"))


def _kept(path: Path) -> ocsp.OCSPResponse | None:
    """What lies there, if it is an answer at all."""
    with suppress(SigningUnavailable, ValueError):
        content = files.read(path, most=LIMIT + 1)
        return None if content is None else answer_from(content)
    return None


def _nonce_of(found: ocsp.OCSPResponse) -> bytes | None:
    values = (item.value for item in found.extensions)
    return next((value.nonce for value in values if isinstance(value, x509.OCSPNonce)), None)


def _told(found: ocsp.OCSPResponse) -> tuple[object, ...]:
    return found.certificate_status, found.revocation_time_utc, found.revocation_reason


def _readable(der: bytes) -> Iterator[x509.Certificate]:
    with suppress(ValueError):
        yield certificate_from(der)


def _prefix(address: str) -> str:
    return f"fetched-{_digest(address.encode())}-"


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
