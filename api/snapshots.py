"""The status record as a snapshot: what the public look-up would say of each certificate."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from api import public
from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.certificate import PaperStatus
from certlib.registry import ReadSession, StatusRow
from certlib.snapshot import SnapshotHeader, SnapshotRow
from certlib.states import View

__all__ = ["GOOD_FOR", "header_of", "rows_of"]

GOOD_FOR: Final = timedelta(days=1)
_PAGE: Final = 1000
_PAPER_TOLD: Final = frozenset({PaperStatus.LOST, PaperStatus.DECLARED_VOID})
"""States of the paper that a verdict speaks of."""

_Types = Callable[[str, str], TypeVersion | None]


def header_of(session: ReadSession, node: str, moment: datetime) -> SnapshotHeader:
    """The header before its rows are counted."""
    issuers = frozenset(item.credit_code for item in session.departments())
    return SnapshotHeader(node, moment, moment + GOOD_FOR, 0, issuers)


def rows_of(session: ReadSession, moment: datetime) -> Iterator[SnapshotRow]:
    """Every certificate, by identifier; a page of the record is held at a time."""
    kept: dict[tuple[str, str], TypeVersion | None] = {}

    def version(type_code: str, number: str) -> TypeVersion | None:
        if (type_code, number) not in kept:
            kept[type_code, number] = session.type_version(type_code, number)
        return kept[type_code, number]

    after = ""
    while page := session.status_page(after, _PAGE):
        for row, files in page:
            yield _row(row, files, version(row.type_code, row.type_version), moment)
        after = page[-1][0].identifier


def _row(
    row: StatusRow, files: tuple[str, ...], version: TypeVersion | None, moment: datetime
) -> SnapshotRow:
    seen = public.seen(row, legal_day(moment))
    verdict, code, words = "valid", "valid", None
    if not _plainly_valid(row, seen, version):
        report = public.judged(row, version, moment)
        verdict, code = report.verdict.value, report.code
        words = public.of_report(report, personal=public.personal(row))
    return SnapshotRow(
        identifier=row.identifier,
        view=seen,
        verdict=verdict,
        code=code,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        restricted=row.restricted,
        paper=row.paper.value,
        renewal_pending=row.renewal_pending_since is not None,
        sentence=None if code == "valid" else words,
        files=files,
    )


def _plainly_valid(row: StatusRow, seen: View, version: TypeVersion | None) -> bool:
    """Nothing ever happened to it that a judgement could weigh: most of a library is like that.

    A million judgements take minutes; a test holds this against them.
    """
    happened = (row.standing, row.holder_gone, row.renewal_pending_since)
    return (
        seen is View.VALID
        and not row.restricted
        and row.paper not in _PAPER_TOLD
        and happened == (None, None, None)
        and (version is None or not version.duties)
    )
