"""Revision 0007 on a database in use: nothing that was there is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from storage.engines import EngineOptions, engines
from storage.migrations import configuration
from tests.fakes.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An open transaction on a database of revision 0006."""
    server: PostgresServer | None = None
    name, url = "", f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = server.database()
        url = server.url(name)
    made = engines(EngineOptions(url))
    with made.write.connect() as opened:
        command.upgrade(configuration(opened), "0006")
        yield opened
    made.close()
    if server is not None:
        server.drop(name)


def test_the_issue_list_is_kept_as_own_powers(before: Connection) -> None:
    before.execute(
        text(
            "INSERT INTO issue_list (type_code, issuer_code, effective_from, effective_to, basis)"
            " VALUES ('t', 'a', '2026-01-01', NULL, '依据'),"
            " ('t', 'a', '2020-01-01', '2025-12-31', ''), ('u', 'b', '2017-01-01', NULL, '法')"
        )
    )
    command.upgrade(configuration(before), "head")
    rows = before.execute(
        text(
            "SELECT type_code, issuer_code, principal_code, CAST(effective_from AS TEXT),"
            " CAST(effective_to AS TEXT), basis, capacity, row_version"
            " FROM issue_list ORDER BY 1, 2, 4"
        )
    ).fetchall()
    assert [tuple(row) for row in rows] == [
        ("t", "a", "", "2020-01-01", "2025-12-31", "", "own", 1),
        ("t", "a", "", "2026-01-01", None, "依据", "own", 1),
        ("u", "b", "", "2017-01-01", None, "法", "own", 1),
    ]
