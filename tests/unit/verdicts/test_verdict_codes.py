"""Every situation has its own sentence, and every sentence a situation that says it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from certlib.catalogue import Duty, DutyEffect
from certlib.certificate import (
    CertificateFile,
    PaperStatus,
    Restriction,
    RestrictionKind,
)
from certlib.document import Holder
from certlib.duties import DutyResult, PeriodicResult
from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind
from certlib.findings import DISTRUST, FAULTS, FINDINGS, SERVICES
from certlib.paper import Print, Sheet
from certlib.renewals import RenewalApplication, RenewalDecision, RenewalOutcome
from certlib.states import CORRECTION, Action, State
from certlib.verdicts import SENTENCES
from certlib.verification import (
    FOREIGN,
    OWN,
    Check,
    Claim,
    Facts,
    Outcome,
    Verdict,
    judge,
    worst,
)
from tests.fakes import evidence
from tests.fakes.evidence import (
    anchor,
    authority,
    certificate,
    chain,
    message,
    signature,
    unchained,
)
from tests.fakes.parties import FIRM, change
from tests.unit.life.builders import IDENTIFIER, NOW, TODAY, decision, in_state, issued
from tests.unit.verdicts.offline_situations import OFFLINE

VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE
STORED = datetime(2024, 3, 1, tzinfo=UTC)


def file(*signatures, **changes):
    return evidence.file(*signatures, **{"identifier": IDENTIFIER, **changes})


def untrusted(problem="no-path"):
    return signature(message=message(chain=unchained(problem)))


def known(**changes):
    base = CertificateFile(
        sha256="ab" * 32,
        identifier=IDENTIFIER,
        object_name="0" * 32 + ".0",
        size=1000,
        form="original",
        revision=0,
        level="B-T",
        stored_at=STORED,
    )
    return replace(base, **changes)


def of_record(record, **changes):
    return Facts(record=record, authorised=True, **changes)


def of_known(record=None, **changes):
    copy = changes.pop("copy", {})
    return Facts(record=record or issued(), known_file=known(**copy), authorised=True, **changes)


RESTRICTED = replace(
    issued(),
    restrictions=(
        Restriction(
            RestrictionKind.SEIZED, "揭阳市中级人民法院", "(2026)粤52执1号", date(2026, 1, 1)
        ),
    ),
)
REVOKED_LATE = issued().decide(decision(Action.REVOKE, day=date(2026, 11, 1)), actor="o", now=NOW)
APPLIED = RenewalApplication(1, date(2026, 9, 1), "业务1", STORED, "o")
RENEWING = replace(issued(valid_to=date(2026, 11, 1)), renewals=(APPLIED,))
GRANTED = RenewalDecision(RenewalOutcome.GRANTED, date(2026, 10, 9), "准延〔2026〕1号", STORED, "o")
RENEWED = replace(RENEWING, renewals=(replace(APPLIED, decision=GRANTED),))
PERIOD = decision(Action.SUSPEND, day=date(2026, 8, 1), until=date(2026, 10, 31))
SERVED = issued().decide(PERIOD, actor="o", now=NOW)
CORRECTED = replace(
    issued().decide(
        decision(Action.SUPERSEDE, reason=CORRECTION, day=date(2024, 3, 1)), actor="o", now=NOW
    ),
    superseded_by=IDENTIFIER.replace(".001.", ".002."),
)


def inspected(effect, *results):
    """A certificate of 2024 whose yearly inspection has this effect, with these results."""
    duty = Duty("annual-inspection", "年度检验", "annual inspection", 12, 30, effect, effect)
    return of_record(replace(issued(), results=results), duties=(duty,))


def failed(day=date(2026, 9, 1)):
    return PeriodicResult(1, "annual-inspection", DutyResult.FAILED, day, STORED, "o")


SUCCESSOR = replace(FIRM, name="揭阳市大成运输有限公司", code="91445202MA9TEXT11X")
COPY = {"form": "duplicate", "copy_number": 2}


def sheet(status):
    """The paper of 副本2."""
    printed = Print("duplicate", "P-2", "揭阳市政务服务中心", STORED, copy_number=2)
    return Sheet(IDENTIFIER, printed, status, STORED, "o", TODAY)


BLOCKING = replace(OWN, blocking=frozenset({RestrictionKind.SEIZED}))
TOLERANT = replace(OWN, tolerated=frozenset({RestrictionKind.SEIZED}))

SITUATIONS = [
    ("valid", VALID, of_known(), OWN),
    ("valid-on-record", VALID, of_record(issued()), OWN),
    ("not-yet-effective", INVALID, of_record(issued(valid_from=date(2027, 1, 1))), OWN),
    ("expired", INVALID, of_record(issued(valid_to=date(2026, 11, 21))), OWN),
    ("renewal-pending", UNSURE, of_record(RENEWING), OWN),
    ("renewal-granted", UNSURE, of_record(RENEWED), OWN),
    ("suspended", INVALID, of_record(in_state(State.SUSPENDED)), OWN),
    ("suspension-ended", UNSURE, of_record(SERVED), OWN),
    ("corrected", INVALID, of_record(CORRECTED), OWN),
    ("inspection-overdue", VALID, inspected(DutyEffect.WARN), OWN),
    ("inspection-overdue-blocks", INVALID, inspected(DutyEffect.BLOCK), OWN),
    ("inspection-failed", VALID, inspected(DutyEffect.WARN, failed()), OWN),
    ("inspection-failed-blocks", INVALID, inspected(DutyEffect.BLOCK, failed()), OWN),
    ("revoked", INVALID, of_record(in_state(State.REVOKED)), OWN),
    ("annulled", INVALID, of_record(in_state(State.ANNULLED)), OWN),
    ("withdrawn", INVALID, of_record(in_state(State.WITHDRAWN)), OWN),
    ("deregistered", INVALID, of_record(in_state(State.DEREGISTERED)), OWN),
    ("voided", INVALID, of_record(in_state(State.VOIDED)), OWN),
    ("superseded", INVALID, of_record(in_state(State.SUPERSEDED)), OWN),
    ("transferred-out", INVALID, of_record(in_state(State.TRANSFERRED_OUT)), OWN),
    (
        "draft",
        INVALID,
        of_record(
            replace(
                issued(),
                state=State.DRAFT,
                history=(replace(issued().history[0], to_state=State.DRAFT),),
            )
        ),
        OWN,
    ),
    ("restricted", UNSURE, of_record(RESTRICTED), OWN),
    (
        "renewal-restricted",
        UNSURE,
        of_record(replace(RENEWING, restrictions=RESTRICTED.restrictions)),
        OWN,
    ),
    ("restriction-blocks", INVALID, of_record(RESTRICTED), BLOCKING),
    ("paper-void", VALID, of_record(replace(issued(), paper=PaperStatus.DECLARED_VOID)), OWN),
    ("paper-lost", VALID, of_record(replace(issued(), paper=PaperStatus.LOST)), OWN),
    (
        "paper-copy-void",
        VALID,
        of_known(copy=COPY, sheets=(sheet(PaperStatus.DECLARED_VOID),)),
        OWN,
    ),
    ("paper-copy-lost", VALID, of_known(copy=COPY, sheets=(sheet(PaperStatus.LOST),)), OWN),
    ("not-found", INVALID, Facts(), OWN),
    ("identifier-malformed", INVALID, Facts(malformed_part="check"), OWN),
    ("several-found", UNSURE, Facts(candidates=2), OWN),
    ("other-node", UNSURE, Facts(our_node=False, region="潮州市"), OWN),
    ("mismatch", INVALID, of_record(issued(), claims=(Claim("holder_name", "别的公司"),)), OWN),
    (
        "name-changed",
        VALID,
        of_record(
            replace(issued(), former_names=("旧名运输公司",)),
            claims=(Claim("holder_name", "旧名运输公司"),),
        ),
        OWN,
    ),
    (
        "code-changed",
        VALID,
        of_record(
            issued(),
            claims=(Claim("holder_code", "91445202MA9TEXT11X"),),
            holder_changes=(change("recoded", FIRM, replace(FIRM, code="91445202MA9TEXT11X")),),
        ),
        OWN,
    ),
    (
        "holder-divided",
        UNSURE,
        of_record(
            issued(),
            claims=(Claim("holder_name", "揭阳市示例货运有限公司"),),
            holder_changes=(change("divided", FIRM, replace(FIRM, name="揭阳市示例货运有限公司")),),
        ),
        OWN,
    ),
    (
        "holder-merged",
        UNSURE,
        of_record(
            issued(), holder_changes=(change("merged", FIRM, SUCCESSOR),), ends_with_holder=True
        ),
        OWN,
    ),
    (
        "holder-ended",
        UNSURE,
        of_record(
            issued(), holder_changes=(change("dissolved", FIRM, None),), ends_with_holder=True
        ),
        OWN,
    ),
    (
        "altered",
        INVALID,
        Facts(file=file(signature(message=message(digest_ok=False))), record=issued()),
        OWN,
    ),
    ("seal-not-on-record", INVALID, Facts(file=file(), record=issued(), authorised=True), OWN),
    ("seal-untrusted", INVALID, Facts(file=file(untrusted()), record=issued()), OWN),
    ("annotated", UNSURE, Facts(file=evidence.remarked()), FOREIGN),
    (
        "seal-weak",
        UNSURE,
        Facts(
            file=file(signature(message=message(digest="sha1")), identifier="", looks_ours=False)
        ),
        FOREIGN,
    ),
    (
        "seal-unsupported",
        UNSURE,
        Facts(
            file=file(
                signature(
                    message=message(
                        digest_ok=False, signature_ok=False, unchecked="unsupported sm2"
                    )
                ),
                identifier="",
                looks_ours=False,
            )
        ),
        FOREIGN,
    ),
    ("status-unknown", UNSURE, Facts(file=file(), registry_asked=False, authorised=True), OWN),
    ("issuer-not-authorised", INVALID, Facts(file=file(), record=issued(), authorised=False), OWN),
    (
        "copy-expired",
        INVALID,
        of_known(copy={"kind": "purpose_copy", "expires_on": date(2026, 1, 1)}),
        OWN,
    ),
    (
        "copy-other-purpose",
        INVALID,
        of_known(copy={"kind": "purpose_copy", "purpose": "公积金提取"}, purpose="入学"),
        OWN,
    ),
    ("printed", UNSURE, Facts(file=file(signatures=(), looks_ours=False), record=issued()), OWN),
    ("cannot-tell", UNSURE, Facts(unavailable="registry"), OWN),
    ("valid-then", VALID, of_record(REVOKED_LATE, on=date(2026, 10, 1)), OWN),
    (
        "not-a-certificate",
        INVALID,
        Facts(file=file(signatures=(), looks_ours=False, identifier="")),
        OWN,
    ),
    ("unreadable", INVALID, Facts(file=file(readable=False, fault="truncated")), OWN),
    *OFFLINE,
    ("foreign-valid", VALID, Facts(file=file(identifier="", looks_ours=False)), FOREIGN),
]


@pytest.mark.parametrize(
    ("code", "verdict", "facts", "policy"), SITUATIONS, ids=[item[0] for item in SITUATIONS]
)
def test_situation(code, verdict, facts, policy):
    """Each situation gets its verdict, its code, and a sentence without holes."""
    report = judge(facts, policy, NOW)
    # Without a file `valid` has a sentence of its own, under the same code.
    assert (report.code, report.verdict) == (code.replace("valid-on-record", "valid"), verdict)
    for text in (
        report.sentence.zh,
        report.sentence.next_zh,
        report.sentence.en,
        report.sentence.next_en,
    ):
        assert text
        assert "{" not in text
    assert report.findings
    assert all(finding.zh and finding.en for finding in report.findings)


def test_every_code_is_reached():
    """A code without a situation would be a promise that nothing keeps."""
    assert {item[0] for item in SITUATIONS} == set(SENTENCES)


def test_no_two_situations_share_a_sentence():
    """Filled as people read them: conclusions differ in both languages."""
    reports = [judge(facts, policy, NOW) for _, _, facts, policy in SITUATIONS]
    assert len({report.sentence.zh for report in reports}) == len(reports)
    assert len({report.sentence.en for report in reports}) == len(reports)


def test_the_documented_codes_are_all_there():
    """verdicts.md is the least; it lies beside the repository while we build."""
    documented = {
        "valid",
        "not-yet-effective",
        "expired",
        "renewal-pending",
        "suspended",
        "revoked",
        "annulled",
        "withdrawn",
        "deregistered",
        "voided",
        "superseded",
        "transferred-out",
        "restricted",
        "paper-void",
        "not-found",
        "other-node",
        "mismatch",
        "name-changed",
        "altered",
        "seal-not-on-record",
        "issuer-not-authorised",
        "copy-expired",
        "copy-other-purpose",
        "printed",
        "cannot-tell",
        "valid-then",
        "not-a-certificate",
        "unreadable",
    }
    assert documented <= set(SENTENCES)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_has_an_honest_verdict(fault):
    """The file's fault is invalid, ours is indeterminate, neither is valid."""
    report = judge(Facts(file=file(readable=False, fault=fault)), OWN, NOW)
    ours = fault in {"timeout", "memory", "crashed", "busy"}
    assert report.verdict is (UNSURE if ours else INVALID)


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
@pytest.mark.parametrize(
    "broken",
    [{"digest_ok": False}, {"signature_ok": False}],
)
def test_broken_cryptography_is_altered_under_every_policy(policy, broken):
    report = judge(Facts(file=file(signature(message=message(**broken)))), policy, NOW)
    assert (report.verdict, report.code) == (INVALID, "altered")


def test_structure_counts_for_our_own_files():
    odd = Facts(file=file(signature(form_problem="gap-padding"), identifier="", looks_ours=False))
    assert judge(odd, OWN, NOW).code == "altered"
    assert judge(odd, FOREIGN, NOW).verdict is VALID


@pytest.mark.parametrize(
    ("grade", "own", "foreign"),
    [
        (ChangeGrade.NONE, "seal-not-on-record", "foreign-valid"),
        (ChangeGrade.PERMITTED, "altered", "foreign-valid"),
        (ChangeGrade.NOT_PERMITTED, "altered", "altered"),
        (ChangeGrade.UNEXPLAINED, "altered", "altered"),
    ],
)
def test_changes_after_sealing(grade, own, foreign):
    """Under `own` nothing may follow; what is unexplained is never accepted."""
    changes = ChangeFacts(grade, (ChangeKind.FORM,))
    facts = Facts(file=file(changes=changes), record=issued(), authorised=True)
    assert judge(facts, OWN, NOW).code == own
    others = Facts(file=file(changes=changes, identifier="", looks_ours=False))
    assert judge(others, FOREIGN, NOW).code == foreign


def test_the_foreign_policy_is_no_way_around_our_own_record():
    """Bytes not on record that name a certificate of ours are never valid, or "not ours"."""
    facts = Facts(
        file=file(signature(form_problem="gap-padding")), record=issued(), authorised=True
    )
    report = judge(facts, FOREIGN, NOW)
    assert (report.verdict, report.code) == (INVALID, "seal-not-on-record")


def test_past_knowledge_says_nothing_about_today():
    """A revocation counts today, whatever was known before it."""
    revoked = in_state(State.REVOKED)
    early = revoked.recorded_at
    today = judge(Facts(record=revoked, known_at=early), OWN, NOW)
    assert (today.verdict, today.code) == (INVALID, "revoked")
    before = judge(Facts(record=revoked, on=TODAY, known_at=early), OWN, NOW)
    assert (before.verdict, before.code) == (VALID, "valid-then")


def test_nothing_was_valid_before_it_was_on_record():
    record = issued()
    unknown = record.recorded_at - timedelta(seconds=1)
    report = judge(Facts(record=record, on=TODAY, known_at=unknown), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, "not-found")


def test_a_former_name_does_not_reveal_the_present_one():
    person = Holder("欧阳明远", "111", "445221199001010013")
    content = replace(issued().content, holders=(person,))
    record = replace(issued(), content=content, former_names=("欧阳明",))
    report = judge(Facts(record=record, claims=(Claim("holder_name", "欧阳明"),)), OWN, NOW)
    assert report.code == "name-changed"
    assert "明远" not in report.sentence.zh + report.sentence.en


def test_layout_counts_for_every_file_and_coverage_for_ours():
    odd = Facts(file=file(signature(layout_problem="byte-range")))
    assert judge(odd, FOREIGN, NOW).code == "altered"
    open_end = Facts(file=file(signature(covers_file=False)), record=issued(), authorised=True)
    assert judge(open_end, OWN, NOW).code == "altered"


def test_unknown_chain_is_no_finding_against_a_foreign_file():
    facts = Facts(file=file(untrusted(), identifier="", looks_ours=False))
    report = judge(facts, FOREIGN, NOW)
    assert (report.verdict, report.code) == (UNSURE, "seal-untrusted")
    outcomes = {finding.check: finding.outcome for finding in report.findings}
    assert outcomes[Check.INTEGRITY] is Outcome.PASS
    assert outcomes[Check.CHANGES] is Outcome.PASS


def test_nothing_to_decide_with_is_no_finding_against_our_file():
    """Offline without a trust list: unsure, and it says what is missing."""
    seal = untrusted("no-anchors")
    report = judge(Facts(file=file(seal), registry_asked=False, authorised=True), OWN, NOW)
    assert (report.verdict, report.code) == (UNSURE, "seal-untrusted")
    assert "没有可用的信任名单" in report.sentence.zh
    assert "no-anchors" not in report.sentence.en


@pytest.mark.parametrize("code", ["11445200990090016H", ""])
def test_signer_that_is_not_the_issuer_on_record(code):
    other = certificate(code=code)
    facts = Facts(
        file=file(signature(message=message(chain=chain(other, authority(), anchor())))),
        record=issued(),
        authorised=True,
    )
    assert judge(facts, OWN, NOW).code == "issuer-not-authorised"


def test_seal_stripped_from_our_file_is_alteration():
    report = judge(Facts(file=file(signatures=())), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, "altered")


def test_our_file_broken_beyond_reading_is_alteration():
    report = judge(Facts(file=file(readable=False, fault="malformed")), OWN, NOW)
    assert report.code == "altered"


def test_genuine_old_file_after_revocation():
    """The file is intact, the right is gone: invalid, and the reason is the record."""
    report = judge(of_known(in_state(State.REVOKED)), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, "revoked")
    outcomes = {finding.check: finding.outcome for finding in report.findings}
    assert outcomes[Check.INTEGRITY] is Outcome.PASS


def test_asked_for_a_day_before_the_beginning():
    report = judge(of_record(issued(), on=date(2024, 2, 1)), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, "not-yet-effective")


def test_annulled_is_not_valid_then_when_annulled_from_the_beginning():
    record = issued().decide(decision(Action.ANNUL, day=date(2024, 3, 1)), actor="o", now=NOW)
    assert judge(of_record(record, on=date(2025, 1, 1)), OWN, NOW).code == "annulled"


def test_renewal_asked_for_too_late_does_not_help():
    application = replace(APPLIED, applied_on=date(2026, 11, 2))
    late = replace(issued(valid_to=date(2026, 11, 1)), renewals=(application,))
    assert judge(of_record(late), OWN, NOW).code == "expired"


def test_tolerated_and_lifted_restrictions_do_not_stand_in_the_way():
    assert judge(of_record(RESTRICTED), TOLERANT, NOW).verdict is VALID
    lifted = replace(RESTRICTED.restrictions[0], lifted_on=date(2026, 11, 22))
    assert judge(of_record(replace(RESTRICTED, restrictions=(lifted,))), OWN, NOW).verdict is VALID


def test_tolerance_in_comparison():
    """Full-width digits, spaces, the other middle dot and small letters are the same text."""
    record = issued(number="粤运 12-AB", fields={"KZ_MC": "阿卜杜拉·买买提"})
    claims = (Claim("number", "粤运１２-ａｂ"), Claim("KZ_MC", "阿卜杜拉・买买提"))
    assert judge(of_record(record, claims=claims), OWN, NOW).verdict is VALID


def test_mismatch_names_the_field_and_hides_the_registered_value():
    claims = (Claim("number", "X"), Claim("KZ_JYFW", "旅客运输"), Claim("KZ_NONE", "1"))
    report = judge(
        of_record(issued(), claims=claims, titles={"KZ_JYFW": ("经营范围", "Scope")}), OWN, NOW
    )
    assert "证照编号、经营范围、KZ_NONE" in report.sentence.zh
    finding = report.findings[-1]
    assert finding.evidence == {"fields": ["number", "KZ_JYFW", "KZ_NONE"]}
    assert "道路普通货物运输" not in str(report)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("valid_to", "2028-02-29"),
        ("valid_to", "20280229"),
        ("issue_date", "2024-03-01"),
        ("holder_code", "91445202ma9text00k"),
        ("issuer_name", "揭阳市交通运输局"),
        ("type_code", "11100000000019713D008"),
    ],
)
def test_core_fields_compare(path, value):
    assert judge(of_record(issued(), claims=(Claim(path, value),)), OWN, NOW).verdict is VALID


def test_long_term_is_a_claim_too():
    claims = (Claim("valid_to", "长期"),)
    assert judge(of_record(issued(valid_to=None), claims=claims), OWN, NOW).verdict is VALID
    assert judge(of_record(issued(), claims=claims), OWN, NOW).verdict is INVALID


def test_over_several_targets():
    assert worst([VALID, UNSURE, INVALID]) is INVALID
    assert worst([VALID, UNSURE]) is UNSURE
    assert worst([VALID, VALID]) is VALID
    assert worst([]) is UNSURE


def test_nothing_at_all_is_never_valid():
    assert judge(Facts(file=file(), registry_asked=False), OWN, NOW).verdict is UNSURE
    empty = Facts(record=None, known_file=known())
    assert judge(empty, OWN, NOW).verdict is INVALID


def test_a_known_file_of_an_issuer_without_authority():
    """On record, and yet never authorised on the day of issue: the verdict says so."""
    facts = Facts(record=issued(), known_file=known(), authorised=False)
    assert judge(facts, OWN, NOW).code == "issuer-not-authorised"


def test_a_record_without_history_still_gets_a_sentence():
    bare = replace(issued(), state=State.REVOKED, history=())
    assert judge(of_record(bare), OWN, NOW).code == "revoked"
    later = replace(in_state(State.REVOKED), history=in_state(State.REVOKED).history[1:])
    report = judge(of_record(later, on=date(2020, 1, 1)), OWN, NOW)
    assert report.verdict is INVALID


def test_copy_within_its_purpose_and_time():
    copy = {"kind": "purpose_copy", "purpose": "入学", "expires_on": date(2027, 1, 1)}
    report = judge(of_known(copy=copy, purpose="入学"), OWN, NOW)
    assert report.verdict is VALID
    assert any(finding.code == "purpose-copy" for finding in report.findings)


def test_as_of_is_said():
    report = judge(of_known(), OWN, NOW)
    assert "2026年11月22日 10:00" in report.sentence.zh
    assert report.as_of == NOW


def test_this_file_walks_what_the_package_has():
    """The package holds no verdict that is not in the table of sentences."""
    source = Path(judge.__code__.co_filename).parent
    named = set()
    for module in source.glob("*.py"):
        named |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', module.read_text("utf-8")))
    unknown = named - set(SENTENCES) - set(FINDINGS)
    assert unknown <= set(DISTRUST) | set(SERVICES)
