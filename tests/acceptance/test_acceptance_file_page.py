"""The file page in a real browser: a known file never leaves it, nothing is sent unasked."""

import hashlib
import json
import random
import time
import urllib.error
import urllib.request
from pathlib import Path

import pymupdf
import pytest

from tests.acceptance.chromium import Chromium
from tests.acceptance.file_page_tab import Tab
from tests.unit.verdicts.offline_situations import receipt_content

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAME = "经营许可证-林晓岚.pdf"
WITHOUT_SUBTLE = "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined});"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 5000


@pytest.fixture
def node(nodes):
    """On SQLite alone: what a browser does is the same whatever stands behind."""
    return nodes("embedded")


@pytest.fixture(scope="module")
def browser():
    with Chromium() as started:
        yield started


@pytest.fixture
def original(node, tmp_path):
    found = next(iter(sorted(Path(item["path"]) for item in node.demo()["files"])))
    path = tmp_path / NAME
    path.write_bytes(found.read_bytes())
    return path


@pytest.fixture
def changed(original):
    content = bytearray(original.read_bytes())
    content[len(content) // 2] ^= 1
    path = original.with_name("改过-" + NAME)
    path.write_bytes(content)
    return path


@pytest.fixture
def opened(browser, node):
    def tab(path="/v?lang=zh", **options):
        return Tab(browser, node.url + path, **options)

    return tab


def _panel(tab, name):
    tab.until(lambda: tab.panel() == name)


def _answered(tab):
    tab.until(lambda: tab.result() or tab.panel() in ("unknown", "trouble"))


def _sent(tab):
    """An answer to a form that was sent without script."""
    tab.until(lambda: "data-result=" in tab.html() and "</footer>" in tab.html())


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("before", ["", WITHOUT_SUBTLE], ids=["subtle", "own-hash"])
def test_a_known_file_never_leaves_the_browser(node, opened, original, before):
    tab = opened(before=before)
    tab.choose(original)
    tab.until(tab.result)
    assert tab.result() == "valid"
    digest = _digest(original)
    assert "与签发登记中的文件逐字节一致。" in tab.text()
    assert digest in tab.text()
    assert NAME in tab.text(), "the browser adds the name by itself"
    assert tab.focus().startswith('<h1 tabindex="-1">有效')
    assert tab.says("location.href") == f"{node.url}/v/{digest}?lang=zh"
    asked = tab.asked()
    assert {method for method, _ in asked} == {"GET"}
    assert (("GET", f"{node.url}/v/{digest}?lang=zh")) in asked
    assert all(address.startswith(f"{node.url}/") for _, address in asked)
    assert not [address for _, address in asked if "%E7" in address]
    assert tab.complaints() == []
    tab.says("history.back()")
    tab.until(lambda: tab.scripted and tab.panel() == "" and tab.result() == "")


def test_our_own_sha256_is_sha256(opened, tmp_path):
    tab = opened(before=WITHOUT_SUBTLE)
    vectors = {
        "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "a" * 1000: hashlib.sha256(b"a" * 1000).hexdigest(),
        **{"b" * size: hashlib.sha256(b"b" * size).hexdigest() for size in (55, 56, 63, 64, 65)},
    }
    for text, digest in vectors.items():
        made = tab.says(
            f"(() => {{ const hash = Sha256.start();"
            f" hash.add(new TextEncoder().encode('{text}')); return hash.hex(); }})()"
        )
        assert made == digest
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-1.7\n" + random.Random(4).randbytes(19_000_000))
    tab.choose(large)
    _panel(tab, "unknown")
    assert [address for _, address in tab.asked() if _digest(large) in address]


def test_an_unknown_file_is_sent_only_after_asking(node, opened, changed):
    tab = opened()
    tab.choose(changed)
    _panel(tab, "unknown")
    assert "签发登记中没有与它逐字节相同的文件。" in tab.text()
    assert "不保存" in tab.text()
    assert "<h2" in tab.focus()
    assert {method for method, _ in tab.asked()} == {"GET"}
    tab.press("[data-act=send]", times=2)
    tab.until(tab.result)
    assert tab.result() == "altered"
    posts = [item for item in tab.asked() if item[0] == "POST"]
    assert posts == [("POST", f"{node.url}/v?lang=zh")], "a double press sends once"
    [sent] = [
        event["params"]["request"]
        for event in tab.events("Network.requestWillBeSent")
        if event["params"]["request"]["method"] == "POST"
    ]
    assert "林晓岚" not in sent.get("postData", "")
    assert 'filename="file.pdf"' in sent.get("postData", 'filename="file.pdf"')
    assert "不予采用" in tab.text()
    assert changed.name in tab.text()
    assert tab.says("location.href") == f"{node.url}/v?lang=zh#result"
    assert tab.focus().startswith('<h1 tabindex="-1">')
    assert tab.complaints() == []


def test_who_does_not_send_chooses_another(opened, changed, original):
    tab = opened()
    tab.choose(changed)
    _panel(tab, "unknown")
    tab.press("[data-panel=unknown] [data-act=other]")
    assert tab.panel() == ""
    assert 'id="file"' in tab.focus()
    tab.choose(original)
    tab.until(tab.result)
    assert {method for method, _ in tab.asked()} == {"GET"}


def test_without_script_the_form_says_what_it_does_and_sends(opened, changed, original):
    for path, code in ((original, "valid"), (changed, "altered")):
        tab = opened(scripts=False)
        assert "提交后文件上传到本库检查" in tab.html()
        plain = tab.call("Accessibility.getFullAXTree")["nodes"]
        names = {item.get("name", {}).get("value") for item in plain if not item.get("ignored")}
        assert "上传并核验" in names
        tab.choose(path)
        tab.press("#file-check > button")
        _sent(tab)
        assert f'data-result="{code}"' in tab.html()
        assert path.name in tab.html()


def test_a_file_is_dropped_anywhere_on_the_page(opened, original):
    tab = opened(width=1200)
    tab.drop(original)
    tab.until(tab.result)
    assert tab.result() == "valid"
    tab.drop(original)  # on the form below a result, too
    tab.until(lambda: tab.panel() == "" and tab.result() == "valid")


def test_what_is_dropped_and_is_not_one_file(opened, original, changed, tmp_path):
    tab = opened(width=1200)
    folder = tmp_path / "folder"
    folder.mkdir()
    link = {"mimeType": "text/plain", "data": "hello"}
    for files, items, said in (
        ((original, changed), (), "一次核验一个文件"),
        ((folder,), (), "这是文件夹"),
        ((), (link,), "没有收到文件"),
    ):
        tab.drop(*files, items=items)
        _panel(tab, "trouble")
        assert said in tab.text("[data-panel=trouble]")
        assert 'data-act="other"' in tab.focus()
        tab.press("[data-panel=trouble] [data-act=other]")
    assert not [address for _, address in tab.asked() if "/v/" in address]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的"),
        (JPEG, "这是图片，不是 PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "这是图片，不是 PDF"),
        (b"\x00\x00\x00\x18ftypheic" + b"x" * 99, "这是图片，不是 PDF"),
        (b"\n<!DOCTYPE html><html></html>", "这是网页，不是 PDF"),
        (b"PK\x03\x04 a document", "这不是 PDF 文件"),
        (b"%PDF-" + b"x" * 20_000_000, "文件超过 20 MB"),
    ],
    ids=["empty", "jpeg", "png", "heic", "html", "zip", "large"],
)
def test_what_is_no_certificate_is_told_here_and_asks_nobody(opened, tmp_path, content, said):
    path = tmp_path / "chosen.pdf"
    path.write_bytes(content)
    tab = opened()
    tab.choose(path)
    _panel(tab, "trouble")
    assert said in tab.text("[data-panel=trouble]")
    assert "chosen.pdf" in tab.text("[data-panel=trouble]")
    assert "重试" not in tab.text("[data-panel=trouble]")
    assert not [address for _, address in tab.asked() if "/v/" in address]


def test_a_receipt_in_json_is_examined_too(opened, tmp_path):
    """It is no PDF, and recognised wherever files are."""
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt_content(signed=False)))
    tab = opened()
    tab.choose(path)
    _panel(tab, "unknown")
    tab.press("[data-act=send]")
    tab.until(tab.result)
    assert tab.result() == "receipt-unsigned"
    assert "核验回执" in tab.text()


def test_a_file_that_is_gone_meanwhile(opened, changed):
    tab = opened()
    tab.choose(changed)
    _panel(tab, "unknown")
    other = changed.with_name("other.pdf")
    other.write_bytes(b"%PDF-1.7 " + b"x" * 3_000_000)
    tab.press("[data-panel=unknown] [data-act=other]")
    # Cut while it is chosen: what the browser reads is not what it was told.
    tab.says("window.lookAt = FileReader.prototype.readAsArrayBuffer")
    tab.says(
        "FileReader.prototype.readAsArrayBuffer = function () {"
        " setTimeout(() => this.onerror(), 1); }"
    )
    tab.choose(other)
    _panel(tab, "trouble")
    assert "可能已被移动、删除或改动" in tab.text("[data-panel=trouble]")


def _offline(tab, *, offline):
    limits = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.call("Network.emulateNetworkConditions", offline=offline, **limits)


def test_a_network_that_breaks_keeps_the_file_and_tries_again(opened, changed):
    tab = opened()
    _offline(tab, offline=True)
    tab.choose(changed)
    _panel(tab, "trouble")
    assert "网络中断" in tab.text("[data-panel=trouble]")
    assert 'data-act="retry"' in tab.focus()
    _offline(tab, offline=False)
    tab.press("[data-act=retry]")
    _panel(tab, "unknown")
    _offline(tab, offline=True)
    tab.press("[data-act=send]")
    _panel(tab, "trouble")
    assert changed.name in tab.text("[data-panel=trouble]")
    _offline(tab, offline=False)
    tab.press("[data-act=retry]")
    tab.until(tab.result)
    assert tab.result() == "altered"
    assert changed.name in tab.text()


def test_a_refusal_is_told_in_words_and_the_file_stays(node, opened, changed):
    """The rate of files is used up: the page waits with the file in its hand."""
    tab = opened()
    for _ in range(5):
        tab.choose(changed)
        _panel(tab, "unknown")
        while _post(node) != 429:
            pass
        tab.press("[data-act=send]")
        _answered(tab)
        if tab.panel() == "trouble":
            break
        tab.go(f"{node.url}/v?lang=zh")
    assert "请稍等片刻再试" in tab.text("[data-panel=trouble]")
    time.sleep(4)  # all of it is there again, for the other tests too
    tab.press("[data-act=retry]")
    tab.until(tab.result)
    assert tab.result() == "altered"


def _post(node):
    """Status of a form without a file."""
    request = urllib.request.Request(node.url + "/v", method="POST", data=b"")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_by_keyboard_alone(opened, original):
    tab = opened()
    tab.call("Page.setInterceptFileChooserDialog", enabled=True)
    for _ in range(4):
        tab.key("Tab", 9)
        if 'id="file"' in tab.focus():
            break
    assert 'id="file"' in tab.focus()
    outlined = tab.says("getComputedStyle(document.querySelector('.drop')).outlineStyle")
    assert outlined == "solid", "one sees where one is"
    tab.key("Enter", 13, "\r")
    tab.until(lambda: tab.says("1") and tab.events("Page.fileChooserOpened"))
    tab.choose(original)
    tab.until(tab.result)
    tab.key("Tab", 9)
    assert 'data-act="print"' in tab.focus()


def test_everything_that_can_be_used_has_a_name(opened, original):
    tab = opened()
    for _ in range(2):
        for item in tab.call("Accessibility.getFullAXTree")["nodes"]:
            role = item.get("role", {}).get("value")
            used = {"button", "textbox", "link", "image", "heading", "progressbar", "form"}
            if not item.get("ignored") and role in used:
                assert item["name"]["value"], item
        if tab.result():
            break
        tab.choose(original)
        tab.until(tab.result)
    assert tab.says("document.title") == "有效 · 电子证照库"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_off_on_a_narrow_phone(opened, original, changed, lang, dark, tmp_path):
    for path, panel in ((original, ""), (changed, "unknown")):
        tab = opened(f"/v?lang={lang}", width=320, dark=dark)
        _fits(tab)
        tab.choose(path)
        _answered(tab)
        assert tab.panel() == panel
        _fits(tab)
        (tmp_path / f"{lang}-{dark}-{panel}.png").write_bytes(tab.picture())


def _fits(tab):
    assert tab.says("document.documentElement.scrollWidth") <= 320
    wide = tab.says(
        "[...document.querySelectorAll('main *, .again *')].filter(item => item.checkVisibility()"
        " && item.getBoundingClientRect().right > 320.5).map(item => item.outerHTML).join('\\n')"
    )
    assert wide == ""
    small = tab.says(
        "[...document.querySelectorAll('button, .button, input[type=text]')].filter(item =>"
        " item.checkVisibility() && item.getBoundingClientRect().height < 40).length"
    )
    assert small == 0, "fingers need 40 pixels"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_print_is_one_page_that_says_all(node, opened, original, changed, lang):
    for path, sentence in (
        (original, {"zh": "文件与签发时一致", "en": "Valid and unaltered"}),
        (changed, {"zh": "文件在签发后被改动", "en": "Altered after sealing"}),
    ):
        tab = opened(f"/v?lang={lang}")
        tab.choose(path)
        _answered(tab)
        if tab.panel() == "unknown":
            tab.press("[data-act=send]")
            tab.until(tab.result)
        with pymupdf.open(stream=tab.printed()) as document:
            assert document.page_count == 1
            text = "".join(document[0].get_text().split())
        wanted = [sentence[lang], path.name, _digest(path), f"{node.url}/v", "(UTC+8)"]
        for words in wanted:
            assert "".join(words.split()) in text, words
        for words in ("选择 PDF 文件", "打印核验结果", "Choose a PDF", "Print the result"):
            assert "".join(words.split()) not in text
