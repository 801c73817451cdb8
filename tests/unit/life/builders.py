"""One builder with good defaults; each test overrides the one thing it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime

from certlib.certificate import Certificate, Decision, StateChange
from certlib.document import Content, Holder
from certlib.states import REASONS, Action, State

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
IDENTIFIER = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.7"


def content(**changes):
    base = Content(
        type_code="11100000000019713D008",
        type_version="2026.1",
        name="道路运输经营许可证",
        identifier=IDENTIFIER,
        number="粤交运管许可揭字445200000001号",
        issuer_code="11445200990090139J",
        issuer_name="揭阳市交通运输局",
        issue_date=date(2024, 3, 1),
        holders=(Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K"),),
        division_code="445202",
        valid_from=date(2024, 3, 1),
        valid_to=date(2028, 2, 29),
        fields={"KZ_JYFW": "道路普通货物运输"},
    )
    return replace(base, **changes)


def decision(action, *, day=TODAY, reason=None, **changes):
    base = Decision(
        action=action,
        reason_code=reason or REASONS[action][0].code,
        effective_from=day,
        legal_basis="《行政许可法》第六十九条",
        document_number="揭交罚〔2026〕1号",
        authority="揭阳市交通运输局",
    )
    if action is Action.TRANSFER_OUT:
        base = replace(base, receiving_authority="汕头市交通运输局", receiving_division="440500")
    return replace(base, **changes)


def issued(**changes):
    """A certificate fresh from publication."""
    parts = content(**changes)
    start = min(parts.issue_date, parts.valid_from or parts.issue_date)
    step = StateChange(
        decision=Decision(Action.SEAL, "granted", start),
        from_state=State.DRAFT,
        to_state=State.ISSUED,
        recorded_at=datetime(2024, 3, 1, 1, 0, tzinfo=UTC),
        actor="issuer-1",
        sequence=1,
    )
    return Certificate(
        content=parts,
        state=State.ISSUED,
        row_version=1,
        recorded_at=step.recorded_at,
        history=(step,),
    )


def after(certificate, *actions):
    """The certificate after several actions, each with the cause its state demands."""
    causes = {State.ANNULLED: "annulled", State.WITHDRAWN: "withdrawn", State.REVOKED: "revoked"}
    for action in actions:
        reason = causes.get(certificate.state) if action is Action.DEREGISTER else None
        if action is Action.DEREGISTER and reason is None:
            reason = "own-wish"
        certificate = certificate.decide(decision(action, reason=reason), actor="o", now=NOW)
    return certificate


PATHS = {
    State.ISSUED: (),
    State.SUSPENDED: (Action.SUSPEND,),
    State.SUPERSEDED: (Action.SUPERSEDE,),
    State.DEREGISTERED: (Action.DEREGISTER,),
    State.ANNULLED: (Action.ANNUL,),
    State.WITHDRAWN: (Action.WITHDRAW,),
    State.REVOKED: (Action.REVOKE,),
    State.TRANSFERRED_OUT: (Action.TRANSFER_OUT,),
    State.VOIDED: (Action.VOID,),
}
"""How each stored state (but DRAFT) is reached from a fresh certificate."""


def in_state(state, **changes):
    return after(issued(**changes), *PATHS[state])
