"""Every design family and every type of the catalogue, at the limits of its dictionary."""

import json
from dataclasses import replace
from functools import cache
from itertools import combinations

import pages_families
import pymupdf
import pytest
from pages_extremes import longest_fields, many_holders, shortest_fields
from pages_orders import LONG_COMPANY, TYPES_FOLDER
from pages_reading import Run, all_words, boxes, page_sizes, runs, squeezed, words

from certlib.catalogue import TypeVersion, type_version_from
from certlib.document import Holder
from certlib.ports import PageOrder
from signing.pages.face import face_of
from signing.pages.sample import sample_order

_FAMILIES = {
    name.lower(): value
    for name, value in vars(pages_families).items()
    if isinstance(value, TypeVersion)
}
_CATALOGUE = {
    path.stem: type_version_from(json.loads(path.read_text("utf-8")))
    for path in sorted(TYPES_FOLDER.glob("*.json"))
}
_VERSIONS = _FAMILIES | _CATALOGUE
# Points: no text of any page stands nearer to the edge.
_MARGIN = 28
_FOOT = 20


def _holders(version: TypeVersion) -> tuple[Holder, ...]:
    return (replace(many_holders(version)[0], name=LONG_COMPANY),)


CASES = {
    "samples": sample_order,
    "longest": lambda version, form: sample_order(
        version,
        form=form,
        fields=longest_fields(version),
        holders=_holders(version),
        issuer_name="揭阳市大南海石化工业区管理委员会行政审批和政务服务数据管理局",
        number="粤揭样许可〔2026〕445200000000118号之二十八",
    ),
    "shortest": lambda version, form: sample_order(
        version,
        form=form,
        fields=shortest_fields(version),
        holders=(Holder("王五", "999", "X1"),),
        issuer_name="县文旅局",
        number="1",
        valid_from=None,
        valid_to=None,
        demonstration=False,
    ),
    "many holders": lambda version, form: sample_order(
        version, form=form, holders=many_holders(version)
    ),
}

_DRAWN = [
    pytest.param(name, form, case, id=f"{name}-{form}-{case}")
    for name, version in _VERSIONS.items()
    for form in version.forms
    for case in CASES
]


@cache
def _order(name: str, form: str, case: str) -> PageOrder:
    return CASES[case](_VERSIONS[name], form=form)


@pytest.fixture(scope="module")
def drawn(renderer):
    """Each case is drawn once for all tests."""

    @cache
    def draw(name: str, form: str, case: str) -> bytes:
        return renderer.render(_order(name, form, case))

    return draw


@pytest.mark.parametrize(("name", "form", "case"), _DRAWN)
def test_texts_stand_apart_and_on_the_page(drawn, name, form, case):
    pdf = drawn(name, form, case)
    sizes = page_sizes(pdf)
    by_page: dict[int, list[Run]] = {}
    for run in runs(pdf):
        width, height = sizes[run.page]
        assert run.left > _MARGIN, run
        assert run.right < width - _MARGIN, run
        assert run.top > _MARGIN, run
        assert run.bottom < height - _FOOT, run
        by_page.setdefault(run.page, []).append(run)
    for found in by_page.values():
        colliding = [(a, b) for a, b in combinations(found, 2) if a.overlaps(b)]
        assert not colliding, colliding[:3]


@pytest.mark.parametrize(("name", "form", "case"), _DRAWN)
def test_the_code_is_free_and_only_the_day_crosses_the_seal(drawn, name, form, case):
    pdf = drawn(name, form, case)
    figures = boxes(pdf)
    codes = [box for box in figures if box.text.startswith("核验二维码")]
    seals = [box for box in figures if box.text.startswith("印章")]

    # A letter's seal lies on the issuer, too (GB/T 9704 section 7.3.5.1).
    crossing = face_of(_order(name, form, case))["date"]
    if _VERSIONS[name].design == "approval-document" and form == "original":
        crossing += _order(name, form, case).content.issuer_name
    assert len(codes) == 1
    assert len(seals) == 1
    for run in runs(pdf):
        assert not codes[0].overlaps(run), run
        if seals[0].overlaps(run, tolerance=4):
            assert squeezed(run.text) in crossing, run


@pytest.mark.parametrize(("name", "form", "case"), _DRAWN)
def test_every_value_of_the_form_is_text_on_its_pages(drawn, name, form, case):
    wanted = _order(name, form, case)
    face = face_of(wanted)
    found = words(drawn(name, form, case))

    whole = all_words(drawn(name, form, case))
    for text in (face["number"], face["issuer"], face["date"], face["identifier"]):
        assert squeezed(text) in whole, text
    if face["form_label"]:
        assert f"（{squeezed(face['form_label'])}）" in whole
    for holder in wanted.content.holders:
        assert squeezed(holder.name) in found, holder.name
    for text in _row_texts(face["rows"]):
        assert squeezed(text) in found, text


def _row_texts(rows):
    for row in rows:
        value = row["value"]
        if row["kind"] == "text" and value is not None:
            yield value["text"]
        elif row["kind"] == "list":
            yield from value
        elif row["kind"] == "table":
            yield from value["head"]
            yield from value["sums"]
            yield from (cell for line in value["rows"] for cell in line)
            yield from (total["text"] for total in value["capitals"])
        elif row["kind"] == "pictures":
            yield from (picture["caption"] for picture in value)


@pytest.mark.parametrize(("name", "form", "case"), _DRAWN)
def test_every_picture_is_drawn_and_described(drawn, name, form, case):
    face = face_of(_order(name, form, case))
    alts = []
    for row in face["rows"]:
        if row["kind"] == "picture":
            alts.append(row["value"]["alt"])
        elif row["kind"] == "pictures":
            alts += [picture["alt"] for picture in row["value"]]
    described = [box.text for box in boxes(drawn(name, form, case))]

    for alt in alts:
        assert alt in described, alt


def test_every_family_is_drawn():
    designs = {version.design for version in _FAMILIES.values()} | {"approval-document"}
    assert designs == {
        "licence-landscape", "licence-portrait", "card", "proof-bilingual", "approval-document",
        "inspection-report", "official-result",
    }  # fmt: skip


@pytest.mark.parametrize("name", _VERSIONS)
def test_the_longest_content_leaves_room_in_the_sealed_attachment(name):
    """signing.evidence reads no more than 1 MiB of it, and the API takes bodies of 2 MB."""
    version = _VERSIONS[name]
    images = 0
    for spec in version.schema["properties"].values():
        if spec.get("x-format") == "photograph":
            images += spec["maxLength"]
        elif spec.get("x-format") == "photographs":
            images += spec["maxItems"] * spec["items"]["properties"]["image"]["maxLength"]
    assert images <= 900_000
    assert len(_order(name, "original", "longest").content.canonical()) + images < 1024 * 1024


def test_forms_are_named_where_there_are_several(renderer):
    order = sample_order(_FAMILIES["presale"], form="duplicate", copy_number=2)

    assert "（副本2）" in words(renderer.render(order))


def test_an_annex_names_its_certificate_on_every_page(renderer):
    pdf = renderer.render(_order("landscape", "annex", "longest"))
    with pymupdf.open(stream=pdf) as document:
        pages = [squeezed(page.get_text()) for page in document]
    face = face_of(_order("landscape", "annex", "longest"))

    assert len(pages) > 1
    for at, page in enumerate(pages, start=1):
        for text in (face["title"], face["number"], face["identifier"]):
            assert squeezed(text) in page
        assert f"第{at}页共{len(pages)}页" in page


def test_a_head_is_repeated_on_every_page_of_a_table(renderer):
    pdf = renderer.render(_order("report", "original", "longest"))
    with pymupdf.open(stream=pdf) as document:
        pages = [squeezed(page.get_text()) for page in document]
    lines = [page for page in pages if "实测值" in page]

    assert len(lines) > 2
    assert "".join(lines).count("序号检验项目技术要求实测值单项结论") == len(lines)
