"""Column types that mean the same on SQLite and PostgreSQL.

SQLModel rows do not validate, so the database does: SQLite tables are STRICT, which admits only
TEXT, INTEGER and BLOB; PostgreSQL gets its own DATE, TIMESTAMPTZ, BOOLEAN and BYTEA.
"""

from datetime import UTC, date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.sqlite import BLOB
from sqlalchemy.types import TypeEngine

from certlib.errors import Unsupported

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def instant_text(moment: datetime) -> str:
    """`2026-01-31T08:00:00Z`: aware UTC in whole seconds, sortable as text.

    Raises:
        Unsupported: `moment` has no zone.
    """
    return _aware(moment).strftime(_INSTANT)


def instant_from(text: str) -> datetime:
    """The instant behind `instant_text`."""
    return datetime.fromisoformat(text)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Unsupported(what="instant without a time zone")
    return moment.astimezone(UTC).replace(microsecond=0)


class KeyText(TypeDecorator[str]):
    """Text that is compared byte by byte on both engines: keyset pages depend on it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Collation C on PostgreSQL; SQLite compares bytes anyway."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant in whole seconds. Naive ones are refused, never guessed at."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """TIMESTAMPTZ on PostgreSQL, ISO text on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Aware UTC on its way in.

        Raises:
            Unsupported: `value` has no zone.
        """
        if value is None:
            return None
        return _aware(value) if dialect.name == "postgresql" else instant_text(value)

    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        """Aware UTC on its way out, whatever zone the session has."""
        del dialect
        if value is None:
            return None
        return (instant_from(value) if isinstance(value, str) else value).astimezone(UTC)


class Day(TypeDecorator[date]):
    """A legal date: a calendar day at UTC+8."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[date] | TypeEngine[str]:
        """DATE on PostgreSQL, ISO text on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Date())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | str | None:
        """A day on its way in."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.isoformat()

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:
        """A day on its way out."""
        del dialect
        return date.fromisoformat(value) if isinstance(value, str) else value


class Flag(TypeDecorator[bool]):
    """Yes or no."""

    impl = Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[bool] | TypeEngine[int]:
        """BOOLEAN on PostgreSQL, INTEGER on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Boolean())
        return dialect.type_descriptor(Integer())

    def process_result_value(self, value: bool | int | None, dialect: Dialect) -> bool | None:
        """Yes or no on its way out."""
        del dialect
        return None if value is None else bool(value)


class Count(TypeDecorator[int]):
    """A whole number of up to 63 bits."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        """BIGINT on PostgreSQL; SQLite's INTEGER has 64 bits."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "postgresql" else Integer())


class Sealed(TypeDecorator[bytes]):
    """AES-256-GCM ciphertext (`storage.encryption`)."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[bytes]:
        """BYTEA on PostgreSQL, BLOB on SQLite."""
        return dialect.type_descriptor(LargeBinary() if dialect.name == "postgresql" else BLOB())
