"""Every forgery of the generator gets its verdict, by the real way, under both policies.

A file has three seconds of the processor, as in the service; then its child is ended, which is
no verdict. `CERTLIB_ATTACK_SEED` tries other positions and values than those of every day.
"""

import os
from collections import Counter
from random import Random

import pytest

from certlib.verification import Check, Outcome, Verdict
from tests.attacks.generator.families import CASES
from tests.attacks.generator.ground import Ground

SEED = os.environ.get("CERTLIB_ATTACK_SEED", "1")
ASKED = [(case, policy) for case in CASES for policy in ("own", "foreign")]
_UNCONTROLLED = {"timeout", "memory", "crashed", "busy"}


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()


def _built(ground, case):
    return case.build(ground, Random(f"{SEED}/{case.name}"))


@pytest.fixture
def forged(ground, case):
    """The file, and a child ready to read it: only reading is timed."""
    ground.warm()
    return _built(ground, case)


@pytest.mark.parametrize(
    ("case", "policy"), [pytest.param(*asked, id=f"{asked[0].name}-{asked[1]}") for asked in ASKED]
)
def test_verdict(ground, case, policy, forged):
    expected = case.expected(policy)
    answer = ground.judged(forged, policy)
    report = answer.report
    told = [(item.check.value, item.outcome.value, item.code) for item in report.findings]
    assert answer.file is None or answer.file.fault not in _UNCONTROLLED, answer.file.fault_detail
    assert report.verdict in expected.verdicts, (report.code, told)
    assert not expected.codes or report.code in expected.codes, told
    if answer.file is None or answer.file.readable:
        failed = {item.check for item in report.findings if item.outcome is not Outcome.PASS}
        assert failed >= set(expected.failing), told


def test_names_are_one_of_a_kind():
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


def test_whatever_is_accepted_says_why():
    assert [
        case.name
        for case, policy in ASKED
        if Verdict.VALID in case.expected(policy).verdicts and not case.why
    ] == []


def test_nothing_but_the_file_on_record_is_accepted_as_ours():
    accepted = {case.name for case in CASES if Verdict.VALID in case.own.verdicts}
    assert accepted == {"genuine/valid"}


# Nothing else refuses these: with the rule turned off they would be called valid.
ALONE = {
    (Check.INTEGRITY, "own"): "genuine/page-without-seal",
    (Check.INTEGRITY, "foreign"): "gap/theirs-digit-of-the-signature",
    (Check.CHANGES, "foreign"): "certified/annotation-free-text-2",
    (Check.SEAL, "foreign"): "signers/theirs-expired-a-second-ago",
    (Check.ORIGINAL, "own"): "genuine/sealed-anew",
    (Check.ORIGINAL, "foreign"): "genuine/same-identifier-other-words",
    (Check.STATUS_NOW, "own"): "genuine/revoked",
    (Check.STATUS_NOW, "foreign"): "genuine/superseded",
}


@pytest.mark.parametrize(("check", "policy"), ALONE, ids=str)
def test_a_check_that_is_turned_off_is_missed(ground, check, policy):
    case = next(item for item in CASES if item.name == ALONE[check, policy])
    findings = ground.judged(_built(ground, case), policy).report.findings
    assert {item.check for item in findings if item.outcome is not Outcome.PASS} == {check}


def test_every_code_about_a_file_decides_some_case():
    alone = {
        next(iter(expected.codes))
        for case in CASES
        for expected in (case.own, case.foreign)
        if len(expected.codes) == 1
    }
    assert alone >= {
        "valid",
        "foreign-valid",
        "altered",
        "unreadable",
        "not-a-certificate",
        "seal-untrusted",
        "seal-not-on-record",
        "issuer-not-authorised",
        "revoked",
        "superseded",
    }


def test_same_seed_same_bytes(ground, tmp_path):
    chosen = Random(SEED).sample(CASES, 12)
    other = Ground(tmp_path)
    try:
        for case in chosen:
            assert _built(ground, case) == _built(other, case), case.name
    finally:
        other.close()
