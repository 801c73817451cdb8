"""Orders of the three demo types, made of generated holders and the types' own samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.demo.people import Dice, company, name, parent, person
from certlib.catalogue import TypeVersion
from certlib.document import Holder
from certlib.usecases.order import IssueOrder

TRANSPORT = "11100000000019713D008"
BIRTH = "11445200990090198M002"
PLANNING = "11445200990090307L001"

ISSUERS: Mapping[str, str] = {
    TRANSPORT: "11445200990090139J",
    BIRTH: "11445200990090198M",
    PLANNING: "11445200990090307L",
}
"""Which department issues which demo type."""

_DIVISIONS = ("445202", "445203", "445222", "445224", "445281", "445200")


@dataclass(frozen=True, slots=True)
class Term:
    """When a demo certificate counts."""

    issued: date
    valid_from: date | None = None
    valid_to: date | None = None


def order(version: TypeVersion, number: int, term: Term) -> IssueOrder:
    """The `number`-th order of that type."""
    dice = Dice(f"{version.type_code}/{number}")
    maker = {TRANSPORT: _transport, BIRTH: _birth, PLANNING: _planning}[version.type_code]
    face_number, holders, changed = maker(dice, number, term)
    fields = {item.key: item.sample for item in version.fields if item.sample is not None}
    fields.update(changed)
    return IssueOrder(
        type_code=version.type_code,
        issuer_code=ISSUERS[version.type_code],
        number=face_number,
        holders=holders,
        issue_date=term.issued,
        division_code=dice.pick(_DIVISIONS),
        fields=fields,
        valid_from=term.valid_from,
        valid_to=term.valid_to,
        matter_name=f"{version.name}核发",
    )


_Made = tuple[str, tuple[Holder, ...], dict[str, Any]]


def _transport(dice: Dice, number: int, term: Term) -> _Made:
    title, code = company(dice, "运输")
    scopes = (
        "道路普通货物运输",
        "道路普通货物运输；货物专用运输（集装箱）",
        "县际班车客运；市际包车客运",
        "道路普通货物运输；货物专用运输（集装箱、冷藏保鲜）；大型物件运输（一类）；国际道路货物运输",
    )
    fields = {
        "KZ_FDDBR": name(dice),
        "KZ_DZ": f"广东省揭阳市榕城区临江北路 {dice.below(300) + 1} 号",
        "KZ_JYFW": dice.pick(scopes),
        "KZ_CLS": dice.below(80) + 3,
        "KZ_CCHZRQ": (term.issued - timedelta(days=dice.below(2000))).isoformat(),
        "KZ_XKJDSWH": f"揭交运许〔{term.issued.year}〕{number} 号",
    }
    face_number = f"粤交运管许可揭字 4452{number:08d} 号"
    return face_number, (Holder(title, "001", code),), fields


def _birth(dice: Dice, number: int, term: Term) -> _Made:
    mother = parent(dice, term.issued, woman=True)
    father = parent(dice, term.issued, woman=False)
    family = father.name[:2] if father.name[:2] in {"欧阳", "司徒", "上官", "诸葛"} else ""
    born = term.issued - timedelta(days=dice.below(12) + 1)
    surname = family or ("" if "·" in father.name else father.name[0])
    child = person(dice, born, surname=surname, division=dice.pick(_DIVISIONS[:5]))
    home = f"广东省揭阳市榕城区望江北路 {dice.below(200) + 1} 号 {dice.below(20) + 1} 栋"
    fields = {
        "KZ_XB": "女" if child.woman else "男",
        "KZ_CSRQ": born.isoformat(),
        "KZ_CSSJ": f"{dice.below(24):02d}:{dice.below(60):02d}",
        "KZ_CSTZ": 2600 + dice.below(1500),
        "KZ_MQXM": mother.name,
        "KZ_MQNL": _age(mother.born, born),
        "KZ_MQZJHM": mother.code,
        "KZ_MQZZ": home,
        "KZ_FQXM": father.name,
        "KZ_FQNL": _age(father.born, born),
        "KZ_FQZJHM": father.code,
        "KZ_FQZZ": home,
    }
    return f"Z44{number:07d}", (Holder(child.name, "111", child.code),), fields


def _planning(dice: Dice, number: int, term: Term) -> _Made:
    title, code = company(dice, "置业")
    holders = [Holder(title, "001", code)]
    if dice.below(4) == 0:
        other, other_code = company(dice, "建设投资")
        holders.append(Holder(other, "001", other_code))
    fields = {
        "KZ_XMMC": f"{title.removesuffix('有限公司')}综合楼{number}号工程",
        "KZ_JSWZ": f"揭阳市榕城区环市南路 {dice.below(900) + 1} 号地块",
    }
    return f"揭规建许〔{term.issued.year}〕{number} 号", tuple(holders), fields


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
