"""What the renderer promises: same order, same bytes; data is data; only our fonts."""

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pymupdf
import pytest
from pages_orders import APPROVAL, BIRTH, LICENCE, TYPE_CODES, order
from pages_reading import page_sizes, squeezed, used_fonts, words

from certlib.document import Holder
from certlib.errors import Corrupt, NotFound
from certlib.page_errors import FaceOverflow
from signing.pages.renderer import DESIGNS_FOLDER, TypstRenderer


@pytest.mark.parametrize("code", TYPE_CODES)
def test_the_same_order_gives_the_same_bytes(renderer, code):
    """Also after other pages, and in another compiler."""
    first = renderer.render(order(code))
    renderer.render(order(code, number="别的编号"))

    assert renderer.render(order(code)) == first
    assert TypstRenderer().render(order(code)) == first


def test_another_process_gives_the_same_bytes(renderer):
    script = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:];"
        "from pages_orders import LICENCE, order;"
        "from signing.pages.renderer import TypstRenderer;"
        "print(hashlib.sha256(TypstRenderer().render(order(LICENCE))).hexdigest())"
    )
    folder = str(DESIGNS_FOLDER.parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, folder, f"{folder}/tests/unit/pages"],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "America/Lima"},
    )

    ours = renderer.render(order(LICENCE))
    assert done.stdout.strip() == hashlib.sha256(ours).hexdigest()


def test_another_content_gives_other_bytes_and_another_file_identifier(renderer):
    one, other = renderer.render(order(LICENCE)), renderer.render(order(LICENCE, number="Z1"))

    assert one != other
    assert one[one.rindex(b"/ID") :][:60] != other[other.rindex(b"/ID") :][:60]


def test_threads_may_share_a_renderer(renderer):
    wanted = [order(code, number=f"第{i}号") for i in range(4) for code in (LICENCE, BIRTH)]
    alone = [renderer.render(item) for item in wanted]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(renderer.render, wanted)) == alone


@pytest.mark.parametrize("code", TYPE_CODES)
def test_the_attachment_is_there_byte_for_byte(renderer, code):
    wanted = order(code, holders=(Holder('阿卜杜拉·买买提𠀀"\\#', "999", "X1"),))

    with pymupdf.open(stream=renderer.render(wanted)) as document:
        assert document.embfile_names() == ["certificate.json"]
        assert document.embfile_get(0) == wanted.attachment == wanted.content.canonical()


@pytest.mark.parametrize("code", TYPE_CODES)
def test_title_author_and_dates_come_from_the_content(renderer, code):
    wanted = order(code, issue_date=date(2027, 2, 3))

    with pymupdf.open(stream=renderer.render(wanted)) as document:
        found = document.metadata
    assert found["title"] == f"{wanted.content.name} {wanted.content.number}"
    assert found["author"] == wanted.content.issuer_name
    assert wanted.content.identifier in found["keywords"]
    assert found["creationDate"].startswith("D:20270203")


def test_the_file_ends_with_a_line_end(renderer):
    """ISO 19005-3 section 6.1.9 through ISO 32000-1 section 7.5.5."""
    assert renderer.render(order(LICENCE)).endswith(b"%%EOF\n")


@pytest.mark.parametrize(
    "text",
    ["#panic()", "*粗*_斜_`码`", "$x^2$", "= 标题", "<标签>@引用", "#sys.inputs", '"\\n'],
)
def test_markup_in_a_value_stays_text(renderer, text):
    found = words(renderer.render(order(BIRTH, holders=(Holder(text, "999", "X1"),))))

    assert squeezed(text) in found


def test_only_our_fonts_are_used(renderer):
    ours = {
        "NotoSerifSC-Regular", "NotoSansSC-Regular", "CertlibKai-Regular", "CertlibRare-Regular",
    }  # fmt: skip
    for code in TYPE_CODES:
        assert used_fonts(renderer.render(order(code))) <= ours


def test_pages_stay_small(renderer):
    for code in TYPE_CODES:
        assert len(renderer.render(order(code))) < 130_000


def test_an_unknown_design_is_not_found(renderer):
    for design in ("no-such-design", "../fonts", "..", "", "x" * 70_000, "\0"):
        with pytest.raises(NotFound):
            renderer.digests(design)


def test_a_broken_design_is_our_fault_not_the_callers(tmp_path):
    designs = tmp_path / "designs"
    shutil.copytree(DESIGNS_FOLDER, designs)
    (designs / "licence-landscape" / "design.typ").write_text("#nonsense()", "utf-8")

    with pytest.raises(Corrupt, match="licence-landscape"):
        TypstRenderer(designs).render(order(LICENCE))


def test_digests_name_template_fonts_and_compiler(renderer):
    licence, letter = renderer.digests("licence-landscape"), renderer.digests("approval-document")

    assert licence.template != letter.template
    assert (licence.fonts, licence.typst) == (letter.fonts, letter.typst)
    for digest in (licence.template, licence.fonts, licence.typst):
        assert len(bytes.fromhex(digest)) == 32


@pytest.mark.parametrize("file", ["common.typ", "licence-landscape/background.svg"])
def test_a_changed_file_changes_the_template_digest(tmp_path, renderer, file):
    designs = tmp_path / "designs"
    shutil.copytree(DESIGNS_FOLDER, designs)
    (designs / file).write_text((designs / file).read_text("utf-8") + "\n", "utf-8")

    changed = TypstRenderer(designs).digests("licence-landscape")
    assert changed.template != renderer.digests("licence-landscape").template


def test_importing_the_renderer_loads_neither_typst_nor_fonts():
    """An idle server that never renders stays small."""
    script = (
        "import sys; import signing.pages.renderer as r; r.TypstRenderer().unprintable('𠀀');"
        "print([m for m in ('typst', 'fontTools') if m in sys.modules])"
    )
    folder = DESIGNS_FOLDER.parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout.strip() == "[]"


def test_a_letter_knows_its_holders(renderer):
    pair = (Holder("甲公司", "001", "A"), Holder("乙公司", "001", "B"))

    assert "甲公司、乙公司：" in words(renderer.render(order(APPROVAL, holders=pair)))


def test_a_preview_is_an_image_of_every_page(renderer):
    pages = renderer.preview(order(APPROVAL), ppi=30)

    assert len(pages) == len(page_sizes(renderer.render(order(APPROVAL))))
    assert all(page.startswith(b"\x89PNG") for page in pages)
    (alone,) = renderer.preview(order(LICENCE), ppi=30)
    assert pymupdf.Pixmap(alone).width == round(297 / 25.4 * 30)
    with pytest.raises(FaceOverflow):
        renderer.preview(order(LICENCE, issuer_name="局" * 400))
