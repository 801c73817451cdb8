"""Promises about cross-references, rebuilding and objects: each leniency is noted, each bound holds.

A forger looks for the one rule that nobody tests: every test here fails when a single rule of
`crossref`, `recovery` or `document` is off.
"""

import pytest
from signing_files import PAGE, PAGES, build, stream, table, update, used, with_streams

from signing.evidence import opened as opening
from signing.evidence.crossref import chain_from
from signing.evidence.document import Document
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.pages import pages
from signing.evidence.recovery import bodies, object_stream_numbers, rebuilt
from signing.evidence.structure import notes_of
from signing.evidence.syntax import Name, Reference, Stream, SyntaxProblemError

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
OBJECTS = {1: CATALOG, 2: PAGES, 3: PAGE}
HELD = [(2, PAGES), (3, PAGE)]
FREE = b"0000000000 65535 f \n"
TRAILER = b"<< /Size 9 /Root 1 0 R >>"
REPAIRED = {"repaired"}


def opened(pdf, budget=None) -> Document:
    return opening.opened(pdf, 1 << 24, budget)


def notes(pdf):
    document = opened(pdf)
    pages(document, 10)
    return set(notes_of(document))


def refused(pdf):
    with pytest.raises(ReadingFaultError) as caught:
        pages(opened(pdf), 10)
    return caught.value.fault, caught.value.detail


def body(objects):
    out, offsets = b"%PDF-1.7\n", {}
    for number, value in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    return out, offsets


def plain(change=lambda rows: rows, trailer=TRAILER, objects=OBJECTS):
    out, offsets = body(objects)
    rows = [FREE, *(used(offsets[number]) for number in sorted(offsets))]
    return table(out, [(0, change(rows))], trailer)


def start_of(pdf):
    return int(pdf[pdf.rindex(b"startxref\n") + 10 :].split()[0])


def starting(pdf, place):
    return pdf[: pdf.rindex(b"startxref\n") + 10] + b"%d\n%%%%EOF\n" % place


def changed(pdf, old, new):
    """The last place of `old` in a file; what stands behind it moves."""
    at = pdf.rindex(old)
    return pdf[:at] + new + pdf[at + len(old) :]


# --- where a section begins ----------------------------------------------------------------------


@pytest.mark.parametrize("by", [-8, 8])
def test_start_that_is_eight_bytes_off_is_found(by):
    assert notes(starting(plain(), start_of(plain()) + by)) == {"crossref-offset"}


@pytest.mark.parametrize("by", [-9, 9])
def test_start_that_is_nine_bytes_off_is_not(by):
    pdf = starting(plain(), start_of(plain()) + by)
    assert refused(pdf) == ("malformed", "startxref")


def test_blanks_before_a_cross_reference_stream():
    pdf, place = with_streams(OBJECTS), start_of(with_streams(OBJECTS))
    for count, found in ((8, {"crossref-blank"}), (9, None)):
        moved = pdf[:place] + b" " * count + pdf[place:]
        if found is None:
            assert refused(moved) == ("malformed", "startxref")
        else:
            assert notes(moved) >= found


def test_start_that_leads_to_itself_is_no_section():
    """`startxref` ends as a table begins."""
    pdf = plain()
    assert refused(starting(pdf, pdf.rindex(b"startxref"))) == ("malformed", "startxref")


@pytest.mark.parametrize("value", [b"true", b"-1", b"4.0", b"(9)"])
@pytest.mark.parametrize("key", [b"/Prev", b"/XRefStm"])
def test_place_that_is_no_whole_number(key, value):
    """The table stands where a careless reader takes `true` for 1."""
    first = b"%PDF-1.7\nxref\n0 1\n" + FREE + b"trailer\n<< /Size 9 /Root 1 0 R >>\n"
    out, rows = first, [FREE]
    for number, text in OBJECTS.items():
        rows.append(used(len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    pdf = table(out, [(0, rows)], b"<< /Size 9 /Root 1 0 R %s %s >>" % (key, value))
    assert notes(pdf) == REPAIRED


def test_two_hundred_sections_are_read_and_no_more():
    pdf = plain()
    for _ in range(199):
        pdf = update(pdf, {})
    assert "repaired" not in notes(pdf)
    assert "repaired" in notes(update(pdf, {}))


def test_circle_is_left_at_once():
    pdf = plain(trailer=b"<< /Size 9 /Root 1 0 R /Prev 0000 >>")
    pdf = pdf.replace(b"/Prev 0000", b"/Prev %04d" % start_of(pdf))
    assert len(opened(pdf).sections) == 1


# --- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b" \n", b" \r", b"\r\n"])
def test_rows_end_in_two_bytes(end):
    assert notes(plain(lambda rows: [row[:18] + end for row in rows])) == set()


@pytest.mark.parametrize("end", [b"\n\n", b"  ", b" \t", b"\t\n"])
def test_other_ends_of_rows_are_noted(end):
    assert notes(plain(lambda rows: [row[:18] + end for row in rows])) == {"crossref-syntax"}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"xref\n0 4", b"xref 0 4", {"crossref-syntax"}),
        (b"xref\n0 4\n", b"xref0  4\n", REPAIRED),
        (b"xref\n0 4", b"xref\n0\t4", {"crossref-syntax"}),
    ],
    ids=["no line", "no blank", "tabulator"],
)
def test_heads_of_tables(old, new, found):
    assert notes(plain().replace(old, new, 1)) == found


def test_more_rows_than_announced_are_no_rows():
    short = plain(lambda rows: [row.replace(b" \n", b"\n") for row in rows])
    assert notes(short.replace(b"xref\n0 4", b"xref\n0 3", 1)) == REPAIRED


def test_table_without_sections():
    pdf = table(plain(), [], b"<< /Size 9 /Root 1 0 R /Prev %d >>" % start_of(plain()))
    assert notes(pdf) == {"crossref-syntax"}


def test_section_without_rows():
    pdf = table(plain(), [(7, [])], b"<< /Size 9 /Root 1 0 R /Prev %d >>" % start_of(plain()))
    assert notes(changed(pdf, b"7 0\n", b"7 2\n")) == REPAIRED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"trailer\n<<", b"trailer\n)<"),
        (b"trailer\n<<", b"trailer\n7 "),
        (b"trailer\n", b"trailxx\n"),
    ],
    ids=["no value", "a number", "no trailer"],
)
def test_newest_trailer_that_is_none(old, new):
    """The file is rebuilt with the trailer before it."""
    assert notes(changed(update(plain(), {}), old, new)) == REPAIRED


def test_hidden_stream_that_is_a_table():
    pdf = table(
        plain(),
        [(0, [FREE])],
        b"<< /Size 9 /Root 1 0 R /Prev %d /XRefStm %d >>" % ((start_of(plain()),) * 2),
    )
    assert notes(pdf) == REPAIRED


def test_notes_of_a_hidden_stream_count():
    out, offsets = body(OBJECTS)
    row = b"\1" + offsets[3].to_bytes(2, "big") + b"\0"
    told = b"/Type /XRef /W [1 2 1] /Index [3 1 3 1] /Size 5 /Root 1 0 R"
    hidden = out + b"4 0 obj\n%s\nendobj\n" % stream(row * 2, told)
    rows = [FREE, used(offsets[1]), used(offsets[2]), FREE]
    pdf = table(hidden, [(0, rows)], b"<< /Size 5 /Root 1 0 R /XRefStm %d >>" % len(out))
    assert notes(pdf) == {"hybrid", "duplicate-entries"}


def test_stream_hides_no_other():
    """7.5.8.4: `/XRefStm` stands in the trailer of a table."""
    assert notes(with_streams(OBJECTS, filters=b"/XRefStm 9 ")) == set()


# --- cross-reference streams ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/W [1 4 1]", b"/W [1 4 1 0]"),
        (b"/W [1 4 1]", b"/W [1 4]"),
        (b"/W [1 4 1]", b"/W [1 9 1]"),
        (b"/W [1 4 1]", b"/W [-1 4 1]"),
        (b"/W [1 4 1]", b"/W [1 0 1]"),
        (b"/W [1 4 1]", b"/W [true 4 1]"),
        (b"/W [1 4 1]", b"/W [1 /x 4 1]"),
        (b"/W [1 4 1]", b"/W 6"),
        (b"/Index [0 1 ", b"/Index [/x 0 1 "),
        (b"/Index [0 1 ", b"/Index [0 1 /x /y "),
        (b"/Index [0 1 ", b"/Index [0 true "),
        (b"/Index [0 1 ", b"/Index [1 "),
        (b"/Index [0 1 ", b"/Index [-1 1 0 1 "),
        (b"/Index [0 1 1 1 2 1 3 1 5 1]", b"/Index 5"),
        (b"/Index [0 1 1 1 2 1 3 1 5 1] /Size 6", b"/Size (x)"),
        (b"endstream\nendobj\n", b"endstream\nendo__\n"),
        (b"<< /Length 30", b"<< /Length 1 0 R"),
    ],
)
def test_cross_reference_stream_that_is_none(old, new):
    """One reader stumbles where another reads on: it is rebuilt, and says so."""
    assert notes(changed(with_streams(OBJECTS), old, new)) == REPAIRED


def test_cross_reference_stream_that_cannot_be_decoded():
    assert notes(with_streams(OBJECTS, filters=b"/Filter /FlateDecode ")) == REPAIRED


@pytest.mark.parametrize("kind", [b"/Type /Xref", b"/Tyqe /XRef"])
def test_stream_of_another_type_is_none(kind):
    pdf = changed(with_streams(OBJECTS), b"/Type /XRef", kind)
    assert refused(pdf) == ("malformed", "trailer")


def test_value_where_a_cross_reference_stream_should_be():
    out, offsets = body({**OBJECTS, 4: b"<< /Type /XRef /Root 1 0 R >>"})
    assert refused(out + b"startxref\n%d\n%%%%EOF\n" % offsets[4]) == ("malformed", "trailer")


def test_fewer_rows_than_announced():
    pdf = with_streams(OBJECTS)
    assert notes(changed(pdf, b" 5 1] /Size 6", b" 5 9] /Size 20")) == {"crossref-syntax"}


def test_first_of_two_entries_counts():
    pdf = changed(with_streams(OBJECTS), b"[0 1 1 1 2 1 3 1 ", b"[0 1 1 1 1 1 3 1 ")
    assert opened(pdf).entries[1][1] == pdf.index(b"1 0 obj")


def test_empty_stream_has_no_entries():
    pdf = with_streams(OBJECTS, filters=b"")
    empty = b"9 0 obj\n%s\nendobj\n" % stream(
        b"", b"/Type /XRef /W [1 4 1] /Index [] /Size 10 /Root 1 0 R /Prev %d" % start_of(pdf)
    )
    assert notes(pdf + empty + b"startxref\n%d\n%%%%EOF\n" % len(pdf)) == set()


def test_entries_without_a_kind_are_in_use():
    """7.5.8.2: the default of the first field is 1."""

    def cut(rows):
        return b"".join(rows[at + 1 : at + 6] for at in range(0, len(rows), 6))

    pdf = changed(with_streams(OBJECTS, encode=cut), b"/W [1 4 1]", b"/W [0 4 1]")
    assert opened(pdf).value(Reference(3, 0))["/Type"] == "/Page"


def test_entries_of_a_kind_that_nobody_knows_are_nothing():
    """7.5.8.3: any other value is a reference to the null object."""
    pdf = with_streams(OBJECTS)
    place = pdf.index(b"3 0 obj")
    document = opened(with_streams(OBJECTS, entries={3: (3, place, 0)}))
    assert document.value(Reference(3, 0)) is None
    assert "shadowed-objects" in notes_of(document)


@pytest.mark.parametrize(
    ("pdf", "count"),
    [
        (plain(), 5),
        (plain(lambda rows: [row.replace(b" \n", b"\n") for row in rows]), 5),
        (with_streams(OBJECTS), 10),
        (plain(lambda rows: [*rows, *[FREE] * 4_000]), 4_005),
    ],
    ids=["rows", "short rows", "stream", "many"],
)
def test_every_entry_is_paid_for(pdf, count):
    chain_from(pdf, start_of(pdf), Budget(entries=count))
    with pytest.raises(ReadingFaultError):
        chain_from(pdf, start_of(pdf), Budget(entries=count - 1))


# --- rebuilding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"%PDF-1.7\n2 0 obj", {9: (2, 0)}),
        (b"2" + b" " * 20 + b"0" + b"\t" * 20 + b"obj<<", {0: (2, 0)}),
        (b"2 0 object", {}),
        (b"2 0obj", {}),
        (b"x2 0 obj", {1: (2, 0)}),
        (b"123456789012 0 obj", {}),
        (b"2 0 obj 3 1 obj", {0: (2, 0), 8: (3, 1)}),
    ],
)
def test_bodies(text, found):
    assert bodies(text) == found


def broken(pdf):
    """Its cross-references lead nowhere."""
    return changed(pdf, b"/Root 1 0 R", b"/Root 1 0 R /Prev (x)")


def test_last_body_of_a_number_counts():
    newer = {3: PAGE.replace(b"/Type", b"/Rotate 90 /Type")}
    document = opened(broken(update(plain(), newer)))
    assert document.value(Reference(3, 0))["/Rotate"] == 90
    assert notes_of(document) == REPAIRED


def test_last_trailer_counts():
    pdf = update(plain(), {7: CATALOG.replace(b">>", b"/Newer true >>")})
    newer = changed(pdf, b"/Root 1 0 R /Prev", b"/Root 7 0 R /Prev (x) /Was")
    assert "/Newer" in opened(newer).catalog


@pytest.mark.parametrize("text", [b"trailer 5\n", b"trailer (\n", b"trailer << /X 1 >>\n"])
def test_word_trailer_without_a_root_is_passed_over(text):
    pdf = broken(plain(trailer=TRAILER))
    at = pdf.rindex(b"startxref")
    assert notes(pdf[:at] + text + pdf[at:]) == REPAIRED


def test_so_many_trailers_are_tried_and_no_more():
    pdf = broken(plain())
    at = pdf.rindex(b"startxref")
    for count, fault in ((199, None), (200, ("malformed", "trailer"))):
        many = pdf[:at] + b"trailer 5\n" * count + pdf[at:]
        if fault is None:
            assert notes(many) == REPAIRED
        else:
            assert refused(many) == fault


def test_so_many_streams_are_tried_for_a_trailer_and_no_more():
    pdf = changed(with_streams(OBJECTS), b"/W [1 4 1]", b"/W [1 4]")
    at = pdf.rindex(b"startxref")
    for count, fault in ((199, None), (200, ("malformed", "trailer"))):
        more = b"".join(b"%d 0 obj\n1\nendobj\n" % number for number in range(10, 10 + count))
        many = pdf[:at] + more + pdf[at:]
        if fault is None:
            assert notes(many) == REPAIRED
        else:
            assert refused(many) == fault


def without_table(objects):
    """Bodies, and a `startxref` that leads to the first of them."""
    return b"\n" + body(objects)[0] + b"startxref\n0\n%%EOF\n"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (b"/Type /XRef /Root 1 0 R", None),
        (b"/Type /Other /Root 1 0 R", "trailer"),
        (b"/Type /XRef", "trailer"),
    ],
)
def test_trailer_of_a_rebuilt_file_is_a_cross_reference_stream(entries, fault):
    pdf = without_table({**OBJECTS, 4: stream(b"", entries)})
    if fault is None:
        assert opened(pdf).catalog["/Type"] == "/Catalog"
    else:
        assert refused(pdf) == ("malformed", fault)


def test_cross_reference_stream_without_a_root_is_passed_over():
    told = {4: stream(b"", b"/Type /XRef /Root 1 0 R"), 5: stream(b"", b"/Type /XRef")}
    assert opened(without_table({**OBJECTS, **told})).catalog["/Type"] == "/Catalog"


def holding(number, value, extra=b""):
    head = b"%d 0 " % number
    told = b"/Type /ObjStm /N 1 /First %d %s" % (len(head), extra)
    return stream(head + value, told)


OTHER = PAGE.replace(b"/Type", b"/Rotate 90 /Type")


@pytest.mark.parametrize(
    ("objects", "rotated"),
    [
        ({3: PAGE, 4: holding(3, OTHER)}, True),
        ({4: holding(3, OTHER), 3: PAGE}, False),
        ({4: holding(3, PAGE), 5: holding(3, OTHER)}, True),
    ],
    ids=["stream last", "body last", "two streams"],
)
def test_what_stands_last_counts_in_a_rebuilt_file(objects, rotated):
    document = opened(broken(plain_of({1: CATALOG, 2: PAGES, **objects})))
    assert ("/Rotate" in document.value(Reference(3, 0))) is rotated


def plain_of(objects):
    out, _ = body(objects)
    return table(out, [(0, [FREE])], TRAILER)


def test_so_many_object_streams_are_opened_and_no_more():
    streams = {number: holding(1000 + number, b"(x)") for number in range(4, 205)}
    found = rebuilt(plain_of({**OBJECTS, **streams}), Budget()).entries
    assert 1000 + 203 in found
    assert 1000 + 204 not in found


def test_rebuilding_is_paid_for():
    pdf = plain_of({**OBJECTS, 4: holding(7, b"(x)")})
    assert 7 in rebuilt(pdf, Budget(entries=5)).entries
    with pytest.raises(ReadingFaultError):
        rebuilt(pdf, Budget(entries=4))
    with pytest.raises(ReadingFaultError):
        rebuilt(plain_of(OBJECTS), Budget(entries=2))


@pytest.mark.parametrize("objects", [{}, {4: b"<< /Type /ObjStm /N 1 /First 4 >>"}])
def test_word_that_names_no_object_stream(objects):
    out, _ = body({**OBJECTS, **objects})
    pdf = broken(
        table(out.replace(b"%PDF-1.7\n", b"%PDF-1.7\n% /ObjStm\n"), [(0, [FREE])], TRAILER)
    )
    assert notes(pdf) == REPAIRED


def test_word_without_any_object():
    pdf = b"\n%PDF-1.7\n/ObjStm trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    assert refused(pdf) == ("malformed", "catalog")


@pytest.mark.parametrize(
    ("entries", "content"),
    [
        ({"/N": Name("/x"), "/First": 4}, b"3 0 (x)"),
        ({"/First": 4}, b"3 0 (x)"),
        ({"/N": 1, "/First": b"4"}, b"3 0 (x)"),
        ({"/N": 1}, b"3 0 (x)"),
        ({"/N": -1, "/First": 4}, b"3 0 (x)"),
        ({"/N": 1, "/First": -3}, b"3 0 (x)"),
        ({"/N": 2, "/First": 4}, b"3 0 (x)"),
        ({"/N": 1, "/First": 5}, b"3 -1 (x)"),
        ({"/N": 1, "/First": 14}, b"3 00000000001 (x)"),
    ],
)
def test_head_of_an_object_stream(entries, content):
    with pytest.raises(SyntaxProblemError):
        object_stream_numbers(Stream(entries, 0, 0), content)


# --- objects -------------------------------------------------------------------------------------


def test_reference_to_another_generation_is_nothing():
    assert opened(plain()).value(Reference(2, 7)) is None


def test_long_chains_of_references_end():
    chained = {number: b"%d 0 R" % (number + 1) for number in range(4, 24)}
    document = opened(plain(objects={**OBJECTS, **chained, 24: b"(end)"}))
    assert document.resolved(Reference(20, 0)) == b"end"
    assert document.resolved(Reference(4, 0)) is None


def test_lengths_that_need_lengths_end():
    """Each stream has to be read for the one before it."""
    chained = {
        number: b"<< /Length %d 0 R >>\nstream\nx\nendstream" % (number + 1)
        for number in range(4, 404)
    }
    document = opened(plain(objects={**OBJECTS, **chained}))
    assert document.content(document.value(Reference(4, 0))) == b"x"


def test_content_is_cut():
    document = opened(plain(objects={**OBJECTS, 4: stream(b"abcdef")}))
    assert document.content(document.value(Reference(4, 0)), 3) == b"abc"


def misplaced(count):
    """Objects whose entries give the place of the first one."""
    objects = dict.fromkeys(range(4, 4 + count), b"(x)")
    return plain(lambda rows: [*rows[:4], *[rows[1]] * count], objects={**OBJECTS, **objects})


def test_lost_object_is_read_by_its_last_body():
    pdf = plain(lambda rows: [*rows[:3], used(12)])
    at = pdf.index(b"xref\n")
    found = opened(starting(pdf[:at] + b"3 0 obj\n(x)\nendobj\n" + pdf[at:], at + 19))
    assert found.value(Reference(3, 0)) == b"x"
    assert found.ambiguous == {3}
    assert found.notes >= {"object-header-mismatch", "repaired"}


def test_body_of_another_generation_is_another_object():
    document = opened(plain(lambda rows: rows).replace(b"3 0 obj", b"3 1 obj"))
    assert document.value(Reference(3, 0))["/Type"] == "/Page"
    assert document.ambiguous == {3}
    assert "object-header-mismatch" in document.notes


def unended(count):
    objects = dict.fromkeys(range(4, 4 + count), b"(x)")
    return plain(objects={**OBJECTS, **objects}).replace(b"(x)\nendobj", b"(x)\nendo__")


@pytest.mark.parametrize("make", [misplaced, unended])
def test_so_many_objects_are_read_with_leniency_and_no_more(make):
    document = opened(make(201))
    for number in range(4, 204):
        document.value(Reference(number, 0))
    with pytest.raises(ReadingFaultError, match="malformed"):
        document.value(Reference(204, 0))


@pytest.mark.parametrize("entry", [(2, 4, 7), (2, 1, 0), (2, 2, 5), (2, 3, 0), (2, 99, 0)], ids=str)
def test_entry_that_no_object_stream_holds(entry):
    """The index is too large, or the container is a value, held itself, itself, or missing."""
    pdf = with_streams({1: CATALOG}, held=HELD, entries={9: entry})
    document = opened(pdf)
    assert document.value(Reference(9, 0)) is None
    assert document.notes == {"object-header-mismatch"}
    assert opened(with_streams({1: CATALOG}, held=HELD)).value(Reference(3, 0))["/Type"] == "/Page"


def test_held_object_that_is_none():
    document = opened(with_streams({1: CATALOG}, held=[(2, PAGES), (3, b"<< /a")]))
    assert document.value(Reference(3, 0)) is None
    assert (document.notes, document.ambiguous) == ({"lenient-syntax"}, {3})


def test_held_objects_are_paid_for():
    pdf = with_streams({1: CATALOG}, held=HELD)
    spent = 2 * 6
    assert pages(opened(pdf, Budget(entries=spent + 2)), 10)
    with pytest.raises(ReadingFaultError):
        pages(opened(pdf, Budget(entries=spent + 1)), 10)


def test_long_lists_of_filters_are_not_followed(monkeypatch):
    """Many streams may name the same list."""
    names = b"[" + b"/Fl " * 5_000 + b"]"
    pdf = build([CATALOG, PAGES, PAGE, stream(b"x", b"/Filter 5 0 R"), names])
    document, followed = opened(pdf), []
    found = document.value(Reference(4, 0))
    monkeypatch.setattr(
        Document,
        "resolved",
        lambda _, value, inner=Document.resolved: followed.append(value) or inner(_, value),
    )
    assert document.content(found) == b""
    assert len(followed) < 30
