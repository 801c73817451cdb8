"""What anybody may be told: the same verdicts and codes, without details of a penalty.

Anonymous callers see no document number, authority or cause (domain.md, last line of practice):
these sentences take the place of those that name them. The time and the malformed parts stand
beside the sentence, so it does not repeat them. Everything else is said as to anybody else.
"""

from collections.abc import Mapping
from datetime import date, datetime

from certlib.certificate import Certificate, Decision, Restriction, RestrictionKind, StateChange
from certlib.document import Content
from certlib.registry import StatusRow
from certlib.states import Action, State
from certlib.verdicts import Sentence
from certlib.verification import OWN, Facts, Report, judge

WITHOUT_DETAILS: Mapping[str, Sentence] = {
    "valid": Sentence(
        "登记有效（未核验文件）。",
        "除法律、行政法规另有规定外可作为办理依据，请勿再收纸质件；持有文件时可由受理窗口核验文件。",
        "On record as valid; no file was checked.",
        "Accept; ask for no paper unless a law requires it. A service counter can check the file.",
    ),
    "identifier-malformed": Sentence(
        "标识有误：不符合编码规则。",
        "请逐位核对标识，或扫描证照上的二维码。",
        "The identifier is mistyped: it breaks the coding rule.",
        "Compare it character by character, or scan the code on the certificate.",
    ),
    "suspended": Sentence(
        "暂扣或暂停中，目前不得使用。",
        "暂缓采用，联系发证机关。",
        "Suspended: not to be used at present.",
        "Hold; contact the issuing authority.",
    ),
    "revoked": Sentence(
        "已吊销：因行政处罚失效。",
        "不予采用；当事人可向发证机关查询决定及救济途径。",
        "Revoked as a penalty.",
        "Do not accept; the holder finds decision and remedies with the issuing authority.",
    ),
    "deregistered": Sentence(
        "已注销，不再有效。",
        "不予采用；需继续从事请重新申请。",
        "Deregistered: no longer valid.",
        "Do not accept; reapply if needed.",
    ),
    "superseded": Sentence(
        "已换发：本版本已被替代。",
        "请核验现行版本。",
        "Superseded: a newer version replaced this one.",
        "Check the current version.",
    ),
    "transferred-out": Sentence(
        "已办理转出：由转入地发证机关管理。",
        "请向转入地发证机关核验。",
        "Transferred out: kept by the receiving authority.",
        "Check with the receiving authority.",
    ),
    "restricted": Sentence(
        "登记有效，但设有限制。",
        "请按事项规定判断是否可用，详情咨询发证机关。",
        "On record, with a restriction.",
        "Decide by the matter's rule; ask the issuing authority for details.",
    ),
}


def of_report(report: Report) -> Sentence:
    """A report's sentence for anybody."""
    return WITHOUT_DETAILS.get(report.code, report.sentence)


def judged(row: StatusRow, moment: datetime) -> Report:
    """The one judgement, over what a status row knows: nothing is decided here."""
    return judge(Facts(record=_record(row), our_node=True), OWN, moment)


def absent(moment: datetime, *, ours: bool) -> Report:
    """The judgement on an identifier that is not on record; `ours`: of a department of ours."""
    return judge(Facts(our_node=ours), OWN, moment)


def malformed(part: str, moment: datetime) -> Report:
    """The judgement on what is no identifier; `part` names what is wrong in it, or is ""."""
    return judge(Facts(malformed_part=part), OWN, moment)


def _record(row: StatusRow) -> Certificate:
    """A certificate with the row's state, dates and restriction, and nothing else."""
    content = Content(
        type_code=row.type_code,
        type_version="",
        name="",
        identifier=row.identifier,
        number="",
        issuer_code=row.issuer_code,
        issuer_name="",
        issue_date=row.valid_from,
        holders=(),
        division_code="",
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
    step = StateChange(
        decision=Decision(Action.SEAL, "granted", date.min),
        from_state=State.DRAFT,
        to_state=row.state,
        recorded_at=row.changed_at,
        actor="",
        sequence=1,
    )
    restriction = Restriction(RestrictionKind.OBJECTION, "", "", date.min)
    return Certificate(
        content=content,
        state=row.state,
        row_version=row.row_version,
        recorded_at=row.changed_at,
        history=(step,),
        restrictions=(restriction,) if row.restricted else (),
        renewal_pending_since=row.renewal_pending_since,
    )
