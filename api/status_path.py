"""GET /v1/status/{identifier}: the public look-up, an ASGI callable in front of everything else.

On SQLite one row is read on the event loop itself (architecture.md section 7): it takes
microseconds, and a thread would cost more than the question. On PostgreSQL the loop asks and goes
on; questions that come together go together. Every look-up reads the primary database, so a
revocation is seen as soon as it is acknowledged (INV-6). Nothing here depends on who asks.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, NamedTuple

import anyio.to_thread
from starlette.types import Receive, Scope, Send

from api import logs, problems, public
from api.catalogue import Catalogue
from api.failures import MethodNotAllowed, Unexpected
from api.metrics import Metrics
from api.middleware.rates import Rates
from api.middleware.requests import RequestIds, header, request_id_of
from api.parts import Parts
from api.schemas.base import instant_text
from certlib import ids
from certlib.calendar import legal_day
from certlib.catalogue import Duty, TypeVersion
from certlib.certificate import PaperStatus
from certlib.duties import DutyClock
from certlib.errors import CertificateNotFound, CertlibError, MalformedIdentifier, OtherNode
from certlib.holder_changes import ChangeKind
from certlib.registry import StandingRow, StatusRow
from certlib.states import View

PREFIX: Final = "/v1/status/"

_log = logs.logger("status")
_OK: Final = 200
_ALLOW: Final = {"Allow": "GET, HEAD, OPTIONS"}
_DEPARTMENTS_FOR: Final = timedelta(seconds=60)
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_DATED: Final = frozenset({View.EXPIRED, View.NOT_YET_EFFECTIVE})

Tell = Callable[[bytes | None], None]
"""Takes the rest of an answer, after what `admitted` says; None: it needs the long way."""

_MOST_KEPT: Final = 4096
"""Texts kept at once, a kilobyte each: more begin anew."""


class _Key(NamedTuple):
    """All that the words of an answer hang on, within one minute."""

    seen: View
    restricted: bool
    paper: PaperStatus
    day: date | None
    pending: date | None
    standing: StandingRow | None
    duties: tuple[Duty, ...]
    ends_with_holder: bool
    gone: ChangeKind | None
    issued: date | None
    since: tuple[DutyClock, ...]


_FIRST: Final = b"HTTP/1.1 200 OK\r\nx-request-id: %b\r\n"
_REST: Final = (
    b"".join(b"%b: %b\r\n" % header for header in _HEADERS)
    + b"date: %b\r\ncontent-length: %d\r\n\r\n"
)


class StatusPath:
    """Answers status questions. Runs on the event loop alone, so it needs no lock.

    What a look-up says beside identifier and dates hangs on few things (the view of the day, a
    restriction, a date, what happened), so those texts are made once a minute and kept.
    """

    def __init__(
        self, parts: Parts, request_ids: RequestIds, metrics: Metrics, rates: Rates
    ) -> None:
        self._source = parts.status
        self._registry = parts.registry
        self._clock = parts.clock
        self._ids = request_ids
        self._rates = rates
        self._answers = metrics.status_answers
        self._demonstration = parts.settings.demo
        self._catalogue = Catalogue(parts.registry)
        self._departments: frozenset[str] = frozenset()
        self._departments_due: datetime | None = None
        self._second = datetime.min.replace(tzinfo=UTC)
        self._as_of = ""
        self._today = date.min
        self._minute = -1
        self._kept: dict[_Key, tuple[str, bytes]] = {}
        self._date = b""
        self._version: tuple[int, int] | None = None
        self._whole: dict[str, tuple[bytes, str]] = {}
        self._waiting: deque[tuple[str, Tell]] = deque()

    def admitted(self, peer: str, forwarded: str) -> bytes | None:
        """The first lines of an answer to a plain question; None when it has to wait.

        A question that goes the long way after all takes a second token: who asks for what is not
        on record runs out twice as soon.
        """
        told = self._rates.take_public(peer, forwarded)
        return None if told is None else _FIRST % self._ids.next().encode("ascii") + told

    @property
    def inline(self) -> bool:
        """Whether `ask` answers in this turn of the event loop."""
        return self._source.inline

    def ask(self, identifier: str, tell: Tell) -> None:
        """Answers a plain question: `tell` gets the rest of an answer, before long.

        Questions that come together are answered together. The primary database is asked after
        the last of them has come, as ever (INV-6): for the rows, or, where it can tell that
        cheaply, whether anything was committed since this second's answers were made.
        """
        if self._source.inline:
            self._waiting.append((identifier, tell))
            if len(self._waiting) == 1:
                asyncio.get_running_loop().call_soon(self._answer_waiting)
            return
        self._turn()
        today = self._today
        found = self._source.ask(identifier, today)
        found.add_done_callback(lambda found: tell(self._told(found, today)))

    def _answer_waiting(self) -> None:
        try:
            now = self._turn()
            version = self._source.version()
            if version is None or version != self._version:
                self._version, self._whole = version, {}
        except Exception:  # noqa: BLE001 - the long way meets the same fault, and tells it
            now = None
        try:
            while self._waiting:
                identifier, tell = self._waiting.popleft()
                tell(None if now is None else self._quick(identifier, now))
        finally:
            if self._waiting:
                # One connection failed in a way of its own: the others still get their answers.
                asyncio.get_running_loop().call_soon(self._answer_waiting)

    def _quick(self, identifier: str, now: datetime) -> bytes | None:
        made = self._whole.get(identifier)
        if made is None:
            try:
                values = self._source.raw(identifier, self._today)
                if values is None:
                    return None
                made = self._whole[identifier] = self._made(self._source.read(values), now)
            except Exception:  # noqa: BLE001 - the long way meets the same fault, and tells it
                return None
        answer, code = made
        self._answers[_OK, code] += 1
        return answer

    def _told(self, found: "asyncio.Future[tuple[Any, ...] | None]", today: date) -> bytes | None:
        if found.cancelled() or found.exception() is not None:
            return None
        values = found.result()
        now = self._turn()
        if values is None or today != self._today:  # asked on one day, to be judged on another
            return None
        try:
            made, code = self._made(self._source.read(values), now)
        except Exception:  # noqa: BLE001 - the long way meets the same fault, and tells it
            return None
        self._answers[_OK, code] += 1
        return made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request_id = self._ids.accepted(header(scope, b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        try:
            if scope["method"] not in {"GET", "HEAD"}:
                await self._other_method(scope, receive, send)
                return
            told = self._rates.take(scope)
            body = await self._answer(scope["path"][len(PREFIX) :])
        except CertlibError as error:
            await self._refuse(error, scope, receive, send)
            return
        except Exception as error:  # noqa: BLE001 - the last line of defence, never a bare 500
            logs.event(_log, logging.ERROR, "unforeseen", fault=logs.faults(error))
            await self._refuse(Unexpected(), scope, receive, send)
            return
        named = (b"x-request-id", request_id.encode("ascii"))
        headers = [*_HEADERS, *told, named, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": _OK, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, identifier: str) -> bytes:
        row = await self._row(identifier)
        if row is None:
            if not self._source.inline:
                await anyio.to_thread.run_sync(self._known_departments)
            raise self._absent(identifier)
        body, code = self._body(row, self._turn())
        self._answers[_OK, code] += 1
        return body

    async def _row(self, identifier: str) -> StatusRow | None:
        if self._source.inline:
            return self._source.status(identifier)
        while True:
            today = legal_day(self._clock.now())
            values = await self._source.ask(identifier, today)
            if today == legal_day(self._clock.now()):  # the row and its judgement are of one day
                return None if values is None else self._source.read(values)

    def _body(self, row: StatusRow, now: datetime) -> tuple[bytes, str]:
        seen = public.seen(row, self._today)
        code, words = self._words(row, seen, now)
        # What stands between the quotes is ours: identifiers, codes and dates need no escape.
        valid_to = "null" if row.valid_to is None else f'"{row.valid_to}"'
        facts = (
            f'{{"identifier":"{row.identifier}","type_code":"{row.type_code}",'
            f'"issuer_code":"{row.issuer_code}","valid_from":"{row.valid_from}",'
            f'"valid_to":{valid_to},"as_of":"{self._as_of}",'
        )
        return facts.encode("ascii") + words, code

    def _made(self, row: StatusRow, now: datetime) -> tuple[bytes, str]:
        body, code = self._body(row, now)
        return _REST % (self._date, len(body)) + body, code

    def _turn(self) -> datetime:
        """The instant, whole seconds."""
        now = self._clock.now()
        if now != self._second:
            self._turn_second(now)
        return now

    def _turn_second(self, now: datetime) -> None:
        """What is the same for a second is made once; texts that name the minute begin anew."""
        self._second, self._as_of, self._today = now, instant_text(now), legal_day(now)
        self._date = format_datetime(now, usegmt=True).encode("ascii")
        self._whole = {}
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            self._minute, self._kept = minute, {}

    def _words(self, row: StatusRow, seen: View, now: datetime) -> tuple[str, bytes]:
        """Code of the verdict, and the rest of the answer from `"verdict":` on."""
        version = self._catalogue.known(row.type_code, row.type_version)
        duties = () if version is None else version.duties
        day = None
        if seen in _DATED:
            day = row.valid_to if seen is View.EXPIRED else row.valid_from
        key = _Key(
            seen=seen,
            restricted=row.restricted,
            paper=row.paper,
            day=day,
            pending=row.renewal_pending_since,
            standing=row.standing,
            duties=duties,
            ends_with_holder=version is not None and version.ends_with_holder,
            gone=row.holder_gone,
            issued=row.issue_date if duties else None,
            since=row.duties_since if duties else (),
        )
        words = self._kept.get(key)
        if words is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept = {}
            words = self._kept[key] = self._judged(row, version, seen, now)
        return words

    def _judged(
        self, row: StatusRow, version: TypeVersion | None, seen: View, now: datetime
    ) -> tuple[str, bytes]:
        report = public.judged(row, version, now)
        words = public.of_report(report, personal=public.personal(row))
        rest: Mapping[str, Any] = {
            "verdict": report.verdict.value,
            "code": report.code,
            "state": seen.value,
            "restricted": row.restricted,
            "paper": row.paper.value,
            "renewal_pending": row.renewal_pending_since is not None,
            "zh": words.zh,
            "en": words.en,
            "next_zh": words.next_zh,
            "next_en": words.next_en,
            "demonstration": self._demonstration,
        }
        text = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
        return report.code, text[1:].encode()

    def _absent(self, identifier: str) -> CertlibError:
        """Mistyped, another node's, or simply not on record: three different answers."""
        parsed = ids.parse(identifier)
        if parsed.identifier is None:
            part = ", ".join(problem.field for problem in parsed.problems if problem.field)
            return MalformedIdentifier(part=part or "identifier", problems=parsed.problems)
        ours = parsed.identifier.issuer_code in self._known_departments()
        return CertificateNotFound() if ours else OtherNode()

    def _known_departments(self) -> frozenset[str]:
        now = self._clock.now()
        if self._departments_due is None or now >= self._departments_due:
            with self._registry.read() as session:
                listed = session.departments()
            self._departments = frozenset(item.credit_code for item in listed)
            self._departments_due = now + _DEPARTMENTS_FOR
        return self._departments

    async def _refuse(
        self, error: CertlibError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._answers[problems.entry_of(type(error)).status, error.code] += 1
        request_id = request_id_of(scope)
        headers = {"X-Request-Id": request_id}
        await problems.response(error, request_id, headers)(scope, receive, send)

    async def _other_method(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            headers = [(b"allow", _ALLOW["Allow"].encode())]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        self._answers[405, MethodNotAllowed.code] += 1
        request_id = request_id_of(scope)
        named = {**_ALLOW, "X-Request-Id": request_id}
        answer = problems.response(MethodNotAllowed(), request_id, named)
        await answer(scope, receive, send)
