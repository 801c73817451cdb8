"""A reader that fails says nothing against the file, and nothing for it, whatever else is known."""

from datetime import UTC, datetime

import pytest

from certlib.certificate import CertificateFile
from certlib.evidence import ChangeFacts, ChangeGrade
from certlib.findings import FAULTS
from certlib.verification import FOREIGN, OWN, Facts, Outcome, Verdict, judge
from tests.fakes import evidence
from tests.fakes.concluding import NOW
from tests.fakes.evidence import message, signature
from tests.unit.life.builders import IDENTIFIER, issued

OURS = ("timeout", "memory", "crashed", "busy")
ACCUSING = (
    "改动",
    "不予采用",
    "请勿采用",
    "不真实",
    "Altered",
    "Refuse",
    "Do not accept",
    "not on record",
)
BROKEN = signature(message=message(digest_ok=False, signature_ok=False))
SEEN = {
    "nothing at all": {"identifier": "", "looks_ours": False},
    "marks of ours": {"looks_ours": True},
    "marks of ours and a broken signature": {"looks_ours": True, "signatures": (BROKEN,)},
    "marks of ours and a good signature": {"looks_ours": True, "signatures": (signature(),)},
    "a receipt": {"looks_ours": True, "kind": "receipt"},
    "changes": {"changes": ChangeFacts(ChangeGrade.NOT_PERMITTED)},
}


def unread(fault, **seen):
    signatures = seen.pop("signatures", ())
    return evidence.file(*signatures, readable=False, fault=fault, **seen)


@pytest.mark.parametrize("policy", [OWN, FOREIGN], ids=["own", "foreign"])
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
@pytest.mark.parametrize("fault", OURS)
def test_a_fault_of_ours_is_held_against_nobody(fault, seen, policy):
    """Not even where the record knows the certificate that the file claims to be."""
    for record in (None, issued()):
        facts = Facts(file=unread(fault, **seen), record=record, authorised=True)
        report = judge(facts, policy, NOW)
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "cannot-tell")
        assert {item.outcome for item in report.findings} == {Outcome.UNKNOWN}
        assert {item.code for item in report.findings} <= {"cannot-tell", "not-checked"}
        said = report.sentence
        texts = (said.zh, said.next_zh, said.en, said.next_en)
        assert not [word for word in ACCUSING if any(word in text for text in texts)]
        assert "不表示证照有问题" in said.zh
        assert FAULTS[fault][0] in said.zh
        assert "not a finding against it" in said.en
        assert said.next_zh
        assert said.next_en


@pytest.mark.parametrize("fault", OURS)
def test_what_to_do_instead_is_said(fault):
    """A busy reader is free in a while; one that a file ends would be ended again."""
    said = judge(Facts(file=unread(fault)), OWN, NOW).sentence
    again = fault == "busy"
    assert ("请稍后重新核验" in said.next_zh) is again
    assert ("按证照标识或编号核验" in said.next_zh) is not again
    assert ("Verify by identifier" in said.next_en) is not again
    ticket = judge(Facts(file=unread(fault), ticket="7"), OWN, NOW).sentence
    assert "已登记7" in ticket.next_zh


def test_a_digest_on_record_needs_no_reader():
    """Byte for byte what was issued: no reading is in these facts that could have failed."""
    known = CertificateFile(
        "ab" * 32, IDENTIFIER, "0.0", 1, "original", 0, "B-T", datetime(2024, 3, 1, tzinfo=UTC)
    )
    report = judge(Facts(known_file=known, record=issued(), authorised=True), OWN, NOW)
    assert (report.verdict, report.code) == (Verdict.VALID, "valid")
