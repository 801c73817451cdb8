"""Where streams end, and what pages inherit: what readers who go two ways agree about."""

import pytest
from signing_files import PAGE, PAGES, build, simple, stream, table, update, used

from signing.evidence import opened as opening
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import layouts
from signing.evidence.pages import inherit_alike
from signing.evidence.streams import lengths_lead

_DATA = b"q 1 0 0 1 0 0 cm Q"


def opened(pdf):
    return opening.opened(pdf, 1 << 24)


def _stream(length, data=_DATA, before_end=b"\n", entries=b""):
    return b"<< /Length %s %s >>\nstream\n%s%sendstream" % (length, entries, data, before_end)


_TRUE = b"%d" % len(_DATA)


# --- /Length -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        _stream(_TRUE),
        _stream(_TRUE, before_end=b""),
        _stream(_TRUE, before_end=b"\r\n"),
        _stream(b"%d" % (len(_DATA) + 1)),  # counts the line end
        _stream(b"%d" % (len(_DATA) - 2), data=_DATA[:-2] + b"\r\n"),  # does not count one of them
        _stream(b"5 0 R"),
        _stream(b"%d" % len(b"x endstream y"), data=b"x endstream y"),
        _stream(b"9", data=b"a stream "),
        b"<< /Title (down stream) /Length 3 >>",
        b"(a stream)",
    ],
)
def test_lengths_that_lead_to_the_end(value):
    assert lengths_lead(opened(simple(b"", value, _TRUE)))


@pytest.mark.parametrize(
    "value",
    [
        _stream(b"1"),
        _stream(b"%d" % (len(_DATA) + 2)),
        _stream(b"-1"),
        _stream(b"0"),
        _stream(b"99999999"),
        _stream(b"9" * 25),
        _stream(b"18.0"),
        _stream(b"true", data=b"x"),
        _stream(b"null"),
        _stream(b"4 0 R"),
        _stream(b"6 0 R"),
        _stream(b"/Name"),
        b"<< >>\nstream\n%s\nendstream" % _DATA,
        b"<< /Length 18\nstream\n%s\nendstream" % _DATA,
        _stream(_TRUE, before_end=b"\nendstreams "),
        _stream(_TRUE, before_end=b" Q "),
        # Back to an end marker of before: one that stands in a name.
        b"<< /A /endstream /Length -32 >>\nstream\n%s\nendstream" % _DATA,
        # The first of two is what some readers take.
        _stream(b"1", entries=b"/Length 2"),
        _stream(b"1", entries=b"/Length %s" % _TRUE),
        _stream(_TRUE, entries=b"/L#65ngth 1"),
        _stream(_TRUE, entries=b"/Title (a) /Length %s" % _TRUE),
    ],
)
def test_lengths_that_lead_astray(value):
    assert not lengths_lead(opened(simple(b"", value, _TRUE)))


def test_an_object_that_is_replaced_counts_no_more_but_its_bytes_must_be_understood():
    sound = simple(b"", _stream(_TRUE))
    assert lengths_lead(opened(update(sound, {4: _stream(_TRUE)})))
    assert not lengths_lead(opened(update(sound, {4: _stream(b"1")})))
    assert not lengths_lead(opened(update(simple(b"", _stream(b"1")), {4: _stream(_TRUE)})))


_LATER = b"<< /Length 5 0 R >>\nstream\n%s\nendstream" % _DATA


@pytest.mark.parametrize(
    ("objects", "freed"),
    [
        ({4: _stream(b"3", b"abc")}, [5]),
        ({4: _stream(b"3", b"abc"), 5: b"7"}, []),
        ({4: _stream(b"5 0 R", b"abc"), 5: b"3"}, []),
    ],
    ids=["given up", "another", "replaced with it"],
)
@pytest.mark.parametrize("first", ["stream", "length"])
def test_a_stream_that_is_replaced_had_its_length_then(objects, freed, first):
    """7.5.6: its length is given up with it, or replaced as it is."""
    length = b"%d" % len(_DATA)
    values = [_LATER, length] if first == "stream" else [length, _LATER.replace(b"5 0 R", b"4 0 R")]
    if first == "length":
        objects = {
            9 - number: value.replace(b"5 0 R", b"4 0 R") for number, value in objects.items()
        }
        freed = [9 - number for number in freed]
    pdf = update(simple(b"", *values), objects, freed=freed)
    assert lengths_lead(opened(pdf))


def test_a_stream_in_use_has_the_length_of_now():
    pdf = simple(b"", _LATER, b"%d" % len(_DATA))
    assert lengths_lead(opened(pdf))
    assert not lengths_lead(opened(update(pdf, {5: b"3"})))
    assert not lengths_lead(opened(update(pdf, {}, freed=[5])))


def test_a_length_that_nobody_ever_told():
    pdf = simple(b"", _LATER, b"(x)")
    assert not lengths_lead(opened(update(pdf, {4: _stream(b"3", b"abc")}, freed=[5])))
    elsewhere = [b"(x)"] * 16 + [b"%d" % len(_DATA)]
    far = simple(b"", _LATER.replace(b"5 0 R", b"21 0 R"), *elsewhere)
    assert not lengths_lead(opened(update(far, {4: _stream(b"3", b"abc")}, freed=[21])))


def test_a_body_that_nothing_lists():
    for value, leads in ((_stream(_TRUE), True), (_stream(b"3"), False)):
        pdf = update(simple(), {}, unlisted=b"9 0 obj\n%s\nendobj\n" % value)
        assert lengths_lead(opened(pdf)) is leads


def test_a_listed_object_inside_another_does_not_hide_it():
    """The text holds a whole object that the table lists; the stream around it leads astray."""
    inner = b"5 0 obj (a) endobj "
    outer = b"<< /Title (%s) /Length 1 >>\nstream\n%s\nendstream" % (inner, _DATA)
    pdf = simple(b"", outer)
    pdf = pdf[: pdf.index(b"xref\n")]
    rows = [b"0000000000 65535 f \n"]
    rows += [used(pdf.index(b"%d 0 obj" % number)) for number in (1, 2, 3, 4, 5)]
    assert not lengths_lead(opened(table(pdf, [(0, rows)], b"<< /Size 6 /Root 1 0 R >>")))


def test_objects_that_only_speak_of_streams_have_their_price():
    with pytest.raises(ReadingFaultError) as caught:
        lengths_lead(opened(simple(b"", *[b"(stream)"] * 50_000)))
    assert (caught.value.fault, caught.value.detail) == ("too-large", "values")


def test_many_streams_are_no_strays():
    assert lengths_lead(opened(simple(b"", *[stream(b"x")] * 1100)))


def test_the_word_without_end_is_given_up():
    assert lengths_lead(opened(update(simple(), {}, unlisted=b"% stream\n" * 900)))
    assert not lengths_lead(opened(update(simple(), {}, unlisted=b"% stream\n" * 1100)))


# --- what pages inherit --------------------------------------------------------------------------

_TREE = b"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 9 9] /Rotate 90 %s>>"
_BARE = b"<< /Type /Page %s/Resources << >> >>"
_OTHER = b"<< /Type /Pages /MediaBox [0 0 9 9] /Rotate 0 >>"


def _inherits(page, tree=_TREE % b"", *more):
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    return inherit_alike(opened(build([catalog, tree, page, *more])))


def test_a_parent_is_the_node_of_the_tree():
    assert _inherits(_BARE % b"/Parent 2 0 R ")
    assert _inherits(PAGE, PAGES)
    assert _inherits(_BARE % b"/Parent 4 0 R ", _TREE % b"", _TREE % b"")  # another, and the same


def test_a_page_with_all_of_its_own_inherits_nothing():
    page = b"/MediaBox [0 0 9 9] /CropBox [0 0 9 9] /Rotate 0 /Parent 4 0 R "
    assert _inherits(_BARE % page, _TREE % b"", _OTHER)
    assert _inherits(_BARE % page, _TREE % b"", b"<< /Parent 4 0 R >>")


@pytest.mark.parametrize(
    ("page", "tree", "more"),
    [
        (_BARE % b"/Parent 4 0 R ", _TREE % b"", (_OTHER,)),
        (_BARE % b"", _TREE % b"", ()),
        (_BARE % b"/Rotate 90 ", _TREE % b"", ()),
        (b"<< /Type /Page /MediaBox [0 0 9 9] >>", b"<< /Resources << >> /Kids [3 0 R] >>", ()),
        (_BARE % b"/Parent 9 0 R ", _TREE % b"", ()),
        (_BARE % b"/Parent 3 0 R ", _TREE % b"", ()),
        (_BARE % b"/Parent 2 0 R ", _TREE % b"/Parent 4 0 R ", (b"<< /Parent 2 0 R >>",)),
        (_BARE % b"/Parent 2 0 R ", _TREE % b"/Parent 4 0 R ", (b"<< /CropBox [0 0 1 1] >>",)),
    ],
    ids=["another", "none", "box", "resources", "nothing", "itself", "circle", "above the root"],
)
def test_ways_that_differ(page, tree, more):
    assert not _inherits(page, tree, *more)


def test_a_parent_chain_without_end():
    links = [b"<< /Parent %d 0 R >>" % (number + 1) for number in range(4, 90)]
    assert not _inherits(_BARE % b"/Parent 2 0 R ", _TREE % b"/Parent 4 0 R ", *links)


# --- and no signature of such a file is sound -----------------------------------------------------


@pytest.mark.parametrize(
    ("page", "more", "problem"),
    [
        (PAGE, _stream(b"1"), "stream-length"),
        (_BARE % b"", stream(b"x"), "page-parents"),
        (PAGE, stream(b"x"), "byte-range-end"),
    ],
)
def test_signatures_of_such_a_file(page, more, problem):
    signature = b"<< /Contents <00> /ByteRange [0 1 2 999999] >>"
    form = b"/AcroForm << /Fields [4 0 R] >>"
    field = b"<< /FT /Sig /T (a) /V 5 0 R >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R %s >>" % form
    pdf = build([catalog, _TREE % b"", page, field, signature, more])
    pdf = pdf.replace(b"[0 1 2 999999]", b"[0 %d %d 999999]" % _gap(pdf), 1)
    found = layouts(opened(_repaired(pdf)))
    assert [item.sound_problem for item in found] == [problem]


def _gap(pdf):
    start = pdf.index(b"<00>")
    return start, start + 4


def _repaired(pdf):
    """The offset of the table after a byte range of another length."""
    head, _, _ = pdf.rpartition(b"startxref\n")
    return head + b"startxref\n%d\n%%%%EOF\n" % pdf.index(b"xref\n0 ")
