"""A question about a certificate: what goes with every target, and what may be asked at all."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from certlib.calendar import legal_day
from certlib.errors import DateOrder, Invalid, Problem
from certlib.usecases.caller import Caller
from certlib.verification import OWN, Claim, Policy

__all__ = ["Question", "settled"]

_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_NO_SUCH_TIME = Problem(
    "/known_at",
    "date-implausible",
    "时间超出可用范围，请核对年份。",
    "That time is beyond any record: check the year.",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What goes with every target.

    Attributes:
        on: the acceptance day (UTC+8) to judge for, beside today; never a day to come.
        known_at: judge the acceptance day as the record was known at that instant; without
            `on` the day of that instant. Today is always judged by all that is known.
        claims: fields as the applicant wrote them.
        purpose: purpose of this use, compared with a purpose copy's.
        asked_by: who asks, where that is known: a department knows of its own drafts.
    """

    on: date | None = None
    known_at: datetime | None = None
    claims: tuple[Claim, ...] = ()
    purpose: str = ""
    policy: Policy = OWN
    asked_by: Caller | None = None


def settled(question: Question, today: date) -> Question:
    """The question with its acceptance day, of which nobody can say what it will bring."""
    on = question.on
    if question.known_at is not None and not _FIRST_YEAR <= question.known_at.year <= _LAST_YEAR:
        raise Invalid(problems=(_NO_SUCH_TIME,))
    if on is None and question.known_at is not None:
        on = legal_day(question.known_at)
    if on is not None and on > today:
        field_path = "/known_at" if question.on is None else "/on"
        problem = DateOrder(
            field_path=field_path,
            later="今天",
            earlier="受理日",
            later_en="today",
            earlier_en="the acceptance day",
        ).as_problem()
        raise Invalid(problems=(problem,))
    return question if on == question.on else replace(question, on=on)
