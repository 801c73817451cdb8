"""What a holder's change must say: every field at fault, all at once."""

from dataclasses import replace
from datetime import date
from importlib import resources

import pytest

from certlib.divisions import DivisionTable
from certlib.document import Holder
from certlib.holder_rules import RECODE_REASONS, checked
from certlib.holders import identity_check
from tests.fakes.parties import DAY, FIRM, NEWBORN, PERSON, SOURCE, change, renamed

TODAY = date(2026, 11, 22)
DIVISIONS = DivisionTable.from_csv(
    resources.files("certlib.data").joinpath("divisions.csv").read_text("utf-8")
)
OTHER_FIRM = Holder("揭阳市大成运输有限公司", "001", "11445200999999015E")
THIRD_FIRM = Holder("揭阳市三合运输有限公司", "001", "114451009999990234")
OTHER_PERSON = Holder("林小宝", "111", "445203201301010024")


def found(event):
    result = checked(event, DIVISIONS, TODAY)
    return [(problem.field, problem.code) for problem in result.errors]


SOUND = [
    renamed(PERSON, "蔡子涵"),
    change("recoded", NEWBORN, OTHER_PERSON),
    change("merged", (FIRM, OTHER_FIRM), THIRD_FIRM),
    change("divided", FIRM, (OTHER_FIRM, THIRD_FIRM)),
    change("died", PERSON, None),
    change("dissolved", FIRM, None),
]


@pytest.mark.parametrize("event", SOUND, ids=lambda event: event.kind)
def test_a_sound_change_of_every_kind(event):
    assert found(event) == []


def test_codes_and_names_are_kept_in_normal_form():
    typed = Holder(" 蔡梓涵 ", "10", "445221 85 0101 001")
    result = checked(renamed(typed, "蔡子涵"), DIVISIONS, TODAY)
    assert result.change.before == (PERSON,)
    assert result.errors == ()


def test_what_is_odd_is_a_warning():
    nowhere = replace(PERSON, code="44999919850101001" + identity_check("44999919850101001"))
    result = checked(change("died", nowhere, None), DIVISIONS, TODAY)
    assert (result.errors, [item.code for item in result.warnings]) == (
        (),
        ["identity-division-unknown"],
    )


WRONG = [
    (renamed(PERSON, PERSON.name), [("/after/0/name", "holder-name-same")]),
    (change("renamed", FIRM, OTHER_FIRM), [("/after/0/code", "holder-code-differs")]),
    (change("recoded", FIRM, FIRM), [("/after", "holder-repeated")]),
    (change("recoded", NEWBORN, FIRM), [("/after/0/code_type", "holder-category")]),
    (
        replace(change("recoded", NEWBORN, OTHER_PERSON), reason_code="whim"),
        [("/reason_code", "reason-unknown")],
    ),
    (change("merged", FIRM, FIRM), [("/after", "holder-repeated")]),
    (change("merged", FIRM, None), [("/after", "holder-count")]),
    (change("merged", None, FIRM), [("/before", "holder-count")]),
    (change("died", FIRM, None), [("/before/0/code_type", "holder-category")]),
    (change("dissolved", PERSON, None), [("/before/0/code_type", "holder-category")]),
    (change("died", PERSON, PERSON), [("/after", "holder-count")]),
    (
        change("died", replace(PERSON, code="445221198501010018"), None),
        [("/before/0/code", "check-character")],
    ),
    (
        change("died", replace(PERSON, code_type="777"), None),
        [("/before/0/code_type", "code-type-unknown")],
    ),
    (change("died", replace(PERSON, name=" "), None), [("/before/0/name", "holder-name")]),
    (
        change("died", replace(PERSON, name="蔡\u200b梓涵"), None),
        [("/before/0/name", "character-forbidden")],
    ),
    (
        change("died", PERSON, None, date(2026, 11, 23), replace(SOURCE, basis=" ")),
        [("/effective_from", "effective-in-future"), ("/basis", "basis-missing")],
    ),
]


@pytest.mark.parametrize(("event", "expected"), WRONG)
def test_what_is_wrong_is_named(event, expected):
    assert found(event) == expected


def test_everything_is_said_at_once():
    event = change("recoded", replace(PERSON, name=""), None, date(2027, 1, 1),
                   replace(SOURCE, basis=""))  # fmt: skip
    assert [field for field, _ in found(event)] == [
        "/before/0/name", "/after", "/effective_from", "/basis",
    ]  # fmt: skip


def test_every_reason_says_itself_in_both_languages():
    assert all(zh and en for zh, en in RECODE_REASONS.values())
    assert DAY < TODAY
