"""Nothing is cut, nothing overlaps, everything stands on the page, however long or short."""

from datetime import date
from functools import cache
from itertools import combinations

import pytest
from pages_orders import (
    APPROVAL,
    BIRTH,
    LICENCE,
    LONG_COMPANY,
    LONG_ISSUER,
    RARE_A,
    RARE_B,
    TYPE_CODES,
    UYGHUR,
    filled,
    longest,
    order,
    required_only,
)
from pages_reading import page_sizes, runs, squeezed, used_fonts, words

from certlib.document import Holder
from certlib.page_errors import FaceOverflow
from certlib.ports import PageOrder
from signing.pages.face import face_of


def _holder(name: str) -> Holder:
    return Holder(name, "001", "91445202MA9TEXT00K")


_ENGLISH = "Jieyang Rongjiang Multimodal Logistics & Supply-Chain Services (Guangdong) Co., Ltd."

CASES = {
    "samples": order,
    "required only": lambda code: order(code, fields=required_only(code), valid_from=None),
    "without validity": lambda code: order(code, valid_from=None, valid_to=None),
    "not a demonstration": lambda code: order(code, demonstration=False),
    "short name": lambda code: order(code, holders=(_holder("王五"),)),
    "long name": lambda code: order(code, holders=(_holder(LONG_COMPANY),)),
    "dotted name": lambda code: order(code, holders=(_holder(UYGHUR),)),
    "English name": lambda code: order(code, holders=(_holder(_ENGLISH),)),
    "two holders": lambda code: order(
        code, holders=(_holder("阿卜杜拉·买买提"), _holder(LONG_COMPANY))
    ),
    "short issuer": lambda code: order(code, issuer_name="县文旅局"),
    "long issuer": lambda code: order(code, issuer_name=LONG_ISSUER[:30]),
    "rare characters": lambda code: order(code, holders=(_holder("李" + RARE_A + RARE_B),)),
    "longest": lambda code: order(
        code, fields=longest(code), holders=(_holder(LONG_COMPANY),), issuer_name=LONG_ISSUER[:30]
    ),
}


@pytest.fixture(scope="module")
def drawn(renderer):
    """Each case is drawn once for all tests."""

    @cache
    def draw(code: str, case: str) -> bytes:
        return renderer.render(CASES[case](code))

    return draw


@pytest.mark.parametrize("code", TYPE_CODES)
@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_or_leaves_the_page(drawn, code, case):
    pdf = drawn(code, case)

    sizes = page_sizes(pdf)
    by_page: dict[int, list] = {}
    for run in runs(pdf):
        width, height = sizes[run.page]
        margin = 40
        assert margin < run.left, run
        assert run.right < width - margin, run
        assert margin < run.top, run
        assert run.bottom < height - 20, run
        by_page.setdefault(run.page, []).append(run)
    for found in by_page.values():
        colliding = [(a, b) for a, b in combinations(found, 2) if a.overlaps(b)]
        assert not colliding, colliding[:3]


@pytest.mark.parametrize("code", TYPE_CODES)
@pytest.mark.parametrize("case", CASES)
def test_every_value_of_the_face_is_text_on_the_page(drawn, code, case):
    wanted = CASES[case](code)

    found = words(drawn(code, case))

    for text in _face_texts(wanted):
        assert squeezed(text) in found, text


def _face_texts(wanted: PageOrder) -> list[str]:
    face = face_of(wanted)
    texts = [face["number"], face["issuer"], face["date"]]
    for row in face["rows"]:
        value = row["value"]
        if isinstance(value, list):
            texts += value
        elif value is not None and "rows" in value:
            texts += [cell for line in value["rows"] for cell in line]
        elif value is not None:
            texts.append(value["text"])
    return texts


@pytest.mark.parametrize("code", [LICENCE, BIRTH])
def test_values_beyond_the_smallest_size_go_to_a_further_page(renderer, code):
    name = filled(1300)
    pdf = renderer.render(order(code, holders=(_holder(name),)))

    assert "（见续页）" in words(pdf)
    assert name in words(pdf)
    assert len(page_sizes(pdf)) == 2


@pytest.mark.parametrize("code", [LICENCE, BIRTH])
def test_what_cannot_go_to_a_further_page_is_refused_not_cut(renderer, code):
    with pytest.raises(FaceOverflow):
        renderer.render(order(code, issuer_name=filled(400)))


def test_licence_and_proof_have_one_page(drawn):
    for code in (LICENCE, BIRTH):
        assert len(page_sizes(drawn(code, "longest"))) == 1


def test_a_letter_flows_and_numbers_its_pages(drawn):
    pdf = drawn(APPROVAL, "longest")
    count = len(page_sizes(pdf))

    assert count > 20
    said = {run.text.strip() for run in runs(pdf)}
    assert {f"— {number} —" for number in range(1, count + 1)} <= said


@pytest.mark.parametrize("lines", range(24))
def test_the_seal_of_a_letter_is_never_alone_on_its_page(renderer, lines):
    """Wherever the text happens to end, the page of the seal holds text of the letter."""
    terms = ["同意。"] * (lines + 1)
    pdf = renderer.render(order(APPROVAL, fields=required_only(APPROVAL) | {"KZ_PFZW": terms}))

    last = max(run.page for run in runs(pdf))
    on_last = [run for run in runs(pdf) if run.page == last]
    assert any("特此批复" in run.text for run in on_last)
    assert any(run.text.startswith("2026") and run.text.endswith("日") for run in on_last)
    assert any("印发" in run.text for run in on_last)


def test_absent_fields_leave_no_label_on_a_licence(renderer):
    found = words(renderer.render(order(LICENCE, fields=required_only(LICENCE))))

    assert "核定车辆数" not in found
    assert "经营范围" in found


def test_absent_fields_keep_their_cell_in_a_proof(renderer):
    found = words(renderer.render(order(BIRTH, fields=required_only(BIRTH))))

    assert "父亲姓名" in found
    assert "—" in found


def test_no_end_means_long_term(renderer):
    found = words(renderer.render(order(LICENCE, valid_to=None)))

    assert "2026年11月22日至长期" in found


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("李㐂", "NotoSerifSC-Regular"),
        ("李𠀀", "CertlibRare-Regular"),
        ("李四", "CertlibKai-Regular"),
    ],
)
def test_rare_characters_are_drawn_by_the_font_that_has_them(renderer, text, font):
    pdf = renderer.render(order(BIRTH, holders=(_holder(text),)))

    assert font in used_fonts(pdf)
    assert text in words(pdf)


def test_a_page_without_rare_characters_does_not_embed_the_fallback(renderer):
    assert "CertlibRare-Regular" not in used_fonts(renderer.render(order(LICENCE)))


def test_the_seal_says_demonstration_only_when_it_is_one(renderer):
    for code in TYPE_CODES:
        shown = words(renderer.render(order(code)))
        real = words(renderer.render(order(code, demonstration=False)))
        assert "不具法律效力" in shown or code == APPROVAL
        assert "法律效力" not in real.replace("同等法律效力", "")


def test_dates_have_no_leading_zeros(renderer):
    """GB/T 9704-2012 section 7.3.5.4: 1月 is not written 01月."""
    found = words(renderer.render(order(APPROVAL, issue_date=date(2027, 1, 5))))

    assert "2027年1月5日" in found


def test_the_arc_of_the_seal_names_the_department_not_the_seal_object(renderer):
    """签章名称 is metadata of the act; the image names its owner."""
    pdf = renderer.render(order(LICENCE, seal_name="揭阳市交通运输局电子印章"))

    assert "电子印章" not in words(pdf)
