"""The synchronous client."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx

from certlib_client import calls, models, transport
from certlib_client.calls import Call, Json
from certlib_client.credentials import Credentials
from certlib_client.flow import Conversation, Lost, Pause, Reply
from certlib_client.patience import Patience

_Answer = TypeVar("_Answer")
_PAGE = 200


class Library:
    """The certificate library, as a department's system uses it. Threads may share one.

    Args:
        url: address of the library, such as `https://zz.example.gov.cn`.
        credentials: the client system and the person it acts for.
        patience: how long lost answers and a busy library are tried again.
        http: an httpx client of one's own (certificates, proxies); its timeout is its own.

    Every method raises `LibraryProblem` when the library refuses and `Unreachable` when there
    was no answer within the patience. `key` is the idempotency key: give one of your own
    (the case number, say), so that a repeated run of your program issues nothing twice.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        patience: Patience = Patience(),  # noqa: B008 - immutable
        http: httpx.Client | None = None,
    ) -> None:
        self._talk = Conversation(credentials, patience)
        self._http = http or httpx.Client(base_url=url, timeout=patience.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def issue(self, order: Json, *, key: str = "") -> models.Issued:
        """Issues one certificate; `order` as `POST /v1/certificates` takes it."""
        return self.send(calls.issue(order, _new_key(key)))

    def check(self, order: Json, *, key: str = "") -> Json:
        """What stands against an order; nothing is stored, no identifier consumed."""
        return self.send(calls.check(order, _new_key(key)))

    def issue_batch(self, rows: Sequence[tuple[str, Json]]) -> Sequence[models.RowResult]:
        """Issues up to 100 rows of (key, order); each has an outcome of its own, in order."""
        return self.send(calls.issue_batch(rows))

    def revise(
        self,
        identifier: str,
        reason: str,
        changes: Json | None = None,
        *,
        key: str = "",
        if_match: str = "",
    ) -> models.Issued:
        """Issues the next version: `change`, `renewal`, `replacement`, `lowered`, `correction`.

        What `changes` does not name is taken over from the current version.
        """
        body = {"reason": reason, **(changes or {})}
        return self.send(calls.revise(identifier, body, _new_key(key), if_match))

    def act(
        self, identifier: str, name: str, body: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """Another act on a record by its path, such as `restrictions` or `paper`."""
        return self.send(calls.act(identifier, name, body, _new_key(key), if_match))

    def revoke(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """吊销: a penalty."""
        return self.act(identifier, "revoke", decision, key=key, if_match=if_match)

    def annul(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """撤销: the grant was unlawful."""
        return self.act(identifier, "annul", decision, key=key, if_match=if_match)

    def withdraw(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """撤回: lawful, but law or circumstances have changed."""
        return self.act(identifier, "withdraw", decision, key=key, if_match=if_match)

    def deregister(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """注销: the formal end of a right."""
        return self.act(identifier, "deregister", decision, key=key, if_match=if_match)

    def void(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """作废: the record itself was an error."""
        return self.act(identifier, "void", decision, key=key, if_match=if_match)

    def suspend(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """暂扣, 暂停, 争议锁定."""
        return self.act(identifier, "suspend", decision, key=key, if_match=if_match)

    def restore(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """恢复: a suspension ends."""
        return self.act(identifier, "restore", decision, key=key, if_match=if_match)

    def certificate(self, identifier: str, *, reveal: bool = False) -> models.Record:
        """The record, masked unless `reveal`, which needs a scope and is kept in the history."""
        return self.send(calls.certificate(identifier, reveal=reveal))

    def search(self, **criteria: Any) -> Iterator[models.Summary]:
        """The department's certificates that meet every criterion, page after page."""
        after = ""
        while True:
            page = self.send(calls.search({"limit": _PAGE, **criteria, "after": after}))
            yield from page.items
            after = page.after
            if not after:
                return

    def file(self, identifier: str, form: str = "original", copy_number: int = 0) -> bytes:
        """The sealed PDF: never save it anew through a PDF program, that would alter it."""
        return self.send(calls.file(identifier, form, copy_number))

    def history(self, identifier: str) -> Sequence[Json]:
        """Who did what to a certificate, oldest first."""
        return self.send(calls.history(identifier))

    def verify(self, identifier: str, **question: Any) -> models.Verification:
        """Is it good, now, or `on` a day of acceptance; `claims` are compared one by one."""
        return self.send(calls.verify({"identifier": identifier, **question}))

    def verify_fields(self, fields: Json, **question: Any) -> models.Verification:
        """The same by type and number, or by the holder's code."""
        return self.send(calls.verify({"fields": dict(fields), **question}))

    def verify_file(self, pdf: bytes, **question: str) -> models.Verification:
        """The same by file."""
        return self.send(calls.verify_file(pdf, question))

    def receipt(
        self, identifier: str, *, form: Literal["pdf", "json"] = "pdf", **question: Any
    ) -> models.Receipt:
        """核验回执: `verify`, its answer sealed as a PDF, or as JSON, for the file of a case."""
        return self.send(calls.receipt({"identifier": identifier, **question}, form))

    def receipt_of_fields(
        self, fields: Json, *, form: Literal["pdf", "json"] = "pdf", **question: Any
    ) -> models.Receipt:
        """The same for `verify_fields`."""
        return self.send(calls.receipt({"fields": dict(fields), **question}, form))

    def receipt_of_file(
        self, pdf: bytes, *, form: Literal["pdf", "json"] = "pdf", **question: str
    ) -> models.Receipt:
        """The same for `verify_file`."""
        return self.send(calls.file_receipt(pdf, form, question))

    def known_file(self, file: bytes | str) -> models.KnownFile:
        """A file that is byte for byte on record, by its SHA-256; nothing is sent but that.

        `NotFound` (`file-not-on-record`) is no finding against it: have it examined by
        `verify_file`. Needs no credentials.
        """
        return self.send(calls.known_file(file))

    def status(self, identifier: str) -> models.Status:
        """The public state now; needs no credentials."""
        return self.send(calls.status(identifier))

    def statuses(self, identifiers: Sequence[str]) -> Sequence[models.Status]:
        """The public state of up to 200, in the order asked."""
        return self.send(calls.statuses(identifiers))

    def changes(
        self, after: str = "", *, limit: int = 200, wait: int = 0, type_code: str = ""
    ) -> models.ChangePage:
        """What happened behind a cursor: keep `after` of the answer and go on from there."""
        return self.send(calls.changes(after, limit, wait, type_code))

    def types(self) -> Sequence[Json]:
        """The newest version of every certificate type."""
        return self.send(calls.types())

    def type_versions(self, type_code: str) -> Json:
        """A type with its versions and field dictionaries."""
        return self.send(calls.type_versions(type_code))

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        if_match: str = "",
    ) -> Json:
        """Whatever else the API offers; a POST gets an idempotency key."""
        used = _new_key(key) if method == "POST" else key
        return self.send(calls.any_call(method, path, body, used, if_match))

    def send(self, call: Call[_Answer]) -> _Answer:
        """Carries out a call."""
        steps = self._talk.steps(call)
        said: Reply | Lost | None = None
        while True:
            try:
                step = steps.send(said)
            except StopIteration as end:
                answer: _Answer = end.value
                return answer
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                said = None
                continue
            try:
                said = transport.reply(self._http.request(**transport.arguments(step)))
            except httpx.TransportError as error:
                said = transport.lost(error)


def _new_key(key: str) -> str:
    return key or uuid.uuid4().hex
