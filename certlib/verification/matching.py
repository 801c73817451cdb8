"""Comparing what the caller wrote with the record: full-width forms, spaces and dots tolerated."""

import unicodedata
from collections.abc import Mapping, Sequence

from certlib.certificate import Certificate
from certlib.verification.holder_matching import (
    HolderThen,
    Likeness,
    code_likeness,
    holders_of,
    merger_values,
    name_likeness,
    present,
)
from certlib.verification.model import Check, Claim, Finding, Judgement, Outcome

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

_OF_HOLDERS = frozenset({"holder_name", "holder_code"})


def same_text(given: str, registered_value: str) -> bool:
    """Whether two values say the same: full-width forms, spaces, case and dots tolerated."""
    return _folded(given) == _folded(registered_value)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).upper()
    for dot in "•‧・．":
        plain = plain.replace(dot, "·")
    return "".join(plain.split())


def _registered(record: Certificate, path: str) -> tuple[str, ...]:
    """The registered values under a claim's path, holders aside; empty when there is none."""
    content = record.content
    match path:
        case "issue_date" | "valid_from" | "valid_to":
            day = getattr(content, path)
            return ("", "长期") if day is None else (day.isoformat(), day.strftime("%Y%m%d"))
        case _ if path in CORE_FIELDS:
            return (str(getattr(content, path)),)
        case _:
            value = content.fields.get(path)
            return () if value is None else (str(value),)


def match_findings(bench: Judgement, record: Certificate) -> list[Finding]:
    """Which of the caller's fields differ, or that a name or code is another than today's."""
    claims = bench.facts.claims
    if not claims:
        return []
    holders = holders_of(bench, record)
    likeness = {claim: _likeness(bench, record, holders, claim) for claim in claims}
    alike: dict[Likeness, list[str]] = {}
    for claim, found in likeness.items():
        alike.setdefault(found, []).append(claim.path)
    if Likeness.DIFFERENT in alike:
        return [_mismatch(bench, alike[Likeness.DIFFERENT])]
    if _mixed(record, holders, claims):
        return [_mismatch(bench, sorted(_OF_HOLDERS))]
    if alike.keys() <= {Likeness.SAME}:
        evidence = {"fields": [claim.path for claim in claims]}
        return [bench.finding(Check.MATCH, Outcome.PASS, "matches", evidence=evidence)]
    return [_otherwise(bench, holders, alike)]


def _otherwise(
    bench: Judgement, holders: Sequence[HolderThen], alike: Mapping[Likeness, list[str]]
) -> Finding:
    """What has become of a holder whom the caller knows by something else than the record."""
    values = present(holders)
    if Likeness.DIVIDED in alike:
        return bench.finding(Check.MATCH, Outcome.UNKNOWN, "holder-divided", values)
    if Likeness.MERGED in alike:
        values = next(merger_values(item.now) for item in holders if item.now.heirs)
        return bench.finding(Check.MATCH, Outcome.UNKNOWN, "holder-merged", values)
    code = "name-changed" if "holder_name" in alike[Likeness.CHANGED] else "code-changed"
    return bench.finding(Check.MATCH, Outcome.PASS, code, values)


def issuer_findings(bench: Judgement) -> list[Finding]:
    """A remark that the issuer has another name, or that another department stands in its place."""
    issuer = bench.facts.issuer
    if issuer is None:
        return []
    values = {"name": issuer.name, "kind": issuer.kind, "kind_en": issuer.kind_en}
    values["date"] = issuer.since.isoformat()
    return [bench.finding(Check.ISSUER_AUTHORITY, Outcome.PASS, "issuer-changed", values)]


def _likeness(
    bench: Judgement, record: Certificate, holders: Sequence[HolderThen], claim: Claim
) -> Likeness:
    if claim.path in _OF_HOLDERS:
        return max(_by_holder(record, holders, claim), default=Likeness.DIFFERENT)
    values = (*_registered(record, claim.path), *_of_issuer(bench, claim.path))
    same = any(same_text(claim.value, value) for value in values)
    return Likeness.SAME if same else Likeness.DIFFERENT


def _by_holder(record: Certificate, holders: Sequence[HolderThen], claim: Claim) -> list[Likeness]:
    """How a name or code fits each of the holders, in their order."""
    if claim.path == "holder_code":
        return [code_likeness(claim.value, holder) for holder in holders]
    former = [record.former_names, *([()] * len(holders))]  # they are the first holder's
    return [name_likeness(claim.value, *pair) for pair in zip(holders, former, strict=False)]


def _mixed(record: Certificate, holders: Sequence[HolderThen], claims: Sequence[Claim]) -> bool:
    """Whether one holder's name came with another one's code: together they are nobody's."""
    own = [_by_holder(record, holders, claim) for claim in claims if claim.path in _OF_HOLDERS]
    fits = [all(item is not Likeness.DIFFERENT for item in each) for each in zip(*own, strict=True)]
    return bool(own) and not any(fits)


def _of_issuer(bench: Judgement, path: str) -> tuple[str, ...]:
    """The issuer's present name and code are no mismatch: the remark says what became of it."""
    issuer = bench.facts.issuer
    if issuer is None:
        return ()
    return {"issuer_name": (issuer.name,), "issuer_code": (issuer.code,)}.get(path, ())


def _mismatch(bench: Judgement, differing: list[str]) -> Finding:
    titles = {**CORE_FIELDS, **bench.facts.titles}
    pairs = [titles.get(path, (path, path)) for path in differing]
    values = {
        "fields": "、".join(zh for zh, _ in pairs),
        "fields_en": ", ".join(en for _, en in pairs),
    }
    return bench.finding(Check.MATCH, Outcome.FAIL, "mismatch", values, {"fields": differing})
