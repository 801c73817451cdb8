"""Promises about additions that look like what any signature permits, and about honest ones."""

import zlib

import pytest
from signing_files import (
    FORM_XOBJECT,
    SIGNED_OBJECTS,
    build,
    closed,
    drawing,
    signature,
    simple,
    stream,
    update,
)
from signing_files import changes_of as facts

from certlib.evidence import ChangeGrade, ChangeKind
from signing.evidence import changes as judging
from signing.evidence.crossref import chain_from
from signing.evidence.document import Document
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.form import fields
from signing.evidence.metadata import metadata_of
from signing.evidence.opened import opened
from signing.evidence.structure import notes_of
from signing.naming import NAMESPACE

PERMITTED, REFUSED = ChangeGrade.PERMITTED, ChangeGrade.NOT_PERMITTED
UNEXPLAINED = ChangeGrade.UNEXPLAINED


def merged(number, old, new):
    value = SIGNED_OBJECTS[number]
    assert old in value
    return {number: value.replace(old, new, 1)}


def catalog(extra):
    return {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s >>" % extra}


STORE = b"/DSS << /Type /DSS /Certs [21 0 R] >>"


@pytest.fixture(autouse=True)
def _one_opinion(monkeypatch):
    """Our own reading alone."""
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))


# --- one object, two ways -------------------------------------------------------------------------


def test_object_that_is_a_reference_leads_on(make):
    pdf = make(
        {
            **catalog(STORE),
            **merged(3, b"/Contents 4 0 R", b"/Contents [4 0 R 20 0 R]"),
            20: b"21 0 R",
            21: drawing(b""),
        }
    )
    found = facts(update(pdf, {21: drawing(b" ")}))
    assert (found.grade, found.detail) == (REFUSED, "other content")


def test_what_looks_like_a_field_is_followed_all_the_same(make):
    action = {20: b"<< /FT /x /S /JavaScript /JS 21 0 R >>", 21: stream(b"1")}
    pdf = make({**catalog(STORE + b" /OpenAction 20 0 R"), **action})
    found = facts(update(pdf, {21: stream(b"2")}))
    assert (found.grade, found.detail) == (REFUSED, "other unnamed")


def test_destinations_stay_destinations(make):
    """An action that leads to a page or field says nothing about it."""
    pdf = make(catalog(b"/OpenAction [3 0 R /Fit] /X 6 0 R"))
    stored = {**catalog(b"/OpenAction [3 0 R /Fit] /X 6 0 R " + STORE), 21: stream(b"x")}
    assert facts(update(pdf, stored)).grade is PERMITTED
    filled = {**merged(6, b"/V (a)", b"/V (b)"), 9: drawing(b"b", FORM_XOBJECT)}
    assert facts(update(pdf, filled)).grade is PERMITTED


def test_parent_that_is_not_in_the_tree_hands_down_its_entries(make):
    stray = b"<< /Type /Pages /Resources 21 0 R >>"
    pdf = make({**catalog(STORE), **merged(3, b"/Parent 2 0 R", b"/Parent 20 0 R"), 20: stray})
    found = facts(update(pdf, {20: stray[:-2] + b"/Rotate 90 >>"}))
    assert (found.grade, found.detail) == (UNEXPLAINED, "page-parents")
    stray = b"<< /FT /Tx /V (x) >>"
    pdf = make(
        {**catalog(STORE), **merged(6, b"/T (name)", b"/T (name) /Parent 20 0 R"), 20: stray}
    )
    found = facts(update(pdf, {20: stray.replace(b"(x)", b"(y)")}))
    assert (found.grade, found.detail) == (REFUSED, "other unnamed")


def test_reference_of_another_generation_is_ambiguous(make):
    pdf = make({**catalog(STORE + b" /OpenAction 20 1 R"), 20: b"<< >>", 21: stream(b"1")})
    found = facts(update(pdf, {21: stream(b"2")}))
    assert (found.grade, found.detail) == (UNEXPLAINED, "generation-mismatch")


def test_number_beyond_the_size_of_the_signed_trailer(make, cms):
    pdf = make({30: b"(x)", **merged(3, b"/Parent 2 0 R", b"/Parent 2 0 R /X 30 0 R")})
    short = pdf.replace(b"/Size 31", b"/Size 30")
    found = facts(update(short, {**catalog(STORE), 21: stream(b"x")}))
    assert (found.grade, found.detail) == (UNEXPLAINED, "crossref-size")


def test_object_stream_of_the_signed_part_is_not_replaced(cms):
    """All that lies in it would change without being listed."""
    from signing.evidence.labels import labelled

    pdf = with_held()
    document = opened(pdf, 1 << 20)
    assert {label.role for label in labelled(document).of[5]} == {"unnamed"}


def with_held():
    from signing_files import PAGE, PAGES, with_streams

    held = [(4, b"<< /A 1 >>")]
    root = b"<< /Type /Catalog /Pages 2 0 R /X 4 0 R >>"
    return with_streams({1: root, 2: PAGES, 3: PAGE}, held=held)


@pytest.mark.parametrize(
    "extensions",
    [b"<< /ADBE 20 0 R >>", b"<< /ADBE << /BaseVersion /1.7 /JS (x) >> >>", b"[]", b"20 0 R"],
)
def test_extensions_are_versions_and_nothing_else(make, extensions):
    held = {20: b"<< /A << /X << >> >> >>"}
    found = facts(update(make(), {**catalog(b"/Extensions " + extensions), **held}))
    assert (found.grade, ChangeKind.OTHER in found.kinds) == (REFUSED, True)


def test_extensions_behind_a_reference(make):
    version = b"<< /Type /Extensions /ADBE [<< /BaseVersion /1.7 /ExtensionLevel %d /URL (x) >>] >>"
    pdf = make({**catalog(b"/Extensions 20 0 R"), 20: version % 3})
    assert facts(update(pdf, {20: version % 8})).grade is PERMITTED
    assert facts(update(pdf, {20: b"<< /ADBE << /X 9 >> >>"})).grade is REFUSED


# --- faces that nobody signed ----------------------------------------------------------------------

FIELD = (
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (New) /F 4 /P 3 0 R /Rect [10 120 90 140] %s >>"
)
NAMED = {
    **merged(3, b"10 0 R]", b"10 0 R 21 0 R]"),
    **merged(5, b"10 0 R]", b"10 0 R 21 0 R]"),
}
FACED = b"/AP << /N 23 0 R >>"


def fresh(entries):
    return {**NAMED, 21: FIELD % entries, 23: drawing(b"b", FORM_XOBJECT)}


def test_new_field_without_a_signature_shows_nothing(make):
    assert facts(update(make(), fresh(FACED))).grade is REFUSED
    assert facts(update(make(), {**NAMED, 21: FIELD % b"/MK << /BG [0] >>"})).grade is REFUSED
    assert facts(update(make(), {**NAMED, 21: FIELD % b""})).grade is PERMITTED


def test_signature_that_was_there_is_not_shown_once_more(make):
    assert facts(update(make(), fresh(b"/V 8 0 R " + FACED))).grade is REFUSED
    old = SIGNED_OBJECTS[10][:-2] + b"/V 8 0 R " + FACED + b" >>"
    assert facts(update(make(), {10: old, 23: drawing(b"b", FORM_XOBJECT)})).grade is REFUSED


STAMP = signature(b"", b"/Type /DocTimeStamp /SubFilter /ETSI.RFC3161")


def test_timestamp_vouches_for_no_face(make, cms):
    objects = {**fresh(b"/V 22 0 R " + FACED), 22: STAMP}
    assert facts(closed(update(make(), objects), cms)).grade is REFUSED
    room = SIGNED_OBJECTS[10][:-2] + b"/V 22 0 R " + FACED + b" >>"
    taken = update(make(), {10: room, 22: STAMP, 23: drawing(b"b", FORM_XOBJECT)})
    assert facts(closed(taken, cms)).grade is REFUSED


@pytest.mark.parametrize(
    ("faces", "grade"),
    [
        (b"/AP << /N 23 0 R >>", PERMITTED),
        (b"/AP << /N 23 0 R /R 23 0 R >>", REFUSED),
        (b"/AP << /N << /On 23 0 R >> >>", REFUSED),
        (b"/AP [23 0 R]", REFUSED),
        (b"/AP << /N 23 0 R >> /OC << /Type /OCG /Name (x) >>", REFUSED),
    ],
)
def test_signature_shows_one_face_to_everybody(make, cms, faces, grade):
    objects = {**fresh(b"/V 22 0 R " + faces), 22: signature()}
    assert facts(closed(update(make(), objects), cms)).grade is grade


def test_signature_beside_its_widget(make, cms):
    """Field and widget may be two objects (12.5.6.19)."""
    field = b"<< /FT /Sig /T (New) /V 22 0 R /Kids [24 0 R] >>"
    widget = (
        b"<< /Type /Annot /Subtype /Widget /Parent 21 0 R /F 4 /P 3 0 R /Rect [10 120 90 140] %s >>"
    )
    objects = {
        **merged(3, b"10 0 R]", b"10 0 R 24 0 R]"),
        **merged(5, b"10 0 R]", b"10 0 R 21 0 R]"),
        21: field,
        22: signature(),
        23: drawing(b"b", FORM_XOBJECT),
        24: widget % FACED,
    }
    assert facts(closed(update(make(), objects), cms)).grade is PERMITTED


def test_face_for_the_printer_alone_is_seen(make, cms):
    """Printed, it covers the words; on the screen nothing is to be seen of it."""
    over = (FIELD % (b"/V 22 0 R " + FACED)).replace(b"[10 120 90 140]", b"[0 0 100 20]")
    face = stream(b"1 1 1 rg 0 0 90 20 re f", FORM_XOBJECT)
    printed = {**NAMED, 21: over.replace(b"/F 4", b"/F 36"), 22: signature(), 23: face}
    found = facts(closed(update(make(), printed), cms))
    assert (found.grade, found.detail) == (REFUSED, "appearance: field over the page")


# --- filling in ------------------------------------------------------------------------------------

FILLED = {**merged(6, b"/V (a)", b"/V (b)"), 9: drawing(b"b", FORM_XOBJECT)}


def with_flags(objects, flags):
    return {**objects, 6: objects[6].replace(b"/F 4", b"/F 4 /Ff %d" % flags)}


def test_read_only_field_is_not_filled_in(make):
    pdf = make(with_flags(merged(6, b"/V (a)", b"/V (a)"), 1))
    assert facts(update(pdf, with_flags(FILLED, 1))).grade is REFUSED
    calculated = merged(5, b"/SigFlags 3", b"/SigFlags 3 /CO [6 0 R]")
    pdf = make({**with_flags(merged(6, b"/V (a)", b"/V (a)"), 1), **calculated})
    assert facts(update(pdf, with_flags(FILLED, 1))).grade is PERMITTED


def test_hidden_field_that_is_shown_covers_nothing(make):
    """Prepared over the words, and shown when they were signed (shadow hide)."""
    hidden = merged(6, b"/F 4 /P 3 0 R /Rect [10 50 100 70]", b"/F 2 /P 3 0 R /Rect [0 0 100 20]")
    face = stream(b"1 1 1 rg 0 0 90 20 re f", FORM_XOBJECT)
    shown = {6: hidden[6].replace(b"/F 2", b"/F 4").replace(b"(a)", b"(b)"), 9: face}
    found = facts(update(make(hidden), shown))
    assert (found.grade, found.detail) == (REFUSED, "appearance: field over the page")


DEFAULTS = merged(5, b"/SigFlags 3", b"/SigFlags 3 /DR << /Font << /F0 20 0 R >> >> /DA (/F0 9 Tf)")
FONT = {20: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}
OTHER_FONT = {21: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"}


@pytest.mark.parametrize(
    ("old", "new", "grade"),
    [
        (b"/F0 20 0 R", b"/F0 20 0 R /F1 21 0 R", PERMITTED),
        (b"/DR <<", b"/DR << /ProcSet [/PDF]", PERMITTED),
        (b"/F0 20 0 R", b"/F0 21 0 R", REFUSED),
        (b"/Font << /F0 20 0 R >>", b"/XObject << >>", REFUSED),
        (b"/DA (/F0 9 Tf)", b"/DA (/F0 9 Tf 1 g)", REFUSED),
        (b"/DA (/F0 9 Tf)", b"/DA (/F0 9 Tf) /Q 2", REFUSED),
        (b"/SigFlags 3", b"/SigFlags 1", PERMITTED),
    ],
)
def test_how_other_fields_look_stays(make, old, new, grade):
    pdf = make({**DEFAULTS, **FONT})
    found = facts(update(pdf, {5: DEFAULTS[5].replace(old, new), **OTHER_FONT}))
    if b"21 0 R" not in new:
        found = facts(update(pdf, {5: DEFAULTS[5].replace(old, new)}))
    assert found.grade is grade


def test_font_of_the_form_is_not_another_one(make):
    pdf = make({**DEFAULTS, **FONT})
    swapped = FONT[20][:-2] + b"/Encoding << /Differences [49 /nine] >> >>"
    assert facts(update(pdf, {20: swapped})).grade is REFUSED


def test_resources_of_the_form_behind_a_reference(make):
    referred = merged(5, b"/SigFlags 3", b"/SigFlags 3 /DR 22 0 R")
    pdf = make({**referred, **FONT, 22: b"<< /Font << /F0 20 0 R >> >>"})
    more = {22: b"<< /Font << /F0 20 0 R /F1 21 0 R >> >>", **OTHER_FONT}
    assert facts(update(pdf, more)).grade is PERMITTED
    assert facts(update(pdf, {22: b"<< /Font << /F0 21 0 R >> >>", **OTHER_FONT})).grade is REFUSED


# --- bytes -----------------------------------------------------------------------------------------

STORED = {**catalog(STORE), 21: stream(b"x")}


def test_comments_between_the_parts(make):
    """iText leaves its name there (7.2.4)."""
    pdf = update(make(certified=1), {}, unlisted=b"% who wrote this\n")
    assert facts(pdf).grade is PERMITTED
    end = pdf.rindex(b"startxref")
    assert facts(pdf[:end] + b"%iText-Core-8.0.2\n" + pdf[end:]).grade is PERMITTED
    for words in (b"%4 0 obj\n", b"%trailer\n", b"%xref\n", b"%%EOF\n"):
        assert facts(pdf[:end] + words + pdf[end:]).grade is not PERMITTED


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"\n4 0 obj (x) endobj ", "object inside another"),
        (b"\ntrailer << /Root 4 0 R >>", "trailer inside an object"),
    ],
)
def test_what_readers_find_that_rebuild_a_file(make, data, detail):
    found = facts(update(make(), {**STORED, 21: stream(data)}))
    assert (found.grade, found.detail) == (UNEXPLAINED, detail)


def test_given_up_and_used(make):
    first = update(
        make(certified=1), {1: certified(b"/DSS << /Certs [21 0 R] >>"), 21: stream(b"x")}
    )
    again = {1: certified(b"/DSS << /Certs [22 0 R] >>"), 22: stream(b"y")}
    assert facts(update(first, again, freed=[21])).grade is PERMITTED
    assert facts(update(first, {}, freed=[21])).grade is REFUSED


def certified(extra):
    perms = b"/Perms << /DocMDP 8 0 R >> "
    return b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s%s>>" % (perms, extra)


def test_entry_of_an_unknown_type_is_noted(make):
    from signing_files import PAGE, PAGES, with_streams

    root = b"<< /Type /Catalog /Pages 2 0 R >>"
    plain = with_streams({1: root, 2: PAGES, 3: PAGE})
    assert notes_of(opened(plain, 1 << 20)) == frozenset()
    odd = with_streams({1: root, 2: PAGES, 3: PAGE}, entries={4: (3, 0, 0)})
    assert "crossref-syntax" in notes_of(opened(odd, 1 << 20))


# --- costs -----------------------------------------------------------------------------------------


def test_codes_without_bytes_are_counted():
    clear = bytes.fromhex("804020100804020100") * 100
    with pytest.raises(ReadingFaultError):
        decoded({"/Filter": "/LZWDecode"}, clear, Budget(slow=800))


def test_row_of_a_predictor_has_a_bound():
    parms = {"/Predictor": 12, "/Columns": 1 << 20, "/Colors": 1 << 20, "/BitsPerComponent": 8}
    entries = {"/Filter": "/FlateDecode", "/DecodeParms": parms}
    with pytest.raises(FilterProblemError):
        decoded(entries, zlib.compress(b"x"), Budget())


def test_kids_are_counted_wherever_they_stand():
    many = b"<< /Kids 4 0 R >> " * 600
    pdf = simple(b"/AcroForm << /Fields [%s] >>" % many, b"[%s]" % (b"0 " * 100))
    with pytest.raises(ReadingFaultError) as caught:
        fields(opened(pdf, 1 << 20))
    assert (caught.value.fault, caught.value.detail) == ("too-large", "fields")


def test_comments_have_their_price():
    pdf = simple(b"", b"<< %s >>" % (b"%\n" * 1000))
    budget = Budget(scanned=20_000)
    document = Document(
        pdf, chain_from(pdf, pdf.rindex(b"xref\n0"), budget).sections, set(), budget
    )
    place = pdf.index(b"4 0 obj")
    with pytest.raises(ReadingFaultError):
        document.object_at(place)


def test_values_that_are_compared_are_counted(make, monkeypatch):
    long = {20: b"[" + b"0 " * 8000 + b"]", **merged(6, b"/V (a)", b"/V 20 0 R")}
    pdf = update(make(long), {**merged(6, b"/V (a)", b"/V (b)")})
    monkeypatch.setattr(Budget, "of_history", classmethod(lambda cls, _size: cls(visits=1500)))
    with pytest.raises(ReadingFaultError, match="too-large"):
        facts(pdf)


def test_identifier_among_many_marks():
    """An element, an attribute, and words that are neither."""
    for told in (b"<x:ZZBS a='b'>1.2.3</x:ZZBS>", b"<r x:ZZBS = '1.2.3'/>", b"<ZZBS>1.2.3<"):
        packet = b"<r xmlns:x='%s'>" % NAMESPACE.encode() + b"ZZBS " * 50 + told
        pdf = simple(b"/Metadata 4 0 R", stream(packet))
        assert metadata_of(opened(pdf, 1 << 20)).identifier == "1.2.3"


def test_later_revision_reads_only_what_is_new(make):
    """And all that may have changed with it: what an object stream holds, how long a stream is."""
    first = make({20: stream(b"ab").replace(b"/Length 2", b"/Length 21 0 R"), 21: b"2"})
    pdf = update(first, {6: SIGNED_OBJECTS[6], 21: b"1"})
    old, new = opened(first, 1 << 20), opened(pdf, 1 << 20)
    read = [old.value(old.reference(number)) for number in (3, 6, 20)]
    new.continues(old)
    again = [new.value(new.reference(number)) for number in (3, 6, 20)]
    assert [one is other for one, other in zip(read, again, strict=True)] == [True, False, False]
    held = opened(with_held(), 1 << 20)
    same = opened(with_held(), 1 << 20)
    assert held.value(held.reference(4)) == {"/A": 1}
    same.continues(held)
    assert same.value(same.reference(4)) is held.kept[4]


def hybrid(cms, *, used=False):
    """As Word writes each file: tables for readers of 1.4, a stream with the rest for all others."""
    from signing_files import table
    from signing_files import used as row

    objects = {
        **catalog(b"/X 11 0 R"),
        **{n: value for n, value in SIGNED_OBJECTS.items() if n != 1},
        8: signature(),
        12: stream(b"11 0 << /Y 1 >>", b"/Type /ObjStm /N 1 /First 5 "),
    }
    if used:
        objects[11] = b"<< /Y 2 >>"
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, value in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    hidden = len(out)
    entries = b"\2\0\0\0\x0c\0" + b"\1" + hidden.to_bytes(4, "big") + b"\0"
    told = b"/Type /XRef /W [1 4 1] /Size 14 /Index [11 1 13 1] /Root 1 0 R "
    out += b"13 0 obj\n%s\nendobj\n" % stream(entries, told)
    free = b"0000000000 65535 f \n"
    rows = [row(places[n]) if n in places else free for n in range(14)]
    first = table(bytes(out), [(0, rows)], b"<< /Size 14 /Root 1 0 R >>")
    start = int(first[first.rindex(b"startxref\n") + 10 :].split()[0])
    trailer = b"<< /Size 14 /Root 1 0 R /Prev %d /XRefStm %d >>" % (start, hidden)
    return closed(table(first, [(0, [])], trailer), cms)


def test_hybrid_file_as_word_writes_it(cms):
    stored = {**catalog(b"/X 11 0 R " + STORE), 21: stream(b"x")}
    assert "hybrid" in notes_of(opened(hybrid(cms), 1 << 20))
    assert facts(update(hybrid(cms), stored)).grade is PERMITTED
    found = facts(update(hybrid(cms, used=True), stored))
    assert (found.grade, found.detail) == (UNEXPLAINED, "duplicate-entries")


def first_object_says(cms, length):
    """A file with later revisions, the last of them signed; its first object tells a length."""
    unsigned = {**SIGNED_OBJECTS, **merged(7, b"/V 8 0 R", b"")}
    objects = [unsigned.get(number, b"null") for number in range(1, 11)]
    objects[0] = b"<< /Linearized 1 /L %010d >>" % length
    pdf = build([*objects, catalog(b"")[1]], root=11)
    later = update(pdf, {7: SIGNED_OBJECTS[7], 8: signature()})
    return closed(later.replace(b"/Root 1 0 R /Prev", b"/Root 11 0 R /Prev"), cms)


def test_length_of_a_linearised_file_that_has_grown(cms):
    """Readers that begin with the first dictionary would show the first revision (F.3.3)."""
    whole = len(first_object_says(cms, 0))
    fine = first_object_says(cms, whole - 1)
    assert (facts(fine).grade, notes_of(opened(fine, 1 << 20))) == (ChangeGrade.NONE, frozenset())
    grown = first_object_says(cms, whole)
    found = facts(grown)
    assert (found.grade, found.detail) == (UNEXPLAINED, "linearised-length")
    broken = first_object_says(cms, whole).replace(b"/Linearized 1", b"/Linearized /")
    assert "linearised-length" in notes_of(opened(broken, 1 << 20))


@pytest.mark.parametrize("level", [b"1.0", b"3.0", b"(3)", b"/3", b"[3]"])
def test_level_of_a_certification_is_an_integer(make, level):
    """Or it is the strictest: no reader is asked what it makes of another."""
    reference = b"<< /TransformMethod /DocMDP /TransformParams << /V /1.2 /P %s >> >>" % level
    pdf = make(references=reference)
    assert facts(update(pdf, FILLED)).grade is REFUSED
    assert facts(update(pdf, STORED)).grade is PERMITTED


def test_object_stream_says_what_it_is():
    """7.5.7: some readers look for `/Type`, and find nothing in others."""
    pdf = with_held().replace(b"/Type /ObjStm", b"/Tape /ObjStm")
    document = opened(pdf, 1 << 20)
    document.value(document.reference(4))
    assert "lenient-syntax" in notes_of(document)
    fine = opened(with_held(), 1 << 20)
    fine.value(fine.reference(4))
    assert notes_of(fine) == frozenset()
