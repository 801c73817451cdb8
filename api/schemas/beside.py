"""What stands beside the state, on the wire: renewals, restrictions, delivery."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.persons import holds_identity_number
from api.schemas import examples
from api.schemas.base import Day, Instant, Remark, Wire
from certlib.beside import Lifting
from certlib.delivery import Channel, Delivery
from certlib.holders import mask_name
from certlib.renewals import RenewalApplication, RenewalOutcome
from certlib.restrictions import Restriction, RestrictionKind
from certlib.usecases.amend import Handover
from certlib.usecases.due_lists import Late, LatePage

KindName = Literal["seized", "frozen", "mortgaged", "objection", "closed", "irregular"]
OutcomeName = Literal["granted", "refused", "withdrawn"]
ChannelName = Literal["counter", "post", "online"]
_LONGEST_RUN = 5


def _without_number(text: str) -> str:
    if holds_identity_number(text):
        raise PydanticCustomError("certlib_number", "an identity number")
    return text


def _name_alone(text: str) -> str:
    """A name: nobody is called by a row of digits."""
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0
        if run > _LONGEST_RUN:
            raise PydanticCustomError("certlib_number", "a number")
    return text


Reference = Annotated[str, StringConstraints(max_length=128), AfterValidator(_without_number)]
"""A number of a case or document; it stands in the history, so it is never a person's."""

Authority = Annotated[str, StringConstraints(max_length=256), AfterValidator(_without_number)]
Receiver = Annotated[str, StringConstraints(max_length=128), AfterValidator(_name_alone)]


class RenewalIn(Wire):
    """延续申请：有效期届满前提出。 An application for renewal, made before the term is over."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [{"applied_on": "2026-11-20", "case_number": "4452002026110001"}]
        }
    }

    applied_on: Day = Field(description="收到申请之日。 The day it was received.")
    case_number: Reference = Field(description="业务流水号。 The case at the department.")


class RenewalDecisionIn(Wire):
    """延续申请的决定。 What became of the open application."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "outcome": "granted",
                    "decided_on": "2026-11-22",
                    "document_number": "揭交准延〔2026〕1号",
                }
            ]
        }
    }

    outcome: OutcomeName = Field(
        description="granted 准予，refused 不予，withdrawn 撤回申请。 How it ended."
    )
    decided_on: Day
    document_number: Reference = Field(
        default="", description="决定文号；不予延续时必填。 Needed for a refusal."
    )


class RestrictionIn(Wire):
    """限制。 A seizure, freeze, mortgage, objection, closure order or irregularity entry."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "kind": "frozen",
                    "authority": "揭阳市中级人民法院",
                    "document_number": "（2026）粤52执1号",
                    "effective_from": "2026-11-22",
                    "effective_to": "2027-05-21",
                }
            ]
        }
    }

    kind: KindName = Field(
        description="seized 查封，frozen 冻结，mortgaged 抵押，objection 异议，"
        "closed 责令停业，irregular 经营异常。"
    )
    authority: Authority
    document_number: Reference
    effective_from: Day
    effective_to: Day | None = Field(default=None, description="含当日。 Inclusive.")

    def to_restriction(self) -> Restriction:
        """The restriction that the use case takes."""
        return Restriction(
            kind=RestrictionKind(self.kind),
            authority=self.authority,
            document_number=self.document_number,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
        )


class LiftingIn(Wire):
    """解除限制：所给条件应当只对应一项。 What is given must fit exactly one restriction."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "kind": "frozen",
                    "document_number": "（2026）粤52执1号",
                    "lifted_on": "2026-11-22",
                    "lift_document": "（2026）粤52执1号之一",
                }
            ]
        }
    }

    kind: KindName
    lifted_on: Day = Field(description="自该日起不再有效。 It no longer binds from this day on.")
    authority: Authority = ""
    document_number: Reference = ""
    effective_from: Day | None = None
    lift_document: Reference = Field(default="", description="解除文书的文号。 Of the lifting.")

    def to_lifting(self) -> Lifting:
        """The lifting that the use case takes."""
        return Lifting(
            kind=RestrictionKind(self.kind),
            lifted_on=self.lifted_on,
            authority=self.authority,
            document_number=self.document_number,
            effective_from=self.effective_from,
            lift_document=self.lift_document,
        )


class DeliveryIn(Wire):
    """送达：四个日期中的最后一个。 Delivery, the last of the four dates; recorded once."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [{"delivered_on": "2026-11-22", "channel": "counter", "receiver": "王小明"}]
        }
    }

    delivered_on: Day
    channel: ChannelName = Field(
        description="counter 窗口领取，post 邮寄，online 网上送达。 How it reached its holder."
    )
    receiver: Receiver = Field(
        default="", description="领取人姓名，不得填写号码。 By name; never a number."
    )

    def to_handover(self) -> Handover:
        """The delivery that the use case takes."""
        return Handover(self.delivered_on, Channel(self.channel), self.receiver)


class AmendedOut(Wire):
    """登记后的结果。 The record after the act."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "identifier": examples.IDENTIFIER,
                    "act": "restrict",
                    "state": "ISSUED",
                    "row_version": 2,
                    "recorded_at": "2026-11-22T01:02:03Z",
                    "warnings": [],
                }
            ]
        }
    }

    identifier: str
    act: str
    state: str
    row_version: int
    recorded_at: str
    warnings: list[Remark]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of the use case's answer, which says more than this."""
        return cls.model_validate({name: answer[name] for name in cls.model_fields})


class DeliveredOut(AmendedOut):
    """送达登记后的结果。 The record after the delivery, and whether it was in time."""

    model_config = Wire.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "identifier": examples.IDENTIFIER,
                    "act": "deliver",
                    "state": "ISSUED",
                    "row_version": 2,
                    "recorded_at": "2026-11-22T01:02:03Z",
                    "warnings": [],
                    "late": False,
                    "deliver_by": "2026-12-04",
                }
            ]
        }
    }

    late: bool
    deliver_by: str | None = Field(
        description="最迟送达日：决定之日起十个工作日；无决定日期时为空。 The last day in time."
    )


class RenewalOut(Wire):
    """延续申请及其决定。 An application for renewal and what became of it."""

    applied_on: Day
    case_number: str
    recorded_at: Instant
    outcome: str | None
    decided_on: Day | None
    document_number: str
    decision_recorded_at: Instant | None

    @classmethod
    def of(cls, item: RenewalApplication) -> Self:
        """The wire shape."""
        decision = item.decision
        outcome: RenewalOutcome | None = None if decision is None else decision.outcome
        return cls(
            applied_on=item.applied_on,
            case_number=item.case_number,
            recorded_at=item.recorded_at,
            outcome=None if outcome is None else outcome.value,
            decided_on=None if decision is None else decision.decided_on,
            document_number="" if decision is None else decision.document_number,
            decision_recorded_at=None if decision is None else decision.recorded_at,
        )


class RestrictionOut(Wire):
    """限制。 A restriction beside the state."""

    kind: str
    authority: str
    document_number: str
    effective_from: Day
    effective_to: Day | None
    lifted_on: Day | None
    lift_document: str
    recorded_at: Instant | None
    in_force: bool = Field(description="今天是否有效。 Whether it binds today.")

    @classmethod
    def of(cls, item: Restriction, today: date) -> Self:
        """The wire shape."""
        return cls(
            kind=item.kind.value,
            authority=item.authority,
            document_number=item.document_number,
            effective_from=item.effective_from,
            effective_to=item.effective_to,
            lifted_on=item.lifted_on,
            lift_document=item.lift_document,
            recorded_at=item.recorded_at,
            in_force=item.in_force(today),
        )


class DeliveryOut(Wire):
    """送达。 What is on record of the delivery."""

    decision_date: Day | None
    delivered_on: Day | None
    channel: str | None
    receiver: str
    late: bool

    @classmethod
    def of(cls, item: Delivery, *, reveal: bool) -> Self:
        """The wire shape; the receiver is a person."""
        hidden = mask_name(item.receiver) if item.receiver else ""
        return cls(
            decision_date=item.decision_date,
            delivered_on=item.delivered_on,
            channel=None if item.channel is None else item.channel.value,
            receiver=item.receiver if reveal else hidden,
            late=item.late,
        )


class LateOut(Wire):
    """一份逾期送达或尚未送达的证照。 One late or missing delivery."""

    identifier: str
    type_code: str
    decision_date: Day
    deliver_by: Day
    delivered_on: Day | None
    channel: str | None

    @classmethod
    def of(cls, late: Late) -> Self:
        """The wire shape."""
        item = late.delivery
        return cls(
            identifier=item.identifier,
            type_code=item.type_code,
            decision_date=item.decision_date or late.deliver_by,
            deliver_by=late.deliver_by,
            delivered_on=item.delivered_on,
            channel=None if item.channel is None else item.channel.value,
        )


class LatesOut(Wire):
    """一页逾期送达。 One page; `after` is empty on the last one."""

    as_of: Day
    deliveries: list[LateOut]
    after: str

    @classmethod
    def of(cls, page: LatePage) -> Self:
        """The wire shape."""
        return cls(
            as_of=page.day, deliveries=[LateOut.of(item) for item in page.lines], after=page.after
        )
