"""Sending rows: groups, lost answers, restarts, refusals; each row settled once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.batch.rows import Row
from api.cli.batch.sender import GROUP, Result, Sender
from api.cli.failures import ServerUnreachable
from api.cli.patience import Patience
from api.cli.remote import Answer

Fault = Callable[[], Answer]


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds


class Library:
    """A server that issues by key, and fails before or after as a test says.

    `faults` are taken one a request: "before" nothing is done, "after" the answer is lost,
    "busy" 503, "running" 409 while the first call is in progress, "" nothing goes wrong.
    """

    def __init__(self, faults: Sequence[str] = (), *, batches: bool = True) -> None:
        self.issued: dict[str, str] = {}
        self.asked: list[tuple[str, str, int]] = []
        self.refused: dict[str, dict[str, Any]] = {}
        self._faults = list(faults)
        self._batches = batches

    def post(
        self,
        path: str,
        body: Any,
        department: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        rows = body.get("rows") if isinstance(body, dict) and "rows" in body else None
        self.asked.append((path, department, len(rows) if rows is not None else 1))
        if rows is not None and not self._batches:
            return Answer(404, {"code": "path-unknown"})
        fault = self._faults.pop(0) if self._faults else ""
        if fault == "before":
            raise ServerUnreachable("test")
        if fault == "busy":
            return Answer(503, {"code": "overloaded"})
        if rows is None:
            key = dict(headers or {})["Idempotency-Key"]
            answer = self._one(key, body, fault, dry="dry_run" in path)
        else:
            said = [
                {"key": row["key"], **self._line(self._one(row["key"], row["order"], fault))}
                for row in rows
            ]
            answer = Answer(207, {"rows": said})
        if fault == "after":
            raise ServerUnreachable("test")
        return answer

    def _one(self, key: str, order: dict[str, Any], fault: str, *, dry: bool = False) -> Answer:
        if order["number"] in self.refused:
            return Answer(422, self.refused[order["number"]])
        if fault == "running":
            return Answer(409, {"code": "idempotency-in-progress"})
        if fault == "raced":
            return Answer(409, {"code": "conflict"})
        if dry:
            return Answer(200, {"issuable": True})
        replayed = key in self.issued
        identifier = self.issued.setdefault(key, f"id-{len(self.issued)}")
        body = {"identifier": identifier, "sha256": "0" * 64, "replayed": replayed}
        return Answer(200 if replayed else 201, body)

    def _line(self, answer: Answer) -> dict[str, Any]:
        member = "answer" if answer.good else "problem"
        return {"status": answer.status, member: answer.body}


def rows(count: int, issuer: str = "A", first: int = 1) -> list[Row]:
    return [
        Row(number, {"number": str(number), "issuer_code": issuer}, None, f"key-{issuer}-{number}")
        for number in range(first, first + count)
    ]


def send(
    library: Library, given_rows: Sequence[Row], *, patience: float = 60, dry_run: bool = False
) -> list[Result]:
    clock = Time()
    sender = Sender(library, Patience(patience, clock.now, clock.sleep), dry_run=dry_run)
    return list(sender.send(given_rows))


def statuses(results: Sequence[Result]) -> Counter[str]:
    return Counter(item.status for item in results)


def test_rows_go_in_groups_of_one_issuer():
    """One transaction for many reservations; each group under its own department."""
    library = Library()
    results = send(library, [*rows(GROUP + 1), *rows(2, "B", 100)])
    assert library.asked == [
        ("/v1/certificate-batches", "A", GROUP),
        ("/v1/certificates", "A", 1),
        ("/v1/certificate-batches", "B", 2),
    ]
    assert statuses(results) == {"issued": GROUP + 3}


def test_an_older_server_without_batches_gets_rows_one_by_one():
    """It is asked for batches once."""
    library = Library(batches=False)
    assert statuses(send(library, rows(2 * GROUP))) == {"issued": 2 * GROUP}
    assert [path for path, _, count in library.asked if count > 1] == ["/v1/certificate-batches"]


FAULTS = st.lists(st.sampled_from(["", "before", "after", "busy", "running"]), max_size=12)


@given(FAULTS, st.integers(1, 3 * GROUP))
def test_whatever_goes_wrong_each_row_is_issued_once(faults: list[str], count: int):
    """And answered once, with its own identifier."""
    library = Library(faults)
    results = send(library, rows(count), patience=1000)
    assert sorted(item.row for item in results) == list(range(1, count + 1))
    assert {item.status for item in results} <= {"issued", "replayed"}
    assert len({item.identifier for item in results}) == count == len(library.issued)


def test_the_same_command_again_replays():
    """Nothing is issued twice."""
    library = Library()
    first = send(library, rows(30))
    again = send(library, rows(30))
    assert statuses(again) == {"replayed": 30}
    assert [item.identifier for item in first] == [item.identifier for item in again]


def test_patience_ends_once_and_for_all():
    """After that no row waits again; the problem says that nothing is issued twice."""
    library = Library(["before"] * 1000)
    results = send(library, rows(3 * GROUP), patience=10)
    assert statuses(results) == {"failed": 3 * GROUP}
    assert results[0].problem is not None
    assert results[0].problem["code"] == "server-unreachable"
    assert len(library.asked) < 20


def test_patience_begins_anew_with_each_answer():
    """A server that is killed every few groups is never given up."""
    faults = [fault for _ in range(10) for fault in ["before"] * 4 + [""]]
    library = Library(faults)
    results = send(library, rows(10 * GROUP), patience=5)
    assert statuses(results) == {"issued": 10 * GROUP}


def test_pauses_grow_and_are_bounded():
    """No storm on a server that is just starting."""
    clock = Time()
    library = Library(["before"] * 30)
    list(Sender(library, Patience(100, clock.now, clock.sleep)).send(rows(1)))
    assert clock.pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(clock.pauses) == 5.0


def test_a_refused_row_fails_alone_with_its_problem():
    """Its problems by field are handed on."""
    library = Library()
    library.refused["2"] = {
        "code": "invalid",
        "detail": "输入有误",
        "detail_en": "wrong",
        "problems": [{"field": "/number", "code": "x", "zh": "甲", "en": "a"}],
    }
    results = send(library, rows(3))
    assert [item.status for item in results] == ["issued", "failed", "issued"]
    assert results[1].as_json() == {
        "row": 2,
        "status": "failed",
        "identifier": None,
        "sha256": None,
        "problem": {
            "code": "invalid",
            "status": 422,
            "zh": "输入有误",
            "en": "wrong",
            "problems": [{"field": "/number", "code": "x", "zh": "甲", "en": "a"}],
        },
    }


def test_a_row_that_could_not_be_read_is_never_sent():
    """It has its problem already."""
    library = Library()
    broken = Row(1, None, {"code": "row-malformed", "zh": "", "en": "", "problems": []})
    results = send(library, [broken, *rows(1, first=2)])
    assert [item.status for item in results] == ["failed", "issued"]
    assert len(library.issued) == 1


def test_a_lost_race_is_asked_again_a_few_times_only():
    """The reconciler may have finished the same intent; a lasting conflict is a failure."""
    assert statuses(send(Library(["raced", "raced"]), rows(2))) == {"issued": 2}
    lasting = send(Library(["raced"] * 100), rows(2))
    assert statuses(lasting) == {"failed": 2}
    assert lasting[0].problem is not None
    assert lasting[0].problem["code"] == "conflict"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_group_refused_as_a_whole_is_sent_row_by_row(status: int):
    """Too large together, perhaps good apart."""

    class Small(Library):
        def post(
            self,
            path: str,
            body: Any,
            department: str = "",
            headers: Mapping[str, str] | None = None,
        ) -> Answer:
            if "batches" in path:
                return Answer(status, {"code": "body-too-large"})
            return super().post(path, body, department, headers)

    assert statuses(send(Small(), rows(3))) == {"issued": 3}


def test_a_forbidden_group_fails_with_the_servers_words():
    """No scope: every row says so, nothing is tried again."""

    class Closed(Library):
        def post(self, *_: Any, **__: Any) -> Answer:
            self.asked.append(("", "", 0))
            return Answer(403, {"code": "scope-missing", "detail": "无权", "detail_en": "no"})

    library = Closed()
    results = send(library, rows(3))
    assert [item.problem["code"] for item in results if item.problem] == ["scope-missing"] * 3
    assert len(library.asked) == 1


def test_an_answer_that_leaves_a_row_out_is_no_answer_for_it():
    """It is asked again."""

    class Forgetful(Library):
        def post(
            self,
            path: str,
            body: Any,
            department: str = "",
            headers: Mapping[str, str] | None = None,
        ) -> Answer:
            answer = super().post(path, body, department, headers)
            if "rows" in answer.body:
                answer.body["rows"] = answer.body["rows"][:1]
            return answer

    assert statuses(send(Forgetful(), rows(4))) == {"issued": 1, "replayed": 3}


def test_a_dry_run_issues_nothing():
    """Row by row, on the route that checks."""
    library = Library()
    assert statuses(send(library, rows(3), dry_run=True)) == {"checked": 3}
    assert not library.issued
    assert {path for path, _, _ in library.asked} == {"/v1/certificates?dry_run=true"}
