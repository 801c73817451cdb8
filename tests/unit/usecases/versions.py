"""Versions of one right, and what happens to them, in few words."""

from datetime import date

from certlib.certificate import Decision
from certlib.document import Holder
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import Action
from certlib.usecases.amend import Amendment
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, request

TODAY = date(2026, 11, 22)
BEGIN, END = date(2024, 2, 2), date(2027, 2, 1)
SEIZED = Restriction(RestrictionKind.SEIZED, "法院", "查1号", date(2026, 11, 1))
ANOTHER = (Holder("揭阳市另一家公司", "001", "91445202MA9TEXT51U"),)


def first(house, key="first", **changes):
    term = {"issue_date": BEGIN, "valid_from": BEGIN, "valid_to": END}
    return house.issue.issue_one(CALLER, request(key, **{**term, **changes})).identifier


def revised(house, identifier, reason="change", key="rev", ending=None, **changes):
    wish = RevisionRequest(
        identifier, reason, key, changes, ending or Ending(), {"reason": reason, "key": key}
    )
    return house.revise.revise(CALLER, wish).identifier


def renewed(house, identifier):
    """Early: it waits until the term before is over."""
    return revised(house, identifier, "renewal", "renew", valid_to=date(2031, 2, 1))


def decide(house, identifier, action, reason, day=TODAY, **more):
    decision = Decision(action, reason, day, "法", "号", "机关", **more)
    key = f"{action}-{identifier}-{day}"
    return house.change.change(CALLER, ChangeRequest(identifier, decision, key))


def suspend(house, identifier, day=TODAY, **more):
    return decide(house, identifier, Action.SUSPEND, "withheld", day, **more)


def restrict(house, identifier, restriction=SEIZED):
    amendment = Amendment(identifier, f"restrict-{identifier}")
    house.amend.restrict(CALLER, amendment, restriction)


def view(house, identifier, day=TODAY):
    return house.certificate(identifier).view_on(day)


def verdict(house, identifier, **asked):
    return house.verify.by_identifier(identifier, Question(**asked)).report.code


def public(house, identifier):
    with house.registry.read() as session:
        return session.status(identifier)


def verdict_of_suspension(house):
    other = first(house, "other", number="N-9")
    suspend(house, other)
    return verdict(house, other)


def renewed_again(house, identifier):
    return revised(house, identifier, "renewal", "again", valid_to=date(2031, 2, 1))
