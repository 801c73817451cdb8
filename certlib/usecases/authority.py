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
    """Who wants to issue what, in whose name, on which day.

    Attributes:
        day: on which its authority counts (`authority_day`).
        unit_code: the body that acts: the caller's department.
        name_code: the body whose name and seal the certificate shall bear.
        type_name: for the refusal's sentence.
    """

    type_code: str
    unit_code: str
    name_code: str
    day: date
    type_name: str


def mandate(session: ReadSession, bid: Bid) -> IssueListEntry:
    """The entry of the issue list under which the unit may issue.

    An entrusted unit can do no more than its principal: both must be on the list that day.

    Raises:
        ActsForPrincipal: the unit is entrusted, and named itself.
        OutsideDepartment: another body is named, and has not entrusted the unit.
        IssuerNotAuthorised: not on the list for this type on this day.
    """
    entries = session.issue_list(bid.type_code, bid.unit_code)
    found = covering(entries, bid.day, bid.name_code)
    if found is None:
        raise _refusal(entries, bid)
    if not found.capacity.in_own_name:
        principal = session.issue_list(bid.type_code, bid.name_code)
        if covering(principal, bid.day, bid.name_code) is None:
            raise IssuerNotAuthorised(name=bid.type_name, field_path="/type_code")
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


def authority_day(access: Access, issued: date, type_code: str, supersedes: str) -> date:
    """The day on which a body's authority counts: that of issue.

    Whoever took functions over may correct what the predecessor issued, from the very day of that
    issue: then the authority counts that came with the functions.
    """
    before = ids.parse(supersedes).identifier if supersedes else None
    if before is None:
        return issued
    path = access.jurisdiction.path(before.issuer_code, type_code, access.day)
    return max(issued, path[-1].effective_from) if path else issued


def authorised(session: ReadSession, content: Content) -> bool:
    """Whether the body named as issuer was on the list when it issued.

    That is the day of issue or, where a successor corrected what was issued before its time, the
    day of sealing. Orders are held to `mandate` before anything is sealed.
    """
    entries = session.issue_list(content.type_code, content.issuer_code)
    sealed = content.sealed_at
    days = [content.issue_date, *([] if sealed is None else [legal_day(sealed)])]
    return any(covering(entries, day, content.issuer_code) is not None for day in days)


def _refusal(
    entries: Sequence[IssueListEntry], bid: Bid
) -> ActsForPrincipal | OutsideDepartment | IssuerNotAuthorised:
    if bid.name_code != bid.unit_code:
        return OutsideDepartment(field_path="/issuer_code")
    principals = sorted({item.name_code for item in entries if item.covers(bid.day)})
    if principals:
        return ActsForPrincipal(principal="、".join(principals), field_path="/issuer_code")
    return IssuerNotAuthorised(name=bid.type_name, field_path="/type_code")
