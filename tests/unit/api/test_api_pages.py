"""The page: one sentence in one colour, the next step, both languages, nobody's penalty."""

import json
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from certlib.catalogue import type_version_from
from certlib.document import Holder
from certlib.errors import StoreUnavailable
from certlib.registry import IssueListEntry
from certlib.usecases.order import IssueRequest
from certlib.verdicts import SENTENCES
from tests.unit.api.api_world import DECISION
from tests.unit.usecases.house import CALLER, definition, order

UNKNOWN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"


class _Outline(HTMLParser):
    """Collects what a page refers to, and checks that it closes what it opens."""

    _VOID = frozenset({"meta", "link", "input", "br", "path", "circle"})

    def __init__(self):
        super().__init__()
        self.open, self.references, self.attributes, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.references += [value for name, value in attrs if name in {"href", "src", "action"}]
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self._VOID:
            assert self.open.pop() == tag


def _outline(text):
    made = _Outline()
    made.feed(text)
    assert made.open == []
    return made


def _page(world, identifier, query="?lang=zh", **headers):
    return world.browser.get(f"/v/{identifier}{query}", headers=headers)


def _heading(answer):
    return re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL).group(1)


def test_a_valid_certificate(world):
    identifier = world.issued()
    answer = _page(world, identifier)
    assert answer.status_code == 200
    assert 'class="card verdict ok"' in answer.text
    assert _heading(answer) == "登记有效（未核验文件）。"
    for shown in (
        "测试类型008",
        "揭阳市交通运输局",
        "揭阳市示例运输有限公司",
        "2030-11-19",
        "下一步",
        "演示",
    ):
        assert shown in answer.text
    assert "2026-11-22 10:00:00" in answer.text


def test_a_revoked_one_without_details_of_the_penalty(world):
    identifier = world.issued()
    world.act(identifier, "revoke")
    answer = _page(world, identifier)
    assert answer.status_code == 200
    assert 'class="card verdict bad"' in answer.text
    assert _heading(answer) == "已吊销：因行政处罚失效。"
    assert DECISION["document_number"] not in answer.text


@pytest.mark.parametrize(
    ("identifier", "heading"),
    [
        (UNKNOWN, SENTENCES["not-found"].zh),
        ("nonsense", "标识有误：不符合编码规则。"),
        (UNKNOWN[:-1] + "9", "标识有误：不符合编码规则。"),
        ("a/b/c", "标识有误：不符合编码规则。"),
        ("%00", "标识有误：不符合编码规则。"),
        ("445221198501010019", "标识有误：不符合编码规则。"),
    ],
)
def test_what_is_not_on_record_is_404_and_no_accusation(world, identifier, heading):
    answer = _page(world, identifier)
    assert answer.status_code == 404
    assert 'class="card verdict wait"' in answer.text
    assert _heading(answer) == heading
    assert "445221198501010019" not in answer.text


def test_a_superseded_version_leads_to_the_current_one(world):
    old = world.issued()
    new = world.issued("k-2", number="n-2", supersedes=old, supersede_reason="renewal")
    answer = _page(world, old)
    assert f'href="/v/{new}?lang=zh"' in answer.text


def test_persons_are_masked(world):
    kind = f"{CALLER.department_code}009"
    data = definition(kind, holder_category="person")
    with world.house.registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(kind, CALLER.department_code, date(2020, 1, 1)))
        uow.commit()
    holder = Holder("王小明", "111", "445221198501010019")
    request = IssueRequest(order(type_code=kind, holders=(holder,)), "k-p")
    answer = _page(world, world.house.issue.issue_one(CALLER, request).identifier)
    assert "王**" in answer.text
    assert "王小明" not in answer.text
    assert "445221198501010019" not in answer.text


@pytest.mark.parametrize(
    ("query", "accept", "lang"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("", "fr,zh-CN;q=0.8,en;q=0.7", "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=zh", "en", "zh-CN"),
        ("?lang=xx", "", "zh-CN"),
    ],
)
def test_language(world, query, accept, lang):
    answer = _page(world, UNKNOWN, query, **{"Accept-Language": accept})
    assert f'<html lang="{lang}">' in answer.text
    # Both languages are complete in the verdict, whichever leads.
    assert SENTENCES["not-found"].zh in answer.text
    assert SENTENCES["not-found"].next_en in answer.text


def test_nothing_leaves_the_site_and_no_script_but_our_own_runs(world):
    for answer in (_page(world, world.issued()), world.browser.get("/v"), _page(world, "x")):
        outline = _outline(answer.text)
        assert all(reference.startswith("/") for reference in outline.references)
        assert not {"iframe", "style", "img", "object"} & set(outline.tags)
        scripts = re.findall(r"<script(.*?)>(.*?)</script>", answer.text, re.DOTALL)
        assert len(scripts) == outline.tags.count("script") == 2
        for attributes, content in scripts:
            assert re.fullmatch(r' src="/static/[a-z0-9-]+\.js\?v=[0-9a-f]{12}" defer', attributes)
            assert content == ""
        assert not [name for name in outline.attributes if name.startswith("on") or name == "style"]
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'")
        assert "script-src 'self'; connect-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_what_was_typed_cannot_become_markup(world):
    answer = _page(world, "<script>alert(1)</script>")
    assert "alert(" not in answer.text
    typed = UNKNOWN.replace("1.2", "<b>", 1)
    assert "<b>" not in _page(world, typed).text


def test_the_form_leads_to_the_page(world):
    typed = f"  {UNKNOWN.lower()}。 "
    answer = world.browser.ask("GET", "/v", params={"identifier": typed, "lang": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{UNKNOWN}?lang=en")
    assert world.browser.get("/").headers["location"] == "/v"
    assert "<form" in world.browser.get("/v").text
    hostile = world.browser.ask("GET", "/v", params={"identifier": "//evil.example\r\nX: y"})
    assert hostile.headers["location"].startswith("/v/%2F%2F")


def test_style_and_icon_are_kept_for_a_year_under_their_content(world):
    text = world.browser.get("/v").text
    for address in re.findall(r'"(/static/[^"]+)"', text):
        answer = world.browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert world.browser.get("/static/other.css").status_code == 404
    assert world.browser.get("/static/..%2Fpages.py").status_code == 404


def test_the_style_asks_for_nothing_from_outside(world):
    style = world.browser.get("/static/site.css").text
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one, other):
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_what_it_lies_on(world):
    """4.5 to 1 (WCAG 2.2, 1.4.3), by day, by night and on paper."""
    style = world.browser.get("/static/site.css").text
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", found))
        for found in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(themes) == 3
    day = themes[0]
    for theme in ({**day, **found} for found in themes):
        washes = [theme[f"{tone}-wash"] for tone in ("ok", "bad", "wait")]
        for text, grounds in (
            ("ink", [theme["page"], theme["card"], *washes]),
            ("soft", [theme["page"], theme["card"], *washes]),
            ("accent", [theme["page"], theme["card"]]),
            ("on-accent", [theme["accent"]]),
            ("ok", [theme["ok-wash"], theme["card"]]),
            ("bad", [theme["bad-wash"], theme["card"]]),
            ("wait", [theme["wait-wash"], theme["card"]]),
        ):
            for ground in grounds:
                assert _contrast(theme[text], ground) >= 4.5, (text, theme[text], ground)


def test_colour_is_never_alone(world):
    """Icon, word and sentence say it too: for readers who see no difference of colours."""
    identifier = world.issued()
    good = _page(world, identifier).text
    world.act(identifier, "revoke")
    bad = _page(world, identifier).text
    assert 'aria-label="有效"' in good
    assert 'aria-label="不予采用"' in bad
    assert good.split("<path", 1)[1][:60] != bad.split("<path", 1)[1][:60]


def test_a_registry_that_is_down_is_no_verdict_against_it(world, monkeypatch):
    def down():
        raise StoreUnavailable(what="x")

    identifier = world.issued()
    monkeypatch.setattr(world.house.registry, "read", down)
    answer = _page(world, identifier)
    assert answer.status_code == 503
    assert 'class="card verdict wait"' in answer.text
