"""A node of the release before: upgraded, it has every certificate, and keeps every promise."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from api.audit import AuditOptions, Trust, audit
from certlib.certificate import Decision
from certlib.registry import IntentStatus
from certlib.states import Action
from storage import EngineOptions, SqlRegistry, StatusReader, roles
from storage.engines import engines
from storage.migrations import newest, upgrade
from tests.fakes.postgres import PostgresServer
from tests.fakes.servers import started
from tests.fakes.world import FixedClock
from tests.migration.release import Release

ARCHIVE = Path(__file__).with_name("release_0003.tar.xz")


@pytest.fixture(scope="module")
def release() -> Release:
    return Release.read(ARCHIVE)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with started(lambda: PostgresServer(durable=True)) as made:
        yield made


@pytest.fixture(scope="module")
def filled(release: Release, server: PostgresServer) -> str:
    """A database of that release, to be copied."""
    name = server.database()
    release.fill(server.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, release: Release, tmp_path: Path) -> str:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path}/certlib.sqlite"
        release.fill(made)
        return made
    server = request.getfixturevalue("server")
    return server.url(server.database(request.getfixturevalue("filled")))


@dataclass
class Upgraded:
    """Opened as a node opens it."""

    registry: SqlRegistry
    status: StatusReader


@pytest.fixture
def upgraded(url: str, release: Release) -> Iterator[Upgraded]:
    upgrade(url)
    with ExitStack() as stack:
        registry = SqlRegistry(EngineOptions(url), release.cipher(), FixedClock())
        status = StatusReader(EngineOptions(url), FixedClock())
        stack.callback(registry.close)
        stack.callback(status.close)
        registry.check_key()
        registry.take_baseline()  # as a node does when it opens
        yield Upgraded(registry, status)


def _dump(url: str) -> dict[str, object]:
    """Every table with its shape and rows, every trigger."""
    made = engines(EngineOptions(url))
    with made.read.connect() as connection:
        seen = inspect(connection)
        found: dict[str, object] = {
            name: (
                [str(column) for column in seen.get_columns(name)],
                sorted(str(row) for row in connection.execute(text(f"SELECT * FROM {name}"))),
                sorted(str(index) for index in seen.get_indexes(name)),
            )
            for name in seen.get_table_names()
        }
        triggers = (
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            if url.startswith("postgresql")
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        found["triggers"] = sorted(connection.scalars(text(triggers)))
    made.close()
    return found


def test_every_certificate_is_read_back(upgraded: Upgraded, release: Release) -> None:
    """State, holders, numbers, files, names, restrictions: as that release kept them."""
    assert len(release.expected) == 7
    with upgraded.registry.read() as session:
        assert session.counts()["INTENT"] == 2
        for expected in release.expected:
            found = session.certificate(expected["identifier"])
            assert {
                "identifier": found.identifier,
                "state": found.state.value,
                "row_version": found.row_version,
                "steps": len(found.history),
                "files": [file.sha256 for file in found.files],
                "number": found.content.number,
                "holders": [[one.name, one.code_type, one.code] for one in found.content.holders],
                "former_names": list(found.former_names),
                "restrictions": len(found.restrictions),
            } == expected
            assert upgraded.status.status(found.identifier).state is found.state
            assert session.file(found.files[0].sha256) == found.files[0]
        pending = session.pending_intents()
        assert {intent.status for intent in pending} == {IntentStatus.PENDING}
        kept = [line.digest for line in session.audit_trail(limit=10_000)]
        assert kept[: len(release.tables["audit_history"])] == [
            row["digest"] for row in release.tables["audit_history"]
        ]


def test_the_audit_finds_every_promise_kept(
    upgraded: Upgraded, url: str, release: Release, tmp_path: Path
) -> None:
    """Digests, seals, histories, the chain: by code that shares nothing with the service."""
    del upgraded
    release.lay_out(tmp_path / "objects")
    kek = tmp_path / "kek"
    kek.write_text(release.kek.hex())
    # Its records are old; to be sealed they wait since the first start of this release.
    now = FixedClock().now() + timedelta(minutes=5)
    options = AuditOptions(url, tmp_path / "objects", (kek,), Trust(()), now=now)
    report = audit(options)
    broken = [
        (item.name, one.subject, one.en) for item in report.invariants for one in item.violations
    ]
    assert broken == []
    assert {item.name: item.checked for item in report.invariants}["INV-2"] >= 8


def test_life_goes_on(upgraded: Upgraded, release: Release) -> None:
    """A certificate of that release is revoked by this one."""
    identifier = next(one["identifier"] for one in release.expected if one["state"] == "ISSUED")
    clock = FixedClock()
    clock.move(days=900)
    with upgraded.registry.begin() as unit:
        before = unit.certificate(identifier)
        decision = Decision(
            Action.REVOKE, "penalty", before.content.issue_date, "《行政处罚法》", "1号", "某局"
        )
        unit.save(before.decide(decision, actor="officer", now=clock.now()), before.row_version)
        unit.commit()
    assert upgraded.status.status(identifier).state.value == "REVOKED"


def test_least_rights_after_the_upgrade(
    server: PostgresServer, filled: str, release: Release
) -> None:
    """The release before had one login for everything: from now on the service has its own."""
    name = server.database(filled)
    owner = server.url(name)
    upgrade(owner)
    roles.apply(owner)
    server.login("service", roles.APPLICATION)
    registry = SqlRegistry(
        EngineOptions(server.url(name, "service")), release.cipher(), FixedClock()
    )
    registry.check_key()
    with registry.read() as session:
        for expected in release.expected:
            assert session.certificate(expected["identifier"]) is not None
    registry.close()


@pytest.mark.parametrize("last", [f"{number:04d}" for number in range(4, int(newest()) + 1)])
def test_a_migration_that_fails_leaves_the_old_schema(
    url: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it fails: tables, rows, indexes and triggers are those of before."""
    before = _dump(url)
    real = command.upgrade

    def failing(configuration: object, _revision: str) -> None:
        real(configuration, last)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", failing)
        with pytest.raises(RuntimeError):
            upgrade(url)
    assert _dump(url) == before
    upgrade(url)
