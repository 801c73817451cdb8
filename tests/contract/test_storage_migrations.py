"""Migrations and tables say the same; upgrading is safe to repeat and to interrupt."""

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from certlib.errors import Corrupt, StoreUnavailable
from storage.engines import EngineOptions, engines
from storage.migrations import configuration, newest, upgrade
from storage.roles import RIGHTS
from storage.tables import Row
from tests.fakes.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.database()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def connection(empty_url: str):
    made = engines(EngineOptions(empty_url))
    with made.write.connect() as opened:
        yield opened
    made.close()


def _shape(connection: Connection) -> dict[str, object]:
    """What `compare_metadata` does not look at: CHECKs, primary keys, foreign keys."""
    seen = inspect(connection)
    return {
        table: (
            sorted(
                (check["name"], check["sqltext"]) for check in seen.get_check_constraints(table)
            ),
            seen.get_pk_constraint(table),
            sorted(str(key) for key in seen.get_foreign_keys(table)),
            sorted(str(unique) for unique in seen.get_unique_constraints(table)),
            [(column["name"], str(column["type"])) for column in seen.get_columns(table)],
        )
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_an_upgrade_from_empty_equals_the_tables(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")
    assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    migrated = _shape(connection)
    connection.rollback()
    Row.metadata.create_all(connection)
    assert migrated == _shape(connection)
    assert set(migrated) == set(Row.metadata.tables)


def test_every_table_has_its_rights_named() -> None:
    """Default deny: a table without a line in `storage.roles.RIGHTS` nobody may even read."""
    assert set(RIGHTS) == set(Row.metadata.tables)
    for table, rights in RIGHTS.items():
        named = rights.update if isinstance(rights.update, tuple) else ()
        assert set(named) <= set(Row.metadata.tables[table].columns.keys())


def test_there_is_one_newest_revision(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")
    assert MigrationContext.configure(connection).get_current_heads() == (newest(),)


def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)


def test_an_interrupted_upgrade_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing: the next start begins from empty and succeeds."""
    real = command.upgrade

    def dying(*args: object) -> None:
        real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", dying)
    with pytest.raises(KeyboardInterrupt):
        upgrade(empty_url)
    made = engines(EngineOptions(empty_url))
    with made.read.connect() as opened:
        assert inspect(opened).get_table_names() == []
    made.close()
    monkeypatch.undo()
    upgrade(empty_url)


def test_a_schema_of_a_later_release_is_left_alone(connection: Connection, empty_url: str) -> None:
    command.upgrade(configuration(connection), "head")
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    with pytest.raises(Corrupt) as caught:
        upgrade(empty_url)
    assert caught.value.values == {"what": "schema revision"}


def test_two_that_start_together_migrate_one_after_the_other(empty_url: str) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        try:
            upgrade(empty_url)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test must see it
            faults.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        upgrade(f"sqlite:///{tmp_path}/missing/registry.db")
