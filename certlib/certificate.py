"""The certificate's life: a bitemporal history, what stands beside the state, and its files."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from certlib.calendar import legal_day
from certlib.catalogue import Duty
from certlib.decisions import Decision, Situation, StateChange, decision_problems
from certlib.document import Content, Form
from certlib.duties import DutyClock, DutyStanding, PeriodicResult, duty_standing
from certlib.errors import Invalid, Problem, StaleVersion, TransitionForbidden
from certlib.holders import may_die
from certlib.preservation import Care
from certlib.renewals import RenewalApplication
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import TRANSITIONS, WITHOUT_END, State, View, view

__all__ = [
    "Certificate",
    "CertificateFile",
    "Decision",
    "PaperStatus",
    "Restriction",
    "RestrictionKind",
    "StateChange",
]

_RUNNING = frozenset({State.ISSUED, State.SUSPENDED})
_ENDED = frozenset(
    {
        View.SUPERSEDED,
        View.DEREGISTERED,
        View.ANNULLED,
        View.WITHDRAWN,
        View.REVOKED,
        View.TRANSFERRED_OUT,
        View.VOIDED,
    }
)


class PaperStatus(StrEnum):
    """The paper twin: 无, 待同步, 已同步, 已收回, 已挂失, 声明作废."""

    NONE = "none"
    PENDING = "pending"
    SYNCED = "synced"
    COLLECTED = "collected"
    LOST = "lost"
    DECLARED_VOID = "declared-void"


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A file that was served for a certificate; every digest ever served stays known.

    Attributes:
        sha256: hex digest of the whole file.
        object_name: storage key and revision; never derived from a holder.
        copy_number: which 副本, 附页 or 附图 it is, from 1; 0 for the original.
        kind: `original`, `purpose_copy` or `receipt`.
        content_digest: hex SHA-256 of the canonical content inside; "" where it has none.
        purpose: what a purpose copy was made for; `expires_on`: its last day.
        care: when it must be cared for, where it was just made; kept beside the file.
    """

    sha256: str
    identifier: str
    object_name: str
    size: int
    form: str
    revision: int
    level: str
    stored_at: datetime
    kind: str = "original"
    purpose: str = ""
    expires_on: date | None = None
    copy_number: int = 0
    content_digest: str = ""
    care: Care | None = None

    @property
    def file_form(self) -> Form:
        """Which of the certificate's files it is."""
        return Form(self.form, self.copy_number)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One version of a certificate. (type, issuer, serial) is its lineage.

    Attributes:
        state: the stored state after the last recorded step.
        row_version: grows by one with each write; the ETag.
        renewals: applications for renewal (Licensing Law art. 50), oldest first.
        results: results of periodic duties, in the order of recording.
        duties_since: duties that run from another day than that of issue; never changes.
        supersedes, superseded_by: identifiers of the versions before and after, or "".
        target_level, reached_level: PAdES levels: asked for, and that of the file that has the
            lowest; care_due_at: when the first of its files is to be lifted or renewed.
    """

    content: Content
    state: State
    row_version: int
    recorded_at: datetime
    history: tuple[StateChange, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    files: tuple[CertificateFile, ...] = ()
    paper: PaperStatus = PaperStatus.NONE
    renewals: tuple[RenewalApplication, ...] = ()
    results: tuple[PeriodicResult, ...] = ()
    supersedes: str = ""
    superseded_by: str = ""
    former_names: tuple[str, ...] = ()
    duties_since: tuple[DutyClock, ...] = ()
    target_level: str = ""
    reached_level: str = ""
    care_due_at: datetime | None = None

    @property
    def identifier(self) -> str:
        """电子证照标识."""
        return self.content.identifier

    @property
    def begins(self) -> date:
        """The first day for which the record speaks: that of the first step."""
        if self.history:
            return self.history[0].decision.effective_from
        content = self.content
        return min(content.issue_date, content.valid_from or content.issue_date)

    @property
    def renewal_pending_since(self) -> date | None:
        """Since when an application in time waits for its decision, by all that is known."""
        for item in self.renewals:
            if self.state in _RUNNING and item.decision is None and self.in_time(item.applied_on):
                return item.applied_on
        return None

    def in_time(self, applied_on: date) -> bool:
        """Whether an application of that day came before the term was over."""
        valid_to = self.content.valid_to
        return valid_to is not None and applied_on <= valid_to

    def renewal_on(self, day: date, known_at: datetime | None = None) -> RenewalApplication | None:
        """The application in time that keeps the question open on `day`, as known at `known_at`."""
        for item in self.renewals:
            if self.in_time(item.applied_on) and item.stands(day, known_at):
                return item
        return None

    def state_on(self, day: date, known_at: datetime | None = None) -> StateChange | None:
        """The step that rules on `day`, as known at `known_at`; None before the first one.

        Of all steps in effect on that day the one recorded last wins: an annulment from the
        beginning outranks a suspension recorded before it, whatever their days.
        """
        for change in sorted(self.history, key=lambda item: item.sequence, reverse=True):
            known = known_at is None or change.recorded_at <= known_at
            if known and change.decision.effective_from <= day:
                return change
        return None

    def view_on(self, day: date, known_at: datetime | None = None) -> View:
        """What the certificate is on `day`; `valid_to` is inclusive."""
        change = self.state_on(day, known_at)
        if change is None and self.history:
            return View.NOT_YET_EFFECTIVE
        content = self.content
        # Without any step it is a draft: the state itself says all.
        state = self.state if change is None else change.to_state
        begins = content.valid_from or content.issue_date
        suspension = WITHOUT_END if change is None else change.decision.suspension
        seen = view(state, begins, content.valid_to, day, suspension)
        if seen is View.EXPIRED and self.renewal_on(day, known_at) is not None:
            # Licensing Law art. 50: the right goes on for now, and its suspension with it.
            held = view(state, begins, None, day, suspension)
            return seen if held is View.VALID else held
        return seen

    def duty_since(self, duty_code: str) -> date:
        """The day on which a duty began for the right: it counts until there is a result."""
        for clock in self.duties_since:
            if clock.duty_code == duty_code:
                return clock.since
        return self.content.issue_date

    def standings(
        self, duties: Iterable[Duty], day: date, known_at: datetime | None = None
    ) -> list[DutyStanding]:
        """How it stands in each of `duties` on `day`, as known at `known_at`, in their order."""
        return [
            duty_standing(duty, self.duty_since(duty.code), self.results, day, known_at)
            for duty in duties
        ]

    def ended_on(self, day: date) -> View | None:
        """How it had ended on `day`, by state or calendar; None where it had not."""
        seen = self.view_on(day)
        if seen is View.EXPIRED:
            return None if self.renewal_on(day) is not None else seen
        return seen if seen in _ENDED else None

    def decide(
        self, decision: Decision, *, actor: str, now: datetime, expected_version: int | None = None
    ) -> "Certificate":
        """The certificate after `decision`.

        Raises:
            StaleVersion: `expected_version` is not the current one.
            TransitionForbidden: the table has no such step.
            Invalid: the decision lacks what its action demands; all problems at once.
        """
        self.need_version(expected_version)
        to_state = TRANSITIONS.get((self.state, decision.action))
        if to_state is None:
            raise self.forbidding(decision.action.value, decision.action.zh)
        problems = self.problems_of(decision, legal_day(now))
        if problems:
            raise Invalid(problems=problems)
        change = StateChange(
            decision=decision,
            from_state=self.state,
            to_state=to_state,
            recorded_at=now,
            actor=actor,
            sequence=len(self.history) + 1,
        )
        return replace(
            self, state=to_state, row_version=self.row_version + 1, history=(*self.history, change)
        )

    def need_version(self, expected: int | None) -> None:
        """Raises `StaleVersion` when another version was read than the current one."""
        if expected is not None and expected != self.row_version:
            raise StaleVersion

    def need_running(self, action: str, action_zh: str) -> None:
        """Raises `TransitionForbidden` when the certificate has ended, or was never sealed."""
        if self.state not in _RUNNING:
            raise self.forbidding(action, action_zh)

    def need_sealed(self, action: str, action_zh: str) -> None:
        """Raises `TransitionForbidden` when the certificate is a draft still."""
        if self.state is State.DRAFT:
            raise self.forbidding(action, action_zh)

    def forbidding(self, action: str, action_zh: str) -> TransitionForbidden:
        """The error that says what the state does not admit."""
        return TransitionForbidden(
            state=self.state.value, state_zh=self.state.zh, action=action, action_zh=action_zh
        )

    def problems_of(self, decision: Decision, today: date) -> tuple[Problem, ...]:
        """Everything that is missing or impossible in `decision`, at once."""
        last = self.history[-1] if self.history else None
        suspended = last is not None and self.state is State.SUSPENDED
        situation = Situation(
            state=self.state,
            begins=self.begins,
            since=None if last is None else last.decision.effective_from,
            may_die=any(may_die(item.code_type, item.code) for item in self.content.holders),
            expired=self._expired_on(today),
            expired_then=self._expired_on(decision.effective_from),
            suspension=last.decision.suspension if last is not None and suspended else None,
            today=today,
        )
        return decision_problems(decision, situation)

    def _expired_on(self, day: date) -> bool:
        # What may still be renewed has not ended for want of a renewal (Licensing Law art. 50).
        return self.view_on(day) is View.EXPIRED and self.renewal_on(day) is None
