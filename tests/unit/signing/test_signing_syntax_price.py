"""What reading costs: no byte is read for nothing, whether it brings forth a value or not.

A file whose entries all lead to one place is read there as often as it has entries. What is read
there has to be paid each time, or a small file keeps its reader busy for hours.
"""

import pytest
from signing_files import build, simple, stream, table, used

from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.opened import opened
from signing.evidence.syntax import (
    Reference,
    SyntaxProblemError,
    indirect_object,
    stream_head,
    value_at,
)

LONG = 100_000
COMMENT = 48
"""A comment costs more than its bytes: skipping it is slow."""


def _nothing(_reference):
    return None


def _read_value(data, budget):
    value_at(data, 0, budget)


def _read_object(data, budget):
    indirect_object(data, 0, _nothing, budget)


def _read_leniently(data, budget):
    indirect_object(data, 0, _nothing, budget, lenient=True)


def _read_head(data, budget):
    stream_head(data, 0, budget)


def _spent(read, data):
    """Values and bytes that were spent, and whether there was something to read."""
    budget = Budget()
    fresh = Budget()
    try:
        read(data, budget)
    except SyntaxProblemError:
        sound = False
    else:
        sound = True
    return fresh.values - budget.values, fresh.scanned - budget.scanned, sound


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b"1", 1),
        (b"[1 2 3]", 5),
        (b"<</a[(b)<00>]/c 1 0 R>>", 9),
        (b"[1 2 }", 3),
        (b"[1 2>>", 4),
        (b"(a", 1),
        (b"[" * 60, 51),
        (b"", 0),
    ],
)
def test_each_value_is_counted_those_of_what_cannot_be_read_too(data, values):
    assert _spent(_read_value, data)[0] == values


def test_as_many_values_are_read_as_are_left_and_no_more():
    budget = Budget(values=5)
    assert value_at(b"[1 2 3]", 0, budget)[0] == [1, 2, 3]
    for left in (0, 3):
        budget = Budget(values=left)
        with pytest.raises(ReadingFaultError) as caught:
            value_at(b"[" + b"1 " * LONG + b"]", 0, budget)
        assert (caught.value.fault, caught.value.detail) == ("too-large", "values")
        # It stopped there: what follows is not held in memory first.
        assert budget.values == 0
        assert budget.scanned > Budget().scanned - 10


# --- bytes of a value ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "filling", "sound"),
    [
        (b"~1", b" ", True),
        (b"[~]", b" ", True),
        (b"(~)", b"a", True),
        (b"<~>", b"0", True),
        (b"~", b" ", False),
        (b"~}", b" ", False),
        (b"(~", b"a", False),
        (b"(~", b"\\a", False),
        (b"/~", b"a", False),
        (b"~", b"1", False),
        (b"<~", b"0", False),
        (b"<~g", b"\x00\t\n\x0c\r 09afAF", False),
        (b"[[1] ~<0", b" ", False),
        (b"[~>>", b" ", False),
    ],
)
def test_all_bytes_of_a_value_have_their_price(data, filling, sound):
    whole = data.replace(b"~", filling * LONG)
    _, spent, found = _spent(_read_value, whole)
    assert found is sound
    assert len(whole) - 1 <= spent <= len(whole)


def test_bytes_behind_a_value_cost_nothing():
    """They are read when it is their turn."""
    assert _spent(_read_value, b"[1]" + b" " * LONG) == (3, 3, True)


@pytest.mark.parametrize("read", [_read_value, _read_object, _read_leniently, _read_head])
def test_a_comment_costs_more_than_its_bytes(read):
    data = b"%s%s1 endobj"
    head = b"" if read is _read_value else b"1 0 obj "
    without = _spent(read, data % (head, b""))[1]
    assert _spent(read, data % (head, b"%\n" * 9))[1] == without + 9 * (2 + COMMENT)


def test_a_place_behind_the_end_brings_no_budget_back():
    """As an offset in an object stream may lead anywhere."""
    for place in (1, 2, 10**10):
        budget = Budget()
        with pytest.raises(SyntaxProblemError):
            value_at(b"1", place, budget)
        assert budget.scanned == Budget().scanned


# --- bytes of an object --------------------------------------------------------------------------

_OBJECTS = [_read_object, _read_leniently, _read_head]


@pytest.mark.parametrize("read", _OBJECTS)
@pytest.mark.parametrize(
    "data",
    [
        b"7~0 obj 1 endobj",
        b"7 0~obj 1 endobj",
        b"7 0 obj~1 endobj",
        b"7 0 obj 1~endobj",
        b"7~",
        b"7~x",
        b"7 0~x",
        b"7~0 obj }",
    ],
)
def test_white_space_of_an_object_has_its_price(read, data):
    """That of what turns out to be no object too."""
    whole = data.replace(b"~", b" " * LONG)
    assert LONG <= _spent(read, whole)[1] <= len(whole)


@pytest.mark.parametrize("read", _OBJECTS)
def test_comments_behind_the_value_have_their_price(read):
    plain = _spent(read, b"7 0 obj 1 endobj")[1]
    assert _spent(read, b"7 0 obj 1 %s endobj" % (b"%\n" * 9))[1] == plain + 1 + 9 * (2 + COMMENT)


@pytest.mark.parametrize("read", [_read_object, _read_leniently])
def test_a_stream_costs_as_much_as_it_is_long(read):
    """Or objects that lie inside each other would cost nothing."""
    data = b"7 0 obj <</Length %d>>stream\n%s\nendstream%s\nendobj"
    plain = _spent(read, data % (1, b"a", b""))[1]
    # Its own per cent signs begin no comment.
    assert _spent(read, data % (LONG + 1, b"%" * LONG + b"a", b""))[1] - plain in range(
        LONG, LONG + 9
    )
    behind = _spent(read, data % (1, b"a", b"%\n" * 9))[1]
    assert behind == plain + 9 * (2 + COMMENT)


@pytest.mark.parametrize("length", [b"7", b"99999999", b"null"])
def test_looking_for_the_end_of_a_stream_has_its_price(length):
    """Found or not."""
    data = b"7 0 obj <</Length %s>>stream\n%s%s"
    for end in (b"endstream", b""):
        _, spent, sound = _spent(_read_leniently, data % (length, b"a" * LONG, end))
        assert sound is bool(end)
        assert LONG <= spent <= LONG + 80


# --- whole files ---------------------------------------------------------------------------------


def _all_lead_to(pdf, place, count):
    """The file with a table of so many more entries for one place."""
    head = pdf[: pdf.index(b"xref\n")]
    rows = [b"0000000000 65535 f \n"]
    rows += [used(head.index(b"\n%d 0 obj" % number) + 1) for number in (1, 2, 3)]
    rows += [used(place)] * count
    return table(head, [(0, rows)], b"<< /Size %d /Root 1 0 R >>" % len(rows))


@pytest.mark.parametrize(
    "body",
    [
        b"4%s0 obj 1 endobj\n",
        b"4 0%sobj 1 endobj\n",
        b"4 0 obj%s1 endobj\n",
        b"4 0 obj 1%sendobj\n",
        b"4%sx\n",
        b"%s4 0 obj 1 endobj\n",
        b"4 0 obj <</Length 1>>stream\n%s\n",
        b"4 0 obj (%s\n",
    ],
)
def test_many_entries_for_one_place_pay_for_it_each_time(body):
    pdf = build(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Kids [3 0 R] >>", b"<< /Type /Page >>"]
    )
    place = pdf.index(b"xref\n")
    pdf = pdf[:place] + body % (b" " * LONG) + pdf[place:]
    document = opened(_all_lead_to(pdf, place, 500), 1 << 24)

    def follow():
        for number in range(5, 500):
            document.value(Reference(number, 0))

    with pytest.raises(ReadingFaultError) as caught:
        follow()
    assert caught.value.detail == "overlapping-objects"


def test_an_offset_behind_the_end_of_an_object_stream_refunds_nothing():
    held = b"9 9999999999 "
    pdf = simple(b"", stream(held + b"1", b"/Type /ObjStm /N 1 /First %d" % len(held)))
    document = opened(pdf, 1 << 24)
    document.entries[9] = (2, 4, 0)
    left = document.budget.scanned
    assert document.value(Reference(9, 0)) is None
    assert document.budget.scanned < left
