"""XLSX workbooks, as little as is needed: typed values of the first sheet, formulas refused."""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl

from api.cli.failures import CommandFailure, UsageProblem

_MOST_MEMBERS = 2_000
_MOST_OCTETS = 300_000_000
"""Unpacked, over all members: a workbook of 100,000 rows has less."""
_MOST_RATIO = 200
"""Unpacked to packed, of a member above one megabyte; XML tables seldom reach 30."""
_SMALL = 1_000_000
_EXACT_DIGITS = 15
"""A spreadsheet's number holds 15 digits; an 18-digit code typed as one is already wrong."""

_PLAIN = frozenset({"", "General", "Standard", "@"})
_ZEROS = re.compile(r"00+")
_DECORATION = re.compile(
    r"_.|\*.|\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|\$[¥￥$]?(?:-[0-9A-Fa-f]+)?)\]"
    r"|\"[¥￥$元]?\"|\\[-() ]|[¥￥$]-?|[() ]|^[-+]",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[-(]")
_PLACES = re.compile(r"(?:[#?]|[#?],[#?]{2})*0?(?:\.(?P<fraction>[0#?]+))?")
"""Places for digits that force no zero in front: 0, #, #,##0, #,##0.00."""

_PIECE = 1 << 20
# Only attributes of our own choice are looked at, so no XML parser meets a stranger's file here;
# "<" never stands inside a value.
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"[^>]*>')
_FIRST_SHEET = re.compile(rb'<(?:\w+:)?sheet\s[^>]*?\b(?:\w+:)id="([^"]+)"')
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb'\b(\w+)="([^"]*)"')

Value = str | int | bool | None
Cells = list["Cell"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with its address, such as `C7`, and what is wrong with it, in both languages."""

    value: Value
    address: str = ""
    problem: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Merged cells: columns and rows from 1, both ends inclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def address(self) -> str:
        """Such as `B3:B7`."""
        return f"{address(self.left, self.top)}:{address(self.right, self.bottom)}"


def address(column: int, row: int) -> str:
    """Such as `C7`, of a column and row from 1."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return f"{letters}{row}"


def sheet_rows(path: Path) -> Iterator[tuple[int, Cells]]:
    """Numbers and cells of the first sheet's rows that hold anything.

    Raises:
        UsageProblem: no workbook, or one that unpacks to more than it should.
    """
    _check_archive(path)
    with _readable(), warnings.catch_warnings():
        # openpyxl warns of styles and extensions that it passes over; so do we.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
        try:
            for number, row in enumerate(book.worksheets[0].iter_rows(), 1):
                cells = [_cell(item) for item in row]
                if any(cell.value is not None or cell.problem for cell in cells):
                    yield number, cells
        finally:
            book.close()


def merged_areas(path: Path) -> list[Area]:
    """Merged cells of the first sheet.

    Raises:
        UsageProblem: no workbook, or its first sheet is not to be found.
    """
    _check_archive(path)
    with (
        _readable(),
        zipfile.ZipFile(path) as archive,
        archive.open(_first_sheet(archive)) as sheet,
    ):
        rest = b""
        found: list[Area] = []
        # Read in pieces: a sheet of 100,000 rows need not stand in memory for its last lines.
        while piece := sheet.read(_PIECE):
            rest += piece
            found += [_area(*match.groups()) for match in _MERGED.finditer(rest)]
            rest = rest[rest.rfind(b"<") :]
    return found


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The member that holds the first sheet (ECMA-376 part 1, section 12.3.24)."""
    told = _FIRST_SHEET.search(archive.read("xl/workbook.xml"))
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        attributes = dict(_ATTRIBUTE.findall(relation))
        if told is not None and attributes.get(b"Id") == told.group(1):
            target = attributes[b"Target"].decode()
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(archive.filename)


def _area(first: bytes, top: bytes, last: bytes, bottom: bytes) -> Area:
    return Area(_column(first), int(top), _column(last), int(bottom))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def expected_rows(path: Path) -> int | None:
    """About how many rows the first sheet has, as it says itself."""
    _check_archive(path)
    with _readable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
        try:
            rows: int | None = book.worksheets[0].max_row
        finally:
            book.close()
    return rows - 1 if rows else None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (CommandFailure, GeneratorExit, OSError):
        raise
    # openpyxl lets exceptions of many kinds out on broken workbooks.
    except Exception as error:
        raise UsageProblem(
            "文件不是可读取的 XLSX 工作簿，请重新另存。",
            "The file is no readable XLSX workbook: save it anew.",
        ) from error


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UsageProblem(
            "文件不是 XLSX 工作簿，或已损坏。", "The file is no XLSX workbook, or is damaged."
        ) from error
    if _swells(members):
        raise UsageProblem(
            "工作簿解压后过大，已拒绝读取。", "The workbook unpacks to too much: refused."
        )


def _swells(members: Sequence[zipfile.ZipInfo]) -> bool:
    # The sizes in the archive's directory bind: zipfile never unpacks more than they say.
    large = (item for item in members if item.file_size > _SMALL)
    return (
        len(members) > _MOST_MEMBERS
        or sum(item.file_size for item in members) > _MOST_OCTETS
        or any(item.file_size > _MOST_RATIO * max(item.compress_size, 1) for item in large)
    )


def _cell(cell: Any) -> Cell:  # noqa: ANN401 - openpyxl has several kinds of cells
    if cell.value is None:
        return Cell(None)
    address = f"{cell.coordinate}"
    if cell.data_type == "f":
        problem = (f"单元格 {address} 是公式，请粘贴为数值", f"cell {address} is a formula")
        return Cell(None, address, problem)
    if cell.data_type == "e":
        problem = (f"单元格 {address} 是错误值", f"cell {address} holds an error")
        return Cell(None, address, problem)
    return _typed(cell.value, address, cell.number_format)


def _typed(value: object, address: str, number_format: str) -> Cell:
    match value:
        case str():
            return Cell(value.strip() or None, address)
        case bool():
            return Cell(value, address)
        case datetime():
            return Cell(_moment(value), address)
        case date() | time():
            return Cell(value.isoformat(), address)
        case int() | float():
            return _number(value, address, number_format)
        case _:
            kind = type(value).__name__
            problem = (f"单元格 {address} 的类型不受支持", f"cell {address} holds a {kind}")
            return Cell(None, address, problem)


def _moment(value: datetime) -> str:
    """A day for a date; minutes only where a time of day was given."""
    midnight = value.time() == time()
    return value.date().isoformat() if midnight else value.isoformat(timespec="minutes")


def _number(value: float, address: str, number_format: str) -> Cell:
    """The number that the cell shows; refused where it shows other digits than it holds."""
    if abs(value) >= 10**_EXACT_DIGITS:
        problem = (
            f"单元格 {address} 的数字超过15位，表格软件已丢失末位，请设为文本后重新填写",
            f"cell {address} is a number of over 15 digits, its end is lost: type it as text",
        )
        return Cell(None, address, problem)
    whole = value == int(value)
    if _ZEROS.fullmatch(number_format) and whole:
        # A code with leading zeros: what the clerk sees leaves no doubt.
        shown = f"{abs(int(value)):0{len(number_format)}d}"
        return Cell(f"-{shown}" if value < 0 else shown, address)
    if not _shows_all(value, number_format):
        problem = (
            f"单元格 {address} 按数字格式显示的与所存的数字不同，请设为文本后按应有的样子重新填写",
            f"cell {address} shows other digits than it holds, by its format: type it as text",
        )
        return Cell(None, address, problem)
    # A spreadsheet's number has 15 digits; what a float says beyond was never typed.
    return Cell(int(value) if whole else repr(float(f"{value:.{_EXACT_DIGITS}g}")), address)


def _shows_all(value: float, number_format: str) -> bool:
    """Whether the format shows every digit of the number and none besides.

    Zeros at the end of a fraction, separators of thousands and signs of currency change nothing.
    """
    if number_format in _PLAIN:
        return True
    sections = number_format.split(";")
    negative = value < 0 and len(sections) > 1
    section = sections[1] if negative else sections[0]
    if negative and not _SIGN.search(section):
        return False
    found = _PLACES.fullmatch(_DECORATION.sub("", section))
    if found is None or not found.group() or (value == 0 and "0" not in section):
        return False
    places = len(found["fraction"] or "")
    return float(f"{value:.{places}f}") == float(f"{value:.{_EXACT_DIGITS}g}")
