"""Working days: the week, and what the State Council arranges around public holidays each year.

Periods of administrative bodies count working days (Licensing Law art. 82). The arrangement of a
year is published in the autumn before it; `certlib/data/holidays.csv` holds those that are known:

    day      the calendar day, 2026-02-14
    kind     `holiday` (a day off, whatever day of the week) or `workday` (a worked weekend)
    name     of the holiday

A year without lines has its weekends off and nothing else.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from certlib.errors import Corrupt

_DAY = timedelta(days=1)
_SATURDAY = 5
_KINDS = frozenset({"holiday", "workday"})


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked.

    Attributes:
        holidays: days off, beside the weekends.
        worked: Saturdays and Sundays that are worked.
    """

    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    @classmethod
    def from_csv(cls, text: str) -> Self:
        """The table behind the text of a data file.

        Raises:
            Corrupt: a line is no day, or of another kind.
        """
        listed: dict[str, set[date]] = {kind: set() for kind in _KINDS}
        try:
            for row in csv.DictReader(text.splitlines()):
                listed[row["kind"]].add(date.fromisoformat(row["day"]))
        except (KeyError, ValueError, TypeError) as error:
            raise Corrupt(what="holidays.csv") from error
        return cls(frozenset(listed["holiday"]), frozenset(listed["workday"]))

    def works(self, day: date) -> bool:
        """Whether offices work on `day`."""
        if day in self.worked:
            return True
        return day not in self.holidays and day.weekday() < _SATURDAY

    def after(self, day: date, count: int) -> date:
        """The `count`th working day after `day`, which is not counted (Civil Code art. 201)."""
        left = count
        while left:
            day += _DAY
            left -= self.works(day)
        return day

    def before(self, day: date, count: int) -> date:
        """The last day whose `count`th working day after it lies before `day`."""
        candidate = day - _DAY
        while self.after(candidate, count) >= day:
            candidate -= _DAY
        return candidate
