"""The detailed report: fixed shape, a clause for everything, and no second look at the file."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from certlib.clauses import CLAUSES, clause_of
from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind, StructureFacts
from certlib.findings import DISTRUST, FINDINGS
from certlib.indications import Indication, SubIndication
from certlib.trust import TrustList
from certlib.verdicts import SENTENCES
from certlib.verification import FOREIGN, OWN, Facts, detailed, judge
from scripts import verification_tables
from tests.fakes import evidence
from tests.unit.life.builders import issued

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "verification-report.schema.json").read_text("utf-8"))
CHECKER = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)

BARE = evidence.signature(timestamp=None, certified=None)
FILES = {
    "good": evidence.file(),
    "bare": evidence.file(BARE),
    "unreadable": evidence.file(readable=False, fault="truncated"),
    "cms": evidence.file(evidence.signature(message=None, form_problem="cms-unreadable der")),
    "untrusted": evidence.file(
        evidence.signature(message=evidence.message(chain=evidence.unchained()))
    ),
    "changed": evidence.file(
        changes=ChangeFacts(ChangeGrade.NOT_PERMITTED, (ChangeKind.FORM,), ("4 0",), "appearance"),
        structure=StructureFacts(2, ("hybrid",)),
    ),
    "timestamped": evidence.file(
        evidence.signature(covers_file=False), evidence.document_timestamp()
    ),
}


def told(name, policy=OWN, **changes):
    facts = Facts(file=FILES[name], record=issued(), authorised=True, **changes)
    return detailed(judge(facts, policy, NOW), FILES[name])


@pytest.mark.parametrize("policy", [OWN, FOREIGN], ids=lambda policy: policy.name)
@pytest.mark.parametrize("name", FILES)
def test_every_report_has_the_documented_shape(name, policy):
    found = told(name, policy)
    CHECKER.validate(found)
    assert json.loads(json.dumps(found)) == found
    assert all(item["clause"] for item in found["signatures"] if item["problem"])
    assert all(item["clause"] for item in found["findings"] if item["check"] != "status_now")


def test_report_tells_of_each_signature_what_it_rests_on():
    found = told("good")
    (seal,) = found["signatures"]
    assert (seal["digest_algorithm"], seal["signature_algorithm"]) == ("sha256", "sha256_ecdsa")
    assert (seal["sub_indication"], seal["problem"]) == (None, "")
    assert [item["subject"] for item in seal["path"]] == [
        "CN=揭阳市交通运输局",
        "CN=签章机构",
        "CN=根",
    ]
    stated = evidence.revocation()
    assert [item["revocation"] for item in seal["path"]] == [
        {
            "this_update": stated.this_update.isoformat(),
            "next_update": stated.next_update.isoformat(),
            "revoked_at": None,
            "reason": "",
        }
    ] * 2 + [None]
    stamp = seal["timestamp"]
    assert (stamp["time"], stamp["proves"]) == (evidence.SEALED.isoformat(),) * 2
    assert [item["subject"] for item in stamp["path"]] == ["CN=时间戳", "CN=根"]
    assert found["file"]["sha256"] == FILES["good"].sha256


def test_report_tells_why_a_signature_or_a_timestamp_is_not_believed():
    (seal,) = told("untrusted")["signatures"]
    assert (seal["sub_indication"], seal["problem"]) == ("NO_CERTIFICATE_CHAIN_FOUND", "no-path")
    revoked = evidence.revocation(revoked_at=evidence.SEALED, reason="keyCompromise")
    early = evidence.message(
        chain=evidence.chain(
            evidence.certificate(revocation=revoked), evidence.authority(), evidence.anchor()
        )
    )
    item = evidence.signature(message=early, timestamp=evidence.timestamp(imprint_ok=False))
    file = evidence.file(item)
    (seal,) = detailed(judge(Facts(file=file), FOREIGN, NOW), file)["signatures"]
    told_of = seal["path"][0]["revocation"]
    assert (told_of["revoked_at"], told_of["reason"]) == (
        evidence.SEALED.isoformat(),
        "keyCompromise",
    )
    assert (seal["timestamp"]["proves"], seal["timestamp"]["sub_indication"]) == (
        None,
        "HASH_FAILURE",
    )


def test_report_without_a_file():
    found = detailed(judge(Facts(record=issued(), authorised=True), OWN, NOW), None)
    CHECKER.validate(found)
    assert (found["file"], found["signatures"]) == (None, [])


def test_report_names_policy_and_trust_list():
    trust = TrustList(3, NOW - timedelta(days=9), NOW + timedelta(days=9), "某市", ())
    found = told("good", replace(OWN, trust=trust))
    CHECKER.validate(found)
    assert (found["policy"]["name"], found["policy"]["crypto"]) == ("own", "certlib-2026")
    assert found["policy"]["trust_list"]["version"] == 3


def test_seal_says_how_old_its_data_is():
    report = judge(Facts(file=FILES["good"], record=issued(), authorised=True), OWN, NOW)
    ages = {item.check.value: item.data_age for item in report.findings}
    assert ages["seal"] == (NOW - evidence.revocation().this_update).total_seconds()
    assert ages["integrity"] == 0


def test_same_facts_under_another_policy_need_no_second_reading():
    """What one policy refuses another may take; nothing but the facts is asked."""
    bare = replace(FILES["bare"], looks_ours=False)
    strict = judge(Facts(file=replace(bare, structure=StructureFacts(1, ("hybrid",)))), OWN, NOW)
    lenient = judge(Facts(file=bare), FOREIGN, NOW)
    assert (strict.code, lenient.code) == ("altered", "foreign-valid")


def test_words_of_the_standard_stand_verbatim():
    found = SCHEMA["$defs"]["signature"]["properties"]
    assert set(found["indication"]["enum"]) == {item.value for item in Indication}
    assert set(found["sub_indication"]["enum"]) == {None, *(item.value for item in SubIndication)}


def test_every_distrust_has_its_clause():
    assert set(DISTRUST) <= set(CLAUSES)
    assert clause_of("cms-unreadable der") == CLAUSES["cms-unreadable"]
    assert clause_of("valid") == ""


def test_the_page_says_what_the_code_says():
    """`make tables` has been run: every sentence, rule and limit stands in docs/verification.md."""
    page = (ROOT / "docs" / "verification.md").read_text("utf-8")
    assert verification_tables.filled(page) == page
    assert all(f"`{code}`" in page for code in (*SENTENCES, *FINDINGS, *CLAUSES))
