"""The care of seals: a row for the newest file of each form, what it rests on, when it is due.

The rows are made from the files and can be made from them again, so the history bears witness to
the files and to the certificates' own columns, not to them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from certlib.certificate import CertificateFile
from certlib.errors import CertificateNotFound, Conflict
from certlib.preservation import LEVELS, Care, Proof, Reason, is_below
from certlib.registry.backlog import Queue
from certlib.registry.preservation import CareBacklog, KeptSeal, StockGroup
from storage import files
from storage.link import Link
from storage.prepared import Prepared
from storage.seal_stock import RUNS, stock
from storage.tables import CertificateFileRow, CertificateRow, SealCareRow, table

_ORIGINAL: Final = "original"
_CARE = table(SealCareRow)
_FILES = table(CertificateFileRow)
_CERTIFICATES = table(CertificateRow)
_BEGIN = insert(_CARE)
_KEPT = select(
    *_FILES.c,
    *(
        _CARE.c[name]
        for name in (
            "type_code",
            "target_level",
            "basis",
            "proof_ends_at",
            "algorithms",
            "ends_at",
            "plan",
            "attempts",
        )
    ),
    _CARE.c.level.label("really"),
).join(_FILES, and_(_FILES.c.identifier == _CARE.c.identifier, _FILES.c.sha256 == _CARE.c.sha256))
_DUE = (
    _KEPT.where(_CARE.c.due_at <= bindparam("now"))
    .where(_CARE.c.retry_at <= bindparam("now"))
    .where(_CARE.c.plan != "", RUNS)
    .order_by(_CARE.c.due_at, _CARE.c.identifier)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=_CARE)
)
_NOT_PLANNED = Prepared(
    # Two ranges of an index, where `<>` alone would walk through every row.
    _KEPT.where((_CARE.c.plan < bindparam("plan")) | (_CARE.c.plan > bindparam("plan")))
    .where(_CARE.c.retry_at <= bindparam("now"))
    .limit(bindparam("count"))
)
_HERE = and_(
    _CARE.c.identifier == bindparam("b_identifier"),
    _CARE.c.form == bindparam("b_form"),
    _CARE.c.copy_number == bindparam("b_copy_number"),
)
# Of one that was leased: still that file and that lease; locked, so nobody moves it meanwhile.
_HELD = Prepared(
    select(_CARE.c.coming)
    .where(
        _CARE.c.identifier == bindparam("identifier"),
        _CARE.c.form == bindparam("form"),
        _CARE.c.copy_number == bindparam("copy_number"),
        _CARE.c.sha256 == bindparam("sha256"),
        _CARE.c.coming == bindparam("revision"),
        _CARE.c.retry_at == bindparam("until"),
    )
    .with_for_update()
)
_LEASE = (
    update(_CARE).where(_HERE).values(retry_at=bindparam("b_until"), coming=bindparam("b_revision"))
)
_FAILED = (
    update(_CARE)
    .where(_HERE)
    .where(_CARE.c.sha256 == bindparam("b_sha256"))
    .values(
        retry_at=bindparam("b_again"),
        attempts=_CARE.c.attempts + 1,
        last_error=bindparam("b_error"),
    )
)
_DATES: Final = (
    "level",
    "below",
    "basis",
    "proof_ends_at",
    "algorithms",
    "ends_at",
    "reason",
    "due_at",
    "plan",
)
_NEW: dict[str, Any] = {name: bindparam(f"b_{name}") for name in _DATES}
_KEEP = update(_CARE).where(_HERE).where(_CARE.c.sha256 == bindparam("b_sha256")).values(**_NEW)
_REPLACE = (
    update(_CARE)
    .where(_HERE)
    .where(_CARE.c.coming == bindparam("b_revision"))
    .values(
        **_NEW,
        sha256=bindparam("b_sha256"),
        stored_at=bindparam("b_stored_at"),
        retry_at=bindparam("b_stored_at"),
        attempts=0,
        last_error="",
        coming=0,
    )
)
_TARGET = Prepared(
    select(_CARE.c.target_level)
    .where(_CARE.c.identifier == bindparam("identifier"))
    .where(_CARE.c.form == bindparam("form"))
    .where(_CARE.c.copy_number == bindparam("copy_number"))
)
_OF_ONE = Prepared(
    select(_CARE.c.level, _CARE.c.below, _CARE.c.plan, _CARE.c.due_at).where(
        _CARE.c.identifier == bindparam("identifier")
    )
)
_SUM_UP = (
    update(_CERTIFICATES)
    .where(_CERTIFICATES.c.identifier == bindparam("b_identifier"))
    .values(reached_level=bindparam("b_level"), timestamp_due=bindparam("b_due"))
)
_GROW = (
    update(_CERTIFICATES)
    .where(_CERTIFICATES.c.identifier == bindparam("b_identifier"))
    .values(row_version=_CERTIFICATES.c.row_version + 1, changed_at=bindparam("b_changed_at"))
)


def _queue(since: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[int, Any]:
    return select(func.count().label("number"), func.min(since).label("since")).where(*which, RUNS)


_IS_BELOW = _CARE.c.below == literal(value=True, type_=_CARE.c.below.type)
_BELOW = _queue(_CARE.c.stored_at, _IS_BELOW)
_WAITING = _queue(_CARE.c.due_at, _CARE.c.due_at <= bindparam("now"), _CARE.c.plan != "")
_ENDED = Prepared(
    select(func.count().label("number")).where(_CARE.c.ends_at < bindparam("now"), RUNS)
)
_LOWERED = Prepared(
    # The first in the order of the index: each seal of an outage asks, beside thousands of others.
    select(_CARE.c.stored_at)
    .where(_IS_BELOW, _CARE.c.level == LEVELS[0], RUNS)
    .order_by(_CARE.c.stored_at)
    .limit(1)
)


def lowest(of: Iterable[CertificateFile]) -> str:
    """The level of the file that has the lowest."""
    return min((file.level for file in of), key=LEVELS.index)


def first_due(of: Iterable[CertificateFile], target: str) -> datetime | None:
    """When the first of the files is due; of one that nobody has looked at nothing is known."""
    dates = [
        file.care.due_at if file.care else file.stored_at
        for file in of
        if file.care or is_below(file.level, target)
    ]
    return min(dates, default=None)


def begin(link: Link, new: Iterable[tuple[CertificateFile, str, str]]) -> None:
    """Notes new files with their type and target level."""
    rows = [
        {
            "identifier": file.identifier,
            "form": file.form,
            "copy_number": file.copy_number,
            "type_code": type_code,
            "sha256": file.sha256,
            "target_level": target,
            "stored_at": file.stored_at,
            "retry_at": file.stored_at,
            "attempts": 0,
            "last_error": "",
            "coming": 0,
            **_dates(file, file.care, target),
        }
        for file, type_code, target in new
        if file.kind == _ORIGINAL
    ]
    link.change(_BEGIN, rows)


def sum_up(link: Link, identifiers: Iterable[str]) -> None:
    """Writes into the certificates' rows what their files have come to."""
    rows = []
    for identifier in sorted(set(identifiers)):
        found = link.fetch(_OF_ONE, identifier=identifier)
        rows.append(
            {
                "b_identifier": identifier,
                "b_level": min((row.level for row in found), key=LEVELS.index),
                "b_due": min((row.due_at for row in found if row.plan or row.below), default=None),
            }
        )
    link.change(_SUM_UP, rows)


class PreservationReading:
    """The part of a session that reads it."""

    _link: Link

    def seal_stock(self, at: datetime) -> Iterator[StockGroup]:
        """The whole stock as it stands at `at` if nothing is done, by type and year of the end."""
        yield from stock(self._link, at)

    def care_backlog(self, now: datetime) -> CareBacklog:
        """What waits now."""
        (below,), (due,) = self._link.fetch(_BELOW), self._link.fetch(_WAITING, now=now)
        (ended,) = self._link.fetch(_ENDED, now=now)
        return CareBacklog(
            Queue(int(below.number), below.since),
            Queue(int(due.number), due.since),
            int(ended.number),
        )

    def lowered_since(self) -> datetime | None:
        """When the oldest file was stored that still waits for the timestamp it should have."""
        row = self._link.first(_LOWERED)
        since: datetime | None = None if row is None else row.stored_at
        return since

    def seals_not_planned(self, plan: str, now: datetime, limit: int) -> Sequence[KeptSeal]:
        """Files whose dates were reckoned by another plan, or never."""
        rows = self._link.fetch(_NOT_PLANNED, plan=plan, now=now, count=limit)
        return [_kept(self._link, row) for row in rows]


class PreservationWriting(PreservationReading):
    """The part of a unit of work that keeps it."""

    def lease_seals(self, now: datetime, until: datetime, limit: int) -> Sequence[KeptSeal]:
        """Files that are due, nobody else's until `until`, the most urgent first."""
        rows = self._link.fetch(_DUE, now=now, count=limit)
        found = [_kept(self._link, row) for row in rows]
        self._link.change(
            _LEASE,
            [
                {**_place(seal.file), "b_until": until, "b_revision": seal.file.revision + 1}
                for seal in found
            ],
        )
        return [replace(seal, until=until) for seal in found]

    def holds_seal(self, seal: KeptSeal) -> bool:
        """Whether it is still leased as it was; nobody else moves it before the commit."""
        file = seal.file
        values = {"copy_number": file.copy_number, "sha256": file.sha256, "until": seal.until}
        place = {"identifier": file.identifier, "form": file.form, "revision": file.revision + 1}
        return self._link.first(_HELD, **place, **values) is not None

    def keep_care(self, seal: KeptSeal, care: Care, level: str) -> None:
        """Keeps what was found or reckoned of a file that itself does not change."""
        file = seal.file
        dates = _dates(file, care, seal.target_level, level)
        row = {**_place(file), "b_sha256": file.sha256, **_bound(dates)}
        if self._link.change(_KEEP, row):
            sum_up(self._link, [file.identifier])

    def replace_file(self, file: CertificateFile) -> None:
        """The next revision of a file; the earlier ones stay known, the row version grows."""
        place = {"form": file.form, "copy_number": file.copy_number}
        row = self._link.first(_TARGET, identifier=file.identifier, **place)
        if row is None:
            raise CertificateNotFound
        files.add(self._link, [file])
        replaced = {
            **_place(file),
            **_bound(_dates(file, file.care, row.target_level)),
            "b_sha256": file.sha256,
            "b_stored_at": file.stored_at,
            "b_revision": file.revision,
        }
        if self._link.change(_REPLACE, replaced) != 1:
            raise Conflict
        grown = {"b_identifier": file.identifier, "b_changed_at": self._link.clock.now()}
        self._link.change(_GROW, grown)
        sum_up(self._link, [file.identifier])

    def care_failed(self, seal: KeptSeal, error: str, again: datetime) -> None:
        """Counts an attempt that failed."""
        file = seal.file
        row = {**_place(file), "b_sha256": file.sha256, "b_error": error, "b_again": again}
        self._link.change(_FAILED, row)


def _kept(link: Link, row: Row[Any]) -> KeptSeal:
    proof = None
    if row.basis:
        algorithms = tuple(row.algorithms.split())
        proof = Proof(Reason(row.basis), row.proof_ends_at, algorithms)
    return KeptSeal(
        file=files.file_of(link, row),
        type_code=row.type_code,
        level=row.really,
        target_level=row.target_level,
        proof=proof,
        ends_at=row.ends_at,
        attempts=row.attempts,
    )


def _dates(
    file: CertificateFile, care: Care | None, target: str, level: str = ""
) -> dict[str, Any]:
    level = level or file.level
    below = is_below(level, target)
    if care is None:
        return {
            "level": level,
            "below": below,
            "basis": "",
            "proof_ends_at": None,
            "algorithms": "",
            "ends_at": None,
            "reason": "",
            "due_at": file.stored_at,
            "plan": "",
        }
    return {
        "level": level,
        "below": below,
        "basis": care.proof.basis,
        "proof_ends_at": care.proof.ends_at,
        "algorithms": " ".join(care.proof.algorithms),
        "ends_at": care.ends_at,
        "reason": care.reason,
        "due_at": care.due_at,
        "plan": care.plan,
    }


def _place(file: CertificateFile) -> dict[str, Any]:
    return {
        "b_identifier": file.identifier,
        "b_form": file.form,
        "b_copy_number": file.copy_number,
    }


def _bound(values: dict[str, Any]) -> dict[str, Any]:
    return {f"b_{name}": value for name, value in values.items()}
