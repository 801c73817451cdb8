"""Pages of a type without any node: its samples, or its longest values, in the real designs."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from api.demo.orders import ISSUERS, MAKERS, Owner, Term, order, owner_of, repeated, sample_number
from api.demo.people import Dice, company, person
from api.shipped import SAMPLE_DAY, departments
from certlib import ids
from certlib.catalogue import HolderCategory, NumberSource, TypeVersion
from certlib.document import Holder
from certlib.ports import PageOrder
from signing.pages.renderer import TypstRenderer
from signing.pages.sample import sample_fields, sample_order

__all__ = ["longest_fields", "preview_images", "preview_order", "preview_pdf"]

_DIVISION: Final = "445202"
_SERIAL: Final = "00000000000000SAMPLE"
_FILLING: Final = "揭阳市榕城区东山街道进贤门大道与临江北路交汇处"
_LONG_COMPANY: Final = (
    "粤港澳大湾区揭阳市榕江新城国际综合保税区跨境冷链物流与多式联运供应链管理服务集团"
    "（揭阳）股份有限公司普宁市流沙东街道第一分公司"
)
_LONG_PERSON: Final = "阿卜杜热西提·艾合麦提江·买买提吐尔逊"
_LONG_AMOUNT: Final = "9999999.99"
_MOST_HOLDERS: Final = 3


def preview_pdf(version: TypeVersion, form: str = "original", *, extreme: bool = False) -> bytes:
    """The unsealed page.

    Raises:
        FaceOverflow, NotFound, Corrupt, Invalid: as `signing.pages.renderer.TypstRenderer`.
    """
    return TypstRenderer().render(preview_order(version, form, extreme=extreme))


def preview_images(
    version: TypeVersion, form: str = "original", *, extreme: bool = False, ppi: float = 96
) -> list[bytes]:
    """The pages as PNG; raises as `preview_pdf` does."""
    return TypstRenderer().preview(preview_order(version, form, extreme=extreme), ppi)


def preview_order(
    version: TypeVersion, form: str = "original", *, extreme: bool = False
) -> PageOrder:
    """An order for the page, of samples or of the longest values; always a demonstration."""
    issuer_code = ISSUERS.get(version.type_code, version.defining_body_code)
    names = {item.credit_code: item.name for item in departments()}
    fields, owners = _longest(version) if extreme else _sampled(version)
    return sample_order(
        version,
        form=form,
        fields=fields,
        holders=tuple(owner.holder for owner in owners),
        number=_number(version),
        issuer_code=issuer_code,
        issuer_name=names.get(issuer_code, version.defining_body),
        identifier=str(ids.build(version.type_code, issuer_code, _SERIAL, 1)),
    )


def longest_fields(version: TypeVersion) -> dict[str, Any]:
    """Each field as long as its dictionary allows; totals fit their tables, pictures stay."""
    samples = sample_fields(version)
    specs: Mapping[str, Any] = version.schema["properties"]
    found = {key: _longest_value(spec, samples.get(key)) for key, spec in specs.items()}
    for key, spec in specs.items():
        if "x-sum-of" in spec:
            table, _, column = spec["x-sum-of"].partition("/")
            found[key] = str(sum(Decimal(row[column]) for row in found[table]))
    return found


def _sampled(version: TypeVersion) -> tuple[dict[str, Any], list[Owner]]:
    if version.type_code in MAKERS:
        made = order(version, 1, Term(SAMPLE_DAY))
        return dict(made.fields), [Owner(holder) for holder in made.holders]
    owner = _owner(version)
    return repeated(version, owner), [owner]


def _owner(version: TypeVersion) -> Owner:
    """Somebody whom the samples fit: born on the day they say, a man or a woman as they say."""
    dice = Dice(version.type_code)
    if version.holder_category is not HolderCategory.PERSON:
        title, code = company(dice, "实业")
        return Owner(Holder(title, "001", code))
    said = {item.repeats: item.sample for item in version.fields if item.repeats}
    born = date.fromisoformat(said.get("birth", "1985-01-01"))
    woman = said.get("sex") == "女"
    return owner_of(person(dice, born, surname="林", division=_DIVISION, woman=woman))


def _longest(version: TypeVersion) -> tuple[dict[str, Any], list[Owner]]:
    one = _owner(version)
    long_name = _LONG_PERSON if one.person is not None else _LONG_COMPANY
    long = Owner(Holder(long_name, one.holder.code_type, one.holder.code))
    return longest_fields(version), [long] * min(version.max_holders, _MOST_HOLDERS)


def _number(version: TypeVersion) -> str:
    if version.numbering.source is NumberSource.NONE:
        return ""
    return sample_number(version, 118, SAMPLE_DAY.year).replace("{division}", _DIVISION)


def _longest_value(spec: Mapping[str, Any], sample: Any) -> Any:  # noqa: ANN401 - a JSON value
    match spec["type"]:
        case "integer":
            return spec["maximum"]
        case "boolean":
            return True
        case "array":
            return _longest_list(spec, sample)
        case _:
            return _longest_text(spec, sample)


def _longest_list(spec: Mapping[str, Any], sample: Any) -> list[Any]:  # noqa: ANN401
    items, count = spec["items"], spec["maxItems"]
    if spec.get("uniqueItems"):
        return sorted(items["enum"], key=len, reverse=True)[:count]
    if items["type"] != "object":
        return [_longest_value(items, (sample or [""])[0]) for _ in range(count)]
    first = (sample or [{}])[0]
    row = {
        key: _LONG_AMOUNT if "x-sum" in column and column["type"] == "string"
        else _longest_value(column, first.get(key))
        for key, column in items["properties"].items()
    }  # fmt: skip
    return [row] * count


def _longest_text(spec: Mapping[str, Any], sample: Any) -> str:  # noqa: ANN401
    """The widest text that the rules allow; where they are narrow, the sample."""
    if "enum" in spec:
        return str(max(spec["enum"], key=len))
    if "contentMediaType" in spec or "maxLength" not in spec:
        return str(sample or _day_of(spec))
    most = spec["maxLength"]
    filling = (_FILLING * (most // len(_FILLING) + 1))[:most]
    whole = "9" * (most - 3)
    tried = (filling, "W" * most, "8" * most, f"{whole}.99"[:most], "99999999.99"[:most])
    fits = re.compile(spec.get("pattern", ""))
    return next((str(text) for text in tried if fits.search(text)), str(sample or ""))


def _day_of(spec: Mapping[str, Any]) -> str:
    return SAMPLE_DAY.isoformat() if spec.get("format") == "date" else ""
