"""The page of a receipt: what people read, archives keep and telephones scan."""

import json
from dataclasses import replace

import pymupdf
import pytest
import zxingcpp

from certlib.receipts import ATTACHMENT_NAME, Target
from signing.pages.receipt import ReceiptPage
from tests.unit.receipts.conftest import IDENTIFIER, Library

LONGEST = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.WWWWWWWWWWWWWWWWWWWW.001.M"
LONG = "持证人须于每年度结束前向原发证机关报送经营情况和安全生产情况的书面报告。" * 3


@pytest.fixture
def page(city: Library) -> bytes:
    return ReceiptPage().pdf(city.receipt())


def _text(pdf: bytes) -> str:
    with pymupdf.open(stream=pdf) as document:
        return "".join(page.get_text() for page in document).replace("\n", "")


def _words(pdf: bytes) -> set[str]:
    """What stands on a line of its own."""
    with pymupdf.open(stream=pdf) as document:
        return {line.strip() for line in document[0].get_text().splitlines()}


def test_people_read_what_matters(page: bytes):
    """Verdict, sentence, next step, time, number, target, and what it does not say."""
    text = _text(page)
    for words in ("核验回执", "无效", "查无记录", "下一步", "2026-03-02 09:02:03", "tax-system"):
        assert words in text
    assert "HY20260302-5F3A9C21-D0AB12EF" in text
    assert "不代表证照现状" in text


@pytest.mark.parametrize(
    ("code", "word"), [("receipt-holds", "回执完好"), ("foreign-valid", "签名完好")]
)
def test_what_is_no_certificate_of_ours_is_not_called_valid(city: Library, code: str, word: str):
    """A receipt of a receipt about a revoked certificate says nowhere in large letters 有效."""
    plain = city.receipt()
    report = {**plain.report, "verdict": "valid", "code": code}
    words = _words(ReceiptPage().pdf(replace(plain, report=report)))
    assert word in words
    assert "有效" not in words
    assert "VALID" not in words
    of_ours = _words(ReceiptPage().pdf(replace(plain, report={**report, "code": "valid"})))
    assert "有效" in of_ours


@pytest.mark.parametrize("identifier", [LONGEST, "9" * 128], ids=["ours", "no-dots"])
def test_an_identifier_breaks_behind_its_dots(city: Library, identifier: str):
    """Whoever reads it out sees its parts whole; what has none stays on the page all the same."""
    target = Target(identifier, sha256="ab" * 32)
    with pymupdf.open(stream=ReceiptPage().pdf(replace(city.receipt(), target=target))) as document:
        lines = [line.replace("\u200b", "") for line in document[0].get_text().splitlines()]
        assert max(word[2] for word in document[0].get_text("words")) < document[0].rect.width
    first = next(line for line in lines if line.startswith(identifier[:30]))
    assert first != identifier, "it fills more than a line"
    assert first.endswith(".") is ("." in identifier)


@pytest.mark.parametrize("strange", ["😀", "\x07", "\ue000", "العربية", "\ufffe", "a\u2028\tb"])
def test_what_no_font_can_draw_is_seen_to_stand_there(city: Library, strange: str):
    """A purpose is the caller's own words; the data beside the page keep them as they are."""
    plain = city.receipt()
    question = {**plain.question, "purpose": f"年审{strange}"}
    odd = replace(plain, question=question, target=replace(plain.target, type_name=strange))
    page = ReceiptPage().pdf(odd)
    assert "年审" in _text(page)
    with pymupdf.open(stream=page) as document:
        kept = json.loads(document.embfile_get(ATTACHMENT_NAME))
    assert kept["question"]["purpose"] == f"年审{strange}"


def test_nobody_turns_the_writing_round(city: Library):
    """A purpose is the caller's own words, and printed above our seal."""
    question = {**city.receipt().question, "purpose": "年审\u202e效有"}
    assert "\u202e" not in _text(ReceiptPage().pdf(replace(city.receipt(), question=question)))


def test_the_same_receipt_is_the_same_page(city: Library, page: bytes):
    """Nothing in it but the receipt: no clock, no chance."""
    assert ReceiptPage().pdf(city.receipt()) == page


def test_it_is_one_page_of_an_archive_with_its_data(city: Library, page: bytes):
    """PDF/A-3a and PDF/UA-1, A4; the attachment is related as data."""
    with pymupdf.open(stream=page) as document:
        assert document.page_count == 1
        assert [round(side) for side in document[0].rect[2:]] == [595, 842]
        packet = document.get_xml_metadata()
        assert "<pdfaid:part>3</pdfaid:part>" in packet
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in packet
        assert "<pdfuaid:part>1</pdfuaid:part>" in packet
        assert json.loads(document.embfile_get(ATTACHMENT_NAME)) == city.receipt().as_json()
    assert b"/AFRelationship /Data" in page.replace(
        b"/AFRelationship/Data", b"/AFRelationship /Data"
    )


def test_a_telephone_reads_its_code(page: bytes):
    """From paper at 100 dots an inch."""
    with pymupdf.open(stream=page) as document:
        picture = document[0].get_pixmap(dpi=100, colorspace=pymupdf.csGRAY)
    image = memoryview(picture.samples).cast("B", (picture.height, picture.width))
    assert [item.text for item in zxingcpp.read_barcodes(image)] == [
        f"https://zz.example/v/{IDENTIFIER}"
    ]


def test_without_a_certificate_there_is_no_code(city: Library):
    """A file that is nobody's has no page to scan for."""
    text = _text(ReceiptPage().pdf(city.receipt(target=Target(), verify_url="")))
    assert "扫码" not in text
    assert "电子证照标识" not in text


def test_long_words_and_many_findings_stand_on_one_page(city: Library):
    """Smaller first, then without English; nothing is cut off."""
    receipt = city.receipt()
    one = receipt.report["findings"][0]
    findings = [{**one, "text": {"zh": LONG, "en": LONG}} for _ in range(12)]
    words = {"zh": LONG, "en": LONG}
    report = {**receipt.report, "findings": findings, "sentence": words, "next_step": words}
    target = replace(receipt.target, type_name="许可证" * 12, issuer_name="揭阳市某某局" * 8)
    pdf = ReceiptPage().pdf(replace(receipt, report=report, target=target))
    with pymupdf.open(stream=pdf) as document:
        assert document.page_count == 1
    assert _text(pdf).count("安全生产情况的书面报告") >= 3 * 14
