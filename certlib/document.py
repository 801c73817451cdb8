"""A certificate's content: metadata and extended metadata (GB/T 36903), one canonical form.

The canonical JSON stands inside the signed bytes as an attachment; its digest stands in the record
of intent, so what was sealed can be compared with what was meant.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from certlib.canonical import canonical_bytes


@dataclass(frozen=True, slots=True)
class Holder:
    """One holder (持证主体). The key of a person is (code type, normalised code)."""

    name: str
    code_type: str
    code: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a certificate says. Dates are calendar days at UTC+8; instants are UTC.

    Attributes:
        form: 正本 `original`, 副本 `duplicate`, 附页 `annex`, 附图 `drawing`.
        fields: the extended metadata, keys `KZ_*`.
        sealed_at: fixed at reservation; the timestamp proves the actual time.
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
    demonstration: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The elements under their short names (GB/T 36903), absent ones left out."""
        from certlib.holders import code_type_name

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
            **self.fields,
        }
        if self.demonstration:
            elements["demonstration"] = True
        return {key: value for key, value in elements.items() if value not in ("", None)}

    def canonical(self) -> bytes:
        """RFC 8785 bytes of `as_json()`: the attachment, byte for byte."""
        return canonical_bytes(self.as_json())

    def digest(self) -> str:
        """Hex SHA-256 of `canonical()`."""
        return hashlib.sha256(self.canonical()).hexdigest()


def content_from_json(elements: Mapping[str, Any]) -> Content:
    """The content behind `Content.as_json()`; the inverse, exactly."""
    holders = zip(elements["CZZT"], elements["CZZTDMLXDM"], elements["CZZTDM"], strict=True)
    sealed_at = elements.get("ZZQZSJ")
    return Content(
        type_code=elements["ZZLXDM"],
        type_version=elements["type_version"],
        name=elements["ZZMC"],
        identifier=elements["ZZBS"],
        number=elements.get("ZZBH", ""),
        issuer_code=elements["ZZBFJGDM"],
        issuer_name=elements["ZZBFJG"],
        issue_date=_from_compact(elements["ZZBFRQ"]),
        holders=tuple(Holder(*holder) for holder in holders),
        division_code=elements.get("division_code", ""),
        valid_from=_from_compact_optional(elements.get("ZZYXQQSRQ")),
        valid_to=_from_compact_optional(elements.get("ZZYXQJZRQ")),
        matter_code=elements.get("matter_code", ""),
        matter_name=elements.get("matter_name", ""),
        sealed_by=elements.get("ZZQZR", ""),
        sealed_at=datetime.fromisoformat(sealed_at) if sealed_at else None,
        seal_name=elements.get("ZZQZMC", ""),
        form=elements.get("form", "original"),
        demonstration=elements.get("demonstration", False),
        fields={key: value for key, value in elements.items() if key.startswith("KZ_")},
    )


def _compact(day: date | None) -> str | None:
    return None if day is None else day.strftime("%Y%m%d")


def _from_compact(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _from_compact_optional(text: str | None) -> date | None:
    return None if text is None else _from_compact(text)


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
