"""Least rights: the service cannot rewrite what happened, whatever it is made to send."""

from collections.abc import Callable

import psycopg
import pytest

from api.cli.app import main
from certlib.errors import StoreUnfit
from storage import EngineOptions, StatusReader, roles
from storage.migrations import upgrade
from storage.tables import Row
from tests.contract.conftest import Store
from tests.fakes import records
from tests.fakes.postgres import PostgresServer

DENIED = psycopg.errors.InsufficientPrivilege
HISTORY = ("audit_history", "state_changes", "certificate_files", "history_batches")


@pytest.fixture
def connect(postgres_store: Store) -> Callable[[str], psycopg.Connection]:
    """A login of each kind, on a database with a certificate."""
    store = postgres_store
    store.publish(records.intent(1))
    with store.registry.begin() as unit:
        unit.append_audit([records.audit()])
        unit.commit()
    opened: list[psycopg.Connection] = []

    def connected(login: str) -> psycopg.Connection:
        made = psycopg.connect(store.server.url(store.database, login), autocommit=True)
        opened.append(made)
        return made

    yield connected
    for one in opened:
        one.close()


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("act", [
    "UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE", "DROP TABLE {0} CASCADE",
    "ALTER TABLE {0} DISABLE TRIGGER ALL", "DROP TRIGGER {0}_no_update ON {0}",
])  # fmt: skip
def test_history_cannot_be_rewritten_by_the_service(connect, table: str, act: str) -> None:
    column = Row.metadata.tables[table].columns.keys()[0]
    with pytest.raises(DENIED):
        connect("service").execute(act.format(table, column).encode())


@pytest.mark.parametrize("act", [
    "UPDATE certificates SET content = content", "UPDATE certificates SET identifier = identifier",
    "UPDATE certificates SET issuer_code = 'x'", "UPDATE certificates SET valid_to = NULL",
    "UPDATE certificates SET duties_since = NULL", "UPDATE certificates SET holder_hash = ''",
    "DELETE FROM certificates", "DELETE FROM intents", "UPDATE intents SET content = content",
    "UPDATE intents SET storage_key = storage_key", "UPDATE type_versions SET definition = ''",
    "DELETE FROM certificate_holders", "UPDATE holder_names SET name_hash = ''",
    "DELETE FROM audit_head", "INSERT INTO audit_head VALUES (1, 0, '')",
    "DELETE FROM clients", "DELETE FROM departments", "DELETE FROM outbox",
    "CREATE TABLE mine (a int)", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "UPDATE alembic_version SET version_num = '0001'", "SET ROLE certlib", "CREATE ROLE more",
    "ALTER ROLE service SUPERUSER", "SET session_replication_role = replica",
    "COPY certificates TO PROGRAM 'cat'", "SELECT pg_read_file('/etc/passwd')",
])  # fmt: skip
def test_the_service_has_no_other_rights_than_its_acts_need(connect, act: str) -> None:
    with pytest.raises(DENIED):
        connect("service").execute(act.encode())


def test_the_auditor_reads_everything_and_writes_nothing(connect) -> None:
    auditor = connect("auditor")
    for table in Row.metadata.tables:
        auditor.execute(f"SELECT * FROM {table} LIMIT 1".encode())
        with pytest.raises(DENIED):
            auditor.execute(f"DELETE FROM {table}".encode())
    with pytest.raises(DENIED):
        auditor.execute("INSERT INTO departments VALUES ('a', 'b', 'c', 'd', 'e')")


def test_the_public_look_up_sees_no_holder_and_no_content(connect, postgres_store: Store) -> None:
    store = postgres_store
    url = store.server.url(store.database, "public_status")
    reader = StatusReader(EngineOptions(url), store.clock)
    assert reader.status(records.identifier(1)) == store.reader.status(records.identifier(1))
    reader.close()
    public = connect("public_status")
    for what in (
        "content FROM certificates", "* FROM certificate_holders", "* FROM holder_names",
        "secret_hash FROM clients", "document_number FROM restrictions", "* FROM audit_history",
    ):  # fmt: skip
        with pytest.raises(DENIED):
            public.execute(f"SELECT {what}".encode())
    with pytest.raises(DENIED):
        public.execute("UPDATE certificates SET state = 'VALID'")


def test_a_login_of_no_group_sees_nothing(connect, postgres: PostgresServer) -> None:
    postgres.login("stranger", "")
    stranger = connect("stranger")
    for table in Row.metadata.tables:
        with pytest.raises(DENIED):
            stranger.execute(f"SELECT 1 FROM {table}".encode())


def test_setting_roles_again_and_upgrading_again_change_nothing(postgres_store: Store) -> None:
    store = postgres_store
    shown = "SELECT relname, relacl::text FROM pg_class WHERE relkind = 'r' ORDER BY relname"
    before = store.rows(shown)
    roles.apply(store.owner_url)
    upgrade(store.owner_url)
    assert store.rows(shown) == before


def test_a_new_table_has_its_rights_after_the_upgrade(postgres_store: Store) -> None:
    """An upgrade grants anew, so nobody has to remember to."""
    store = postgres_store
    store.run("REVOKE ALL ON departments FROM certlib_application")
    store.run("UPDATE alembic_version SET version_num = '0010'")
    for table in ("object_locks_due", "sealing_stops", "seal_care"):
        store.run(f"DROP TABLE {table}")
    store.run("DROP TRIGGER certificate_files_no_update ON certificate_files")
    for column in ("duties_since", "holder_hash"):
        store.run(f"ALTER TABLE certificates DROP COLUMN {column}")
    for table in ("intents", "form_intents"):
        store.run(f"ALTER TABLE {table} DROP COLUMN faults")
    upgrade(store.owner_url)
    with store.registry.read() as session:
        assert session.departments() == []
        assert session.locks_due(1) == []


def test_the_service_cannot_upgrade_and_says_who_can(postgres_store: Store) -> None:
    store = postgres_store
    upgrade(store.url)
    store.run("UPDATE alembic_version SET version_num = '0010'")
    with pytest.raises(StoreUnfit) as caught:
        upgrade(store.url)
    assert "CERTLIB_MIGRATION_URL" in caught.value.en_text
    with pytest.raises(StoreUnfit):
        roles.apply(store.url)


def test_sqlite_has_no_roles(tmp_path) -> None:
    with pytest.raises(StoreUnfit):
        roles.apply(f"sqlite:///{tmp_path}/x.db")


def test_the_script_does_the_same(
    postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `certlib database roles` prints, run by hand."""
    name = postgres.database()
    upgrade(postgres.url(name))
    assert main(["database", "roles"]) == 0
    printed = capsys.readouterr().out
    shown = "SELECT relname, relacl::text FROM pg_class WHERE relkind = 'r' ORDER BY relname"
    with psycopg.connect(postgres.url(name), autocommit=True) as owner:
        owner.execute(printed.encode())
        by_script = owner.execute(shown).fetchall()
        roles.apply(postgres.url(name))
        assert owner.execute(shown).fetchall() == by_script
    postgres.drop(name)


def test_the_command_upgrades_and_sets_roles(
    postgres: PostgresServer, tmp_path, monkeypatch
) -> None:
    name = postgres.database()
    monkeypatch.setenv("CERTLIB_DATABASE_URL", postgres.url(name, "service"))
    monkeypatch.setenv("CERTLIB_MIGRATION_URL", postgres.url(name))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    for command in (["upgrade"], ["roles", "--apply"], ["roles", "--apply"], ["upgrade"]):
        assert main(["database", *command]) == 0
    with psycopg.connect(postgres.url(name, "service")) as service:
        assert service.execute("SELECT count(*) FROM certificates").fetchone() == (0,)
    postgres.drop(name)
