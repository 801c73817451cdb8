"""A new design is one folder, a new type one data file: no design knows a field."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import pytest
from pages_orders import LICENCE, order
from pages_reading import page_sizes, squeezed, words

from certlib.catalogue import type_version_from
from signing.pages.renderer import DESIGNS_FOLDER, TypstRenderer

_DESIGNS = ("licence-landscape", "proof-bilingual", "approval-document")
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
