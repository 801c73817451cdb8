"""The audit history: without a gap, chained, in the transaction of the act, never changed."""

import hashlib
import json
import sqlite3
import threading
from itertools import pairwise

import psycopg
import pytest

from certlib.canonical import digest
from certlib.errors import Corrupt, Unsupported
from certlib.registry import AuditRecord
from tests.contract.conftest import Store
from tests.fakes import records

_REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)


def _append(store: Store, *targets: str) -> None:
    with store.registry.begin() as unit:
        unit.append_audit([records.audit(target) for target in targets])
        unit.commit()


def _trail(store: Store) -> list[AuditRecord]:
    with store.registry.read() as session:
        return list(session.audit_trail(limit=100_000))


def _acts(store: Store) -> list[AuditRecord]:
    """Without what the history says of rows."""
    return [record for record in _trail(store) if record.target != "rows"]


def _check(trail: list[AuditRecord]) -> None:
    assert [record.sequence for record in trail] == list(range(1, len(trail) + 1))
    assert all(record.digest == digest(record.canonical_line()) for record in trail)
    assert all(one.digest == two.previous for one, two in pairwise(trail))
    assert not trail or trail[0].previous == ""


def test_records_are_chained_in_the_order_of_their_units(store: Store) -> None:
    _append(store, "a", "b")
    _append(store, "c")
    assert [record.target for record in _acts(store)] == ["a", "b", "c"]
    _check(_trail(store))


def test_a_plain_reader_recomputes_the_chain_as_documented(store: Store) -> None:
    """docs/storage.md, without a line of ours but the driver."""
    _append(store, "目标")
    at = "at" if store.engine == "sqlite" else 'to_char(at, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
    (*_, row) = store.rows(
        f"SELECT sequence, {at}, actor, act, target, details, previous, digest FROM audit_history "
        "ORDER BY sequence"
    )
    line = dict(
        zip(("sequence", "at", "actor", "act", "target", "details", "previous"), row, strict=False)
    )
    line["details"] = json.loads(row[5])
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == row[7]
    assert store.rows("SELECT id, sequence, digest FROM audit_head") == [(1, row[0], row[7])]


def test_a_unit_without_commit_leaves_no_gap(store: Store) -> None:
    _append(store, "a")
    with store.registry.begin() as unit:
        unit.append_audit([records.audit("lost")])
    _append(store, "b")
    assert [record.target for record in _acts(store)] == ["a", "b"]
    _check(_trail(store))


def test_eight_threads_leave_no_gap(store: Store) -> None:
    """INV-7, while half of the units roll back."""

    def work(number: int) -> None:
        for step in range(10):
            with store.registry.begin() as unit:
                unit.append_audit([records.audit(f"{number}-{step}"), records.audit(f"{number}")])
                if step % 2 == 0:
                    unit.commit()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_acts(store)) == 8 * 5 * 2
    _check(_trail(store))
    with store.registry.read() as session:
        assert len(session.history_of("3")) == 5


def test_history_of_one_target_and_pages(store: Store) -> None:
    before = len(_trail(store))
    _append(store, "a", "b", "a", "c")
    with store.registry.read() as session:
        assert [record.sequence - before for record in session.history_of("a")] == [1, 3]
        page = session.audit_trail(after=before + 1, limit=2)
        assert [record.sequence - before for record in page] == [2, 3]
        assert session.history_of("x") == []


def test_details_survive_and_must_be_canonical(store: Store) -> None:
    details = {"名": "值", "n": [1, None, True], "o": {"b": 1, "a": "\u2028"}}
    with store.registry.begin() as unit:
        unit.append_audit([records.audit(details=details)])
        with pytest.raises(Unsupported):
            unit.append_audit([records.audit(details={"rate": 0.5})])
        unit.commit()
    (record,) = _acts(store)
    assert record.details == details
    _check(_trail(store))


@pytest.mark.parametrize("act", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["audit_history", "state_changes"])
def test_history_cannot_be_changed_by_any_connection(store: Store, table: str, act: str) -> None:
    store.publish(records.intent(1))
    _append(store, "a")
    with store.raw() as connection, pytest.raises(_REFUSED, match="append-only"):
        connection.execute(act.format(table))
    _check(_trail(store))


@pytest.mark.parametrize("table", ["intents", "certificates", "certificate_files", "audit_head"])
def test_what_must_stay_known_cannot_be_deleted(store: Store, table: str) -> None:
    store.publish(records.intent(1))
    with store.raw() as connection, pytest.raises(_REFUSED):
        connection.execute(f"DELETE FROM {table}")


def test_truncate_is_refused_too(postgres_store: Store) -> None:
    with postgres_store.raw() as connection, pytest.raises(_REFUSED):
        connection.execute("TRUNCATE audit_history CASCADE")


def test_no_head_no_act(store: Store) -> None:
    store.run("DROP TRIGGER audit_head_no_delete" + _on(store, "audit_head"))
    store.run("DELETE FROM audit_head")
    with store.registry.begin() as unit:
        unit.reserve([records.intent(1)])
        unit.append_audit([records.audit()])
        with pytest.raises(Corrupt):
            unit.commit()
    with store.registry.read() as session:
        assert session.pending_intents() == []


def _on(store: Store, table: str) -> str:
    return "" if store.engine == "sqlite" else f" ON {table}"
