"""Keyed hashes find what people type, and only that."""

import pytest

from storage import lookup
from storage.encryption import Cipher
from tests.fakes.world import CountingEntropy

CIPHER = Cipher(bytes(32), CountingEntropy())


def test_old_and_new_identity_numbers_are_one_code() -> None:
    long = lookup.code_hash(CIPHER, "111", "445221198501010019")
    assert lookup.code_hash(CIPHER, "111", "445221850101001") == long
    assert lookup.code_hash(CIPHER, "10", " 445221 19850101 0019") == long
    assert lookup.code_hash(CIPHER, "111", "445203201301010024") != long


@pytest.mark.parametrize("typed", ["买买提•艾力", "买买提・艾力", "买买提‧艾力", " 买买提 · 艾力"])
def test_middle_dots_and_spaces_do_not_hide_a_name(typed: str) -> None:
    assert lookup.name_hash(CIPHER, typed) == lookup.name_hash(CIPHER, "买买提·艾力")


def test_different_names_differ() -> None:
    assert lookup.name_hash(CIPHER, "买买提艾力") != lookup.name_hash(CIPHER, "买买提·艾力")


def test_a_number_of_nothing_is_no_number() -> None:
    assert lookup.number_hash(CIPHER, "") is None
    assert lookup.number_hash(CIPHER, " \u3000") is None
    assert lookup.number_hash(CIPHER, "a") == lookup.number_hash(CIPHER, "Ａ")


def test_a_name_a_code_and_a_number_of_one_text_have_nothing_in_common() -> None:
    hashes = {
        lookup.code_hash(CIPHER, "999", "A1"),
        lookup.name_hash(CIPHER, "A1"),
        lookup.number_hash(CIPHER, "A1"),
    }
    assert len(hashes) == 3
