"""Which version of a certificate counts on a day, where a search finds several."""

from collections.abc import Sequence
from datetime import date

from certlib.certificate import Certificate
from certlib.states import View

__all__ = ["one_of_each_lineage"]


def one_of_each_lineage(found: Sequence[Certificate], day: date) -> tuple[Certificate, ...]:
    """Of several versions of one certificate the one in force on that day, or else the newest.

    While a renewal waits for its term the version before is the one that counts, and on a day
    before a change it was. A new department goes on in a lineage of its own.
    """
    known = {item.identifier: item for item in found}
    chosen: dict[str, Certificate] = {}
    for item in found:  # by identifier: versions of a lineage follow one another
        last = item
        while last.superseded_by in known:
            last = known[last.superseded_by]
        lineage = last.identifier.rsplit(".", 2)[0]
        if lineage not in chosen or not _counts(chosen[lineage], day):
            chosen[lineage] = item
    counting = tuple(item for item in chosen.values() if _counts(item, day))
    return counting or tuple(chosen.values())


def _counts(item: Certificate, day: date) -> bool:
    """Whether it is in force that day, or nothing has taken its place."""
    return item.view_on(day) is View.VALID or not item.superseded_by
