"""Changes of state on the wire."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Day, Name, Note, Remark, Wire
from certlib.certificate import Decision
from certlib.states import Action


class DecisionIn(Wire):
    """作出的决定。 The administrative decision behind the step.

    `reason_code` is one of the action's codes; what an action demands beside it (legal basis,
    document number, authority) is checked, all at once.
    """

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [examples.DECISION]}}

    reason_code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    effective_from: Day = Field(description="法律上的生效日。 The legal day.")
    legal_basis: Name = ""
    document_number: Annotated[str, StringConstraints(max_length=128)] = ""
    authority: Annotated[str, StringConstraints(max_length=256)] = ""
    note: Note = ""
    until: Day | None = Field(
        default=None, description="暂扣（暂停）的最后一日，含当日。 Last day of a suspension."
    )
    automatic: bool = Field(
        default=False,
        description="期满自动恢复；否则须登记恢复。 The right revives by itself after `until`.",
    )
    receiving_authority: Annotated[str, StringConstraints(max_length=256)] = Field(
        default="", description="转入机关，办理转出时必填。 Who keeps it from now on."
    )
    receiving_division: Annotated[str, StringConstraints(max_length=6)] = Field(
        default="", description="转入地行政区划代码，办理转出时必填。 Where; GB/T 2260."
    )

    def to_decision(self, action: Action) -> Decision:
        """The decision that the use case takes."""
        return Decision(
            action=action,
            reason_code=self.reason_code,
            effective_from=self.effective_from,
            legal_basis=self.legal_basis,
            document_number=self.document_number,
            authority=self.authority,
            note=self.note,
            until=self.until,
            automatic=self.automatic,
            receiving_authority=self.receiving_authority,
            receiving_division=self.receiving_division,
        )


class ChangedOut(Wire):
    """变更后的状态。 The state after the step."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "identifier": examples.IDENTIFIER,
                    "state": "REVOKED",
                    "row_version": 2,
                    "action": "revoke",
                    "reason_code": "penalty",
                    "effective_from": "2026-11-22",
                    "recorded_at": "2026-11-22T01:02:03Z",
                    "also": [],
                    "warnings": [],
                }
            ]
        }
    }

    identifier: str
    state: str
    row_version: int
    action: str
    reason_code: str
    effective_from: str
    recorded_at: str
    also: list[str] = Field(
        default=[],
        description=(
            "随之变动的其他版本：同一权利上等待生效的延续件、决定所及的前后版本、恢复的原版本。"
            " Other versions that moved with it: the renewal that waits, those of the days that "
            "the decision counts for, the one that stands again."
        ),
    )
    warnings: list[Remark] = Field(
        default_factory=list,
        description="提示：如同一证照的其他版本不受影响（`other-version-counts`）。"
        " What is remarkable, such as another version that goes on.",
    )

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of the use case's answer."""
        return cls(**answer)
