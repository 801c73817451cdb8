"""A new design is one folder, a new type one data file: no design knows a field."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import pytest
from pages_orders import LICENCE, order
from pages_reading import all_words, boxes, page_sizes, squeezed, words

from certlib.catalogue import type_version_from
from signing.pages.renderer import DESIGNS_FOLDER, TypstRenderer
from signing.pages.sample import sample_order

_DESIGNS = tuple(sorted(path.parent.name for path in DESIGNS_FOLDER.glob("*/design.typ")))
_ROOT = Path(__file__).parents[3]

# A type that no file describes, with every kind of field.
_NEW_TYPE = {
    "type_code": LICENCE,
    "version": "2027.1",
    "name": "渔业船舶检验证书",
    "name_en": "Fishing Vessel Survey Certificate",
    "category": "鉴定报告",
    "face": {"holder_title": "船舶所有人", "holder_order": "1", "columns": "4"},
    "schema": {
        "type": "object",
        "required": ["KZ_CM"],
        "properties": {
            "KZ_CM": {"title": "船名", "x-title-en": "Name", "x-order": 2, "type": "string"},
            "KZ_ZD": {"title": "总吨", "x-order": 3, "x-unit": " 吨", "type": "integer"},
            "KZ_ZJ": {"title": "造价", "x-order": 4, "x-format": "amount", "type": "string"},
            "KZ_JYRQ": {"title": "检验日期", "x-order": 5, "x-format": "date", "type": "string"},
            "KZ_HG": {"title": "合格", "x-order": 6, "type": "boolean"},
            "KZ_YW": {"title": "作业类型", "x-order": 7, "type": "array", "items": {}},
            "KZ_MW": {"title": "内部编码", "x-face": False, "type": "string"},
        },
    },
}
_FIELDS = {
    "KZ_CM": "粤揭渔 10086",
    "KZ_ZD": 1288,
    "KZ_ZJ": "12345678.90",
    "KZ_JYRQ": "2026-03-09",
    "KZ_HG": True,
    "KZ_YW": ["刺网", "钓具"],
    "KZ_MW": "不上证面",
}


@pytest.mark.parametrize("design", _DESIGNS)
def test_a_new_type_needs_only_its_data(renderer, design):
    version = type_version_from(_NEW_TYPE | {"design": design})
    base = order(LICENCE)
    content = dataclasses.replace(base.content, name=version.name, fields=_FIELDS)

    pdf = renderer.render(dataclasses.replace(base, content=content, type_version=version))

    found = words(pdf)
    for text in (
        "渔业船舶检验证书", "船名", "粤揭渔10086", "1288吨", "12,345,678.90", "2026年3月9日", "是",
        "刺网", "钓具",
    ):  # fmt: skip
        assert squeezed(text) in found, text
    assert "不上证面" not in found


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_MEDIA = {"type": "string", "contentMediaType": "image/png"}

# One field of every format, with what must be found on the page.
_FORMATS = {
    "text": (_TEXT, "甲甲", "甲甲"),
    "name": (_TEXT, "乙·乙", "乙·乙"),
    "code": (_TEXT, "C-2026/7", "C-2026/7"),
    "multiline": (_TEXT, "丙丙", "丙丙"),
    "date": (_TEXT, "2026-03-09", "2026年3月9日"),
    "clock": (_TEXT, "08:05", "8时05分"),
    "amount": (_TEXT, "12345.60", "12,345.60"),
    "number": (_TEXT, "12345.6", "12345.6"),
    "capitals": (_TEXT, "1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
    "paragraphs": (_TEXTS, ["丁丁", "戊戊"], "戊戊"),
    "items": (_TEXTS, ["己己"], "己己"),
    "enclosures": (_TEXTS, ["庚庚"], "庚庚"),
    "copies": (_TEXTS, ["辛辛"], "辛辛"),
    "conclusion": (_TEXT, "壬壬", "壬壬"),
    "signer": (_TEXT, "癸癸", "癸癸"),
    "table": (
        {
            "items": {
                "properties": {"a": {"title": "子", "x-sum": "capitals"}, "b": {"title": "丑"}}
            }
        },
        [{"a": "1.50", "b": "寅寅"}],
        "壹元伍角整",
    ),
    "photograph": (_MEDIA, "sample:portrait", ""),
    "photographs": (
        {"items": {"properties": {"caption": _TEXT, "image": _MEDIA}}},
        [{"caption": "卯卯", "image": "sample:drawing"}],
        "卯卯",
    ),
}


@pytest.mark.parametrize("form", ["original", "annex", "drawing"])
@pytest.mark.parametrize("design", _DESIGNS)
def test_every_design_draws_every_format_on_every_form(renderer, design, form):
    properties = {
        f"KZ_F{place}": spec
        | {
            "title": f"栏{name}",
            "x-format": name,
            "x-order": place,
            "x-sample": sample,
            "x-forms": ["original", "annex", "drawing"],
        }
        for place, (name, (spec, sample, _)) in enumerate(_FORMATS.items())
    }
    schema = {"type": "object", "properties": properties}
    version = type_version_from(_NEW_TYPE | {"design": design, "schema": schema})
    pdf = renderer.render(sample_order(version, form=form))

    found = all_words(pdf)
    for name, (_, _, text) in _FORMATS.items():
        assert squeezed(text) in found, name
    pictures = [box for box in boxes(pdf) if box.text.startswith(("栏photograph", "卯卯"))]
    assert len(pictures) == 2


def test_a_new_design_needs_only_its_folder(tmp_path):
    designs = tmp_path / "designs"
    designs.mkdir()
    (designs / "common.typ").write_text((DESIGNS_FOLDER / "common.typ").read_text("utf-8"), "utf-8")
    (designs / "plain").mkdir()
    (designs / "plain" / "design.typ").write_text(
        '#import "../common.typ": *\n#show: certificate.with(margin: 2cm)\n'
        "#title-heading(title => title)\n#for row in face.rows { par(row.title) }\n",
        "utf-8",
    )
    base = order(LICENCE)
    version = type_version_from(_NEW_TYPE | {"design": "plain"})

    pdf = TypstRenderer(designs).render(dataclasses.replace(base, type_version=version))

    assert len(page_sizes(pdf)) == 1
    assert "检验日期" in words(pdf)


def test_no_design_names_a_field():
    for path in DESIGNS_FOLDER.rglob("*.typ"):
        assert "KZ_" not in path.read_text("utf-8")


def test_the_grounds_are_what_their_script_draws():
    path = _ROOT / "scripts" / "make_guilloche.py"
    spec = importlib.util.spec_from_file_location("make_guilloche", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_guilloche"] = module
    spec.loader.exec_module(module)

    for name, ground in module.GROUNDS.items():
        assert (DESIGNS_FOLDER / name).read_text("ascii") == ground.drawing(), name
