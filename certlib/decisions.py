"""Administrative decisions: what stands behind a step, and what each action demands of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from certlib.errors import Problem
from certlib.states import (
    LOWERED,
    REASONS,
    SUCCESSOR_VOIDED,
    Action,
    State,
    Suspension,
)

_NEEDS_BASIS = frozenset(
    {
        Action.SUSPEND,
        Action.DEREGISTER,
        Action.ANNUL,
        Action.WITHDRAW,
        Action.REVOKE,
        Action.TRANSFER_OUT,
    }
)
_NEEDS_DOCUMENT = frozenset({Action.SUSPEND, Action.ANNUL, Action.WITHDRAW, Action.REVOKE})

_CAUSE_OF_ENDING: Mapping[State, str] = {
    State.ANNULLED: "annulled",
    State.WITHDRAWN: "withdrawn",
    State.REVOKED: "revoked",
}
_PERIOD_SERVED = "period-served"


@dataclass(frozen=True, slots=True)
class Decision:
    """The administrative decision behind a step.

    Attributes:
        reason_code: one of `REASONS[action]`.
        effective_from: legal day (UTC+8) from which the step counts.
        legal_basis: law and article.
        document_number: 文号 of the decision; `authority`: who decided.
        until: last day of a suspension, where it was made for a period; `automatic`: the right
            then revives by itself.
        receiving_authority, receiving_division: who keeps what was transferred out, and where
            (GB/T 2260).
    """

    action: Action
    reason_code: str
    effective_from: date
    legal_basis: str = ""
    document_number: str = ""
    authority: str = ""
    note: str = ""
    until: date | None = None
    automatic: bool = False
    receiving_authority: str = ""
    receiving_division: str = ""

    @property
    def suspension(self) -> Suspension:
        """How long it suspends, where it does."""
        return Suspension(self.until, self.automatic)


@dataclass(frozen=True, slots=True)
class StateChange:
    """One step, bitemporal: effective by law from a day, recorded at an instant."""

    decision: Decision
    from_state: State
    to_state: State
    recorded_at: datetime
    actor: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision meets.

    Attributes:
        begins: the first day for which the record speaks: nothing counts from before it.
        since: the day from which the step counts that led to the state; None where there is none.
        may_die: a holder is a person, or has one behind it.
        expired: the term is over; `expired_then`: it was on the day from which it shall count.
        suspension: the one in force, where the state is SUSPENDED.
    """

    state: State
    begins: date
    since: date | None
    may_die: bool
    expired: bool
    expired_then: bool
    suspension: Suspension | None
    today: date


def decision_problems(decision: Decision, situation: Situation) -> tuple[Problem, ...]:
    """Everything that is missing or impossible in `decision`, at once."""
    return (
        *_reason_problems(decision),
        *_missing_problems(decision),
        *_day_problems(decision, situation),
        *_cause_problems(decision, situation),
        *_order_problems(decision, situation),
        *_return_problems(decision, situation),
        *_period_problems(decision, situation),
        *_receiver_problems(decision),
    )


def _reason_problems(decision: Decision) -> Iterator[Problem]:
    action = decision.action
    if decision.reason_code in {reason.code for reason in REASONS[action]}:
        return
    allowed = ", ".join(reason.code for reason in REASONS[action])
    yield Problem(
        "/reason_code",
        "reason-unknown",
        f"“{action.zh}”的原因代码应为：{allowed}。",
        f"The reason code of {action} must be one of: {allowed}.",
    )


def _missing_problems(decision: Decision) -> Iterator[Problem]:
    action = decision.action
    lowered = action is Action.SUPERSEDE and decision.reason_code == LOWERED
    if (lowered or action in _NEEDS_BASIS) and not decision.legal_basis.strip():
        yield _missing("/legal_basis", "legal-basis-missing", "法律依据", "legal basis")
    if lowered or action in _NEEDS_DOCUMENT:
        if not decision.document_number.strip():
            yield _missing(
                "/document_number", "document-number-missing", "决定文号", "document number"
            )
        if not decision.authority.strip():
            yield _missing("/authority", "authority-missing", "决定机关", "authority")
    if action is Action.TRANSFER_OUT:
        if not decision.receiving_authority.strip():
            yield _missing(
                "/receiving_authority", "receiver-missing", "转入机关", "receiving authority"
            )
        if not decision.receiving_division.strip():
            yield _missing(
                "/receiving_division",
                "receiving-division-missing",
                "转入地行政区划代码",
                "receiving division",
            )


def _day_problems(decision: Decision, situation: Situation) -> Iterator[Problem]:
    if decision.effective_from > situation.today:
        yield Problem(
            "/effective_from",
            "effective-in-future",
            "生效日期不能晚于今天，请在生效当日登记。",
            "The effective day cannot lie in the future: record it on that day.",
        )
    if decision.effective_from < situation.begins:
        yield Problem(
            "/effective_from",
            "date-order",
            "生效日期不能早于颁发日期（有效期起始日期），请核对。",
            "The effective day cannot lie before the issue date or the term: check it.",
        )


def _cause_problems(decision: Decision, situation: Situation) -> Iterator[Problem]:
    """Deregistration keeps the cause that led to it, and names no cause that did not happen."""
    if decision.action is not Action.DEREGISTER:
        return
    cause = _CAUSE_OF_ENDING.get(situation.state)
    wrong = (
        (cause is not None and decision.reason_code != cause)
        or (cause is None and decision.reason_code in _CAUSE_OF_ENDING.values())
        or (decision.reason_code == "expired" and not situation.expired)
    )
    if wrong:
        yield Problem(
            "/reason_code",
            "cause-mismatch",
            "注销原因与证照当前状态不符，请核对。",
            "The cause of deregistration does not fit the certificate's state: check it.",
        )
    if decision.reason_code == "death" and not situation.may_die:
        yield Problem(
            "/reason_code",
            "cause-mismatch",
            "持证主体是单位，不因死亡注销；单位终止的请选“依法终止”（dissolution）。",
            "The holder is an organisation: where it has ended, the cause is dissolution.",
        )


def _order_problems(decision: Decision, situation: Situation) -> Iterator[Problem]:
    """What follows from something does not count from a day before it."""
    action, since = decision.action, situation.since
    if action is Action.RESTORE and since is not None and decision.effective_from < since:
        yield Problem(
            "/effective_from",
            "date-order",
            f"恢复的生效日期不能早于暂扣（暂停）的生效日期{since}，请核对。",
            f"Nothing is restored before it was suspended ({since}): check the day.",
        )
    if action is not Action.DEREGISTER:
        return
    caused = situation.state in _CAUSE_OF_ENDING
    if caused and since is not None and decision.effective_from < since:
        yield Problem(
            "/effective_from",
            "date-order",
            f"注销的生效日期不能早于{situation.state.zh}的生效日期{since}，请核对。",
            "Deregistration cannot count from before the decision that it follows"
            f" ({since}): check the day.",
        )
    if decision.reason_code == "expired" and situation.expired and not situation.expired_then:
        yield Problem(
            "/effective_from",
            "date-order",
            "因有效期届满的注销，生效日期应在届满之后，请核对。",
            "What has expired is deregistered from a day after its last one: check the day.",
        )


def _return_problems(decision: Decision, situation: Situation) -> Iterator[Problem]:
    """A superseded version returns for one reason alone, and nothing else for that reason."""
    if decision.action is not Action.RESTORE:
        return
    superseded = situation.state is State.SUPERSEDED
    if superseded != (decision.reason_code == SUCCESSOR_VOIDED):
        yield Problem(
            "/reason_code",
            "cause-mismatch",
            "恢复原因与证照当前状态不符，请核对。",
            "The reason of the restoration does not fit the certificate's state: check it.",
        )


def _period_problems(decision: Decision, situation: Situation) -> Iterator[Problem]:
    """A period belongs to a suspension, and is served when it is over."""
    if decision.action is not Action.SUSPEND:
        if decision.until is not None or decision.automatic:
            yield Problem(
                "/until",
                "period-out-of-place",
                "只有暂扣（暂停）才有期限，请删除期限。",
                "Only a suspension has a period: leave it out.",
            )
    elif decision.until is None:
        if decision.automatic:
            yield _missing(
                "/until", "until-missing", "暂扣期限的最后一日", "last day of the period"
            )
    elif decision.until < decision.effective_from:
        yield Problem(
            "/until",
            "date-order",
            "期限的最后一日不能早于生效日，请核对。",
            "The last day of the period cannot lie before its first: check it.",
        )
    suspension = situation.suspension
    too_early = suspension is not None and (
        suspension.until is not None and not suspension.over(decision.effective_from)
    )
    if decision.action is Action.RESTORE and decision.reason_code == _PERIOD_SERVED and too_early:
        yield Problem(
            "/effective_from",
            "period-not-over",
            "暂扣期限尚未届满，请核对日期，或以“决定解除”恢复。",
            "The period of the suspension is not over: check the day, or lift the decision.",
        )


def _receiver_problems(decision: Decision) -> Iterator[Problem]:
    given = decision.receiving_authority or decision.receiving_division
    if given and decision.action is not Action.TRANSFER_OUT:
        yield Problem(
            "/receiving_authority",
            "receiver-out-of-place",
            "只有办理转出才有转入机关，请删除。",
            "Only a transfer has a receiving authority: leave it out.",
        )


def _missing(path: str, code: str, zh: str, en: str) -> Problem:
    return Problem(path, code, f"缺少{zh}，请填写。", f"The {en} is missing: fill it in.")
