"""Files that are none of ours, asked about as if they were: nobody is accused of altering them."""

from dataclasses import replace

import pytest

from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind
from certlib.verification import FOREIGN, OWN, Facts, Verdict, judge
from tests.fakes.evidence import file, message, signature, unchained
from tests.unit.life.builders import NOW, issued

INVALID = Verdict.INVALID
SIGNED_TWICE = ChangeFacts(ChangeGrade.PERMITTED, (ChangeKind.SIGNATURE,))


def seal(problem="no-path", **changes):
    """Sealed by others, in a form that our own sealer would never write."""
    chained = message(chain=unchained(problem)) if problem else message()
    return signature(message=chained, form_problem="gap-digits", **changes)


def of_strangers(*seals, **changes):
    facts = {"identifier": "", "looks_ours": False, "changes": SIGNED_TWICE, **changes}
    odd = replace(file(*(seals or (seal(),)), **facts))
    return Facts(file=replace(odd, structure=replace(odd.structure, notes=("header-version",))))


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ("no-path", "seal-untrusted"),
        ("authority-unknown", "seal-untrusted"),
        ("no-anchors", "seal-not-on-record"),
    ],
)
def test_whole_file_of_strangers_is_not_altered(problem, code):
    """Its form and what its signers permit are their affair; that nobody knows them is ours."""
    report = judge(of_strangers(seal(problem)), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, code)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(of_strangers(looks_ours=True), id="bears our marks"),
        pytest.param(replace(of_strangers(), record=issued()), id="names a certificate on record"),
        pytest.param(of_strangers(seal("")), id="sealed by somebody we trust"),
        pytest.param(of_strangers(seal("path-invalid")), id="chain that does not hold"),
        pytest.param(of_strangers(seal(), seal("")), id="one of its signers is trusted"),
        pytest.param(of_strangers(seal(layout_problem="byte-range")), id="unsound"),
        pytest.param(
            of_strangers(changes=ChangeFacts(ChangeGrade.NOT_PERMITTED)), id="not permitted"
        ),
        pytest.param(
            of_strangers(changes=ChangeFacts(ChangeGrade.UNEXPLAINED)), id="not explained"
        ),
    ],
)
def test_what_claims_to_be_ours_or_was_changed_is_altered(facts):
    assert (judge(facts, OWN, NOW).verdict, judge(facts, OWN, NOW).code) == (INVALID, "altered")


def test_under_the_policy_for_strangers_nothing_changes():
    assert judge(of_strangers(), FOREIGN, NOW).code == "seal-untrusted"
