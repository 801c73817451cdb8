"""`certlib preview`: a type is looked at, or told what is wrong with it, without any node."""

import json
import re
from pathlib import Path

import pymupdf
import pytest

from tests.unit.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "outdoor-advertising.json"
GUIDE = (ROOT / "docs" / "for-issuers.md").read_text("utf-8")


@pytest.mark.parametrize("form", ["original", "drawing"])
def test_a_definition_file_becomes_a_page(run: Run, tmp_path: Path, form: str):
    """Of the form asked for; the holder is nobody, the seal says demonstration."""
    out = tmp_path / "ad.pdf"
    said = run("preview", EXAMPLE, "--form", form, "--out", out, "--json")
    assert said.code == 0
    assert said.line == {"type_code": "11445200990090315F001", "files": [str(out)]}
    with pymupdf.open(out) as document:
        text = document[0].get_text()
    assert "户外广告设置许可证" in text
    assert "不具法律效力" in text


@pytest.mark.parametrize("name", ["11445200990090235U001", "营业执照（演示）"])
def test_a_shipped_type_by_code_or_name(run: Run, tmp_path: Path, name: str):
    """As a picture, too."""
    out = tmp_path / "page.png"
    assert run("preview", name, "--out", out).code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_several_pages_are_numbered(run: Run, tmp_path: Path):
    """A letter at its longest has dozens of pages."""
    given = ("preview", "11445200990090243N001", "--out", tmp_path / "report.png", "--json")
    files = run(*given).line["files"]
    assert len(files) > 1
    assert Path(files[0]).name == "report-1.png"
    assert all(Path(name).exists() for name in files)


def test_the_longest_values_are_drawn(run: Run, tmp_path: Path):
    """More text than the samples have."""
    out = tmp_path / "ad.pdf"
    sizes = []
    for more in ((), ("--extreme",)):
        assert run("preview", EXAMPLE, "--out", out, *more).code == 0
        with pymupdf.open(out) as document:
            sizes.append(len(document[0].get_text()))
    assert sizes[1] > sizes[0]


def test_every_error_of_a_definition_is_told_with_its_place(run: Run, tmp_path: Path):
    """One line each, in the language asked for."""
    broken = json.loads(EXAMPLE.read_text("utf-8"))
    broken["approvals"] = "one"
    broken["schema"]["properties"]["KZ_MJ"]["maxlength"] = broken["schema"]["properties"][
        "KZ_MJ"
    ].pop("maxLength")
    path = tmp_path / "ad.json"
    path.write_text(json.dumps(broken), "utf-8")
    said = run("preview", path, "--lang", "zh")
    assert said.code == 3
    lines = said.err.splitlines()
    assert lines[1].startswith("  /approvals：应为0至5的整数")
    assert any(line.startswith("  /schema/properties/KZ_MJ/maxlength：没有") for line in lines)
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": ', "line 1"),
        ("[1, 2]", "JSON object"),
        ("\udcff", "UTF-8"),
        ('{"name": "x"}', "/type_code"),
    ],
)
def test_files_that_are_no_definition(run: Run, tmp_path: Path, text: str, said: str):
    """A sentence, never a traceback."""
    path = tmp_path / "ad.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    answer = run("preview", path, "--lang", "en")
    assert answer.code == 3
    assert said in answer.err


def test_wrong_usage(run: Run, tmp_path: Path):
    """No such type, no such form, no such kind of picture, no such design, no such folder."""
    out = tmp_path / "page.pdf"
    assert "no file or type" in run("preview", "nobody", "--lang", "en").err
    assert "no form annex" in run("preview", EXAMPLE, "--form", "annex", "--lang", "en").err
    assert ".pdf or .png" in run("preview", EXAMPLE, "--out", "page.gif", "--lang", "en").err
    data = json.loads(EXAMPLE.read_text("utf-8")) | {"design": "no-such-design"}
    path = tmp_path / "ad.json"
    path.write_text(json.dumps(data), "utf-8")
    assert "/design" in run("preview", path, "--out", out, "--lang", "en").err
    nowhere = tmp_path / "no" / "page.pdf"
    assert "cannot be written" in run("preview", EXAMPLE, "--out", nowhere, "--lang", "en").err
    assert not out.exists()


def test_the_guides_first_type_is_sound_and_its_error_is_the_one_it_shows(run: Run, tmp_path: Path):
    """docs/for-issuers.md, minutes 1 and 2, tried as they stand there."""
    first = re.search(r"```json\n(\{.*?\n\})\n```", GUIDE, re.DOTALL)
    assert first is not None
    path = tmp_path / "ad.json"
    path.write_text(first[1], "utf-8")
    assert run("preview", path, "--out", tmp_path / "ad.png").code == 0
    path.write_text(first[1].replace("maxLength", "maxlength"), "utf-8")
    said = run("preview", path, "--lang", "zh")
    shown = re.search(r"```\n(输入有误.*?)```", GUIDE, re.DOTALL)
    assert shown is not None
    assert said.err == shown[1]


def test_the_guides_patterns_and_table_are_taken(run: Run, tmp_path: Path):
    """docs/for-issuers.md, minutes 3 to 6."""
    patterns = re.findall(r'^"pattern": (".*")$', GUIDE, re.MULTILINE)
    items = re.search(r'^"items": (\{\n.*?^\})$', GUIDE, re.DOTALL | re.MULTILINE)
    assert items is not None
    day, amount = (json.loads(text) for text in patterns)
    named = {"type": "string", "x-title-en": "x"}
    data = json.loads(EXAMPLE.read_text("utf-8"))
    data["schema"]["properties"] |= {
        "KZ_RQ": named
        | {"title": "日期", "format": "date", "x-format": "date", "pattern": day}
        | {"x-order": 901, "x-sample": "2026-03-02"},
        "KZ_JE": named
        | {"title": "金额", "maxLength": 16, "x-format": "amount", "pattern": amount}
        | {"x-order": 902, "x-sample": "1234.50"},
        "KZ_RY": named
        | {"type": "array", "title": "人员", "maxItems": 3, "x-format": "table"}
        | {"items": json.loads(items[1]), "x-order": 903, "x-sample": [{"name": "林志远"}]},
    }
    path = tmp_path / "ad.json"
    path.write_text(json.dumps(data), "utf-8")
    for more in ((), ("--extreme",)):
        said = run("preview", path, "--out", tmp_path / "page.pdf", "--lang", "en", *more)
        assert said.code == 0, said.err
