"""The tree of form fields (ISO 32000-2, 12.7.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, Stream, text_of

__all__ = ["Field", "FieldTree", "fields"]

_MOST_FIELDS = 5000
_MOST_KIDS = 50_000
_DEEPEST = 40
_FIELD_KEYS = frozenset({"/FT", "/T", "/V", "/Kids", "/Parent"})


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


class FieldTree:
    """What fields and widgets inherit, also where a kid does not say who its parent is."""

    def __init__(self, document: Document) -> None:
        self._document = document
        # The document keeps its values, so their identities last as long as this.
        self._above: dict[int, PdfDictionary] = {}
        self._names: dict[int, str] = {}
        self._descend(document.get(document.get(document.catalog, "/AcroForm"), "/Fields"))

    def name(self, entries: PdfValue) -> str:
        """The full name (ISO 32000-2, 12.7.4.2)."""
        if not isinstance(entries, dict):
            return ""
        found = self._names.get(id(entries))
        if found is None:
            parts = [text_of(self._document.get(item, "/T")) for item in self._line(entries)]
            found = ".".join(part for part in reversed(parts) if part)
            self._names[id(entries)] = found
        return found

    def inherited(self, entries: PdfValue, key: str) -> PdfValue:
        """An entry of the field or widget, or of the nearest field above it."""
        return self._document.resolved(self.stated(entries, key))

    def stated(self, entries: PdfValue, key: str) -> PdfValue:
        """As `inherited`, but with its reference unfollowed."""
        for item in self._line(entries):
            if self._document.get(item, key) is not None:
                return item[key]
        return None

    def kind(self, entries: PdfValue) -> str:
        """`/FT`."""
        return text_of(self.inherited(entries, "/FT"))

    def _line(self, entries: PdfValue) -> Iterator[PdfDictionary]:
        for _ in range(_DEEPEST):
            if not isinstance(entries, dict):
                return
            yield entries
            parent = self._document.get(entries, "/Parent")
            entries = parent if parent is not None else self._above.get(id(entries))

    def _descend(self, kids: PdfValue) -> None:
        waiting: list[tuple[PdfDictionary | None, PdfValue]] = [(None, kids)]
        # A list is gone through once: many fields may name the same, and a field itself.
        seen: set[int] = set()
        while waiting:
            parent, found = waiting.pop()
            if not isinstance(found, list) or id(found) in seen:
                continue
            seen.add(id(found))
            for kid in found:
                entries = self._document.resolved(kid)
                if not isinstance(entries, dict):
                    continue
                if parent is not None:
                    self._above.setdefault(id(entries), parent)
                waiting.append((entries, self._document.get(entries, "/Kids")))


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
    walk = _Walk(document)
    return [
        field for entry in walk.array(form, "/Fields") for field in walk.fields(entry, _Above())
    ]


class _Walk:
    """A way through the tree; whatever it looks at is counted, also what stands twice."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[int] = set()
        self._kids = 0

    def fields(self, entry: PdfValue, above: _Above) -> Iterator[Field]:
        """The terminal fields at and below `entry`."""
        document, seen = self._document, self._seen
        place = entry if isinstance(entry, Reference) else None
        if place is not None:
            if place.number in seen:
                raise ReadingFaultError("malformed", "form")
            seen.add(place.number)
        found = document.resolved(entry)
        if above.depth > _DEEPEST or len(seen) > _MOST_FIELDS:
            raise ReadingFaultError("malformed", "form")
        if not isinstance(found, dict):
            if isinstance(found, Stream) and not _FIELD_KEYS.isdisjoint(found.entries):
                # A field to readers that take the dictionary of a stream for one.
                raise ReadingFaultError("malformed", "form")
            return  # null (7.3.10) and other values are fields to nobody
        kind = text_of(document.get(found, "/FT")) or above.kind
        own = text_of(document.get(found, "/T"))
        name = ".".join(part for part in (above.name, own) if part)
        # Kids without a name of their own are widgets of this field, not fields.
        kids = [kid for kid in self.array(found, "/Kids") if self._is_field(kid)]
        if not kids:
            yield Field(name, kind, found.get("/V"), found, place)
        for kid in kids:
            yield from self.fields(kid, _Above(name, kind, above.depth + 1))

    def array(self, holder: PdfDictionary, key: str) -> list[PdfValue]:
        found = self._document.get(holder, key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise ReadingFaultError("malformed", key)
        self._kids += len(found)
        if self._kids > _MOST_KIDS:
            raise ReadingFaultError("too-large", "fields")
        return found

    def _is_field(self, kid: PdfValue) -> bool:
        found = self._document.resolved(kid)
        return isinstance(found, dict) and "/T" in found
