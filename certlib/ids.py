"""Electronic certificate identifiers (电子证照标识, GB/T 36904): build, parse, grade.

1.2.156.3005.2 . type code (21) . issuer code (18) . serial (7 to 32) . version (3) . check (1)
"""

import hashlib
import re
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from certlib.characters import codepoint, folded
from certlib.creditcode import is_credit_code
from certlib.errors import BadCheckCharacter, MalformedIdentifier, Problem, Unsupported
from certlib.remarks import IssuerCodeNonstandard, LegacyCheckCharacter, TypeCodeNonstandard

ROOT = "1.2.156.3005.2"
MAX_LENGTH = 128
"""ZZBS holds at most 128 characters (GB/T 36903); the longest form seen has 94."""
SERIAL_LENGTH = 20
SERIAL_OCTETS = 16
"""What one serial needs at least: 2^128 > 36^20."""

_ALPHABET = string.digits + string.ascii_uppercase
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_BODY = ("type_code", "issuer_code", "serial", "version")
_PARTS = ("root", *_BODY, "check")
_ROOT_ARCS = ROOT.count(".") + 1
_SEGMENTS = _ROOT_ARCS + len(_PARTS) - 1
_GAPS = range(_SEGMENTS - 1, _ROOT_ARCS - 1, -1)
# Of each part: its form, its name and what it should be, in both languages.
_FORMS = {
    "root": (
        re.compile(re.escape(ROOT)),
        ("根", f"应为 {ROOT}"),
        ("root", f"it should be {ROOT}"),
    ),
    "type_code": (
        re.compile(r"[0-9A-Z]{18}[0-9]{3}"),
        ("证照类型代码", "应为21位：18位统一社会信用代码加3位数字"),
        ("type code", "it should be a credit code of 18 characters and 3 digits"),
    ),
    # Six digits: a foreign identifier with a division code in the issuer's place.
    "issuer_code": (
        re.compile(r"[0-9A-Z]{18}|[0-9]{6}"),
        ("颁发机构代码", "应为18位统一社会信用代码"),
        ("issuer code", "it should be a credit code of 18 characters"),
    ),
    "serial": (
        re.compile(r"[0-9A-Z]{7,32}"),
        ("顺序号", "应为7至32位数字或大写字母"),
        ("serial", "it should be 7 to 32 digits or capitals"),
    ),
    "version": (
        re.compile(r"(?!000)[0-9]{3}"),
        ("版本号", "应为3位数字，自001起"),
        ("version", "it should be 3 digits, 001 or more"),
    ),
    "check": (
        re.compile(r"[0-9A-Z]"),
        ("校验位", "应为1位数字或大写字母"),
        ("check character", "it should be one digit or capital"),
    ),
}
_DOTS = re.compile("([.．。｡])")


class Grade(StrEnum):
    """How good an identifier is: the first of these that fits, from the last line up."""

    ISO = "ISO"
    NONSTANDARD_ISSUER = "NONSTANDARD_ISSUER"
    LEGACY_CHECK = "LEGACY_CHECK"
    BAD_CHECK = "BAD_CHECK"
    MALFORMED = "MALFORMED"

    @property
    def usable(self) -> bool:
        """Whether an identifier of this grade may be looked up."""
        return self not in (Grade.BAD_CHECK, Grade.MALFORMED)


@dataclass(frozen=True, slots=True)
class CertificateIdentifier:
    """A usable identifier; made by `build` and `parse` only.

    Attributes:
        type_code: 21 characters: credit code of the defining body and three digits.
        issuer_code: credit code of the issuer; a foreign identifier may have a division code here.
        version: 1 to 999, written with three digits.
        check: one character; of the legacy dialect in a foreign identifier, perhaps.
    """

    root: str
    type_code: str
    issuer_code: str
    serial: str
    version: int
    check: str

    def __str__(self) -> str:
        return ".".join(
            (
                self.root,
                self.type_code,
                self.issuer_code,
                self.serial,
                f"{self.version:03d}",
                self.check,
            )
        )

    @property
    def lineage(self) -> tuple[str, str, str]:
        """(type code, issuer code, serial): the same for every version of one certificate."""
        return self.type_code, self.issuer_code, self.serial

    def next_version(self) -> "CertificateIdentifier":
        """The identifier of the next change or renewal.

        Raises:
            MalformedIdentifier: the version is 999 already, or a code in it is no credit code.
        """
        return build(self.type_code, self.issuer_code, self.serial, self.version + 1)


@dataclass(frozen=True, slots=True)
class ParsedIdentifier:
    """What a text says as an identifier.

    Attributes:
        parts: `root`, `type_code`, `issuer_code`, `serial`, `version`, `check` as written; "" where
            missing.
        problems: what is wrong or remarkable; `field` names the part, "" the whole. An ISO
            identifier may carry one: a wrong check digit inside its type code.
        identifier: when the grade is usable.
    """

    grade: Grade
    parts: Mapping[str, str]
    problems: tuple[Problem, ...]
    identifier: CertificateIdentifier | None = None

    def as_json(self) -> dict[str, Any]:
        """`grade`, `parts`, `problems`: what `certlib identifier --json` prints.

        Lone surrogates become question marks, so that the answer can be written as UTF-8.
        """
        parts = {
            name: text.encode("utf-8", "replace").decode() for name, text in self.parts.items()
        }
        problems = [asdict(problem) for problem in self.problems]
        return {"grade": self.grade.value, "parts": parts, "problems": problems}


def check_character(text: str) -> str:
    """The check character of `text` (ISO/IEC 7064 MOD 37,36; GB/T 36904).

    Detects every wrong character, and every exchange of two neighbours but that of one pair: at
    each place one pair of values that follow one another (0 and 35 do) passes, which one depends
    on all that stands before. One in 630 exchanges goes unseen.

    Args:
        text: type code, issuer code, serial and version, without dots and without the root.

    Raises:
        Unsupported: a character outside 0-9 A-Z.
    """
    product = 36
    for value in _values(text):
        product = (product + value) % 36 or 36
        product = 2 * product % 37
    return _ALPHABET[(37 - product) % 36]


def legacy_check_character(text: str) -> str:
    """The check character of the wrong dialect that is in production elsewhere; never written.

    Letters count 11 to 36. The sum is reduced mod 37 after a letter and mod 36 after a digit, only
    when above; then as in ISO. The product is never 0 (37 is prime), so there always is a result.

    Raises:
        Unsupported: a character outside 0-9 A-Z.
    """
    product = 36
    for value in _values(text):
        digit = value < len(string.digits)
        total = product + value if digit else product + value + 1
        modulus = 36 if digit else 37
        total = total % modulus if total > modulus else total
        product = 2 * (total % 36 or 36) % 37
    return _ALPHABET[36 - product]


def build(type_code: str, issuer_code: str, serial: str, version: int) -> CertificateIdentifier:
    """A new identifier, always of grade ISO.

    Raises:
        MalformedIdentifier: a part has the wrong form, or a credit code's check digit is wrong;
            `problems` names every one.
    """
    values = (type_code, issuer_code, serial, f"{version:03d}")
    forms = (_form_problem(*item) for item in zip(_BODY, values, strict=True))
    problems = [problem for problem in forms if problem is not None]
    problems = problems or _body_warnings(type_code, issuer_code)
    if problems:
        names = ", ".join(problem.field for problem in problems)
        raise MalformedIdentifier(part=names, problems=tuple(problems))
    return CertificateIdentifier(
        ROOT, type_code, issuer_code, serial, version, check_character("".join(values))
    )


def parse(text: str) -> ParsedIdentifier:
    """Reads any text from the right; never raises.

    Strict: capitals, half-width, no spaces. `normalise_typed` first for what people type.
    """
    if len(text) > MAX_LENGTH:
        return _refused(f"超过{MAX_LENGTH}个字符", f"it has over {MAX_LENGTH} characters")
    if not text:
        return _refused("内容为空", "it is empty")
    parts, problems = _split(text)
    forms = (_form_problem(name, parts[name]) for name in _PARTS)
    problems += [problem for problem in forms if problem is not None]
    if problems:
        return ParsedIdentifier(Grade.MALFORMED, parts, tuple(problems))
    return _graded(parts)


def normalise_typed(text: str) -> str:
    """What a person typed, in the form that `parse` wants: half-width capitals without spaces."""
    return folded(text).replace("。", ".").rstrip(".")


def serial_from(octets: bytes) -> str:
    """A serial of 20 characters 0-9 A-Z, uniform when `octets` are.

    Sixteen octets are one number below 2^128. Numbers from the largest multiple of 36^20 upward
    are rejected, so equally many of the others stand for each serial and none is favoured; the
    next sixteen octets decide then, and after the last (less than once in 2^24 calls with sixteen
    octets) those of their SHA-256.

    Args:
        octets: 16 or more bytes of the operating system's generator; what is left over is ignored.

    Raises:
        Unsupported: fewer than 16 octets.
    """
    if len(octets) < SERIAL_OCTETS:
        raise Unsupported(what=f"fewer than {SERIAL_OCTETS} random octets")
    space = len(_ALPHABET) ** SERIAL_LENGTH
    limit = 2 ** (8 * SERIAL_OCTETS) // space * space
    rest = octets
    while (number := int.from_bytes(rest[:SERIAL_OCTETS], "big")) >= limit:
        rest = rest[SERIAL_OCTETS:]
        if len(rest) < SERIAL_OCTETS:
            rest = octets = hashlib.sha256(octets).digest()
    characters = []
    for _ in range(SERIAL_LENGTH):
        number, value = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[value])
    return "".join(characters)


def _values(text: str) -> list[int]:
    if not _VALUES.keys() >= set(text):
        raise Unsupported(what="character outside 0-9 A-Z")
    return [_VALUES[character] for character in text]


def _refused(reason_zh: str, reason_en: str) -> ParsedIdentifier:
    problem = Problem(
        "",
        MalformedIdentifier.code,
        f"电子证照标识有误：{reason_zh}，请核对。",
        f"This is no identifier: {reason_en}; check it.",
    )
    return ParsedIdentifier(Grade.MALFORMED, dict.fromkeys(_PARTS, ""), (problem,))


def _problem(name: str, reason_zh: str, reason_en: str) -> Problem:
    names_zh, names_en = _FORMS[name][1:]
    return Problem(
        name,
        MalformedIdentifier.code,
        f"电子证照标识的{names_zh[0]}有误：{reason_zh}，请核对。",
        f"The {names_en[0]} of the identifier is malformed: {reason_en}; check it.",
    )


def _split(text: str) -> tuple[dict[str, str], list[Problem]]:
    """The parts as written, aligned at the right end, and what is wrong with the separators."""
    pieces = ["", *_DOTS.split(text)]
    segments = list(zip(pieces[::2], pieces[1::2], strict=True))
    problems = []
    if len(segments) > 1 and not segments[-1][1].strip():
        segments.pop()
        problems.append(_problem("check", "后面多了一个点", "a dot follows it"))
    if len(segments) == _SEGMENTS - 1:
        # One part was left out: it stood where the fewest others look wrong, the rightmost first.
        gaps = [[*segments[:at], (".", ""), *segments[at:]] for at in _GAPS]
        segments = min([*gaps, segments], key=_misfits)
    names = ["root"] * len(segments) + list(_PARTS[1:])
    named = zip(names[-len(segments) :], segments, strict=True)
    wide = [name for name, (dot, _) in named if dot not in ("", ".")]
    if wide:
        reasons = ("前面的点不是半角点", "the dot before it is not a plain dot")
        problems.append(_problem(wide[0], *reasons))
    return _parts(segments), problems


def _parts(segments: list[tuple[str, str]]) -> dict[str, str]:
    tail = 1 - len(_PARTS)
    texts = [""] * len(_PARTS) + [text for _, text in segments]
    root = ".".join(text for _, text in segments[:tail])
    return dict(zip(_PARTS, (root, *texts[tail:]), strict=True))


def _misfits(segments: list[tuple[str, str]]) -> int:
    parts = _parts(segments)
    return sum(not _FORMS[name][0].fullmatch(folded(parts[name])) for name in _PARTS)


def _form_problem(name: str, text: str) -> Problem | None:
    form, (_, should_zh), (_, should_en) = _FORMS[name]
    if form.fullmatch(text):
        return None
    if not text:
        return _problem(name, "缺少", "it is missing")
    reason = next(filter(None, map(_character_reason, text)), None)
    return _problem(name, *(reason or (should_zh, should_en)))


def _character_reason(character: str) -> tuple[str, str] | None:
    if character in _ALPHABET or character == ".":
        return None
    name = codepoint(character)
    if character.isspace():
        return f"含有空格（{name}）", f"it holds a space ({name})"
    if character in string.ascii_lowercase:
        return "含有小写字母，应使用大写", "it holds a lower case letter, capitals are wanted"
    if set(folded(character)) & set(_ALPHABET):
        return f"含有全角字符（{name}），应使用半角", f"it holds a full-width character ({name})"
    return f"含有不允许的字符（{name}）", f"it holds a character that is not allowed ({name})"


def _graded(parts: Mapping[str, str]) -> ParsedIdentifier:
    body = "".join(parts[name] for name in _BODY)
    problems = _body_warnings(parts["type_code"], parts["issuer_code"])
    grade = Grade.ISO
    if any(problem.field == "issuer_code" for problem in problems):
        grade = Grade.NONSTANDARD_ISSUER
    if parts["check"] != check_character(body):
        grade, problem = _check_problem(legacy=parts["check"] == legacy_check_character(body))
        problems.append(problem)
    if not grade.usable:
        return ParsedIdentifier(grade, parts, tuple(problems))
    identifier = CertificateIdentifier(
        parts["root"],
        parts["type_code"],
        parts["issuer_code"],
        parts["serial"],
        int(parts["version"]),
        parts["check"],
    )
    return ParsedIdentifier(grade, parts, tuple(problems), identifier)


def _check_problem(*, legacy: bool) -> tuple[Grade, Problem]:
    if legacy:
        return Grade.LEGACY_CHECK, LegacyCheckCharacter(field_path="check").as_problem()
    problem = Problem(
        "check",
        BadCheckCharacter.code,
        "电子证照标识的校验位不符，请逐位核对。",
        "The check character of the identifier does not fit: compare it character by character.",
    )
    return Grade.BAD_CHECK, problem


def _body_warnings(type_code: str, issuer_code: str) -> list[Problem]:
    """What is remarkable in parts whose form is right; errors when building."""
    problems = []
    if not is_credit_code(type_code[:18]):
        problems.append(TypeCodeNonstandard(field_path="type_code").as_problem())
    if not is_credit_code(issuer_code):
        problems.append(IssuerCodeNonstandard(field_path="issuer_code").as_problem())
    return problems
