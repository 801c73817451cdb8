"""Promises about what a file says of itself: each place that is read, and each bound of it."""

import json

import pytest
from signing_files import PAGE, PAGES, build, simple, stream, update

from certlib.receipts import ATTACHMENT_NAME as RECEIPT_NAME
from certlib.receipts import FORMAT
from signing.evidence.metadata import FileMetadata, metadata_of, scanned_metadata
from signing.evidence.opened import opened

NAMESPACE = b"urn:certlib:gbt36903:1.0#"
NOTHING = FileMetadata()


def told(pdf):
    return metadata_of(opened(pdf, 1 << 24))


def packet(inner, namespace=NAMESPACE):
    return b'<x xmlns:zz="%s">%s</x>' % (namespace, inner)


def stated(identifier=b"1.2.3"):
    return b"<zz:ZZBS>%s</zz:ZZBS>" % identifier


def with_packet(text):
    return simple(b"/Metadata 4 0 R", stream(text))


def attached(
    data,
    *,
    names=b"/UF (certificate.json)",
    files=b"/EF << /F 5 0 R >>",
    catalog=b"/AF [4 0 R]",
    metadata=b"",
):
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    specification = b"<< /Type /Filespec %s %s >>" % (names, files)
    return simple(catalog + b" /Metadata 6 0 R", specification, stream(text), stream(metadata))


# --- the packet ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "identifier"),
    [
        (stated(), "1.2.3"),
        (b'<rdf:D zz:ZZBS="1.2.3"/>', "1.2.3"),
        (b"<rdf:D zz:ZZBS = '1.2.3'/>", "1.2.3"),
        (b'<zz:ZZBS xml:lang="zh">1.2.3</zz:ZZBS>', "1.2.3"),
        (b"<zz:ZZBSX>1.2.3</zz:ZZBSX>", ""),
        (stated(b"1" * 128), "1" * 128),
        (stated(b"1" * 1024), "1" * 128),
        (stated(b"1" * 1025), ""),
        (stated() + stated(), "1.2.3"),
        (stated() + stated(b"1.2.4"), ""),
        (stated(b"1.2.a") + stated(b" 1.2.\nA "), ("1.2.a", " 1.2.\nA ")),
        (stated() + stated("１．２．３".encode()), ("1.2.3", "１．２．３")),
        (stated() * 8, "1.2.3"),
        (stated() * 8 + stated(b"1.2.4"), ""),
        (stated() * 9, ""),
        (b"", ""),
    ],
    ids=[
        *("element", "attribute", "spaced attribute", "attributes beside", "another element"),
        *("long", "too long", "far too long", "twice", "two", "written otherwise", "wide"),
        *("eight", "a ninth", "nine", "none"),
    ],
)
def test_identifier_of_a_packet(inner, identifier):
    """Several agree however they are written, and then any of them is told."""
    found = told(with_packet(packet(inner)))
    assert found.looks_ours
    assert found.identifier in (identifier if isinstance(identifier, tuple) else (identifier,))


def test_packet_of_another_namespace_says_nothing():
    assert told(with_packet(packet(stated(), b"urn:other"))) == NOTHING
    assert scanned_metadata(packet(stated(), b"urn:other")) == NOTHING
    assert scanned_metadata(packet(stated())) == FileMetadata("1.2.3", looks_ours=True)
    assert scanned_metadata(packet(b"")) == FileMetadata("", looks_ours=True)


def test_what_lies_behind_a_mebibyte_is_not_read():
    text = packet(b" " * 1024 * 1024 + stated())
    assert told(with_packet(text)) == FileMetadata("", looks_ours=True)
    data = b'{"ZZBS":"1.2.3","filled":"%s"}' % (b"x" * 1024 * 1024)
    assert told(attached(data)) == NOTHING


@pytest.mark.parametrize(
    ("clear", "found"),
    [
        (packet(stated()), FileMetadata("1.2.3", looks_ours=True)),
        (packet(b""), NOTHING),
        (packet(stated(), b"urn:other"), NOTHING),
    ],
)
def test_what_an_earlier_revision_says_in_clear_still_counts(clear, found):
    """A later catalogue leaves the packet out."""
    pdf = update(with_packet(clear), {1: b"<< /Type /Catalog /Pages 2 0 R >>"})
    assert told(pdf) == found


# --- the attachment ------------------------------------------------------------------------------

OURS = {"ZZBS": "1.2.3"}
FOUND = FileMetadata("1.2.3", '{"ZZBS": "1.2.3"}', looks_ours=True)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"names": b"/F (certificate.json)"},
        {"names": b"/UF (other.json) /F (certificate.json)"},
        {"files": b"/EF << /UF 5 0 R >>"},
        {"catalog": b"/Names << /EmbeddedFiles << /Names [(x) 4 0 R] >> >>"},
        {"catalog": b"/AF [7 (x) << >> 4 0 R]"},
        {"catalog": b"/AF [%s 4 0 R]" % (b"<< >> " * 99)},
        {"catalog": b"/AF << /X 1 >> /Names << /EmbeddedFiles << /Names [(x) 4 0 R] >> >>"},
    ],
)
def test_where_the_attachment_may_lie(options):
    assert told(attached(OURS, **options)) == FOUND


@pytest.mark.parametrize(
    "options",
    [
        {"names": b"/UF (other.json)"},
        {"names": b""},
        {"files": b""},
        {"files": b"/EF 5 0 R"},
        {"files": b"/EF << /Other 5 0 R >>"},
        {"catalog": b"/Names << /EmbeddedFiles << /Names [4 0 R (x)] >> >>"},
        {"catalog": b"/AF [%s 4 0 R]" % (b"<< >> " * 100)},
    ],
)
def test_where_it_is_not_looked_for(options):
    assert told(attached(OURS, **options)) == NOTHING


@pytest.mark.parametrize(
    "data", [{"a": 1}, {"zzbs": "1.2.3"}, ["ZZBS"], "ZZBS", 7, b"{", b"[" * 9000]
)
def test_content_that_is_not_ours(data):
    assert told(attached(data)) == NOTHING


@pytest.mark.parametrize("value", [7, None, ["1.2.3"], {"a": "b"}, True])
def test_identifier_that_is_no_text(value):
    found = told(attached({"ZZBS": value}))
    assert (found.identifier, found.looks_ours) == ("", True)


def test_packet_and_attachment_agree():
    assert told(attached(OURS, metadata=packet(stated()))).identifier == "1.2.3"
    assert told(attached(OURS, metadata=packet(stated(b"1.2.4")))).identifier == ""
    many = told(attached(OURS, metadata=packet(stated() * 9)))
    assert (many.identifier, many.looks_ours) == ("", True)


@pytest.mark.parametrize("key", ["JZJZZSJ", "JZJZZZ", "JZJZZSY", "JZJYXQJZSJ"])
def test_purpose_copies(key):
    assert told(attached({**OURS, key: "x"})).kind == "purpose_copy"
    assert told(attached({**OURS, key + "X": "x"})).kind == "original"


def test_receipt():
    names = b"/UF (%s)" % RECEIPT_NAME.encode()
    found = told(attached({"receipt": FORMAT}, names=names))
    assert (found.kind, found.looks_ours, found.identifier) == ("receipt", True, "")
    assert json.loads(found.content) == {"receipt": FORMAT}
    assert told(attached({"receipt": FORMAT + 1}, names=names)) == NOTHING
    assert told(attached({"receipt": FORMAT})) == NOTHING
    assert told(attached({**OURS, "receipt": FORMAT})).kind == "original"


# --- pages that are pictures ---------------------------------------------------------------------

IMAGE = stream(b"\0", b"/Type /XObject /Subtype /Image /Width 1 /Height 1")
FORM = stream(b"", b"/Type /XObject /Subtype /Form")
SCAN = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << %s >> >> >>"


def paged(*kids):
    """Pages in that order: 3 is a picture, 4 is text, 5 both."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)),
        SCAN % b"/a 6 0 R",
        PAGE.replace(b"<< >>", b"<< /f << >> >>"),
        SCAN % b"/a 6 0 R /b 7 0 R",
        IMAGE,
        FORM,
    ]
    return build(objects)


@pytest.mark.parametrize(
    ("kids", "scanned"),
    [
        ([3], True),
        ([3, 3], True),
        ([3, 4], False),
        ([4], False),
        ([5], False),
        ([], False),
        ([3] * 20 + [4], True),
        ([3] * 19 + [4], False),
    ],
)
def test_pages_that_are_pictures(kids, scanned):
    assert told(paged(*kids)).scanned is scanned


@pytest.mark.parametrize(
    "resources", [b"/Resources (x)", b"", b"/Resources << /XObject [6 0 R] >>"]
)
def test_page_without_resources_is_no_picture(resources):
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] %s >>" % resources
    assert not told(build([b"<< /Type /Catalog /Pages 2 0 R >>", PAGES, page])).scanned
