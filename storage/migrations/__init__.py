"""Alembic migrations, run from code: no configuration file, no machine path."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from certlib.errors import Corrupt, StoreUnfit
from storage import roles
from storage.engines import EngineOptions, engines
from storage.faults import NOT_ALLOWED, fault_code, translating

__all__ = ["configuration", "holds_intents", "newest", "upgrade", "upgrade_connection"]

_LOCK = 0x63657274
"""Advisory lock of PostgreSQL: two processes that start together migrate one after the other."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for these migrations."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["connection"] = connection
    return made


def newest() -> str:
    """The revision that the code expects."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    return head or ""


def upgrade(engine_url: str, timeout: float = 60.0) -> None:
    """Brings a database, empty or old, to the newest schema, all or nothing.

    Raises:
        StoreUnavailable: the database does not answer.
        StoreUnfit: the schema is old, and this login may not change it.
        Corrupt: its schema is one that this release does not know.
    """
    made = engines(EngineOptions(url=engine_url, timeout=timeout))
    try:
        with translating(), made.write.begin() as connection, _with_rights():
            if revision(connection) != newest():
                upgrade_connection(connection)
    except CommandError as error:
        raise Corrupt(what="schema revision") from error
    finally:
        made.close()


def revision(connection: Connection) -> str:
    """The revision that a database has, "" when it is empty."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def holds_intents(engine_url: str) -> bool:
    """Whether anything in a migrated database was ever sealed with a key.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    made = engines(EngineOptions(url=engine_url))
    try:
        with translating(), made.read.connect() as connection:
            return connection.execute(text("SELECT 1 FROM intents LIMIT 1")).first() is not None
    finally:
        made.close()


@contextmanager
def _with_rights() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if fault_code(error.orig) != NOT_ALLOWED:
            raise
        raise StoreUnfit(
            what="数据库结构需由所有者升级：请设置 CERTLIB_MIGRATION_URL 后运行 certlib init",
            what_en="its owner must upgrade the database: set CERTLIB_MIGRATION_URL, then run "
            "certlib init",
        ) from None


def upgrade_connection(connection: Connection) -> None:
    """The same inside a transaction that is open already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    command.upgrade(configuration(connection), "head")
    if connection.dialect.name == "postgresql":
        roles.refresh(connection)
