"""Orders for the demo, made of generated holders and the samples of each type's dictionary."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from api.demo.people import Dice, Person, company, name, parent, person
from api.shipped import SAMPLE_DAY, issue_list
from certlib.catalogue import HolderCategory, NumberSource, TypeVersion
from certlib.document import Form, Holder
from certlib.mandates import Capacity
from certlib.usecases.order import IssueOrder
from signing.pages.sample import sample_fields

TRANSPORT = "11100000000019713D008"
BIRTH = "11445200990090198M002"
PLANNING = "11445200990090307L001"


def _issuers() -> dict[str, str]:
    """The first body on the list of each type that issues in its own name."""
    found: dict[str, str] = {}
    for entry in issue_list():
        if entry.capacity is not Capacity.ENTRUSTED:
            found.setdefault(entry.type_code, entry.issuer_code)
    return found


ISSUERS: Final[Mapping[str, str]] = _issuers()
"""Which body issues which type in the demo."""

REVIEWERS: Final = tuple(f"demo-reviewer-{place}" for place in range(1, 6))
MAKER: Final = "demo-maker"
"""Who made what the demo's officer seals, where a type wants two persons."""
_DIVISIONS = ("445202", "445203", "445222", "445224", "445281", "445200")
_LINES = ("实业", "建设工程", "物流", "餐饮管理", "机械", "置业")
_PICTURE = 1_000  # no sample of text is as long as the smallest picture
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_DIGITS = re.compile(r"\d{1,3}$")
_SERIAL = re.compile(r"\{serial:0(\d+)\}")


@dataclass(frozen=True, slots=True)
class Term:
    """When a demo certificate counts."""

    issued: date
    valid_from: date | None = None
    valid_to: date | None = None


def order(version: TypeVersion, number: int, term: Term, *, every_form: bool = False) -> IssueOrder:
    """The `number`-th order of that type, for the original alone or for every form it has."""
    dice = Dice(f"{version.type_code}/{number}")
    division = dice.pick(_DIVISIONS)
    maker = MAKERS.get(version.type_code)
    if maker is None:
        face_number, holders, changed = _made(version, dice, number, term)
    else:
        face_number, holders, changed = maker(dice, number, term)
    return IssueOrder(
        type_code=version.type_code,
        issuer_code=ISSUERS[version.type_code],
        number=face_number.replace("{division}", division),
        holders=holders,
        issue_date=term.issued,
        division_code=division,
        fields=sample_fields(version) | changed,
        valid_from=term.valid_from,
        valid_to=term.valid_to,
        matter_name=f"{version.name}核发",
        forms=tuple(Form(kind) for kind in version.forms) if every_form else (),
        approved_by=REVIEWERS[: version.approvals],
        made_by=MAKER if version.separate_sealer else "",
    )


@dataclass(frozen=True, slots=True)
class Owner:
    """A holder of the demo, with the person behind it where it is one."""

    holder: Holder
    person: Person | None = None


def owner_of(one: Person) -> Owner:
    """The holder that a person is."""
    return Owner(Holder(one.name, "111", one.code), one)


def repeated(version: TypeVersion, owner: Owner) -> dict[str, str]:
    """The fields that say again what is known of the holder (`x-holder`)."""
    said = {"name": owner.holder.name, "code": owner.holder.code}
    if owner.person is not None:
        said |= {
            "birth": owner.person.born.isoformat(),
            "sex": "女" if owner.person.woman else "男",
        }
    return {item.key: said[item.repeats] for item in version.fields if item.repeats in said}


def sample_number(version: TypeVersion, number: int, year: int) -> str:
    """A face number as the type's own sample writes it; `{division}` stays to be filled."""
    text = version.sample_number or f"{version.type_code[-3:]}{{serial:08}}"
    text = _SERIAL.sub(lambda place: f"{number:0{int(place[1])}d}", text)
    return text.replace("{year}", str(year))


_Made = tuple[str, tuple[Holder, ...], dict[str, Any]]


def _made(version: TypeVersion, dice: Dice, number: int, term: Term) -> _Made:
    """Any type: samples, with the holder, the days, the names and the last digits made anew."""
    owners = _owners(version, dice, number)
    days = term.issued - SAMPLE_DAY
    fields = {
        key: _moved(value, days)
        for key, value in sample_fields(version).items()
        if not isinstance(value, str) or len(value) < _PICTURE
    }
    for item in version.fields:
        printed = version.schema["properties"][item.key].get("x-format")
        if printed == "name" and item.key in fields and "、" not in fields[item.key]:
            fields[item.key] = name(dice)
        elif printed == "code" and item.key in fields:
            fields[item.key] = _renumbered(fields[item.key], number)
    fields |= repeated(version, owners[0])
    issued = version.numbering.source is NumberSource.CALLER
    face_number = sample_number(version, number, term.issued.year) if issued else ""
    return face_number, tuple(owner.holder for owner in owners), fields


def _owners(version: TypeVersion, dice: Dice, number: int) -> list[Owner]:
    """One holder of the type's kind; now and then two where the type allows it."""
    count = 2 if version.max_holders > 1 and number % 2 == 0 else 1
    natural = version.holder_category is HolderCategory.PERSON or (
        version.holder_category is not HolderCategory.ORGANISATION and number % 2 == 0
    )
    return [_natural(dice) if natural else _legal(dice) for _ in range(count)]


def _natural(dice: Dice) -> Owner:
    return owner_of(parent(dice, SAMPLE_DAY, woman=dice.below(2) == 0))


def _legal(dice: Dice) -> Owner:
    title, code = company(dice, dice.pick(_LINES))
    return Owner(Holder(title, "001", code))


def _moved(value: Any, days: timedelta) -> Any:  # noqa: ANN401 - a JSON value
    """Every day in the value as far from the day of issue as the sample's is from its own."""
    match value:
        case str() if _DAY.fullmatch(value):
            return (date.fromisoformat(value) + days).isoformat()
        case list():
            return [_moved(item, days) for item in value]
        case Mapping():
            return {key: _moved(item, days) for key, item in value.items()}
        case _:
            return value


def _renumbered(text: str, number: int) -> str:
    """Another code of the same form: its last digits count."""
    return _LAST_DIGITS.sub(lambda last: f"{number % 10 ** len(last[0]):0{len(last[0])}d}", text)


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


MAKERS: Final[Mapping[str, Callable[[Dice, int, Term], _Made]]] = {
    TRANSPORT: _transport,
    BIRTH: _birth,
    PLANNING: _planning,
}
"""Types of which the demo has many, with more that differs than any type's samples tell."""
