"""No certificate names a holder who had died, was dissolved or merged by the day of its issue."""

from collections.abc import Iterator, Sequence
from datetime import date

from certlib.certificate import Certificate
from certlib.document import Holder
from certlib.errors import Problem
from certlib.holder_changes import ChangeKind, Chronicle, key_of
from certlib.registry import ReadSession
from certlib.states import CORRECTION
from certlib.usecases.order import IssueOrder


def gone_problems(
    session: ReadSession,
    order: IssueOrder,
    holders: Sequence[Holder],
    before: Certificate | None,
) -> Iterator[Problem]:
    """What stands against the order's holders, given in normal form.

    A correction says what was so from the beginning: it asks about that day.
    """
    correction = before is not None and order.supersede_reason == CORRECTION
    day = before.begins if before is not None and correction else order.issue_date
    chronicle = Chronicle(session.related_changes(key_of(holder) for holder in holders))
    for place, holder in enumerate(holders):
        gone = chronicle.standing(holder, day, day).gone
        if gone is not None:
            yield _problem(f"/holders/{place}/code", gone.kind, gone.effective_from)


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
