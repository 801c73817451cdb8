"""Certificate identifiers: what GB/T 36904 and domain.md promise."""

import json
from dataclasses import FrozenInstanceError, astuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certlib.creditcode import credit_check, is_credit_code
from certlib.errors import MalformedIdentifier, Unsupported
from certlib.ids import (
    MAX_LENGTH,
    SERIAL_LENGTH,
    CertificateIdentifier,
    Grade,
    build,
    check_character,
    legacy_check_character,
    normalise_typed,
    parse,
    serial_from,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PARTS = ("root", "type_code", "issuer_code", "serial", "version", "check")
TYPE = "11100000000013338W011"
ISSUER = "11445200999999015E"
VECTORS = (
    ("1.2.156.3005.2.11100000000013338W011.11445200999999015E.00000000001.001.5", "W"),
    ("1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A", "J"),
    ("1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.002.8", "H"),
    (
        "1.2.156.3005.2.114451009999990234017.114451009999990234.0F1E2D3C4B5A69788796A5B4C3D2E1F0.001.K",
        "C",
    ),
)
PLAIN = VECTORS[0][0]
SEGMENTS = PLAIN.split(".")


@st.composite
def credit_codes(draw):
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    first17 = (
        draw(st.text(alphabet, min_size=2, max_size=2))
        + draw(st.text("0123456789", min_size=6, max_size=6))
        + draw(st.text(alphabet, min_size=9, max_size=9))
    )
    return first17 + credit_check(first17)


@st.composite
def identifiers(draw):
    return build(
        draw(credit_codes()) + draw(st.text("0123456789", min_size=3, max_size=3)),
        draw(credit_codes()),
        draw(st.text(ALPHABET, min_size=7, max_size=32)),
        draw(st.integers(1, 999)),
    )


def joined(type_code=TYPE, issuer=ISSUER, serial="00000000001", version="001", check=None):
    body = type_code + issuer + serial + version
    last = check_character(body) if check is None else check
    return f"1.2.156.3005.2.{type_code}.{issuer}.{serial}.{version}.{last}"


def fields(parsed):
    return [problem.field for problem in parsed.problems]


# --- vectors -------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "legacy"), VECTORS)
def test_a_vector_parses_as_iso_and_prints_as_it_was(text, legacy):
    parsed = parse(text)
    assert parsed.grade is Grade.ISO
    assert parsed.problems == ()
    assert str(parsed.identifier) == text
    assert dict(parsed.parts) == dict(
        zip(PARTS, ("1.2.156.3005.2", *text.split(".")[5:]), strict=True)
    )


@pytest.mark.parametrize(("text", "legacy"), VECTORS)
def test_a_vector_is_built_from_its_parts(text, legacy):
    _, _, _, _, _, type_code, issuer, serial, version, check = text.split(".")
    built = build(type_code, issuer, serial, int(version))
    assert str(built) == text
    assert astuple(built) == ("1.2.156.3005.2", type_code, issuer, serial, int(version), check)


@pytest.mark.parametrize(("text", "legacy"), VECTORS)
def test_the_legacy_value_of_a_vector_is_accepted_with_a_warning(text, legacy):
    parsed = parse(text[:-1] + legacy)
    assert parsed.grade is Grade.LEGACY_CHECK
    assert [(problem.field, problem.code) for problem in parsed.problems] == [
        ("check", "identifier-legacy-check")
    ]
    assert str(parsed.identifier) == text[:-1] + legacy


# --- check characters ------------------------------------------------------------------------


def test_check_characters_of_short_texts():
    """Computed by hand from the rule of domain.md."""
    # 36 + 10 = 46 mod 36 = 10, doubled 20, 37 - 20 = 17 = H; legacy: 47 mod 37 = 10, 20, 16 = G.
    assert (check_character("A"), legacy_check_character("A")) == ("H", "G")
    # 36 + 0 = 36, doubled 72 mod 37 = 35, 37 - 35 = 2; legacy the same but 36 - 35 = 1.
    assert (check_character("0"), legacy_check_character("0")) == ("2", "1")
    # Legacy: 36 + 1 = 37 is above 36 only for a digit: 1, doubled 2, index 34 = Y.
    assert legacy_check_character("1") == "Y"
    # Legacy after "Z1": Z: 72 mod 37 = 35, 70 mod 37 = 33; 34 is not above 36: 68 mod 37 = 31, 5.
    assert legacy_check_character("Z1") == "5"
    # A letter's sum of exactly 37 is not reduced mod 37 but mod 36: 1, doubled 2, index 34 = Y.
    # "9" leaves 18, a further "8" leaves 15, 15 + 22 (L) = 37.
    assert legacy_check_character("98L") == "Y"


@pytest.mark.parametrize("text", ["a", "Ａ", "1 ", ".", "\ud800", "é"])
def test_check_characters_refuse_other_characters(text):
    for function in (check_character, legacy_check_character):
        with pytest.raises(Unsupported):
            function(text)


@given(st.text(ALPHABET))
@example(ALPHABET)
def test_both_dialects_answer_for_every_text(text):
    assert check_character(text) in ALPHABET
    if text:
        assert legacy_check_character(text) in ALPHABET


def final_products():
    """A text for each of the 36 products that a check computation can stand at."""
    texts = {}
    for first in ALPHABET:
        texts.setdefault(check_character(first), first)
    assert len(texts) == 36
    return texts.values()


def test_an_exchange_of_neighbours_goes_unseen_for_one_pair_at_each_product_only():
    """The docstring of `check_character`, walked through completely."""
    for before in final_products():
        unseen = [
            (high, low)
            for index, high in enumerate(ALPHABET)
            for low in ALPHABET[:index]
            if check_character(before + high + low) == check_character(before + low + high)
        ]
        assert len(unseen) == 1
        high, low = (ALPHABET.index(character) for character in unseen[0])
        assert (high - low) in (1, 35)


def test_every_substitution_is_seen_at_each_product():
    for before in final_products():
        assert len({check_character(before + character) for character in ALPHABET}) == 36


@given(identifiers(), st.data())
def test_any_single_wrong_character_is_detected(identifier, data):
    text = str(identifier)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.one_of(st.sampled_from(ALPHABET), st.characters()))
    changed = text[:place] + other + text[place + 1 :]
    if changed != text:
        assert parse(changed).grade not in (Grade.ISO, Grade.NONSTANDARD_ISSUER)


@given(identifiers(), st.data())
def test_any_exchange_of_neighbours_is_detected_but_of_neighbours_in_the_alphabet(identifier, data):
    text = str(identifier)
    place = data.draw(st.integers(0, len(text) - 2))
    left, right = text[place : place + 2]
    changed = text[:place] + right + left + text[place + 2 :]
    if "." in (left, right):
        weak = False
    else:
        weak = abs(ALPHABET.index(left) - ALPHABET.index(right)) in (0, 1, 35)
    if not weak:
        assert parse(changed).grade not in (Grade.ISO, Grade.NONSTANDARD_ISSUER)


# --- parsing -------------------------------------------------------------------------------


@given(st.text())
@example(" ")
@example("\ud800." * 9)
@example("." * 128)
@example("١" * 10)
def test_any_text_parses_and_its_answer_can_be_written(text):
    parsed = parse(text)
    answer = json.dumps(parsed.as_json(), ensure_ascii=False).encode()
    assert set(json.loads(answer)) == {"grade", "parts", "problems"}
    assert tuple(parsed.parts) == PARTS
    assert (parsed.identifier is not None) == parsed.grade.usable
    assert parsed.grade is Grade.ISO or parsed.problems


@given(st.text("0123456789AEWXaｅ．。. ", max_size=MAX_LENGTH + 2))
def test_texts_that_look_like_identifiers_parse_too(text):
    parsed = parse(text)
    assert {problem.field for problem in parsed.problems} <= {"", *PARTS}


@given(identifiers())
def test_what_is_built_parses_to_itself(identifier):
    parsed = parse(str(identifier))
    assert parsed.grade is Grade.ISO
    assert parsed.identifier == identifier
    assert parsed.problems == ()


@pytest.mark.parametrize("index", range(len(SEGMENTS)))
def test_a_missing_part_is_named(index):
    text = ".".join(SEGMENTS[:index] + SEGMENTS[index + 1 :])
    parsed = parse(text)
    assert parsed.grade is Grade.MALFORMED
    assert fields(parsed) == ["root" if index < 5 else PARTS[index - 4]]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("root", "1.2.156.3003.2"),
        ("root", "1.2.156.3005"),
        ("root", "01.2.156.3005.2"),
        ("root", "0.1.2.156.3005.2"),
        ("root", "1X2.156.3005.2.9"),
        ("type_code", "11100000000013338W01"),
        ("type_code", "11100000000013338W0111"),
        ("type_code", "11100000000013338W01A"),
        ("issuer_code", "11445200999999015"),
        ("issuer_code", "11445200999999015EE"),
        ("issuer_code", "44520"),
        ("issuer_code", "4452000"),
        ("issuer_code", "44520A"),
        ("serial", "000001"),
        ("serial", "0" * 33),
        ("version", "0001"),
        ("version", "01"),
        ("version", "000"),
        ("version", "00A"),
        ("version", "٠٠١"),
        ("check", "55"),
        ("check", "*"),
        ("check", "5\n"),
        ("check", "𝟓"),
        ("type_code", "11100000000013338w011"),
        ("issuer_code", "11445200999999015e"),
        ("serial", "0000000000１"),
        ("serial", "00000 000001"),
        ("serial", "00000-000001"),
        ("serial", "00000\u200b000001"),
        ("root", " 1.2.156.3005.2"),
        ("check", "5 "),
    ],
)
def test_the_malformed_part_is_named_and_no_other(part, value):
    parts = dict(zip(PARTS, ("1.2.156.3005.2", *SEGMENTS[5:]), strict=True)) | {part: value}
    parsed = parse(".".join(parts.values()))
    assert parsed.grade is Grade.MALFORMED
    assert fields(parsed) == [part]
    assert parsed.parts[part] == value
    assert parsed.identifier is None


@pytest.mark.parametrize(
    ("value", "said_zh", "said_en"),
    [
        ("0000000000a", "小写字母", "lower case"),
        ("0000000000Ａ", "全角字符（U+FF21", "full-width character (U+FF21"),
        ("000000 0000", "空格（U+0020", "space (U+0020"),
        ("00000000中0", "不允许的字符（U+4E2D", "not allowed (U+4E2D"),
        ("000", "7至32位", "7 to 32"),
        ("", "缺少", "missing"),
    ],
)
def test_the_sentence_says_what_is_wrong_with_the_part(value, said_zh, said_en):
    (problem,) = parse(joined(serial=value, check="5")).problems
    assert problem.code == "identifier-malformed"
    assert "顺序号" in problem.zh
    assert "serial" in problem.en
    assert said_zh in problem.zh
    assert said_en in problem.en


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (PLAIN.replace(".001.", "．001."), "version"),
        (PLAIN.replace(".5", "。5"), "check"),
        (PLAIN.replace("1.2.156", "1.2．156"), "root"),
        (PLAIN.replace("2.11100", "2｡11100"), "type_code"),
        (PLAIN + ".", "check"),
        (PLAIN + "。", "check"),
        (PLAIN + ". ", "check"),
        ("x．" + PLAIN, "root"),
    ],
)
def test_a_wrong_dot_is_named_by_the_part_beside_it(text, part):
    parsed = parse(text)
    assert parsed.grade is Grade.MALFORMED
    assert fields(parsed)[0] == part
    assert parsed.parts["serial"] == "00000000001"
    assert parsed.parts["check"] == "5"


def test_a_text_that_is_no_identifier_at_all_is_told_so_without_parts():
    for text in ("", "0" * (MAX_LENGTH + 1), PLAIN + "." * 100):
        parsed = parse(text)
        assert parsed.grade is Grade.MALFORMED
        assert fields(parsed) == [""]
        assert set(parsed.parts.values()) == {""}
    assert "128" in parse("0" * 129).problems[0].en
    assert "empty" in parse("").problems[0].en


def test_the_length_limit_is_the_metadata_standard_s():
    longest = joined(serial="9" * 32)
    assert len(longest) == 94
    assert parse("9" * MAX_LENGTH).problems[0].field != ""


def test_a_dot_after_a_single_part_is_one_too_many():
    assert fields(parse("5.")) == ["check", "root", "type_code", "issuer_code", "serial", "version"]
    assert parse("5.").parts["check"] == "5"


def test_an_extra_segment_belongs_to_the_root():
    parsed = parse("9." + PLAIN)
    assert fields(parsed) == ["root"]
    assert parsed.parts["root"] == "9.1.2.156.3005.2"


# --- grades --------------------------------------------------------------------------------


def wrong_check(**changes):
    """An identifier whose check character neither dialect gives."""
    body = joined(**changes, check="")
    digits = body.removeprefix("1.2.156.3005.2").replace(".", "")
    good = {check_character(digits), legacy_check_character(digits)}
    return joined(**changes, check=next(item for item in ALPHABET if item not in good))


def legacy_check(**changes):
    body = joined(**changes, check="").removeprefix("1.2.156.3005.2").replace(".", "")
    return joined(**changes, check=legacy_check_character(body))


def test_a_division_code_in_the_issuer_s_place_is_nonstandard_and_usable():
    parsed = parse(joined(issuer="445200"))
    assert parsed.grade is Grade.NONSTANDARD_ISSUER
    assert fields(parsed) == ["issuer_code"]
    assert parsed.identifier is not None
    assert parsed.identifier.issuer_code == "445200"


@pytest.mark.parametrize(
    "issuer", ["11445200999999015F", "I1445200999999015E", "ABCDEFGHIJKLMNOPQR"]
)
def test_an_issuer_code_that_fails_gb_32100_is_nonstandard(issuer):
    assert not is_credit_code(issuer)
    assert parse(joined(issuer=issuer)).grade is Grade.NONSTANDARD_ISSUER


def test_a_wrong_credit_code_in_the_type_code_is_a_remark_beside_any_grade():
    parsed = parse(joined(type_code="11100000000013338X011"))
    assert parsed.grade is Grade.ISO
    assert [(problem.field, problem.code) for problem in parsed.problems] == [
        ("type_code", "identifier-type-nonstandard")
    ]


def test_a_wrong_check_character_is_bad_and_not_usable():
    parsed = parse(wrong_check())
    assert parsed.grade is Grade.BAD_CHECK
    assert parsed.identifier is None
    assert [(problem.field, problem.code) for problem in parsed.problems] == [
        ("check", "check-character")
    ]


def test_precedence_of_grades_is_malformed_bad_legacy_nonstandard_iso():
    assert parse(wrong_check(issuer="445200") + ".").grade is Grade.MALFORMED
    assert parse(wrong_check(issuer="445200")).grade is Grade.BAD_CHECK
    assert parse(legacy_check(issuer="445200")).grade is Grade.LEGACY_CHECK
    assert parse(joined(issuer="445200")).grade is Grade.NONSTANDARD_ISSUER
    assert parse(joined()).grade is Grade.ISO


def test_lower_grades_still_tell_every_remark():
    assert sorted(fields(parse(legacy_check(issuer="445200")))) == ["check", "issuer_code"]


def test_only_bad_and_malformed_identifiers_are_not_usable():
    assert {grade for grade in Grade if not grade.usable} == {Grade.BAD_CHECK, Grade.MALFORMED}


def test_the_json_answer_has_grade_parts_and_problems():
    answer = parse(joined(issuer="445200")).as_json()
    assert answer["grade"] == "NONSTANDARD_ISSUER"
    assert answer["parts"]["version"] == "001"
    (problem,) = answer["problems"]
    assert set(problem) == {"field", "code", "zh", "en"}
    assert problem["field"] == "issuer_code"


# --- building ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"type_code": "11100000000013338X011"}, "type_code"),
        ({"type_code": TYPE.lower()}, "type_code"),
        ({"issuer_code": "445200"}, "issuer_code"),
        ({"issuer_code": "11445200999999015F"}, "issuer_code"),
        ({"serial": "ABC"}, "serial"),
        ({"serial": "ABC.DEFGH"}, "serial"),
        ({"version": 0}, "version"),
        ({"version": 1000}, "version"),
        ({"version": -1}, "version"),
    ],
)
def test_building_refuses_what_would_not_parse_as_iso(change, part):
    values = {"type_code": TYPE, "issuer_code": ISSUER, "serial": "00000000001", "version": 1}
    with pytest.raises(MalformedIdentifier) as caught:
        build(**(values | change))
    assert [problem.field for problem in caught.value.problems] == [part]
    assert part in caught.value.en_text
    assert part in caught.value.zh_text


def test_building_names_every_wrong_part_at_once():
    with pytest.raises(MalformedIdentifier) as caught:
        build("", ISSUER, "", 1)
    assert [problem.field for problem in caught.value.problems] == ["type_code", "serial"]


def test_the_next_version_keeps_the_lineage_and_counts_one_up():
    first = parse(VECTORS[1][0]).identifier
    assert str(first.next_version()) == VECTORS[2][0]
    assert first.lineage == first.next_version().lineage
    assert first.lineage == (
        "11445200999999015E001",
        "11445200999999015E",
        "4452002026A0000001",
    )


def test_the_next_version_of_a_legacy_identifier_is_written_in_iso():
    legacy = parse(legacy_check()).identifier
    assert parse(str(legacy.next_version())).grade is Grade.ISO


def test_there_is_no_version_after_999():
    last = build(TYPE, ISSUER, "00000000001", 999)
    with pytest.raises(MalformedIdentifier):
        last.next_version()


def test_identifiers_are_values():
    one = parse(PLAIN).identifier
    assert one == build(TYPE, ISSUER, "00000000001", 1)
    assert len({one, build(TYPE, ISSUER, "00000000001", 1)}) == 1
    assert one != CertificateIdentifier(*astuple(one)[:4], 2, one.check)
    with pytest.raises(FrozenInstanceError):
        one.version = 2
    with pytest.raises(FrozenInstanceError):
        parse(PLAIN).grade = Grade.ISO


# --- typed text and serials ----------------------------------------------------------------


@given(identifiers())
def test_what_people_make_of_an_identifier_is_read_after_normalising(identifier):
    text = str(identifier)
    wide = text.translate({ord(c): ord(c) + 0xFEE0 for c in ALPHABET + "."})
    for typed in (text.lower(), f"  {text}\n", text.replace(".", " . "), wide, text + "."):
        assert normalise_typed(typed) == text
    assert normalise_typed(text.replace(".", "。")) == text


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalise_typed(normalise_typed(text)) == normalise_typed(text)


@given(st.binary(min_size=16, max_size=80))
@example(b"\xff" * 16)
@example(b"\xff" * 80)
def test_a_serial_has_twenty_characters_and_can_be_built_with(octets):
    serial = serial_from(octets)
    assert len(serial) == SERIAL_LENGTH == 20
    assert set(serial) <= set(ALPHABET)
    assert parse(str(build(TYPE, ISSUER, serial, 1))).grade is Grade.ISO


def test_serials_are_the_residues_of_the_octets_as_a_number():
    space = 36**20
    assert serial_from(bytes(16)) == "0" * 20
    assert serial_from((35).to_bytes(16, "big")) == "Z" + "0" * 19
    assert serial_from((36).to_bytes(16, "big")) == "01" + "0" * 18
    assert serial_from((space - 1).to_bytes(16, "big")) == "Z" * 20
    assert serial_from(space.to_bytes(16, "big")) == "0" * 20


def test_numbers_past_the_last_full_multiple_are_rejected():
    """No bias: the tail of 2^128 would favour small residues."""
    space = 36**20
    limit = 2**128 // space * space
    assert serial_from((limit - 1).to_bytes(16, "big")) == "Z" * 20
    tail = limit.to_bytes(16, "big")
    assert serial_from(tail + (36).to_bytes(16, "big")) == "01" + "0" * 18
    assert serial_from(tail) != "0" * 20
    assert serial_from(tail + tail) != serial_from(tail)
    assert serial_from(tail + bytes(15)) == serial_from(tail + bytes(15))


def test_a_serial_needs_sixteen_octets():
    with pytest.raises(Unsupported):
        serial_from(bytes(15))
