"""Promises of our own reader of file structure (ISO 32000-2, 7.5): every note, every limit."""

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signing_files import PAGE, PAGES, build, simple, stream, table, used, with_streams

from signing.evidence import opened as opening
from signing.evidence.document import Document
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.form import fields
from signing.evidence.metadata import metadata_of
from signing.evidence.pages import pages
from signing.evidence.structure import CLAUSES, LENIENT, notes_of, structure_of
from signing.evidence.syntax import Reference

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def opened(pdf) -> Document:
    return opening.opened(pdf, 1 << 24)


def notes(pdf):
    document = opened(pdf)
    assert document.catalog["/Type"] == "/Catalog"
    pages(document, 10)
    return set(notes_of(document))


def body(objects, header=b"%PDF-1.7\n"):
    out, offsets = header, {}
    for number, value in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    return out, offsets


OBJECTS = {1: CATALOG, 2: PAGES, 3: PAGE}
TRAILER = b"<< /Size 4 /Root 1 0 R >>"
FREE = b"0000000000 65535 f \n"


def plain(objects=OBJECTS, *, trailer=TRAILER, change=lambda rows: rows):
    out, offsets = body(objects)
    rows = [FREE, *(used(offsets[number]) for number in sorted(offsets))]
    return table(out, [(0, change(rows))], trailer)


FAULTS = {"", "empty", "not-pdf", "truncated", "encrypted", "malformed", "too-large"}


def fault_of(pdf):
    """Everything that is read of any file; "" when it reads."""
    try:
        document = opened(pdf)
        assert structure_of(document).revisions >= 1
        fields(document)
        metadata_of(document)
    except ReadingFaultError as error:
        return error.fault
    return ""


def refused(pdf):
    with pytest.raises(ReadingFaultError) as caught:
        notes_of(opened(pdf))
    return caught.value.fault, caught.value.detail


def test_tidy_files_have_no_notes():
    assert notes(plain()) == set()
    assert notes(with_streams(OBJECTS)) == set()
    assert notes(with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)])) == set()
    assert structure_of(opened(plain())).revisions == 1


def test_files_of_ours_have_no_notes(sealed, page):
    assert structure_of(opened(sealed)).notes == ()
    assert structure_of(opened(sealed)).revisions == 2
    assert structure_of(opened(page)).notes == ()


def later(pdf, objects, trailer=b"", *, rows=None):
    """An update by a table."""
    out, entries = pdf, []
    for number, value in objects.items():
        entries.append((number, [used(len(out))]))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = pdf.rindex(b"startxref\n") + 10
    before = int(pdf[start : pdf.index(b"\n", start)])
    whole = b"<< /Size 9 /Root 1 0 R /Prev %d %s >>" % (before, trailer)
    return table(out, entries if rows is None else rows, whole)


def test_the_newest_revision_counts():
    document = opened(later(plain(), {4: b"(new)", 3: b"<< /Type /Page /Rotate 90 >>"}))
    assert document.value(Reference(4, 0)) == b"new"
    assert document.value(Reference(3, 0)) == {"/Type": "/Page", "/Rotate": 90}
    assert structure_of(document).revisions == 2


def test_freed_objects_are_gone():
    document = opened(later(plain(), {}, rows=[(3, [b"0000000000 00001 f \n"])]))
    assert document.value(Reference(3, 0)) is None
    assert document.value(Reference(3, 1)) is None


def test_linearised_file_is_one_revision():
    out, offsets = body(OBJECTS)
    start = len(out)
    first = out + b"xref\n1 3\n" + b"".join(used(offsets[number]) for number in (1, 2, 3))
    first += b"trailer\n<< /Size 4 /Root 1 0 R /Prev 000 >>\nstartxref\n0\n%%EOF\n"
    first = first.replace(b"/Prev 000", b"/Prev %03d" % len(first))
    whole = first + b"xref\n0 1\n" + FREE + b"trailer\n<< /Size 4 /Root 1 0 R >>\n"
    whole += b"startxref\n%d\n%%%%EOF\n" % start
    found = structure_of(opened(whole))
    assert (found.revisions, found.notes) == (1, ())


def test_leading_bytes():
    found = notes(b"\n" + plain())
    assert "leading-bytes" in found
    assert "header-version" not in found
    assert "repaired" in notes(b"junk of a mail program\n" + plain())


@pytest.mark.parametrize("end", [b" ", b"\n\n", b"x", b"\n% comment"])
def test_trailing_bytes(end):
    assert notes(plain() + end) == {"trailing-bytes"}


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_line_ends_are_no_trailing_bytes(end):
    assert notes(plain().rstrip() + end) == set()


@pytest.mark.parametrize("version", [b"1.8", b"2.1", b"0.9", b"1.71", b"2.00"])
def test_versions_that_there_are_not(version):
    out, offsets = body(OBJECTS, b"%%PDF-%s\n" % version)
    rows = [FREE, *(used(offsets[number]) for number in sorted(offsets))]
    assert notes(table(out, [(0, rows)], TRAILER)) == {"header-version"}


def test_header_version():
    assert notes(plain().replace(b"%PDF-1.7", b"%PDF-1.9")) == {"header-version"}
    assert notes(plain().replace(b"%PDF-1.7", b"%PDF-2.0")) == set()


@pytest.mark.parametrize(
    ("by", "note"),
    [
        (-3, "crossref-offset"),
        (-1, "crossref-blank"),
        (1, "crossref-offset"),
        (2, "crossref-offset"),
    ],
)
def test_miscounted_startxref(by, note):
    start = plain().rindex(b"startxref\n") + 10
    place = int(plain()[start:].split()[0])
    assert notes(plain()[:start] + b"%d\n%%%%EOF\n" % (place + by)) == {note}


def test_white_space_before_a_section_divides_no_readers():
    assert "crossref-offset" in LENIENT
    assert "crossref-blank" not in LENIENT


@pytest.mark.parametrize("text", [b"100", b"999999999", b"x5", b"5\n5", b"", b"-1"])
def test_hopeless_startxref(text):
    start = plain().rindex(b"startxref\n") + 10
    assert refused(plain()[:start] + text + b"\n%%EOF\n") == ("malformed", "startxref")


def test_truncated_file():
    assert refused(plain()[:-20]) == ("truncated", "end marker")


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [row.replace(b" \n", b"\n") for row in rows],
        lambda rows: [b"0 65535 f \n", *rows[1:]],
        lambda rows: [row.replace(b" 00000 ", b"  00000 ") for row in rows],
    ],
    ids=["short lines", "short numbers", "two spaces"],
)
def test_rows_of_another_size(change):
    assert notes(plain(change=change)) == {"crossref-syntax"}


def test_more_rows_announced_than_there():
    assert "crossref-syntax" in notes(plain().replace(b"xref\n0 4", b"xref\n0 9", 1))


def test_numbers_past_the_size():
    assert notes(plain(trailer=b"<< /Size 3 /Root 1 0 R >>")) == {"crossref-size"}
    assert notes(plain(trailer=b"<< /Root 1 0 R >>")) == {"crossref-size"}


def test_one_number_twice():
    out, offsets = body(OBJECTS)
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3))]
    pdf = table(out, [(0, rows), (3, [used(offsets[2])])], TRAILER)
    assert notes(pdf) == {"duplicate-entries"}
    doubled = with_streams(OBJECTS).replace(b"0 1 1 1 2 1 3 1", b"0 1 1 1 1 1 3 1")
    assert "duplicate-entries" in notes_of(opened(doubled))


def test_two_numbers_at_one_place():
    out, offsets = body(OBJECTS)
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3, 3))]
    found = notes(table(out, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>"))
    assert found == {"duplicate-entries", "object-header-mismatch"}


def hybrid(extra=b""):
    """A table, and a stream that gives object 3, which the table calls free."""
    out, offsets = body(OBJECTS)
    rows = b"".join((b"\1", offsets[3].to_bytes(2, "big"), b"\0"))
    place = len(out)
    told = b"/Type /XRef /W [1 2 1] /Index [3 1] /Size 4 /Root 1 0 R"
    out += b"4 0 obj\n%s\nendobj\n" % stream(rows, told)
    lines = [FREE, used(offsets[1]), used(offsets[2]), FREE]
    return table(out, [(0, lines)], b"<< /Size 5 /Root 1 0 R /XRefStm %d %s >>" % (place, extra))


def test_hybrid_file():
    assert notes(hybrid()) == {"hybrid"}
    assert opened(hybrid()).value(Reference(3, 0))["/Type"] == "/Page"


def test_table_comes_before_its_hidden_stream():
    out, offsets = body({**OBJECTS, 4: b"(old)"})
    pdf = hybrid()
    used_too = pdf.replace(FREE + b"trailer", used(pdf.index(b"2 0 obj")) + b"trailer")
    document = opened(used_too)
    assert document.entries[3][1] == pdf.index(b"2 0 obj")
    assert out
    assert offsets


@pytest.mark.parametrize("where", [b"/XRefStm 9", b"/XRefStm (x)"])
def test_hidden_stream_that_is_none_is_repaired(where):
    found = notes(plain(trailer=b"<< /Size 4 /Root 1 0 R %s >>" % where))
    assert found == {"repaired"}


def test_cyclic_chain():
    pdf = plain(trailer=b"<< /Size 4 /Root 1 0 R /Prev 0000 >>")
    place = b"%04d" % pdf.rindex(b"xref\n", 0, pdf.rindex(b"startxref"))
    assert notes(pdf.replace(b"/Prev 0000", b"/Prev " + place)) == {"cyclic"}


def test_rebuilt_file_is_compared_with_nothing():
    """Its entries were made of its bodies, of which several may have one number."""
    pdf = later(plain(), {3: PAGE}, b"/Prev (x)")
    assert notes(pdf.replace(b"/Prev %d /Prev" % pdf.index(b"xref"), b"/Prev")) == {"repaired"}


def test_broken_chain_is_repaired():
    assert notes(plain(trailer=b"<< /Size 4 /Root 1 0 R /Prev 20 >>")) == {"repaired"}
    assert notes(plain(trailer=b"<< /Size 4 /Root 1 0 R /Prev (x) >>")) == {"repaired"}


def test_entry_past_the_end():
    out, offsets = body(OBJECTS)
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3)), used(999_999)]
    pdf = table(out, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>")
    assert notes(pdf) == {"xref-past-end"}
    assert opened(pdf).value(Reference(4, 0)) is None


def test_entry_at_the_very_end():
    out, offsets = body(OBJECTS)
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3))]
    pdf = table(out, [(0, [*rows, used(0)])], b"<< /Size 5 /Root 1 0 R >>")
    at = [*rows, used(len(pdf))]
    assert notes(table(out, [(0, at)], b"<< /Size 5 /Root 1 0 R >>")) == {"xref-past-end"}


def test_entry_of_another_generation():
    out, offsets = body({**OBJECTS, 4: b"(x)"})
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3)), used(offsets[4], 1)]
    found = notes(table(out, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>"))
    assert found == {"object-header-mismatch"}


def test_entry_that_points_at_another_object():
    out, offsets = body({**OBJECTS, 4: b"(x)"})
    rows = [FREE, used(offsets[1]), used(offsets[2]), used(offsets[4]), used(offsets[4])]
    found = notes(table(out, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>"))
    assert found >= {"object-header-mismatch", "repaired", "shadowed-objects"}


def test_body_without_an_entry():
    out, offsets = body(OBJECTS)
    hidden = out + b"2 0 obj\n(hidden)\nendobj\n"
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3))]
    assert notes(table(hidden, [(0, rows)], TRAILER)) == {"shadowed-objects"}
    fresh = out + b"7 0 obj\n(hidden)\nendobj\n"
    assert notes(table(fresh, [(0, rows)], TRAILER)) == {"unlisted-objects"}


def test_body_that_only_a_free_entry_speaks_of():
    """The offset of a free entry is the number of the next free one, and explains nothing."""
    out, offsets = body(OBJECTS)
    hidden = out + b"7 0 obj\n(hidden)\nendobj\n"
    free = b"%010d 65535 f \n" % len(out)
    rows = [free, *(used(offsets[number]) for number in (1, 2, 3))]
    assert notes(table(hidden, [(0, rows)], TRAILER)) == {"unlisted-objects"}


def test_body_behind_an_object_that_does_not_end():
    """Where it ends nobody can tell, so nothing lies inside it."""
    out, offsets = body(OBJECTS)
    hidden = out + b"4 0 obj\n(x)\n2 0 obj\n(hidden)\nendobj\n"
    rows = [FREE, *(used(offsets[number]) for number in (1, 2, 3)), used(len(out))]
    found = notes(table(hidden, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>"))
    assert found == {"shadowed-objects"}


def test_body_inside_another():
    inner = b"(x 2 0 obj << >> endobj)"
    assert notes(plain({**OBJECTS, 4: inner}, trailer=b"<< /Size 5 /Root 1 0 R >>")) == {
        "nested-objects"
    }
    pdf = plain(
        {**OBJECTS, 4: stream(b"\n2 0 obj\n<< >>\nendobj\n")}, trailer=b"<< /Size 5 /Root 1 0 R >>"
    )
    assert notes(pdf) == {"nested-objects"}


def test_reference_to_another_generation():
    pdf = plain({**OBJECTS, 1: CATALOG.replace(b">>", b"/AcroForm 2 7 R >>")})
    document = opened(pdf)
    assert fields(document) == []
    assert notes_of(document) == {"generation-mismatch"}


@pytest.mark.parametrize(
    "value",
    [
        b"<< /Type /Page /Parent 2 0 R /Parent 2 0 R >>",
        b"<< /Type /Page /Length 5000 >>\nstream\nx\nendstream",
        b"<< /Type /Page >>\nstream\nx\nendstream",
    ],
)
def test_lenient_syntax(value):
    document = opened(plain({**OBJECTS, 3: value}))
    document.value(Reference(3, 0))
    assert notes_of(document) == {"lenient-syntax"}
    assert document.ambiguous == {3}


def test_object_without_its_end():
    assert "lenient-syntax" in notes(plain().replace(b"endobj\nxref", b"endo__\nxref"))


def test_lost_object_is_found_by_its_body():
    pdf = plain(change=lambda rows: [*rows[:3], used(12)])
    assert notes(pdf) == {"object-header-mismatch", "repaired", "shadowed-objects"}
    assert opened(pdf).value(Reference(3, 0))["/Type"] == "/Page"


def test_file_without_entries_is_rebuilt_with_its_object_streams():
    pdf = with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)])
    broken = pdf.replace(b"/W [1 4 1]", b"/W [1 4]")
    assert notes(broken) == {"repaired"}
    assert opened(broken).value(Reference(3, 0))["/Type"] == "/Page"


def test_rebuilt_file_without_a_catalogue_is_malformed():
    pdf = plain().replace(b"/Root 1 0 R", b"/Rood 1 0 R")
    assert refused(pdf) == ("malformed", "catalog")
    assert refused(pdf.replace(b"/Size 4", b"/Prev 9")) == ("malformed", "trailer")


def test_metadata_that_cannot_be_decoded():
    packet = stream(b"x", b"/Filter /FlateDecode /DecodeParms << /Predictor 77 >> ")
    document = opened(simple(b"/Metadata 4 0 R", packet))
    assert metadata_of(document).identifier == ""
    assert notes_of(document) == {"undecodable-stream"}


def test_filters_by_reference():
    pdf = build(
        [
            CATALOG[:-2] + b"/Metadata 4 0 R >>",
            PAGES,
            PAGE,
            stream(zlib.compress(b"ab"), b"/Filter [5 0 R] /DecodeParms [6 0 R] "),
            b"/FlateDecode",
            b"<< /Predictor 7 0 R >>",
            b"1",
        ]
    )
    document = opened(pdf)
    assert document.content(document.get(document.catalog, "/Metadata")) == b"ab"


def test_predicted_cross_reference_stream():
    def encode(rows):
        width, above, out = 6, bytes(6), b""
        for at in range(0, len(rows), width):
            row = rows[at : at + width]
            out += b"\2" + bytes((a - b) & 0xFF for a, b in zip(row, above, strict=True))
            above = row
        return zlib.compress(out)

    filters = b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 6 >> "
    assert notes(with_streams(OBJECTS, filters=filters, encode=encode)) == set()


@pytest.mark.parametrize("value", [b"4 0 R", b"[]", b"<< >>"])
def test_encrypted(value):
    pdf = build([CATALOG, PAGES, PAGE, b"<< /Filter /Standard >>"], trailer=b"/Encrypt " + value)
    assert refused(pdf) == ("encrypted", "")


def test_encrypt_null_is_not_encrypted():
    assert notes(plain(trailer=b"<< /Size 4 /Root 1 0 R /Encrypt null >>")) == set()


def test_lengths_in_a_circle_end():
    pdf = plain(
        {
            **OBJECTS,
            4: b"<< /Length 4 0 R >>\nstream\nx\nendstream",
            5: b"<< /Length 6 0 R >>\nstream\nx\nendstream",
            6: b"<< /Length 5 0 R >>\nstream\nx\nendstream",
        },
        trailer=b"<< /Size 7 /Root 1 0 R >>",
    )
    document = opened(pdf)
    assert document.content(document.value(Reference(4, 0))) == b"x"
    assert document.content(document.value(Reference(5, 0))) == b"x"


def test_references_in_a_circle_are_nothing():
    pdf = plain({**OBJECTS, 4: b"5 0 R", 5: b"4 0 R"}, trailer=b"<< /Size 6 /Root 1 0 R >>")
    assert opened(pdf).resolved(Reference(4, 0)) is None


@pytest.mark.parametrize(
    ("pdf", "fault"),
    [
        (plain().replace(b"xref\n0 4\n", b"xref\n0 2147483648\n", 1), None),
        (plain(trailer=b"<< /Size 2147483647 /Root 1 0 R >>"), None),
        (with_streams(OBJECTS).replace(b"/Index [0 1", b"/Index [0 2147483648"), None),
        (with_streams(OBJECTS).replace(b"/Index [", b"/Index [" + b"0 0 " * 300_000), "too-large"),
        (with_streams(OBJECTS).replace(b"/W [1 4 1]", b"/W [0 0 0]"), None),
        (with_streams(OBJECTS).replace(b"/W [1 4 1]", b"/W [9 9 9]"), None),
        (with_streams(OBJECTS).replace(b"/Index [", b"/Index [1 "), None),
        (with_streams(OBJECTS).replace(b"/Index [", b"/Index [-1 1 "), None),
    ],
    ids=["rows", "size", "index", "ranges", "no width", "wide", "odd index", "negative index"],
)
def test_huge_counts_cost_nothing(pdf, fault):
    assert fault_of(pdf) in ("", fault or "malformed")


def test_too_many_subsections():
    pdf = plain().replace(b"xref\n0 4\n", b"xref\n" + b"0 0\n" * 300_000 + b"0 4\n", 1)
    assert refused(pdf) == ("too-large", "cross-reference-entries")


def test_too_many_bodies():
    assert refused(plain() + b"1 0 obj " * 450_000 + b"\n%%EOF\n")[0] == "too-large"


def test_too_many_values():
    pdf = plain({**OBJECTS, 3: b"[" + b"0 " * 1_600_000 + b"]"})
    assert refused_reading(pdf) == ("too-large", "values")


def refused_reading(pdf):
    with pytest.raises(ReadingFaultError) as caught:
        pages(opened(pdf), 10)
    return caught.value.fault, caught.value.detail


def test_bomb_of_a_cross_reference_stream():
    filters = b"/Filter [/FlateDecode /FlateDecode] "
    pdf = with_streams(
        OBJECTS,
        filters=filters,
        encode=lambda rows: zlib.compress(zlib.compress(rows + bytes(90_000_000))),
    )
    assert refused(pdf) == ("malformed", "decompression-limit")


def test_bomb_of_an_object_stream():
    bomb = zlib.compress(bytes(90_000_000))
    pdf = build([CATALOG, PAGES, PAGE, stream(bomb, b"/Filter /FlateDecode ")])
    with pytest.raises(ReadingFaultError):
        opened(pdf).content(opened(pdf).value(Reference(4, 0)))


def test_objects_that_lie_inside_each_other_are_too_much():
    budget = Budget.of(1000)
    with pytest.raises(ReadingFaultError) as caught:
        budget.spend_scanned(9 * 1024 * 1024)
    assert caught.value.detail == "overlapping-objects"


def test_hardly_anything_is_well_formed():
    budget = Budget(lenient=1)
    budget.spend_lenient()
    with pytest.raises(ReadingFaultError):
        budget.spend_lenient()


def test_too_many_sections_are_repaired():
    pdf = plain()
    for _ in range(210):
        pdf = later(pdf, {})
    assert "repaired" in notes(pdf)


def test_page_tree_without_end():
    kids = b"[" + b"3 0 R " * 300 + b"]"
    nodes = [b"<< /Type /Pages /Kids %s >>" % kids.replace(b"3 0", b"%d 0" % n) for n in (3, 4, 5)]
    pdf = build([CATALOG, *nodes, b"<< /Type /Pages /Kids [] >>"])
    assert refused_reading(pdf) == ("malformed", "page tree")


def test_form_without_end():
    parts = [b"<< /T (a) /Kids [%d 0 R] >>" % number for number in range(5, 60)]
    pdf = build([CATALOG[:-2] + b"/AcroForm << /Fields [4 0 R] >> >>", PAGES, PAGE, *parts])
    with pytest.raises(ReadingFaultError):
        fields(opened(pdf))


def test_every_note_is_documented():
    """With its clause, and nothing is documented that no code can say."""
    folder = Path(opening.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "structure.py")
    text += (folder / "structure.py").read_text().partition("_VERSION")[2]
    for slug, clause in CLAUSES.items():
        assert f'"{slug}"' in text, slug
        assert clause[:2] == "7."


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_lets_another_exception_out(data):
    """Any slice of a small file replaced by any bytes."""
    source = data.draw(
        st.sampled_from(
            [plain(), hybrid(), with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)])]
        )
    )
    start = data.draw(st.integers(0, len(source) - 1))
    length = data.draw(st.integers(0, 30))
    inserted = data.draw(
        st.one_of(st.binary(max_size=12), st.integers(-9, 1 << 40).map(lambda n: b"%d" % n))
    )
    assert fault_of(source[:start] + inserted + source[start + length :]) in FAULTS
