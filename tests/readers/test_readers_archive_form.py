"""What can be seen of PDF/A-3 without veraPDF holds after every level; the checker sees what is broken."""

import pytest

from tests.readers import pages
from tests.readers.archive_form import violations


@pytest.fixture(scope="module", params=[version.type_code for version in pages.versions()])
def order(request):
    return pages.sample(next(item for item in pages.versions() if item.type_code == request.param))


@pytest.mark.parametrize("writer", pages.WRITERS)
def test_file_of_any_type_stays_an_archive_file_at_every_level(order, writer):
    page = pages.page_of(order)
    assert violations(page) == []
    for level in (*pages.LEVELS, *pages.LONG_TERM):
        found = pages.sealed(page, order.content, pages.KEYS[0], level, writer)
        assert violations(found.pdf) == [], level


@pytest.fixture(scope="module")
def good():
    order = pages.sample(pages.versions()[0])
    return pages.sealed(pages.page_of(order), order.content, pages.KEYS[0], "B-B", "pyhanko").pdf


BROKEN = {
    "header": (b"%PDF-1.7", b"%PDX-1.7", "6.1.2"),
    "comment": (b"%PDF-1.7\n%", b"%PDF-1.7\n ", "6.1.2"),
    "end": (b"%%EOF\n", b"%%EOF\nx", "6.1.3"),
    "identifier": (b"/ID [ <", b"/IX [ <", "6.1.3"),
    "other first identifier": (b"/ID [ <", b"/ID [ <00", "6.1.3"),
    "encryption": (b"/Filter /Adobe.PPKLite", b"/Encrypt 99 0 R        ", "6.1.3"),
    "table": (b" 00000 n \n", b" 00000 n\n ", "6.1.4"),
    "digits": (b"/Contents <30", b"/Contents <3x", "6.1.6"),
    "length of a stream": (b"\nendstream", b"\nendstreax", "6.1.7"),
    "end of an object": (b"\nendobj\n", b" endobj\n", "6.1.9"),
    "digest method": (b"/TransformMethod /DocMDP", b"/DigestMethod /SHA256   ", "6.1.12"),
    "output intent": (b"/GTS_PDFA1", b"/GTS_PDFX1", "6.2.3"),
    "flags": (b"/F 132", b"/F 134", "6.3.2"),
    "no flags": (b"/F 132", b"/G 132", "6.3.2"),
    "rectangle": (b"-9999 -9999 ]", b"-9999 -9998 ]", "6.3.3"),
    "appearances": (b"/SigFlags 3", b"/NeedAppearances true", "6.4.1"),
    "form": (b"/SigFlags 3", b"/XFA 3     ", "6.4"),
    "action": (b"/SigFlags 3", b"/JS 3      ", "6.5"),
    "no metadata": (b"/Metadata ", b"/Metadatx ", "6.6.2"),
    "part": (b"<pdfaid:part>3", b"<pdfaid:part>2", "6.6.4"),
    "level": (b"conformance>A", b"conformance>B", "6.6.4"),
    "packet": (
        b'<?xpacket begin="\xef\xbb\xbf" id=',
        b'<?xpacket begin="" bytes="1" id=',
        "6.6.2.1",
    ),
    "xml": (b"</rdf:RDF>", b"</rdf:RDG>", "6.6.2.1"),
    "undeclared": (b"<pdfaProperty:name>ZZBS<", b"<pdfaProperty:name>ZZBT<", "6.6.2.3"),
    "declared twice": (b"<pdfaProperty:name>ZZBS<", b"<pdfaProperty:name>ZZBH<", "6.6.2.3.3"),
    "declared by half": (
        b"<pdfaProperty:category>external",
        b"<pdfaProperty:category>extern  ",
        "6.6.2.3.3",
    ),
    "other kind": (
        b"<pdfaProperty:valueType>Boolean<",
        b"<pdfaProperty:valueType>Integer<",
        "6.6.2.3",
    ),
    "two bags": (
        b"</pdfaExtension:schemas>",
        b"</pdfaExtension:schemas><pdfaExtension:schemas/>",
        "6.6.2.3",
    ),
    "twin": (b"<xmp:CreateDate>20", b"<xmp:CreateDate>19", "6.6.2.2"),
    "language": (b"/Lang", b"/Lanx", "6.7.4"),
    "mark": (b"/MarkInfo", b"/MarkInfx", "6.7.2"),
    "structure": (b"/StructTreeRoot ", b"/StructTreeRoox ", "6.7.3"),
    "association": (b"/AF [", b"/AX [", "6.8"),
    "relationship": (b"/AFRelationship", b"/AXRelationship", "6.8"),
    "description": (b"/Desc<", b"/Desx<", "6.8"),
}


@pytest.mark.parametrize("wanted", BROKEN)
def test_checker_sees(good, wanted):
    """Each rule finds the file that breaks it."""
    old, new, clause = BROKEN[wanted]
    assert old in good, "the file is written otherwise now: find another place for this"
    found = violations(good.replace(old, new))
    assert any(item.startswith(f"{clause} ") for item in found), found
