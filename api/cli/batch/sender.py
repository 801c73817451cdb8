"""Rows to certificates: groups, retries with the same keys, whatever happens to the server.

The server may be killed and started again in the middle. Every row carries its idempotency key, so
a group whose answer was lost is simply sent again: what was issued is answered as replayed, what
is still in the making is waited for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.cli.batch.rows import Row
from api.cli.failures import ServerBusy, ServerUnreachable
from api.cli.patience import FIRST_PAUSE, LONGEST_PAUSE, Patience
from api.cli.remote import BUSY, Answer, problem_of

GROUP = 20
"""Rows in one request."""
_SINGLE = "/v1/certificates"
_BATCHES = "/v1/certificate-batches"
_NO_SUCH_PATH = frozenset({404, 405})
_SPLIT = frozenset({400, 413, 422})
"""The server refuses the group as a whole: its rows are sent one by one."""
_TIMED_OUT = 408
_PENDING = frozenset({"idempotency-in-progress"})
_RACED = frozenset({"conflict", "version-stale"})
"""Another process finished the same intent in that moment: asking again tells."""
_MOST_RACES = 3


class Caller(Protocol):
    """What is needed of `api.cli.remote.Server`."""

    def post(
        self,
        path: str,
        body: object,
        department: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request as that department's client."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row: `issued`, `replayed`, `checked` (dry run) or `failed`."""

    row: int
    status: str
    identifier: str = ""
    sha256: str = ""
    problem: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """A line of `certlib issue --json`."""
        return {
            "row": self.row,
            "status": self.status,
            "identifier": self.identifier or None,
            "sha256": self.sha256 or None,
            "problem": self.problem,
        }


class Sender:
    """Sends rows in groups of one issuer and answers each row as it is settled."""

    def __init__(
        self, server: Caller, patience: Patience, *, dry_run: bool = False, issuer: str = ""
    ) -> None:
        self._server = server
        self._patience = patience
        self._dry_run = dry_run
        self._issuer = issuer
        self._batches = not dry_run
        self._unanswered_since: float | None = None
        self._given_up = False

    def send(self, rows: Iterable[Row]) -> Iterator[Result]:
        """The result of every row; rows of one issuer in order.

        Raises:
            CommandFailure: the credentials are missing or not accepted.
        """
        waiting: dict[str, list[Row]] = {}
        for row in rows:
            if row.order is None:
                yield Result(row.number, "failed", problem=row.problem)
                continue
            issuer = str(row.order.get("issuer_code") or self._issuer)
            group = waiting.setdefault(issuer, [])
            group.append(row)
            if len(group) == GROUP:
                yield from self._settled(issuer, group)
                group.clear()
        for issuer, group in waiting.items():
            yield from self._settled(issuer, group)

    def _settled(self, issuer: str, rows: Sequence[Row]) -> Iterator[Result]:
        """Sends until every row has an answer, or patience has ended."""
        left, pause, races = list(rows), FIRST_PAUSE, 0
        while left and not self._given_up:
            answered, retry, raced = self._try(issuer, left)
            yield from answered
            if answered:
                self._unanswered_since, pause = None, FIRST_PAUSE
            races += 1 if raced else 0
            if races > _MOST_RACES:
                yield from (
                    Result(row.number, "failed", problem=raced[row.key])
                    for row in retry
                    if row.key in raced
                )
                retry = [row for row in retry if row.key not in raced]
            left = retry
            if left:
                pause = self._wait(pause)
        yield from (Result(row.number, "failed", problem=_NO_ANSWER) for row in left)

    def _wait(self, pause: float) -> float:
        """Pauses, or gives up; the length of the next pause."""
        now = self._patience.now()
        if self._unanswered_since is None:
            self._unanswered_since = now
        if now - self._unanswered_since >= self._patience.seconds:
            self._given_up = True
            return pause
        self._patience.sleep(pause)
        return min(pause * 2, LONGEST_PAUSE)

    def _try(
        self, issuer: str, rows: Sequence[Row]
    ) -> tuple[list[Result], list[Row], dict[str, Mapping[str, Any]]]:
        """One attempt: results, rows to send again, and what those said that lost a race."""
        results: list[Result] = []
        retry: list[Row] = []
        raced: dict[str, Mapping[str, Any]] = {}
        for row, answer in self._answers(issuer, rows):
            problem = None if answer is None or answer.good else problem_of(answer)
            if answer is None or _is_busy(answer) or _code(problem) in _PENDING:
                retry.append(row)
            elif problem is not None and problem["code"] in _RACED:
                retry.append(row)
                raced[row.key] = problem
            else:
                results.append(self._result(row, answer, problem))
        return results, retry, raced

    def _answers(self, issuer: str, rows: Sequence[Row]) -> Iterator[tuple[Row, Answer | None]]:
        """An answer for each row; None when there was none."""
        if self._batches and len(rows) > 1:
            whole = self._post(_BATCHES, {"rows": [_wire(row) for row in rows]}, issuer)
            if whole is None or _is_busy(whole):
                yield from ((row, None) for row in rows)
                return
            if whole.good:
                yield from _by_key(rows, whole)
                return
            # No such route: an older server. Refused whole: its rows say which of them it was.
            self._batches = whole.status not in _NO_SUCH_PATH
            if whole.status not in _NO_SUCH_PATH | _SPLIT:
                yield from ((row, whole) for row in rows)
                return
        for row in rows:
            path = f"{_SINGLE}?dry_run=true" if self._dry_run else _SINGLE
            yield row, self._post(path, row.order, issuer, {"Idempotency-Key": row.key})

    def _post(
        self, path: str, body: object, issuer: str, headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        if self._given_up:
            return None
        try:
            return self._server.post(path, body, issuer, headers)
        except (ServerUnreachable, ServerBusy):
            return None

    def _result(self, row: Row, answer: Answer, problem: Mapping[str, Any] | None) -> Result:
        if problem is not None:
            return Result(row.number, "failed", problem=row.located(problem))
        if self._dry_run:
            return Result(row.number, "checked")
        said = answer.body if isinstance(answer.body, Mapping) else {}
        status = "replayed" if said.get("replayed") else "issued"
        identifier, sha256 = str(said.get("identifier", "")), str(said.get("sha256", ""))
        return Result(row.number, status, identifier, sha256)


def _wire(row: Row) -> dict[str, Any]:
    return {"key": row.key, "order": row.order}


def _by_key(rows: Sequence[Row], whole: Answer) -> Iterator[tuple[Row, Answer | None]]:
    listed = whole.body.get("rows", ()) if isinstance(whole.body, Mapping) else ()
    said = {item["key"]: item for item in listed if isinstance(item, Mapping) and "key" in item}
    for row in rows:
        item = said.get(row.key)
        if item is None:
            yield row, None
        else:
            body = item.get("answer") or item.get("problem") or {}
            yield row, Answer(int(item.get("status", 0)), body)


def _is_busy(answer: Answer) -> bool:
    return answer.status in BUSY or answer.status == _TIMED_OUT


def _code(problem: Mapping[str, Any] | None) -> str:
    return "" if problem is None else str(problem["code"])


_NO_ANSWER: Mapping[str, Any] = {
    "code": "server-unreachable",
    "zh": "服务器没有应答，结果未知；请以相同文件重新运行，已签发的不会重复。",
    "en": "The server did not answer: run the same file again, nothing is issued twice.",
    "problems": [],
}
