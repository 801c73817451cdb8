"""Delivery: the last of the four dates, and when it comes too late."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from certlib.workdays import WorkingDays

DELIVERY_DAYS = 10
"""Working days from the decision to delivery (Licensing Law art. 44 and 82)."""


class Channel(StrEnum):
    """How a certificate reached its holder."""

    COUNTER = "counter"
    POST = "post"
    ONLINE = "online"

    @property
    def zh(self) -> str:
        """The channel in Chinese."""
        return {"counter": "窗口领取", "post": "邮寄", "online": "网上送达"}[self.value]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is on record of one certificate's delivery.

    Attributes:
        decision_date: the day of the decision, from which the period runs; None when unknown.
        delivered_on: None while it has not been delivered.
        receiver: who took it, by name; never a number.
        late: it was delivered after its last day.
    """

    identifier: str
    type_code: str
    issuer_code: str
    decision_date: date | None
    delivered_on: date | None = None
    channel: Channel | None = None
    receiver: str = ""
    late: bool = False
    recorded_at: datetime | None = None
    actor: str = ""


def deliver_by(decision_date: date, calendar: WorkingDays) -> date:
    """The last day in time; the day of the decision is not counted."""
    return calendar.after(decision_date, DELIVERY_DAYS)


def late_since(day: date, calendar: WorkingDays) -> date:
    """Decisions up to this day should have been delivered before `day`."""
    return calendar.before(day, DELIVERY_DAYS)
