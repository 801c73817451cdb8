"""The page of a draft: everything to review, nothing to take for a certificate."""

import dataclasses

import pymupdf
import pytest
from pages_orders import TYPES_FOLDER, order, type_version
from pages_reading import squeezed, words

from certlib.document import Content
from certlib.ports import PageOrder
from signing.pages.sample import sample_fields

ONE_OF_EACH = {
    type_version(path.stem).design: path.stem for path in sorted(TYPES_FOLDER.glob("*.json"))
}


def _order(code: str) -> PageOrder:
    version = type_version(code)
    content: Content = dataclasses.replace(
        order("11100000000019713D008", demonstration=False).content,
        type_code=code,
        name=version.name,
        fields=sample_fields(version),
    )
    return PageOrder(content, version, "https://zz.example.cn/v/x", content.canonical(), draft=True)


@pytest.mark.parametrize("design", sorted(ONE_OF_EACH))
def test_every_page_says_that_it_is_a_draft(design, renderer):
    """No seal, no code to scan, no word of equal force; marked across every single page."""
    pdf = renderer.render(_order(ONE_OF_EACH[design]))
    text = squeezed(words(pdf))
    assert "待签章" in text
    assert "签发后生成" in text
    assert "同等法律效力" not in text
    with pymupdf.open(stream=pdf) as document:
        for page in document:
            assert "WITHOUT EFFECT" in page.get_text().replace("\xa0", " ")
            assert "不具效力" in squeezed(page.get_text())


def test_a_certificate_has_no_such_mark(renderer):
    pdf = renderer.render(dataclasses.replace(_order("11100000000019713D008"), draft=False))
    assert "不具效力" not in squeezed(words(pdf))
    assert "同等法律效力" in squeezed(words(pdf))
