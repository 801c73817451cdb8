"""Tables with a header: CSV and XLSX become rows through the same columns."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from api.cli.batch import workbook
from api.cli.batch.columns import Columns, Defaults, FieldsOf, known_columns, same_meaning
from api.cli.batch.decoding import decoded
from api.cli.batch.rows import Row, Source
from api.cli.batch.workbook import Area, Cell, address
from api.cli.failures import UsageProblem

_MOST_CSV = 200_000_000
_DELIMITERS = (",", "\t", ";")
_MOST_COLUMNS = 250
_MOST_ABOVE = 5
"""Lines that may stand above the header."""
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
    header, delimiter, above = _header(text)
    _need_header(header)
    columns = Columns(header, fields_of, defaults)
    rows = _csv_rows(text, delimiter, columns, above + 1)
    return Source(rows, max(text.count("\n") - 1 - above, 1))


def _csv_rows(text: str, delimiter: str, columns: Columns, header_row: int) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, values in enumerate(lines, 1):
            cells = [
                Cell(value.strip() or None, address(place, number))
                for place, value in enumerate(values, 1)
            ]
            if number == header_row + 1:
                _need_one_header([str(cell.value or "") for cell in cells], number)
            if number > header_row and any(cell.value is not None for cell in cells):
                yield columns.row(number, cells)
    except csv.Error as error:
        raise UsageProblem(
            "CSV 文件格式有误，请核对引号。", "The CSV file is malformed: check its quotes."
        ) from error


def _header(text: str) -> tuple[list[str], str, int]:
    """The line of titles under the separator that makes the most sense of it.

    A title of the whole table may stand above: a line with one text in it.
    """
    first = text[: 1 << 16]
    tried = []
    for delimiter in _DELIMITERS:
        above, header = 0, []
        try:
            for line in csv.reader(io.StringIO(first, newline=""), delimiter=delimiter):
                header = line
                if above == _MOST_ABOVE or not _is_title(line):
                    break
                above += 1
        except csv.Error:
            header = []
        tried.append((known_columns(header), header, delimiter, above))
    _, header, delimiter, above = max(tried, key=lambda item: item[0])
    return header, delimiter, above


def _is_title(line: Sequence[str]) -> bool:
    """A line above the header: empty, or one text that is no column's title."""
    said = [value for value in line if value.strip()]
    return len(said) <= 1 and known_columns(said) == 0


def xlsx_source(path: Path, fields_of: FieldsOf, defaults: Defaults) -> Source:
    """Rows of a workbook's first sheet.

    Raises:
        UsageProblem: no header, no workbook, or one that unpacks to too much.
    """
    merged = workbook.merged_areas(path)
    rows = workbook.sheet_rows(path)
    header_row, header = 0, [""]
    for header_row, cells in islice(rows, _MOST_ABOVE + 1):  # noqa: B007 - used below
        header = [str(cell.value or "") for cell in cells]
        if not _is_title(header):
            break
    _need_header(header)
    _need_plain_header(merged, header_row)
    columns = Columns(header, fields_of, defaults)
    return Source(_sheet_rows(rows, columns, merged, header_row), workbook.expected_rows(path))


def _sheet_rows(
    rows: Iterator[tuple[int, list[Cell]]],
    columns: Columns,
    merged: Sequence[Area],
    header_row: int,
) -> Iterator[Row]:
    below = [area for area in merged if area.bottom > header_row]
    for number, cells in rows:
        if number == header_row + 1:
            _need_one_header([str(cell.value or "") for cell in cells], number)
        inside = [area for area in below if area.top <= number <= area.bottom]
        yield columns.row(number, _unmerged(cells, number, inside) if inside else cells)


def _unmerged(cells: Sequence[Cell], number: int, areas: Sequence[Area]) -> list[Cell]:
    """Cells whose value a merged area hides are refused: nobody knows whether it is meant."""
    wide = max(len(cells), *(area.right for area in areas))
    padded = [*cells, *(Cell(None) for _ in range(wide - len(cells)))]
    for area in areas:
        zh = f"单元格 {area.address} 是合并单元格，请取消合并并逐格填写"
        en = f"cells {area.address} are merged: split them and fill in each"
        for column in range(area.left, area.right + 1):
            padded[column - 1] = Cell(None, address(column, number), (zh, en))
    return padded


def _need_plain_header(merged: Sequence[Area], header_row: int) -> None:
    for area in merged:
        if area.top <= header_row <= area.bottom:
            raise UsageProblem(
                f"表头单元格 {area.address} 是合并单元格，请取消合并，只留一行列名。",
                f"Header cells {area.address} are merged: split them, with one row of names.",
            )


def _need_one_header(below: Sequence[str], number: int) -> None:
    """A second row of titles would be issued as if it were a certificate."""
    if known_columns(below) >= _FEWEST_KNOWN:
        raise UsageProblem(
            f"第 {number} 行也是列名，请只留一行表头。",
            f"Row {number} holds column names too: leave one row of them.",
        )


def _need_header(header: Sequence[str]) -> None:
    while header and not header[-1].strip():
        header = header[:-1]
    if len(header) > _MOST_COLUMNS:
        raise UsageProblem(
            f"列数超过 {_MOST_COLUMNS}，请删除多余的列。",
            f"There are more than {_MOST_COLUMNS} columns: leave out what is not needed.",
        )
    if known_columns(header) < _FEWEST_KNOWN:
        raise UsageProblem(
            "找不到列名：第一行应有“证照编号”“持证主体名称”等列，格式见 docs/cli.md。",
            "The first rows hold no column names such as number and holder_name: see docs/cli.md.",
        )
    repeated = sorted({title for title in header if title and header.count(title) > 1})
    if repeated:
        raise UsageProblem(f"列“{repeated[0]}”重复。", f"The column {repeated[0]} stands twice.")
    for one, other in same_meaning(header):
        raise UsageProblem(
            f"列“{one}”与“{other}”是同一项，请只留一列。",
            f"The columns {one} and {other} mean the same: leave one of them.",
        )
