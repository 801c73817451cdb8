"""A receipt on the public page: never under a word that a certificate would get."""

import re

import pytest

from tests.unit.verdicts.offline_situations import receipt

BROWSER = {"Accept": "text/html", "Accept-Language": "zh-CN"}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (receipt(), "核验回执完好"),
        (receipt(signatures=(), signed=False), "未经签章"),
    ],
    ids=["sealed", "unsealed"],
)
def test_the_word_above_it_is_no_certificates(world, monkeypatch, file, said):
    """What was answered then stands in the sentence; 有效 never stands above it."""
    free = world.again(rate_upload=0.0)
    monkeypatch.setattr(free.house.reader, "read", lambda _: file)
    sent = {"file": ("a.pdf", b"%PDF", "application/pdf")}
    answer = free.browser.post("/v?lang=zh", files=sent, headers=BROWSER)
    assert answer.status_code == 200
    assert re.findall(r'<p class="word">(.*?)</p>', answer.text) == ["核验回执"]
    assert "<title>有效" not in answer.text
    assert said in answer.text
