"""Values without their places: two revisions may say the same at different offsets."""

from collections.abc import Mapping, Sequence

from signing.evidence.document import Document
from signing.evidence.labels import Labels
from signing.evidence.syntax import HexString, Name, PdfValue, Reference, Stream, size_of

__all__ = ["alike", "filled_anew", "plain", "values_of"]

_PER_VISIT = 8
_BARE = frozenset({bool, bytes, float, int, Name, Reference, type(None)})
"""Values that have neither parts nor a place in the file."""


def values_of(document: Document, labels: Labels) -> dict[str, list[PdfValue]]:
    """The values of all fields by their full names, each widget's state behind its own."""
    found: dict[str, list[PdfValue]] = {}
    for number, roles in sorted(labels.of.items()):
        for label in roles:
            entries = document.resolved(document.reference(number))
            if label.role == "field" and isinstance(entries, dict):
                value = labels.tree.inherited(entries, "/V")
                state = document.get(entries, "/AS")
                found.setdefault(label.owner, []).extend((value, state))
    return found


def filled_anew(
    before: Document,
    old: Mapping[str, Sequence[PdfValue]],
    after: Document,
    new: Mapping[str, Sequence[PdfValue]],
) -> frozenset[str]:
    """Fields with other `values_of` than they had, and those that were not there.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    return frozenset(
        name
        for name, values in new.items()
        if len(values) != len(earlier := old.get(name, ()))
        or not all(alike(before, was, after, now) for was, now in zip(earlier, values, strict=True))
    )


def alike(before: Document, old: PdfValue, after: Document, new: PdfValue) -> bool:
    """Whether two revisions say the same there, wherever it lies in each.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    if old is new:
        # Read at one place: one value. It has its price all the same, as everything in a file that
        # is compared has: whoever looks at the file after us looks at all of it again.
        size = size_of(old)
        before.spend_visits(2 * (1 + size + size // _PER_VISIT))
        return True
    return plain(before, old) == plain(after, new)


def plain(document: Document, value: PdfValue) -> tuple[object, object]:
    """A value without its place in the file, and its kind: `1` and `true` are two things.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    document.spend_visits(1 + size_of(value) // _PER_VISIT)
    if isinstance(value, HexString):
        return bytes, value.decoded
    if isinstance(value, Stream):
        return Stream, (plain(document, value.entries), document.data[value.start : value.end])
    if isinstance(value, list):
        return list, _plain_items(document, value)
    if isinstance(value, dict):
        return dict, {key: plain(document, item) for key, item in value.items()}
    return type(value), value


def _plain_items(
    document: Document, items: list[PdfValue]
) -> tuple[list[object], Sequence[object]]:
    """Kinds and values, each in a list of its own: of bare ones there is nothing to be made."""
    kinds: list[object] = list(map(type, items))
    if _BARE.issuperset(kinds):
        document.spend_visits(len(items))
        return kinds, items
    pairs = [plain(document, item) for item in items]
    return [kind for kind, _ in pairs], [bare for _, bare in pairs]
