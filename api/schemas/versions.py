"""Next versions of a certificate, its lineage, and files added to it."""

from typing import Annotated, Any, Self

from pydantic import Field

from api.persons import masked_numbers
from api.schemas import examples
from api.schemas.base import Day, Instant, Wire
from api.schemas.orders import (
    Approvers,
    Division,
    FormIn,
    FormName,
    Holders,
    KzFields,
    Maker,
    OrderParts,
    SupersedeReason,
)
from certlib.certificate import Certificate, StateChange
from certlib.ids import parse
from certlib.usecases.add_form import FormRequest
from certlib.usecases.four_eyes import Hands
from certlib.usecases.revise import RevisionRequest

_ENDING = frozenset(
    {"reason", "effective_from", "legal_basis", "document_number", "authority", "note"}
)


class VersionIn(OrderParts):
    """换发：只写变化的内容，其余沿用原版本。 Only what changes; the rest is taken over.

    `fields` holds the fields that change, null for one that goes. The number is kept unless
    another is given. A renewal says `valid_to`; its term follows the old one.
    """

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [{"reason": "change", "fields": {"KZ_DZ": "广东省揭阳市榕城区环市南路1号"}}]
        }
    }

    reason: SupersedeReason
    holders: Holders | None = None
    issue_date: Day | None = None
    division_code: Division | None = None
    fields: KzFields = Field(default={})
    approved_by: Approvers = Field(default=[])
    made_by: Maker = ""

    def to_request(self, identifier: str, key: str, expected: int | None) -> RevisionRequest:
        """The request that the use case takes."""
        return RevisionRequest(
            identifier=identifier,
            reason=self.reason,
            key=key,
            changes=self._changes(),
            ending=self.to_ending(expected),
            said=self.model_dump(mode="json", exclude_unset=True),
        )

    def _changes(self) -> dict[str, Any]:
        """Members that were given, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set - _ENDING}
        made: dict[str, Any] = {
            "holders": tuple(item.to_holder() for item in self.holders or ()),
            "forms": self.to_forms(),
            "paper": tuple(item.to_print() for item in self.paper),
            "approved_by": tuple(self.approved_by),
        }
        kept = {name: value for name, value in given.items() if name not in made}
        changed = {name: value for name, value in made.items() if given.get(name) is not None}
        together = {**kept, **changed}
        # Null says "as it was", but for the two days on which it has a meaning of its own.
        return {
            name: value
            for name, value in together.items()
            if value is not None or name in {"valid_from", "valid_to", "decision_date"}
        }


class VersionOut(Wire):
    """一个版本。 One version of the lineage."""

    identifier: str
    version: int
    number: str
    state: str
    reason: str = Field(
        description="准予或换发原因：本版本为何产生。 Why it came: the first one was granted."
    )
    issue_date: Day
    valid_from: Day | None
    valid_to: Day | None
    begins: Day = Field(description="自何日起有效。 From which day it counts.")
    ended_from: Day | None = Field(description="自何日起失效。 From which day it has ended.")
    recorded_at: Instant
    superseded_by: str
    row_version: int

    @classmethod
    def of(cls, certificate: Certificate, reason: str) -> Self:
        """The wire shape; `reason` is the cause of this version."""
        content = certificate.content
        parsed = parse(certificate.identifier).identifier
        last: StateChange | None = certificate.history[-1] if certificate.history else None
        ended = last is not None and last.to_state.value not in {"ISSUED", "SUSPENDED"}
        return cls(
            identifier=certificate.identifier,
            version=0 if parsed is None else parsed.version,
            number=masked_numbers(content.number),
            state=certificate.state.value,
            reason=reason,
            issue_date=content.issue_date,
            valid_from=content.valid_from,
            valid_to=content.valid_to,
            begins=certificate.begins,
            ended_from=last.decision.effective_from if last is not None and ended else None,
            recorded_at=certificate.recorded_at,
            superseded_by=certificate.superseded_by,
            row_version=certificate.row_version,
        )


class LineageOut(Wire):
    """一份证照的全部版本，先后有序。 Every version, oldest first."""

    identifier: str
    versions: list[VersionOut]


class FormAddIn(FormIn):
    """增加一个文件。 One more file of the certificate."""

    model_config = Wire.model_config | {
        "json_schema_extra": {"examples": [{"form": "duplicate", "copy_number": 3}]}
    }

    approved_by: Approvers = Field(default=[])
    made_by: Maker = ""

    def to_request(self, identifier: str, key: str, expected: int | None) -> FormRequest:
        """The request that the use case takes."""
        hands = Hands(self.made_by, tuple(self.approved_by))
        return FormRequest(identifier, self.to_form(), key, hands, expected)


class FormAddedOut(Wire):
    """增加的文件。 What was added."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "identifier": examples.IDENTIFIER,
                    "form": "duplicate",
                    "copy_number": 3,
                    "sha256": examples.DIGEST,
                    "size": 98304,
                    "level": "B-T",
                    "row_version": 2,
                }
            ]
        }
    }

    identifier: str
    form: FormName
    copy_number: Annotated[int, Field(ge=1)]
    sha256: str
    size: int
    level: str
    row_version: int
