"""Drafts on the wire: what waits for review and seal."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from api.persons import masked_numbers
from api.schemas.base import Day, Instant, Name, Note, Wire
from api.schemas.certificates import Beside, CertificateOut
from api.schemas.orders import FormName
from api.schemas.parties import HolderOut
from certlib.certificate import Decision
from certlib.document import Form
from certlib.registry import Draft
from certlib.usecases.drafts import answer_of_draft, as_certificate
from certlib.usecases.read_drafts import DraftPage, DraftView

DraftStatusName = Literal["open", "sealed", "returned", "discarded"]
_EXAMPLE: dict[str, Any] = {
    "identifier": "1.2.156.3005.2.11100000000019713D008.11445200990090139J"
    ".0123456789ABCDEFGHJK.001.4",
    "number": "粤交运管许可揭字445230000001号",
    "type_code": "11100000000019713D008",
    "type_version": "2026.1",
    "issuer_code": "11445200990090139J",
    "state": "DRAFT",
    "status": "open",
    "row_version": 1,
    "made_by": "zhang.san",
    "approved_by": [],
    "approvals_required": 1,
    "recorded_at": "2026-03-02T01:02:03Z",
}


class DraftStateOut(Wire):
    """待签发证照的办理情况。 How far a draft is."""

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [_EXAMPLE]}}

    identifier: str
    number: str
    type_code: str
    type_version: str
    issuer_code: str
    state: Literal["DRAFT"]
    status: DraftStatusName
    row_version: int
    made_by: str = Field(description="制证人。 Who made it.")
    approved_by: list[str] = Field(description="已审核人。 Who approved so far.")
    approvals_required: int
    recorded_at: Instant

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The wire shape of an act's answer."""
        return cls.model_validate(dict(answer), strict=False)


class DraftLineOut(DraftStateOut):
    """A line of a list, always masked."""

    model_config = Wire.model_config | {"json_schema_extra": {}}

    name: str
    holders: list[HolderOut]
    issue_date: Day
    supersedes: str

    @classmethod
    def line(cls, draft: Draft) -> Self:
        """The wire shape of one line."""
        content = draft.content
        return cls.model_validate(
            {
                **_state(draft, reveal=False),
                "name": content.name,
                "holders": [HolderOut.of(item, reveal=False) for item in content.holders],
                "issue_date": content.issue_date,
                "supersedes": draft.supersedes,
            },
            strict=False,
        )


class DraftListOut(Wire):
    """一页待签发证照，先制先列。 One page, oldest first; `after` is empty on the last one."""

    drafts: list[DraftLineOut]
    after: str

    @classmethod
    def of(cls, page: DraftPage) -> Self:
        """The wire shape."""
        return cls(drafts=[DraftLineOut.line(item) for item in page.drafts], after=page.after)


class FormOut(Wire):
    """One file that will be made."""

    form: FormName
    copy_number: int

    @classmethod
    def of(cls, form: Form) -> Self:
        """The wire shape."""
        return cls.model_validate({"form": form.kind, "copy_number": form.copy_number})


class SuccessionOut(Wire):
    """How the version before shall end."""

    reason: str
    effective_from: Day
    legal_basis: str
    document_number: str
    authority: str
    note: str

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """The wire shape."""
        return cls(
            reason=decision.reason_code,
            effective_from=decision.effective_from,
            legal_basis=decision.legal_basis,
            document_number=decision.document_number,
            authority=decision.authority,
            note=decision.note,
        )


class DraftOut(DraftStateOut):
    """一份待签发证照的全部内容。 Everything about one draft."""

    model_config = Wire.model_config | {"json_schema_extra": {}}

    changed_at: Instant
    ended_by: str = Field(description="签发人、退回人或撤销人。 Who sealed or gave it back.")
    reason: str = Field(description="退回或撤销制证的理由。 Why it was given back.")
    outcome: Literal["pending", "published", "burned"] | None = Field(
        description="签发后：制作中、已发布、未成。 After the seal: under way, issued, given up."
    )
    forms: list[FormOut]
    supersedes: str
    succession: SuccessionOut | None
    record: CertificateOut

    @classmethod
    def full(cls, view: DraftView, beside: Beside, *, reveal: bool) -> Self:
        """The wire shape; sensitive fields of its type are hidden unless revealed."""
        draft = view.draft
        decision = draft.succession
        return cls.model_validate(
            {
                **_state(draft, reveal=reveal),
                "changed_at": draft.changed_at,
                "ended_by": draft.ended_by,
                "reason": draft.note,
                "outcome": view.outcome and view.outcome.value,
                "forms": [FormOut.of(form) for form in draft.forms],
                "supersedes": draft.supersedes,
                "succession": decision and SuccessionOut.of(decision),
                "record": CertificateOut.full(as_certificate(draft), beside, reveal=reveal),
            },
            strict=False,
        )


def _state(draft: Draft, *, reveal: bool) -> dict[str, Any]:
    answer = answer_of_draft(draft)
    return answer if reveal else {**answer, "number": masked_numbers(str(answer["number"]))}


class ReturnIn(Wire):
    """退回制证人。 Gives it back to the maker."""

    model_config = Wire.model_config | {
        "json_schema_extra": {"examples": [{"reason": "经营范围与决定书不符。"}]}
    }

    reason: Annotated[Note, StringConstraints(min_length=1)]


class DiscardIn(Wire):
    """撤销制证。 The maker gives it up."""

    model_config = Wire.model_config | {"json_schema_extra": {"examples": [{"reason": "重复制证"}]}}

    reason: Name = ""
