"""Promises about objects in object streams (ISO 32000-2, 7.5.7): one reading, or a note."""

import pytest
from signing_files import PAGE, PAGES, with_streams

from signing.evidence import opened as opening
from signing.evidence.document import Document
from signing.evidence.faults import ReadingFaultError
from signing.evidence.pages import pages
from signing.evidence.structure import LENIENT, notes_of
from signing.evidence.syntax import Reference

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def opened(pdf) -> Document:
    return opening.opened(pdf, 1 << 24)


def notes(pdf):
    document = opened(pdf)
    assert len(pages(document, 10)) == 1
    return set(notes_of(document))


def test_extended_object_stream():
    pdf = with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)], extra=b"/Extends 9 0 R ")
    assert notes(pdf) == {"extended-object-stream"}


@pytest.mark.parametrize("extra", [b"/N 9 ", b"/Filter /FlateDecode ", b"/Filter /x "])
def test_broken_object_streams_give_nothing(extra):
    pdf = with_streams({1: CATALOG, 2: PAGES}, held=[(3, PAGE)], extra=extra)
    document = opened(pdf)
    assert document.value(Reference(3, 0)) is None
    assert notes_of(document) & {"object-header-mismatch", "lenient-syntax"}


def test_object_stream_that_holds_another_number():
    pdf = with_streams({1: CATALOG, 2: PAGES}, held=[(3, PAGE)])
    document = opened(pdf.replace(b"stream\n3 0 ", b"stream\n8 0 "))
    assert document.value(Reference(3, 0)) is None
    assert "object-header-mismatch" in notes_of(document)


def in_one_stream(old, new):
    """A page tree whose object stream has another head."""
    pdf = with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)])
    assert len(old) == len(new)
    assert old in pdf
    return pdf.replace(old, new, 1)


def test_objects_of_a_stream_lie_one_behind_the_other():
    assert notes(in_one_stream(b"2 0 3 42 ", b"2 0 3 42 ")) == set()
    assert len(PAGES) == 41


@pytest.mark.parametrize(
    ("head", "number"),
    [
        pytest.param(b"2 0 3 20 ", 2, id="ends behind the beginning of the next"),
        pytest.param(b"2 0 3 40 ", 2, id="by its last octet"),
        pytest.param(b"2 42 3 0 ", 0, id="in another order"),
        pytest.param(b"2 0 3 00 ", 2, id="two objects at one place"),
    ],
)
def test_object_of_a_stream_that_runs_into_the_next_one(head, number):
    """Readers that cut it where the next one begins see another object (7.5.7)."""
    pdf = in_one_stream(b"2 0 3 42 ", head)
    document = opened(pdf)
    for own in (2, 3):
        document.value(Reference(own, 0))
    assert "overlapping-held-objects" in notes_of(document) & LENIENT
    assert not number or number in document.ambiguous


def test_number_that_stands_twice_in_a_stream():
    """Some readers look for the number, others for the place that the entry gives."""
    pdf = with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE), (7, PAGE)])
    assert notes(pdf) == set()
    assert notes(pdf.replace(b" 7 ", b" 3 ", 1)) == {"shadowed-objects"}


@pytest.mark.parametrize(
    ("after", "read"),
    [
        (b"% 2 0 R\n", True),
        (b" \n%% Object stream: object 2, index 0\r%x\n\t", True),
        (b"% 2 0 R\n x ", False),
        (b"% 2 0 R\n 7 ", True),
        (b"x ", False),
    ],
)
def test_comment_between_the_numbers_and_the_first_object(after, read):
    """7.2.4, 7.5.7: qpdf writes there where an object came from."""
    head = b"2 0 3 42 "
    first = len(head) + len(after)
    content = head + after + PAGES + b" " + PAGE
    kind = b"<< /Type /ObjStm /N 2 /First %d /Length %d >>" % (first, len(content))
    pdf = with_streams({1: CATALOG}, held=[(2, PAGES), (3, PAGE)])
    place = pdf.index(b"4 0 obj\n") + 8
    end = pdf.index(b"\nendobj", place)
    body = kind + b"\nstream\n" + content + b"\nendstream"
    start = int(pdf[pdf.rindex(b"startxref\n") + 10 :].split()[0])
    moved = start + len(body) - (end - place)
    pdf = pdf[:place] + body + pdf[end:]
    # The cross-reference stream gives its own place, too.
    pdf = pdf.replace(b"\x01" + start.to_bytes(4, "big"), b"\x01" + moved.to_bytes(4, "big"))
    document = opened(pdf.replace(b"startxref\n%d" % start, b"startxref\n%d" % moved))
    assert (document.value(Reference(2, 0)) is not None) is read


def test_comment_among_the_numbers_is_not_skipped_by_everybody():
    with pytest.raises(ReadingFaultError):
        notes(in_one_stream(b"2 0 3 42 ", b"2 0%3 42 "))
