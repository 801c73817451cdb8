"""Promises of the comparison of pictures: what people see of both states is the same page."""

import ctypes
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from signing_files import FORM_XOBJECT, SIGNED_OBJECTS, drawing, signed, stream, update

from certlib.evidence import ChangeGrade
from signing.evidence import rendering
from signing.evidence.faults import ReadingFaultError
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


# --- each rule alone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [RuntimeError(), ValueError("page size"), ctypes.ArgumentError(), OSError()], ids=repr
)
def test_whatever_cannot_be_drawn_is_unexplained(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(rendering, "_first_difference", fail)
    assert looked({}) == (ChangeGrade.UNEXPLAINED, f"appearance {type(error).__name__}", "")


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5), (float("nan"), 5)])
def test_page_without_a_size(size):
    with pytest.raises(ValueError, match="page size"):
        rendering._scale(*size)


def test_scale_keeps_to_the_bound():
    assert rendering._scale(100, 100) == 1.0
    scale = rendering._scale(14_000, 14_000)
    assert 0 < scale * 14_000 * scale * 14_000 <= 300_001


BLANK = {4: drawing(b"")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/MediaBox [0 0 300 200]", b"/MediaBox [0 0 300 199.9]"),
        (b"/Type /Page ", b"/Type /Page /Rotate 180 "),
    ],
)
def test_size_and_rotation_of_a_blank_page(old, new):
    bare = {3: SIGNED_OBJECTS[3].replace(b"/Annots [6 0 R 7 0 R 10 0 R] ", b"")}
    changed = {3: bare[3].replace(old, new)}
    found = looked(changed, (), signed(b"0", {**BLANK, **bare}))
    assert found == (ChangeGrade.NOT_PERMITTED, "appearance: size of the page", "3 0")


def paged(count, text=b"x"):
    """So many small pages, each with contents of its own from 60 on."""
    kids = b" ".join(b"%d 0 R" % (100 + index) for index in range(count))
    small = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 20 20] /Contents %d 0 R /Resources << /Font << /F0 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    objects = {2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids)}
    for index in range(count):
        objects[100 + index] = small % (200 + index)
        objects[200 + index] = drawing(text)
    return objects


def test_forty_pages_are_compared_and_no_more():
    first = signed(b"0", paged(41))
    assert looked({200 + 39: drawing(b"y")}, (), first) == (
        ChangeGrade.NOT_PERMITTED,
        "appearance",
        "139 0",
    )
    assert looked({200 + 40: drawing(b"y")}, (), first) == SAME


NOTE = b"<< /Type /Annot /Subtype /Square /F 4 /Rect %s /C [1 0 0] /IC [1 0 0] /P 3 0 R %s>>"


def noted(rectangle=b"[10 100 50 140]", entries=b""):
    return {**replaced(3, b"10 0 R]", b"10 0 R 17 0 R]"), 17: NOTE % (rectangle, entries)}


def test_room_on_one_page_is_none_on_another():
    both = {
        **noted(b"[10 50 100 70]"),
        2: b"<< /Type /Pages /Count 2 /Kids [3 0 R 21 0 R] >>",
        3: SIGNED_OBJECTS[3],
        21: SIGNED_OBJECTS[3].replace(b"[6 0 R 7 0 R 10 0 R]", b"[17 0 R]"),
    }
    changed = {9: drawing(b"bbb", FORM_XOBJECT), 17: both[17].replace(b"[1 0 0]", b"[0 1 0]")}
    first = signed(b"0", both)
    found = looked(changed, ["name"], first)
    assert found == (ChangeGrade.NOT_PERMITTED, "appearance: annotations", "21 0")


def test_annotations_that_are_taken_away_are_seen():
    bare = replaced(3, b"/Annots [6 0 R 7 0 R 10 0 R] ", b"")
    assert looked(bare)[1] == "appearance: annotations"


def test_author_of_a_remark_is_no_field():
    """`/T` of a remark says who wrote it."""
    first = signed(b"0", noted(entries=b"/T (name) "))
    changed = {17: NOTE.replace(b"[1 0 0]", b"[0 1 0]") % (b"[10 100 50 140]", b"/T (name) ")}
    assert looked(changed, ["name"], first)[1] == "appearance: annotations"


@pytest.mark.parametrize(
    "rectangle",
    [
        b"/Rect [10.0 50.0 100.5 70.0]",
        b"/Rect [100 70 10 50]",
        b"/Rect [-90 -50 100 70]",
        b"/Rect [10 50 900 700]",
    ],
)
def test_room_of_a_field(rectangle):
    first = signed(b"0", replaced(6, b"/Rect [10 50 100 70]", rectangle))
    filled = {9: drawing(b"bbb", FORM_XOBJECT)}
    assert looked(filled, ["name"], first) == SAME


@pytest.mark.parametrize(
    "rectangle",
    [b"", b"/Rect 7", b"/Rect [1 2 3]", b"/Rect [900 700 990 770]", b"/Rect [-90 -50 -10 -5]"],
)
def test_field_that_lies_nowhere_has_no_room(rectangle):
    first = signed(b"0", replaced(6, b"/Rect [10 50 100 70]", rectangle))
    assert looked({}, ["name"], first) == SAME
    assert looked({9: drawing(b"bbb", FORM_XOBJECT)}, ["name"], first)[0] in (
        ChangeGrade.NOT_PERMITTED,
        SAME[0],
    )


def area_of(rectangle):
    document = pypdfium2.PdfDocument(FIRST)
    try:
        page = document[0]
        picture = rendering._drawn(page, 1.0, annotations=True)
        return picture.area(page, rectangle)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("rectangle", "area"),
    [
        ((10, 50, 100, 70), (8, 128, 102, 152)),
        ((100, 70, 10, 50), (8, 128, 102, 152)),
        ((0, 0, 300, 200), (0, 0, 300, 200)),
        ((-50, -50, 400, 400), (0, 0, 300, 200)),
    ],
)
def test_area_is_the_rectangle_and_two_pixels(rectangle, area):
    assert area_of(rectangle) == area


def fresh(rectangle, face, content=b"certificate"):
    """A new field with this face over a page with that text."""
    first = signed(b"0", {4: drawing(content)})
    width, height = rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]
    told = b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d] " % (width, height)
    objects = {
        **replaced(3, b"10 0 R]", b"10 0 R 21 0 R]"),
        **replaced(5, b"10 0 R]", b"10 0 R 21 0 R]"),
        21: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Third) /F 4 /P 3 0 R /Rect [%d %d %d %d] "
        b"/AP << /N 23 0 R >> >>" % rectangle,
        23: stream(face, told),
    }
    pdf = update(first, objects)
    touched = Touched(fields=frozenset({"Third"}), fresh=frozenset({"Third"}))
    return compared(opened(pdf, 1 << 24), len(first), touched)[1]


DOT = b"1 0 0 rg 85 4 5 5 re f"
OVER = "appearance: field over the page"


@pytest.mark.parametrize(
    ("rectangle", "face", "content", "detail"),
    [
        ((0, 0, 100, 20), DOT, b"certificate", ""),
        ((0, 0, 100, 20), b"1 0 0 rg 5 5 5 5 re f", b"certificate", OVER),
        ((0, 0, 200, 120), DOT, b"certificate", OVER),
        ((0, 0, 200, 60), DOT, b"certificate", ""),
        ((100, 90, 300, 200), DOT, b"certificate", ""),
        ((0, 80, 300, 200), b"1 0 0 rg 0 0 300 120 re f", b"", ""),
    ],
    ids=["beside", "over a letter", "large", "not large", "large and blank", "large over nothing"],
)
def test_new_field_hides_nothing(rectangle, face, content, detail):
    assert fresh(rectangle, face, content) == detail


def test_page_without_annotations_is_drawn_once_in_each_state(monkeypatch):
    drawn = []
    inner = rendering._drawn
    monkeypatch.setattr(
        rendering,
        "_drawn",
        lambda *arguments, **options: drawn.append(options) or inner(*arguments, **options),
    )
    first = signed(b"0", replaced(3, b"/Annots [6 0 R 7 0 R 10 0 R] ", b""))
    assert looked({}, (), first) == SAME
    assert len(drawn) == 2


def noted_pages(count):
    """So many pages with one remark on each."""
    objects = paged(count)
    for index in range(count):
        objects[100 + index] = objects[100 + index].replace(
            b"/Type /Page ", b"/Type /Page /Annots [17 0 R] "
        )
    return {**objects, 17: NOTE % (b"[1 1 5 5]", b"")}


def test_page_where_something_may_be_new_is_compared_wherever_it_lies():
    objects = {**paged(45), 17: NOTE % (b"[1 1 5 5]", b"")}
    objects[144] = objects[144].replace(b"/Type /Page ", b"/Type /Page /Annots [17 0 R] ")
    first = signed(b"0", objects)
    document = opened(update(first, {244: drawing(b"y")}), 1 << 24)
    found = compared(document, len(first), Touched(frozenset({17})))
    assert found == (ChangeGrade.NOT_PERMITTED, "appearance", "144 0")
    assert compared(document, len(first), Touched()) == SAME


def test_list_that_many_pages_name_is_paid_for_by_each():
    """Each page has to be looked through anew; the list itself costs its writer nothing."""
    objects = {**paged(20), 17: NOTE % (b"[1 1 5 5]", b""), 18: b"[%s]" % (b"17 0 R " * 50)}
    for index in range(20):
        objects[100 + index] = objects[100 + index].replace(
            b"/Type /Page ", b"/Type /Page /Annots 18 0 R "
        )
    first = signed(b"0", objects)
    document = opened(update(first, {}), 1 << 24)
    document.budget.visits = 20 * 50
    assert compared(document, len(first), Touched()) == SAME
    document.budget.visits = 20 * 50 - 1
    with pytest.raises(ReadingFaultError, match="too-large") as caught:
        compared(document, len(first), Touched())
    assert caught.value.detail == "references"


def test_something_new_on_more_pages_than_are_compared():
    for count, found in (
        (40, SAME),
        (41, (ChangeGrade.UNEXPLAINED, "appearance: too many pages", "")),
    ):
        first = signed(b"0", noted_pages(count))
        document = opened(update(first, {}), 1 << 24)
        assert compared(document, len(first), Touched(frozenset({17}))) == found


@pytest.mark.parametrize("flags", [b"/F 36", b"/F 0"], ids=["printed only", "shown only"])
def test_remark_is_seen_on_paper_and_on_the_screen(flags):
    """Print and NoView: bits 3 and 6 of `/F` (12.5.3)."""
    note = NOTE.replace(b"/F 4", flags) % (b"[10 100 50 140]", b"")
    first = signed(b"0", {**noted(), 17: note})
    changed = {17: note.replace(b"[1 0 0]", b"[0 1 0]")}
    assert looked(changed, (), first)[1] == "appearance: annotations"


def test_field_beside_the_page_has_no_room():
    beside = replaced(6, b"/Rect [10 50 100 70]", b"/Rect [900 50 990 70]")
    assert looked({}, ["name"], signed(b"0", beside)) == SAME
