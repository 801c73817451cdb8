"""Changes of holders on the wire. Codes travel in bodies only; answers are masked."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.persons import masked_numbers
from api.schemas.base import Code, Day, Instant, Name, Wire
from api.schemas.orders import Approvers, HolderIn
from api.schemas.parties import HolderOut
from certlib.document import Holder
from certlib.holder_changes import ChangeKind, HolderChange, HolderKey
from certlib.usecases.record_holders import HolderChangeRequest, VoidRequest

Kind = Literal["renamed", "recoded", "merged", "divided", "died", "dissolved"]
EventId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]
DocumentNumber = Annotated[str, StringConstraints(max_length=128)]

_EVENT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_BEFORE = {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
_AFTER = {**_BEFORE, "name": "揭阳市示例物流有限公司"}


def _example(values: Mapping[str, Any]) -> ConfigDict:
    return ConfigDict(**Wire.model_config, json_schema_extra={"examples": [dict(values)]})


_Sides = Annotated[list[HolderIn], Field(max_length=20)]


class HolderChangeIn(Wire):
    """持证主体变更。 What happened to holders, named as they were and as they are.

    `renamed` and `recoded`: one before, one after. `merged`: several before, one after.
    `divided`: one before, several after. `died`, `dissolved`: one before, none after. `recoded`,
    `merged` and `divided` need a second person, named in `approved_by`.
    """

    model_config = _example(
        {
            "kind": "renamed",
            "before": [_BEFORE],
            "after": [_AFTER],
            "effective_from": "2026-11-01",
            "basis": "市场主体变更登记",
            "document_number": "（揭）市监变〔2026〕第1号",
        }
    )

    kind: Kind
    before: _Sides = Field(description="变更前的主体。 Holders right before it.")
    after: _Sides = Field(default=[], description="变更后的主体。 Holders right after it.")
    effective_from: Day = Field(description="法律上的生效日。 The legal day.")
    basis: Name = Field(description="依据：变更登记、证明或文件。 What it rests on.")
    document_number: DocumentNumber = ""
    reason_code: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="",
        description="仅用于 `recoded`：document-renewed 证件换发、identity-number-given 落户、"
        "identity-number-corrected 更正、enterprise-from-individual 个转企、"
        "credit-code-given 换发统一代码、other。 Why there is a new code.",
    )

    approved_by: Approvers = Field(
        default=[],
        description="审核人账号，不含经办人；`recoded`、`merged`、`divided` 须填。"
        " Approvers' accounts, not the caller's; for these kinds at least one.",
    )

    def to_request(self, key: str) -> HolderChangeRequest:
        """The request that the use case takes."""
        return HolderChangeRequest(
            ChangeKind(self.kind),
            tuple(Holder(item.name, item.code_type, item.code) for item in self.before),
            tuple(Holder(item.name, item.code_type, item.code) for item in self.after),
            self.effective_from,
            self.basis,
            key,
            self.document_number,
            self.reason_code,
            tuple(self.approved_by),
        )


class HolderChangeKept(Wire):
    """已登记的变更，不含姓名和号码。 The change as kept, without names and codes."""

    model_config = _example(
        {
            "event_id": _EVENT,
            "kind": "renamed",
            "effective_from": "2026-11-01",
            "recorded_at": "2026-11-22T02:00:00Z",
            "warnings": [],
        }
    )

    event_id: EventId
    kind: Kind
    effective_from: str
    recorded_at: str
    warnings: list[str]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of the use case's answer."""
        return cls(**answer)


class HolderKeyIn(Wire):
    """查谁的变更。 Whose changes; by POST, so that no number stands in a URL."""

    model_config = _example({"code_type": "001", "code": _BEFORE["code"]})

    code_type: Annotated[str, StringConstraints(max_length=3)]
    code: Code

    def to_key(self) -> HolderKey:
        """The key that the use case takes."""
        return HolderKey(self.code_type, self.code)


class HolderChangeOut(Wire):
    """一次变更。 One change; persons are masked, an error that was declared void says so."""

    event_id: EventId
    kind: Kind
    before: list[HolderOut]
    after: list[HolderOut]
    effective_from: Day
    basis: str
    document_number: str
    reason_code: str
    department_code: str
    recorded_at: Instant
    recorded_by: str
    voided_at: Instant | None = None

    @classmethod
    def of(cls, change: HolderChange) -> Self:
        """The wire shape, masked."""
        source = change.source
        return cls(
            event_id=change.event_id,
            kind=change.kind.value,
            before=[HolderOut.of(item, reveal=False) for item in change.before],
            after=[HolderOut.of(item, reveal=False) for item in change.after],
            effective_from=change.effective_from,
            basis=masked_numbers(source.basis),
            document_number=masked_numbers(source.document_number),
            reason_code=change.reason_code,
            department_code=change.department_code,
            recorded_at=source.recorded_at,
            recorded_by=source.actor,
            voided_at=source.voided_at,
        )


class HolderChangesOut(Wire):
    """该主体及与其相关联主体的全部变更。 Of the holder and of all that are linked with it."""

    model_config = _example(
        {
            "changes": [
                {
                    "event_id": _EVENT,
                    "kind": "renamed",
                    "before": [_BEFORE],
                    "after": [_AFTER],
                    "effective_from": "2026-11-01",
                    "basis": "市场主体变更登记",
                    "document_number": "（揭）市监变〔2026〕第1号",
                    "reason_code": "",
                    "department_code": "11445200990090139J",
                    "recorded_at": "2026-11-22T02:00:00Z",
                    "recorded_by": "transport/officer",
                    "voided_at": None,
                }
            ]
        }
    )

    changes: list[HolderChangeOut]


class VoidIn(Wire):
    """作废一条变更记录。 It was an error; it stays on record and counts for nothing."""

    model_config = _example({"reason": "登记了其他主体"})

    reason: Reason

    def to_request(self, event_id: str, key: str) -> VoidRequest:
        """The request that the use case takes."""
        return VoidRequest(event_id, self.reason, key)


class VoidedOut(Wire):
    """已作废。 Declared void."""

    model_config = _example({"event_id": _EVENT, "voided_at": "2026-11-22T03:00:00Z"})

    event_id: EventId
    voided_at: str
