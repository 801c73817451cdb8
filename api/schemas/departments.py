"""Departments over time and the issue list on the wire."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import After
from api.schemas import examples
from api.schemas.base import Day, Instant, Name, TypeCode, Wire
from api.schemas.holders import DocumentNumber, EventId, Reason
from certlib.departments import DatedName, Department, Succession, SuccessionKind
from certlib.mandates import Capacity, IssueListEntry
from certlib.usecases.manage_departments import (
    Dossier,
    NameRequest,
    SuccessionRequest,
    VoidingRequest,
)

CreditCode = Annotated[str, StringConstraints(min_length=1, max_length=18)]
Level = Literal["state", "province", "prefecture", "county", "township", "other"]
Kind = Literal["merged", "renamed", "functions-moved"]
CapacityName = Literal["own", "subordinate", "delegated", "entrusted"]

_OTHER = "11445200990090016H"
_EVENT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_DATA: Mapping[str, Any] = {
    "name": "揭阳市交通运输局",
    "short_name": "市交通运输局",
    "division_code": "445200",
    "level": "prefecture",
    "effective_from": None,
    "effective_to": None,
}
_NAME: Mapping[str, Any] = {
    "name": "揭阳市交通局",
    "short_name": "市交通局",
    "effective_from": "2026-12-01",
    "basis": "机构更名批复",
    "document_number": "揭市编〔2026〕9号",
}
_STEP: Mapping[str, Any] = {
    "kind": "merged",
    "successor_code": _OTHER,
    "effective_from": "2026-12-01",
    "type_codes": [],
    "basis": "机构改革方案",
    "document_number": "揭市编〔2026〕10号",
}
_SOURCE = {"recorded_at": "2026-11-22T02:00:00Z", "recorded_by": "operator", "voided_at": None}
_ENTRY: Mapping[str, Any] = {
    "type_code": examples.TYPE,
    "issuer_code": _OTHER,
    "capacity": "entrusted",
    "principal_code": examples.ISSUER,
    "effective_from": "2026-12-01",
    "effective_to": "2027-11-30",
    "basis": "委托书 揭交委〔2026〕1号",
}


def _example(values: Mapping[str, Any], **more: Any) -> ConfigDict:
    return ConfigDict(**Wire.model_config, json_schema_extra={"examples": [{**values, **more}]})


class DepartmentIn(Wire):
    """单位。 A body. Its name changes by `/names`, with a day and a basis."""

    model_config = _example(_DATA)

    name: Name
    short_name: Name
    division_code: Annotated[str, StringConstraints(max_length=6)]
    level: Level
    effective_from: Day | None = Field(default=None, description="成立日。 First day.")
    effective_to: Day | None = Field(default=None, description="撤销日，含当日。 Last day.")

    def to_department(self, credit_code: str) -> Department:
        """The department that the use case takes."""
        return Department(
            credit_code,
            self.name,
            self.short_name,
            self.division_code,
            self.level,
            self.effective_from,
            self.effective_to,
        )


class DepartmentOut(Wire):
    """单位，名称为今日名称。 A body with the name it bears today."""

    model_config = _example(_DATA, credit_code=examples.ISSUER, row_version=1)

    credit_code: str
    name: str
    short_name: str
    division_code: str
    level: str
    effective_from: Day | None = None
    effective_to: Day | None = None
    row_version: int

    @classmethod
    def of(cls, item: Department) -> Self:
        """The wire shape."""
        return cls(**_department(item))


class DepartmentsOut(Wire):
    """全部单位。 All bodies, by credit code."""

    model_config = _example(
        {
            "departments": [{**_DATA, "credit_code": examples.ISSUER, "row_version": 1}],
            "after": "",
        }
    )

    departments: list[DepartmentOut]
    after: After


class DatedNameOut(Wire):
    """某日起的名称。 A name from a day on."""

    event_id: EventId
    name: str
    short_name: str
    effective_from: Day
    basis: str
    document_number: str
    recorded_at: Instant
    recorded_by: str
    voided_at: Instant | None = None

    @classmethod
    def of(cls, item: DatedName) -> Self:
        """The wire shape."""
        return cls(
            event_id=item.event_id,
            name=item.name,
            short_name=item.short_name,
            effective_from=item.effective_from,
            **_source(item),
        )


class SuccessionOut(Wire):
    """承接关系。 One body in another's place from a day on."""

    event_id: EventId
    kind: Kind
    predecessor_code: str
    successor_code: str
    effective_from: Day
    type_codes: list[str]
    basis: str
    document_number: str
    recorded_at: Instant
    recorded_by: str
    voided_at: Instant | None = None

    @classmethod
    def of(cls, item: Succession) -> Self:
        """The wire shape."""
        return cls(
            event_id=item.event_id,
            kind=item.kind.value,
            predecessor_code=item.predecessor_code,
            successor_code=item.successor_code,
            effective_from=item.effective_from,
            type_codes=sorted(item.type_codes),
            **_source(item),
        )


class DepartmentFull(DepartmentOut):
    """单位及其历次名称、承接关系，含已作废的记录。 With everything dated about it."""

    model_config = _example(
        _DATA,
        credit_code=examples.ISSUER,
        row_version=3,
        names=[{**_NAME, **_SOURCE, "event_id": _EVENT}],
        successions=[{**_STEP, **_SOURCE, "event_id": _EVENT, "predecessor_code": examples.ISSUER}],
    )

    names: list[DatedNameOut]
    successions: list[SuccessionOut]

    @classmethod
    def full(cls, dossier: Dossier) -> Self:
        """The wire shape."""
        return cls(
            **_department(dossier.department),
            names=[DatedNameOut.of(item) for item in dossier.names],
            successions=[SuccessionOut.of(item) for item in dossier.successions],
        )


class NameIn(Wire):
    """更名。 Another name from a day on; seals and certificates stay as they are."""

    model_config = _example(_NAME)

    name: Name
    short_name: Name
    effective_from: Day
    basis: Name
    document_number: DocumentNumber = ""

    def to_request(self, credit_code: str, key: str, expected: int | None) -> NameRequest:
        """The request that the use case takes."""
        return NameRequest(
            credit_code,
            self.name,
            self.short_name,
            self.effective_from,
            self.basis,
            self.document_number,
            key,
            expected,
        )


class SuccessionIn(Wire):
    """承接：合并、更名换码或职能划转。 Another body stands in its place from a day on."""

    model_config = _example(_STEP, pass_on_issue_list=True)

    kind: Kind
    successor_code: CreditCode
    effective_from: Day
    type_codes: Annotated[list[TypeCode], Field(max_length=500)] = Field(
        default=[], description="仅职能划转：所涉证照类型。 Which types, where functions move."
    )
    basis: Name
    document_number: DocumentNumber = ""
    pass_on_issue_list: bool = Field(
        default=True,
        description="发证清单一并承接。 The predecessor's entries end, the successor gets them.",
    )

    def to_request(self, credit_code: str, key: str, expected: int | None) -> SuccessionRequest:
        """The request that the use case takes."""
        return SuccessionRequest(
            credit_code,
            SuccessionKind(self.kind),
            self.successor_code,
            self.effective_from,
            self.basis,
            self.document_number,
            key,
            frozenset(self.type_codes),
            self.pass_on_issue_list,
            expected,
        )


class DepartmentVoidIn(Wire):
    """作废一条名称或承接记录。 A dated name or a succession was an error."""

    model_config = _example({"reason": "承接单位录入错误"})

    reason: Reason

    def to_request(self, place: tuple[str, str], key: str, expected: int | None) -> VoidingRequest:
        """The request that the use case takes; `place` is the body's code and the event's id."""
        return VoidingRequest(*place, self.reason, key, expected)


class DatedOut(Wire):
    """已登记。 What was kept, and the body's new version."""

    model_config = _example(
        {
            "credit_code": examples.ISSUER,
            "event_id": _EVENT,
            "row_version": 2,
            "effective_from": "2026-12-01",
            "entries_passed_on": 0,
        }
    )

    credit_code: str
    event_id: EventId
    row_version: int
    effective_from: str
    entries_passed_on: int = 0


class EntryIn(Wire):
    """发证清单条目，或已有条目的到期日。 An entry, or the last day of one that is there.

    A body issues by its own powers (`own`), as a subordinate unit (下属单位), delegated (授权), or
    entrusted (委托): then in the name and with the seal of `principal_code`.
    """

    model_config = _example(_ENTRY)

    type_code: TypeCode
    issuer_code: CreditCode
    capacity: CapacityName = "own"
    principal_code: Annotated[str, StringConstraints(max_length=18)] = ""
    effective_from: Day
    effective_to: Day | None = None
    basis: Name = ""

    def to_entry(self) -> IssueListEntry:
        """The entry that the use case takes."""
        return IssueListEntry(
            self.type_code,
            self.issuer_code,
            self.effective_from,
            self.effective_to,
            self.basis,
            Capacity(self.capacity),
            self.principal_code,
        )


class EntryOut(Wire):
    """发证清单条目。 An entry of the issue list."""

    model_config = _example(_ENTRY, row_version=1)

    type_code: str
    issuer_code: str
    capacity: CapacityName
    principal_code: str
    effective_from: Day
    effective_to: Day | None = None
    basis: str
    row_version: int

    @classmethod
    def of(cls, item: IssueListEntry) -> Self:
        """The wire shape."""
        return cls(
            type_code=item.type_code,
            issuer_code=item.issuer_code,
            capacity=item.capacity.value,
            principal_code=item.principal_code,
            effective_from=item.effective_from,
            effective_to=item.effective_to,
            basis=item.basis,
            row_version=item.row_version,
        )


class EntriesOut(Wire):
    """发证清单的一页。 A page of the issue list, by type and body."""

    model_config = _example({"entries": [{**_ENTRY, "row_version": 1}], "after": ""})

    entries: list[EntryOut]
    after: After


def _department(item: Department) -> dict[str, Any]:
    return {
        "credit_code": item.credit_code,
        "name": item.name,
        "short_name": item.short_name,
        "division_code": item.division_code,
        "level": item.level,
        "effective_from": item.effective_from,
        "effective_to": item.effective_to,
        "row_version": item.row_version,
    }


def _source(item: DatedName | Succession) -> dict[str, Any]:
    source = item.source
    return {
        "basis": source.basis,
        "document_number": source.document_number,
        "recorded_at": source.recorded_at,
        "recorded_by": source.actor,
        "voided_at": source.voided_at,
    }
