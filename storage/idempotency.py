"""Idempotency keys: claimed, completed, released."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, bindparam, delete, insert, select, update

from certlib.errors import Conflict
from certlib.registry import IdempotencyRecord
from storage.encryption import Place
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import IdempotencyRow, table
from storage.witness import BOOKKEEPING

RUNNING = "running"
DONE = "done"
_TRIES = 3

_KEYS = table(IdempotencyRow)


def _here() -> ColumnElement[bool]:
    return and_(*(column == bindparam(f"b_{column.name}") for column in _KEYS.primary_key))


_INSERT = insert(_KEYS)
_FIND = Prepared(select(_KEYS).where(_here()))
_RUNNING = _KEYS.c.status == RUNNING
_COMPLETE = (
    update(_KEYS)
    .where(_here(), _RUNNING)
    .values(status=DONE, identifier=bindparam("b_identifier"), answer=bindparam("b_answer"))
)
_RELEASE = delete(_KEYS).where(_here(), _RUNNING)


def claim(link: Link, record: IdempotencyRecord) -> IdempotencyRecord | None:
    """Keeps `record` as running and answers None, or answers the record already there.

    On PostgreSQL it waits for a unit that claims the same key at this moment.

    Raises:
        Conflict: the key was claimed and released again and again meanwhile.
    """
    row = {
        "client_id": record.client_id,
        "route": record.route,
        "key": record.key,
        "request_digest": record.request_digest,
        "status": RUNNING,
        "created_at": record.created_at,
        "identifier": record.identifier,
        "answer": None,
    }
    for _ in range(_TRIES):
        if link.change(_claiming(link.dialect), row) == 1:
            # Only now: a key that was there already is no row of this unit.
            link.witness.note(link.connection, link.cipher, _INSERT, row)
            return None
        found = find(link, record.client_id, record.route, record.key)
        if found is not None:
            return found
        # Released between the two statements (PostgreSQL): the key is free again.
    raise Conflict


@cache
def _claiming(dialect: str) -> Executable:
    return (
        inserting(_KEYS, dialect)
        .on_conflict_do_nothing(index_elements=list(_KEYS.primary_key))
        .execution_options(preserve_rowcount=True, **{BOOKKEEPING: True})
    )


def find(link: Link, client_id: str, route: str, key: str) -> IdempotencyRecord | None:
    """The record of a key, its answer opened."""
    row = link.first(_FIND, **_bound(client_id, route, key))
    if row is None:
        return None
    answer = ""
    if row.answer is not None:
        answer = link.cipher.open_text(bytes(row.answer), _place(client_id, route, key))
    return IdempotencyRecord(
        client_id=row.client_id,
        route=row.route,
        key=row.key,
        request_digest=row.request_digest,
        status=row.status,
        created_at=row.created_at,
        identifier=row.identifier,
        answer=answer,
    )


def complete(link: Link, names: tuple[str, str, str], identifier: str, answer: str) -> None:
    """Keeps the answer of a running record; `names` are client, route and key.

    Raises:
        Conflict: no such record is running.
    """
    values: dict[str, Any] = {
        **_bound(*names),
        "b_identifier": identifier,
        "b_answer": link.cipher.seal_text(answer, _place(*names)),
    }
    if link.change(_COMPLETE, values) != 1:
        raise Conflict


def release(link: Link, client_id: str, route: str, key: str) -> None:
    """Forgets a running record; one that is done stays."""
    link.change(_RELEASE, _bound(client_id, route, key))


def _bound(client_id: str, route: str, key: str) -> dict[str, str]:
    return {"b_client_id": client_id, "b_route": route, "b_key": key}


def _place(client_id: str, route: str, key: str) -> Place:
    return Place(_KEYS.name, "answer", f"{client_id}\x1f{route}\x1f{key}")
