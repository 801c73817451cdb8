"""Builders for what happens to holders and departments."""

from dataclasses import replace
from datetime import UTC, date, datetime

from certlib.document import Holder
from certlib.holder_changes import ChangeKind, HolderChange
from certlib.sources import Source

AT = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
SOURCE = Source("变更登记", "（揭）登字〔2026〕第1号", AT, "client/officer")
VOID = replace(SOURCE, voided_at=AT)
DAY = date(2025, 6, 1)
PERSON = Holder("蔡梓涵", "111", "445221198501010019")
NEWBORN = Holder("林之子", "999", "LS20260101")
FIRM = Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K")


def change(kind, before, after, day=DAY, source=SOURCE, **changes):
    """An event; `before` and `after` are one holder, several, or None."""
    made = HolderChange(
        event_id=f"{kind}{day}{_names(before)}{_names(after)}",
        kind=ChangeKind(kind),
        before=_several(before),
        after=_several(after),
        effective_from=day,
        source=source,
        reason_code="other" if kind == "recoded" else "",
        department_code="11445200990090139J",
    )
    return replace(made, **changes)


def renamed(holder, name, day=DAY, **changes):
    return change("renamed", holder, replace(holder, name=name), day, **changes)


def _several(holders):
    if holders is None:
        return ()
    return (holders,) if isinstance(holders, Holder) else tuple(holders)


def _names(holders):
    return "".join(holder.name + holder.code for holder in _several(holders))
