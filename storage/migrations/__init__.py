"""Alembic migrations, run from code: no configuration file, no machine path."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from certlib.errors import Corrupt
from storage.engines import EngineOptions, engines
from storage.faults import translating

__all__ = ["configuration", "newest", "upgrade", "upgrade_connection"]

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
        Corrupt: its schema is one that this release does not know.
    """
    made = engines(EngineOptions(url=engine_url, timeout=timeout))
    try:
        with translating(), made.write.begin() as connection:
            upgrade_connection(connection)
    except CommandError as error:
        raise Corrupt(what="schema revision") from error
    finally:
        made.close()


def upgrade_connection(connection: Connection) -> None:
    """The same inside a transaction that is open already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    command.upgrade(configuration(connection), "head")
