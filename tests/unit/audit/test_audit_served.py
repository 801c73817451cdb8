"""A suspension that ended by itself and is followed by another one breaks no invariant."""

from contextlib import closing
from datetime import timedelta

from api.bootstrap import open_node
from certlib.calendar import legal_day
from certlib.certificate import Decision
from certlib.states import Action
from certlib.usecases.change_state import ChangeRequest
from tests.unit.audit.audit_store import Store, caller, settings


def test_its_end_is_a_step_like_any_other(store: Store) -> None:
    target = store.names["valid"]
    with closing(open_node(settings(store.folder))) as node:
        today = legal_day(node.clock.now())
        with node.registry.read() as session:
            begins = session.certificate(target).begins
        first = Decision(
            Action.SUSPEND, "withheld", begins, "法", "1号", "机关",
            until=today - timedelta(days=1), automatic=True,
        )  # fmt: skip
        second = Decision(Action.SUSPEND, "withheld", today, "法", "2号", "机关")
        for key, decision in enumerate((first, second)):
            node.change.change(caller(), ChangeRequest(target, decision, f"served-{key}"))
    lines = store.rows("SELECT act FROM certificate_changes WHERE identifier = ?", target)
    assert [act for (act,) in lines][-3:] == ["suspend", "restore", "suspend"]
    assert store.found() == set()
