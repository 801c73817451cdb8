"""What a department asks for when it issues, and what the answer says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from certlib.canonical import digest
from certlib.document import ORIGINAL, Form, Holder
from certlib.paper import Print
from certlib.registry import Publication


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said of the version before beside the reason why it ends.

    Attributes:
        effective_from: from which day a change counts; None for the day of issue. Renewals and
            corrections have a day of their own.
        legal_basis, document_number, authority, note: the decision, where there is one.
        expected_version: from `If-Match`; None when the caller does not insist.
    """

    effective_from: date | None = None
    legal_basis: str = ""
    document_number: str = ""
    authority: str = ""
    note: str = ""
    expected_version: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the request's digest."""
        day = self.effective_from
        return {**asdict(self), "effective_from": day and day.isoformat()}


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """One certificate to issue. Dates are legal days (UTC+8).

    Attributes:
        number: the number on the face (ZZBH), given by the department's system; "" where the
            library numbers, or the type has no number.
        type_version: a certain version of the type, or "" for the one open today.
        forms: which files, () for the original alone; a copy number of 0 asks for the next one.
        approved_by: persons who approved (four eyes), neither maker nor sealer among them.
        made_by: who made it, where the caller seals what another person made; "" for the caller.
        decision_number, decision_date: the decision (文号) behind the certificate.
        supersedes: identifier of the version this one replaces, or "".
        supersede_reason: `change`, `renewal`, `replacement`, `lowered` or `correction`.
        accepted_on: day the case was accepted: open cases follow the type version of that day.
        paper: sheets of the paper twin, registered in the same commits.
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
    forms: tuple[Form, ...] = ()
    approved_by: tuple[str, ...] = ()
    made_by: str = ""
    decision_number: str = ""
    decision_date: date | None = None
    supersedes: str = ""
    supersede_reason: str = "change"
    accepted_on: date | None = None
    ending: Ending = Ending()
    paper: tuple[Print, ...] = ()

    def request_digest(self) -> str:
        """Hex SHA-256 of the order in canonical JSON: what an idempotency key stands for."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """The order as JSON values.

        Members that earlier releases did not know are left out while they say nothing: a key
        that was used before an upgrade still gets its answer.
        """
        later = {
            "forms": [[form.kind, form.copy_number] for form in self.forms],
            "made_by": self.made_by,
            "decision_number": self.decision_number,
            "decision_date": self.decision_date and self.decision_date.isoformat(),
            "accepted_on": self.accepted_on and self.accepted_on.isoformat(),
            "paper": [item.as_json() for item in self.paper],
            "ending": {} if self.ending == Ending() else self.ending.as_json(),
        }
        return {**self._known_to_all(), **{key: value for key, value in later.items() if value}}

    def _known_to_all(self) -> dict[str, Any]:
        return {
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
            "form": ORIGINAL.kind,
            "approved_by": list(self.approved_by),
            "supersedes": self.supersedes,
            "supersede_reason": self.supersede_reason,
        }


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """An order with its idempotency key.

    Attributes:
        digest: of what the caller asked for, where the order was made from that; "" when the
            order itself is what was asked.
    """

    order: IssueOrder
    key: str
    digest: str = ""

    def request_digest(self) -> str:
        """What the key stands for."""
        return self.digest or self.order.request_digest()


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """One of the files that were issued."""

    form: str
    copy_number: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class IssueAnswer:
    """What was issued; holds nothing about the holder, so it may be kept and logged.

    Attributes:
        sha256, size: of the original; `files` lists every file.
        level: the PAdES level reached; target_level: the one that the type asks for.
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
    files: tuple[IssuedFile, ...] = ()
    replayed: bool = False
    warnings: tuple[str, ...] = field(default=())
    target_level: str = ""

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
            "target_level": self.target_level or self.level,
            "sha256": self.sha256,
            "size": self.size,
            "recorded_at": self.recorded_at,
            "files": [asdict(file) for file in self.files],
            "warnings": list(self.warnings),
        }


def answer_from_json(data: Mapping[str, Any]) -> IssueAnswer:
    """The stored answer, given again."""
    known = {
        **data,
        "files": tuple(IssuedFile(**file) for file in data.get("files", ())),
        "warnings": tuple(data.get("warnings", ())),
        "replayed": True,
    }
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
        level=publication.certificate.reached_level or file.level,
        target_level=publication.intent.seal_level,
        sha256=file.sha256,
        size=file.size,
        recorded_at=publication.certificate.recorded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        files=tuple(
            IssuedFile(item.form, item.copy_number, item.sha256, item.size)
            for item in publication.certificate.files
        ),
    )
