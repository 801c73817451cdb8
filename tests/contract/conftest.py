"""One suite, two engines: each test of a registry runs on SQLite and on a real PostgreSQL."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage import Cipher, EngineOptions, S3Options, SqlRegistry, StatusReader, roles
from storage.migrations import upgrade
from storage.s3_bucket import prepare
from tests.fakes import records
from tests.fakes.postgres import PostgresServer
from tests.fakes.profiles import LOGINS
from tests.fakes.seaweedfs import SeaweedServer
from tests.fakes.servers import started
from tests.fakes.world import CountingEntropy, FixedClock

KEY = bytes(range(32))


@dataclass
class Store:
    """A migrated database with one type in it, and what a test needs to look behind it."""

    engine: str
    url: str
    clock: FixedClock = field(default_factory=FixedClock)
    cipher: Cipher = field(default_factory=lambda: Cipher(KEY, CountingEntropy()))
    path: Path | None = None
    server: PostgresServer | None = None
    database: str = ""
    owner_url: str = ""

    def __post_init__(self) -> None:
        self.options = EngineOptions(self.url, timeout=5)
        self.registry = SqlRegistry(self.options, self.cipher, self.clock)
        self.reader = StatusReader(self.options, self.clock)

    def raw(self) -> AbstractContextManager[Any]:
        """A driver connection of its own, as an auditor would open one."""
        if self.path is not None:
            return closing(sqlite3.connect(self.path))
        return psycopg.connect(self.owner_url or self.url)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.raw() as connection:
            return [tuple(row) for row in connection.execute(sql).fetchall()]

    def run(self, sql: str, *values: Any) -> None:
        """Changes the database behind the registry's back."""
        mark = "?" if self.path is not None else "%s"
        with self.raw() as connection:
            connection.execute(sql.replace("?", mark), values)
            connection.commit()

    def reserve(self, *intents: Any) -> None:
        with self.registry.begin() as unit:
            unit.reserve(intents)
            unit.commit()

    def publish(self, *intents: Any) -> None:
        """Reserves and publishes."""
        self.reserve(*intents)
        with self.registry.begin() as unit:
            unit.publish([records.publication(intent) for intent in intents])
            unit.commit()

    def close(self) -> None:
        self.registry.close()
        self.reader.close()


def put_type(registry: SqlRegistry) -> None:
    with registry.begin() as unit:
        unit.put_type_version(*records.type_version())
        unit.commit()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "registry.db"
    upgrade(f"sqlite:///{path}")
    store = Store("sqlite", f"sqlite:///{path}", path=path)
    put_type(store.registry)
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with started(PostgresServer) as server:
        for login, group in LOGINS.items():
            server.login(login, group)
        yield server


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedServer]:
    with started(SeaweedServer) as server:
        yield server


def new_bucket(seaweed: SeaweedServer) -> S3Options:
    """A bucket as `certlib init` makes it, and the application's own login."""
    name, owner, login = seaweed.bucket(), seaweed.owner, seaweed.application
    prepare(S3Options(seaweed.endpoint, name, owner.access, owner.secret))
    return S3Options(seaweed.endpoint, name, login.access, login.secret, timeout=5)


@pytest.fixture(scope="session")
def bucket(seaweed: SeaweedServer) -> S3Options:
    return new_bucket(seaweed)


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    name = postgres.database()
    upgrade(postgres.url(name))
    roles.apply(postgres.url(name))
    store = Store("postgresql", postgres.url(name))
    put_type(store.registry)
    store.close()
    return name


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "registry.db"
    shutil.copyfile(sqlite_template, path)
    store = Store("sqlite", f"sqlite:///{path}", path=path)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres: PostgresServer, postgres_template: str) -> Iterator[Store]:
    name = postgres.database(postgres_template)
    # Every test of a registry runs with the least rights that the service is given.
    url, owner = postgres.url(name, "service"), postgres.url(name)
    store = Store("postgresql", url, server=postgres, database=name, owner_url=owner)
    yield store
    store.close()
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found = request.getfixturevalue(name)
    assert isinstance(found, Store)
    return found
