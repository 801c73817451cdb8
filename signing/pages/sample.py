"""Sample orders: a type version with the samples of its dictionary, ready for any renderer.

The certificate is a demonstration of nobody's; a preview and the layout tests draw it.
"""

import base64
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from certlib.catalogue import HolderCategory, NumberSource, TypeVersion
from certlib.document import Content, Holder
from certlib.ports import PageOrder

__all__ = ["sample_fields", "sample_order"]

_FOLDER: Final = Path(__file__).parent / "samples"
_PREFIX: Final = "sample:"
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png"}
_SHIPPED: Final = frozenset(path.name for path in _FOLDER.iterdir())
_ISSUE_DATE: Final = date(2026, 11, 22)
_COMPANY: Final = Holder("揭阳市榕江顺达物流有限公司", "001", "91445202MA9TEXT00K")
_PERSON: Final = Holder("欧阳明远", "111", "445202199703150019")


def sample_fields(version: TypeVersion) -> dict[str, Any]:
    """The samples of the dictionary; `sample:portrait` and the like become pictures."""
    specs = version.schema.get("properties", {})
    return {
        item.key: _with_pictures(specs[item.key], item.sample)
        for item in version.fields
        if item.sample is not None
    }


def sample_order(
    version: TypeVersion,
    *,
    form: str = "original",
    fields: Mapping[str, Any] | None = None,
    public_url: str = "https://zz.example.cn",
    **changes: Any,
) -> PageOrder:
    """An order for the page of `version`.

    Args:
        version: the type version; it need not be published.
        form: 正本 `original`, 副本 `duplicate`, 附页 `annex` or 附图 `drawing`.
        fields: in place of the samples; None leaves a field out.
        public_url: what the QR code leads to.
        changes: elements of the content that differ (`issuer_name`, `holders`, `number`, …).
    """
    merged = sample_fields(version) | dict(fields or {})
    person = version.holder_category is HolderCategory.PERSON
    values: dict[str, Any] = {
        "type_code": version.type_code,
        "type_version": version.version,
        "name": version.name,
        "identifier": (
            f"1.2.156.3005.2.{version.type_code}.11445200000000000X.7K3M9QX2B8D4ZT6WRA1C.001.X"
        ),
        "number": "揭样〔2026〕00118号",
        "issuer_code": "11445200000000000X",
        "issuer_name": _issuer(version.defining_body),
        "issue_date": _ISSUE_DATE,
        "holders": (_PERSON if person else _COMPANY,),
        "division_code": "445200",
        "decision_number": "揭样许〔2026〕118号",
        "decision_date": date(2026, 11, 20),
        "form": form,
        "copy_number": 0 if form == "original" else 1,
        "demonstration": True,
        "fields": {key: value for key, value in merged.items() if value is not None},
    }
    if version.term_years:
        end = _ISSUE_DATE.replace(year=_ISSUE_DATE.year + version.term_years, day=21)
        values |= {"valid_from": _ISSUE_DATE, "valid_to": end}
    values |= changes
    if version.numbering.source is NumberSource.NONE:
        values["number"] = ""  # whatever was asked for: such a type has none
    content = Content(**values)
    return PageOrder(
        content=content,
        type_version=version,
        verify_url=f"{public_url}/v/{content.identifier}",
        attachment=content.canonical(),
    )


def _issuer(defining_body: str) -> str:
    """The city's department for what a ministry defines (交通运输部: 揭阳市交通运输局)."""
    if defining_body.endswith("部"):
        return f"揭阳市{defining_body.removesuffix('部')}局"
    return defining_body or "揭阳市样例局"


def _with_pictures(spec: Mapping[str, Any], sample: object) -> object:
    if isinstance(sample, str) and sample.startswith(_PREFIX):
        ending = _ENDINGS.get(spec.get("contentMediaType", ""), "")
        name = f"{sample.removeprefix(_PREFIX)}.{ending}"
        # A type may name what is not there, or a place that is none of its business.
        if name not in _SHIPPED:
            return sample
        return base64.b64encode((_FOLDER / name).read_bytes()).decode("ascii")
    if isinstance(sample, list):
        return [_with_pictures(spec.get("items", {}), item) for item in sample]
    if isinstance(sample, Mapping):
        specs = spec.get("properties", {})
        return {key: _with_pictures(specs.get(key, {}), item) for key, item in sample.items()}
    return sample
