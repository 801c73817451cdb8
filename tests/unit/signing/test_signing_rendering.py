"""Promises of the comparison of pictures: what people see of both states is the same page."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from signing_files import FORM_XOBJECT, SIGNED_OBJECTS, drawing, signed, update

from certlib.evidence import ChangeGrade
from signing.evidence.opened import opened
from signing.evidence.rendering import Touched, compared, warm

SAME = (ChangeGrade.PERMITTED, "", "")
FIRST = signed(b"0")


def looked(objects, touched=(), first=FIRST):
    pdf = update(first, objects)
    return compared(opened(pdf, 1 << 24), len(first), Touched(fields=frozenset(touched)))


def replaced(number, old, new):
    value = SIGNED_OBJECTS[number]
    assert old in value
    return {number: value.replace(old, new, 1)}


def test_same_picture():
    assert looked({}) == SAME
    assert looked({4: SIGNED_OBJECTS[4]}) == SAME
    warm()


@pytest.mark.parametrize(
    "text", [b"certificatf", b"", b"certificate."], ids=["letter", "nothing", "point"]
)
def test_other_content(text):
    assert looked({4: drawing(text)}) == (ChangeGrade.NOT_PERMITTED, "appearance", "3 0")


def test_field_looks_different_where_it_may():
    filled = {9: drawing(b"bbb", FORM_XOBJECT)}
    assert looked(filled, ["name"]) == SAME
    found = looked(filled, ["Second"])
    assert found == (ChangeGrade.NOT_PERMITTED, "appearance: annotations", "3 0")


def test_field_that_moves_is_seen():
    moved = replaced(6, b"/Rect [10 50 100 70]", b"/Rect [10 150 100 170]")
    assert looked(moved, ["name"])[1] == "appearance: annotations"


def test_widget_of_a_touched_field():
    """The field is the parent; its kid is what shows."""
    objects = {
        6: b"<< /FT /Tx /T (name) /V (a) /Kids [20 0 R] >>",
        20: b"<< /Type /Annot /Subtype /Widget /Parent 6 0 R /F 4 /P 3 0 R /Rect [10 50 100 70] "
        b"/AP << /N 9 0 R >> >>",
        **replaced(3, b"[6 0 R", b"[20 0 R"),
    }
    first = signed(b"0", objects)
    assert looked({9: drawing(b"bbb", FORM_XOBJECT)}, ["name"], first) == SAME


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_page(rotation):
    turned = replaced(
        3, b"/Type /Page ", b"/Type /Page /Rotate %d /CropBox [5 5 280 190] " % rotation
    )
    first = signed(b"0", turned)
    filled = {9: drawing(b"bbb", FORM_XOBJECT)}
    assert looked(filled, ["name"], first) == SAME
    assert looked(filled, [], first)[0] is ChangeGrade.NOT_PERMITTED


def test_number_of_pages():
    more = {2: b"<< /Type /Pages /Count 2 /Kids [3 0 R 21 0 R] >>", 21: SIGNED_OBJECTS[3]}
    assert looked(more)[1] == "appearance: number of pages"


def test_order_of_pages():
    pages = {
        2: b"<< /Type /Pages /Count 2 /Kids [3 0 R 21 0 R] >>",
        21: SIGNED_OBJECTS[3].replace(b"/Contents 4 0 R", b""),
    }
    first = signed(b"0", pages)
    turned = {2: pages[2].replace(b"3 0 R 21 0 R", b"21 0 R 3 0 R")}
    assert looked(turned, (), first) == (ChangeGrade.NOT_PERMITTED, "appearance", "21 0")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/MediaBox [0 0 300 200]", b"/MediaBox [0 0 300 201]"),
        (b"/Type /Page ", b"/Type /Page /Rotate 180 "),
    ],
)
def test_size_of_the_page(old, new):
    found = looked(replaced(3, old, new))
    assert found[0] is ChangeGrade.NOT_PERMITTED


def test_page_that_cannot_be_drawn_is_unexplained():
    found = looked(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 0 0] >>",
        }
    )
    assert found[0] in (ChangeGrade.UNEXPLAINED, ChangeGrade.NOT_PERMITTED)
    document = opened(update(FIRST, {}), 1 << 24)
    assert compared(document, 20, Touched())[0] is ChangeGrade.UNEXPLAINED


def test_remark_looks_different_where_it_may():
    note = b"<< /Type /Annot /Subtype /Square /F 4 /Rect [10 100 50 140] /C [1 0 0] /P 3 0 R >>"
    first = signed(b"0", {**replaced(3, b"10 0 R]", b"10 0 R 17 0 R]"), 17: note})
    document = opened(update(first, {17: note.replace(b"[1 0 0]", b"[0 1 0]")}), 1 << 24)
    assert compared(document, len(first), Touched(frozenset({17}))) == SAME
    assert compared(document, len(first), Touched())[1] == "appearance: annotations"


def test_huge_page_is_drawn_small():
    first = signed(b"0", replaced(3, b"[0 0 300 200]", b"[0 0 14000 14000]"))
    assert looked({}, (), first) == SAME
    assert looked({4: drawing(b"")}, (), first)[0] in (ChangeGrade.NOT_PERMITTED, SAME[0])


def test_widget_without_a_rectangle_allows_nothing():
    first = signed(b"0", replaced(6, b"/Rect [10 50 100 70]", b"/Rect [10 50 100]"))
    assert looked({}, ["name"], first) == SAME


def test_page_without_annotations_is_drawn_once():
    bare = replaced(3, b"/Annots [6 0 R 7 0 R 10 0 R] ", b"")
    first = signed(b"0", bare)
    assert looked({}, (), first) == SAME
    assert looked({4: drawing(b"x")}, (), first)[1] == "appearance"
    added = {3: SIGNED_OBJECTS[3]}
    assert looked(added, (), first)[1] == "appearance: annotations"


def test_threads_take_turns():
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: looked({9: drawing(b"bbb", FORM_XOBJECT)}, ["name"]), range(12))
        )
    assert found == [SAME] * 12
