"""Patterns of numbers that the library draws, and numbers of the files of one certificate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.document import ORIGINAL, Form
from certlib.errors import Unsupported
from certlib.numbers import NumberPattern, number_key, number_pattern
from certlib.usecases.order_checks import numbered


def _pattern(text):
    return number_pattern(text, year=2026, division_code="445202")


def test_a_pattern_is_filled_with_year_and_place():
    pattern = _pattern("揭交许〔{year}〕{division}-{serial:04}号")
    assert pattern == NumberPattern("揭交许〔2026〕445202-", 4, "号")
    assert pattern.number(7) == "揭交许〔2026〕445202-0007号"
    assert pattern.stem == "揭交许〔2026〕445202-{serial}号"


def test_a_serial_that_outgrows_its_digits_gets_longer():
    assert _pattern("{serial:02}").number(1234) == "1234"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "号",
        "{serial}",
        "{serial:4}",
        "{serial:00}",
        "{serial:019}",
        "{serial:04}{serial:04}",
        "{month}{serial:04}",
        "{serial:04}}",
        "{year{serial:04}",
    ],
)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(Unsupported):
        _pattern(text)


@given(
    before=st.text(st.characters(exclude_characters="{}"), max_size=20),
    after=st.text(st.characters(exclude_characters="{}"), max_size=20),
    digits=st.integers(1, 18),
    serials=st.lists(st.integers(1, 10**18), min_size=2, max_size=2, unique=True),
)
def test_different_serials_are_different_numbers(before, after, digits, serials):
    """Whatever the text around them says."""
    pattern = _pattern(before + "{serial:0" + str(digits) + "}" + after)
    first, second = (pattern.number(serial) for serial in serials)
    assert first != second


@given(serials=st.lists(st.integers(1, 9999), min_size=2, max_size=2, unique=True))
def test_different_serials_are_different_also_as_they_are_compared(serials):
    pattern = _pattern("揭交许〔{year}〕{serial:04}号")
    first, second = (number_key(pattern.number(serial)) for serial in serials)
    assert first != second


_KINDS = st.sampled_from(["duplicate", "annex", "drawing"])
_FORMS = st.lists(st.builds(Form, _KINDS, st.integers(0, 5)), max_size=8)


@given(asked=_FORMS, taken=st.lists(st.builds(Form, _KINDS, st.integers(1, 5)), max_size=8))
def test_numbers_that_are_left_out_are_given_once_and_the_others_kept(asked, taken):
    found = numbered((ORIGINAL, *asked), taken)
    assert found[0] == ORIGINAL
    assert len(found) == len(asked) + 1
    drawn = [form for form, wish in zip(found[1:], asked, strict=True) if not wish.copy_number]
    assert all(form.copy_number for form in found[1:])
    assert len(set(drawn)) == len(drawn)
    assert not set(drawn) & {*taken, *(wish for wish in asked if wish.copy_number)}
    kept = [form for form, wish in zip(found[1:], asked, strict=True) if wish.copy_number]
    assert kept == [wish for wish in asked if wish.copy_number]


def test_nothing_asked_is_the_original_alone():
    assert numbered(()) == (ORIGINAL,)


def test_forms_have_names_for_people():
    assert Form("duplicate", 2).names == ("副本2", "duplicate 2")
    assert ORIGINAL.names == ("正本", "original")
    assert Form("poster").names == ("poster", "poster")
