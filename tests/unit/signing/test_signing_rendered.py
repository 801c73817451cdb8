"""Promises of recognition: a page of ours is known, and whatever differs takes the other writer."""

import pytest
import signing_pki

from certlib.errors import SealMismatch
from signing.rendered import PlainFile, recognised
from signing.validation_store import held


def test_page_of_the_typesetter_is_recognised(page):
    file, structure = recognised(page)
    assert structure.length == len(page) + 1  # the line end that typst leaves out
    assert structure.form == structure.store == 0
    assert structure.catalog.startswith(b"/Type/Catalog")
    assert structure.face.startswith(b"/Type/Page/")
    assert file.packet(structure.metadata).startswith(b"<?xpacket")


def test_sealed_file_of_our_own_is_recognised_as_that(pki, page, content):
    for level in ("B-B", "B-LT", "B-LTA"):
        pdf = pki.sealer(materials=pki.materials).seal(page, content, level).pdf
        _, structure = recognised(pdf)
        assert structure.length == len(pdf)
        assert structure.form
        assert bool(structure.store) == (level != "B-B")


_MARKS = b"/MarkInfo<</Marked true/Suspects false>>"


def test_blanks_in_a_catalogue_alone_are_nothing_strange(page):
    """So what the next test finds strange is what it writes between them."""
    assert recognised(page.replace(_MARKS, b"".ljust(len(_MARKS)), 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"%PDF-1.7\n%\x80", b"%PDF-1.7\n%\x81"),
        (b"/Type/Catalog/Pages", b"/Type/Catalog/XPages"),
        (_MARKS, b"/AcroForm 9 0 R"),
        (_MARKS, b"/Acro#46orm 9 0 R"),
        (_MARKS, b"/Perms 9 0 R"),
        (_MARKS, b"/DSS 9 0 R"),
        (_MARKS, b"/Extensions 9 0 R"),
        (_MARKS, b"/OpenAction 9 0 R"),
        (_MARKS, b"/AA 9 0 R"),
        (b"/Type/Page/", b"/Type/Pagx/"),
        (b"/StructParents 0", b"/Annots[9 0 R]"),
        (b"/Count 1/Kids[", b"/Kounts/Kids["),
        (b"trailer\n<</Size", b"trailer\n<</Siez"),
        (b"xref\n0 ", b"xref\n1 "),
        (b"startxref\n1", b"startxref\n2"),
        (b"65535 f\r\n0000000016 00000 n", b"65535 f\r\n0000000016 00001 n"),
        (b"%%EOF", b"%%EOF\n%x"),
        (b"/Metadata 27 0 R", b"/Metadata 99 0 R"),
    ],
)
def test_anything_else_is_not_recognised_and_never_fails(page, old, new):
    assert old in page
    changed = page.replace(old, new.ljust(len(old)), 1)
    found = recognised(changed)
    if old.startswith(b"/Metadata"):
        file, structure = found
        with pytest.raises(ValueError, match="object"):
            file.packet(structure.metadata)
    else:
        assert found is None


def test_other_packet_takes_the_general_writer(pki, page, content):
    """The fast path that does not understand a page fails no issue."""
    entry = b"/Type/Metadata/Subtype/XML"
    changed = page.replace(entry, b"/Subtype/XML/Type/Metadata", 1)
    assert changed != page
    sealed = pki.sealer().seal(changed, content).pdf
    assert b"(D\\072" in sealed  # pyHanko's way of writing dates
    with pytest.raises(SealMismatch):
        pki.sealer().seal(sealed, content)


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"x" * 3000])
def test_no_pdf_is_not_recognised(pdf):
    assert recognised(pdf) is None


def test_endless_chain_of_sections_ends(page):
    """A section that points to itself, or forward, is nothing of ours."""
    start = page.rindex(b"startxref\n") + 10
    offset = page[start : page.index(b"\n", start)]
    looped = page.replace(b")]>>\nstartxref", b")]/Prev %b>>\nstartxref" % offset)
    assert looped != page
    assert recognised(looped) is None


def test_object_that_the_table_does_not_lead_to_is_not_found(page):
    file = PlainFile(page)
    with pytest.raises(ValueError, match="object"):
        file.dictionary(9999)
    with pytest.raises(ValueError, match="stream"):
        file.stream(1)
    with pytest.raises(ValueError, match="stream"):
        file.packet(int(page.split(b"/DestOutputProfile ")[1].split()[0]))


def test_store_of_another_form_is_not_read(pki, page, content):
    pdf = pki.sealer(materials=pki.materials).seal(page, content, "B-LT").pdf
    file, structure = recognised(pdf)
    found = held(file, structure.store)
    wanted = pki.materials.material(())
    assert tuple(found[b"/Certs"]) == wanted.certificates
    assert tuple(found[b"/CRLs"]) == wanted.crls
    changed = pdf.replace(b"<</Certs [", b"<</Xerts [")
    with pytest.raises(ValueError, match="/Certs"):
        held(recognised(changed)[0], structure.store)
    assert held(file, 0) == {}
    assert signing_pki.make_pki().materials.material(()).ocsps == ()
