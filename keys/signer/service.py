"""What a signer does: looks at the record, builds what is to be signed, notes it, signs.

The same object answers over a socket and in the process of an embedded node. It is no oracle:
seals are made from a digest for a file that a pending intent names, everything else has a declared
form (`keys.signer.forms`) or is built here, and keys of authorities sign nothing that anybody asks
for.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from certlib.document import Form
from certlib.errors import CertlibError, Overloaded, SigningUnavailable, StoreUnavailable
from certlib.ports import Clock, KeyHandle
from certlib.registry.signing import SigningRecord
from certlib.signer_errors import SignatureRefused
from keys.ocsp import OcspAnswer
from keys.signer import forms
from keys.signer.ledger import Attempt, Ledger, Limits
from keys.signer.wire import Ask, Request

__all__ = ["Custody", "SigningOptions", "SigningService", "Stamps"]

_DIGEST: Final = 32
_UNLIMITED: Final = Limits()
_BY_THE_CLOCK: Final = frozenset({b"crls", b"timestamps", b"own-keys"})


class Custody(Protocol):
    """The keys behind a signer; `keys.authority.DevelopmentAuthority` is one."""

    def seal_key(self, issuer_code: str, name: str = "") -> KeyHandle:
        """The department's seal key of that name that is usable; raises `SigningUnavailable`."""
        ...

    def history_key(self) -> KeyHandle:
        """Seals the audit history."""
        ...

    def report_key(self) -> KeyHandle:
        """Seals receipts; made when it is first asked for."""
        ...

    def snapshot_key(self) -> KeyHandle:
        """Signs status snapshots; made when it is first asked for."""
        ...

    def timestamp_key(self) -> KeyHandle:
        """Signs timestamps."""
        ...

    def published(self) -> bytes:
        """All that the register says."""
        ...

    def refresh_crls(self) -> bool:
        """Makes new CRLs when it is time."""
        ...

    def keep_responders(self) -> bool:
        """Appoints OCSP responders when it is time."""
        ...

    def keep_timestamp_key(self) -> bool:
        """Makes the next timestamp key when it is time."""
        ...

    def keep_own_keys(self) -> bool:
        """Follows keys for history, lists, receipts and snapshots that run out."""
        ...

    def keep_seals(self, names: Mapping[str, str]) -> int:
        """Seals for departments that have none under their present name."""
        ...

    def ask_seals(self, names: Mapping[str, str]) -> int:
        """Requests to outside authorities for seals that end soon."""
        ...


class Stamps(Protocol):
    """A timestamp authority; `keys.timestamps.TimestampAuthority` is one."""

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over a digest."""
        ...

    def respond(self, request: bytes, about_to_sign: Callable[[], None]) -> bytes:
        """DER TimeStampResp to any bytes; `about_to_sign` is called before the key is used."""
        ...

    def need_clock(self) -> None:
        """Raises `ClockNotTrusted` while the machine's clock cannot be believed."""
        ...


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """How a signer works.

    Attributes:
        node: stands in every text that it signs.
        limits: of each seal key, and of each other key but that of timestamps.
        stamps: limits of the key of timestamps, which every seal needs too; what strangers ask for
            at `/tsa` has the same once more for itself, so that it takes nothing from seals.
        waiting: questions under way at once; more are told to come again.
    """

    node: str
    limits: Limits = _UNLIMITED
    stamps: Limits = _UNLIMITED
    waiting: int = 64


class SigningService:
    """Answers questions of nodes without keys. Threads may share it.

    Args:
        custody: the keys.
        stamps: the timestamp authority with its key.
        record: what is about to be sealed; None refuses every seal.
        ledger: what was signed.
        attributes: makes the signed attributes (RFC 5652, 5.4) of a document's digest for a key.
        names: departments by credit code, as the record has them today.
        gate: raises `SealingHalted` for the name of a key that may not seal now.
        clock: the only source of time.
        options: node and limits.
        ocsp: tells of revocations; its keys sign nothing that is not an answer of its own.
    """

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        custody: Custody,
        stamps: Stamps,
        record: SigningRecord,
        ledger: Ledger,
        *,
        attributes: Callable[[KeyHandle, bytes], bytes],
        names: Callable[[], Mapping[str, str]],
        gate: Callable[[str], None],
        clock: Clock,
        options: SigningOptions,
        ocsp: Callable[[bytes], OcspAnswer] | None = None,
    ) -> None:
        self._custody = custody
        self._witnesses: Mapping[str, Callable[[], KeyHandle]] = {
            forms.HISTORY: custody.history_key,
            forms.REPORT: custody.report_key,
            forms.SNAPSHOT: custody.snapshot_key,
        }
        self._stamps = stamps
        self._record = record
        self._ledger = ledger
        self._attributes = attributes
        self._names = names
        self._gate = gate
        self._clock = clock
        self._options = options
        self._ocsp = ocsp
        self._room = threading.BoundedSemaphore(options.waiting)
        self._ways: Mapping[Ask, Callable[..., tuple[bytes, ...]]] = {
            Ask.REGISTER: self._register,
            Ask.SEAL: self._seal,
            Ask.PAGE: self._page,
            Ask.TEXT: self._text,
            Ask.STAMP: self._stamp,
            Ask.RESPOND: self._respond,
            Ask.UPKEEP: self._upkeep,
            Ask.CHECK: self.check,
            Ask.OCSP: self._told,
        }

    def ask(self, request: Request) -> tuple[bytes, ...]:
        """The fields of the answer.

        Raises:
            Overloaded: too many questions are under way.
            SignatureRefused: nothing on record calls for it, or it has no declared form.
            SigningLimited: the key has signed as often as it may.
            CertlibError: keys, ledger or record do not answer.
        """
        if not self._room.acquire(blocking=False):
            raise Overloaded
        try:
            return self._ways[request.ask](*request.fields)
        finally:
            self._room.release()

    def _register(self, known: bytes) -> tuple[bytes, ...]:
        content = self._custody.published()
        digest = hashlib.sha256(content).digest()
        return (digest,) if digest == known else (digest, content)

    def _seal(
        self, name: bytes, identifier: bytes, kind: bytes, number: bytes, digest: bytes
    ) -> tuple[bytes, ...]:
        form = Form(_text(kind), _number(number))
        awaited = self._record.awaited(_text(identifier), form)
        if awaited is None:
            raise SignatureRefused(what="no pending intent")
        key = self._seal_key(awaited.issuer_code, name)
        self._gate(key.name)
        attempt = Attempt(awaited.file, awaited.attempt, _digest(digest))
        return self._signed(key, digest, attempt)

    def _seal_key(self, issuer_code: str, name: bytes) -> KeyHandle:
        """The key that the seal began with: one that has followed it stops no seal under way.

        Raises:
            StoreUnavailable: no usable key of the department; whoever asks again finds which is.
        """
        try:
            return _named(self._custody.seal_key(issuer_code, _text(name)), name)
        except SigningUnavailable as error:
            raise StoreUnavailable(what="no usable seal key of that name") from error

    def _page(self, name: bytes, digest: bytes) -> tuple[bytes, ...]:
        return self._signed(_named(self._custody.report_key(), name), _digest(digest))

    def _signed(
        self, key: KeyHandle, digest: bytes, attempt: Attempt | None = None
    ) -> tuple[bytes, ...]:
        attributes = self._attributes(key, digest)
        # Before the signature: what was signed is in the ledger, whatever dies when.
        self._ledger.note(key.name, self._options.limits, self._clock.now(), attempt)
        return attributes, key.sign(attributes)

    def _text(self, name: bytes, purpose: bytes, text: bytes) -> tuple[bytes, ...]:
        given = self._witnesses.get(_text(purpose))
        if given is None:
            raise SignatureRefused(what="purpose without a declared form")
        key, now = _named(given(), name), self._clock.now()
        forms.check_text(_text(purpose), text, key, self._options.node, now)
        self._ledger.note(key.name, self._options.limits, now)
        return (key.sign(text),)

    def _stamp(self, algorithm: bytes, imprint: bytes) -> tuple[bytes, ...]:
        self._note_stamp("")
        return (self._stamps.token(imprint, _text(algorithm)),)

    def _respond(self, request: bytes) -> tuple[bytes, ...]:
        return (self._stamps.respond(request, lambda: self._note_stamp("@tsa")),)

    def _told(self, request: bytes) -> tuple[bytes, ...]:
        if self._ocsp is None:
            raise SignatureRefused(what="no OCSP responder")
        return self._ocsp(request).fields()

    def _note_stamp(self, asked_at: str) -> None:
        name = self._custody.timestamp_key().name
        self._ledger.note(name + asked_at, self._options.stamps, self._clock.now())

    def _upkeep(self, what: bytes) -> tuple[bytes, ...]:
        """Nothing that is not due is done: whoever asks decides nothing."""
        if what in _BY_THE_CLOCK:
            self._stamps.need_clock()  # what a wrong clock signs may begin in years
        match what:
            case b"crls":
                self._custody.refresh_crls()
                self._custody.keep_responders()
            case b"seals":
                names = self._names()
                self._custody.keep_seals(names)
                self._custody.ask_seals(names)
            case b"timestamps":
                self._custody.keep_timestamp_key()
            case b"own-keys":
                self._custody.keep_own_keys()
            case b"history" | b"report" | b"snapshot":
                self._witnesses[_text(what)]()
            case _:
                raise SignatureRefused(what="unknown upkeep")
        return ()

    def check(self) -> tuple[bytes, ...]:
        """Whether keys, ledger and record are at hand; signs nothing.

        Raises:
            CertlibError: one of them is not.
        """
        self._custody.timestamp_key()
        self._ledger.used("", self._clock.now())
        self._record.awaited("", Form())
        return ()

    def keep_up(self) -> tuple[CertlibError, ...]:
        """Does what is due, as a signer does from time to time; what could not be done."""
        failed: list[CertlibError] = []
        for what in (b"crls", b"seals", b"timestamps", b"own-keys"):
            try:
                self._upkeep(what)
            except CertlibError as error:
                failed.append(error)
        try:
            self._ledger.forget(self._clock.now())
        except SigningUnavailable as error:
            failed.append(error)
        return tuple(failed)


def _named(key: KeyHandle, name: bytes) -> KeyHandle:
    """`key`, if it is the one that the asker means.

    Raises:
        StoreUnavailable: the key has been followed by another; whoever asks again means that.
    """
    if key.name.encode() != name:
        raise StoreUnavailable(what="key followed by another")
    return key


def _digest(octets: bytes) -> bytes:
    if len(octets) != _DIGEST:
        raise SignatureRefused(what="no SHA-256")
    return octets


def _text(octets: bytes) -> str:
    try:
        return octets.decode("ascii")
    except UnicodeDecodeError as error:
        raise SignatureRefused(what="malformed request") from error


def _number(octets: bytes) -> int:
    if not octets.isdigit():
        raise SignatureRefused(what="malformed request")
    return int(octets)
