"""Certificates on the wire: the record, masked unless the caller asks to see all of it."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from api.paging import After
from api.persons import masked_numbers
from api.schemas import examples
from api.schemas.base import Code, Day, Instant, Name, Wire
from api.schemas.beside import DeliveryOut, RenewalOut, RestrictionOut
from api.schemas.duties import DutyOut, ResultOut
from api.schemas.files import FileOut, SealLevelOut
from api.schemas.parties import HolderNowOut, HolderOut, IssuerNowOut
from certlib import holders
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, StateChange
from certlib.delivery import Delivery
from certlib.divisions import DivisionTable
from certlib.duties import DutyStanding
from certlib.errors import Invalid, Problem
from certlib.masking import HIDDEN, masked_value
from certlib.registry import AuditRecord, SearchQuery
from certlib.states import State
from certlib.usecases.read import Page
from certlib.usecases.standing import NOTHING_SINCE, Aftermath

StateName = Literal[
    "DRAFT",
    "ISSUED",
    "SUSPENDED",
    "SUPERSEDED",
    "DEREGISTERED",
    "ANNULLED",
    "WITHDRAWN",
    "REVOKED",
    "TRANSFERRED_OUT",
    "VOIDED",
]
_MOST = 200
_BACKWARDS = (
    "date-order",
    "截止日期不能早于起始日期，请核对。",
    "The last day cannot lie before the first: check the dates.",
)


class StepOut(Wire):
    """状态变更。 One step: effective by law from a day, recorded at an instant."""

    action: str
    from_state: str
    to_state: str
    reason_code: str
    effective_from: Day
    recorded_at: Instant
    legal_basis: str
    document_number: str
    authority: str
    note: str
    actor: str
    until: Day | None = Field(description="暂扣（暂停）的最后一日。 Last day of a suspension.")
    automatic: bool = Field(description="期满自动恢复。 The right revives by itself.")
    receiving_authority: str
    receiving_division: str
    receiving_division_name: str = Field(
        description="转入地名称，或空。 Name of that division, or empty."
    )

    @classmethod
    def of(cls, step: StateChange, divisions: DivisionTable, *, reveal: bool) -> Self:
        """The wire shape; a note is free text, so it is masked as a whole."""
        decision = step.decision
        return cls(
            action=decision.action.value,
            from_state=step.from_state.value,
            to_state=step.to_state.value,
            reason_code=decision.reason_code,
            effective_from=decision.effective_from,
            recorded_at=step.recorded_at,
            legal_basis=decision.legal_basis,
            document_number=decision.document_number,
            authority=decision.authority,
            note=decision.note if reveal or not decision.note else HIDDEN,
            actor=step.actor,
            until=decision.until,
            automatic=decision.automatic,
            receiving_authority=decision.receiving_authority,
            receiving_division=decision.receiving_division,
            receiving_division_name=divisions.full_name(decision.receiving_division),
        )


class CertificateSummary(Wire):
    """一份证照的概要，持证主体已脱敏。 A line of a list, always masked."""

    identifier: str
    type_code: str
    name: str
    number: str
    issuer_code: str
    issuer_name: str
    issue_date: Day
    valid_from: Day | None
    valid_to: Day | None
    holders: list[HolderOut]
    state: str
    row_version: int
    superseded_by: str

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """The wire shape."""
        return cls(**_summary(certificate, reveal=False))


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown of a certificate beside its own record."""

    version: TypeVersion | None
    delivery: Delivery | None
    today: date
    divisions: DivisionTable
    after: Aftermath = NOTHING_SINCE


class CertificateOut(CertificateSummary):
    """一份证照的登记。 The record of one certificate.

    `state` is what is stored; `view` is what it is today: expiry and the end of a suspension that
    ends by itself follow from the calendar.
    """

    view: str = Field(
        description="今日状态，与公开查询一致，如 VALID、EXPIRED。 Its state today, as the public "
        "status tells it."
    )

    type_version: str
    form: str
    division_code: str
    matter_code: str
    matter_name: str
    decision_number: str
    decision_date: Day | None
    fields: dict[str, Any]
    demonstration: bool
    recorded_at: Instant
    renewal_pending_since: Day | None
    renewal_applications: list[RenewalOut]
    duties: list[DutyOut] = Field(description="定期义务，按今天计。 Periodic duties, today.")
    periodic_results: list[ResultOut]
    delivery: DeliveryOut | None
    consent: Literal["any", "all"] | None = Field(
        description="有多个持证主体时，任一或全体同意方可使用。 Who of several holders consents."
    )
    paper: str
    files: list[FileOut]
    seal: SealLevelOut | None = Field(description="待签发的为空。 Null in drafts.")
    history: list[StepOut]
    restrictions: list[RestrictionOut]
    holders_now: list[HolderNowOut] = Field(
        description="更名、换码、合并、分立、死亡或终止的主体。 Holders that are not as sealed."
    )
    issuer_now: IssuerNowOut | None
    masked: bool = Field(description="人名、人员代码和敏感字段是否脱敏。 Whether masked.")

    @classmethod
    def full(cls, certificate: Certificate, beside: Beside, *, reveal: bool) -> Self:
        """The wire shape; sensitive fields are masked by the rules of its type unless revealed."""
        content, version = certificate.content, beside.version
        masks = {} if version is None or reveal else version.masks
        fields = {
            key: masked_value(masks[key], value) if key in masks else value
            for key, value in content.fields.items()
        }
        delivery, issuer = beside.delivery, beside.after.issuer
        return cls(
            **_summary(certificate, reveal=reveal),
            view=certificate.view_on(beside.today).value,
            type_version=content.type_version,
            form=content.form,
            division_code=content.division_code,
            matter_code=content.matter_code,
            matter_name=content.matter_name,
            decision_number=content.decision_number,
            decision_date=content.decision_date,
            fields=fields,
            demonstration=content.demonstration,
            recorded_at=certificate.recorded_at,
            renewal_pending_since=certificate.renewal_pending_since,
            renewal_applications=[RenewalOut.of(item) for item in certificate.renewals],
            duties=[DutyOut.of(item) for item in _standings(certificate, beside)],
            periodic_results=[ResultOut.of(item) for item in certificate.results],
            delivery=None if delivery is None else DeliveryOut.of(delivery, reveal=reveal),
            consent=_consent(certificate, version),
            paper=certificate.paper.value,
            files=[FileOut.of(item) for item in certificate.files],
            seal=SealLevelOut.of(certificate),
            history=[
                StepOut.of(item, beside.divisions, reveal=reveal) for item in certificate.history
            ],
            restrictions=[
                RestrictionOut.of(item, beside.today) for item in certificate.restrictions
            ],
            holders_now=[
                HolderNowOut.of(position, item, reveal=reveal)
                for position, item in enumerate(beside.after.holders)
                if item.changed or item.divided or item.ended
            ],
            issuer_now=None if issuer is None else IssuerNowOut.of(issuer),
            masked=not reveal,
        )


def _standings(certificate: Certificate, beside: Beside) -> list[DutyStanding]:
    duties = () if beside.version is None else beside.version.duties
    return certificate.standings(duties, beside.today)


def _consent(certificate: Certificate, version: TypeVersion | None) -> Literal["any", "all"] | None:
    if version is None or len(certificate.content.holders) == 1:
        return None
    return "all" if version.consent == "all" else "any"


def _summary(certificate: Certificate, *, reveal: bool) -> dict[str, Any]:
    content = certificate.content
    return {
        "identifier": content.identifier,
        "type_code": content.type_code,
        "name": content.name,
        "number": content.number if reveal else masked_numbers(content.number),
        "issuer_code": content.issuer_code,
        "issuer_name": content.issuer_name,
        "issue_date": content.issue_date,
        "valid_from": content.valid_from,
        "valid_to": content.valid_to,
        "holders": [HolderOut.of(holder, reveal=reveal) for holder in content.holders],
        "state": certificate.state.value,
        "row_version": certificate.row_version,
        "superseded_by": certificate.superseded_by,
    }


class SearchIn(Wire):
    """检索本单位证照，所给条件须同时满足。 Every given criterion must hold.

    By POST, so that no holder's number stands in a URL.
    """

    model_config = Wire.model_config | {
        "json_schema_extra": {"examples": [{"type_code": examples.TYPE, "limit": 20}]}
    }

    type_code: Annotated[str, StringConstraints(max_length=32)] = ""
    number: Annotated[str, StringConstraints(max_length=128)] = ""
    holder_code: Code = ""
    holder_code_type: Annotated[str, StringConstraints(max_length=3)] = ""
    holder_name: Name = ""
    states: Annotated[list[StateName], Field(min_length=1, max_length=len(State))] | None = None
    issued_from: Day | None = Field(default=None, description="颁发日期起。 Issued on or after.")
    issued_to: Day | None = Field(default=None, description="颁发日期止。 Issued on or before.")
    ends_from: Day | None = Field(
        default=None, description="有效期截止日期起。 Valid until this day or later."
    )
    ends_to: Day | None = Field(
        default=None,
        description="有效期截止日期止，用于查将到期的；长期的不在内。"
        " Valid until this day or earlier: what expires by then; never what has no end.",
    )
    recorded_since: Instant | None = Field(
        default=None, description="此时起入库的。 Published at that instant or later."
    )
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 50
    after: Annotated[str, StringConstraints(max_length=128)] = Field(
        default="", description="上一页的 after。 `after` of the page before."
    )

    def to_query(self) -> SearchQuery:
        """The query that the use case takes.

        Raises:
            UnknownCodeType: the holder's code type is in no table.
            Invalid: dates in the wrong order.
        """
        self._check_dates()
        code_type = self.holder_code_type and holders.normalise_code_type(self.holder_code_type)
        code = self.holder_code
        return SearchQuery(
            type_code=self.type_code,
            number=self.number,
            holder_code=holders.normalise(code_type, code) if code and code_type else code,
            holder_code_type=code_type,
            holder_name=self.holder_name,
            states=None if self.states is None else frozenset(map(State, self.states)),
            issued_from=self.issued_from,
            issued_to=self.issued_to,
            ends_from=self.ends_from,
            ends_to=self.ends_to,
            recorded_since=self.recorded_since,
            limit=self.limit,
            after=self.after,
        )

    def _check_dates(self) -> None:
        periods = {
            "/issued_to": (self.issued_from, self.issued_to),
            "/ends_to": (self.ends_from, self.ends_to),
        }
        problems = tuple(
            Problem(path, *_BACKWARDS)
            for path, (begin, end) in periods.items()
            if begin is not None and end is not None and end < begin
        )
        if problems:
            raise Invalid(problems=problems)


class SearchOut(Wire):
    """一页结果。 One page; `after` is empty on the last one."""

    certificates: list[CertificateSummary]
    after: str

    @classmethod
    def of(cls, page: Page) -> Self:
        """The wire shape."""
        lines = [CertificateSummary.of(item) for item in page.certificates]
        return cls(certificates=lines, after=page.after)


class ActOut(Wire):
    """留痕记录。 One line of the append-only history."""

    sequence: int
    at: Instant
    actor: str
    act: str
    details: dict[str, Any]
    digest: str

    @classmethod
    def of(cls, record: AuditRecord) -> Self:
        """The wire shape."""
        return cls(
            sequence=record.sequence,
            at=record.at,
            actor=record.actor,
            act=record.act,
            details=dict(record.details),
            digest=record.digest,
        )


class HistoryOut(Wire):
    """全程留痕。 What was done to a certificate, oldest first."""

    identifier: str
    acts: list[ActOut]
    after: After
