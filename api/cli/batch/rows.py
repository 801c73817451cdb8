"""What a file holds: rows, each an order or the reason why it is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from certlib.canonical import digest
from certlib.errors import CertlibError, Problem

Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: as the file counts: lines of JSONL; rows of a table, its header being row 1.
        order: what to issue, as `POST /v1/certificates` takes it; None when `problem` says why not.
        key: the idempotency key of this row.
        cells: JSON pointer into the order → the cell it came from, such as `C7`.
    """

    number: int
    order: Order | None
    problem: Mapping[str, Any] | None = None
    key: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)

    def located(self, problem: Mapping[str, Any]) -> Mapping[str, Any]:
        """The problem with the cell that each of its fields came from."""
        listed = [
            {**item, "cell": self.cells[item["field"]]} if item["field"] in self.cells else item
            for item in problem.get("problems", ())
        ]
        return {**problem, "problems": listed}


@dataclass(slots=True)
class KeyMaker:
    """Keys that depend on a row's content and on nothing else in the file.

    A key is the SHA-256 of the order in canonical JSON and of how many equal rows came before it:
    the same file sent again after a crash issues nothing twice, a row that is edited becomes
    another certificate, and edits to other rows change nothing. Two equal rows stay two.
    """

    _seen: dict[str, int] = field(default_factory=dict)

    def keyed(self, row: Row) -> Row:
        """The row with its key; one that canonical JSON cannot carry gets a problem instead."""
        if row.order is None:
            return row
        try:
            content = digest(row.order)
        except CertlibError as error:
            return Row(row.number, None, problem_json(error.as_problem()))
        occurrence = self._seen.get(content, 0)
        self._seen[content] = occurrence + 1
        key = digest({"order": content, "occurrence": occurrence})
        return Row(row.number, row.order, None, key, row.cells)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of rows.

    Attributes:
        expected: about how many rows there will be, for the progress bar; None when unknown.
    """

    rows: Iterator[Row]
    expected: int | None


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem as the result of a row shows it."""
    return {
        "code": problem.code,
        "zh": problem.zh,
        "en": problem.en,
        "problems": [
            {"field": problem.field, "code": problem.code, "zh": problem.zh, "en": problem.en}
        ]
        if problem.field
        else [],
    }
