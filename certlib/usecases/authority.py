"""Authority to issue: the issue list, asked in one way for orders and for verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certlib import ids
from certlib.access import Access
from certlib.calendar import legal_day
from certlib.departments import Department, day_after
from certlib.document import Content
from certlib.errors import IssuerNotAuthorised, OutsideDepartment
from certlib.mandates import IssueListEntry, covering
from certlib.party_errors import ActsForPrincipal, DepartmentEnded
from certlib.registry import ReadSession


@dataclass(frozen=True, slots=True)
class Bid:
    """Who wants to issue what, in whose name, on which days.

    Attributes:
        days: on each of which it must have authority, the day of sealing last (`authority_days`).
        unit_code: the body that acts: the caller's department.
        name_code: the body whose name and seal the certificate shall bear.
        type_name: for the refusal's sentence.
    """

    type_code: str
    unit_code: str
    name_code: str
    days: tuple[date, ...]
    type_name: str


def mandate(session: ReadSession, bid: Bid) -> IssueListEntry:
    """The entry of the issue list under which the unit seals: that of the last of the days.

    An entrusted unit can do no more than its principal: both must be on the list each day.

    Raises:
        ActsForPrincipal: the unit is entrusted, and named itself.
        OutsideDepartment: another body is named, and has not entrusted the unit.
        IssuerNotAuthorised: not on the list for this type on one of the days.
    """
    entries = session.issue_list(bid.type_code, bid.unit_code)
    *earlier, last = bid.days
    for day in earlier:
        _mandate(session, bid, entries, day)
    return _mandate(session, bid, entries, last)


def _mandate(
    session: ReadSession, bid: Bid, entries: Sequence[IssueListEntry], day: date
) -> IssueListEntry:
    found = covering(entries, day, bid.name_code)
    if found is None:
        raise _refusal(entries, bid, day)
    if not found.capacity.in_own_name:
        principal = session.issue_list(bid.type_code, bid.name_code)
        if covering(principal, day, bid.name_code) is None:
            raise _unlisted(bid, day)
    return found


def need_standing(session: ReadSession, access: Access, bid: Bid) -> None:
    """Neither the unit nor the body that it issues for has passed this type on, or ended.

    Raises:
        DepartmentEnded: names the day and the successor.
    """
    for code in dict.fromkeys((bid.name_code, bid.unit_code)):
        body = session.department(code)
        path = access.jurisdiction.path(code, bid.type_code, access.day)
        keeper = session.department(path[-1].successor_code) if path else None
        if path:
            raise _ended(body, code, path[0].effective_from, keeper)
        if body is not None and body.effective_to is not None and body.ended(access.day):
            raise _ended(body, code, day_after(body.effective_to), None)


def _ended(
    body: Department | None, code: str, day: date, keeper: Department | None
) -> DepartmentEnded:
    return DepartmentEnded(
        field_path="/issuer_code",
        name=code if body is None else body.name,
        day=day.isoformat(),
        successor="—" if keeper is None else f"{keeper.name}（{keeper.credit_code}）",
    )


def authority_days(
    access: Access, issued: date, type_code: str, supersedes: str, *, correction: bool
) -> tuple[date, ...]:
    """The days on which a body must have authority: that of issue, and today, when it is sealed.

    An early issue date brings no authority back that has ended. A correction speaks of the very
    day on which it was issued first: whoever has the authority today corrects. Whoever took
    functions over replaces what the predecessor issued: on the earlier day the authority counts
    that came with the functions.
    """
    before = ids.parse(supersedes).identifier if supersedes else None
    if before is None:
        return _each(issued, access.day)
    if correction:
        return (access.day,)
    path = access.jurisdiction.path(before.issuer_code, type_code, access.day)
    return _each(max(issued, path[-1].effective_from) if path else issued, access.day)


def _each(*days: date) -> tuple[date, ...]:
    return tuple(dict.fromkeys(days))


def authorised(session: ReadSession, content: Content) -> bool:
    """Whether the body named as issuer was on the list when it issued.

    That is the day of issue or, where a correction was issued after a body's time or before its
    successor's, the day of sealing. Orders are held to `mandate`, which asks for both, before
    anything is sealed; here one will do, so that no holder loses what was issued in its time.
    """
    entries = session.issue_list(content.type_code, content.issuer_code)
    sealed = content.sealed_at
    days = [content.issue_date, *([] if sealed is None else [legal_day(sealed)])]
    return any(covering(entries, day, content.issuer_code) is not None for day in days)


def listed(session: ReadSession, issuer_code: str, type_code: str, day: date) -> bool:
    """Whether a body was on the list for a type on a day: of papers that nobody has on record."""
    entries = session.issue_list(type_code, issuer_code)
    return covering(entries, day, issuer_code) is not None


def _refusal(
    entries: Sequence[IssueListEntry], bid: Bid, day: date
) -> ActsForPrincipal | OutsideDepartment | IssuerNotAuthorised:
    if bid.name_code != bid.unit_code:
        return OutsideDepartment(field_path="/issuer_code")
    principals = sorted({item.name_code for item in entries if item.covers(day)})
    if principals:
        return ActsForPrincipal(principal="、".join(principals), field_path="/issuer_code")
    return _unlisted(bid, day)


def _unlisted(bid: Bid, day: date) -> IssuerNotAuthorised:
    return IssuerNotAuthorised(name=bid.type_name, day=day.isoformat(), field_path="/type_code")
