"""What differs between two versions of a type, told so that an officer can act on it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_FIELDS = "/schema/properties/"
_NAMES: Mapping[str, tuple[str, str]] = {
    "name": ("证照名称", "name"),
    "design": ("版式", "design"),
    "term_years": ("有效期限", "term of validity"),
    "max_holders": ("持证主体人数上限", "most holders"),
    "holder_category": ("持证主体类别", "holder category"),
    "approvals": ("审核人数", "approvals"),
    "separate_sealer": ("签发人分离", "separate sealer"),
    "forms": ("证照形式", "forms"),
    "numbering": ("编号规则", "numbering"),
    "duties": ("周期性义务", "periodic duties"),
    "seal_level": ("签章级别", "seal level"),
    "paper": ("纸质证照", "paper twin"),
    "consent": ("共有人同意规则", "consent of several holders"),
    "face": ("版面文字", "wording of the face"),
    "schema": ("字段字典", "dictionary"),
}


class Kind(StrEnum):
    """What happened to a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs.

    Attributes:
        path: JSON pointer into the definition (RFC 6901).
        narrowing: data that was good before may be refused now.
    """

    path: str
    kind: Kind
    before: Any
    after: Any
    zh: str
    en: str
    narrowing: bool


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every leaf that differs between two definitions, in the order of their paths.

    `version` differs always and is left out.
    """
    titles = {**_titles(before), **_titles(after)}
    found = [
        _told(path, old, new, titles)
        for path, old, new in _leaves("", before, after)
        if path != "/version"
    ]
    return sorted(found, key=lambda item: item.path)


_ABSENT = object()


def _leaves(path: str, old: object, new: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not _is_field(path):
        for key in sorted({*old, *new}):
            inner = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from _leaves(inner, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if old.get(key, _ABSENT) != new.get(key, _ABSENT):
                yield f"{path}/{key}", old.get(key, _ABSENT), new.get(key, _ABSENT)
    elif old != new:
        yield path, old, new


def _is_field(path: str) -> bool:
    """A field's own rules are told one level deep: nested schemas are one value each."""
    return path.startswith(_FIELDS) and "/" not in path.removeprefix(_FIELDS)


def _told(path: str, old: object, new: object, titles: Mapping[str, str]) -> Difference:
    kind = Kind.ADDED if old is _ABSENT else Kind.REMOVED if new is _ABSENT else Kind.CHANGED
    zh, en = _subject(path, titles)
    verb_zh, verb_en = {
        Kind.ADDED: ("新增", "added"),
        Kind.REMOVED: ("删除", "removed"),
        Kind.CHANGED: ("变更", "changed"),
    }[kind]
    return Difference(
        path=path,
        kind=kind,
        before=None if old is _ABSENT else old,
        after=None if new is _ABSENT else new,
        zh=f"{zh}：{verb_zh}。",
        en=f"{en}: {verb_en}.",
        narrowing=_narrows(path, kind, old, new),
    )


def _subject(path: str, titles: Mapping[str, str]) -> tuple[str, str]:
    if path == "/schema/required":
        return "必填字段", "required fields"
    if path.startswith(_FIELDS):
        key, _, rule = path.removeprefix(_FIELDS).partition("/")
        title = titles.get(key, key)
        return (f"字段“{title}”" + (f"的 {rule}" if rule else "")), f"field {key} {rule}".strip()
    top, _, rest = path.removeprefix("/").partition("/")
    zh, en = _NAMES.get(top, (top, top))
    return (f"{zh} {rest}".strip(), f"{en} {rest}".strip())


_UPPER = frozenset({"maxLength", "maximum", "maxItems"})
_LOWER = frozenset({"minLength", "minimum", "minItems"})
_SHAPE = frozenset({"pattern", "format", "type", "items"})


def _narrows(path: str, kind: Kind, old: object, new: object) -> bool:
    if path == "/schema/required":
        return bool(_as_set(new) - _as_set(old))
    if path.startswith(_FIELDS):
        rule = path.removeprefix(_FIELDS).partition("/")[2]
        return _rule_narrows(rule, kind, old, new)
    return path in ("/max_holders", "/holder_category")


def _rule_narrows(rule: str, kind: Kind, old: object, new: object) -> bool:
    if not rule:
        return kind is Kind.REMOVED  # data that still holds the field is refused
    if rule in _UPPER:
        return kind is Kind.ADDED or _less(new, old)
    if rule in _LOWER:
        return kind is Kind.ADDED or _less(old, new)
    if rule == "enum":
        return kind is Kind.ADDED or bool(_as_set(old) - _as_set(new))
    return rule in _SHAPE


def _less(one: object, other: object) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one < other


def _as_set(value: object) -> set[str]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return {str(item) for item in listed}


def _titles(definition: Mapping[str, Any]) -> dict[str, str]:
    properties = definition.get("schema", {}).get("properties", {})
    return {key: str(spec.get("title", key)) for key, spec in properties.items()}
