"""Published objects, and batches of a restored bucket, that wait for their lock."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Integer, bindparam, delete, insert, select, true, update

from certlib.certificate import CertificateFile
from certlib.registry.locks import LockDue
from certlib.registry.seals import batch_name
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import CertificateFileRow, HistoryBatchRow, ObjectLockRow, table

_DUE = table(ObjectLockRow)
_FILES = table(CertificateFileRow)
_BATCHES = table(HistoryBatchRow)
_INSERT = insert(_DUE)
_SEALED = Prepared(select(_BATCHES.c.number, _BATCHES.c.sealed_at))
_WAITING = Prepared(
    select(_DUE.c.object_name, _DUE.c.since)
    .order_by(_DUE.c.attempts, _DUE.c.since, _DUE.c.object_name)
    .limit(bindparam("count"))
)
_DONE = delete(_DUE).where(_DUE.c.object_name == bindparam("b_name"))
_FAILED = (
    update(_DUE)
    .where(_DUE.c.object_name == bindparam("b_name"))
    .values(attempts=_DUE.c.attempts + 1)
)


def due(link: Link, files: Iterable[CertificateFile]) -> None:
    """Notes with the coming commit that these files are to be locked, in a store that locks."""
    if not link.locking:
        return
    rows = [
        {"object_name": file.object_name, "since": file.stored_at, "attempts": 0} for file in files
    ]
    link.change(_INSERT, rows)


def everything(link: Link) -> None:
    """Lets every file and every kept batch wait for its lock: a restored bucket has none."""
    known = select(_FILES.c.object_name, _FILES.c.stored_at, bindparam("b_attempts", type_=Integer))
    statement = inserting(_DUE, link.dialect).from_select(
        ["object_name", "since", "attempts"], known.where(true())
    )
    link.change(statement.on_conflict_do_nothing(), {"b_attempts": 0})
    rows = [
        {"object_name": batch_name(row.number), "since": row.sealed_at, "attempts": 0}
        for row in link.fetch(_SEALED)
    ]
    link.change(inserting(_DUE, link.dialect).on_conflict_do_nothing(), rows)


class LockReading:
    """The part of a session that reads them."""

    _link: Link

    def locks_due(self, limit: int) -> Sequence[LockDue]:
        """Files that wait, those that failed least often first, then oldest first."""
        return [
            LockDue(row.object_name, row.since) for row in self._link.fetch(_WAITING, count=limit)
        ]


class LockWriting:
    """The part of a unit that keeps them."""

    _link: Link

    def locks_done(self, object_names: Iterable[str]) -> None:
        """These wait no longer."""
        self._link.change(_DONE, [{"b_name": name} for name in object_names])

    def lock_everything(self) -> None:
        """Lets every file that was ever served wait for its lock."""
        everything(self._link)

    def lock_failed(self, object_name: str) -> None:
        """Counts an attempt that failed: the others come first next time."""
        self._link.change(_FAILED, {"b_name": object_name})
