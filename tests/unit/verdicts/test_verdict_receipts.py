"""Rules about receipts, by facts alone: what is said of them, and what never passes for one."""

import json

import pytest

from certlib.receipts import REPORT_PURPOSE, told_by
from certlib.verification import FOREIGN, OWN, Check, Facts, Verdict, judge
from tests.fakes import evidence
from tests.fakes.evidence import anchor, authority, certificate, chain, message
from tests.unit.life.builders import NOW
from tests.unit.verdicts.offline_situations import receipt, report_message, sealed


def told(*signatures, policy=OWN, **changes):
    return judge(Facts(file=receipt(*signatures, **changes)), policy, NOW)


def unsigned(**changes):
    return {"signatures": (), "signed": False} | changes


def test_a_report_that_says_itself_that_nobody_sealed_it():
    report = told(**unsigned())
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "receipt-unsigned")


@pytest.mark.parametrize(
    "changes",
    [
        {"signed": True},
        {"content": "{}"},
        {"content": ""},
        {"signatures": (evidence.document_timestamp(),)},
    ],
    ids=["sealed-once", "other-words", "no-words", "stamped"],
)
def test_what_no_machine_without_keys_has_written(changes):
    """It was sealed once, says nothing known, or carries what an unsealed report never does."""
    report = told(**unsigned(**changes))
    assert (report.verdict, report.code) == (Verdict.INVALID, "receipt-altered")


@pytest.mark.parametrize("content", ["{}", ""])
def test_sealed_words_that_cannot_be_told(content):
    report = told(content=content)
    assert (report.verdict, report.code) == (Verdict.INVALID, "receipt-altered")


def test_who_signed_is_not_asked_where_the_bytes_are_others():
    report = told(sealed(message=report_message(digest_ok=False)))
    assert report.code == "receipt-altered"
    assert all(item.check is not Check.SEAL for item in report.findings)


def test_who_sealed_it_is_named_and_not_who_stamped_it():
    report = told(evidence.document_timestamp(), sealed())
    assert report.code == "receipt-holds"
    assert "核验回执签章" in report.sentence.zh
    assert "CN=" not in report.sentence.zh


def test_a_key_without_a_name_is_called_by_its_subject():
    signer = certificate("", subject="CN=回执", purposes=(REPORT_PURPOSE,), purposes_critical=True)
    nameless = sealed(message=message(chain=chain(signer, authority(), anchor())))
    assert "CN=回执" in told(nameless).sentence.zh


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
def test_a_signature_of_nobody_makes_no_receipt_good(policy):
    unread = evidence.signature(message=None, form_problem="jws-header", timestamp=None)
    assert told(unread, policy=policy).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-03-02T01:02:03",
        "2026-03-02T01:02:03+08:00",
        "2026-03-02",
    ],
)
def test_a_time_that_no_receipt_has_is_none(moment):
    """Without a zone it would be told by the zone of this machine, and some are in no calendar."""
    plain = json.loads(receipt().content)
    plain["report"]["as_of"] = moment
    assert told_by(json.dumps(plain)) is None


def test_an_identifier_is_told_in_its_length_and_no_longer():
    plain = json.loads(receipt().content)
    plain["target"]["identifier"] = "1" * 500
    said = told_by(json.dumps(plain))
    assert said is not None
    assert said.identifier == "1" * 128
    plain["target"]["identifier"] = None
    said = told_by(json.dumps(plain))
    assert said is not None
    assert said.identifier == ""
