"""Values without their places: two revisions may say the same at different offsets."""

from signing.evidence.document import Document
from signing.evidence.labels import Labels
from signing.evidence.syntax import HexString, PdfValue, Stream, size_of

__all__ = ["plain", "values_of"]

_PER_VISIT = 8


def values_of(document: Document, labels: Labels) -> dict[str, list[object]]:
    """The values of all fields by their full names, each widget's state with them."""
    found: dict[str, list[object]] = {}
    for number, roles in sorted(labels.of.items()):
        for label in roles:
            entries = document.resolved(document.reference(number))
            if label.role == "field" and isinstance(entries, dict):
                value = document.resolved(labels.tree.inherited(entries, "/V"))
                state = document.get(entries, "/AS")
                found.setdefault(label.owner, []).append(plain(document, [value, state]))
    return found


def plain(document: Document, value: PdfValue) -> object:
    """A value without its place in the file; `1` and `true` are two things.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    document.spend_visits(1 + size_of(value) // _PER_VISIT)
    if isinstance(value, HexString):
        return (bytes, value.decoded)
    if isinstance(value, Stream):
        return plain(document, value.entries), document.data[value.start : value.end]
    if isinstance(value, list):
        return [plain(document, item) for item in value]
    if isinstance(value, dict):
        return {key: plain(document, item) for key, item in value.items()}
    return (type(value), value)
