"""Document security stores (ISO 32000-2, 12.8.4.3): certificates, revocation lists, responses."""

import hashlib
from collections.abc import Collection

from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.syntax import HexString, PdfDictionary, PdfValue, Stream

__all__ = [
    "is_extension_data",
    "is_left_over",
    "is_part_of_store",
    "is_validation_material",
    "speaks_of",
]

_MOST_CERTIFICATES = 64
_LONGEST_CERTIFICATE = 64 * 1024
_DSS = frozenset({"/Certs", "/OCSPs", "/CRLs", "/VRI"})
_VERSION = frozenset({"/Type", "/BaseVersion", "/ExtensionLevel", "/ExtensionRevision", "/URL"})
_VRI = frozenset({"/Cert", "/OCSP", "/CRL", "/TU", "/TS"})
_HASHES = frozenset({40, 56, 64, 96, 128})
"""Hexadecimal digits of SHA-1, as table 261 has it, and of SHA-2, by which some writers name."""


def speaks_of(document: Document, signers: Collection[str]) -> bool:
    """Whether the newest store has revocation data, and the X.509 certificates of these signers.

    Args:
        document: the file.
        signers: hex SHA-256 of each certificate's DER; of nobody no store speaks.
    """
    try:
        store = document.get(document.catalog, "/DSS")
        if not (document.get(store, "/CRLs") or document.get(store, "/OCSPs")):
            return False
        held = document.get(store, "/Certs")
        missing = set(signers)
        for item in held[:_MOST_CERTIFICATES] if signers and isinstance(held, list) else ():
            missing.discard(_digest(document, document.resolved(item)))
            if not missing:
                return True
    except ReadingFaultError:  # what costs too much to be read helps nobody
        return False
    return False


def _digest(document: Document, value: PdfValue) -> str:
    """Of a certificate; of what is none, or far too long for one, nothing."""
    if not isinstance(value, Stream) or value.end - value.start > _LONGEST_CERTIFICATE:
        return ""
    return hashlib.sha256(document.content(value)).hexdigest()


def is_part_of_store(document: Document, value: PdfValue) -> bool:
    """Validation material, or the `/Length` of some as an object of its own (7.3.8.2)."""
    return type(value) is int or is_validation_material(document, value)


def is_validation_material(document: Document, value: PdfValue) -> bool:
    """Nothing hangs on a document security store but what belongs there (12.8.4.3)."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        found = document.resolved(waiting.pop())
        if isinstance(found, Stream) or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict) and _is_store(found) and _is_dated(document, found):
            waiting.extend(found[key] for key in found.keys() - {"/Type", "/TU"})
        else:
            return False
    return True


def _is_store(entries: PdfDictionary) -> bool:
    keys = entries.keys() - {"/Type"}
    if entries.get("/Type", "/VRI") not in ("/DSS", "/VRI"):
        return False
    return keys <= _VRI or keys <= _DSS or all(_is_hash(key) for key in keys)


def _is_dated(document: Document, entries: PdfDictionary) -> bool:
    """`/TU` is when it was made, a string (12.8.4.4, table 262), where it is there at all."""
    return isinstance(document.resolved(entries.get("/TU", b"")), (bytes, HexString))


def is_extension_data(document: Document, value: PdfValue) -> bool:
    """Extensions as 7.12 has them: a prefix, and under it versions that stand there directly."""
    found = document.resolved(value)
    if not isinstance(found, dict):
        return False
    told = [
        item
        for key, entry in found.items()
        if key != "/Type"
        for item in (entry if isinstance(entry, list) else [entry])
    ]
    return all(isinstance(item, dict) and _is_version(item) for item in told)


def _is_version(entries: PdfDictionary) -> bool:
    plain = all(isinstance(value, (str, bytes, int, HexString)) for value in entries.values())
    return plain and entries.keys() <= _VERSION


def is_left_over(document: Document, value: PdfValue) -> bool:
    """Validation material of a signature that the store no longer speaks of."""
    if not isinstance(value, dict) or not value.keys() & {"/Cert", "/OCSP", "/CRL"}:
        return False
    return is_validation_material(document, value)


def _is_hash(key: str) -> bool:
    digits = key[1:]
    return len(digits) in _HASHES and all(digit in "0123456789ABCDEFabcdef" for digit in digits)
