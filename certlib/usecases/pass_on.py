"""Pass the issue list on with the functions: the predecessor's entries end, the successor's begin.

Entries are facts that issued certificates rest on: none is cut off in the past. An entrustment is
of a certain body and does not pass on.
"""

from dataclasses import replace
from datetime import date, timedelta

from certlib.departments import Succession
from certlib.mandates import Capacity, IssueListEntry
from certlib.registry import UnitOfWork

_BASIS_LENGTH = 512


def passed_on(uow: UnitOfWork, step: Succession, today: date) -> int:
    """How many entries the successor got."""
    day = step.effective_from
    last = day - timedelta(days=1) if day > today else today
    mine = [
        entry
        for entry in uow.mandates(issuer_code=step.predecessor_code)
        if step.concerns(entry.type_code) and _open(entry, day)
    ]
    theirs = list(uow.mandates(issuer_code=step.successor_code))
    new: list[IssueListEntry] = []
    for entry in (_inherited(one, step) for one in mine if one.capacity.in_own_name):
        if not any(overlap(entry, other) for other in (*theirs, *new)):
            new.append(entry)
    for entry in mine:
        if entry.effective_from <= last and (
            entry.effective_to is None or entry.effective_to > last
        ):
            uow.end_mandate(replace(entry, effective_to=last), entry.row_version)
    for entry in new:
        uow.add_mandate(entry)
    return len(new)


def overlap(one: IssueListEntry, other: IssueListEntry) -> bool:
    """Whether two entries say the same for some day: type, body, name and period."""
    same = (one.type_code, one.issuer_code, one.name_code) == (
        other.type_code,
        other.issuer_code,
        other.name_code,
    )
    return same and _open(one, other.effective_from) and _open(other, one.effective_from)


def _open(entry: IssueListEntry, day: date) -> bool:
    """Whether it has days on or after `day`."""
    return entry.effective_to is None or entry.effective_to >= day


def _inherited(entry: IssueListEntry, step: Succession) -> IssueListEntry:
    under_itself = entry.principal_code == step.successor_code
    basis = f"{step.source.basis} {step.source.document_number}（承接）：{entry.basis}"
    return replace(
        entry,
        issuer_code=step.successor_code,
        effective_from=max(entry.effective_from, step.effective_from),
        basis=basis[:_BASIS_LENGTH],
        capacity=Capacity.OWN if under_itself else entry.capacity,
        principal_code="" if under_itself else entry.principal_code,
        row_version=1,
    )
