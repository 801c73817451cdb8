"""Library exceptions turned into ours, once, at the edge. No parameter or path gets out."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from certlib.errors import (
    CertlibError,
    Conflict,
    Corrupt,
    FaceNumberTaken,
    StoreUnavailable,
    Unsupported,
)

NOT_ALLOWED = "42501"
"""SQLSTATE insufficient_privilege."""
_DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"})
_UNIQUE = frozenset({"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "23505"})
_RULES = frozenset(
    {"SQLITE_CONSTRAINT_CHECK", "SQLITE_CONSTRAINT_NOTNULL", "SQLITE_CONSTRAINT_DATATYPE"}
    | {"23514", "23502"}
)


class EngineFault(Exception):
    """The cause of a translated error: the engine's code and message without any row's values."""


def fault_code(error: BaseException | None) -> str:
    """The engine's own stable code (`SQLITE_FULL`, SQLSTATE `40001`), or the class name."""
    for name in ("sqlite_errorname", "sqlstate"):
        code = getattr(error, name, None)
        if isinstance(code, str):
            return code
    return type(error).__name__


def translated(error: Exception) -> Exception:
    """Ours for a library's; what is not a library's stays as it is."""
    cause = error.orig if isinstance(error, exc.StatementError) else error
    if isinstance(cause, CertlibError):
        # A column type refused a value (`storage.columns`).
        return cause
    if isinstance(error, exc.DataError) or isinstance(cause, UnicodeError):
        return Unsupported(what="text that the store cannot keep")
    if isinstance(error, exc.IntegrityError):
        return _integrity(error)
    if isinstance(error, exc.DBAPIError | exc.TimeoutError):
        return _outage(cause)
    return error


def bare(error: BaseException) -> EngineFault:
    """What may be logged of a library's exception."""
    cause = getattr(error, "orig", None) or error
    code = fault_code(cause)
    if isinstance(error, exc.DataError) or not isinstance(error, exc.DBAPIError):
        return EngineFault(code)
    # Only the first line: PostgreSQL prints the failing row below it.
    return EngineFault(f"{code}: {str(cause).partition(chr(10))[0]}")


@contextmanager
def translating() -> Iterator[None]:
    """Runs the block with library exceptions translated; what they print is cut to `bare`."""
    try:
        yield
    except CertlibError:
        raise
    except (exc.SQLAlchemyError, UnicodeError) as error:
        ours = translated(error)
        if ours is error:
            raise
        raise ours from bare(error)


def _integrity(error: exc.IntegrityError) -> CertlibError:
    code = fault_code(error.orig)
    named = str(error.orig)
    if code in _UNIQUE and "face_numbers" in named:
        return FaceNumberTaken(field_path="/number")
    if code in _RULES:
        return Unsupported(what="value that a table's rules forbid")
    return Conflict()


def _outage(cause: BaseException | None) -> CertlibError:
    code = fault_code(cause)
    return Corrupt(what="database") if code in _DAMAGED else StoreUnavailable(what=code)
