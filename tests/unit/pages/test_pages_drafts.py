"""The page of a draft: everything to review, nothing to take for a certificate."""

import dataclasses
from datetime import UTC, datetime

import pymupdf
import pytest
from pages_orders import TYPES_FOLDER, type_version
from pages_reading import squeezed, words

from api.preview import preview_order
from certlib.ports import PageOrder, TrustMaterial
from certlib.verification import OWN, Facts, judge
from signing.evidence.reader import InProcessEvidenceReader

ONE_OF_EACH = {
    type_version(path.stem).design: path.stem for path in sorted(TYPES_FOLDER.glob("*.json"))
}
LICENCE = "11100000000019713D008"


def _order(code: str) -> PageOrder:
    shown = preview_order(type_version(code))
    content = dataclasses.replace(shown.content, demonstration=False)
    return dataclasses.replace(shown, content=content, draft=True)


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


def test_whoever_checks_the_page_is_told_that_it_is_no_certificate(renderer):
    """It carries no data of ours, so it is not called an altered certificate either."""
    pdf = renderer.render(_order(LICENCE))
    facts = InProcessEvidenceReader(TrustMaterial).read(pdf)
    assert facts.readable
    assert (facts.looks_ours, facts.identifier, facts.signatures) == (False, "", ())
    assert judge(Facts(file=facts), OWN, datetime(2026, 11, 22, tzinfo=UTC)).code == (
        "not-a-certificate"
    )


def test_a_certificate_has_no_such_mark(renderer):
    pdf = renderer.render(dataclasses.replace(_order(LICENCE), draft=False))
    assert "不具效力" not in squeezed(words(pdf))
    assert "同等法律效力" in squeezed(words(pdf))
