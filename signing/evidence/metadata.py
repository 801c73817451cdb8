"""What the file says of itself: identifier, content, kind; read without an XML parser."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic

from signing.evidence.opened import OpenedPdf, ReadingFaultError, entry_of, followed
from signing.naming import ATTACHMENT_NAME, NAMESPACE, PREFIX

__all__ = ["FileMetadata", "metadata_of", "scanned_metadata"]

_MOST = 1024 * 1024
_MOST_PAGES = 20
_MOST_ENTRIES = 100
_DEEPEST = 40
_IDENTIFIER = re.compile(rf"<{PREFIX}:ZZBS>([^<]{{1,128}})</{PREFIX}:ZZBS>".encode())
_COPY_KEYS = frozenset({"JZJZZSJ", "JZJZZZ", "JZJZZSY", "JZJYXQJZSJ"})


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """See `certlib.evidence.FileFacts`."""

    identifier: str = ""
    content: str = ""
    looks_ours: bool = False
    kind: str = "original"
    scanned: bool = False


def metadata_of(pdf: OpenedPdf) -> FileMetadata:
    """Attachment first, XMP second."""
    packet = _packet(pdf)
    content = _attachment(pdf)
    elements = _elements(content)
    identifier = elements.get("ZZBS", "")
    if not isinstance(identifier, str) or not identifier:
        identifier = _identifier(packet)
    ours = NAMESPACE.encode() in packet or "ZZBS" in elements
    return FileMetadata(
        identifier=identifier[:128],
        content=content if "ZZBS" in elements else "",
        looks_ours=ours,
        kind="purpose_copy" if _COPY_KEYS & elements.keys() else "original",
        scanned=_only_pictures(pdf),
    )


def scanned_metadata(data: bytes) -> FileMetadata:
    """What can be told of a file that does not parse: our XMP packet stands there in clear."""
    ours = NAMESPACE.encode() in data
    return FileMetadata(identifier=_identifier(data) if ours else "", looks_ours=ours)


def _identifier(packet: bytes) -> str:
    found = _IDENTIFIER.search(packet)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def _packet(pdf: OpenedPdf) -> bytes:
    return _data(entry_of(pdf.reader.root, "/Metadata"))


def _data(stream: Any) -> bytes:  # noqa: ANN401 - a pyHanko object
    if not isinstance(stream, generic.StreamObject):
        return b""
    data: bytes = stream.data
    return data[:_MOST]


def _attachment(pdf: OpenedPdf) -> str:
    for specification in _specifications(pdf.reader.root):
        names = {str(entry_of(specification, key)) for key in ("/UF", "/F")}
        files = entry_of(specification, "/EF")
        if ATTACHMENT_NAME not in names or not isinstance(files, generic.DictionaryObject):
            continue
        return _data(entry_of(files, "/UF") or entry_of(files, "/F")).decode("utf-8", "replace")
    return ""


def _specifications(root: generic.DictionaryObject) -> Iterator[generic.DictionaryObject]:
    """File specifications of the document: associated files, then the name tree's first leaf."""
    listed = list(_listed(root, "/AF"))
    names = entry_of(root, "/Names")
    tree = (
        entry_of(names, "/EmbeddedFiles") if isinstance(names, generic.DictionaryObject) else None
    )
    if isinstance(tree, generic.DictionaryObject):
        listed.extend(_listed(tree, "/Names")[1::2])
    for found in listed:
        if isinstance(found, generic.DictionaryObject):
            yield found


def _listed(holder: generic.DictionaryObject, key: str) -> list[Any]:
    found = entry_of(holder, key)
    entries = list(found)[:_MOST_ENTRIES] if isinstance(found, generic.ArrayObject) else []
    return [followed(item) for item in entries]


def _elements(content: str) -> dict[str, Any]:
    try:
        found = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _only_pictures(pdf: OpenedPdf) -> bool:
    """Whether every page (of the first few) draws pictures and knows no font."""
    pages: list[generic.DictionaryObject] = []
    _collect(entry_of(pdf.reader.root, "/Pages"), pages, set())
    return bool(pages) and all(_is_picture(page) for page in pages)


def _collect(node: Any, pages: list[generic.DictionaryObject], above: set[int]) -> None:  # noqa: ANN401
    """The first pages in order.

    Raises:
        ReadingFaultError: the page tree is circular, or a kid is no reference.
    """
    if not isinstance(node, generic.DictionaryObject) or id(node) in above:
        raise ReadingFaultError("malformed", "page tree")
    if "/Kids" not in node:
        pages.append(node)
        return
    kids = entry_of(node, "/Kids")
    for kid in kids if isinstance(kids, generic.ArrayObject) else ():
        if len(pages) >= _MOST_PAGES:
            return
        if not isinstance(kid, generic.IndirectObject) or len(above) > _DEEPEST:
            raise ReadingFaultError("malformed", "page tree")
        _collect(followed(kid), pages, above | {id(node)})


def _is_picture(page: generic.DictionaryObject) -> bool:
    resources = entry_of(page, "/Resources")
    if not isinstance(resources, generic.DictionaryObject) or entry_of(resources, "/Font"):
        return False
    objects = entry_of(resources, "/XObject")
    if not isinstance(objects, generic.DictionaryObject):
        return False
    drawn = [entry_of(objects, name) for name in list(objects)[:_MOST_PAGES]]
    kinds = {entry_of(item, "/Subtype") for item in drawn if isinstance(item, generic.StreamObject)}
    return kinds == {"/Image"}
