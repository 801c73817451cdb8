"""The file that declares a ceremony, read strictly: whatever it does not say would be chance."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from certlib.errors import Invalid
from certlib.key_errors import CeremonyRefused
from certlib.persons import persons
from keys import algorithms
from keys.mint import AuthorityOptions

__all__ = ["KEYS", "LIMIT", "Declaration", "DeclaredKey", "declaration_from"]

LIMIT: Final = 64 * 1024
"""Largest file that is read, octets."""
KEYS: Final = ("root", "issuing", "timestamp", "history")
"""What an authority begins with, in the order in which it is made."""

_FORMAT: Final = 1
_MOST_DAYS: Final = 20 * 365
_WITNESSES: Final = 2
_MEMBERS: Final = frozenset(
    {"format", "owner", "public_url", "held_at", "place", "persons", "crl_days", "keys"}
)
_OF_KEY: Final = frozenset({"algorithm", "role", "days"})
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


@dataclass(frozen=True, slots=True)
class DeclaredKey:
    """One key: its algorithm, what its subject is called, how many days its certificate lasts."""

    name: str
    algorithm: str
    role: str
    days: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is to be founded.

    Attributes:
        held_at: the instant from which certificates count, aware UTC.
        persons: accounts of all who are present.
        crl_days: validity of a revocation list.
    """

    owner: str
    public_url: str
    held_at: datetime
    place: str
    persons: tuple[str, ...]
    crl_days: int
    keys: tuple[DeclaredKey, ...]

    @property
    def options(self) -> AuthorityOptions:
        """The same for the mint."""
        return AuthorityOptions(self.public_url, self.owner, crl_days=self.crl_days)


def declaration_from(content: bytes) -> Declaration:
    """The declaration in a TOML file.

    Raises:
        CeremonyRefused: the first thing that is missing, unknown or impossible, and where.
    """
    if len(content) > LIMIT:
        raise _refused("", f"超过 {LIMIT} 字节", f"it has more than {LIMIT} bytes")
    try:
        found = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refused("", f"不是 TOML（{error}）", f"this is no TOML ({error})") from None
    _need_members(found, _MEMBERS, "")
    if found["format"] != _FORMAT:
        raise _refused("format", "应为 1", "it must be 1")
    declared = Declaration(
        owner=_text(found, "owner"),
        public_url=_text(found, "public_url", limit=False),
        held_at=_instant(found["held_at"]),
        place=_text(found, "place"),
        persons=_persons(found["persons"]),
        crl_days=_days(found["crl_days"], "crl_days"),
        keys=tuple(_keys(found["keys"])),
    )
    try:
        _ = declared.options
    except Invalid as error:
        raise _refused("owner, public_url", error.zh_text, error.en_text) from error
    return declared


def _keys(found: object) -> Iterator[DeclaredKey]:
    if not isinstance(found, Mapping):
        raise _refused("keys", "应为 [keys.…] 表", "tables [keys.…] are expected")
    _need_members(found, frozenset(KEYS), "keys.")
    ends: dict[str, int] = {}
    for name in KEYS:
        place, table = f"keys.{name}", found[name]
        if not isinstance(table, Mapping):
            raise _refused(place, "应为表", "a table is expected")
        _need_members(table, _OF_KEY, f"{place}.")
        if table["algorithm"] != algorithms.ECDSA_P256:
            only = algorithms.ECDSA_P256
            raise _refused(f"{place}.algorithm", f"只支持 {only}", f"only {only} is supported")
        ends[name] = _days(table["days"], f"{place}.days")
        if ends[name] > ends["root"]:
            raise _refused(f"{place}.days", "不能长于根", "it cannot outlast the root")
        yield DeclaredKey(name, algorithms.ECDSA_P256, _text(table, "role", place), ends[name])


def _need_members(found: Mapping[str, Any], wanted: frozenset[str], place: str) -> None:
    for name in sorted(wanted - found.keys()):
        raise _refused(f"{place}{name}", "缺少此项", "it is missing")
    for name in sorted(found.keys() - wanted):
        raise _refused(f"{place}{name}", "没有此项", "there is no such member")


def _text(found: Mapping[str, Any], name: str, place: str = "", *, limit: bool = True) -> str:
    value = found[name]
    where = f"{place}.{name}".lstrip(".")
    if not isinstance(value, str) or not value.strip():
        raise _refused(where, "应为文字", "text is expected")
    if limit and not _TEXT.fullmatch(value):
        raise _refused(where, "不超过64个字符且不含控制字符", "at most 64 printable characters")
    return value


def _days(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_DAYS:
        raise _refused(
            place, f"应为 1 至 {_MOST_DAYS} 的整数", f"a whole number from 1 to {_MOST_DAYS}"
        )
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _refused("held_at", "应为带时区的时间", "a time with its zone is expected")
    return value.astimezone(UTC).replace(microsecond=0)


def _persons(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    if not all(isinstance(name, str) and _TEXT.fullmatch(name) for name in names):
        raise _refused("persons", "应为账号列表", "a list of accounts is expected")
    if len(persons(names)) != len(names) or len(names) < _WITNESSES:
        raise _refused(
            "persons", "至少两名不同人员在场", "at least two different persons are present"
        )
    return tuple(names)


def _refused(place: str, told: str, told_en: str) -> CeremonyRefused:
    return CeremonyRefused(place=place or "TOML", told=told, told_en=told_en)
