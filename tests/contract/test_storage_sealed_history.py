"""Sealed batches: kept for ever, one for each number, and what no seal covers is told."""

import sqlite3
from dataclasses import replace

import psycopg
import pytest

from certlib.errors import Conflict, Corrupt
from certlib.registry import BatchHeader, HistoryTail, SealedBatch
from tests.contract.conftest import Store
from tests.fakes import records

_REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)
HEADER = BatchHeader(
    number=1,
    first=1,
    last=2,
    root="1" * 64,
    head="2" * 64,
    previous="",
    sealed_at=records.AT,
    node="445200",
    certificate="3" * 64,
)
BATCH = SealedBatch(HEADER, b"certificate", b"signature", b"token")


def _add(store: Store, batch: SealedBatch) -> None:
    with store.registry.begin() as unit:
        unit.add_batch(batch)
        unit.commit()


def _append(store: Store, *targets: str) -> None:
    with store.registry.begin() as unit:
        unit.append_audit([records.audit(target, at=store.clock.at) for target in targets])
        unit.commit()


def _tail(store: Store) -> HistoryTail:
    with store.registry.read() as session:
        return session.history_tail()


@pytest.fixture
def before(store: Store) -> int:
    """How many records the store was made with."""
    return _tail(store).records


def test_a_batch_comes_back_as_it_was_given(store: Store) -> None:
    _add(store, BATCH)
    second = replace(HEADER, number=2, first=3, last=3, previous=BATCH.digest)
    _add(store, replace(BATCH, header=second))
    with store.registry.read() as session:
        assert session.last_batch() == replace(BATCH, header=second)
        assert session.batches() == [BATCH, replace(BATCH, header=second)]
        assert session.batches(after=1) == [replace(BATCH, header=second)]
        assert session.batches(limit=1) == [BATCH]
        assert session.batches(after=2) == []


def test_no_batch_yet(store: Store) -> None:
    with store.registry.read() as session:
        assert session.last_batch() is None


@pytest.mark.parametrize(
    "second", [HEADER, replace(HEADER, number=2), replace(HEADER, first=3, last=3)]
)
def test_records_are_sealed_once(store: Store, second: BatchHeader) -> None:
    _add(store, BATCH)
    with pytest.raises(Conflict):
        _add(store, replace(BATCH, header=second, token=b"another"))
    with store.registry.read() as session:
        assert session.batches() == [BATCH]


def test_the_tail_is_what_no_seal_covers(store: Store, before: int) -> None:
    _append(store, "a")
    store.clock.move(seconds=5)
    _append(store, "b", "c")
    tail = _tail(store)
    assert (tail.batches, tail.records) == (0, before + 3)
    _add(store, replace(BATCH, header=replace(HEADER, last=before + 1)))
    assert _tail(store) == HistoryTail(1, 2, store.clock.at)
    _add(store, replace(BATCH, header=replace(HEADER, number=2, first=before + 2, last=before + 3)))
    assert _tail(store) == HistoryTail(2, 0, None)


@pytest.mark.parametrize(
    "act", ["UPDATE history_batches SET digest = digest", "DELETE FROM history_batches"]
)
def test_a_batch_cannot_be_changed_by_any_connection(store: Store, act: str) -> None:
    _add(store, BATCH)
    with store.raw() as connection, pytest.raises(_REFUSED, match="append-only"):
        connection.execute(act)


def test_batches_cannot_be_truncated(postgres_store: Store) -> None:
    _add(postgres_store, BATCH)
    with postgres_store.raw() as connection, pytest.raises(_REFUSED):
        connection.execute("TRUNCATE history_batches")


@pytest.mark.parametrize("header", ["", "[]", "{}", '{"batch": 1}'])
def test_a_spoiled_header_is_named(store: Store, header: str) -> None:
    _add(store, BATCH)
    where = "" if store.engine == "sqlite" else " ON history_batches"
    store.run(f"DROP TRIGGER history_batches_no_update{where}")
    store.run("UPDATE history_batches SET header = ?", header)
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.last_batch()
