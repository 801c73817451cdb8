"""What a field shows, and whether a later revision may make it show that (ISO 32000-2, 12.7.4)."""

from signing.evidence.document import Document
from signing.evidence.labels import Labels
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, Stream

__all__ = [
    "has_no_place",
    "has_plain_face",
    "only_gains",
    "read_only",
    "serves_filling",
    "shown_now",
    "shows_nothing",
]

_HIDDEN = 2
# Invisible, Hidden, NoView: bits 1, 2 and 6 of /F (12.5.3, table 167).
_UNSEEN = 1 | 2 | 32
_READ_ONLY = 1
_CORNERS = 4
_PROCEDURES = "/ProcSet"


def has_no_place(document: Document, entries: PdfDictionary) -> bool:
    """Whether a field is nowhere on its page."""
    flags, rectangle = document.get(entries, "/F"), document.get(entries, "/Rect")
    hidden = isinstance(flags, int) and flags & _HIDDEN
    flat = isinstance(rectangle, list) and not any(rectangle)
    return bool(hidden or flat or rectangle is None) or (
        _is_faceless(entries) and _is_empty(rectangle)
    )


def _is_faceless(entries: PdfDictionary) -> bool:
    return "/AP" not in entries and "/MK" not in entries


def _is_empty(rectangle: PdfValue) -> bool:
    """Whether it has neither width nor height (12.7.5.5), wherever it lies."""
    if not isinstance(rectangle, list) or len(rectangle) != _CORNERS:
        return False
    left, bottom, right, top = rectangle
    return left == right and bottom == top and all(isinstance(v, (int, float)) for v in rectangle)


def shows_nothing(document: Document, entries: PdfDictionary) -> bool:
    """Whether a signature field has neither a face nor a place where one could be."""
    return _is_faceless(entries) or has_no_place(document, entries)


def has_plain_face(document: Document, entries: PdfDictionary) -> bool:
    """Whether all readers show one face of it, or none, at any time (12.5.5).

    A face for the mouse, or one of several states, is not what the pages are compared by.
    """
    faces = document.get(entries, "/AP")
    if faces is None:
        return True
    if not isinstance(faces, dict) or faces.keys() - {"/N"}:
        return False
    face = document.get(faces, "/N")
    return face is None or isinstance(face, Stream)


def serves_filling(key: str, old: PdfValue, new: PdfValue, *, absent: bool) -> bool:
    """How fields look that are not filled in must not change with an entry of the form."""
    match key:
        case "/NeedAppearances":
            return True
        case "/DR":
            return absent or only_gains(old, new)
        case _:
            return key == "/DA" and absent


def shown_now(old: PdfValue, new: PdfValue) -> bool:
    """Whether these flags show what those had hidden."""
    before = old if isinstance(old, int) else 0
    after = new if isinstance(new, int) else 0
    return bool(before & _UNSEEN & ~after)


def read_only(document: Document, labels: Labels) -> frozenset[str]:
    """Fields that nobody fills in (12.7.4.1, table 227), but for those that are calculated."""
    order = document.get(document.get(document.catalog, "/AcroForm"), "/CO")
    calculated = {
        labels.tree.name(document.resolved(item))
        for item in (order if isinstance(order, list) else ())
    }
    found = set()
    for number, purposes in labels.of.items():
        owners = {label.owner for label in purposes if label.role == "field"}
        if owners - calculated:
            value = document.resolved(document.reference(number))
            flags = labels.tree.inherited(value, "/Ff")
            if isinstance(flags, int) and flags & _READ_ONLY:
                found |= owners - calculated
    return frozenset(found)


def only_gains(old: PdfValue, new: PdfValue) -> bool:
    """Whether a dictionary of resources holds all that it held (7.8.3): fonts may come."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    if not (_is_container(old) and _is_container(new)):
        return False
    return all(
        new.get(key) == value or (isinstance(value, dict) and only_gains(value, new.get(key)))
        for key, value in old.items()
        if key != _PROCEDURES
    )


def _is_container(entries: PdfDictionary) -> bool:
    """A dictionary of resources or of their kinds, and no resource itself."""
    return "/Type" not in entries and all(
        isinstance(value, (Reference, dict)) or key == _PROCEDURES for key, value in entries.items()
    )
