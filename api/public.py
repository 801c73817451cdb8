"""What anybody may be told: the same verdicts and codes, without details of a penalty.

Anonymous callers see no document number and no authority, and of natural persons no kind, period
or cause either (domain.md, last line of practice): these sentences take the place of those that
name them. The time and the malformed parts stand beside the sentence, so it does not repeat them.
Everything else is said as to anybody else.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate, Decision, Restriction, RestrictionKind, StateChange
from certlib.document import Content, Holder
from certlib.holder_changes import ChangeKind, HolderChange
from certlib.registry import StandingRow, StatusRow
from certlib.renewals import RenewalApplication, RenewalDecision, RenewalOutcome
from certlib.sources import Source
from certlib.states import WITHOUT_END, Action, State, View, view
from certlib.verdicts import Sentence
from certlib.verification import OWN, Facts, Finding, Report, judge

WITHOUT_DETAILS: Mapping[str, Sentence] = {
    "valid": Sentence(
        "登记有效（未核验文件）。",
        "除法律、行政法规另有规定外可作为办理依据，请勿再收纸质件；持有文件时请一并核验文件。",
        "On record as valid; no file was checked.",
        "Accept; ask for no paper unless a law requires it. If you hold the file, check it too.",
    ),
    "identifier-malformed": Sentence(
        "标识有误：不符合编码规则。",
        "请逐位核对标识，或扫描证照上的二维码。",
        "The identifier is mistyped: it breaks the coding rule.",
        "Compare it character by character, or scan the code on the certificate.",
    ),
    "renewal-granted": Sentence(
        "有效期已届满，已准予延续，新证照尚未入库。",
        "可先行收件；以延续决定为准，请稍后核验新证照。",
        "Expired; the renewal is granted, the new certificate is not here yet.",
        "Take the application in; rely on the renewal's decision, and check again later.",
    ),
    "suspended": Sentence(
        "{kind}中{period}，目前不得使用。",
        "暂缓采用，联系发证机关。",
        "Suspended ({kind_en}{period_en}): not to be used at present.",
        "Hold; contact the issuing authority.",
    ),
    "suspension-ended": Sentence(
        "{kind}期限已满（至{until}），尚未登记恢复。",
        "暂缓采用，请向发证机关核实是否已恢复。",
        "The suspension ({kind_en}) ended on {until}, but no restoration is on record.",
        "Hold; ask the issuing authority whether it was restored.",
    ),
    "revoked": Sentence(
        "已吊销：因行政处罚失效。",
        "不予采用；当事人可向发证机关查询决定及救济途径。",
        "Revoked as a penalty.",
        "Do not accept; the holder finds decision and remedies with the issuing authority.",
    ),
    "deregistered": Sentence(
        "已注销（原因：{reason}），不再有效。",
        "不予采用；需继续从事请重新申请。",
        "Deregistered (cause: {reason_en}): no longer valid.",
        "Do not accept; reapply if needed.",
    ),
    "corrected": Sentence(
        "已更正：本版本记载有误，自{date}起以更正版本为准。",
        "请核验更正版本；已依本版本办理的，请核对更正内容。",
        "Corrected: this version was wrong; from {date} on the corrected one counts.",
        "Check the corrected version; compare what relied on this one.",
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
    "holder-merged": Sentence(
        "证照记载的持证人已并入其他单位，证照尚未变更。",
        "承继单位应向发证机关申请变更；变更前请向发证机关核实能否使用。",
        "The holder that the certificate names was merged into another; it has not been changed.",
        "The successor has to apply to the issuer for the change; until then ask the issuer.",
    ),
    "holder-ended": Sentence(
        "持证主体的登记情况有变，证照能否使用须向发证机关核实。",
        "请向发证机关核实。",
        "Something has changed about the holder: whether it may be used, the issuer knows.",
        "Ask the issuing authority.",
    ),
    "renewal-restricted": Sentence(
        "有效期已届满，延续申请未办结，且设有限制。",
        "可先行收件；以延续决定为准，限制详情咨询发证机关。",
        "Expired, its renewal not settled, and restricted.",
        "Take the application in; rely on the renewal's decision, and ask the issuing authority "
        "about the restriction.",
    ),
}


OF_PERSONS: Mapping[str, Sentence] = {
    "suspended": Sentence(
        "暂扣或暂停中，目前不得使用。",
        "暂缓采用，联系发证机关。",
        "Suspended: not to be used at present.",
        "Hold; contact the issuing authority.",
    ),
    "suspension-ended": Sentence(
        "暂扣或暂停期限已满，尚未登记恢复。",
        "暂缓采用，请向发证机关核实是否已恢复。",
        "The period of a suspension has ended, but no restoration is on record.",
        "Hold; ask the issuing authority whether it was restored.",
    ),
    "revoked": Sentence(
        "已吊销，不再有效。",
        "不予采用；当事人可向发证机关查询决定及救济途径。",
        "Revoked: no longer valid.",
        "Do not accept; the holder finds decision and remedies with the issuing authority.",
    ),
    "deregistered": Sentence(
        "已注销，不再有效。",
        "不予采用；需继续从事请重新申请。",
        "Deregistered: no longer valid.",
        "Do not accept; reapply if needed.",
    ),
}
"""Where a natural person is among the holders: neither kind nor period nor cause."""

_SOMEBODY, _ANOTHER = Holder("", "099", "0"), Holder("", "099", "1")
"""Holders of whom a status row says nothing."""

_TOLD = frozenset(
    {
        "date",
        "due",
        "duty",
        "duty_en",
        "extent",
        "extent_en",
        "kind",
        "kind_en",
        "period",
        "period_en",
        "reason",
        "reason_en",
        "until",
    }
)
"""What a public sentence may be filled with."""


def of_report(report: Report, *, personal: bool) -> Sentence:
    """A report's sentence for anybody.

    Args:
        report: the verdict.
        personal: a natural person is among the holders.
    """
    return _without_details(report, personal=personal) or report.sentence


def of_finding(finding: Finding, *, personal: bool) -> tuple[str, str]:
    """A finding of the record for anybody, in Chinese and English: as a verdict of it would say."""
    told = _without_details(finding, personal=personal)
    return (finding.zh, finding.en) if told is None else (told.zh, told.en)


def _without_details(said: Report | Finding, *, personal: bool) -> Sentence | None:
    plain = OF_PERSONS.get(said.code) if personal else None
    plain = plain or WITHOUT_DETAILS.get(said.code)
    if plain is None:
        return None
    return plain.filled({name: said.values[name] for name in _TOLD & said.values.keys()})


def personal(row: StatusRow) -> bool:
    """Whether a natural person is known to be among the holders.

    It is kept from the first thing that happened to a certificate; before, there is no penalty.
    """
    return row.standing is not None and row.standing.personal


def seen(row: StatusRow, today: date) -> View:
    """What the certificate is on this day."""
    standing = row.standing
    suspension = WITHOUT_END if standing is None else standing.decision.suspension
    found = view(row.state, row.valid_from, row.valid_to, today, suspension)
    if found is View.EXPIRED and row.state is State.SUSPENDED:
        return _record(row).view_on(today)  # a renewal may keep right and suspension going
    return found


def judged(row: StatusRow, version: TypeVersion | None, moment: datetime) -> Report:
    """The one judgement, over what a status row knows: nothing is decided here."""
    facts = Facts(
        record=_record(row),
        duties=() if version is None else version.duties,
        holder_changes=_gone(row),
        ends_with_holder=version is not None and version.ends_with_holder,
    )
    return judge(facts, OWN, moment)


def absent(moment: datetime, *, ours: bool) -> Report:
    """The judgement on an identifier that is not on record; `ours`: of a department of ours."""
    return judge(Facts(our_node=ours), OWN, moment)


def malformed(part: str, moment: datetime) -> Report:
    """The judgement on what is no identifier; `part` names what is wrong in it, or is ""."""
    return judge(Facts(malformed_part=part), OWN, moment)


def _record(row: StatusRow) -> Certificate:
    """A certificate with the row's state, dates and standing, and nothing else."""
    content = Content(
        type_code=row.type_code,
        type_version=row.type_version,
        name="",
        identifier=row.identifier,
        number="",
        issuer_code=row.issuer_code,
        issuer_name="",
        issue_date=row.issue_date or row.valid_from,
        holders=(_SOMEBODY,),
        division_code="",
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
    standing = row.standing
    begins = min(content.issue_date, row.valid_from) if standing is None else standing.begins
    issued = StateChange(
        decision=Decision(Action.SEAL, "granted", begins),
        from_state=State.DRAFT,
        to_state=row.state if standing is None else State.ISSUED,
        recorded_at=row.changed_at,
        actor="",
        sequence=1,
    )
    last = issued
    if standing is not None:
        last = replace(issued, decision=standing.decision, to_state=row.state, sequence=2)
    restriction = Restriction(RestrictionKind.OBJECTION, "", "", date.min)
    return Certificate(
        content=content,
        state=row.state,
        row_version=row.row_version,
        recorded_at=row.changed_at,
        history=(issued,) if standing is None else (issued, last),
        restrictions=(restriction,) if row.restricted else (),
        paper=row.paper,
        renewals=_renewals(row, standing),
        results=() if standing is None else standing.results,
        duties_since=row.duties_since,
    )


def _gone(row: StatusRow) -> tuple[HolderChange, ...]:
    """Why the sole holder is no more."""
    if row.holder_gone is None:
        return ()
    after = (_ANOTHER,) if row.holder_gone is ChangeKind.MERGED else ()
    source = Source("", "", row.changed_at, "")
    return (HolderChange("", row.holder_gone, (_SOMEBODY,), after, date.min, source),)


def _renewals(row: StatusRow, standing: StandingRow | None) -> tuple[RenewalApplication, ...]:
    """The application that is undecided, and the one that was granted."""
    found = []
    if row.renewal_pending_since is not None:
        found.append(RenewalApplication(1, row.renewal_pending_since, "", row.changed_at, actor=""))
    granted = None if standing is None else standing.granted_on
    if granted is not None:
        decision = RenewalDecision(RenewalOutcome.GRANTED, granted, "", row.changed_at, actor="")
        # In time, or it would not be kept; the day itself is told to nobody.
        applied_on = min(granted, row.valid_to or granted)
        found.append(
            RenewalApplication(2, applied_on, "", row.changed_at, actor="", decision=decision)
        )
    return tuple(found)
