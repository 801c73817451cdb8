"""Descriptions of a file (ISO 32000-2, 14.3): what saving alone leaves behind in them."""

import re

from signing.evidence.document import Document
from signing.evidence.syntax import HexString, PdfValue, Stream
from signing.evidence.values import plain

__all__ = ["only_saved"]

_SAVED = frozenset({"/ModDate", "/Producer"})
_ENCODING = frozenset({"/Length", "/Filter", "/DecodeParms"})
_NAMES = rb"xmp:ModifyDate|xmp:MetadataDate|pdf:Producer"
_ELEMENT = re.compile(rb"<(" + _NAMES + rb")>[^<>&]{0,200}</\1>")
_ATTRIBUTE = re.compile(rb"[\t\n\r ](?:" + _NAMES + rb")=\"[^\"<>&]{0,200}\"")


def only_saved(before: Document, old: PdfValue, after: Document, new: PdfValue) -> bool:
    """Whether two differ at most in when, and by which program, the file was saved.

    Raises:
        ReadingFaultError: there is too much to compare.
    """
    if isinstance(old, Stream) and isinstance(new, Stream):
        same = _rest(before, old.entries, _ENCODING) == _rest(after, new.entries, _ENCODING)
        return same and _packet(before, old) == _packet(after, new) != b""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    told = [new[key] for key in _SAVED & new.keys()]
    texts = all(isinstance(value, (bytes, HexString)) for value in told)
    return texts and _rest(before, old, _SAVED) == _rest(after, new, _SAVED)


def _rest(document: Document, entries: dict[str, PdfValue], without: frozenset[str]) -> object:
    return plain(document, {key: item for key, item in entries.items() if key not in without})


def _packet(document: Document, stream: Stream) -> bytes:
    return _ATTRIBUTE.sub(b"", _ELEMENT.sub(b"", document.content(stream)))
