"""Holder codes: identity numbers, credit codes, other documents, and what is shown of them."""

import csv
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from certlib import holders
from certlib.creditcode import CREDIT_ALPHABET, credit_check, credit_problem, is_credit_code
from certlib.divisions import DivisionTable
from certlib.errors import UnknownCodeType, Unsupported
from certlib.holders import (
    CODE_TYPES,
    HALL_CODE_TYPES,
    Sex,
    birth_date,
    check,
    code_type_name,
    identity_check,
    is_person,
    mask_code,
    mask_name,
    normalise,
    normalise_code_type,
    sex,
)
from certlib.identity import identity_problems

DIGITS = "0123456789"
IDENTITIES = ("445221198501010019", "445203201301010024", "445121197003150035")
CREDITS = ("11445200999999015E", "114451009999990234", "91445202MA9TEXT00K")


def data(name):
    return files("certlib.data").joinpath(name).read_text(encoding="utf-8")


TABLE = DivisionTable.from_csv(data("divisions.csv"))


def identity(division="445221", born="19850101", sequence="001"):
    first17 = division + born + sequence
    return first17 + identity_check(first17)


def codes(problems):
    return [problem.code for problem in problems]


identities = st.builds(
    lambda division, born, sequence: identity(division, born.strftime("%Y%m%d"), f"{sequence:03d}"),
    st.sampled_from(sorted(TABLE.periods)),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
)


# --- identity numbers ----------------------------------------------------------------------


@pytest.mark.parametrize("code", IDENTITIES)
def test_the_vectors_of_the_domain_guide_pass_without_a_warning(code):
    assert check("111", code, TABLE, today=date(2026, 1, 1)) == ((), ())


def test_birth_date_and_sex_are_read_from_the_number():
    assert [birth_date(code) for code in IDENTITIES] == [
        date(1985, 1, 1),
        date(2013, 1, 1),
        date(1970, 3, 15),
    ]
    assert [sex(code) for code in IDENTITIES] == [Sex.MALE, Sex.FEMALE, Sex.MALE]
    assert birth_date("445221198502300010") is None
    assert birth_date("4452211985010100") is None
    assert birth_date("44522119850101001x") is None
    assert sex("44522119850101001x") is None


@given(st.integers(0, 999))
@example(1)
def test_odd_sequence_numbers_are_male(sequence):
    code = identity(sequence=f"{sequence:03d}")
    assert sex(code) is (Sex.MALE if sequence % 2 else Sex.FEMALE)


@given(identities, st.data())
def test_any_wrong_digit_of_an_identity_number_is_detected(code, drawn):
    """ISO 7064 MOD 11-2 detects every substitution and every exchange of neighbours."""
    place = drawn.draw(st.integers(0, 17))
    other = drawn.draw(st.sampled_from(DIGITS if place < 17 else DIGITS + "X"))
    assume(other != code[place])
    assert identity_problems(code[:place] + other + code[place + 1 :])


@given(identities, st.integers(0, 16))
def test_any_exchange_of_neighbours_in_an_identity_number_is_detected(code, place):
    left, right = code[place : place + 2]
    assume(left != right)
    assert identity_problems(code[:place] + right + left + code[place + 2 :])


@pytest.mark.parametrize(
    "code",
    [
        "",
        "44522119850101001",
        "4452211985010100199",
        "44522119850101001A",
        "４４",
        "X" * 18,
        "445221850101001X",
    ],
)
def test_a_number_of_the_wrong_form_has_one_error(code):
    errors, warnings = check("111", code, TABLE, field="/holders/0/code")
    assert codes(errors) == ["code-malformed"]
    assert errors[0].field == "/holders/0/code"
    assert warnings == ()


@pytest.mark.parametrize("born", ["19850230", "19851301", "19850100", "20010229", "00000101"])
def test_a_birth_date_that_does_not_exist_is_an_error(born):
    errors, _ = check("111", identity(born=born), TABLE, field="/f")
    assert codes(errors) == ["birth-date-impossible"]
    assert errors[0].field == "/f"


def test_nobody_was_born_before_1900():
    assert codes(check("111", identity(born="18991231"))[0]) == ["birth-date-impossible"]
    assert check("111", identity(born="19000101"))[0] == ()


def test_nobody_was_born_after_today():
    code = identity(born="20260102", division="445203")
    assert codes(check("111", code, today=date(2026, 1, 1))[0]) == ["birth-date-impossible"]
    assert check("111", code, today=date(2026, 1, 2))[0] == ()
    assert check("111", code)[0] == ()


def test_birth_date_and_check_digit_are_reported_together():
    wrong = identity(born="19850230")
    wrong = wrong[:17] + ("0" if wrong[17] != "0" else "1")
    errors, warnings = check("111", wrong, TABLE, field="/f")
    assert codes(errors) == ["birth-date-impossible", "check-character"]
    assert {error.field for error in errors} == {"/f"}
    assert warnings == ()


def test_an_unknown_division_is_a_warning_only():
    errors, warnings = check("111", identity(division="440999"), TABLE, field="/f")
    assert errors == ()
    assert codes(warnings) == ["identity-division-unknown"]
    assert warnings[0].field == "/f"
    assert check("111", identity(division="440999"), None) == ((), ())


def test_a_division_that_had_ended_before_the_birth_is_a_warning():
    assert check("111", identity("445221", "20120601"), TABLE) == ((), ())
    assert codes(check("111", identity("445221", "20130101"), TABLE)[1]) == [
        "identity-division-unknown"
    ]


def test_a_division_younger_than_the_birth_is_right():
    """Numbers have been given since 1984, with the codes of that day."""
    assert check("111", identity("445203", "19400101"), TABLE) == ((), ())


def test_a_code_given_again_to_another_place_is_right():
    first, second = TABLE.periods["500101"]
    assert (first.to_year, second.in_use) == (1998, True)
    assert check("111", identity("500101", "20100101"), TABLE) == ((), ())


@pytest.mark.parametrize("prefix", ["710000", "810000", "820000", "830000"])
def test_residence_permits_need_no_division(prefix):
    assert check("111", identity(prefix), TABLE) == ((), ())


def test_a_foreigner_s_permanent_residence_number_begins_with_nine():
    code = identity("911124", "19810803", "002")
    assert check("111", code, TABLE) == ((), ())
    assert birth_date(code) == date(1981, 8, 3)
    assert sex(code) is Sex.FEMALE
    wrong = "1" if code[17] == "0" else "0"
    assert codes(check("111", code[:17] + wrong, TABLE)[0]) == ["check-character"]
    assert codes(check("111", identity("911124", "19811303"), TABLE)[0]) == [
        "birth-date-impossible"
    ]


@pytest.mark.parametrize("text", ["", "1" * 16, "1" * 18, "x" * 17, "１" * 17])
def test_the_check_digit_is_computed_of_seventeen_digits_only(text):
    with pytest.raises(Unsupported):
        identity_check(text)


def test_each_place_has_the_weight_of_the_standard():
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    units = ["0" * place + "1" + "0" * (16 - place) for place in range(17)]
    assert [identity_check(unit) for unit in units] == ["10X98765432"[weight] for weight in weights]
    credit = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    assert [credit_check(unit) for unit in units] == [CREDIT_ALPHABET[31 - w] for w in credit]


def test_check_digits_take_all_eleven_values():
    assert {identity_check(f"{n:017d}") for n in range(40)} == set("0123456789X")
    assert identity_check("11010519491231002") == "X"


# --- normal form ---------------------------------------------------------------------------


def test_fifteen_digits_become_eighteen_by_rule():
    assert normalise("111", "445221850101001") == "445221198501010019"
    assert check("111", "445221850101001", TABLE) == ((), ())
    assert codes(check("111", "445221851301001")[0]) == ["birth-date-impossible"]
    assert normalise("999", "445221850101001") == "445221850101001"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("44522119490101002x", "44522119490101002X"),
        (" 445221 19850101 0019 ", "445221198501010019"),
        ("４４５２２１１９８５０１０１００１９", "445221198501010019"),
        ("445221198501010019\u200b", "445221198501010019"),
    ],
)
def test_what_people_type_becomes_the_kept_form(typed, kept):
    assert normalise("111", typed) == kept
    assert normalise("10", typed) == kept


@given(st.sampled_from(sorted(CODE_TYPES)), st.text())
@example("111", "1" * 15)
@example("414", "e \u0301")
def test_normalising_twice_changes_nothing_and_any_code_can_be_checked(code_type, code):
    once = normalise(code_type, code)
    assert normalise(code_type, once) == once
    assert check(code_type, code, TABLE) == check(code_type, once, TABLE)


# --- credit codes --------------------------------------------------------------------------


@pytest.mark.parametrize("code", CREDITS)
def test_the_credit_codes_of_the_domain_guide_pass(code):
    assert is_credit_code(code)
    assert check("001", code, TABLE) == ((), ())
    assert check("001", code.lower()) == ((), ())


def test_every_body_of_the_shipped_data_has_a_valid_credit_code():
    for row in csv.DictReader(data("departments.csv").splitlines()):
        assert is_credit_code(row["credit_code"])
    for row in csv.DictReader(data("certificate_types.csv").splitlines()):
        assert is_credit_code(row["defining_body_code"])
        assert row["type_code"][:18] == row["defining_body_code"]


@given(st.sampled_from(CREDITS), st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET))
def test_any_wrong_character_of_a_credit_code_is_detected(code, place, other):
    assume(other != code[place])
    assert credit_problem(code[:place] + other + code[place + 1 :]) is not None


@given(st.sampled_from(CREDITS), st.integers(0, 16))
def test_any_exchange_of_neighbours_in_a_credit_code_is_detected(code, place):
    left, right = code[place : place + 2]
    assume(left != right)
    assert credit_problem(code[:place] + right + left + code[place + 2 :]) is not None


def test_a_check_digit_of_zero_is_the_remainder_zero():
    first17 = next(
        f"1144520099{n:07d}" for n in range(100) if credit_check(f"1144520099{n:07d}") == "0"
    )
    assert is_credit_code(first17 + "0")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("I1445200999999015E", "O, S, V"),
        ("11445200999999O15E", "O, S, V"),
        ("S" * 17, "18 digits"),
        ("11445200999999015", "18 digits"),
        ("11445200999999015EE", "18 digits"),
        ("1144520A999999015E", "18 digits"),
        ("11445200999999015e", "18 digits"),
        ("", "18 digits"),
    ],
)
def test_a_credit_code_of_the_wrong_form_is_told_why(code, said):
    problem = credit_problem(code, "/f")
    assert (problem.code, problem.field) == ("code-malformed", "/f")
    assert said in problem.en
    assert ("I、O、S、V、Z" in problem.zh) == (said == "O, S, V")


def test_a_wrong_check_digit_of_a_credit_code_has_its_own_code():
    problem = credit_problem("11445200999999015F", "/f")
    assert (problem.code, problem.field) == ("check-character", "/f")
    assert not is_credit_code("11445200999999015F")
    assert codes(check("001", "11445200999999015F", field="/g")[0]) == ["check-character"]


@pytest.mark.parametrize("text", ["", "1" * 16, "1" * 18, "I" * 17, "a" * 17])
def test_the_credit_check_digit_is_computed_of_seventeen_characters_only(text):
    with pytest.raises(Unsupported):
        credit_check(text)


# --- types and other documents -------------------------------------------------------------


def test_every_type_has_a_chinese_name_of_its_own():
    assert len(set(CODE_TYPES.values())) == len(CODE_TYPES) == 16
    assert code_type_name("001") == "统一社会信用代码"
    assert code_type_name("111") == "公民身份号码"
    assert code_type_name("516") == "港澳居民来往内地通行证"


def test_two_digit_types_of_hall_systems_are_mapped():
    assert {hall: normalise_code_type(hall) for hall in HALL_CODE_TYPES} == {
        "10": "111",
        "11": "114",
        "12": "118",
        "13": "115",
        "14": "516",
        "15": "511",
        "20": "414",
        "40": "999",
        "90": "999",
    }
    assert code_type_name("10") == "公民身份号码"
    assert check("10", IDENTITIES[0]) == ((), ())


def test_only_the_two_organisation_types_are_no_persons():
    assert {code for code in CODE_TYPES if not is_person(code)} == {"001", "099"}


@pytest.mark.parametrize("code_type", ["", "1", "000", "112", "１１１", "445221198501010019"])
def test_an_unknown_type_is_an_error_that_never_shows_a_number(code_type):
    errors, warnings = check(code_type, "x", field="/holders/0/code_type")
    assert codes(errors) == ["code-type-unknown"]
    assert errors[0].field == "/holders/0/code_type"
    assert "445221" not in errors[0].zh + errors[0].en
    assert warnings == ()
    for function in (code_type_name, is_person, normalise_code_type):
        with pytest.raises(UnknownCodeType):
            function(code_type)


@pytest.mark.parametrize(
    ("code_type", "code"),
    [
        ("114", "南字第20010001号"),
        ("119", "12345678"),
        ("414", "e12345678"),
        ("411", "DE1234567"),
        ("511", "01234567"),
        ("511", "0123456789"),
        ("511", "0123456789(B)"),
        ("511", "0123456789b"),
        ("516", "H12345678"),
        ("516", "m1234567800"),
        ("099", "MB0327169-9"),
        ("999", "出生2026-0001"),
    ],
)
def test_other_documents_in_a_usual_form_pass(code_type, code):
    assert check(code_type, code, TABLE) == ((), ())


@pytest.mark.parametrize(
    ("code_type", "code"),
    [
        ("114", "1234"),
        ("114", "南字第#1号"),
        ("414", "E123"),
        ("414", "E" + "1" * 17),
        ("414", "护照12345"),
        ("511", "123456789"),
        ("511", "0123456789(B"),
        ("516", "12345678"),
        ("516", "K12345678"),
        ("516", "H123456789"),
        ("099", ""),
        ("999", "x" * 65),
    ],
)
def test_other_documents_of_an_impossible_form_are_refused(code_type, code):
    errors, warnings = check(code_type, code, TABLE, field="/f")
    assert codes(errors) == ["code-malformed"]
    assert errors[0].field == "/f"
    assert CODE_TYPES[code_type] in errors[0].zh
    assert code_type in errors[0].en
    assert warnings == ()


# --- what is shown -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("李四", "李*"),
        ("王小明", "王**"),
        ("欧阳某某", "欧**"),
        ("阿依古丽·买买提", "阿**"),
        ("John Smith", "J**"),
        (" 李四 ", "李*"),
        ("李", "*"),
        ("", ""),
        ("  ", ""),
        ("𠮷野", "𠮷*"),
    ],
)
def test_names_of_persons_are_masked(name, shown):
    assert mask_name(name) == shown
    assert mask_name(name, "414") == shown


def test_names_and_codes_of_organisations_are_public():
    assert mask_name("揭阳市某某运输有限公司", "001") == "揭阳市某某运输有限公司"
    assert mask_code("001", CREDITS[2]) == CREDITS[2]
    assert mask_code("099", "MB0327169-9") == "MB0327169-9"


@pytest.mark.parametrize(
    ("code_type", "code", "shown"),
    [
        ("111", "445221198501010019", "445221********0019"),
        ("10", "445221198501010019", "445221********0019"),
        ("414", "E12345678", "E1*****78"),
        ("516", "H1234567", "H1****67"),
        ("999", "1234567", "1*****7"),
        ("999", "1234", "1**4"),
        ("999", "123", "***"),
        ("999", "", ""),
    ],
)
def test_codes_of_persons_are_masked_from_the_middle(code_type, code, shown):
    assert mask_code(code_type, code) == shown


@given(identities)
def test_a_masked_identity_never_shows_the_birth_date(code):
    shown = mask_code("111", code)
    assert len(shown) == 18
    assert shown[6:14] == "*" * 8
    assert shown[:6] + shown[14:] == code[:6] + code[14:]


@given(st.text(max_size=40))
def test_masking_hides_at_least_half_of_every_other_code(code):
    assume(len(code) != 18)
    shown = mask_code("999", code)
    assert len(shown) == len(code)
    hidden = sum(1 for left, right in zip(shown, code, strict=True) if left == "*" or left != right)
    assert 2 * hidden >= len(code)


def test_masking_refuses_an_unknown_type():
    with pytest.raises(UnknownCodeType):
        mask_code("7", "1")
    with pytest.raises(UnknownCodeType):
        mask_name("李四", "7")


def test_the_public_names_exist():
    assert all(hasattr(holders, name) for name in holders.__all__)
