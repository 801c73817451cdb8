"""What versions take over from each other, and what decisions reach, holds in the auditor's eyes."""

from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from api.bootstrap import open_node
from certlib.certificate import Decision
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import Action, State
from certlib.usecases.amend import Amendment
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from tests.unit.audit.audit_store import (
    DAY,
    Store,
    caller,
    decide,
    found_store,
    issued,
    settings,
)

SEIZED = Restriction(RestrictionKind.SEIZED, "法院", "查1号", DAY)


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """A store in which every kind of succession has happened."""
    folder = tmp_path_factory.mktemp("versions")
    found_store(folder)
    with closing(open_node(settings(folder))) as node:
        _live(node)
        node.seal_history.run(everything=True)
        (folder / "built").write_text(node.clock.now().isoformat())
    return Store(folder, {})


def _revised(node, identifier, key, reason="change", **changes):
    wish = RevisionRequest(identifier, reason, key, changes, Ending(), {"key": key})
    return node.revise.revise(caller(), wish).identifier


def _void(node, identifier):
    decision = Decision(Action.VOID, "issuing-error", node_day(node), "law", "document 2", "office")
    node.change.change(caller(), ChangeRequest(identifier, decision, f"void-{identifier[-9:]}"))


def node_day(node):
    from certlib.calendar import legal_day

    return legal_day(node.clock.now())


def _live(node):
    suspended = issued(node, 101)
    decide(node, suspended, Action.SUSPEND)
    node.amend.restrict(caller(), Amendment(suspended, "seize-101"), SEIZED)
    for reason in ("change", "correction"):
        suspended = _revised(node, suspended, f"101-{reason}", reason)
        assert node_state(node, suspended) is State.SUSPENDED
    _void(node, suspended)
    waiting = issued(node, 102)
    renewal = _revised(node, waiting, "102-r", "renewal", valid_to=date(2033, 3, 1))
    decide(node, renewal, Action.REVOKE)
    assert node_state(node, waiting) is State.REVOKED
    kept = issued(node, 103)
    _void(node, _revised(node, kept, "103-r", "renewal", valid_to=date(2033, 3, 1)))
    settled = issued(node, 104)
    _revised(node, settled, "104-r", "renewal", valid_to=date(2033, 3, 1))
    decide(node, settled, Action.SUSPEND, "paused")
    _settle(node)
    inspected = issued(node, 105)
    for number in range(3):
        key, reason = f"105-{number}", ("change", "correction", "replacement")[number]
        inspected = _revised(node, inspected, key, reason)
    _void(node, inspected)


def _settle(node):
    """As if the day of every planned succession had come."""
    from certlib.usecases import succession

    with node.registry.read() as session:
        due = session.due_successions(date(2040, 1, 1), 10)
    assert due
    for identifier in due:
        with node.registry.begin() as uow:
            before = uow.certificate(identifier)
            intent = uow.intent(before.superseded_by)
            heir = uow.certificate(before.superseded_by)
            today = replace(intent.succession, effective_from=node_day(node))
            if before.state in {State.ISSUED, State.SUSPENDED} and heir.state is not State.VOIDED:
                now = node.clock.now()
                uow.settle_succession(identifier)
                succession._end(uow, before, today, "reconciler", now)
                succession.take_over(uow, heir, before, "renewal", "reconciler", now)
            uow.commit()


def node_state(node, identifier):
    with node.registry.read() as session:
        return session.certificate(identifier).state


def test_every_succession_and_every_reach_is_in_order(versions):
    report = versions.audit()
    broken = [
        (item.name, one.code, one.subject, one.en)
        for item in report.invariants
        for one in item.violations
    ]
    assert broken == []


def test_clocks_of_duties_go_on_and_the_history_bears_witness_to_them(versions, tmp_path):
    """Whoever gives a holder more time behind the registry's back is found out."""
    kept = {
        clock
        for (clock,) in versions.rows("SELECT duties_since FROM certificates")
        if clock is not None
    }
    assert kept == {f'{{"credit-assessment":"{DAY.isoformat()}"}}'}
    tampered = Store.copy_of(versions.folder, tmp_path / "node")
    tampered.run("UPDATE certificates SET duties_since = NULL")
    found = {code for _, code in tampered.found()}
    assert found == {"row-changed"}
    unnamed = Store.copy_of(versions.folder, tmp_path / "unnamed")
    unnamed.run("UPDATE certificates SET holder_hash = ''")
    assert {code for _, code in unnamed.found()} == {"row-changed"}
