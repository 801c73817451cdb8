"""JSON Lines: one order a line, exactly as `POST /v1/certificates` takes it."""

from collections.abc import Iterator
from pathlib import Path

from api.cli.batch.rows import Row, Source, problem_json
from api.strict_json import loads
from certlib.errors import CertlibError, Problem

_LONGEST_LINE = 2_000_000
"""Octets; the server takes no larger body."""


def source(path: Path) -> Source:
    """Rows of the file, read line by line; empty lines are passed over."""
    with path.open("rb") as stream:
        expected = sum(1 for line in stream if line.strip())
    return Source(_rows(path), expected)


def _rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE + 1), b""), 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield _row(number, text)


def _row(number: int, line: bytes) -> Row:
    try:
        order = loads(line)
    except CertlibError as error:
        return Row(number, None, problem_json(error.as_problem()))
    if not isinstance(order, dict):
        return Row(number, None, problem_json(_NO_OBJECT))
    return Row(number, order)


_NO_OBJECT = Problem(
    "", "row-malformed", "该行不是 JSON 对象，请核对。", "The line is no JSON object: check it."
)
