"""What a department asks for when it issues, and what the answer says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from certlib.canonical import digest
from certlib.document import Holder
from certlib.registry import Publication


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """One certificate to issue. Dates are legal days (UTC+8).

    Attributes:
        number: the number on the face (ZZBH), given by the department's system.
        type_version: a certain version of the type, or "" for the one open today.
        approved_by: persons who approved (four eyes), the requester not among them.
        supersedes: identifier of the version this one replaces, or "".
        supersede_reason: `change`, `renewal`, `replacement` or `lowered`.
        accepted_on: day the case was accepted: open cases follow the type version of that day.
    """

    type_code: str
    issuer_code: str
    number: str
    holders: tuple[Holder, ...]
    issue_date: date
    division_code: str
    fields: Mapping[str, Any]
    valid_from: date | None = None
    valid_to: date | None = None
    type_version: str = ""
    matter_code: str = ""
    matter_name: str = ""
    form: str = "original"
    approved_by: tuple[str, ...] = ()
    supersedes: str = ""
    supersede_reason: str = "change"
    accepted_on: date | None = None

    def request_digest(self) -> str:
        """Hex SHA-256 of the order in canonical JSON: what an idempotency key stands for."""
        # Members that came later stand in the digest only where they are used: a key that was used
        # before an upgrade still means the same order after it.
        later = {"accepted_on": self.accepted_on and self.accepted_on.isoformat()}
        return digest(
            {name: value for name, value in later.items() if value is not None}
            | {
                "type_code": self.type_code,
                "issuer_code": self.issuer_code,
                "number": self.number,
                "holders": [[item.name, item.code_type, item.code] for item in self.holders],
                "issue_date": self.issue_date.isoformat(),
                "division_code": self.division_code,
                "fields": dict(self.fields),
                "valid_from": self.valid_from and self.valid_from.isoformat(),
                "valid_to": self.valid_to and self.valid_to.isoformat(),
                "type_version": self.type_version,
                "matter_code": self.matter_code,
                "matter_name": self.matter_name,
                "form": self.form,
                "approved_by": list(self.approved_by),
                "supersedes": self.supersedes,
                "supersede_reason": self.supersede_reason,
            }
        )


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """An order with its idempotency key."""

    order: IssueOrder
    key: str


@dataclass(frozen=True, slots=True)
class IssueAnswer:
    """What was issued; holds nothing about the holder, so it may be kept and logged.

    Attributes:
        replayed: the key had been used for the same order before; nothing was issued now.
        warnings: stable codes of oddities that do not stand in the way.
    """

    identifier: str
    number: str
    type_code: str
    type_version: str
    issuer_code: str
    state: str
    row_version: int
    level: str
    sha256: str
    size: int
    recorded_at: str
    replayed: bool = False
    warnings: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The stored answer of the idempotency key; `replayed` is a matter of the call."""
        return {
            "identifier": self.identifier,
            "number": self.number,
            "type_code": self.type_code,
            "type_version": self.type_version,
            "issuer_code": self.issuer_code,
            "state": self.state,
            "row_version": self.row_version,
            "level": self.level,
            "sha256": self.sha256,
            "size": self.size,
            "recorded_at": self.recorded_at,
            "warnings": list(self.warnings),
        }


def answer_from_json(data: Mapping[str, Any]) -> IssueAnswer:
    """The stored answer, given again."""
    known = {**data, "warnings": tuple(data.get("warnings", ())), "replayed": True}
    return IssueAnswer(**known)


def answer_of(publication: Publication) -> IssueAnswer:
    """The answer to the order that led to `publication`."""
    content, file = publication.certificate.content, publication.file
    return IssueAnswer(
        identifier=content.identifier,
        number=content.number,
        type_code=content.type_code,
        type_version=content.type_version,
        issuer_code=content.issuer_code,
        state=publication.certificate.state.value,
        row_version=publication.certificate.row_version,
        level=file.level,
        sha256=file.sha256,
        size=file.size,
        recorded_at=publication.certificate.recorded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
