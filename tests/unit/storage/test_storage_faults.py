"""Library exceptions become ours, by the engine's stable codes, and tell no values."""

import sqlite3

import psycopg
import pytest
from psycopg import errors as pg
from sqlalchemy import exc

from certlib.errors import Conflict, Corrupt, FaceNumberTaken, StoreUnavailable, Unsupported
from storage.faults import EngineFault, bare, fault_code, translating


def _sqlite(name: str, text: str = "") -> sqlite3.Error:
    kind = sqlite3.IntegrityError if "CONSTRAINT" in name else sqlite3.OperationalError
    error = kind(text)
    error.sqlite_errorname = name
    return error


def _wrapped(cause: Exception) -> exc.DBAPIError:
    kind = {
        "IntegrityError": exc.IntegrityError,
        "OperationalError": exc.OperationalError,
        "DataError": exc.DataError,
    }[next(c.__name__ for c in type(cause).__mro__ if c.__name__ in vars(exc))]
    return kind("INSERT", {"secret": "value"}, cause)


CASES = [
    (_sqlite("SQLITE_FULL"), StoreUnavailable, {"what": "SQLITE_FULL"}),
    (_sqlite("SQLITE_BUSY"), StoreUnavailable, {"what": "SQLITE_BUSY"}),
    (_sqlite("SQLITE_IOERR_FSYNC"), StoreUnavailable, {"what": "SQLITE_IOERR_FSYNC"}),
    (_sqlite("SQLITE_NOTADB"), Corrupt, {"what": "database"}),
    (_sqlite("SQLITE_CORRUPT"), Corrupt, {"what": "database"}),
    (pg.SerializationFailure("x"), StoreUnavailable, {"what": "40001"}),
    (pg.DeadlockDetected("x"), StoreUnavailable, {"what": "40P01"}),
    (pg.DiskFull("x"), StoreUnavailable, {"what": "53100"}),
    (pg.AdminShutdown("x"), StoreUnavailable, {"what": "57P01"}),
    (psycopg.OperationalError("refused"), StoreUnavailable, {"what": "OperationalError"}),
    (_sqlite("SQLITE_CONSTRAINT_PRIMARYKEY", "face_numbers.form"), FaceNumberTaken, {}),
    (_sqlite("SQLITE_CONSTRAINT_PRIMARYKEY", "intents.identifier"), Conflict, {}),
    (_sqlite("SQLITE_CONSTRAINT_FOREIGNKEY"), Conflict, {}),
    (pg.UniqueViolation("pk_face_numbers"), FaceNumberTaken, {}),
    (pg.UniqueViolation("pk_intents"), Conflict, {}),
    (pg.CheckViolation("x"), Unsupported, {"what": "value that a table's rules forbid"}),
    (_sqlite("SQLITE_CONSTRAINT_NOTNULL"), Unsupported,
     {"what": "value that a table's rules forbid"}),
    (pg.UntranslatableCharacter("x"), Unsupported, {"what": "text that the store cannot keep"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "kind", "values"), CASES, ids=lambda item: getattr(item, "__name__", None)
)
def test_each_fault_has_its_error(cause: Exception, kind: type, values: dict) -> None:
    with pytest.raises(kind) as caught, translating():
        raise _wrapped(cause)
    assert type(caught.value) is kind
    assert caught.value.values == values
    assert isinstance(caught.value.__cause__, EngineFault)


def test_a_full_pool_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable), translating():
        raise exc.TimeoutError


def test_our_own_errors_and_mistakes_pass_through() -> None:
    ours = Conflict()
    with pytest.raises(Conflict) as caught, translating():
        raise ours
    assert caught.value is ours
    with pytest.raises(ZeroDivisionError), translating():
        raise ZeroDivisionError
    with pytest.raises(exc.InvalidRequestError), translating():
        raise exc.InvalidRequestError


def test_the_cause_keeps_the_first_line_and_no_value() -> None:
    row = pg.CheckViolation('violates "ck_x"\nDETAIL:  Failing row contains (蔡梓涵).')
    assert str(bare(_wrapped(row))) == '23514: violates "ck_x"'
    data = pg.InvalidTextRepresentation('invalid input syntax: "蔡梓涵"')
    assert str(bare(_wrapped(data))) == "22P02"
    assert str(bare(UnicodeEncodeError("utf-8", "蔡\ud800", 1, 2, "no"))) == "UnicodeEncodeError"


def test_a_code_is_the_engines_own_or_the_class() -> None:
    assert fault_code(_sqlite("SQLITE_FULL")) == "SQLITE_FULL"
    assert fault_code(pg.DiskFull("x")) == "53100"
    assert fault_code(ValueError("x")) == "ValueError"
    assert fault_code(None) == "NoneType"
