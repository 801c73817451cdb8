"""A number that is taken: who may read the certificate that holds it is told which one it is."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.errors import (
    CertlibError,
    FaceNumberTaken,
    Invalid,
    SigningUnavailable,
    StoreUnavailable,
)
from certlib.mandates import Capacity, IssueListEntry
from certlib.states import Action
from certlib.usecases.caller import READ
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.number_holder import naming_holder
from certlib.usecases.preflight import Cleared
from tests.unit.usecases.house import CALLER, DOWN, ISSUER, OTHER, TYPE, request

UNIT = replace(CALLER, client_id="unit", department_code=OTHER)


def refused(house, way, caller=CALLER, key="again", **changes):
    """What each way of an order says of a number that is taken."""
    asked = request(key, **changes)
    beside = request("g", number="别号")
    ways = {
        "check": lambda: house.issue.check(caller, [asked])[0],
        "group": lambda: house.issue.issue(caller, [beside, asked])[1],
        "issue": lambda: house.issue.issue(caller, [asked])[0],
        "make": lambda: raised(house.make.make, caller, asked),
        "check-draft": lambda: raised(house.make.check, caller, asked),
    }
    return ways[way]()


def raised(step, caller, asked):
    with pytest.raises(FaceNumberTaken) as caught:
        step(caller, asked)
    return caught.value


def entrust(house):
    entry = IssueListEntry(
        TYPE, OTHER, date(2020, 1, 1), basis="委托书", capacity=Capacity.ENTRUSTED,
        principal_code=ISSUER,
    )  # fmt: skip
    with house.registry.begin() as uow:
        uow.put_issue_entry(entry)
        uow.commit()


WAYS = ["issue", "group", "check", "make", "check-draft"]


@pytest.mark.parametrize("way", WAYS)
def test_its_own_department_is_told_which_certificate_holds_it(house, way):
    holder = house.issue.issue_one(CALLER, request()).identifier
    error = refused(house, way)
    assert isinstance(error, FaceNumberTaken)
    (problem,) = error.problems
    assert (problem.field, problem.code) == ("/number", "face-number-taken")
    assert holder in problem.zh
    assert holder in problem.en
    for person in request().order.holders:
        assert person.name not in problem.zh
        assert person.code not in problem.zh + problem.en


@pytest.mark.parametrize("way", WAYS)
def test_who_may_not_read_is_told_nothing_of_it(house, way):
    """A client without that scope; a unit that did not make it, though it issues in that name."""
    house.issue.issue_one(CALLER, request())
    entrust(house)
    blind = replace(CALLER, scopes=CALLER.scopes - {READ})
    for caller in (blind, UNIT):
        error = refused(house, way, caller, key=caller.client_id + way, issuer_code=ISSUER)
        assert isinstance(error, FaceNumberTaken)
        assert error.problems == ()


def test_what_an_entrusted_unit_made_itself_it_is_told(house):
    entrust(house)
    holder = house.issue.issue_one(UNIT, request(issuer_code=ISSUER)).identifier
    error = refused(house, "issue", UNIT, issuer_code=ISSUER)
    assert holder in error.problems[0].zh


def test_what_is_no_certificate_yet_is_not_named(house):
    """A draft, and an order that waits for its seal."""
    house.make.make(CALLER, request())
    assert refused(house, "issue").problems == ()
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request("k-2", number="另号"))
    assert refused(house, "issue", number="另号", key="k-3").problems == ()


def test_the_version_in_force_is_named_and_none_that_has_ended(house):
    first = house.issue.issue_one(CALLER, request()).identifier
    revoked = Decision(Action.REVOKE, "penalty", date(2026, 11, 22), "法", "号", "机关")
    house.change.change(CALLER, ChangeRequest(first, revoked, "r"))
    second = house.issue.issue_one(CALLER, request("second")).identifier
    (problem,) = refused(house, "issue").problems
    assert second in problem.zh
    assert first not in problem.zh


def test_other_refusals_and_a_store_that_is_down_change_nothing(house, monkeypatch):
    house.issue.issue_one(CALLER, request())
    (cleared,) = house.issue.check(CALLER, [request("c", number="新")])
    assert isinstance(cleared, Cleared)
    other: CertlibError = Invalid()
    today = date(2026, 11, 22)
    assert naming_holder(house.registry, CALLER, cleared, other, today) is other
    taken = FaceNumberTaken(field_path="/number")

    def down():
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(house.registry, "read", down)
    assert naming_holder(house.registry, CALLER, cleared, taken, today) is taken
