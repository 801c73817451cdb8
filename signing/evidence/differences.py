"""What one appended revision brought, object by object, by our own reading.

Every object that a revision defines anew is compared with what stood under its number before, and
judged by every purpose that it serves (`labels`). What has no name here is `OTHER`, which no
signature permits; an object that nothing refers to is unexplained.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from certlib.evidence import ChangeKind
from signing.evidence.crossref import FREE, USED, Section
from signing.evidence.descriptions import only_saved
from signing.evidence.document import Document
from signing.evidence.faces import (
    has_no_place,
    has_plain_face,
    only_gains,
    read_only,
    serves_filling,
    shown_now,
    shows_nothing,
)
from signing.evidence.labels import Label, Labels, labelled
from signing.evidence.store import (
    is_extension_data,
    is_left_over,
    is_part_of_store,
    is_validation_material,
)
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, text_of
from signing.evidence.values import alike, filled_anew, values_of

__all__ = ["Difference", "View", "differences"]

_TRAILER = {"/Size", "/Prev", "/XRefStm", "/ID", "/Type", "/W", "/Index", "/Length"} | {
    *("/Filter", "/DecodeParms")
}
_CATALOG = {
    "/DSS": ChangeKind.VALIDATION_MATERIAL,
    "/Extensions": ChangeKind.VALIDATION_MATERIAL,
    "/Metadata": ChangeKind.METADATA,
    "/MarkInfo": ChangeKind.METADATA,
    "/Version": ChangeKind.METADATA,
}
_ROLES = {
    "dss": ChangeKind.VALIDATION_MATERIAL,
    "extensions": ChangeKind.VALIDATION_MATERIAL,
    "metadata": ChangeKind.METADATA,
    "info": ChangeKind.METADATA,
    "resources": ChangeKind.FORM,
    "annotation": ChangeKind.ANNOTATION,
}
# What filling in changes (ISO 32000-2, 12.8.2.2, table 257): values and how they look.
_FILLED = frozenset({"/V", "/AP", "/AS", "/F", "/DA", "/Q", "/M", "/MK", "/RV", "/I", "/TI"})
_SIGNED = frozenset({"/V", "/AP", "/AS", "/F", "/M", "/MK", "/DA"})
# A new timestamp field that shows nothing and does nothing.
_STAMP = frozenset(
    {"/Type", "/Subtype", "/FT", "/T", "/TU", "/V", "/F", "/Ff", "/P", "/Rect", "/AP", "/Parent"}
)

_Compared = Callable[[Reference, PdfValue, PdfValue], Iterator["Difference"]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a revision brought.

    Attributes:
        place: the object, as `12 0` or `12 0 /Annots`.
        field: full name of the form field that it belongs to, or "".
        number: of an annotation that may look different now, or 0; all widgets of `field` may.
        explained: False for an object that nothing refers to.
        orphan: it is validation material that nothing has ever referred to.
        fresh: `field` was not there before.
        saved: a description says when and by what the file was saved, and nothing else anew.
    """

    kind: ChangeKind
    place: str
    detail: str = ""
    field: str = ""
    number: int = 0
    explained: bool = True
    orphan: bool = False
    fresh: bool = False
    saved: bool = False


@dataclass(frozen=True)
class View:
    """A file as it was at the end of one revision, and what its objects are there for."""

    document: Document
    labels: Labels

    @cached_property
    def values(self) -> Mapping[str, list[PdfValue]]:
        """Of all fields: this revision is compared with the one before and the one after."""
        return values_of(self.document, self.labels)

    @classmethod
    def of(cls, document: Document) -> "View":
        """Looks at all of it.

        Raises:
            ReadingFaultError: there is too much to look at.
        """
        return cls(document, labelled(document))


def differences(old: View, new: View, section: Section) -> list[Difference]:
    """What `section`, the newest of `new`, brought.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    return list(_Comparison(old, new).all(section))


class _Comparison:
    """Two revisions side by side."""

    def __init__(self, old: View, new: View) -> None:
        self.old, self.before, self.known = old, old.document, old.labels
        self.new, self.after, self.labels = new, new.document, new.labels
        self.old_tree, self.tree = old.labels.tree, new.labels.tree
        self.compared: dict[str, _Compared] = {
            "catalog": self._catalog,
            "form": self._form,
            "field": self._field,
            "page": self._page,
            "annot": self._annotations,
        }
        # What a signed field shows is part of its signature.
        self.signed = {
            label.owner
            for labels in self.known.of.values()
            for label in labels
            if label.role == "signature"
        }

    @cached_property
    def filled(self) -> frozenset[str]:
        """Fields with another value than before; without one a new face is a disguise."""
        return filled_anew(self.before, self.old.values, self.after, self.new.values)

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Fields that were not there to be filled in."""
        return read_only(self.before, self.known)

    def _form_kind(self, name: str) -> ChangeKind:
        filled = name in self.filled and name not in self.read_only
        return ChangeKind.FORM if filled else ChangeKind.OTHER

    @cached_property
    def signs(self) -> bool:
        """Whether there is a field that was not there before."""
        return any(
            self._is_free(number) and any(label.role == "field" for label in labels)
            for number, labels in self.labels.of.items()
        )

    def all(self, section: Section) -> Iterator[Difference]:
        yield from self._trailer()
        own = (section.number or (0, 0))[0]
        for number, entry in sorted(section.entries.items()):
            named = number in self.labels.mentioned
            if entry[0] == FREE:
                # 7.5.6: what is not used any more may be given up.
                if named and not self._is_free(number):
                    yield Difference(ChangeKind.OTHER, f"{number}", "object freed")
            # The cross-reference itself is nothing that anybody refers to.
            elif number != own or named or not self._is_free(number):
                yield from self._object(Reference(number, entry[2] if entry[0] == USED else 0))

    def _trailer(self) -> Iterator[Difference]:
        old, new = self.before.trailer, self.after.trailer
        for key in sorted((old.keys() | new.keys()) - _TRAILER):
            if self._same(old.get(key), new.get(key)):
                continue
            kind = ChangeKind.METADATA if key == "/Info" else ChangeKind.OTHER
            yield Difference(kind, f"trailer {key}", "trailer")

    def _object(self, place: Reference) -> Iterator[Difference]:
        number = place.number
        labels = self.labels.of.get(number, set())
        new = self.after.value(place)
        if self._is_free(number) and number in self.known.mentioned:
            # What the signed part mentioned was nothing then, and is something now.
            yield Difference(ChangeKind.OTHER, str(place), "defined after it was signed for")
        elif not labels:
            orphan = self._is_free(number) and is_left_over(self.after, new)
            detail = "unreachable object"
            yield Difference(ChangeKind.OTHER, str(place), detail, explained=False, orphan=orphan)
        elif self._is_free(number):
            yield from self._new_object(place, labels, new)
        elif not self._same(old := self.before.value(place), new):
            for label in sorted(labels):
                yield from self._changed(place, label, old, new)

    def _new_object(
        self, place: Reference, labels: set[Label], new: PdfValue
    ) -> Iterator[Difference]:
        roles = {label.role for label in labels}
        # What hangs on the dictionary of a stream is in the store, too.
        if "dss" in roles and not is_part_of_store(self.after, new):
            yield Difference(ChangeKind.OTHER, str(place), "validation material")
        if "field" in roles and isinstance(new, dict):
            yield from self._new_field(place, new)

    def _changed(
        self, place: Reference, label: Label, old: PdfValue, new: PdfValue
    ) -> Iterator[Difference]:
        compare = self.compared.get(label.role)
        if label.role == "struct" and self.signs:
            # A tagged page names its new field, too (14.7); pyHanko looks at what exactly changed.
            yield Difference(ChangeKind.SIGNATURE, str(place), label.role)
            return
        spoilt = (label.role == "resources" and not only_gains(old, new)) or (
            label.role == "extensions" and not is_extension_data(self.after, new)
        )
        if spoilt:
            yield Difference(ChangeKind.OTHER, str(place), label.role)
        elif label.role in _ROLES:
            kind, number = _ROLES[label.role], place.number
            saved = kind is ChangeKind.METADATA and only_saved(self.before, old, self.after, new)
            yield Difference(kind, str(place), label.role, number=number, saved=saved)
            if label.role == "dss" and not is_part_of_store(self.after, new):
                yield Difference(ChangeKind.OTHER, str(place), "validation material")
        elif label.role in ("value", "appearance") and label.owner not in self.signed:
            kind = self._form_kind(label.owner)
            yield Difference(kind, str(place), label.role, label.owner)
        elif compare is not None:
            yield from compare(place, old, new)
        else:
            yield Difference(ChangeKind.OTHER, str(place), label.role, label.owner)

    def _catalog(self, place: Reference, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        for key, _, value in self._changed_keys(old, new):
            spot = f"{place} {key}"
            if key == "/AcroForm":
                yield from self._form(spot, self.before.get(old, key), self.after.get(new, key))
            elif key in _CATALOG and value is not None:
                yield Difference(_CATALOG[key], spot)
                if key == "/DSS" and not is_validation_material(self.after, value):
                    yield Difference(ChangeKind.OTHER, spot, "validation material")
                if key == "/Extensions" and not is_extension_data(self.after, value):
                    yield Difference(ChangeKind.OTHER, spot, "extensions")
            else:
                yield Difference(ChangeKind.OTHER, spot, "catalog")

    def _form(self, place: object, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        for key, before, after in self._changed_keys(old, new):
            if key == "/SigFlags":
                continue
            if key == "/Fields":
                yield from self._fields(
                    f"{place} {key}", self.before.get(old, key), self.after.get(new, key)
                )
            else:
                both = self.before.resolved(before), self.after.resolved(after)
                harmless = serves_filling(key, *both, absent=before is None)
                kind = ChangeKind.FORM if harmless else ChangeKind.OTHER
                yield Difference(kind, f"{place} {key}", "form")

    def _fields(self, place: object, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        """A list of fields: what was there stays, what comes are signature fields."""
        added = self._added(old, new)
        if added is None:
            yield Difference(ChangeKind.OTHER, str(place), "fields removed or moved")
        elif not all(self._is_new(item) for item in added):
            yield Difference(ChangeKind.OTHER, str(place), "field that was there")

    def _new_field(self, place: Reference, entries: PdfDictionary) -> Iterator[Difference]:
        name = self.tree.name(entries)
        if self.tree.kind(entries) != "/Sig" or entries.keys() & {"/A", "/AA", "/OC"}:
            yield Difference(ChangeKind.OTHER, str(place), "new field", name)
            return
        kind = self._kind_of_signature(entries)
        bare = entries.keys() <= _STAMP and has_no_place(self.after, entries)
        if kind is ChangeKind.DOCUMENT_TIMESTAMP and not bare:
            kind = ChangeKind.SIGNATURE
        yield Difference(kind, str(place), "new field", name, fresh=True)

    def _field(self, place: Reference, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        if not isinstance(new, dict):
            yield from self._fields(place, old, new)
            return
        name = self.tree.name(new)
        is_signature = self.old_tree.kind(old) == "/Sig"
        kind, allowed = self._form_kind(name), _FILLED
        if is_signature:
            filled = (
                self.old_tree.inherited(old, "/V") is None
                and self.tree.inherited(new, "/V") is not None
            )
            kind = self._kind_of_signature(new) if filled else ChangeKind.OTHER
            allowed = _SIGNED
            # A field that was there shows its signature where the signed page has room for it.
            kind = ChangeKind.SIGNATURE if kind is ChangeKind.DOCUMENT_TIMESTAMP else kind
        for key, before, after in self._changed_keys(old, new):
            spot = f"{place} {key}"
            if key == "/Kids":
                yield from self._fields(
                    spot, self.before.resolved(before), self.after.resolved(after)
                )
            else:
                own = kind if key in allowed else ChangeKind.OTHER
                shown = key == "/F" and shown_now(before, after)
                yield Difference(own, spot, "field", name, fresh=shown)

    def _page(self, place: Reference, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        for key, before, after in self._changed_keys(old, new):
            spot = f"{place} {key}"
            if key == "/Annots":
                yield from self._annotations(
                    spot, self.before.resolved(before), self.after.resolved(after)
                )
            else:
                yield Difference(ChangeKind.OTHER, spot, "page")

    def _annotations(self, place: object, old: PdfValue, new: PdfValue) -> Iterator[Difference]:
        added = self._added(old, new)
        if added is None:
            kind = ChangeKind.OTHER if self._lost_widget(old, new) else ChangeKind.ANNOTATION
            yield Difference(kind, str(place), "annotations removed or moved")
            added = [item for item in _items(new) if self._is_new(item)]
        for item in added:
            entries = self.after.resolved(item)
            if text_of(self.after.get(entries, "/Subtype")) != "/Widget":
                yield Difference(ChangeKind.ANNOTATION, str(place), "new", number=_number(item))
            elif not self._is_new(item):
                # A new one is a new field, too, and judged as that.
                yield Difference(ChangeKind.OTHER, str(place), "widget", number=_number(item))

    def _kind_of_signature(self, entries: PdfDictionary) -> ChangeKind:
        """What a signature field is now, by whoever vouches for what it shows."""
        stated = self.tree.stated(entries, "/V")
        value = self.after.resolved(stated)
        if isinstance(stated, Reference) and not self._is_new(stated):
            return ChangeKind.OTHER  # a signature that was there is not shown once more
        if not has_plain_face(self.after, entries):
            return ChangeKind.OTHER
        kinds = {text_of(self.after.get(value, key)) for key in ("/Type", "/SubFilter")}
        stamp = {"/DocTimeStamp", "/ETSI.RFC3161"}
        # Nobody signs a field without a signature, and a timestamp vouches for no face.
        if (value is None or kinds & stamp) and not shows_nothing(self.after, entries):
            return ChangeKind.OTHER
        return ChangeKind.DOCUMENT_TIMESTAMP if kinds == stamp else ChangeKind.SIGNATURE

    def _is_new(self, item: PdfValue) -> bool:
        number = _number(item)
        return number > 0 and self._is_free(number)

    def _is_free(self, number: int) -> bool:
        return self.before.entries.get(number, (FREE, 0, 0))[0] == FREE

    def _lost_widget(self, old: PdfValue, new: PdfValue) -> bool:
        """Whether a widget is gone, or anything is listed twice."""
        kept = {str(item) for item in _items(new)}
        lost = [item for item in _items(old) if str(item) not in kept]
        subtypes = {
            text_of(self.before.get(self.before.resolved(item), "/Subtype")) for item in lost
        }
        return "/Widget" in subtypes or len(kept) != len(_items(new))

    def _added(self, old: PdfValue, new: PdfValue) -> list[PdfValue] | None:
        """What a list has more than before; None when something of before is not there in order."""
        before, added, kept = _items(old), [], 0
        for item in _items(new):
            if kept < len(before) and self._same(before[kept], item):
                kept += 1
            else:
                added.append(item)
        lists = all(isinstance(value, list) or value is None for value in (old, new))
        return added if kept == len(before) and lists else None

    def _changed_keys(
        self, old: PdfValue, new: PdfValue
    ) -> Iterator[tuple[str, PdfValue, PdfValue]]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            yield "", None, None
            return
        for key in sorted(old.keys() | new.keys()):
            if not self._same(old.get(key), new.get(key)):
                yield key, old.get(key), new.get(key)

    def _same(self, old: PdfValue, new: PdfValue) -> bool:
        return alike(self.before, old, self.after, new)


def _items(value: PdfValue) -> list[PdfValue]:
    return value if isinstance(value, list) else []


def _number(item: PdfValue) -> int:
    return item.number if isinstance(item, Reference) else 0
