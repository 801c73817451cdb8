"""The certificate's life: decisions, a bitemporal history, restrictions and files beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from certlib.calendar import legal_day
from certlib.document import Content, Form
from certlib.errors import Invalid, Problem, StaleVersion, TransitionForbidden
from certlib.states import LOWERED, REASONS, TRANSITIONS, Action, State, View, view

_NEEDS_BASIS = frozenset(
    {Action.SUSPEND, Action.DEREGISTER, Action.ANNUL, Action.WITHDRAW, Action.REVOKE}
)
_NEEDS_DOCUMENT = frozenset({Action.SUSPEND, Action.ANNUL, Action.WITHDRAW, Action.REVOKE})

_CAUSE_OF_ENDING: Mapping[State, str] = {
    State.ANNULLED: "annulled",
    State.WITHDRAWN: "withdrawn",
    State.REVOKED: "revoked",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The administrative decision behind a step.

    Attributes:
        reason_code: one of `REASONS[action]`.
        effective_from: legal day (UTC+8) from which the step counts.
        legal_basis: law and article.
        document_number: 文号 of the decision; `authority`: who decided.
    """

    action: Action
    reason_code: str
    effective_from: date
    legal_basis: str = ""
    document_number: str = ""
    authority: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StateChange:
    """One step, bitemporal: effective by law from a day, recorded at an instant."""

    decision: Decision
    from_state: State
    to_state: State
    recorded_at: datetime
    actor: str
    sequence: int


class RestrictionKind(StrEnum):
    """Restrictions stand beside the state."""

    SEIZED = "seized"
    FROZEN = "frozen"
    MORTGAGED = "mortgaged"
    OBJECTION = "objection"
    CLOSED = "closed"
    IRREGULAR = "irregular"

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return _RESTRICTION_ZH[self]


_RESTRICTION_ZH: Mapping[RestrictionKind, str] = {
    RestrictionKind.SEIZED: "查封",
    RestrictionKind.FROZEN: "冻结",
    RestrictionKind.MORTGAGED: "抵押",
    RestrictionKind.OBJECTION: "异议",
    RestrictionKind.CLOSED: "责令停业",
    RestrictionKind.IRREGULAR: "经营异常",
}


@dataclass(frozen=True, slots=True)
class Restriction:
    """A seizure, freeze, mortgage, objection, closure order or irregularity entry."""

    kind: RestrictionKind
    authority: str
    document_number: str
    effective_from: date
    effective_to: date | None = None
    lifted_on: date | None = None
    recorded_at: datetime | None = None

    def in_force(self, day: date) -> bool:
        """Whether it binds on `day` (both ends inclusive, not on the day it is lifted)."""
        if day < self.effective_from or (self.lifted_on is not None and day >= self.lifted_on):
            return False
        return self.effective_to is None or day <= self.effective_to


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
        renewal_pending_since: in-time application for renewal (Licensing Law art. 50).
        superseded_by: identifier of the version that replaced this one, or "".
    """

    content: Content
    state: State
    row_version: int
    recorded_at: datetime
    history: tuple[StateChange, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    files: tuple[CertificateFile, ...] = ()
    paper: PaperStatus = PaperStatus.NONE
    renewal_pending_since: date | None = None
    superseded_by: str = ""
    former_names: tuple[str, ...] = ()

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
        # Without any step it is a draft: the state itself says all.
        state = self.state if change is None else change.to_state
        return view(
            state, self.content.valid_from or self.content.issue_date, self.content.valid_to, day
        )

    def decide(
        self, decision: Decision, *, actor: str, now: datetime, expected_version: int | None = None
    ) -> "Certificate":
        """The certificate after `decision`.

        Raises:
            StaleVersion: `expected_version` is not the current one.
            TransitionForbidden: the table has no such step.
            Invalid: the decision lacks what its action demands; all problems at once.
        """
        if expected_version is not None and expected_version != self.row_version:
            raise StaleVersion
        to_state = TRANSITIONS.get((self.state, decision.action))
        if to_state is None:
            raise TransitionForbidden(
                state=self.state.value,
                state_zh=self.state.zh,
                action=decision.action.value,
                action_zh=decision.action.zh,
            )
        problems = decision_problems(decision, self, legal_day(now))
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


def decision_problems(
    decision: Decision, certificate: Certificate, today: date
) -> tuple[Problem, ...]:
    """Everything that is missing or impossible in `decision`, at once."""
    action = decision.action
    found: list[Problem] = []
    if decision.reason_code not in {reason.code for reason in REASONS[action]}:
        allowed = ", ".join(reason.code for reason in REASONS[action])
        found.append(
            Problem(
                "/reason_code",
                "reason-unknown",
                f"“{action.zh}”的原因代码应为：{allowed}。",
                f"The reason code of {action} must be one of: {allowed}.",
            )
        )
    lowered = action is Action.SUPERSEDE and decision.reason_code == LOWERED
    if (lowered or action in _NEEDS_BASIS) and not decision.legal_basis.strip():
        found.append(_missing("/legal_basis", "legal-basis-missing", "法律依据", "legal basis"))
    if lowered or action in _NEEDS_DOCUMENT:
        if not decision.document_number.strip():
            found.append(
                _missing(
                    "/document_number", "document-number-missing", "决定文号", "document number"
                )
            )
        if not decision.authority.strip():
            found.append(_missing("/authority", "authority-missing", "决定机关", "authority"))
    if decision.effective_from > today:
        found.append(
            Problem(
                "/effective_from",
                "effective-in-future",
                "生效日期不能晚于今天，请在生效当日登记。",
                "The effective day cannot lie in the future: record it on that day.",
            )
        )
    if decision.effective_from < certificate.begins:
        found.append(
            Problem(
                "/effective_from",
                "date-order",
                "生效日期不能早于颁发日期（有效期起始日期），请核对。",
                "The effective day cannot lie before the issue date or the term: check it.",
            )
        )
    found.extend(_cause_problems(decision, certificate, today))
    return tuple(found)


def _cause_problems(
    decision: Decision, certificate: Certificate, today: date
) -> tuple[Problem, ...]:
    """Deregistration keeps the cause that led to it, and names no cause that did not happen."""
    if decision.action is not Action.DEREGISTER:
        return ()
    cause = _CAUSE_OF_ENDING.get(certificate.state)
    expired = certificate.view_on(today) is View.EXPIRED
    wrong = (
        (cause is not None and decision.reason_code != cause)
        or (cause is None and decision.reason_code in _CAUSE_OF_ENDING.values())
        or (decision.reason_code == "expired" and not expired)
    )
    if not wrong:
        return ()
    return (
        Problem(
            "/reason_code",
            "cause-mismatch",
            "注销原因与证照当前状态不符，请核对。",
            "The cause of deregistration does not fit the certificate's state: check it.",
        ),
    )


def _missing(path: str, code: str, zh: str, en: str) -> Problem:
    return Problem(path, code, f"缺少{zh}，请填写。", f"The {en} is missing: fill it in.")
