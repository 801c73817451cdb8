"""States, actions, reasons, and the one transition table of a certificate's life.

Administrative Licensing Law art. 8 (withdraw), 69 (annul), 70 (deregister); Administrative
Penalty Law art. 9 (suspend, revoke). Stored states and steps: architecture.md section 10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never


class State(StrEnum):
    """Stored states."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    SUSPENDED = "SUSPENDED"
    SUPERSEDED = "SUPERSEDED"
    DEREGISTERED = "DEREGISTERED"
    ANNULLED = "ANNULLED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    TRANSFERRED_OUT = "TRANSFERRED_OUT"
    VOIDED = "VOIDED"

    @property
    def zh(self) -> str:
        """The state in Chinese."""
        return _STATE_ZH[self]


class View(StrEnum):
    """What a certificate is on a day: the stored state, with ISSUED seen against the calendar."""

    DRAFT = "DRAFT"
    NOT_YET_EFFECTIVE = "NOT_YET_EFFECTIVE"
    VALID = "VALID"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    SUSPENSION_ENDED = "SUSPENSION_ENDED"
    SUPERSEDED = "SUPERSEDED"
    DEREGISTERED = "DEREGISTERED"
    ANNULLED = "ANNULLED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    TRANSFERRED_OUT = "TRANSFERRED_OUT"
    VOIDED = "VOIDED"

    @property
    def zh(self) -> str:
        """The view in Chinese."""
        return _VIEW_ZH[self]


class Action(StrEnum):
    """What may be done to a certificate."""

    SEAL = "seal"
    SUSPEND = "suspend"
    RESTORE = "restore"
    SUPERSEDE = "supersede"
    DEREGISTER = "deregister"
    ANNUL = "annul"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    TRANSFER_OUT = "transfer-out"
    VOID = "void"

    @property
    def zh(self) -> str:
        """The action in Chinese."""
        return _ACTION_ZH[self]


RUNNING = frozenset({State.ISSUED, State.SUSPENDED})
"""States of a certificate that has not ended by anybody's act; its term may be over."""

_STATE_ZH: Mapping[State, str] = {
    State.DRAFT: "待签发",
    State.ISSUED: "已签发",
    State.SUSPENDED: "暂扣或暂停",
    State.SUPERSEDED: "已换发",
    State.DEREGISTERED: "已注销",
    State.ANNULLED: "已撤销",
    State.WITHDRAWN: "已撤回",
    State.REVOKED: "已吊销",
    State.TRANSFERRED_OUT: "已转出",
    State.VOIDED: "已作废",
}
_VIEW_ZH: Mapping[View, str] = {
    View.NOT_YET_EFFECTIVE: "尚未生效",
    View.VALID: "有效",
    View.EXPIRED: "有效期届满",
    View.SUSPENSION_ENDED: "暂扣或暂停期满待恢复",
    **{View(state.value): zh for state, zh in _STATE_ZH.items() if state is not State.ISSUED},
}
_ACTION_ZH: Mapping[Action, str] = {
    Action.SEAL: "签发",
    Action.SUSPEND: "暂扣（暂停）",
    Action.RESTORE: "恢复",
    Action.SUPERSEDE: "换发",
    Action.DEREGISTER: "注销",
    Action.ANNUL: "撤销",
    Action.WITHDRAW: "撤回",
    Action.REVOKE: "吊销",
    Action.TRANSFER_OUT: "转出",
    Action.VOID: "作废",
}

_ENDINGS: Mapping[Action, State] = {
    Action.SUPERSEDE: State.SUPERSEDED,
    Action.DEREGISTER: State.DEREGISTERED,
    Action.ANNUL: State.ANNULLED,
    Action.WITHDRAW: State.WITHDRAWN,
    Action.REVOKE: State.REVOKED,
    Action.TRANSFER_OUT: State.TRANSFERRED_OUT,
    Action.VOID: State.VOIDED,
}

TRANSITIONS: Mapping[tuple[State, Action], State] = {
    (State.DRAFT, Action.SEAL): State.ISSUED,
    (State.ISSUED, Action.SUSPEND): State.SUSPENDED,
    (State.SUSPENDED, Action.RESTORE): State.ISSUED,
    **{(State.ISSUED, action): state for action, state in _ENDINGS.items()},
    **{(State.SUSPENDED, action): state for action, state in _ENDINGS.items()},
    # Law 70: deregistration must follow these three; expiry is a view of ISSUED.
    (State.ANNULLED, Action.DEREGISTER): State.DEREGISTERED,
    (State.WITHDRAWN, Action.DEREGISTER): State.DEREGISTERED,
    (State.REVOKED, Action.DEREGISTER): State.DEREGISTERED,
    # A version that no longer counts may still turn out unlawful, or never meant.
    (State.SUPERSEDED, Action.ANNUL): State.ANNULLED,
    (State.SUPERSEDED, Action.VOID): State.VOIDED,
    # A decision may count from a day on which that version was in force still.
    (State.SUPERSEDED, Action.REVOKE): State.REVOKED,
    (State.SUPERSEDED, Action.WITHDRAW): State.WITHDRAWN,
    # Its successor was never meant: what it replaced stands as before.
    (State.SUPERSEDED, Action.RESTORE): State.ISSUED,
    (State.DEREGISTERED, Action.ANNUL): State.ANNULLED,
    (State.DEREGISTERED, Action.VOID): State.VOIDED,
    (State.TRANSFERRED_OUT, Action.ANNUL): State.ANNULLED,
    (State.TRANSFERRED_OUT, Action.VOID): State.VOIDED,
}
"""The one table: (state, action) → state. What is not here is forbidden."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code of an action."""

    code: str
    zh: str
    en: str


GRANTED = "granted"
"""Reason of the first version of a certificate."""
CHANGE = "change"
"""Reason of a version that says something else from a day on (变更)."""
RENEWAL = "renewal"
"""Reason of a version whose term follows that of the one before."""
CORRECTION = "correction"
"""Reason of a version that holds from the beginning of the one before (更正, not 变更)."""
OWN_DAY = frozenset({RENEWAL, CORRECTION})
"""Reasons of versions that count from a day of their own, whatever the caller says."""
LOWERED = "lowered"
"""Reason of a version that says less than the one before; it needs a cause in law."""

SEAL_COMPROMISED = "seal-compromised"
"""Reason of a certificate that is void for its seal alone: nothing is taken from its holder."""

SUCCESSOR_VOIDED = "successor-voided"
"""Reason why a superseded version stands again: 作废 of the next one takes nothing from anybody."""

REASONS: Mapping[Action, tuple[Reason, ...]] = {
    Action.SEAL: (Reason(GRANTED, "准予", "granted"),),
    Action.SUSPEND: (
        Reason("withheld", "暂扣", "withheld as a penalty"),
        Reason("paused", "暂停", "paused"),
        Reason("disputed", "争议锁定", "locked by a dispute"),
    ),
    Action.RESTORE: (
        Reason("period-served", "期限届满恢复", "period served"),
        Reason("decision-lifted", "决定解除", "decision lifted"),
        Reason("dispute-settled", "争议解决", "dispute settled"),
        Reason(SUCCESSOR_VOIDED, "后续版本作废", "its successor was voided"),
    ),
    Action.SUPERSEDE: (
        Reason(CHANGE, "变更", "change"),
        Reason(RENEWAL, "延续", "renewal"),
        Reason("replacement", "补换", "replacement"),
        Reason(LOWERED, "降低资质等级", "qualification lowered"),
        Reason(CORRECTION, "更正", "correction from the beginning"),
    ),
    Action.DEREGISTER: (
        Reason("expired", "有效期届满未延续", "expired without renewal"),
        Reason("death", "死亡或丧失行为能力", "death or incapacity"),
        Reason("dissolution", "依法终止", "dissolution"),
        Reason("own-wish", "持证人申请", "the holder's own wish"),
        Reason("annulled", "撤销", "annulled"),
        Reason("withdrawn", "撤回", "withdrawn"),
        Reason("revoked", "吊销", "revoked"),
        Reason("force-majeure", "不可抗力致许可事项无法实施", "force majeure"),
        Reason("other", "法律、法规规定的其他情形", "another case named by law"),
    ),
    Action.ANNUL: (
        Reason("unlawful-grant", "违法准予", "unlawful grant"),
        Reason("fraud", "以欺骗、贿赂等不正当手段取得", "obtained by fraud or bribery"),
    ),
    Action.WITHDRAW: (
        Reason("law-changed", "法律、法规、规章修改或废止", "law changed or repealed"),
        Reason("circumstances-changed", "客观情况重大变化", "circumstances changed"),
    ),
    Action.REVOKE: (Reason("penalty", "行政处罚", "administrative penalty"),),
    Action.TRANSFER_OUT: (Reason("moved", "转出", "moved to another authority"),),
    Action.VOID: (
        Reason("issuing-error", "签发有误", "issuing error"),
        Reason("duplicate", "重复签发", "issued twice"),
        Reason(SEAL_COMPROMISED, "签章密钥泄露", "its seal's key was compromised"),
    ),
}


@dataclass(frozen=True, slots=True)
class Suspension:
    """How long a suspension lasts.

    Attributes:
        until: its last day; None when it lasts until somebody lifts it.
        automatic: the decision said that the right revives by itself the day after. Otherwise
            somebody must restore it (as where a check has to be passed first), and until that is
            on record nobody can say whether it may be used.
    """

    until: date | None = None
    automatic: bool = False

    def over(self, day: date) -> bool:
        """Whether its period has ended before `day`."""
        return self.until is not None and day > self.until


WITHOUT_END = Suspension()
"""A suspension that lasts until somebody lifts it."""


def view(
    state: State,
    valid_from: date,
    valid_to: date | None,
    day: date,
    suspension: Suspension = WITHOUT_END,
) -> View:
    """ISSUED and SUSPENDED seen against the calendar; every other state is itself.

    A right whose term is over is over, suspended or not: expiry outranks suspension. Where a
    renewal keeps it going, `Certificate.view_on` asks without the end of the term.
    """
    match state:
        case State.ISSUED | State.SUSPENDED:
            if valid_to is not None and day > valid_to:
                return View.EXPIRED
            if state is State.SUSPENDED:
                return _suspended(valid_from, day, suspension)
            return _running(valid_from, day)
        case (
            State.DRAFT
            | State.SUPERSEDED
            | State.DEREGISTERED
            | State.ANNULLED
            | State.WITHDRAWN
            | State.REVOKED
            | State.TRANSFERRED_OUT
            | State.VOIDED
        ):
            return View(state.value)
        case _:
            assert_never(state)


def _suspended(valid_from: date, day: date, suspension: Suspension) -> View:
    if not suspension.over(day):
        return View.SUSPENDED
    return _running(valid_from, day) if suspension.automatic else View.SUSPENSION_ENDED


def _running(valid_from: date, day: date) -> View:
    return View.NOT_YET_EFFECTIVE if day < valid_from else View.VALID


def reason_text(action: Action, code: str) -> Reason:
    """The reason behind a code; an unknown code names itself."""
    for reason in REASONS[action]:
        if reason.code == code:
            return reason
    return Reason(code, code, code)
