"""The asynchronous client: the synchronous one, awaited."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
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


class AsyncLibrary:
    """The certificate library, as a department's system uses it. Tasks of one loop may share it.

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
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._talk = Conversation(credentials, patience)
        self._http = http or httpx.AsyncClient(base_url=url, timeout=patience.timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def issue(self, order: Json, *, key: str = "") -> models.Issued:
        """Issues one certificate; `order` as `POST /v1/certificates` takes it."""
        return await self.send(calls.issue(order, _new_key(key)))

    async def check(self, order: Json, *, key: str = "") -> Json:
        """What stands against an order; nothing is stored, no identifier consumed."""
        return await self.send(calls.check(order, _new_key(key)))

    async def issue_batch(self, rows: Sequence[tuple[str, Json]]) -> Sequence[models.RowResult]:
        """Issues up to 100 rows of (key, order); each has an outcome of its own, in order."""
        return await self.send(calls.issue_batch(rows))

    async def revise(
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
        return await self.send(calls.revise(identifier, body, _new_key(key), if_match))

    async def act(
        self, identifier: str, name: str, body: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """Another act on a record by its path, such as `restrictions` or `paper`."""
        return await self.send(calls.act(identifier, name, body, _new_key(key), if_match))

    async def revoke(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """吊销: a penalty."""
        return await self.act(identifier, "revoke", decision, key=key, if_match=if_match)

    async def annul(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """撤销: the grant was unlawful."""
        return await self.act(identifier, "annul", decision, key=key, if_match=if_match)

    async def withdraw(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """撤回: lawful, but law or circumstances have changed."""
        return await self.act(identifier, "withdraw", decision, key=key, if_match=if_match)

    async def deregister(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """注销: the formal end of a right."""
        return await self.act(identifier, "deregister", decision, key=key, if_match=if_match)

    async def void(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """作废: the record itself was an error."""
        return await self.act(identifier, "void", decision, key=key, if_match=if_match)

    async def suspend(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """暂扣, 暂停, 争议锁定."""
        return await self.act(identifier, "suspend", decision, key=key, if_match=if_match)

    async def restore(
        self, identifier: str, decision: Json, *, key: str = "", if_match: str = ""
    ) -> models.Changed:
        """恢复: a suspension ends."""
        return await self.act(identifier, "restore", decision, key=key, if_match=if_match)

    async def certificate(self, identifier: str, *, reveal: bool = False) -> models.Record:
        """The record, masked unless `reveal`, which needs a scope and is kept in the history."""
        return await self.send(calls.certificate(identifier, reveal=reveal))

    async def search(self, **criteria: Any) -> AsyncIterator[models.Summary]:
        """The department's certificates that meet every criterion, page after page."""
        after = ""
        while True:
            page = await self.send(calls.search({"limit": _PAGE, **criteria, "after": after}))
            for item in page.items:
                yield item
            after = page.after
            if not after:
                return

    async def file(self, identifier: str, form: str = "original", copy_number: int = 0) -> bytes:
        """The sealed PDF: never save it anew through a PDF program, that would alter it."""
        return await self.send(calls.file(identifier, form, copy_number))

    async def history(self, identifier: str) -> Sequence[Json]:
        """Who did what to a certificate, oldest first."""
        return await self.send(calls.history(identifier))

    async def verify(self, identifier: str, **question: Any) -> models.Verification:
        """Is it good, now, or `on` a day of acceptance; `claims` are compared one by one."""
        return await self.send(calls.verify({"identifier": identifier, **question}))

    async def verify_fields(self, fields: Json, **question: Any) -> models.Verification:
        """The same by type and number, or by the holder's code."""
        return await self.send(calls.verify({"fields": dict(fields), **question}))

    async def verify_file(self, pdf: bytes, **question: str) -> models.Verification:
        """The same by file."""
        return await self.send(calls.verify_file(pdf, question))

    async def receipt(
        self, identifier: str, *, form: Literal["pdf", "json"] = "pdf", **question: Any
    ) -> models.Receipt:
        """核验回执: `verify`, its answer sealed as a PDF, or as JSON, for the file of a case."""
        return await self.send(calls.receipt({"identifier": identifier, **question}, form))

    async def receipt_of_fields(
        self, fields: Json, *, form: Literal["pdf", "json"] = "pdf", **question: Any
    ) -> models.Receipt:
        """The same for `verify_fields`."""
        return await self.send(calls.receipt({"fields": dict(fields), **question}, form))

    async def receipt_of_file(
        self, pdf: bytes, *, form: Literal["pdf", "json"] = "pdf", **question: str
    ) -> models.Receipt:
        """The same for `verify_file`."""
        return await self.send(calls.file_receipt(pdf, form, question))

    async def known_file(self, file: bytes | str) -> models.KnownFile:
        """A file that is byte for byte on record, by its SHA-256; nothing is sent but that.

        `NotFound` (`file-not-on-record`) is no finding against it: have it examined by
        `verify_file`. Needs no credentials.
        """
        return await self.send(calls.known_file(file))

    async def status(self, identifier: str) -> models.Status:
        """The public state now; needs no credentials."""
        return await self.send(calls.status(identifier))

    async def statuses(self, identifiers: Sequence[str]) -> Sequence[models.Status]:
        """The public state of up to 200, in the order asked."""
        return await self.send(calls.statuses(identifiers))

    async def changes(
        self, after: str = "", *, limit: int = 200, wait: int = 0, type_code: str = ""
    ) -> models.ChangePage:
        """What happened behind a cursor: keep `after` of the answer and go on from there."""
        return await self.send(calls.changes(after, limit, wait, type_code))

    async def types(self) -> Sequence[Json]:
        """The newest version of every certificate type."""
        return await self.send(calls.types())

    async def type_versions(self, type_code: str) -> Json:
        """A type with its versions and field dictionaries."""
        return await self.send(calls.type_versions(type_code))

    async def call(
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
        return await self.send(calls.any_call(method, path, body, used, if_match))

    async def send(self, call: Call[_Answer]) -> _Answer:
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
                await asyncio.sleep(step.seconds)
                said = None
                continue
            try:
                said = transport.reply(await self._http.request(**transport.arguments(step)))
            except httpx.TransportError as error:
                said = transport.lost(error)


def _new_key(key: str) -> str:
    return key or uuid.uuid4().hex
