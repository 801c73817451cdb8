"""Signed files and what came after them, as our own reading sees it."""

from signing_files import SIGNED_OBJECTS, closed, signature, signed, stream, update

from certlib.evidence import ChangeKind
from signing.evidence.changes import _History, changes_after
from signing.evidence.layout import layouts
from signing.evidence.opened import opened
from signing.evidence.revisions import account

STORE, STAMP, SIGNATURE, FORM, DESCRIPTION, REMARK, OTHER = (
    ChangeKind.VALIDATION_MATERIAL,
    ChangeKind.DOCUMENT_TIMESTAMP,
    ChangeKind.SIGNATURE,
    ChangeKind.FORM,
    ChangeKind.METADATA,
    ChangeKind.ANNOTATION,
    ChangeKind.OTHER,
)
CMS = b"\x30\x00"
STAMP_KIND = b"/Type /DocTimeStamp /SubFilter /ETSI.RFC3161"


def make(objects=None, **options):
    return signed(CMS, objects, **options)


def facts(pdf):
    document = opened(pdf, 1 << 24)
    return changes_after(document, layouts(document))


def kinds(pdf):
    return set(facts(pdf).kinds)


def brought(first, objects):
    """What came after `first`, also where its signature is no longer shown."""
    document = opened(objects if isinstance(objects, bytes) else update(first, objects), 1 << 24)
    revisions = account(document, len(first))
    return list(_History(document).after(len(first), revisions))


def brought_kinds(first, objects):
    return {item.kind for item in brought(first, objects)}


def catalog(extra):
    return {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s>>" % extra}


def merged(number, old, new):
    value = SIGNED_OBJECTS[number]
    assert old in value
    return {number: value.replace(old, new, 1)}


def plus(number, entries):
    return {number: SIGNED_OBJECTS[number][:-2] + entries + b" >>"}


STORED = {11: b"<< /Certs [12 0 R] >>", 12: stream(b"x")}
IN_CATALOG = catalog(b"/DSS 11 0 R ")
VALUE = merged(6, b"/V (a)", b"/V (b)")
SIGNING = {10: SIGNED_OBJECTS[10][:-2] + b"/V 15 0 R >>", 15: signature()}


def stamped(entries, kind=STAMP_KIND, more=None):
    base = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 14 0 R /P 3 0 R %s >>" % entries
    objects = {13: base, 14: signature(b"", kind), **merged(5, b"10 0 R]", b"10 0 R 13 0 R]")}
    objects |= merged(3, b"10 0 R]", b"10 0 R 13 0 R]")
    return closed(update(make(), {**objects, **(more or {})}), CMS)
