"""Opening an uploaded PDF: what cannot be read is a classified fault, never an exception."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from traceback import walk_tb
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.evidence.syntax import (
    IndirectObject,
    PdfValue,
    Reference,
    SyntaxProblemError,
    indirect_object,
)

__all__ = [
    "Field",
    "OpenedPdf",
    "ReadingFaultError",
    "entry_of",
    "followed",
    "is_parse_error",
    "opened",
]

_HEADER = re.compile(rb"%PDF-\d\.\d")
_TAIL = 2048
_MOST_FIELDS = 2000


class ReadingFaultError(Exception):
    """The file cannot be read; `fault` is a word of `FileFacts.fault`."""

    def __init__(self, fault: str, detail: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Field:
    """A terminal form field.

    Attributes:
        kind: inherited `/FT`.
        value: the raw `/V`, not resolved; None when it is absent.
        dictionary: pyHanko's object of the field.
    """

    name: str
    kind: str
    value: Any
    dictionary: Any


@dataclass(frozen=True, slots=True)
class OpenedPdf:
    """A parsed file.

    Attributes:
        strict: pyHanko's strict mode accepts it.
    """

    data: bytes
    reader: PdfFileReader
    strict: bool

    def object_at(self, position: int) -> IndirectObject:
        """The object at `position`, by our own syntax reader.

        Raises:
            SyntaxProblemError: no well-formed object stands there.
        """
        return indirect_object(self.data, position, self.length_of)

    def resolved(self, value: PdfValue) -> PdfValue:
        """What a reference points to, by our own syntax reader; None when that cannot be read."""
        if not isinstance(value, Reference):
            return value
        position = self.offset_of(generic.Reference(value.number, value.generation))
        if position is None:
            return None
        try:
            return self.object_at(position).value
        except SyntaxProblemError:
            return None

    def length_of(self, reference: Reference) -> int | None:
        """What an indirect `/Length` says."""
        found = generic.Reference(reference.number, reference.generation, pdf=self.reader)
        value = found.get_object()
        return int(value) if isinstance(value, generic.NumberObject) else None

    def offset_of(self, reference: generic.Reference) -> int | None:
        """Where the newest version of an object lies; None inside an object stream."""
        found = self.reader.xrefs[reference]
        return found if isinstance(found, int) else None

    def fields(self) -> Iterator[Field]:
        """The terminal form fields, signature values left unread.

        Raises:
            ReadingFaultError: the field tree is circular, endless or of the wrong shape.
        """
        form = entry_of(self.reader.root, "/AcroForm")
        if form is None:
            return
        if not isinstance(form, generic.DictionaryObject):
            raise ReadingFaultError("malformed", "form")
        seen: set[tuple[int, int]] = set()
        for entry in _array(form, "/Fields"):
            yield from _walked(entry, "", "", seen)


def opened(data: bytes, most: int) -> OpenedPdf:
    """Parses `data`.

    Args:
        data: the whole file.
        most: the largest size accepted, in bytes.

    Raises:
        ReadingFaultError: empty, too large, no PDF, truncated, encrypted or malformed.
    """
    if not data:
        raise ReadingFaultError("empty")
    if len(data) > most:
        raise ReadingFaultError("too-large", str(most))
    if not _HEADER.search(data, 0, 1024):
        raise ReadingFaultError("not-pdf")
    try:
        return _parsed(data)
    except (ReadingFaultError, MemoryError):
        raise
    # Beside its own errors, pyHanko's parser lets others escape where a value has the wrong type.
    except Exception as error:
        fault = "malformed" if b"%%EOF" in data[-_TAIL:] else "truncated"
        raise ReadingFaultError(fault, type(error).__name__) from error


def is_parse_error(error: Exception) -> bool:
    """Whether pyHanko's parser raised it: objects are read lazily, so it may be anywhere.

    The parser is deterministic: such an error says something about the bytes, whatever its kind.
    """
    frames = list(walk_tb(error.__traceback__))
    module = frames[-1][0].f_globals.get("__name__", "") if frames else ""
    return isinstance(error, PdfError) or module.startswith("pyhanko.pdf_utils.")


def _parsed(data: bytes) -> OpenedPdf:
    try:
        reader, strict = PdfFileReader(BytesIO(data), strict=True), True
    except PdfError:
        reader, strict = PdfFileReader(BytesIO(data), strict=False), False
    if reader.encrypted:
        raise ReadingFaultError("encrypted")
    if not isinstance(reader.root, generic.DictionaryObject):
        raise ReadingFaultError("malformed", "catalog")
    return OpenedPdf(data, reader, strict)


def entry_of(holder: generic.DictionaryObject, key: str) -> Any:  # noqa: ANN401 - a pyHanko object
    """The entry with its reference followed, or None; pyHanko's own `get` follows none."""
    try:
        return holder[key]
    except KeyError:
        return None


def followed(value: Any) -> Any:  # noqa: ANN401 - a pyHanko object
    """What a reference leads to; other values are themselves."""
    return value.reference.get_object() if isinstance(value, generic.IndirectObject) else value


def _array(holder: generic.DictionaryObject, key: str) -> list[Any]:
    found = entry_of(holder, key)
    if found is None:
        return []
    if not isinstance(found, generic.ArrayObject):
        raise ReadingFaultError("malformed", key)
    return list(found)


def _walked(entry: Any, prefix: str, kind: str, seen: set[tuple[int, int]]) -> Iterator[Field]:  # noqa: ANN401 - a pyHanko object
    if isinstance(entry, generic.IndirectObject):
        mark = (entry.idnum, entry.generation)
        if mark in seen or len(seen) > _MOST_FIELDS:
            raise ReadingFaultError("malformed", "form")
        seen.add(mark)
        entry = followed(entry)
    if not isinstance(entry, generic.DictionaryObject):
        raise ReadingFaultError("malformed", "form")
    kind = str(entry_of(entry, "/FT") or kind)
    name = ".".join(part for part in (prefix, str(entry_of(entry, "/T") or "")) if part)
    # Kids without a name of their own are widgets of this field, not fields.
    kids = [kid for kid in _array(entry, "/Kids") if _is_field(kid)]
    if not kids:
        value = entry.raw_get("/V") if "/V" in entry else None
        yield Field(name, kind, value, entry)
    for kid in kids:
        yield from _walked(kid, name, kind, seen)


def _is_field(kid: Any) -> bool:  # noqa: ANN401 - a pyHanko object
    found = followed(kid)
    return isinstance(found, generic.DictionaryObject) and "/T" in found
