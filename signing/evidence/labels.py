"""What each object of a file is there for: every way from the trailer to it (ISO 32000-2, 7.7).

An object may serve several purposes at once. A later revision that may replace a field's
appearance may not replace it where the same object also draws the page.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from signing.evidence.crossref import COMPRESSED
from signing.evidence.document import Document
from signing.evidence.form import FieldTree
from signing.evidence.syntax import PdfDictionary, PdfValue, Reference, Stream, size_of, text_of

__all__ = ["Label", "Labels", "labelled"]

_PER_VISIT = 8
_CATALOG = {
    "/AcroForm": "form",
    "/DSS": "dss",
    "/Extensions": "extensions",
    "/Metadata": "metadata",
    "/Pages": "page",
    "/Perms": "perms",
    "/StructTreeRoot": "struct",
}
_FIELD = {"/Kids": "field", "/AP": "appearance", "/Lock": "lock", "/SV": "lock"}
# Entries that lead back to where another way leads anyway.
_BACK = {
    "field": frozenset({"/Parent", "/P"}),
    "page": frozenset({"/Parent"}),
    "annotation": frozenset({"/P", "/Parent"}),
    "struct": frozenset({"/Pg", "/Obj"}),
    "signature": frozenset({"/Data"}),
    "perms": frozenset({"/Data"}),
}
# What these name by a reference is a destination or a target, not a part of them.
_NAMING = frozenset(
    {"form-entry", "field-entry", "struct", "other", "annotation", "signature", "unnamed"}
)
# Roles of which signatures permit changes: what is read for another purpose, too, is not theirs.
_LOOSE = frozenset(
    {"dss", "extensions", "metadata", "info", "resources", "struct", "value", "appearance"}
)


class Label(NamedTuple):
    """A purpose, and the full name of the form field that it belongs to, where there is one."""

    role: str
    owner: str = ""


_MENTION = Label("mentioned")
_UNNAMED = Label("unnamed")


class Labels(NamedTuple):
    """The purposes of a file's objects.

    Attributes:
        of: number → every purpose.
        mentioned: numbers that anything reachable refers to, defined or not.
        tree: what fields inherit.
    """

    of: dict[int, set[Label]]
    mentioned: set[int]
    tree: FieldTree


def labelled(document: Document) -> Labels:
    """Follows every reference from the trailer, and what object streams lean on.

    Raises:
        ReadingFaultError: there is too much to follow.
    """
    walk = _Walk(document)
    walk.follow(
        (value, Label({"/Root": "catalog", "/Info": "info"}.get(key, "other")))
        for key, value in document.trailer.items()
    )
    containers = {entry[1] for entry in document.entries.values() if entry[0] == COMPRESSED}
    walk.follow(
        (Reference(number, document.entries[number][2]), _UNNAMED)
        for number in sorted(containers & document.entries.keys())
    )
    walk.follow_targets()
    return walk.found


class _Walk:
    """Every way from the trailer; destinations and ways back wait until the rest has names."""

    def __init__(self, document: Document) -> None:
        self.found = Labels({}, set(), FieldTree(document))
        self._document = document
        self._targets: list[Reference] = []

    def follow(self, start: Iterable[tuple[PdfValue, Label]]) -> None:
        waiting = list(start)
        while waiting:
            value, label = waiting.pop()
            if isinstance(value, Reference):
                value, label = self._followed(value, label)
            self._document.spend_visits(1 + size_of(value) // _PER_VISIT)
            waiting.extend(_parts(self._document, value, label, self.found.tree))

    def follow_targets(self) -> None:
        """Where a target turns out to be nothing that it should be, readers go there all the same.

        A parent that is not in the tree hands down its entries, an action that looks like a field
        is run: such an object serves a purpose that has no name.
        """
        while self._targets:
            reference = self._targets.pop()
            roles = {label.role for label in self.found.of.get(reference.number, ())}
            if _UNNAMED.role not in roles and roles <= _LOOSE:
                self.found.of.setdefault(reference.number, set()).add(_UNNAMED)
                self.follow([(self._document.value(reference), _UNNAMED)])

    def _followed(self, reference: Reference, label: Label) -> tuple[PdfValue, Label]:
        """The value behind a reference, unless that way has been gone before."""
        number, found = reference.number, self.found
        found.mentioned.add(number)
        if label is _MENTION:
            self._targets.append(reference)
            return None, label
        value = self._document.value(reference)
        label = _label_there(self._document, value, label, found.tree)
        if label.role in _NAMING and _is_target(value):
            self._targets.append(reference)
            return None, label
        labels = found.of.setdefault(number, set())
        if label in labels:
            return None, label
        labels.add(label)
        return value, label


def _label_there(document: Document, value: PdfValue, label: Label, tree: FieldTree) -> Label:
    """An annotation may be the widget of a field; a kid of a field has a name of its own."""
    if not isinstance(value, dict) or label.role not in ("annot", "field"):
        return label
    if label.role == "annot" and text_of(document.get(value, "/Subtype")) != "/Widget":
        return Label("annotation")
    return Label("field", tree.name(value))


def _is_target(value: PdfValue) -> bool:
    if not isinstance(value, dict):
        return False
    return (
        value.get("/Type") in ("/Page", "/Pages", "/Catalog")
        or "/FT" in value
        or (value.get("/Subtype") == "/Widget")
    )


def _parts(
    document: Document, value: PdfValue, label: Label, tree: FieldTree
) -> Iterator[tuple[PdfValue, Label]]:
    if isinstance(value, Reference):
        yield value, label  # an object may itself be a reference
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (Reference, list, dict)):
                yield item, label
        return
    entries = value.entries if isinstance(value, Stream) else value
    if not isinstance(entries, dict):
        return
    # Dictionaries that stand directly in an array are what a reference would lead to.
    label = _label_there(document, value, label, tree)
    for key, item in entries.items():
        if isinstance(item, (Reference, list, dict)):
            back = isinstance(item, Reference) and key in _BACK.get(label.role, ())
            yield item, _MENTION if back else _below(entries, key, label, tree)


def _below(holder: PdfDictionary, key: str, label: Label, tree: FieldTree) -> Label:
    """The purpose of an entry by that of its holder."""
    match label.role:
        case "catalog":
            return Label(_CATALOG.get(key, "other"))
        case "form":
            return Label({"/Fields": "field", "/DR": "resources"}.get(key, "form-entry"))
        case "page":
            return Label({"/Kids": "page", "/Annots": "annot"}.get(key, "content"))
        case "field" if key == "/V":
            signed = tree.kind(holder) == "/Sig"
            return Label("signature" if signed else "value", label.owner)
        case "field":
            return Label(_FIELD.get(key, "field-entry"), label.owner)
        case _:
            return label
