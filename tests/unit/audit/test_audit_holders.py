"""A holder's change, recorded by another department, breaks no invariant, and is missed in the feed."""

from contextlib import closing
from dataclasses import replace

from api.bootstrap import open_node
from api.demo.orders import PLANNING
from certlib.calendar import legal_day
from certlib.holder_changes import ChangeKind
from certlib.usecases.caller import REGISTRATION_SCOPES
from certlib.usecases.record_holders import HolderChangeRequest, VoidRequest
from tests.unit.audit.audit_store import Store, caller, settings


def _changed(store: Store) -> str:
    """The transport department's certificate; the planning department records, and errs."""
    target = store.names["valid"]
    with closing(open_node(settings(store.folder))) as node:
        with node.registry.read() as session:
            (holder,) = session.certificate(target).content.holders
        after = replace(holder, name=f"{holder.name}（集团）")
        today = legal_day(node.clock.now())
        change = HolderChangeRequest(
            ChangeKind.RENAMED, (holder,), (after,), today, "变更登记", "h-1"
        )
        registrar = replace(caller(PLANNING), scopes=frozenset(REGISTRATION_SCOPES))
        event = node.holders.record(registrar, change)["event_id"]
        node.holders.void(registrar, VoidRequest(event, "录入错误", "v-1"))
    return target


def test_a_holders_change_is_no_fault(store: Store) -> None:
    target = _changed(store)
    lines = store.rows("SELECT act FROM certificate_changes WHERE identifier = ?", target)
    assert {"holder-changed", "holder-change-voided"} <= {act for (act,) in lines}
    assert store.found() == set()


def test_its_line_is_missed(store: Store) -> None:
    target = _changed(store)
    store.run(
        "DELETE FROM certificate_changes WHERE act = 'holder-change-voided'"
        f" AND identifier = '{target}'"
    )
    assert ("INV-6", "not-in-feed") in store.found()
