"""Keys that lie with a signer, and their authority, as a node without keys sees it.

What is being sealed is told by `OnRecord`, around the sealer that asks for the signature: sealers
go on knowing a key that signs, and the signer learns which file on record it is for.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from time import monotonic
from typing import Final

from cryptography import x509

from certlib.document import Content
from certlib.errors import CertlibError, SigningUnavailable, StoreUnavailable
from certlib.ports import Clock, DocumentSealer, KeyHandle, SealedDocument
from certlib.signer_errors import SignatureRefused
from keys.authority import DevelopmentAuthority
from keys.custody import SealInfo, Snapshot
from keys.keyring import Keyring
from keys.mint import SealOrder
from keys.ocsp import OcspAnswer, Status, failed
from keys.ocsp_request import LIMIT
from keys.register import Member, OutsideSeal, Register, SealEntry, register_from
from keys.renewal import runs_out
from keys.signer import forms
from keys.signer.client import Connection
from keys.signer.wire import Ask, Request
from keys.timestamp_period import AHEAD

__all__ = [
    "OnRecord",
    "RemoteAuthority",
    "RemoteKey",
    "RemoteResponder",
    "RemoteStamps",
    "SignedHere",
]

_SEALING: ContextVar[Content | None] = ContextVar("sealing", default=None)
_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d01090431220420")
"""The messageDigest attribute (RFC 5652, 11.2) up to the 32 octets of its value."""
_DIGEST: Final = 32
_SET: Final = b"\x31"
"""Signed attributes begin with it; a JWS begins with a letter."""
_FRESH_SECONDS: Final = 2.0


class OnRecord:
    """A `certlib.ports.DocumentSealer` that says which file on record is being sealed."""

    def __init__(self, sealer: DocumentSealer) -> None:
        self._sealer = sealer

    def seal(self, pdf: bytes, content: Content, level: str = "B-T") -> SealedDocument:
        """The sealed PDF; raises as the sealer does."""
        before = _SEALING.set(content)
        try:
            return self._sealer.seal(pdf, content, level)
        finally:
            _SEALING.reset(before)


class RemoteKey:
    """`certlib.ports.KeyHandle` over a key that a signer holds.

    Attributes:
        purpose: `seal`, `report`, `history`, `snapshot`, or another that signs nothing by asking.
    """

    __slots__ = ("_connection", "_stale", "algorithm", "chain", "name", "purpose")

    def __init__(
        self,
        name: str,
        algorithm: str,
        chain: tuple[bytes, ...],
        purpose: str,
        connection: Connection,
        stale: Callable[[], None] = lambda: None,
    ) -> None:
        """`stale` is called when the signer knows this key no longer."""
        self.name = name
        self.algorithm = algorithm
        self.chain = chain
        self.purpose = purpose
        self._connection = connection
        self._stale = stale

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, if it is one that the signer makes itself or knows.

        Raises:
            SignatureRefused: nothing on record calls for it, or it has no declared form.
            SigningLimited: the key has signed as often as it may.
            SigningUnavailable: no signer answers.
        """
        if self.purpose == "seal":
            return self._sealed(message)
        if self.purpose == forms.REPORT and message.startswith(_SET):
            return self._page(message)
        return self._answered(
            Request(Ask.TEXT, (self.name.encode(), self.purpose.encode(), message))
        )[0]

    def _sealed(self, attributes: bytes) -> bytes:
        content = _SEALING.get()
        if content is None:
            raise SignatureRefused(what="seal outside of an intent")
        file = (content.identifier, content.form, str(content.copy_number))
        fields = (self.name, *file)
        return self._as_built(
            attributes,
            Request(Ask.SEAL, (*(text.encode() for text in fields), _digest_of(attributes))),
        )

    def _page(self, attributes: bytes) -> bytes:
        name = self.name.encode()
        return self._as_built(attributes, Request(Ask.PAGE, (name, _digest_of(attributes))))

    def _as_built(self, attributes: bytes, request: Request) -> bytes:
        """The signature, if the signer has built the same attributes."""
        built, signature = self._answered(request)
        if built != attributes:
            raise SignatureRefused(what="signer of another release")
        return signature

    def _answered(self, request: Request) -> tuple[bytes, ...]:
        try:
            return self._connection.ask(request)
        except StoreUnavailable:
            self._stale()
            raise

    def __repr__(self) -> str:
        return f"RemoteKey({self.name!r}, {self.algorithm!r})"


class RemoteStamps:
    """A timestamp authority whose key lies with a signer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over the digest `imprint`; raises as `TimestampSource.token`."""
        request = Request(Ask.STAMP, (algorithm.encode(), imprint))
        return self._connection.ask(request)[0]

    def respond(self, request: bytes) -> bytes:
        """DER TimeStampResp to any bytes that a request may be."""
        return self._connection.ask(Request(Ask.RESPOND, (request,)))[0]


class RemoteResponder:
    """An OCSP responder whose keys lie with a signer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def respond(self, request: bytes) -> OcspAnswer:
        """The answer to any bytes at all; `tryLater` while no signer answers."""
        if len(request) > LIMIT:
            return failed(Status.MALFORMED_REQUEST)
        try:
            return OcspAnswer.of(self._connection.ask(Request(Ask.OCSP, (request,))))
        except (CertlibError, ValueError, IndexError):
            return failed(Status.TRY_LATER)


class SignedHere:
    """Keys of this process, asked for signatures the way a node without keys asks a signer."""

    def __init__(self, authority: DevelopmentAuthority, connection: Connection) -> None:
        self._authority = authority
        self._connection = connection

    def seal_key(self, issuer_code: str) -> RemoteKey:
        """The department's current seal key; raises `SigningUnavailable`."""
        return self._through(self._authority.seal_key(issuer_code), "seal")

    def history_key(self) -> RemoteKey:
        """The key that seals the audit history; raises `SigningUnavailable`."""
        return self._through(self._authority.history_key(), forms.HISTORY)

    def report_key(self) -> RemoteKey:
        """The key that seals receipts; raises `SigningUnavailable`."""
        return self._through(self._authority.report_key(), forms.REPORT)

    def _through(self, key: KeyHandle, purpose: str) -> RemoteKey:
        return RemoteKey(key.name, key.algorithm, key.chain, purpose, self._connection)


class _RemoteKeyring(Keyring):
    """Makes handles of keys that a signer holds, wherever it has them."""

    def __init__(self, key: Callable[[str, str, tuple[bytes, ...]], RemoteKey]) -> None:
        self._key = key

    def handle(  # type: ignore[override]
        self,
        entry: Member | SealEntry | OutsideSeal,
        above: tuple[bytes, ...],
        *,
        counted: bool = True,
    ) -> RemoteKey:
        """The handle of a key with the certificates `above` its own; its signer counts."""
        del counted
        return self._key(entry.key, entry.algorithm, (entry.certificate, *above))


class RemoteAuthority(DevelopmentAuthority):
    """The authority of a signer: what it publishes, and handles that ask it for signatures.

    Its register is asked for at most every two seconds; between two answers, and while no signer
    answers, the last one stands. Whatever changes the register is done by the signer alone.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        """Asks for the register.

        Raises:
            SigningUnavailable: no signer answers.
        """
        self._connection = connection
        self._clock = clock
        self._reading = threading.Lock()
        self._digest = b""
        self._asked_at = monotonic()
        self._found = self._asked()

    def trust_key(self) -> KeyHandle:  # type: ignore[override]
        """Lists of trust are signed where the keys are.

        Raises:
            SigningUnavailable: always.
        """
        raise SigningUnavailable(what="no keys here: sign trust lists where the signer runs")

    def history_key(self) -> RemoteKey:  # type: ignore[override]
        """The key that seals the audit history; raises `SigningUnavailable`."""
        return self._kept(forms.HISTORY)

    def keep_own_keys(self) -> bool:
        """Nothing: the signer's own round follows them."""
        return False

    def report_key(self) -> RemoteKey:  # type: ignore[override]
        """The key that seals receipts; raises `SigningUnavailable`."""
        return self._kept(forms.REPORT)

    def snapshot_key(self) -> RemoteKey:  # type: ignore[override]
        """The key that signs status snapshots; raises `SigningUnavailable`."""
        return self._kept(forms.SNAPSHOT)

    def check_keys(self) -> None:
        """Asks whether keys, ledger and record are at hand there; raises `SigningUnavailable`."""
        self._connection.ask(Request(Ask.CHECK))

    def given_up(self, key_name: str, since: datetime) -> bool:
        """Whether the signers have given up a seal's key, from `since` or earlier on."""
        register = self._current().register
        if any(item.key == key_name and item.ended_at for item in register.outside):
            return True
        given = {
            x509.load_der_x509_certificate(item.certificate).serial_number
            for item in register.seals
            if item.key == key_name
        }
        return any(
            item.serial in given and item.invalid_since is not None and item.invalid_since <= since
            for item in register.revoked
        )

    def snapshot(self) -> Snapshot:
        """What the signer has published, at most two seconds old; older while none answers."""
        return self._current()

    def keep_responders(self) -> bool:
        """Nothing: they are the signer's own, and so is the round that renews them."""
        return False

    def keep_timestamp_key(self) -> bool:
        """Tells the signer when the next timestamp key is due; its own round makes it, too."""
        before = self._current().timestamps_end
        if self._clock.now() < before - AHEAD:
            return False
        self._keep_up("timestamps")
        return self._current().timestamps_end != before

    def issue_seals(self, orders: Iterable[SealOrder]) -> tuple[SealInfo, ...]:
        """The seals that the signer gives to the departments on record.

        Raises:
            SigningUnavailable: no signer answers, or a department is not on record.
        """
        self._keep_up("seals")
        return tuple(self.seal_info(order.issuer_code) for order in orders)

    def keep_seals(self, names: Mapping[str, str]) -> int:
        """Tells the signer to look at the departments on record, if one has no fitting seal.

        What ends soon is followed by the signer's own round.
        """
        lacking = [code for code, name in names.items() if not self._has_seal(code, name)]
        if lacking:
            self._keep_up("seals")
        return sum(self._has_seal(code, names[code]) for code in lacking)

    def ask_seals(self, names: Mapping[str, str]) -> int:
        """Nothing: the signer's own round makes requests to outside authorities."""
        del names
        return 0

    def _has_seal(self, issuer_code: str, name: str) -> bool:
        try:
            seal = self._current().current_seal(issuer_code, self._clock.now())
        except SigningUnavailable:
            return self._current().outside(issuer_code)
        return seal.outside or seal.entry.department == name

    def refresh_crls(self) -> bool:
        """Asks for new CRLs when some are due; says whether there are any."""
        before = self._current()
        if not before.crls_due(self._clock.now()):
            return False
        try:
            self._keep_up("crls")
        except SigningUnavailable:
            return False  # those that are there hold for as long again; the signer's own round, too
        return self._current().register.lists != before.register.lists

    def _change(self, step: Callable[[Snapshot], Register]) -> bool:
        """Raises `SigningUnavailable`: it needs the keys."""
        del step
        raise SigningUnavailable(what="no keys here: do this where the signer runs")

    def _current(self) -> Snapshot:
        if monotonic() - self._asked_at < _FRESH_SECONDS:
            return self._found
        with self._reading:
            if monotonic() - self._asked_at >= _FRESH_SECONDS:
                self._asked_at = monotonic()
                try:
                    self._found = self._asked()
                except CertlibError:
                    return self._found  # old and public: the next signature tells who is missing
            return self._found

    def _asked(self) -> Snapshot:
        digest, *content = self._connection.ask(Request(Ask.REGISTER, (self._digest,)))
        if not content:
            return self._found
        if hashlib.sha256(content[0]).digest() != digest:
            raise SigningUnavailable(what="signer: register damaged")
        found = Snapshot(register_from(content[0]), _RemoteKeyring(self._key))
        self._digest = digest
        return found

    def _key(self, name: str, algorithm: str, chain: tuple[bytes, ...]) -> RemoteKey:
        purpose = name.partition("-")[0]
        return RemoteKey(name, algorithm, chain, purpose, self._connection, self._forget)

    def _forget(self) -> None:
        """The next reader asks the signer anew."""
        self._asked_at = monotonic() - _FRESH_SECONDS

    def _keep_up(self, what: str) -> None:
        self._connection.ask(Request(Ask.UPKEEP, (what.encode(),)))
        self._forget()

    def _kept(self, purpose: str) -> RemoteKey:
        """A key that the signer makes when it is first asked for, and follows in time."""
        key = self._current().own_keys.get(purpose)
        if key is None or runs_out(key.chain[0], self._clock.now()):
            self._keep_up(purpose)
            key = self._current().own_keys.get(purpose)
        return self._valid(key, purpose)  # type: ignore[return-value]


def _digest_of(attributes: bytes) -> bytes:
    """The message digest in signed attributes.

    Raises:
        SignatureRefused: there is none, or more than one: no signed attributes of a seal.
    """
    before, mark, after = attributes.partition(_MESSAGE_DIGEST)
    if not before or not mark or _MESSAGE_DIGEST in after or len(after) < _DIGEST:
        raise SignatureRefused(what="no signed attributes")
    return after[:_DIGEST]
