"""Each rule about a file at its edge: what is asked of it, and in what order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib.certificate import CertificateFile
from certlib.evidence import ChainFacts, ChangeFacts, ChangeGrade, ChangeKind, TimestampFacts
from certlib.trust import TrustList
from certlib.verification import FOREIGN, OWN, Check, Facts, Outcome, Verdict, judge
from tests.fakes import evidence
from tests.fakes.concluding import NOW, signed_by
from tests.fakes.evidence import (
    anchor,
    authority,
    certificate,
    document_timestamp,
    message,
    signature,
    stamper,
    timestamp,
)
from tests.unit.life.builders import IDENTIFIER, TODAY, issued

DAY = timedelta(days=1)
OTHER = certificate(code="11445200990090016H")
NOBODY = message(chain=ChainFacts(None, (), "certificate-malformed"))
UNCHECKED = message(digest_ok=False, signature_ok=False, unchecked="unsupported sm2")
UNSIGNED = signature(
    message=replace(UNCHECKED, chain=ChainFacts(None, (), "no-path")), timestamp=None
)
PLAIN = {"identifier": "", "looks_ours": False}


def ours(*signatures, **changes):
    return evidence.file(*signatures, **{"identifier": IDENTIFIER, **changes})


def found(report, check):
    (finding,) = [item for item in report.findings if item.check is check]
    return finding


def codes(report, check):
    return [item.code for item in report.findings if item.check is check]


def copy_at_hand(**changes):
    known = CertificateFile(
        "ab" * 32,
        IDENTIFIER,
        "0.0",
        1,
        "original",
        0,
        "B-T",
        datetime(2024, 3, 1, tzinfo=UTC),
        kind="purpose_copy",
        purpose="入学",
    )
    return replace(known, **changes)


def of_copy(*, authorised=True, on=None, purpose="", **changes):
    known = copy_at_hand(**changes)
    facts = Facts(known_file=known, record=issued(), authorised=authorised, on=on, purpose=purpose)
    return judge(facts, OWN, NOW)


def test_under_our_own_policy_every_file_has_to_be_on_record():
    """Whatever it says of itself, or does not say: a good seal alone issues nothing."""
    report = judge(Facts(file=evidence.file(**PLAIN), authorised=True), OWN, NOW)
    assert (report.verdict, report.code) == (Verdict.INVALID, "seal-not-on-record")


def test_a_file_of_a_certificate_on_record_has_to_be_that_file():
    facts = Facts(file=evidence.file(**PLAIN), record=issued(), authorised=True)
    assert judge(facts, FOREIGN, NOW).code == "seal-not-on-record"


def test_who_stamped_first_is_not_who_sealed():
    """The issuer's authority is asked of whoever signed, and of nobody else in the file."""
    record = issued()
    good = Facts(file=ours(document_timestamp(), signature()), record=record, authorised=True)
    assert found(judge(good, OWN, NOW), Check.ISSUER_AUTHORITY).outcome is Outcome.PASS
    stamp = document_timestamp()
    named = replace(stamp.message.chain.signer, code=evidence.ISSUER)
    chain = replace(stamp.message.chain, signer=named)
    first = replace(stamp, message=replace(stamp.message, chain=chain))
    wrong = signature(message=signed_by(OTHER, authority(), anchor()))
    bad = Facts(file=ours(first, wrong), record=record, authorised=True)
    assert judge(bad, OWN, NOW).code == "issuer-not-authorised"


@pytest.mark.parametrize(
    ("authorised", "asked", "expected"),
    [
        (True, True, ["authorised"]),
        (False, True, ["issuer-not-authorised"]),
        (None, True, ["authority-unknown"]),
        (None, False, []),
        (True, False, ["authorised"]),
    ],
)
def test_authority_is_told_as_far_as_it_was_asked(authorised, asked, expected):
    facts = Facts(file=ours(), authorised=authorised, registry_asked=asked)
    assert codes(judge(facts, OWN, NOW), Check.ISSUER_AUTHORITY) == expected


@pytest.mark.parametrize(
    ("authorised", "expected"),
    [(True, ["authorised"]), (False, ["issuer-not-authorised"]), (None, [])],
)
def test_authority_of_a_known_file(authorised, expected):
    assert codes(of_copy(authorised=authorised), Check.ISSUER_AUTHORITY) == expected


@pytest.mark.parametrize(
    "kinds",
    [
        (ChangeKind.VALIDATION_MATERIAL,),
        (ChangeKind.DOCUMENT_TIMESTAMP,),
        (ChangeKind.VALIDATION_MATERIAL, ChangeKind.DOCUMENT_TIMESTAMP),
    ],
)
def test_what_may_follow_our_own_seal(kinds):
    """Validation material and document timestamps, and nothing beside them."""
    changed = ours(changes=ChangeFacts(ChangeGrade.PERMITTED, kinds))
    report = judge(Facts(file=changed, authorised=True), OWN, NOW)
    assert found(report, Check.CHANGES).code == "changes-permitted"
    more = ours(changes=ChangeFacts(ChangeGrade.PERMITTED, (*kinds, ChangeKind.SIGNATURE)))
    report = judge(Facts(file=more, authorised=True), OWN, NOW)
    assert (found(report, Check.CHANGES).code, report.code) == ("altered", "altered")


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
def test_a_signature_that_could_not_be_read_and_no_reason_is_no_signature(policy):
    """Facts never say so; what says so all the same must not pass for a good one."""
    report = judge(Facts(file=evidence.file(signature(message=None), **PLAIN)), policy, NOW)
    assert (report.verdict, report.code) == (Verdict.INVALID, "altered")
    assert found(report, Check.INTEGRITY).evidence["problem"] == "structure"


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
def test_what_cannot_be_checked_is_not_called_altered(policy):
    """Whatever its form: we lack the algorithm, and nobody is asked whom to believe."""
    odd = signature(message=UNCHECKED, form_problem="signature-algorithm", timestamp=None)
    report = judge(Facts(file=evidence.file(odd, **PLAIN)), policy, NOW)
    assert found(report, Check.INTEGRITY).code == "seal-unsupported"
    assert codes(report, Check.SEAL) == []


def test_a_file_of_ours_whose_signer_cannot_be_read_is_altered():
    """Ours named its signer; nor is it said of nobody that he was not authorised."""
    for facts in (Facts(file=ours(UNSIGNED), authorised=True), Facts(file=ours(UNSIGNED))):
        report = judge(facts, OWN, NOW)
        assert (report.verdict, report.code) == (Verdict.INVALID, "altered")
        assert found(report, Check.INTEGRITY).evidence["problem"] == "signer"
    facts = Facts(file=ours(UNSIGNED), record=issued(), authorised=True)
    report = judge(facts, FOREIGN, NOW)
    assert found(report, Check.INTEGRITY).code == "seal-unsupported"
    assert codes(report, Check.ISSUER_AUTHORITY) == ["authorised"]
    assert (report.verdict, report.code) == (Verdict.INVALID, "seal-not-on-record")
    stranger = replace(facts, record=None, file=evidence.file(UNSIGNED, **PLAIN))
    assert judge(stranger, FOREIGN, NOW).code == "seal-unsupported"


def test_a_signer_without_a_code_is_not_the_department_that_issued():
    nameless = signature(message=message(chain=evidence.chain(certificate(code=""))))
    report = judge(Facts(file=ours(nameless), record=issued(), authorised=True), OWN, NOW)
    assert codes(report, Check.ISSUER_AUTHORITY) == ["issuer-not-authorised"]


def test_a_timestamp_that_cannot_be_checked_is_no_alteration_of_ours():
    stamped = signature(timestamp=timestamp(message=UNCHECKED, imprint_ok=False))
    report = judge(Facts(file=ours(stamped), authorised=True), OWN, NOW)
    assert found(report, Check.INTEGRITY).code == "digest-holds"
    missing = signature(timestamp=TimestampFacts(None, False, None, problem="token-unreadable"))
    report = judge(Facts(file=ours(missing), authorised=True), OWN, NOW)
    assert found(report, Check.INTEGRITY).evidence["problem"] == "timestamp"
    wrong = signature(timestamp=timestamp(message=message(digest_ok=False)))
    report = judge(Facts(file=ours(wrong), authorised=True), OWN, NOW)
    assert found(report, Check.INTEGRITY).evidence["problem"] == "timestamp"


@pytest.mark.parametrize("where", ["seal", "document"])
def test_a_timestamp_of_tomorrow_decides_nothing(where):
    """A clock is wrong, theirs or ours: undecided under our own policy, too."""
    early = timestamp(NOW + DAY)
    items = {
        "seal": (signature(timestamp=early),),
        "document": (
            signature(covers_file=False),
            document_timestamp(message=early.message, timestamp=early),
        ),
    }
    facts = Facts(file=ours(*items[where]), authorised=True)
    assert found(judge(facts, OWN, NOW), Check.SEAL).outcome is Outcome.UNKNOWN


def test_contradicting_timestamps_of_ours_are_no_matter_of_time():
    late = signature(timestamp=timestamp(evidence.SEALED + 3 * DAY), covers_file=False)
    facts = Facts(file=ours(late, document_timestamp()), authorised=True)
    assert found(judge(facts, OWN, NOW), Check.SEAL).outcome is Outcome.FAIL


def test_a_signer_whom_nobody_can_read_is_distrusted_and_named_by_nothing():
    for policy in (OWN, FOREIGN):
        report = judge(Facts(file=evidence.file(signature(message=NOBODY), **PLAIN)), policy, NOW)
        seal = found(report, Check.SEAL)
        assert (seal.code, seal.evidence["signer"]) == ("seal-untrusted", "")
        assert seal.evidence["signer_sha256"] == ""
        assert seal.data_as_of is None


def test_evidence_of_a_seal():
    trust = TrustList(7, NOW - 9 * DAY, NOW - DAY, "某市", ())
    report = judge(Facts(file=ours(), authorised=True), OWN, NOW)
    told = found(report, Check.SEAL).evidence
    listed = evidence.revocation().this_update.isoformat()
    assert told == {
        "field": "Seal",
        "indication": "TOTAL-PASSED",
        "sub_indication": None,
        "signer": "揭阳市交通运输局",
        "signer_sha256": certificate().sha256,
        "algorithm": "sha256_ecdsa",
        "proven_time": evidence.SEALED.isoformat(),
        "certified": 1,
        "revocation_as_of": listed,
        "trust_list": None,
        "trust_list_stale": False,
    }
    bare = judge(Facts(file=ours(signature(timestamp=None))), replace(OWN, trust=trust), NOW)
    told = found(bare, Check.SEAL).evidence
    assert (told["proven_time"], told["trust_list"], told["trust_list_stale"]) == (None, 7, True)
    assert told["sub_indication"] == "CHAIN_CONSTRAINTS_FAILURE"
    fresh = replace(trust, next_update=NOW)
    report = judge(Facts(file=ours()), replace(OWN, trust=fresh), NOW)
    assert found(report, Check.SEAL).evidence["trust_list_stale"] is False


def test_an_original_is_called_one_and_a_copy_one():
    assert codes(of_copy(kind="original"), Check.ORIGINAL) == ["original"]
    assert codes(of_copy(), Check.ORIGINAL) == ["purpose-copy"]


def test_a_copy_ends_after_its_last_day_as_of_the_day_that_is_asked_about():
    assert of_copy(expires_on=TODAY).code == "valid"
    assert of_copy(expires_on=TODAY - DAY).code == "copy-expired"
    assert codes(of_copy(expires_on=TODAY - DAY, on=TODAY - DAY), Check.ORIGINAL) == [
        "purpose-copy"
    ]
    assert of_copy(expires_on=date(2026, 1, 1), on=TODAY).code == "copy-expired"


def test_a_copys_purpose_is_compared_with_what_was_asked():
    assert of_copy().code == "valid"
    assert of_copy(purpose=" 入 学 ").code == "valid"
    assert of_copy(purpose="公积金提取").code == "copy-other-purpose"


def test_ours_beyond_reading_is_alteration_and_anybody_elses_is_unreadable():
    for looks_ours, code in ((True, "altered"), (False, "unreadable")):
        file = evidence.file(readable=False, fault="malformed", looks_ours=looks_ours)
        assert judge(Facts(file=file), OWN, NOW).code == code


def test_the_stampers_profile_is_asked_like_anybodys():
    """A seal's key does not stamp, and a stamper does not seal."""
    seal = signature(message=signed_by(stamper(), anchor()))
    assert judge(Facts(file=ours(seal), authorised=True), OWN, NOW).code == "seal-untrusted"
