"""The tree of form fields (ISO 32000-2, 12.7.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, text_of

__all__ = ["Field", "fields"]

_MOST_FIELDS = 5000
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Field:
    """A terminal form field.

    Attributes:
        kind: `/FT`, inherited where the field itself has none.
        value: the raw `/V`, not followed; None when it is absent.
        entries: the field's dictionary.
        place: the reference that leads to it, where there is one.
    """

    name: str
    kind: str
    value: PdfValue
    entries: PdfDictionary
    place: Reference | None = None


@dataclass(frozen=True, slots=True)
class _Above:
    name: str = ""
    kind: str = ""
    depth: int = 0


def fields(document: Document) -> list[Field]:
    """The terminal form fields, signature values left unread.

    Raises:
        ReadingFaultError: the field tree is circular, endless or of the wrong shape.
    """
    form = document.get(document.catalog, "/AcroForm")
    if form is None:
        return []
    if not isinstance(form, dict):
        raise ReadingFaultError("malformed", "form")
    seen: set[int] = set()
    return [
        field
        for entry in _array(document, form, "/Fields")
        for field in _walked(document, entry, _Above(), seen)
    ]


def _walked(document: Document, entry: PdfValue, above: _Above, seen: set[int]) -> Iterator[Field]:
    place = entry if isinstance(entry, Reference) else None
    if place is not None:
        if place.number in seen:
            raise ReadingFaultError("malformed", "form")
        seen.add(place.number)
    found = document.resolved(entry)
    if not isinstance(found, dict) or above.depth > _DEEPEST or len(seen) > _MOST_FIELDS:
        raise ReadingFaultError("malformed", "form")
    kind = text_of(document.get(found, "/FT")) or above.kind
    own = text_of(document.get(found, "/T"))
    name = ".".join(part for part in (above.name, own) if part)
    # Kids without a name of their own are widgets of this field, not fields.
    kids = [kid for kid in _array(document, found, "/Kids") if _is_field(document, kid)]
    if not kids:
        yield Field(name, kind, found.get("/V"), found, place)
    for kid in kids:
        yield from _walked(document, kid, _Above(name, kind, above.depth + 1), seen)


def _is_field(document: Document, kid: PdfValue) -> bool:
    found = document.resolved(kid)
    return isinstance(found, dict) and "/T" in found


def _array(document: Document, holder: PdfDictionary, key: str) -> list[PdfValue]:
    found = document.get(holder, key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ReadingFaultError("malformed", key)
    return found
