"""Administrative divisions (行政区划, GB/T 2260) since 1981, with what became of each.

One code may have several periods: renamed, or given again to another place years later. A
successor is therefore looked up in the year of the change, not by its code alone.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from certlib.errors import Unsupported

_SUCCESSOR = re.compile(r"([0-9]{6})(?:\[([0-9]{4})\])?")
# What the prefecture column says of county-level units directly under a province or municipality.
_DIRECT = "直辖"


class Level(StrEnum):
    """Level of a division."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Successor:
    """Where a division, or a part of it, went.

    Attributes:
        year: when; earlier than the end of the division where only a part left it.
    """

    code: str
    year: int


@dataclass(frozen=True, slots=True)
class Division:
    """One period of one division code.

    Attributes:
        prefecture: empty for provinces and for units directly under one (直辖).
        from_year: first calendar year.
        to_year: calendar year in which it ended; None while in use.
    """

    code: str
    province: str
    prefecture: str
    name: str
    level: Level
    from_year: int
    to_year: int | None = None
    successors: tuple[Successor, ...] = ()

    @property
    def in_use(self) -> bool:
        """Whether this period has not ended."""
        return self.to_year is None

    @property
    def full_name(self) -> str:
        """Province, prefecture and name without repetition: 广东省潮州市潮安区."""
        names = dict.fromkeys((self.province, self.prefecture, self.name))
        return "".join(names)

    def covers(self, year: int) -> bool:
        """Whether it existed at some time of `year`; in a year of change both sides did."""
        return self.from_year <= year and (self.to_year is None or year <= self.to_year)


@dataclass(frozen=True, slots=True)
class ReportingArea:
    """An administered area without a division code of its own (蓝城, 空港, 大南海, 枫溪)."""

    area: str
    city: str
    within_division: str
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DivisionTable:
    """Every division code since 1981.

    Attributes:
        periods: by code, the periods in order of time.
    """

    periods: Mapping[str, tuple[Division, ...]] = field(repr=False)

    @classmethod
    def from_csv(cls, text: str) -> "DivisionTable":
        """The table behind `divisions.csv`.

        Raises:
            Unsupported: a row does not say what the header promises.
        """
        periods: dict[str, list[Division]] = {}
        for division in _rows(text):
            periods.setdefault(division.code, []).append(division)
        return cls(
            {
                code: tuple(sorted(rows, key=lambda row: row.from_year))
                for code, rows in periods.items()
            }
        )

    def __contains__(self, code: object) -> bool:
        return code in self.periods

    def __iter__(self) -> Iterator[Division]:
        return (division for rows in self.periods.values() for division in rows)

    def lookup(self, code: str, year: int | None = None) -> Division | None:
        """The period of `code` that covers `year` (the later one in a year of change).

        Without a year: the newest period. None when the code, or the code in that year, is unknown.
        """
        rows = self.periods.get(code, ())
        found = [row for row in rows if year is None or row.covers(year)]
        return found[-1] if found else None

    def in_use(self, code: str) -> bool:
        """Whether `code` is a division today."""
        newest = self.lookup(code)
        return newest is not None and newest.in_use

    def existed_on(self, code: str, year: int) -> bool:
        """Whether `code` was a division at some time of `year`."""
        return self.lookup(code, year) is not None

    def successors(self, code: str, year: int | None = None) -> tuple[Successor, ...]:
        """What became of `code`, directly: one step, earlier departures of parts included."""
        division = self.lookup(code, year)
        return () if division is None else division.successors

    def current(self, code: str, year: int | None = None) -> tuple[str, ...]:
        """The codes in use today where the place that `code` named has gone, sorted.

        A code in use is its own answer, even when parts of it have left. Empty when the code is
        unknown or the table names nothing that came after it (abolished prefectures).
        """
        start = self.lookup(code, year)
        return () if start is None else tuple(sorted(self._heirs(start)))

    def full_name(self, code: str, year: int | None = None) -> str:
        """`Division.full_name` of the period, or "" for an unknown code."""
        division = self.lookup(code, year)
        return "" if division is None else division.full_name

    def _heirs(self, start: Division) -> set[str]:
        found: set[str] = set()
        seen: set[tuple[Division, int]] = set()
        # The year is when the place came to the division: what left before that, left without it.
        waiting = [(start, start.from_year)]
        while waiting:
            division, arrival = waiting.pop()
            if division.in_use:
                found.add(division.code)
                continue
            for step in division.successors:
                heir = self.lookup(step.code, step.year)
                if heir is None or step.year < arrival or (heir, step.year) in seen:
                    continue
                seen.add((heir, step.year))
                waiting.append((heir, step.year))
        return found


def reporting_areas_from_csv(text: str) -> tuple[ReportingArea, ...]:
    """The areas behind `reporting_areas.csv`.

    Raises:
        Unsupported: a row lacks a column.
    """
    found = []
    for number, row in _records(text):
        try:
            found.append(
                ReportingArea(row["area"], row["city"], row["within_division"], row["note"])
            )
        except KeyError as error:
            raise Unsupported(what=f"reporting areas, line {number}") from error
    return tuple(found)


def _rows(text: str) -> Iterator[Division]:
    for number, row in _records(text):
        try:
            yield _division(row)
        except (KeyError, ValueError) as error:
            raise Unsupported(what=f"division table, line {number}") from error


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with their line numbers; short and long rows lack keys, so that reading them fails."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines(), restkey="")
    for row in reader:
        fits = "" not in row and None not in row.values()
        yield reader.line_num, row if fits else {}


def _division(row: Mapping[str, str]) -> Division:
    to_year = int(row["to_year"]) if row["to_year"] else None
    if not re.fullmatch(r"[0-9]{6}", row["code"]) or (row["in_use"] == "1") != (to_year is None):
        raise ValueError(row["code"])
    return Division(
        code=row["code"],
        province=row["province"],
        prefecture="" if row["prefecture"] == _DIRECT else row["prefecture"],
        name=row["name"],
        level=Level(row["level"]),
        from_year=int(row["from_year"]),
        to_year=to_year,
        successors=tuple(_successors(row["successors"], to_year)),
    )


def _successors(text: str, to_year: int | None) -> Iterator[Successor]:
    for item in filter(None, text.split(";")):
        match = _SUCCESSOR.fullmatch(item)
        if match is None:
            raise ValueError(item)
        # Without a bracket the change came with the end of the division.
        year = match[2] or to_year
        if year is None:
            raise ValueError(item)
        yield Successor(match[1], int(year))
