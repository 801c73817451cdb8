"""Instants as an operator writes them."""

from datetime import UTC, datetime

from api.cli.failures import UsageProblem
from certlib.calendar import CHINA

__all__ = ["instant"]


def instant(text: str) -> datetime:
    """`2026-11-23T03:00:00Z`, with any offset; without one, or a day alone, by the legal time.

    Raises:
        UsageProblem: it is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageProblem(
            f"“{text}”不是时间，应为 2026-11-23T03:00:00+08:00 或 2026-11-23。",
            f"{text!r} is no time: write 2026-11-23T03:00:00+08:00, or a day.",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    return moment.astimezone(UTC).replace(microsecond=0)
