"""The auditor only reads, tolerates what is under way, and says when it cannot audit."""

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from api.audit import CannotAudit, Report, audit
from api.audit.transitions import TABLE
from certlib.states import TRANSITIONS
from storage.encryption import Place
from tests.fakes.postgres import CannotStart, PostgresServer
from tests.unit.audit.audit_store import Store, found_store


def test_every_invariant_holds_in_a_clean_store(store: Store):
    """Green, and each invariant has looked at something."""
    report = store.audit()
    assert report.green
    assert [item.name for item in report.invariants] == [f"INV-{n}" for n in range(1, 15)]
    assert [item.name for item in report.invariants if not item.checked] == []
    counts = report.counts
    assert (counts.certificates, counts.pending, counts.objects, counts.unsealed) == (8, 1, 8, 2)


def test_an_intent_under_way_may_have_its_object(store: Store):
    """A crash, or the blink of an eye, between storing and publishing is no orphan."""
    query = "SELECT storage_key FROM intents WHERE identifier = ?"
    path = store.object_path(f"{store.value(query, store.names['pending'])}.0")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed, not yet published")
    assert store.audit().green


def test_an_unfinished_write_is_no_object(store: Store):
    """What lies in `incoming` belongs to a writer that may be alive."""
    (store.objects / "incoming" / "half.1.2.3").write_bytes(b"half")
    assert store.audit().green


def test_nothing_is_written(store: Store):
    """Database and objects are the same octets after an audit."""
    before = _octets(store.folder)
    store.audit()
    assert _octets(store.folder) == before


def test_a_writer_is_neither_hindered_nor_awaited(store: Store):
    """With a write transaction open the audit still answers, from before it."""
    with closing(sqlite3.connect(store.database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE certificates SET state = 'VOIDED'")
        assert store.audit().green
        writer.execute("ROLLBACK")


def test_quick_leaves_seals_out_and_digests_in(store: Store):
    """`--quick` believes a seal, never a digest."""
    store.put_file("valid", store.file_of("valid") + b"\n")
    report = audit(replace(store.options, quick=True))
    assert "seal" not in _codes(report)
    store.set("certificate_files", f"sha256 = '{'0' * 64}'", "valid")
    assert "digest" in _codes(audit(replace(store.options, quick=True)))


@pytest.mark.parametrize("missing", ["database", "objects", "key"])
def test_what_cannot_be_read_is_no_finding(store: Store, missing: str):
    """A fault of ours is neither green nor red."""
    options = {
        "database": replace(store.options, database="sqlite:////nowhere/certlib.sqlite"),
        "objects": replace(store.options, objects=Path("/nowhere")),
        "key": replace(store.options, keys=(Path("/nowhere/kek"),)),
    }[missing]
    with pytest.raises(CannotAudit):
        audit(options)


def test_a_database_that_is_none_cannot_be_audited(store: Store):
    """Other bytes in the database's place, and an empty database."""
    store.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(CannotAudit):
        store.audit()
    store.database.unlink()
    sqlite3.connect(store.database).close()
    store.database.touch()
    with pytest.raises(CannotAudit):
        store.audit()


def test_a_wrong_key_opens_nothing(store: Store):
    """With another key-encryption key every sealed value is a violation, and none is a crash."""
    (store.folder / "secrets" / "kek").write_text("00" * 32)
    assert ("INV-2", "does-not-open") in store.found()


def test_a_key_of_another_form_cannot_be_used(store: Store):
    """Too short, or no hexadecimal."""
    for text in ("00" * 16, "certlib"):
        (store.folder / "secrets" / "kek").write_text(text)
        with pytest.raises(CannotAudit):
            store.audit()


def test_the_report_says_nothing_of_a_holder(store: Store):
    """Identifiers, object names, numbers: all that JSON may show."""
    store.object_path(store.object_name("valid")).unlink()
    said = store.audit().as_json()
    found = next(item for item in said["invariants"] if item["invariant"] == "INV-2")
    assert said["green"] is False
    assert found["violations"] == [
        {
            "subject": store.names["valid"],
            "code": "no-object",
            "text": {"zh": "登记的文件不存在", "en": "the recorded object does not exist"},
        }
    ]


def test_its_own_table_of_states_says_what_the_domain_says():
    """Two tables written apart: a change of one must be made in the other, knowingly."""
    domain = {(state.value, action.value): to for (state, action), to in TRANSITIONS.items()}
    assert {key: to.value for key, to in domain.items()} == TABLE


def test_postgresql_is_audited_as_sqlite_is(tmp_path: Path):
    """Green on a clean store, red on a planted change, through another plain driver."""
    try:
        server = PostgresServer()
    except CannotStart as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL cannot run here: {reason}")
    try:
        url = server.url(server.database())
        found_store(tmp_path, url)
        key = tmp_path / "secrets" / "kek"
        store = Store(tmp_path, {})
        options = replace(store.options, database=url, keys=(key,))
        report = audit(options)
        # The tests' server syncs nothing to disk, and the audit says so.
        assert _codes(report) == {"not-durable"}
        assert report.counts.certificates == 8
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE audit_history DISABLE TRIGGER ALL")
            connection.execute("UPDATE audit_history SET actor = 'nobody' WHERE sequence = 3")
            connection.execute("UPDATE certificates SET valid_to = '2099-12-31'")
            connection.execute("ALTER TABLE history_batches DISABLE TRIGGER ALL")
            connection.execute("UPDATE history_batches SET token = '' WHERE number = 1")
        assert _codes(audit(options)) == {
            "not-durable",
            "changed",
            "columns",
            "batch-root",
            "batch-timestamp",
            "batch-differs",
            "row-changed",
        }
        with psycopg.connect(url) as connection:
            for statement in _PLANTED_LATER:
                connection.execute(statement.encode())
            row = connection.execute("SELECT identifier, code FROM certificate_holders").fetchone()
            assert row is not None
            place = Place("certificate_holders", "code", f"{row[0]}\x1f0")
            connection.execute(_LEAKING, (store.cipher.open_text(bytes(row[1]), place),))
        assert _codes(audit(options)) >= {
            "feed-differs",
            "not-announced",
            "other-department",
            "kept-outside",
            "personal-data",
            "lease-left",
            "row-gone",
            "row-unknown",
        }
    finally:
        server.stop()


_PLANTED_LATER = (
    "ALTER TABLE certificate_changes DISABLE TRIGGER ALL",
    "UPDATE certificate_changes SET act = 'restore' WHERE act = 'revoke'",
    "DELETE FROM outbox WHERE event_id LIKE '%:2'",
    "UPDATE clients SET department_code = '11445200990090016H'",
    "UPDATE intents SET lease_until = '2020-01-01T00:00:00Z' WHERE status = 'pending'",
    "DELETE FROM face_numbers WHERE number_hash = (SELECT MIN(number_hash) FROM face_numbers)",
)
_LEAKING = """
INSERT INTO restrictions (identifier, kind, authority, document_number, effective_from)
SELECT identifier, 'seized', '', %s, '2026-01-01' FROM certificates LIMIT 1
"""


def _codes(report: Report) -> set[str]:
    return {one.code for item in report.invariants for one in item.violations}


def _octets(folder: Path) -> dict[str, str]:
    # SQLite keeps locks in the shared-memory file; it holds no data.
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }
