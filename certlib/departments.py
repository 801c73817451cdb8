"""Departments over time: dated names, successions, and who is responsible for what on a day.

When departments merge or are renamed from a day on, old seals and certificates stay valid and
nothing is sealed anew: only the responsibility passes on. For each issuer, type and day exactly
one department is responsible; it is found by walking the successions in the order of their days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from certlib.sources import Source


@dataclass(frozen=True, slots=True)
class Department:
    """An issuing or consuming body; `credit_code` is its key.

    Attributes:
        name, short_name: those in force when it was read.
        effective_from, effective_to: first and last day of its existence, where known.
        row_version: grows by one with each change, its names and successions included; the ETag.
    """

    credit_code: str
    name: str
    short_name: str
    division_code: str
    level: str
    effective_from: date | None = None
    effective_to: date | None = None
    row_version: int = 1

    def ended(self, day: date) -> bool:
        """Whether it no longer exists on `day`."""
        return self.effective_to is not None and day > self.effective_to


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name that a department bears from a day on (更名)."""

    event_id: str
    credit_code: str
    name: str
    short_name: str
    effective_from: date
    source: Source


class SuccessionKind(StrEnum):
    """How responsibility passes on."""

    MERGED = "merged"
    RENAMED = "renamed"
    MOVED = "functions-moved"

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return _KIND_ZH[self]

    @property
    def en(self) -> str:
        """The kind in English, as in "the issuer … the successor"."""
        return _KIND_EN[self]


_KIND_EN: Mapping[SuccessionKind, str] = {
    SuccessionKind.MERGED: "is merged into",
    SuccessionKind.RENAMED: "is renamed",
    SuccessionKind.MOVED: "has handed its functions to",
}
_KIND_ZH: Mapping[SuccessionKind, str] = {
    SuccessionKind.MERGED: "并入",
    SuccessionKind.RENAMED: "更名为",
    SuccessionKind.MOVED: "职能划转至",
}


@dataclass(frozen=True, slots=True)
class Succession:
    """From a day on one department stands in another's place, for some types or for all.

    Attributes:
        kind: `renamed` is a renaming that came with a new credit code.
        type_codes: for `functions-moved` the types concerned; empty otherwise: all of them.
    """

    event_id: str
    kind: SuccessionKind
    predecessor_code: str
    successor_code: str
    effective_from: date
    source: Source
    type_codes: frozenset[str] = frozenset()

    def concerns(self, type_code: str) -> bool:
        """Whether responsibility for this type passes on."""
        return self.kind is not SuccessionKind.MOVED or type_code in self.type_codes


@dataclass(frozen=True, slots=True)
class Holding:
    """Certificates of one issuer that a department is responsible for.

    Attributes:
        only: of these types; None for all types.
        but: except of these types.
        acting_code: only those that this entrusted unit made; "" for all.
    """

    issuer_code: str
    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()
    acting_code: str = ""

    def covers(self, issuer_code: str, type_code: str, acting_code: str) -> bool:
        """Whether a certificate belongs to it."""
        return (
            issuer_code == self.issuer_code
            and (self.only is None or type_code in self.only)
            and type_code not in self.but
            and self.acting_code in {"", acting_code}
        )


class Jurisdiction:
    """Who is responsible: the standing successions, in the order in which they took effect."""

    def __init__(self, successions: Iterable[Succession]) -> None:
        """Takes successions in any order; those declared void count for nothing."""
        self._out: dict[str, list[Succession]] = {}
        self._into: dict[str, set[str]] = {}
        standing = (item for item in successions if item.source.stands())
        for item in sorted(standing, key=_order):
            self._out.setdefault(item.predecessor_code, []).append(item)
            self._into.setdefault(item.successor_code, set()).add(item.predecessor_code)

    def keeper(self, issuer_code: str, type_code: str, day: date) -> str:
        """The department responsible on `day` for the issuer's certificates of a type."""
        path = self.path(issuer_code, type_code, day)
        return path[-1].successor_code if path else issuer_code

    def path(self, issuer_code: str, type_code: str, day: date) -> tuple[Succession, ...]:
        """The successions that led there, oldest first; none when the issuer is responsible.

        Each step is later than the one before, so functions that move back and forth end.
        """
        walked: list[Succession] = []
        here = issuer_code
        while True:
            step = self._next(here, type_code, day, walked)
            if step is None:
                return tuple(walked)
            walked.append(step)
            here = step.successor_code

    def holdings(self, department_code: str, day: date) -> tuple[Holding, ...]:
        """Everything that the department is responsible for on `day`, issuer by issuer."""
        found = (
            self._holding(issuer, department_code, day)
            for issuer in sorted(self._forebears(department_code))
        )
        return tuple(item for item in found if item is not None)

    def _next(
        self, here: str, type_code: str, day: date, walked: Sequence[Succession]
    ) -> Succession | None:
        after = _order(walked[-1]) if walked else None
        for item in self._out.get(here, ()):
            later = after is None or _order(item) > after
            if later and item.effective_from <= day and item.concerns(type_code):
                return item
        return None

    def _forebears(self, department_code: str) -> set[str]:
        """The department and all that ever passed anything on to it, however indirectly."""
        seen, open_ = {department_code}, [department_code]
        while open_:
            new = self._into.get(open_.pop(), set()) - seen
            seen |= new
            open_ += new
        return seen

    def _holding(self, issuer_code: str, department_code: str, day: date) -> Holding | None:
        named = self._named_types()
        kept = {name for name in named if self.keeper(issuer_code, name, day) == department_code}
        if self.keeper(issuer_code, "", day) == department_code:
            return Holding(issuer_code, but=frozenset(named - kept))
        return Holding(issuer_code, only=frozenset(kept)) if kept else None

    def _named_types(self) -> set[str]:
        steps = (item for items in self._out.values() for item in items)
        return {code for item in steps for code in item.type_codes}


def day_after(day: date) -> date:
    """The first day after `day`."""
    return day + timedelta(days=1)


def _order(item: Succession) -> tuple[date, datetime, str]:
    return item.effective_from, item.source.recorded_at, item.event_id
