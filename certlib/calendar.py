"""Legal time: instants are aware UTC, legal dates are calendar days at UTC+8."""

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "UTC+08:00")
"""China has one civil time without summer time (since 1991)."""


def legal_day(moment: datetime) -> date:
    """The calendar day at UTC+8 on which `moment` falls."""
    return moment.astimezone(CHINA).date()
