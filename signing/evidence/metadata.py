"""What the file says of itself: identifier, content, kind; read without an XML parser."""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from certlib.evidence import RECEIPT
from certlib.receipts import ATTACHMENT_NAME as RECEIPT_NAME
from certlib.receipts import FORMAT
from signing.evidence.document import Document
from signing.evidence.pages import pages
from signing.evidence.syntax import PdfDictionary, PdfValue, Stream, text_of
from signing.naming import ATTACHMENT_NAME, NAMESPACE

__all__ = ["FileMetadata", "metadata_of", "scanned_metadata"]

_MOST = 1024 * 1024
_MOST_PAGES = 20
_MOST_ENTRIES = 100
# As an element or as an attribute, whatever prefix the packet binds to the namespace.
# An element is looked for from its bracket on, so that no byte is looked at twice.
_IDENTIFIER = re.compile(
    rb"""<(?:[^\s<>/:]{1,64}:)?ZZBS(?:\s[^<>]*+)?>([^<]{1,1024}+)<"""
    rb"""|ZZBS\s*+=\s*+["']([^"'<]{1,1024}+)["']"""
)
_NAME, _LONGEST_PREFIX = b"ZZBS", 66
_MOST_IDENTIFIERS = 8
_UNKNOWN = "?"
_COPY_KEYS = frozenset({"JZJZZSJ", "JZJZZZ", "JZJZZSY", "JZJYXQJZSJ"})


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """See `certlib.evidence.FileFacts`."""

    identifier: str = ""
    content: str = ""
    looks_ours: bool = False
    kind: str = "original"
    scanned: bool = False


def metadata_of(document: Document) -> FileMetadata:
    """Attachment first, XMP second."""
    packet = _packet(document)
    content = _attachment(document)
    elements = _elements(content)
    stated = elements.get("ZZBS")
    identifier = _agreed(_identifiers(packet) | ({stated} if isinstance(stated, str) else set()))
    ours = NAMESPACE.encode() in packet or "ZZBS" in elements
    if not ours:
        receipt = _attachment(document, RECEIPT_NAME)
        if _elements(receipt).get("receipt") == FORMAT:
            # What it speaks of is said in its content: it is no certificate itself.
            return FileMetadata(content=receipt, looks_ours=True, kind=RECEIPT)
        # A later catalogue may leave out what an earlier revision says in clear.
        earlier = scanned_metadata(document.data)
        ours = earlier.looks_ours and _IDENTIFIER.search(document.data) is not None
        identifier = earlier.identifier
    return FileMetadata(
        identifier=identifier[:128],
        content=content if "ZZBS" in elements else "",
        looks_ours=ours,
        kind="purpose_copy" if _COPY_KEYS & elements.keys() else "original",
        scanned=_only_pictures(document),
    )


def scanned_metadata(data: bytes) -> FileMetadata:
    """What can be told of a file that does not parse: our XMP packet stands there in clear."""
    ours = NAMESPACE.encode() in data
    return FileMetadata(identifier=_agreed(_identifiers(data)), looks_ours=ours)


def _identifiers(packet: bytes) -> set[str]:
    """Every identifier that a packet states: two readers might take one each."""
    if NAMESPACE.encode() not in packet:
        return set()
    # Nothing that fits begins farther before a name than a bracket and a prefix, and nothing
    # reaches beyond the bracket that follows.
    begin = max(0, packet.find(_NAME) - _LONGEST_PREFIX)
    end = packet.find(b"<", packet.rfind(_NAME) + 1) + 1 or len(packet)
    found = list(islice(_IDENTIFIER.finditer(packet, begin, end), _MOST_IDENTIFIERS + 1))
    if len(found) > _MOST_IDENTIFIERS:
        # What else it states nobody has looked at: it agrees with nothing.
        return {"", _UNKNOWN}
    return {html.unescape((item[1] or item[2]).decode("utf-8", "replace")) for item in found}


def _agreed(stated: set[str]) -> str:
    """The identifier on which all places agree, however it is written; "" where they do not."""
    plain = {"".join(unicodedata.normalize("NFKC", text).upper().split()): text for text in stated}
    return next(iter(plain.values())) if len(plain) == 1 else ""


def _packet(document: Document) -> bytes:
    return document.content(document.get(document.catalog, "/Metadata"), _MOST)


def _attachment(document: Document, name: str = ATTACHMENT_NAME) -> str:
    for specification in _specifications(document):
        names = {text_of(document.get(specification, key)) for key in ("/UF", "/F")}
        files = document.get(specification, "/EF")
        if name not in names or not isinstance(files, dict):
            continue
        stream = document.get(files, "/UF") or document.get(files, "/F")
        return document.content(stream, _MOST).decode("utf-8", "replace")
    return ""


def _specifications(document: Document) -> Iterator[PdfValue]:
    """File specifications of the document: associated files, then the name tree's first leaf."""
    catalog = document.catalog
    tree = document.get(document.get(catalog, "/Names"), "/EmbeddedFiles")
    listed = [*_listed(document, catalog, "/AF"), *_listed(document, tree, "/Names")[1::2]]
    return map(document.resolved, listed)


def _listed(document: Document, holder: PdfValue, key: str) -> list[PdfValue]:
    found = document.get(holder, key)
    return found[:_MOST_ENTRIES] if isinstance(found, list) else []


def _elements(content: str) -> dict[str, Any]:
    try:
        found = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _only_pictures(document: Document) -> bool:
    """Whether every page (of the first few) draws pictures and knows no font."""
    found = pages(document, _MOST_PAGES)
    return bool(found) and all(_is_picture(document, page) for page in found)


def _is_picture(document: Document, page: PdfDictionary) -> bool:
    resources = document.get(page, "/Resources")
    if document.get(resources, "/Font"):
        return False
    objects = document.get(resources, "/XObject")
    if not isinstance(objects, dict):
        return False
    drawn = [document.resolved(value) for value in list(objects.values())[:_MOST_PAGES]]
    kinds = {text_of(document.get(item, "/Subtype")) for item in drawn if isinstance(item, Stream)}
    return kinds == {"/Image"}
