"""Prepared queries: what SQLAlchemy's Core would have read, in its transaction, with its faults."""

import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Row,
    Table,
    bindparam,
    event,
    literal,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.visitors import iterate

import storage
from certlib.errors import Conflict, StoreUnavailable, Unsupported
from storage import EngineOptions
from storage.columns import Count, Day, Flag, Instant, KeyText, Sealed
from storage.engines import engines
from storage.prepared import Prepared
from storage.tables import AuditRow, CertificateRow, table
from tests.contract.conftest import Store
from tests.fakes import records

CERTIFICATES = table(CertificateRow)
HISTORY = table(AuditRow)
LISTED = Prepared(
    select(CERTIFICATES.c.identifier, CERTIFICATES.c.issue_date, CERTIFICATES.c.recorded_at)
    .where(CERTIFICATES.c.identifier.in_(bindparam("identifiers", expanding=True)))
    .where(CERTIFICATES.c.state.in_(["ISSUED", "SUSPENDED"]))
    .order_by(CERTIFICATES.c.identifier)
)
SINCE = Prepared(
    select(HISTORY.c.sequence)
    .where(HISTORY.c.at >= bindparam("at"))
    .where(HISTORY.c.target != bindparam("target"))
)


def _prepared() -> Iterator[tuple[str, Prepared]]:
    for found in pkgutil.iter_modules(storage.__path__):
        module = import_module(f"storage.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, Prepared):
                yield f"{found.name}.{name}", value


# --- the same rows ------------------------------------------------------------------------------


def test_every_query_reads_what_core_reads(store: Store) -> None:
    queries = dict(_prepared())
    assert len(queries) > 50
    differing, read = [], set()
    with _without_rules(store) as connection:
        for name, query in queries.items():
            with connection.begin_nested() as savepoint:
                for letter, number, sparse in (("x", 5001, False), ("y", 5002, True)):
                    _fill(connection, query, letter, number, sparse=sparse)
                    values = {
                        bind.key: _bound(bind, letter, number)
                        for bind in iterate(query.statement)
                        if isinstance(bind, BindParameter) and bind.required
                    }
                    ours = _shown(query.rows(connection, values))
                    cores = _shown(connection.execute(query.statement, values).fetchall())
                    if ours != cores:
                        differing.append((name, ours, cores))
                    if ours:
                        read.add(name)
                savepoint.rollback()
    assert differing == []
    assert queries.keys() - read == set()


def _shown(rows: Any) -> list[Any]:
    """Rows with the names and the types of what is in them."""
    return [
        (tuple(row._fields), tuple((type(value).__name__, value) for value in row)) for row in rows
    ]


@contextmanager
def _without_rules(store: Store) -> Iterator[Connection]:
    """A transaction of the owner's in which rows may be whatever they like."""
    engine = engines(EngineOptions(store.owner_url or store.url, timeout=5)).write
    with closing(engine.connect()) as connection:
        if store.path is not None:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("PRAGMA ignore_check_constraints=ON")
        connection.begin()
        if store.path is None:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            checks = text(
                "SELECT conrelid::regclass, conname FROM pg_constraint"
                " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            )
            for of, name in connection.execute(checks).fetchall():
                connection.execute(text(f"ALTER TABLE {of} DROP CONSTRAINT {name}"))
        yield connection
        connection.rollback()
    engine.dispose()


def _fill(
    connection: Connection, query: Prepared, letter: str, number: int, *, sparse: bool
) -> None:
    """One row in each table of a query, such that they belong together and are found."""
    parts = list(iterate(query.statement))
    wanted = dict(_constants(parts))
    tables = {part for part in parts if isinstance(part, Table)}
    tables |= {
        part.table for part in parts if isinstance(part, Column) and isinstance(part.table, Table)
    }
    for of in sorted(tables, key=lambda item: item.name):
        row = {
            column.name: wanted.get(column, _value(column.type, letter, number))
            for column in of.columns
        }
        if sparse:
            row |= {column.name: None for column in of.columns if column.nullable}
        if of.name == "audit_head":
            continue  # has its one row
        connection.execute(of.insert(), row)


def _constants(parts: list[Any]) -> Iterator[tuple[Any, Any]]:
    """What a query itself compares columns with."""
    for part in parts:
        if isinstance(part, BinaryExpression) and isinstance(part.right, BindParameter):
            bind = part.right
            value = bind.value
            if isinstance(value, list) and part.left.name == "state":  # one of several states
                value = next(iter(value))
            if not bind.required and isinstance(value, str):
                yield part.left, str(value)


def _value(kind: Any, letter: str, number: int) -> Any:
    match kind:
        case KeyText():
            return letter
        case Instant():
            return datetime(2026, 3, number - 5000, 8, 30, 15, tzinfo=UTC)
        case Day():
            return date(2026, 3, number - 5000)
        case Flag():
            return number == 5001
        case Sealed():
            return letter.encode()
        case _:
            return number


def _bound(bind: BindParameter[Any], letter: str, number: int) -> Any:
    if bind.key in {"after", "first"}:
        return 0 if isinstance(bind.type, Count) else ""
    if bind.key == "last":
        return "~"
    value = _value(bind.type, letter, number)
    if bind.expanding:
        return [letter]
    return number + 9 if bind.key in {"count", "most"} else value


@pytest.mark.parametrize("number", [0, 1, 3, 8, 9, 40])
def test_lists_of_any_length_read_the_same(store: Store, number: int) -> None:
    intents = [records.intent(count) for count in range(10)]
    store.publish(*intents)
    asked = [item.identifier for item in intents[:number]] + ["?"] * (number - 10)
    with _reading(store) as connection:
        values = {"identifiers": asked}
        ours = _shown(LISTED.rows(connection, values))
        assert ours == _shown(connection.execute(LISTED.statement, values).fetchall())
    assert len(ours) == min(number, 10)


def test_a_row_has_its_names(store: Store) -> None:
    intent = records.intent()
    store.publish(intent)
    with _reading(store) as connection:
        (row,) = LISTED.rows(connection, {"identifiers": [intent.identifier]})
    assert isinstance(row, Row)
    assert row.identifier == row[0] == intent.identifier
    assert row.recorded_at == records.AT


# --- the same transaction -----------------------------------------------------------------------


def test_a_unit_reads_what_it_wrote_and_a_snapshot_does_not(store: Store) -> None:
    intent = records.intent()
    store.reserve(intent)
    with store.registry.read() as session, store.registry.begin() as unit:
        assert session.certificate(intent.identifier) is None
        unit.publish([records.publication(intent)])
        assert unit.certificate(intent.identifier) is not None
        unit.commit()
        assert session.certificate(intent.identifier) is None
    with store.registry.read() as session:
        assert session.certificate(intent.identifier) is not None


def test_without_a_transaction_core_begins_one(store: Store) -> None:
    with closing(store.registry._engines.read.connect()) as connection:
        assert LISTED.rows(connection, {"identifiers": ["?"]}) == []
        assert connection.in_transaction()


def test_who_listens_hears_every_query(store: Store) -> None:
    asked: list[str] = []
    engine = store.registry._engines.read
    with _reading(store) as connection:
        event.listen(engine, "before_cursor_execute", lambda *sent: asked.append(sent[2]))
        LISTED.rows(connection, {"identifiers": ["?"]})
    assert len(asked) == 1


# --- the same faults ----------------------------------------------------------------------------


@contextmanager
def _reading(store: Store) -> Iterator[Connection]:
    with closing(store.registry._engines.read.connect()) as connection:
        connection.begin()
        yield connection


def test_an_instant_without_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 3, 1)
    with store.registry.read() as session, pytest.raises(Unsupported):
        session._link.fetch(SINCE, at=naive, target="")


def test_text_that_no_store_keeps_is_refused(store: Store) -> None:
    with store.registry.begin() as unit:
        with pytest.raises(Unsupported):
            unit._link.fetch(SINCE, at=records.AT, target="\ud800")
        # Half of a unit is never kept.
        with pytest.raises(Conflict):
            unit.commit()


def test_a_fault_of_the_engine_is_the_one_that_core_reports(store: Store) -> None:
    gone = Prepared(select(literal(1)).select_from(text("no_such_table")))
    caught = []
    for _ in range(2):
        with _reading(store) as connection, pytest.raises(DBAPIError) as raised:
            gone.rows(connection, {})
        caught.append(raised.value)
        with _reading(store) as connection, pytest.raises(DBAPIError) as raised:
            connection.execute(gone.statement)
        caught.append(raised.value)
    assert len({type(error) for error in caught}) == 1
    assert len({type(error.orig) for error in caught}) == 1
    assert not any(error.connection_invalidated for error in caught)
    with store.registry.read() as session, pytest.raises(StoreUnavailable) as refused:
        session._link.fetch(gone)
    code = "SQLITE_ERROR" if store.path is not None else "42P01"
    assert refused.value.values == {"what": code}


def test_a_connection_that_is_gone_is_used_no_more(store: Store) -> None:
    with _reading(store) as connection:
        LISTED.rows(connection, {"identifiers": ["?"]})
        if store.server is None:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.close()
        else:
            store.server.kill_sessions(store.database)
        with pytest.raises(DBAPIError) as raised:
            LISTED.rows(connection, {"identifiers": ["?"]})
        assert raised.value.connection_invalidated
        assert connection.invalidated
    with store.registry.read() as session:
        assert session.certificate("?") is None


def test_a_query_stopped_in_the_middle_leaves_no_connection_behind(store: Store) -> None:
    class Stopping:
        description = None

        def execute(self, *_: Any) -> None:
            raise KeyboardInterrupt

    with _reading(store) as connection:
        proxied = connection.connection
        proxied.cursor = lambda *_: Stopping()  # type: ignore[assignment,method-assign]
        with pytest.raises(KeyboardInterrupt):
            LISTED.rows(connection, {"identifiers": ["?"]})
        assert connection.invalidated
    with store.registry.read() as session:
        assert session.certificate("?") is None
