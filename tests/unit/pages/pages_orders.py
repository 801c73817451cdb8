"""Orders for the renderer: one good one per type, and ways to stretch it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from certlib.catalogue import TypeVersion, type_version_from
from certlib.document import Content, Holder
from certlib.ports import PageOrder

LICENCE = "11100000000019713D008"
BIRTH = "11445200990090198M002"
APPROVAL = "11445200990090307L001"
TYPE_CODES = (LICENCE, BIRTH, APPROVAL)

TYPES_FOLDER = Path(__file__).parents[3] / "certlib" / "data" / "types"

_ISSUERS = {
    LICENCE: ("11445200990090139J", "揭阳市交通运输局", "粤交运管许可揭字445200001234号"),
    BIRTH: ("11445200990090198M", "揭阳市卫生计生局", "Z445200186"),
    APPROVAL: ("11445200990090307L", "揭阳市城乡规划局", "揭规建〔2026〕118号"),
}
_COMPANY = Holder("揭阳市榕江顺达物流有限公司", "001", "91445202MA9TEXT00K")
_NEWBORN = Holder("欧阳雨禾", "999", "T20261120445202000017")


def type_version(code: str) -> TypeVersion:
    """The type version as the repository ships it."""
    return type_version_from(json.loads((TYPES_FOLDER / f"{code}.json").read_text("utf-8")))


def order(code: str, *, fields: dict[str, Any] | None = None, **changes: Any) -> PageOrder:
    """An order with the samples of the dictionary; a field set to None is left out."""
    version = type_version(code)
    samples = {item.key: item.sample for item in version.fields if item.sample is not None}
    merged = {k: v for k, v in (samples | (fields or {})).items() if v is not None}
    issuer_code, issuer_name, number = _ISSUERS[code]
    values: dict[str, Any] = {
        "type_code": code,
        "type_version": version.version,
        "name": version.name,
        "identifier": f"1.2.156.3005.2.{code}.{issuer_code}.7K3M9QX2B8D4ZT6WRA1C.001.X",
        "number": number,
        "issuer_code": issuer_code,
        "issuer_name": issuer_name,
        "issue_date": date(2026, 11, 22),
        "holders": (_NEWBORN if code == BIRTH else _COMPANY,),
        "division_code": "445200",
        "demonstration": True,
        "fields": merged,
    }
    if code == LICENCE:
        values |= {"valid_from": date(2026, 11, 22), "valid_to": date(2030, 11, 21)}
    content = Content(**(values | changes))
    return PageOrder(
        content=content,
        type_version=version,
        verify_url=f"https://zz.example.cn/v/{content.identifier}",
        attachment=content.canonical(),
    )


def required_only(code: str) -> dict[str, Any]:
    """Changes to `fields` that leave out everything optional."""
    return {item.key: None for item in type_version(code).fields if not item.required}


def filled(count: int, seed: str = "揭阳市榕城区东山街道进贤门大道与临江北路交汇处") -> str:
    """`count` characters of plausible text."""
    return (seed * (count // len(seed) + 1))[:count]


def longest(code: str) -> dict[str, Any]:
    """Every text and list field as long as the schema allows."""
    found = {}
    for key, spec in type_version(code).schema["properties"].items():
        if spec.get("x-format") in {"clock", "code", "amount"} or "enum" in spec:
            continue
        if spec["type"] == "string" and spec.get("maxLength", 0) >= 30:
            found[key] = filled(spec["maxLength"])
        elif spec["type"] == "array":
            found[key] = [_longest_item(spec["items"], i) for i in range(spec["maxItems"])]
    return found


def _longest_item(item: dict[str, Any], at: int) -> Any:
    if item["type"] == "string":
        return filled(item["maxLength"], f"第{at + 1}条原则同意该项目方案并应当严格执行；")
    values = {"name": 40, "floors": 20}
    return {
        key: filled(values[key], "综合配套楼地下室") if key in values else "12345678.12"[-8:]
        for key in item["properties"]
    } | {"height": "123.45", "area": "123456789.12"}


LONG_COMPANY = "粤港澳大湾区揭阳市榕江新城国际综合保税区跨境冷链物流与多式联运供应链管理服务集团（揭阳）股份有限公司普宁市流沙东街道第一分公司"
LONG_ISSUER = "揭阳市大南海石化工业区管理委员会行政审批和政务服务数据管理局交通窗口"
UYGHUR = "阿卜杜热西提·艾合麦提江·买买提吐尔逊"
RARE_A = "㐂㛃"
RARE_B = "𠀀𫟅𬱖"
