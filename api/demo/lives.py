"""What becomes of the demo's certificates: some in every state, each with a lawful reason."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from api.demo.orders import Term
from certlib.certificate import Decision
from certlib.states import Action, View

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """One kind of life: the term it begins with, and the steps it takes.

    Attributes:
        replaced: a newer version is issued after it.
    """

    view: View
    term: Term
    steps: tuple[Decision, ...] = ()
    replaced: bool = False


def lives(today: date, *, long_term: bool) -> tuple[Life, ...]:
    """One life for each view, for a type with a term of four years or without one."""
    issued = today - 200 * _DAY
    to = None if long_term else today + 3 * 365 * _DAY
    running = Term(issued, issued, to)
    ended = [
        Life(View.SUSPENDED, running, (_step(Action.SUSPEND, "withheld", today, 30),)),
        Life(View.REVOKED, running, (_step(Action.REVOKE, "penalty", today, 20),)),
        Life(View.ANNULLED, running, (_step(Action.ANNUL, "fraud", today, 25),)),
        Life(View.WITHDRAWN, running, (_step(Action.WITHDRAW, "law-changed", today, 15),)),
        Life(View.DEREGISTERED, running, (_step(Action.DEREGISTER, "own-wish", today, 10),)),
        Life(
            View.DEREGISTERED,
            running,
            (
                _step(Action.REVOKE, "penalty", today, 40),
                _step(Action.DEREGISTER, "revoked", today, 12),
            ),
        ),
        Life(View.VOIDED, running, (_step(Action.VOID, "issuing-error", today, 5),)),
        Life(View.TRANSFERRED_OUT, running, (_step(Action.TRANSFER_OUT, "moved", today, 8),)),
        Life(View.SUPERSEDED, running, replaced=True),
        Life(
            View.VALID,
            running,
            (
                _step(Action.SUSPEND, "withheld", today, 60),
                _step(Action.RESTORE, "period-served", today, 31),
            ),
        ),
    ]
    old = today - 4 * 365 * _DAY
    by_calendar = [
        Life(View.EXPIRED, Term(old, old, today - 20 * _DAY)),
        Life(View.NOT_YET_EFFECTIVE, Term(issued, today + 30 * _DAY, to)),
    ]
    return (*ended, *by_calendar)


def ordinary(today: date, number: int, years: int | None) -> Life:
    """A certificate to which nothing happened, of the longest term its type allows."""
    issued = today - (10 + number * 7 % 700) * _DAY
    to = None if years is None else issued + years * 365 * _DAY
    return Life(View.VALID, Term(issued, issued, to))


def _step(action: Action, reason: str, today: date, days_ago: int) -> Decision:
    basis = {
        Action.SUSPEND: "《中华人民共和国行政处罚法》第九条",
        Action.REVOKE: "《中华人民共和国行政处罚法》第九条",
        Action.ANNUL: "《中华人民共和国行政许可法》第六十九条",
        Action.WITHDRAW: "《中华人民共和国行政许可法》第八条",
        Action.DEREGISTER: "《中华人民共和国行政许可法》第七十条",
        Action.TRANSFER_OUT: "《中华人民共和国行政许可法》第四十九条",
    }.get(action, "")
    document = f"揭证演决〔{today.year}〕{days_ago}号" if basis else ""
    authority = "揭阳市发证机关（演示）"
    day = today - days_ago * _DAY
    made = Decision(action, reason, day, basis, document, authority)
    if action is Action.TRANSFER_OUT:
        return replace(
            made, receiving_authority="汕头市交通运输局（演示）", receiving_division="440500"
        )
    return made
