"""No certificate names a holder who had died, was dissolved or merged by the day of its issue."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate
from certlib.document import Holder
from certlib.errors import Problem
from certlib.holder_changes import ChangeKind, Chronicle, key_of
from certlib.registry import Draft, ReadSession
from certlib.states import CORRECTION
from certlib.usecases.order import IssueOrder

_JUST_BEFORE = timedelta(seconds=1)
"""Records are of whole seconds: what came in the second of the draft came after it."""


def gone_problems(
    session: ReadSession,
    order: IssueOrder,
    holders: Sequence[Holder],
    before: Certificate | None,
) -> Iterator[Problem]:
    """What stands against the order's holders, given in normal form.

    A correction says what was so from the beginning: it asks about that day.
    """
    day = _day(order, before)
    chronicle = Chronicle(session.related_changes(key_of(holder) for holder in holders))
    for place, holder in enumerate(holders):
        gone = chronicle.standing(holder, day, day).gone
        if gone is not None:
            yield _problem(f"/holders/{place}/code", gone.kind, gone.effective_from)


def gone_since_made(
    session: ReadSession, draft: Draft, order: IssueOrder, before: Certificate | None, today: date
) -> Iterator[Problem]:
    """What stands against the holders of a draft that is to be sealed, by what is on record now.

    Who was there when it was made and is no more today gets no certificate. Who was known to be no
    more even then had been so named for an earlier day of issue, which was judged at the making.
    """
    holders, day, made_on = order.holders, _day(order, before), legal_day(draft.recorded_at)
    changes = session.related_changes(key_of(holder) for holder in holders)
    now, then = Chronicle(changes), Chronicle(changes, draft.recorded_at - _JUST_BEFORE)
    for place, holder in enumerate(holders):
        settled = _corrects(order) or then.standing(holder, made_on, made_on).gone is not None
        asked = day if settled else max(day, today)
        gone = now.standing(holder, asked, asked).gone
        if gone is not None:
            yield _problem(f"/holders/{place}/code", gone.kind, gone.effective_from)


def ended_with_holder(
    session: ReadSession, holders: Sequence[Holder], version: TypeVersion, today: date
) -> Iterator[Problem]:
    """Why a certificate that is there gets no further file: it has ended with its sole holder.

    The verdict asks the same (`certlib.verification.holder_checks`): a certificate of several goes
    on with the others, and one of a type that does not end with its holder goes over to others.
    """
    if len(holders) == 1 and version.ends_with_holder:
        chronicle = Chronicle(session.related_changes([key_of(holders[0])]))
        gone = chronicle.standing(holders[0], today, today).gone
        if gone is not None:
            yield _problem("/identifier", gone.kind, gone.effective_from)


def _day(order: IssueOrder, before: Certificate | None) -> date:
    return before.begins if before is not None and _corrects(order) else order.issue_date


def _corrects(order: IssueOrder) -> bool:
    return bool(order.supersedes) and order.supersede_reason == CORRECTION


def _problem(path: str, kind: ChangeKind, day: date) -> Problem:
    if kind is ChangeKind.MERGED:
        return Problem(
            path,
            "holder-merged",
            f"该主体自{day}起已并入其他单位，不能再作为持证主体：请以承继单位的名称和代码办理。",
            f"This holder was merged into another from {day} on: issue to its successor.",
        )
    return Problem(
        path,
        "holder-ended",
        f"该主体自{day}起已{kind.zh}，不能再向其颁发证照：请核对；登记有误的，请登记机关先将其作废。",
        f"This holder is on record as {kind} from {day}: check it; an error is declared void by "
        "the authority that recorded it.",
    )
