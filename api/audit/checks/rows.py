"""INV-7: no row was changed, added or taken away behind the history's back."""

from api.audit.checks.chain import Walk
from api.audit.database import Snapshot
from api.audit.report import Invariant
from api.audit.scope import told
from api.audit.testimony import EXEMPT, digests_of, key_of
from api.audit.unsealing import Opener

_CHANGED = ("{}：内容与审计历史不符", "{}: the row is not what the history says")
_UNKNOWN = ("{}：审计历史中没有这一行", "{}: the history says nothing of this row")
_GONE = ("{}：审计历史中有，登记中没有", "{}: the history knows a row that is gone")


def check(walk: Walk, snapshot: Snapshot, opener: Opener) -> None:
    """Holds every row of every table against the last word of the history on it.

    An audit of the latest part has heard of the rows that were written in it, and of no others.
    """
    found, testimony, whole = walk.history.found, walk.testimony, walk.scope.whole
    for name, key in sorted(snapshot.keys().items()):
        if name in EXEMPT or not key:
            continue
        rows = snapshot.rows(f'SELECT * FROM "{name}"')  # noqa: S608 - a name of the catalogue
        for row in told(rows, name, 0, walk.progress):
            found.checked += 1
            owner, rests = key_of(row, key, opener)
            said = testimony.take(name, owner, rests)
            if said is None and not whole:
                continue
            if not said:
                _broken(found, owner, "row-unknown", _UNKNOWN, name)
            elif said not in digests_of(name, row, opener):
                _broken(found, owner, "row-changed", _CHANGED, name)
    for name, owner in testimony.left():
        _broken(found, owner, "row-gone", _GONE, name)


def _broken(found: Invariant, owner: str, code: str, texts: tuple[str, str], table: str) -> None:
    zh, en = texts
    found.broken(owner, code, zh.format(table), en.format(table))
