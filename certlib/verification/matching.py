"""Comparing what the caller wrote with the record: full-width forms, spaces and dots tolerated."""

import unicodedata

from certlib.certificate import Certificate
from certlib.holders import mask_name
from certlib.verification.model import Check, Finding, Judgement, Outcome

CORE_FIELDS = {
    "holder_name": ("持证主体", "holder's name"),
    "holder_code": ("持证主体代码", "holder's code"),
    "number": ("证照编号", "number"),
    "name": ("证照名称", "certificate name"),
    "issuer_name": ("颁发机构", "issuer"),
    "issuer_code": ("颁发机构代码", "issuer's code"),
    "type_code": ("证照类型代码", "type code"),
    "issue_date": ("颁发日期", "issue date"),
    "valid_from": ("有效期起始日期", "valid from"),
    "valid_to": ("有效期截止日期", "valid to"),
}
"""Claim paths outside the extended metadata, with their titles."""


def same_text(given: str, registered_value: str) -> bool:
    """Whether two values say the same: full-width forms, spaces, case and dots tolerated."""
    return _folded(given) == _folded(registered_value)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).upper()
    for dot in "•‧・．":
        plain = plain.replace(dot, "·")
    return "".join(plain.split())


def registered(record: Certificate, path: str) -> tuple[str, ...]:
    """The registered values under a claim's path; empty when there is none."""
    content = record.content
    match path:
        case "holder_name":
            return tuple(holder.name for holder in content.holders)
        case "holder_code":
            return tuple(holder.code for holder in content.holders)
        case "issue_date" | "valid_from" | "valid_to":
            day = getattr(content, path)
            return ("", "长期") if day is None else (day.isoformat(), day.strftime("%Y%m%d"))
        case _ if path in CORE_FIELDS:
            return (str(getattr(content, path)),)
        case _:
            value = content.fields.get(path)
            return () if value is None else (str(value),)


def match_findings(bench: Judgement, record: Certificate) -> list[Finding]:
    """Which of the caller's fields differ, or that the name is a former one."""
    if not bench.facts.claims:
        return []
    differing, former = [], False
    for claim in bench.facts.claims:
        if any(same_text(claim.value, value) for value in registered(record, claim.path)):
            continue
        former_name = claim.path == "holder_name" and any(
            same_text(claim.value, name) for name in record.former_names
        )
        former = former or former_name
        if not former_name:
            differing.append(claim.path)
    if differing:
        return [_mismatch(bench, differing)]
    if former:
        # Whoever knows a former name is not told a person's present one in full.
        names = (mask_name(holder.name, holder.code_type) for holder in record.content.holders)
        values = {"name": "、".join(names)}
        return [bench.finding(Check.MATCH, Outcome.PASS, "name-changed", values)]
    evidence = {"fields": [claim.path for claim in bench.facts.claims]}
    return [bench.finding(Check.MATCH, Outcome.PASS, "matches", evidence=evidence)]


def _mismatch(bench: Judgement, differing: list[str]) -> Finding:
    titles = {**CORE_FIELDS, **bench.facts.titles}
    pairs = [titles.get(path, (path, path)) for path in differing]
    values = {
        "fields": "、".join(zh for zh, _ in pairs),
        "fields_en": ", ".join(en for _, en in pairs),
    }
    return bench.finding(Check.MATCH, Outcome.FAIL, "mismatch", values, {"fields": differing})
