"""`certlib identifier`: grade, parts, problems; 0 when usable, 1 when not."""

import pytest

from tests.unit.cli.conftest import Run

GOOD = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"


def test_the_parts_of_a_good_identifier(run: Run):
    """Exactly the three members of the contract."""
    said = run("identifier", GOOD, "--json")
    assert said.code == 0
    assert said.line == {
        "grade": "ISO",
        "parts": {
            "root": "1.2.156.3005.2",
            "type_code": "11445200999999015E001",
            "issuer_code": "11445200999999015E",
            "serial": "4452002026A0000001",
            "version": "001",
            "check": "A",
        },
        "problems": [],
    }


@pytest.mark.parametrize(
    ("text", "grade", "code"),
    [
        (GOOD, "ISO", 0),
        (GOOD[:-1] + "J", "LEGACY_CHECK", 0),
        (GOOD[:-1] + "0", "BAD_CHECK", 1),
        (GOOD.lower(), "MALFORMED", 1),
        ("", "MALFORMED", 1),
        ("1.2.156", "MALFORMED", 1),
        ("\udcff", "MALFORMED", 1),
    ],
)
def test_grades_and_their_codes(run: Run, text: str, grade: str, code: int):
    """Usable ones are 0, the others 1; nothing is ever a crash."""
    said = run("identifier", "--json", "--", text)
    assert (said.line["grade"], said.code) == (grade, code)


def test_problems_are_told_in_both_languages(run: Run):
    """Field, code, zh, en."""
    (problem,) = run("identifier", GOOD[:-1] + "0", "--json").line["problems"]
    assert problem["field"] == "check"
    assert problem["code"] == "check-character"
    assert "校验位" in problem["zh"]
    assert "check character" in problem["en"]


def test_a_mistyped_one_is_put_right_for_people(run: Run):
    """Lower case and full-width dots: the right form is offered, never taken silently."""
    said = run("identifier", GOOD.lower().replace(".", "。"))
    assert said.code == 1
    assert f"Did you mean: {GOOD}" in said.out
