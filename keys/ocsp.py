"""The OCSP responder (RFC 6960, RFC 5019) for certificates of the own authority.

Each authority has a responder of its own (section 4.2.2.2), so one answer speaks of certificates of
one authority. Answers come from the register as it is at the instant of the question: whatever was
revoked in a commit before is told. An answer about one certificate without a nonce is signed once
and given again until half of its life has passed or anything in the register changes; one with a
nonce, or about several, is always fresh. What is kept goes by the CertID alone, never by the rest
of a request: strangers cannot have more kept than there are certificates.
"""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Final, Protocol

from asn1crypto.keys import PublicKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certlib.errors import CertlibError, KeyUnusable
from certlib.ports import Clock
from keys import der
from keys.custody import Snapshot
from keys.keyring import Key
from keys.ocsp_request import Asked, MalformedRequestError, OcspRequest
from keys.profiles import Revoked
from keys.register import Member, Register
from keys.revocation_lists import authorities, certified

__all__ = ["OcspAnswer", "OcspResponder", "Status", "failed"]

_ANSWER_LIFE: Final = timedelta(hours=1)
_MOST_KEPT: Final = 10_000
"""Answers in memory, some 10 MB; beyond that the oldest are signed again when asked for."""

_BASIC: Final = der.oid("1.3.6.1.5.5.7.48.1.1")
_ARCHIVE_CUTOFF: Final = der.oid("1.3.6.1.5.5.7.48.1.6")
_ECDSA_SHA256: Final = der.tlv(der.SEQUENCE, der.oid("1.2.840.10045.4.3.2"))
_SHA1, _SHA256 = der.oid("1.3.14.3.2.26"), der.oid("2.16.840.1.101.3.4.2.1")
_GOOD, _REVOKED, _UNKNOWN = 0x80, 0xA1, 0x82
_CONTEXT_1, _CONTEXT_2 = 0xA1, 0xA2
_REASONS: Final = {
    "keyCompromise": 1,
    "cACompromise": 2,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    "certificateHold": 6,
    "privilegeWithdrawn": 9,
}
"""CRLReason (RFC 5280 section 5.3.1); `unspecified` is left out."""


class Status(IntEnum):
    """OCSPResponseStatus (section 4.2.1)."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An OCSPResponse, and what HTTP caches may know of it (RFC 5019 section 6.2).

    Attributes:
        made: when it was signed, aware UTC; until: its nextUpdate. Both None unless it may be
            given to somebody else again.
    """

    response: bytes
    status: Status
    made: datetime | None = None
    until: datetime | None = None

    @property
    def word(self) -> str:
        """Its status in one word, for counting."""
        return self.status.name.lower().replace("_", "-")

    def fields(self) -> tuple[bytes, ...]:
        """As a signer hands it over."""
        times = (moment.isoformat() if moment else "" for moment in (self.made, self.until))
        return (bytes((self.status,)), *(text.encode() for text in times), self.response)

    @classmethod
    def of(cls, fields: tuple[bytes, ...]) -> "OcspAnswer":
        """What `fields` gave.

        Raises:
            ValueError: it is something else.
        """
        status, made, until, response = fields
        times = (datetime.fromisoformat(text.decode()) if text else None for text in (made, until))
        return cls(response, Status(status[0]), *times)

    def fresh(self, now: datetime) -> bool:
        """Whether less than half of its life has passed."""
        if self.made is None or self.until is None:
            return False
        return self.made <= now < self.made + (self.until - self.made) / 2


class RevocationSource(Protocol):
    """An authority as far as its responder is concerned."""

    def answering(self) -> Snapshot:
        """The register now, with responders; the same object until something changes.

        Raises:
            KeyUnusable: a responder is missing, and the authority's key cannot be used for one.
            SigningUnavailable: the folder does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Desk:
    """One authority: what it has issued, what of it is revoked, who answers for it."""

    key: Key
    responder_id: bytes
    until: datetime
    cutoff: bytes
    issued: frozenset[int]
    revoked: dict[int, Revoked]


@dataclass(slots=True)
class _Book:
    """All authorities of one snapshot, and what was answered by it."""

    snapshot: Snapshot
    desks: dict[tuple[bytes, bytes, bytes], _Desk]
    kept: dict[bytes, OcspAnswer] = field(default_factory=dict)


class OcspResponder:
    """Answers anybody; never raises."""

    def __init__(self, source: RevocationSource, clock: Clock) -> None:
        """Answers for the authorities of `source`."""
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._book: _Book | None = None

    def respond(self, request: bytes) -> OcspAnswer:
        """The answer to a DER OCSPRequest; any bytes at all get one."""
        try:
            book, now = self._opened(), self._clock.now()
            asked = OcspRequest.read(request)
            kept = book.kept.get(_place(asked))
            if kept is not None and kept.fresh(now):
                return kept
            return self._answered(book, asked, now)
        except MalformedRequestError:
            return failed(Status.MALFORMED_REQUEST)
        except KeyUnusable:
            return failed(Status.INTERNAL_ERROR)
        except CertlibError:
            return failed(Status.TRY_LATER)

    def _answered(self, book: _Book, request: OcspRequest, now: datetime) -> OcspAnswer:
        desks = {id(desk): desk for desk in (book.desks.get(one.issuer) for one in request.asked)}
        (desk, *others) = desks.values()
        if desk is None or others:
            return failed(Status.UNAUTHORIZED)
        if now >= desk.until:
            return failed(Status.TRY_LATER)
        until = min(now + _ANSWER_LIFE, desk.until)
        response = _signed(desk, request, now, until)
        known = all(one.serial in desk.issued for one in request.asked)
        if request.nonce or not known:  # strangers' numbers shall not fill the memory
            return OcspAnswer(response, Status.SUCCESSFUL)
        answer = OcspAnswer(response, Status.SUCCESSFUL, now, until)
        if place := _place(request):
            with self._lock:
                book.kept.pop(place, None)
                while len(book.kept) >= _MOST_KEPT:
                    del book.kept[next(iter(book.kept))]
                book.kept[place] = answer
        return answer

    def _opened(self) -> _Book:
        snapshot, book = self._source.answering(), self._book
        if book is None or book.snapshot is not snapshot:
            # Two threads may both do this; each answers with what it has seen.
            book = self._book = _Book(snapshot, dict(_desks(snapshot)))
        return book


def _place(request: OcspRequest) -> bytes:
    """Where its answer is kept; nothing: it is not. Several CertIDs have too many orders."""
    (first, *more) = request.asked
    return b"" if request.nonce or more else first.encoded


def _desks(snapshot: Snapshot) -> Iterator[tuple[tuple[bytes, bytes, bytes], _Desk]]:
    register = snapshot.register
    issued = _issued(register)
    revoked = {entry.serial: entry for entry in register.revoked}
    for member in authorities(register):
        told = certified(member.certificate)
        responder = _responder(register, told.subject_key)
        if responder is None:
            continue
        serials = frozenset(issued.get(told.subject_key, ()))
        desk = _Desk(
            key=snapshot.handles[responder.key],
            responder_id=_responder_id(responder.certificate),
            until=certified(responder.certificate).not_after,
            cutoff=_archive_cutoff(told.not_before),
            issued=serials,
            revoked={serial: revoked[serial] for serial in serials & revoked.keys()},
        )
        for digests in _names(member.certificate):
            yield digests, desk


def _issued(register: Register) -> dict[bytes, set[int]]:
    """Serial numbers by key identifier of the issuer."""
    found: dict[bytes, set[int]] = {}
    seals = (seal.certificate for seal in register.seals)
    members = (member.certificate for member in (*register.members, *register.former))
    for certificate in (*seals, *members):
        told = certified(certificate)
        found.setdefault(told.issuer, set()).add(told.serial)
    return found


def _responder(register: Register, authority: bytes) -> Member | None:
    own = (item for item in register.responders if certified(item.certificate).issuer == authority)
    return max(own, key=lambda item: certified(item.certificate).not_after, default=None)


@lru_cache(maxsize=64)
def _names(certificate: bytes) -> tuple[tuple[bytes, bytes, bytes], ...]:
    """How a CertID names this issuer (section 4.1.1), by SHA-1 and by SHA-256."""
    loaded = x509.load_der_x509_certificate(certificate)
    name, key = loaded.subject.public_bytes(), _public_key(loaded)
    short = hashlib.sha1(name, usedforsecurity=False).digest()  # names issuers, proves nothing
    return (_SHA1, short, key.sha1), (_SHA256, hashlib.sha256(name).digest(), key.sha256)


def _public_key(certificate: x509.Certificate) -> PublicKeyInfo:
    """Knows the digests of its BIT STRING, which is what identifiers are made of."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKeyInfo.load(key)


def _responder_id(certificate: bytes) -> bytes:
    """byKey: the SHA-1 of its key (RFC 5019 section 2.2.2 wants this form)."""
    key = _public_key(x509.load_der_x509_certificate(certificate))
    return der.tlv(_CONTEXT_2, der.tlv(der.OCTET_STRING, key.sha1))


def _archive_cutoff(since: datetime) -> bytes:
    """Nothing is ever forgotten: answers go back to the authority's own beginning (4.4.4)."""
    moment = der.tlv(der.OCTET_STRING, _time(since))
    return der.tlv(
        _CONTEXT_1, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, _ARCHIVE_CUTOFF, moment))
    )


def _signed(desk: _Desk, request: OcspRequest, now: datetime, until: datetime) -> bytes:
    moment = _time(now)
    times = moment + der.tlv(der.CONTEXT_0, _time(until))
    extensions = der.tlv(_CONTEXT_1, der.tlv(der.SEQUENCE, request.nonce)) if request.nonce else b""
    data = der.tlv(
        der.SEQUENCE,
        desk.responder_id,
        moment,
        der.tlv(der.SEQUENCE, *(_single(desk, one, times) for one in request.asked)),
        extensions,
    )
    signature = der.tlv(der.BIT_STRING, b"\0", desk.key.sign(data))
    certificate = der.tlv(der.CONTEXT_0, der.tlv(der.SEQUENCE, desk.key.chain[0]))
    basic = der.tlv(der.SEQUENCE, data, _ECDSA_SHA256, signature, certificate)
    content = der.tlv(der.SEQUENCE, _BASIC, der.tlv(der.OCTET_STRING, basic))
    return der.tlv(der.SEQUENCE, _status(Status.SUCCESSFUL), der.tlv(der.CONTEXT_0, content))


def _single(desk: _Desk, asked: Asked, times: bytes) -> bytes:
    if asked.serial not in desk.issued:
        return der.tlv(der.SEQUENCE, asked.encoded, der.tlv(_UNKNOWN), times)
    entry = desk.revoked.get(asked.serial)
    told = der.tlv(_GOOD) if entry is None else _revoked(entry)
    return der.tlv(der.SEQUENCE, asked.encoded, told, times, desk.cutoff)


def _revoked(entry: Revoked) -> bytes:
    reason = _REASONS.get(entry.reason)
    coded = (
        b"" if reason is None else der.tlv(der.CONTEXT_0, der.tlv(der.ENUMERATED, bytes((reason,))))
    )
    return der.tlv(_REVOKED, _time(entry.at), coded)


def failed(status: Status) -> OcspAnswer:
    """An answer that tells nothing of any certificate."""
    return OcspAnswer(der.tlv(der.SEQUENCE, _status(status)), status)


def _status(status: Status) -> bytes:
    return der.tlv(der.ENUMERATED, bytes((status,)))


def _time(moment: datetime) -> bytes:
    return der.tlv(der.GENERALIZED_TIME, f"{moment.astimezone(UTC):%Y%m%d%H%M%SZ}".encode())
