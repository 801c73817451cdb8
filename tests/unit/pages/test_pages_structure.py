"""PDF/A-3a and PDF/UA-1 as far as structure shows it, and three readers that open the file."""

import re
import subprocess

import pages_families
import pymupdf
import pypdfium2
import pytest
from pages_orders import APPROVAL, TYPE_CODES, order

from signing.pages.sample import sample_order

_FAMILIES = (
    "LANDSCAPE/annex", "LANDSCAPE/drawing", "PORTRAIT/original", "PRESALE/duplicate",
    "CARD/original", "PROOF/original", "REPORT/original", "RESULT/original",
)  # fmt: skip


@pytest.fixture(scope="module", params=(*TYPE_CODES, *_FAMILIES))
def pdf(request, renderer) -> bytes:
    family, _, form = request.param.partition("/")
    if not form:
        return renderer.render(order(family))
    return renderer.render(sample_order(getattr(pages_families, family), form=form))


@pytest.fixture
def document(pdf):
    with pymupdf.open(stream=pdf) as opened:
        yield opened


def _catalogue(document, key: str) -> str:
    return document.xref_get_key(document.pdf_catalog(), key)[1]


def _object(document, reference: str) -> str:
    """What a reference, or an array of one reference, leads to."""
    found = re.fullmatch(r"\[?\s*(\d+) 0 R\s*\]?", reference.strip())
    return document.xref_object(int(found[1])) if found else reference


def test_xmp_names_both_standards(document):
    xmp = document.get_xml_metadata()

    for element, value in (
        ("pdfaid:part", "3"),
        ("pdfaid:conformance", "A"),
        ("pdfuaid:part", "1"),
    ):
        assert re.search(rf"<{element}>{value}</{element}>|{element}=\"{value}\"", xmp), element


def test_xmp_declares_extension_schemas_that_sealing_extends(document):
    assert "pdfaExtension:schemas" in document.get_xml_metadata()


def test_the_output_intent_is_there(document):
    intent = _object(document, _object(document, _catalogue(document, "OutputIntents")))

    assert "/GTS_PDFA1" in intent
    assert "/DestOutputProfile" in intent


def test_the_attachment_is_the_source(document):
    """ISO 19005-3 section 6.8: an associated file with its relationship."""
    reference = _catalogue(document, "AF")
    spec = _object(document, reference)

    assert "/AFRelationship /Source" in spec or "/AFRelationship/Source" in spec
    assert "certificate.json" in spec


def test_the_file_is_tagged_in_chinese(document):
    assert "true" in _object(document, _catalogue(document, "MarkInfo"))
    assert "StructTreeRoot" in document.xref_object(document.pdf_catalog())
    assert _catalogue(document, "Lang").lower().startswith("zh")
    assert "DisplayDocTitle true" in " ".join(
        _object(document, _catalogue(document, "ViewerPreferences")).split()
    )


def test_every_page_image_says_what_it_shows(document):
    """ISO 14289-1 section 7.3: figures have alternative text; seal and code are figures."""
    alternatives = []
    for xref in range(1, document.xref_length()):
        if document.xref_get_key(xref, "S")[1] == "/Figure":
            kind, text = document.xref_get_key(xref, "Alt")
            assert kind == "string"
            alternatives.append(text)
    assert any(text.startswith("印章：") and "演示" in text for text in alternatives)
    assert any(text.startswith("核验二维码：https://") for text in alternatives)


def test_there_is_one_title_heading(document):
    headings = [
        xref
        for xref in range(1, document.xref_length())
        if document.xref_get_key(xref, "S")[1] == "/H1"
    ]

    assert len(headings) == 1


def test_all_fonts_are_embedded(document):
    for page in document:
        for xref, extension, *_ in page.get_fonts(full=True):
            assert extension != "n/a", document.xref_object(xref)


def test_nothing_active_is_inside(pdf):
    for forbidden in (b"/JavaScript", b"/JS", b"/AcroForm", b"/Encrypt", b"/Launch", b"/URI"):
        assert forbidden not in pdf


def test_mupdf_opens_it_without_repair(document):
    assert not document.is_repaired
    assert not document.needs_pass


def test_pdfium_opens_and_draws_it(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            bitmap = page.render(scale=0.5)
            assert len(set(bytes(bitmap.buffer))) > 10
    finally:
        document.close()


def test_poppler_opens_it(pdf, tmp_path):
    """Debian package poppler-utils."""
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)

    def said(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        # Poppler before 23 takes /Suspects for a name, though ISO 32000-1 table 321 has a boolean.
        assert done.stderr in ("", "Syntax Error: Suspects object is wrong type (boolean)\n")
        return done.stdout

    info = said("pdfinfo", str(path))
    assert re.search(r"Tagged:\s+yes", info)
    assert re.search(r"JavaScript:\s+no", info)
    fonts = said("pdffonts", str(path)).splitlines()[2:]
    assert fonts
    assert all(re.search(r"\byes\s+yes\s+yes\b", line) for line in fonts)
    said("pdftoppm", "-r", "40", "-png", str(path), str(tmp_path / "out"))
    assert list(tmp_path.glob("out*.png"))


def test_a_table_of_a_letter_has_a_head(renderer):
    with pymupdf.open(stream=renderer.render(order(APPROVAL))) as document:
        kinds = {document.xref_get_key(x, "S")[1] for x in range(1, document.xref_length())}
    assert {"/Table", "/TR", "/TH", "/TD"} <= kinds
