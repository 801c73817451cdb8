"""Revisions on a database in use: applications, states and holders go on saying what they said."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, bindparam, text

from storage.columns import Day
from storage.engines import EngineOptions, engines
from storage.migrations import configuration
from storage.status_sql import UNTOUCHED_SQL
from tests.fakes.postgres import PostgresServer

_STATES = {"a": "ISSUED", "b": "SUSPENDED", "c": "ISSUED", "d": "DEREGISTERED"}


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An open transaction on a database of revision 0005."""
    server: PostgresServer | None = None
    name, url = "", f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = server.database()
        url = server.url(name)
    made = engines(EngineOptions(url))
    with made.write.connect() as opened:
        command.upgrade(configuration(opened), "0005")
        if request.param == "postgresql":
            # What the rows hang on is of no interest here.
            opened.execute(text("SET session_replication_role = replica"))
        else:
            opened.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield opened
    made.close()
    if server is not None:
        server.drop(name)


def _insert(connection: Connection, into: str, **values: object) -> None:
    blob = "''::bytea" if connection.dialect.name == "postgresql" else "x''"
    columns = {"content": blob, "code": blob, "name": blob}
    names = ", ".join(values)
    shown = ", ".join(columns.get(name, f":{name}") for name in values)
    plain = {name: value for name, value in values.items() if name not in columns}
    connection.execute(text(f"INSERT INTO {into} ({names}) VALUES ({shown})"), plain)


def _certificate(connection: Connection, name: str, pending: str | None) -> None:
    no = False if connection.dialect.name == "postgresql" else 0
    _insert(
        connection, "certificates", identifier=name, state=_STATES[name], valid_from="2026-01-01",
        valid_to="2027-01-01", type_code="t", issuer_code="i", row_version=3,
        renewal_pending_since=pending, changed_at="2026-03-02T00:00:00Z", serial="s",
        version="001", type_version="1", division_code="445200", form="original",
        issue_date="2026-01-01", recorded_at="2026-01-01T00:00:00Z", supersedes="",
        superseded_by="", paper="none", demonstration=no, target_level="B-T", reached_level="B-T",
        storage_key="k", template_digest="", fonts_digest="", typst_digest="", content_digest="",
        content=None,
    )  # fmt: skip
    _insert(
        connection, "certificate_holders", identifier=name, position=0,
        code_type="111" if name == "b" else "001", code_hash="h", code=None,
    )  # fmt: skip


def _step(connection: Connection, name: str, sequence: int, action: str, day: str) -> None:
    _insert(
        connection, "state_changes", identifier=name, sequence=sequence, action=action,
        reason_code=f"{action}-reason", effective_from=day, legal_basis="", document_number="",
        authority="", from_state="ISSUED", to_state="ISSUED", recorded_at="2026-01-01T00:00:00Z",
        actor="o",
    )  # fmt: skip


def test_a_certificate_of_before_answers_as_it_did(before: Connection) -> None:
    """It names no sole holder, so the look-up asks its holders themselves."""
    command.upgrade(configuration(before), "0013")
    _certificate(before, "a", None)
    day = {"identifier": "a", "today": date(2026, 6, 1)}
    command.upgrade(configuration(before), "head")
    status = text(UNTOUCHED_SQL).bindparams(bindparam("today", type_=Day))
    assert before.execute(status, day).one()[-1] is None
    _insert(
        before, "holder_change_parties", event_id="e", role="before", position=0, code_type="001",
        code_hash="h", code=None, name_hash="n", name=None,
    )  # fmt: skip
    assert before.execute(status, day).one()[-1] == "?"


def test_nothing_that_was_there_is_lost(before: Connection) -> None:
    for name, pending in (("a", None), ("b", None), ("c", "2026-02-01"), ("d", None)):
        _certificate(before, name, pending)
        _step(before, name, 1, "seal", "2026-01-01")
    _step(before, "b", 2, "suspend", "2026-02-02")
    _step(before, "d", 2, "revoke", "2026-02-03")
    _step(before, "d", 3, "deregister", "2026-02-04")
    command.upgrade(configuration(before), "0006")
    standing = before.execute(
        text(
            "SELECT identifier, action, reason_code, CAST(begins AS TEXT),"
            " CAST(effective_from AS TEXT), until, automatic, personal, granted_on, results"
            " FROM certificate_standing ORDER BY 1"
        )
    ).fetchall()
    assert [tuple(row) for row in standing] == [
        ("b", "suspend", "suspend-reason", "2026-01-01", "2026-02-02", None, 0, 1, None, "[]"),
        ("c", "seal", "seal-reason", "2026-01-01", "2026-01-01", None, 0, 0, None, "[]"),
        (
            "d",
            "deregister",
            "deregister-reason",
            "2026-01-01",
            "2026-02-04",
            None,
            0,
            0,
            None,
            "[]",
        ),
    ]
    renewals = before.execute(
        text(
            "SELECT identifier, sequence, CAST(applied_on AS TEXT), outcome FROM renewal_applications"
        )
    ).fetchall()
    assert [tuple(row) for row in renewals] == [("c", 1, "2026-02-01", None)]
