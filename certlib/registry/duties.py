"""What stands beside the state: periodic duties, renewal applications, delivery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from certlib.certificate import Certificate
from certlib.decisions import Decision
from certlib.delivery import Delivery
from certlib.departments import Holding
from certlib.duties import PeriodicResult


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What the public look-up must know of a certificate to which something happened.

    Attributes:
        begins: the first day for which the record speaks.
        decision: the last step's, without what only those who may read the record may see.
        personal: a natural person is among the holders.
        granted_on: a renewal was granted on that day, and its version is not on record yet.
        results: the results that decide how periodic duties stand.
    """

    begins: date
    decision: Decision
    personal: bool
    granted_on: date | None = None
    results: tuple[PeriodicResult, ...] = ()


@dataclass(frozen=True, slots=True)
class OverdueRule:
    """When certificates of one type version are overdue in a duty.

    Attributes:
        due_before: a deadline before this day has passed, grace and all.
        begun_until: so has the first deadline where the duty began up to this day.
    """

    type_version: str
    due_before: date
    begun_until: date


@dataclass(frozen=True, slots=True)
class OverdueQuery:
    """Which certificates are overdue in one duty of one type; running and in their term only.

    Attributes:
        within: what the caller may see.
        day: the day for which is asked; those whose term ended before it are left out.
        after: identifier of the last row of the page before, or "".
    """

    within: tuple[Holding, ...]
    type_code: str
    duty_code: str
    rules: tuple[OverdueRule, ...]
    day: date
    limit: int
    after: str = ""


@dataclass(frozen=True, slots=True)
class LateQuery:
    """Which certificates were delivered late, or should have been delivered.

    Attributes:
        within: what the caller may see.
        decided_until: what was decided up to this day should be delivered by now.
        undelivered: leave out what was delivered, late as it was.
        after: identifier of the last row of the page before, or "".
    """

    within: tuple[Holding, ...]
    decided_until: date
    limit: int
    type_code: str = ""
    undelivered: bool = False
    after: str = ""


class DutyReads(Protocol):
    """What can be asked."""

    def handover(self, identifier: str) -> Delivery | None:
        """What is on record of its delivery; None where nothing is, not even a decision's day."""
        ...

    def late_handovers(self, query: LateQuery) -> Sequence[Delivery]:
        """Ordered by identifier; of undelivered ones only those that have not ended."""
        ...

    def overdue(self, query: OverdueQuery) -> Sequence[Certificate]:
        """Ordered by identifier; at most `query.limit`."""
        ...


class DutyWrites(DutyReads, Protocol):
    """What can be kept."""

    def put_handover(self, delivery: Delivery, expected_version: int) -> None:
        """Keeps a delivery; the certificate's version grows.

        Raises:
            StaleVersion: the certificate's version is not `expected_version`.
        """
        ...
