"""Legal time: instants are aware UTC, legal dates are calendar days at UTC+8."""

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "UTC+08:00")
"""China has one civil time without summer time (since 1991)."""

_MONTHS = 12


def legal_day(moment: datetime) -> date:
    """The calendar day at UTC+8 on which `moment` falls."""
    return moment.astimezone(CHINA).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a legal day."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def end_of_day(day: date) -> datetime:
    """The last whole second of a legal day."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CHINA)


def months_after(day: date, months: int) -> date:
    """The last day of a period of `months` that begins on `day` (Civil Code art. 201, 202).

    It is the day of the same number in the month in which the period ends, or that month's last.
    """
    count = day.year * _MONTHS + day.month - 1 + months
    year, month = divmod(count, _MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
