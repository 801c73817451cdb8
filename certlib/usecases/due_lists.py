"""Lists of what is late: certificates overdue in a duty, and those not delivered in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from certlib.calendar import legal_day
from certlib.catalogue import Duty, TypeVersion
from certlib.certificate import Certificate
from certlib.delivery import Delivery, deliver_by, late_since
from certlib.duties import DutyStanding, begun_until
from certlib.errors import Invalid, Problem, TypeUnknown
from certlib.ports import Clock
from certlib.registry import LateQuery, OverdueQuery, OverdueRule, Registry
from certlib.usecases.access import access_of
from certlib.usecases.caller import READ, Caller
from certlib.workdays import WorkingDays


@dataclass(frozen=True, slots=True)
class DueAsk:
    """Which duty of which type.

    Attributes:
        within_days: what will be overdue after so many days, too; 0 for what is overdue today.
        after: identifier of the last row of the page before, or "".
    """

    type_code: str
    duty_code: str
    within_days: int = 0
    limit: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A certificate and how it stands in the duty that was asked about."""

    certificate: Certificate
    standing: DutyStanding


@dataclass(frozen=True, slots=True)
class OverduePage:
    """One page; `after` names where the next one begins, "" at the end."""

    day: date
    duty: Duty
    lines: Sequence[Overdue]
    after: str


@dataclass(frozen=True, slots=True)
class LateAsk:
    """Which deliveries; `undelivered` leaves out those that came late."""

    type_code: str = ""
    undelivered: bool = False
    limit: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class Late:
    """A delivery that is late, and its last day in time."""

    delivery: Delivery
    deliver_by: date


@dataclass(frozen=True, slots=True)
class LatePage:
    """One page; `after` names where the next one begins, "" at the end."""

    day: date
    lines: Sequence[Late]
    after: str


class DueLists:
    """Lists of a department's own certificates. Computed when asked for: no job writes them."""

    def __init__(self, registry: Registry, clock: Clock, calendar: WorkingDays) -> None:
        self._registry = registry
        self._clock = clock
        self._calendar = calendar

    def overdue(self, caller: Caller, ask: DueAsk) -> OverduePage:
        """Running certificates that are overdue in a duty, by identifier.

        Raises:
            ScopeMissing: the caller may not read.
            TypeUnknown: no such type.
            Invalid: no version of the type has such a duty.
        """
        caller.need(READ)
        today = legal_day(self._clock.now())
        day = today + timedelta(days=ask.within_days)
        with self._registry.read() as session:
            every = session.type_versions()
            versions = {item.version: item for item in every if item.type_code == ask.type_code}
            duties = _duties(versions, ask)
            query = OverdueQuery(
                within=access_of(session, caller, today).holdings(),
                type_code=ask.type_code,
                duty_code=ask.duty_code,
                rules=tuple(_rule(name, duty, day) for name, duty in duties.items()),
                day=today,
                limit=ask.limit + 1,
                after=ask.after,
            )
            found = session.overdue(query)
        lines = [_line(item, duties, day) for item in found[: ask.limit]]
        after = lines[-1].certificate.identifier if len(found) > ask.limit else ""
        newest = list(duties.values())[-1]
        return OverduePage(day, newest, lines, after)

    def late_deliveries(self, caller: Caller, ask: LateAsk) -> LatePage:
        """Deliveries after the tenth working day, and those that are still missing then.

        Raises:
            ScopeMissing: the caller may not read.
        """
        caller.need(READ)
        today = legal_day(self._clock.now())
        with self._registry.read() as session:
            query = LateQuery(
                within=access_of(session, caller, today).holdings(),
                decided_until=late_since(today, self._calendar),
                type_code=ask.type_code,
                undelivered=ask.undelivered,
                limit=ask.limit + 1,
                after=ask.after,
            )
            found = session.late_handovers(query)
        shown = found[: ask.limit]
        lines = [
            Late(item, deliver_by(item.decision_date, self._calendar))
            for item in shown
            if item.decision_date is not None
        ]
        return LatePage(today, lines, shown[-1].identifier if len(found) > ask.limit else "")


def _duties(versions: dict[str, TypeVersion], ask: DueAsk) -> dict[str, Duty]:
    """The duty as each version of the type has it."""
    if not versions:
        raise TypeUnknown(type_code=ask.type_code[:32], field_path="query:type_code")
    found = {
        name: duty
        for name, version in versions.items()
        for duty in version.duties
        if duty.code == ask.duty_code
    }
    if not found:
        known = ", ".join(
            sorted({duty.code for version in versions.values() for duty in version.duties})
        )
        problem = Problem(
            "query:duty_code",
            "duty-unknown",
            f"该类型没有此项义务，应为：{known or '（无）'}。",
            f"The type has no such duty; it has: {known or 'none'}.",
        )
        raise Invalid(problems=(problem,))
    return found


def _rule(version: str, duty: Duty, day: date) -> OverdueRule:
    return OverdueRule(version, day - timedelta(days=duty.grace_days), begun_until(duty, day))


def _line(certificate: Certificate, duties: dict[str, Duty], day: date) -> Overdue:
    (standing,) = certificate.standings([duties[certificate.content.type_version]], day)
    return Overdue(certificate, standing)
