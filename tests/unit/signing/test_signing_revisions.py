"""Promises about appended bytes: each rule of the accounting alone, whatever else would see it."""

import pytest
from signing_files import changes_of as facts
from signing_files import drawing, signed, start_of, stream, streamed, table, update, used

from certlib.evidence import ChangeGrade
from signing.evidence.opened import opened
from signing.evidence.revisions import AppendedProblemError, account

FIRST = signed(b"0")
START = len(FIRST)
FREE = b"0000000000 65535 f \n"


def accounted(pdf, start=START):
    return account(opened(pdf, 1 << 24), start)


def refusal(pdf, start=START):
    """Why the bytes after `start` are not explained, and whether they redefine something."""
    with pytest.raises(AppendedProblemError) as caught:
        accounted(pdf, start)
    return str(caught.value), caught.value.grade is ChangeGrade.NOT_PERMITTED


def by_hand(middle, rows, trailer=b"", *, pdf=FIRST):
    """A revision of these bytes and this table."""
    told = b"<< /Size 60 /Root 1 0 R /Prev %d %s >>" % (start_of(pdf), trailer)
    return table(pdf + middle, [(0, [FREE]), *rows], told)


# --- honest ones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pdf",
    [
        update(FIRST, {}),
        update(FIRST, {30: b"(x)", 31: b"(y)"}),
        by_hand(
            b"\n\n30 0 obj (x) endobj \r\n\t31 0 obj (y) endobj\n\n",
            [(30, [used(START + 2), used(START + 25)])],
        ),
        streamed(FIRST, {30: b"(x)"}),
        streamed(FIRST, {30: b"(x)"}, listed=False),
        streamed(FIRST, {}, held=[(30, b"(x)"), (31, b"(y)")]),
    ],
    ids=["nothing", "objects", "blanks", "stream", "stream that lists not itself", "object stream"],
)
def test_honest_revision(pdf):
    (found,) = accounted(pdf)
    assert (found.section.start, found.end) == (start_of(pdf), len(pdf))


@pytest.mark.parametrize("place", [b"first", b"second"])
def test_start_that_leads_to_white_space_before_a_section(place):
    """Some writers count the line end before `xref`: whoever reads tokens finds the same section."""
    first, second = FIRST, update(FIRST, {30: b"(x)"})
    if place == b"first":
        at = start_of(first)
        first = first.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at - 1))
        second = first + second[len(first) :].replace(b"/Prev %d" % at, b"/Prev %d" % (at - 1))
    else:
        at = start_of(second)
        second = second.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at - 1))
    (found,) = accounted(second, len(first))
    assert found.end == len(second)


def test_start_that_leads_elsewhere_is_no_continuation():
    second = update(FIRST, {30: b"(x)"})
    at = start_of(second)
    wrong = second.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at - 2))
    assert refusal(wrong) == ("ambiguous cross-reference table", False)


def test_honest_revisions_follow_each_other():
    second = update(FIRST, {30: b"(x)"})
    third = update(second, {30: b"(y)"})
    assert [item.end for item in accounted(third)] == [len(second), len(third)]
    assert [item.end for item in accounted(third, len(second))] == [len(third)]


def test_end_of_the_signed_revision_may_be_spread_out():
    """Up to 64 bytes of `startxref`, offset, end marker and white space."""
    at = FIRST.rindex(b"%%EOF")
    for blanks, whole in ((38, True), (60, False)):
        first = FIRST[:at] + b"\n" * blanks + FIRST[at:]
        pdf = update(first, {})
        if whole:
            assert len(accounted(pdf, len(first))) == 1
        else:
            assert refusal(pdf, len(first)) == ("signed revision left out", True)


# --- what is continued ---------------------------------------------------------------------------


def test_revision_that_continues_an_older_one():
    """What was signed is left out: readers never see it."""
    second = update(FIRST, {30: b"(x)"})
    pdf = update(second, {}, prev=start_of(FIRST))
    assert refusal(pdf, len(second)) == ("signed revision left out", True)


def test_revision_that_continues_nothing():
    pdf = table(FIRST, [(0, [FREE])], b"<< /Size 60 /Root 1 0 R >>")
    document = opened(FIRST, 1 << 24)
    document.data, document.sections = pdf, (opened(update(FIRST, {}), 1 << 24).sections[0],)
    with pytest.raises(AppendedProblemError, match="signed revision left out"):
        account(document, START)


@pytest.mark.parametrize("start", [START - 3, START - len(b"startxref\n00000\n%%EOF\n")])
def test_signature_that_ends_in_the_middle(start):
    assert refusal(update(FIRST, {}), start) == ("signed revision left out", True)


def test_signature_that_ends_after_something_else():
    first = FIRST + b"(x)\n"
    assert refusal(update(first, {}), len(first)) == ("signed revision left out", True)


def test_sections_that_lead_forward():
    """The newest section lies before the one that it continues."""
    one = update(FIRST, {30: b"(x)"}, prev=77_777)
    two = update(one, {31: b"(y)"}, prev=start_of(FIRST))
    turned = one.replace(b"/Prev 77777", b"/Prev %5d" % start_of(two)) + two[len(one) :]
    end = turned.rindex(b"startxref\n") + 10
    pdf = turned[:end] + b"%d\n%%%%EOF\n" % start_of(one)
    assert refusal(pdf) == ("order of the cross-references", True)


# --- what a revision consists of -----------------------------------------------------------------


def test_object_that_is_given_up():
    """7.5.6: what is still in use may not be, also where it came after the signature."""
    later = update(FIRST, {**catalog(b"/DSS << /Certs [30 0 R] >> "), 30: stream(b"x")})
    for pdf, number in ((FIRST, 4), (later, 30)):
        found = facts(update(pdf, {}, freed=[number]))
        assert (found.grade, found.detail) == (ChangeGrade.NOT_PERMITTED, "other object freed")
    given_up = update(later, catalog(b"/DSS << /Certs [] >> "), freed=[30])
    assert facts(given_up).grade is ChangeGrade.PERMITTED


def catalog(entries):
    return {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s>>" % entries}


def test_number_that_was_free_may_stay_so():
    assert len(accounted(update(FIRST, {}, freed=[35]))) == 1


def test_hybrid_revision():
    row = b"\1" + START.to_bytes(4, "big") + b"\0"
    told = b"/Type /XRef /W [1 4 1] /Index [31 1] /Size 60 /Root 1 0 R"
    hidden = b"31 0 obj\n%s\nendobj\n" % stream(row, told)
    pdf = by_hand(hidden, [(31, [used(START)])], b"/XRefStm %d" % START)
    assert refusal(pdf) == ("hybrid cross-reference", True)


def test_table_that_two_readers_read_differently():
    pdf = by_hand(b"", [(35, [b"0000000000 00000 f\n"])])
    assert refusal(pdf) == ("ambiguous cross-reference table", False)


def test_entry_that_points_into_the_signed_part():
    pdf = update(FIRST, {}, listed={4: FIRST.index(b"\n9 0 obj") + 1})
    assert refusal(pdf) == ("entry points back", True)


def test_two_entries_for_one_place():
    pdf = by_hand(b"30 0 obj (x) endobj\n", [(30, [used(START), used(START)])])
    assert refusal(pdf) == ("two entries for one place", False)


@pytest.mark.parametrize("between", [b"(x)", b"32 0 obj (z) endobj\n"])
def test_bytes_between_objects(between):
    first, second = b"30 0 obj (x) endobj\n", b"31 0 obj (y) endobj\n"
    places = [used(START), used(START + len(first) + len(between))]
    assert refusal(by_hand(first + between + second, [(30, places)])) == (
        "bytes between objects",
        False,
    )
    pdf = by_hand(first + between, [(30, places[:1])])
    assert refusal(pdf) == ("bytes before the cross-reference", False)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b"30 0 obj (x) endo__\n", "object syntax"),
        (b"30 0 obj << /A 1 /A 2 >> endobj\n", "object syntax"),
        (b"31 0 obj (x) endobj\n", "object number"),
        (b"30 1 obj (x) endobj\n", "object number"),
    ],
)
def test_object_that_is_not_what_its_entry_says(text, detail):
    assert refusal(by_hand(text, [(30, [used(START)])])) == (detail, False)


def test_bytes_after_the_last_revision():
    for text in (b" ", b"x", b"%", b"\n%%EOF\n", b"\x0b"):
        assert refusal(update(FIRST, {}) + text) == ("bytes after the last revision", False)


@pytest.mark.parametrize(
    "end",
    [
        lambda place: b"",
        lambda place: b"startxref\n%d\n" % place,
        lambda place: b"startxref\n%d\n%%%%EOF\n" % (place + 1),
        lambda place: b"(x)\nstartxref\n%d\n%%%%EOF\n" % place,
    ],
    ids=["none", "no marker", "another place", "something before"],
)
def test_end_of_a_revision(end):
    one = update(FIRST, {30: b"(x)"})
    at = one.rindex(b"startxref\n")
    first = one[:at] + end(start_of(one))
    told = b"<< /Size 60 /Root 1 0 R /Prev %d >>" % start_of(one)
    assert refusal(table(first, [(0, [FREE])], told)) == ("end of the revision", False)


def test_so_many_revisions_and_no_more():
    pdf = FIRST
    for _ in range(50):
        pdf = update(pdf, {})
    assert len(accounted(pdf)) == 50
    assert refusal(update(pdf, {})) == ("too many revisions", False)


# --- streams -------------------------------------------------------------------------------------

OWN = "number of the cross-reference stream"


@pytest.mark.parametrize(
    "pdf",
    [
        streamed(FIRST, {}, own=4),
        streamed(FIRST, {}, own=4, listed=False),
        streamed(FIRST, {}, entries=lambda place: {50: None, 51: (1, place, 0)}),
        streamed(FIRST, {}, entries=lambda place: {50: (1, place, 1)}),
        by_hand(b"", [(30, [used(START)])]),
    ],
    ids=["of a signed object", "unlisted", "another", "another generation", "of a table"],
)
def test_cross_reference_stream_takes_no_other_place(pdf):
    assert refusal(pdf) == (OWN, True)


@pytest.mark.parametrize(
    ("pdf", "found"),
    [
        (
            streamed(FIRST, {}, held=[(30, b"(x)"), (4, b"(y)")], entries={4: None}),
            ("unlisted object in a stream", False),
        ),
        (
            streamed(FIRST, {}, held=[(30, b"(x)")], entries={31: (2, 40, 1)}),
            ("unlisted object in a stream", False),
        ),
        (
            streamed(
                FIRST,
                {},
                held=[(30, b"(x)"), (31, b"(y)")],
                entries={30: (2, 40, 1), 31: (2, 40, 0)},
            ),
            ("unlisted object in a stream", False),
        ),
        (
            streamed(FIRST, {30: b"(x)"}, entries={31: (2, 30, 0)}),
            ("unlisted object in a stream", False),
        ),
        (
            streamed(FIRST, {30: drawing(b"x")}, entries={31: (2, 30, 0)}),
            ("unlisted object in a stream", False),
        ),
        (
            streamed(FIRST, {}, entries={31: (2, 4, 0)}),
            ("object stream of another revision", True),
        ),
        (
            streamed(FIRST, {}, held=[(30, b"(x)")], entries={31: (2, 30, 0)}),
            ("object stream of another revision", True),
        ),
    ],
    ids=[
        *("hidden", "not there", "exchanged", "no stream", "no object stream"),
        *("of the signed part", "held itself"),
    ],
)
def test_object_streams_hold_what_is_listed(pdf, found):
    assert refusal(pdf) == found


# --- what readers find that rebuild a file -------------------------------------------------------


@pytest.mark.parametrize("word", [b"obj", b"xref", b"trailer", b"stream", b"%PDF", b"%%EOF"])
def test_comment_names_nothing_that_readers_search_for(word):
    told = ("words of the file structure in a comment", False)
    honest = by_hand(b"% by a writer\n30 0 obj (x) endobj\n", [(30, [used(START + 14)])])
    assert len(accounted(honest)) == 1
    assert refusal(by_hand(b"% " + word + b"\n", [])) == told


def test_end_marker_is_no_comment():
    pdf = by_hand(b"%%EOF\n", [])
    assert refusal(pdf) == ("words of the file structure in a comment", False)


@pytest.mark.parametrize(
    "pdf",
    [update(FIRST, {30: b"(trailer << >>)"}), streamed(FIRST, {30: b"(trailer << >>)"})],
    ids=["table", "stream"],
)
def test_trailer_inside_an_object(pdf):
    assert refusal(pdf) == ("trailer inside an object", False)


@pytest.mark.parametrize("head", [b"30 4 31 0 ", b"30 0 31 0 "])
def test_objects_of_a_stream_stand_in_order(head):
    told = b"/Type /ObjStm /N 2 /First %d " % len(head)
    rows = {30: (2, 40, 0), 31: (2, 40, 1)}
    pdf = streamed(FIRST, {40: stream(head + b"(y) (x)", told)}, entries=rows)
    assert refusal(pdf) == ("order in an object stream", False)
