"""Each statement is compiled once for all SQLite databases of a run.

SQLAlchemy keeps what it compiled with each engine, told apart by its dialect. A node in production
has one engine for years; a test makes its own, and spent half of its time on the same statements.
"""

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_COMPILED = LRUCache(2000)


def _share(engine: Engine) -> None:
    engine._compiled_cache = _COMPILED


def share_compiled() -> None:
    """All our SQLite engines have the same options, thus one dialect."""
    SQLiteDialect_pysqlite.__hash__ = lambda self: hash(type(self))
    SQLiteDialect_pysqlite.__eq__ = lambda self, other: type(self) is type(other)
    SQLiteDialect_pysqlite.engine_created = staticmethod(_share)
