"""What a signature lets others change (ISO 32000-2, 12.8.2.2, 12.8.2.4)."""

from dataclasses import dataclass

from certlib.evidence import ChangeKind
from signing.evidence.differences import Difference
from signing.evidence.document import Document
from signing.evidence.layout import SignatureLayout
from signing.evidence.syntax import PdfValue, text_of

__all__ = ["Permission", "permission_of"]

# 12.8.2.2.2: validation material and document timestamps are no changes under any level.
_ALWAYS = frozenset({ChangeKind.VALIDATION_MATERIAL, ChangeKind.DOCUMENT_TIMESTAMP})
_FILLING = _ALWAYS | {ChangeKind.SIGNATURE, ChangeKind.FORM, ChangeKind.METADATA}
_LEVELS: dict[int, frozenset[ChangeKind]] = {
    1: _ALWAYS,
    2: _FILLING,
    3: _FILLING | {ChangeKind.ANNOTATION},
}
_STRICTEST, _WIDEST = 1, 3


@dataclass(frozen=True, slots=True)
class Permission:
    """What may follow one signature.

    Attributes:
        level: P of its DocMDP transform or of its field's lock; None for an approval signature,
            after which forms may be filled and signed.
        action: `/All`, `/Include`, `/Exclude` of its FieldMDP transform, or "".
        names: the fields that `action` speaks of.
    """

    level: int | None = None
    action: str = ""
    names: frozenset[str] = frozenset()

    def permits(self, found: Difference) -> bool:
        """Whether that may be changed."""
        kinds = _FILLING if self.level is None else _LEVELS.get(self.level, _ALWAYS)
        if found.orphan:
            # Writers that replace a store leave some behind; under P=1 nothing is left to chance.
            return self.level != _STRICTEST
        # 12.8.2.2.2 permits the update: that it was saved is then said in the descriptions, too.
        return (found.kind in kinds or found.saved) and not (
            found.kind is ChangeKind.FORM and self._locks(found.field)
        )

    def _locks(self, name: str) -> bool:
        # A name stands for all fields below it, too.
        named = any(name == item or name.startswith(f"{item}.") for item in self.names)
        match self.action:
            case "":
                return False
            case "/Include":
                return named
            case "/Exclude":
                return not named
            case _:
                return True


def permission_of(document: Document, layout: SignatureLayout) -> Permission:
    """The permission that a signature states.

    Raises:
        ReadingFaultError: the budget is spent.
    """
    value = document.resolved(layout.field.value) if layout.field is not None else None
    lock = document.get(layout.field.entries, "/Lock") if layout.field is not None else None
    levels = [layout.certified] if layout.certified is not None else []
    locked = document.get(lock, "/P")
    if isinstance(locked, int):
        levels.append(locked)
    references = document.get(value, "/Reference")
    action, names = _field_lock(document, references)
    if layout.certified is None and _certifies(document, references):
        levels.append(_STRICTEST)  # a level that is no integer: readers take it for one of three
    if not levels:
        return Permission(None, action, names)
    level = min(levels)
    return Permission(level if _STRICTEST <= level <= _WIDEST else _STRICTEST, action, names)


def _certifies(document: Document, references: PdfValue) -> bool:
    return isinstance(references, list) and any(
        document.get(document.resolved(entry), "/TransformMethod") == "/DocMDP"
        for entry in references
    )


def _field_lock(document: Document, references: PdfValue) -> tuple[str, frozenset[str]]:
    for entry in references if isinstance(references, list) else ():
        transform = document.resolved(entry)
        if document.get(transform, "/TransformMethod") != "/FieldMDP":
            continue
        parameters = document.get(transform, "/TransformParams")
        fields = document.get(parameters, "/Fields")
        listed = fields if isinstance(fields, list) else []
        names = frozenset(text_of(document.resolved(item)) for item in listed)
        return text_of(document.get(parameters, "/Action")) or "/All", names
    return "", frozenset()
