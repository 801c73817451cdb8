"""Applications for renewal: what is undecided when the term ends (Licensing Law art. 50)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RenewalOutcome(StrEnum):
    """How an application ended."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def zh(self) -> str:
        """The outcome in Chinese."""
        return _ZH[self]


_ZH: Mapping[RenewalOutcome, str] = {
    RenewalOutcome.GRANTED: "准予延续",
    RenewalOutcome.REFUSED: "不予延续",
    RenewalOutcome.WITHDRAWN: "撤回申请",
}


@dataclass(frozen=True, slots=True)
class RenewalDecision:
    """What became of an application, and when that came on record."""

    outcome: RenewalOutcome
    decided_on: date
    document_number: str
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class RenewalApplication:
    """One application for renewal of one certificate, in two times.

    Attributes:
        sequence: 1, 2, …; a refused application may be followed by another one.
        applied_on: the day on which the authority received it.
        case_number: 业务流水号 of the case at the department.
    """

    sequence: int
    applied_on: date
    case_number: str
    recorded_at: datetime
    actor: str
    decision: RenewalDecision | None = None

    def decided_by(self, day: date, known_at: datetime | None = None) -> RenewalDecision | None:
        """The decision in effect on `day`, as known at `known_at`."""
        found = self.decision
        if found is None or day < found.decided_on:
            return None
        return found if known_at is None or found.recorded_at <= known_at else None

    def stands(self, day: date, known_at: datetime | None = None) -> bool:
        """Whether it keeps the question of the right open on `day`: undecided, or granted.

        What was granted stands until the renewed version is on record and takes its place.
        """
        if day < self.applied_on or (known_at is not None and self.recorded_at > known_at):
            return False
        decision = self.decided_by(day, known_at)
        return decision is None or decision.outcome is RenewalOutcome.GRANTED
