"""Tables with a header: CSV and XLSX become rows through the same columns."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.cli.batch import workbook
from api.cli.batch.columns import Columns, Defaults, FieldsOf, known_columns
from api.cli.batch.decoding import decoded
from api.cli.batch.rows import Row, Source
from api.cli.batch.workbook import Cell
from api.cli.failures import UsageProblem

_MOST_CSV = 200_000_000
_DELIMITERS = (",", "\t", ";")
_FEWEST_KNOWN = 2
"""Known titles that make a first line a header."""


def csv_source(path: Path, fields_of: FieldsOf, defaults: Defaults) -> Source:
    """Rows of a CSV file.

    Raises:
        UsageProblem: no header, an unclear encoding, or too large.
    """
    if path.stat().st_size > _MOST_CSV:
        raise UsageProblem("文件过大，请拆分后再试。", "The file is too large: split it.")
    text = decoded(path.read_bytes(), lambda text: known_columns(_header(text)[0]) > 0)
    header, delimiter = _header(text)
    _need_header(header)
    columns = Columns(header, fields_of, defaults)
    return Source(_csv_rows(text, delimiter, columns), max(text.count("\n") - 1, 1))


def _csv_rows(text: str, delimiter: str, columns: Columns) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, values in enumerate(lines, 1):
            if number > 1 and any(value.strip() for value in values):
                yield columns.row(number, [Cell(value.strip() or None) for value in values])
    except csv.Error as error:
        raise UsageProblem(
            "CSV 文件格式有误，请核对引号。", "The CSV file is malformed: check its quotes."
        ) from error


def _header(text: str) -> tuple[list[str], str]:
    """The first line under the separator that makes the most sense of it."""
    first = text[: 1 << 16]
    tried = []
    for delimiter in _DELIMITERS:
        try:
            header = next(csv.reader(io.StringIO(first, newline=""), delimiter=delimiter), [])
        except csv.Error:
            header = []
        tried.append((known_columns(header), header, delimiter))
    _, header, delimiter = max(tried, key=lambda item: item[0])
    return header, delimiter


def xlsx_source(path: Path, fields_of: FieldsOf, defaults: Defaults) -> Source:
    """Rows of a workbook's first sheet.

    Raises:
        UsageProblem: no header, no workbook, or one that unpacks to too much.
    """
    rows = workbook.sheet_rows(path)
    _, cells = next(rows, (0, []))
    header = [str(cell.value or "") for cell in cells]
    _need_header(header)
    columns = Columns(header, fields_of, defaults)
    return Source((columns.row(*row) for row in rows), workbook.expected_rows(path))


def _need_header(header: Sequence[str]) -> None:
    if known_columns(header) < _FEWEST_KNOWN:
        raise UsageProblem(
            "第一行不是列名：应有“证照编号”“持证主体名称”等列，格式见 docs/cli.md。",
            "The first row holds no column names such as number and holder_name: see docs/cli.md.",
        )
    repeated = sorted({title for title in header if title and header.count(title) > 1})
    if repeated:
        raise UsageProblem(f"列“{repeated[0]}”重复。", f"The column {repeated[0]} stands twice.")
