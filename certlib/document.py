"""A certificate's content: metadata and extended metadata (GB/T 36903), one canonical form.

The canonical JSON stands inside the signed bytes as an attachment; its digest stands in the record
of intent, so what was sealed can be compared with what was meant.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from certlib.canonical import DEPTH_LIMIT, canonical_bytes
from certlib.errors import Unsupported
from certlib.holders import code_type_name

_FIELD_PREFIX = "KZ_"
_COMPACT = re.compile(r"[0-9]{8}")
_INSTANT = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}Z")


@dataclass(frozen=True, slots=True)
class Holder:
    """One holder (持证主体). The key of a person is (code type, normalised code)."""

    name: str
    code_type: str
    code: str


FORM_NAMES: Mapping[str, tuple[str, str]] = {
    "original": ("正本", "original"),
    "duplicate": ("副本", "duplicate"),
    "annex": ("附页", "annex"),
    "drawing": ("附图", "drawing"),
}
"""Kinds of files of one certificate, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Form:
    """Which of a certificate's files: the one 正本, or the n-th 副本, 附页 or 附图.

    Attributes:
        kind: one of `FORM_NAMES`.
        copy_number: from 1; 0 for the original.
    """

    kind: str = "original"
    copy_number: int = 0

    @property
    def names(self) -> tuple[str, str]:
        """What people call it, in Chinese and English: 副本2, duplicate 2."""
        zh, en = FORM_NAMES.get(self.kind, (self.kind, self.kind))
        number = self.copy_number
        return (f"{zh}{number}", f"{en} {number}") if number else (zh, en)


ORIGINAL = Form()


@dataclass(frozen=True, slots=True)
class Content:
    """What a certificate says. Dates are calendar days at UTC+8; instants are UTC.

    Made in one form only, so that `content_from_json` is the exact inverse of `as_json`: instants
    in UTC and whole seconds, no empty field, lists for sequences.

    Attributes:
        form: 正本 `original`, 副本 `duplicate`, 附页 `annex`, 附图 `drawing`.
        copy_number: which 副本, 附页 or 附图 it is, from 1; 0 for the original.
        decision_number, decision_date: the decision (文号) behind the certificate.
        acting_code, acting_name: the entrusted unit (受委托单位) that acted in the issuer's name.
        fields: the extended metadata, keys `KZ_*`; "" and None mean that a field is absent.
        sealed_at: fixed at reservation; the timestamp proves the actual time.

    Raises:
        Unsupported: a field's key lacks `KZ_` (it could shadow an element), a field is nested
            too deeply, or `sealed_at` is naive.
    """

    type_code: str
    type_version: str
    name: str
    identifier: str
    number: str
    issuer_code: str
    issuer_name: str
    issue_date: date
    holders: tuple[Holder, ...]
    division_code: str
    valid_from: date | None = None
    valid_to: date | None = None
    matter_code: str = ""
    matter_name: str = ""
    sealed_by: str = ""
    sealed_at: datetime | None = None
    seal_name: str = ""
    form: str = "original"
    copy_number: int = 0
    decision_number: str = ""
    decision_date: date | None = None
    acting_code: str = ""
    acting_name: str = ""
    demonstration: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    _canonical: bytes = field(default=b"", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        stray = [key for key in self.fields if not key.startswith(_FIELD_PREFIX)]
        if stray:
            raise Unsupported(what="field key without KZ_", field_path="/fields")
        fields = {key: _plain(self.fields[key]) for key in _ordered(self.fields)}
        object.__setattr__(self, "fields", _present(fields))
        object.__setattr__(self, "sealed_at", _utc_seconds(self.sealed_at))

    @property
    def file_form(self) -> Form:
        """Which of the certificate's files says this."""
        return Form(self.form, self.copy_number)

    def in_form(self, form: Form) -> "Content":
        """The same certificate as another of its files says it."""
        return replace(self, form=form.kind, copy_number=form.copy_number)

    def as_json(self) -> dict[str, Any]:
        """The elements under their short names (GB/T 36903), absent ones left out."""
        elements: dict[str, Any] = {
            "ZZMC": self.name,
            "ZZLXDM": self.type_code,
            "ZZBH": self.number,
            "ZZBS": self.identifier,
            "ZZBFJG": self.issuer_name,
            "ZZBFJGDM": self.issuer_code,
            "ZZBFRQ": _compact(self.issue_date),
            "CZZT": [holder.name for holder in self.holders],
            "CZZTDM": [holder.code for holder in self.holders],
            "CZZTDMLX": [code_type_name(holder.code_type) for holder in self.holders],
            "CZZTDMLXDM": [holder.code_type for holder in self.holders],
            "ZZYXQQSRQ": _compact(self.valid_from),
            "ZZYXQJZRQ": _compact(self.valid_to),
            "division_code": self.division_code,
            "matter_code": self.matter_code,
            "matter_name": self.matter_name,
            "ZZQZR": self.sealed_by,
            "ZZQZSJ": _instant(self.sealed_at),
            "ZZQZMC": self.seal_name,
            "type_version": self.type_version,
            "form": self.form,
            "decision_number": self.decision_number,
            "decision_date": _compact(self.decision_date),
            "acting_code": self.acting_code,
            "acting_name": self.acting_name,
            **self.fields,
        }
        if self.copy_number:
            elements["copy_number"] = self.copy_number
        if self.demonstration:
            elements["demonstration"] = True
        return _present(elements)

    def canonical(self) -> bytes:
        """RFC 8785 bytes of `as_json()`: the attachment, byte for byte. Made once."""
        if not self._canonical:
            object.__setattr__(self, "_canonical", canonical_bytes(self.as_json()))
        return self._canonical

    def digest(self) -> str:
        """Hex SHA-256 of `canonical()`."""
        return hashlib.sha256(self.canonical()).hexdigest()


def content_from_json(elements: Mapping[str, Any]) -> Content:
    """The content behind `Content.as_json()`; the inverse, exactly.

    Elements that this version does not know are passed over; absent texts are empty.

    Raises:
        Unsupported: a mandatory element is absent, or a value has the wrong type or form.
    """
    try:
        return _content(elements)
    except (KeyError, TypeError, ValueError) as error:
        raise Unsupported(what="certificate content") from error


def _content(elements: Mapping[str, Any]) -> Content:
    holders = zip(
        _texts(elements["CZZT"]),
        _texts(elements["CZZTDMLXDM"]),
        _texts(elements["CZZTDM"]),
        strict=True,
    )
    return Content(
        type_code=_text(elements, "ZZLXDM"),
        type_version=_text(elements, "type_version"),
        name=_text(elements, "ZZMC"),
        identifier=_text(elements, "ZZBS"),
        number=_text(elements, "ZZBH"),
        issuer_code=_text(elements, "ZZBFJGDM"),
        issuer_name=_text(elements, "ZZBFJG"),
        issue_date=_from_compact(elements["ZZBFRQ"]),
        holders=tuple(Holder(*holder) for holder in holders),
        division_code=_text(elements, "division_code"),
        valid_from=_from_compact_optional(elements.get("ZZYXQQSRQ")),
        valid_to=_from_compact_optional(elements.get("ZZYXQJZRQ")),
        matter_code=_text(elements, "matter_code"),
        matter_name=_text(elements, "matter_name"),
        sealed_by=_text(elements, "ZZQZR"),
        sealed_at=_from_instant(elements.get("ZZQZSJ")),
        seal_name=_text(elements, "ZZQZMC"),
        form=_text(elements, "form"),
        copy_number=_count(elements, "copy_number"),
        decision_number=_text(elements, "decision_number"),
        decision_date=_from_compact_optional(elements.get("decision_date")),
        acting_code=_text(elements, "acting_code"),
        acting_name=_text(elements, "acting_name"),
        demonstration=elements.get("demonstration", False) is True,
        fields={key: value for key, value in elements.items() if key.startswith(_FIELD_PREFIX)},
    )


def _present(elements: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in elements.items() if value is not None and value != ""}


def _ordered(keys: Iterable[str]) -> list[str]:
    """As RFC 8785 has them, and so as the record gives them back.

    A seal that is made once more after a crash has to sign the very same bytes.
    """
    return sorted(keys, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))


def _plain(value: object, depth: int = 1) -> object:
    """`value` as reading its JSON would give it back: lists for tuples, dictionaries for maps."""
    if depth > DEPTH_LIMIT:
        raise Unsupported(what=f"more than {DEPTH_LIMIT} levels", field_path="/fields")
    match value:
        case Mapping():
            return {key: _plain(value[key], depth + 1) for key in _ordered(value)}
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
        case _:
            return value


def _text(elements: Mapping[str, Any], key: str) -> str:
    value = elements.get(key, "")
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _count(elements: Mapping[str, Any], key: str) -> int:
    value = elements.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(key)
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(type(value).__name__)
    return value


def _compact(day: date | None) -> str | None:
    # Not strftime("%Y%m%d"): it leaves years before 1000 short.
    return None if day is None else day.isoformat().replace("-", "")


def _from_compact(text: str) -> date:
    if not _COMPACT.fullmatch(text):
        raise ValueError(_COMPACT.pattern)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _from_compact_optional(text: str | None) -> date | None:
    return None if text is None else _from_compact(text)


def _utc_seconds(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Unsupported(what="instant without time zone", field_path="/sealed_at")
    return moment.astimezone(UTC).replace(microsecond=0)


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(tzinfo=None).isoformat() + "Z"


def _from_instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    if not _INSTANT.fullmatch(text):
        raise ValueError(_INSTANT.pattern)
    return datetime.fromisoformat(text)
