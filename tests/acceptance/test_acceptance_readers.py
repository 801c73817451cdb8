"""Every demo certificate, seen by readers that know nothing of us."""

import re
import subprocess
from collections import Counter

import pymupdf
import pypdfium2
import pytest
import zxingcpp

from api.shipped import type_files
from tests.acceptance.chromium import Chromium

# What lies in a bucket is byte for byte the same: the verdicts' tests look there too.
pytestmark = [
    pytest.mark.parametrize("node", ["embedded"], indirect=True),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


def test_the_demo_is_whole(originals):
    """100 of three types with the newer versions of the superseded ones, two of the other 24."""
    assert len(originals) == 303 + 2 * 24
    assert len({identifier for identifier, _, _ in originals}) == len(originals)
    assert len({type_code for _, type_code, _ in originals}) == 27


def test_poppler_says_valid_and_whole(originals, tmp_path):
    """`pdfsig`: the signature is valid and covers the total document, for each of them."""
    for number, (identifier, _, pdf) in enumerate(originals):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(
            ["pdfsig", "-nocert", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Signature is Valid." in done.stdout, identifier
        assert "Total document signed" in done.stdout, identifier
        assert done.stdout.count("Signature #") == 1
        path.unlink()


@pytest.fixture
def hard_edges():
    """MuPDF draws lines of many curves three times as fast, and a code all the sharper."""
    pymupdf.TOOLS.set_aa_level(0)
    yield
    pymupdf.TOOLS.set_aa_level(8)


@pytest.mark.usefixtures("hard_edges")
def test_mupdf_reads_every_page_and_the_code_leads_home(originals, node):
    """MuPDF opens each without repair, and its QR code says the address of its own page.

    Codes of other kinds, of which there are none, are looked for on one certificate of each type.
    """
    seen: set[str] = set()
    for identifier, type_code, pdf in originals:
        first = type_code not in seen
        seen.add(type_code)
        with pymupdf.open(stream=pdf, filetype="pdf") as document:
            assert not document.is_repaired
            assert document.page_count >= 1
            codes = [code for page in document for code in _codes(page, every_kind=first)]
        assert codes == [f"{node.url}/v/{identifier}"]


def _codes(page, *, every_kind):
    pixmap = page.get_pixmap(dpi=130, colorspace=pymupdf.csGRAY)
    view = memoryview(pixmap.samples).cast("B", (pixmap.height, pixmap.width))
    only = {} if every_kind else {"formats": zxingcpp.BarcodeFormat.QRCode}
    return [code.text for code in zxingcpp.read_barcodes(view, **only)]


def _colours(pixmap):
    """How many pixels of each colour."""
    return Counter(
        pixmap.pixel(x, y)[:3]
        for x in range(0, pixmap.width, 3)
        for y in range(0, pixmap.height, 3)
    )


def test_pdfium_draws_the_same_number_of_pages(originals):
    for identifier, _, pdf in originals[::10]:
        document = pypdfium2.PdfDocument(pdf)
        assert len(document) >= 1, identifier
        drawn = bytes(document[0].render(scale=0.5).buffer)
        assert len(set(drawn)) > 50, identifier
        document.close()


def test_chromium_shows_each_design(originals, tmp_path):
    """The browser's own viewer draws a page, not an error: many colours, much red and dark."""
    designs = {version.type_code: version.design for version, _ in type_files()}
    seen = {}
    for _, type_code, pdf in originals:
        seen.setdefault(designs[type_code], pdf)
    assert len(seen) == 7
    with Chromium() as browser:
        for design, pdf in seen.items():
            path = tmp_path / f"{design}.pdf"
            path.write_bytes(pdf)
            colours = _colours(pymupdf.Pixmap(browser.picture(path.as_uri())))
            assert len(colours) > 100, design
            red = sum(n for (r, g, b), n in colours.items() if r > 180 and g < 60 and b < 70)
            # The window shows the whole of a landscape page, and of others the upper part.
            assert red > 40 or not _landscape(pdf), f"{design}: no seal to be seen"


def _landscape(pdf):
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        return document[0].rect.width > document[0].rect.height


def test_structure_is_that_of_an_archive_file(originals):
    """PDF/A-3a and PDF/UA-1 by their marks: XMP, intent, tags, language, embedded data."""
    for identifier, _, pdf in originals:
        with pymupdf.open(stream=pdf, filetype="pdf") as document:
            xmp = document.get_xml_metadata()
            assert "<pdfaid:part>3</pdfaid:part>" in xmp or 'pdfaid:part="3"' in xmp, identifier
            assert re.search(r"pdfaid:conformance(>|=\")A", xmp), identifier
            assert re.search(r"pdfuaid:part(>|=\")1", xmp), identifier
            assert identifier in xmp
            catalogue = document.xref_object(document.pdf_catalog())
            for mark in ("/OutputIntents", "/MarkInfo", "/StructTreeRoot", "/Lang", "/AF"):
                assert mark in catalogue, (identifier, mark)
            assert document.embfile_names() == ["certificate.json"]
            assert identifier.encode() in document.embfile_get("certificate.json")
            for page in document:
                assert all(font[1] != "n/a" for font in page.get_fonts()), identifier
        assert pdf.endswith((b"%%EOF\n", b"%%EOF"))
