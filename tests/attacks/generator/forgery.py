"""Universal signature forgery: the signature's own entries are missing, empty or absurd.

The reader is to look for something that is not there, and to call it good (Mladenov et al. 2019).
"""

import re
from collections.abc import Iterator
from random import Random

from tests.attacks.attacks_forging import gap
from tests.attacks.generator.case import BROKEN, NOT_OURS, Case, refused
from tests.attacks.generator.case import INTEGRITY as I
from tests.attacks.generator.ground import Ground

_RANGE = re.compile(rb"/ByteRange \[[^\]]*\]\s*")

RANGES = {
    "missing": b"",
    "null": b"/ByteRange null",
    "empty": b"/ByteRange []",
    "zeros": b"/ByteRange [0 0 0 0]",
    "one": b"/ByteRange [0]",
    "three": b"/ByteRange [0 10 20]",
    "five": b"/ByteRange [0 10 20 30 40]",
    "odd-pairs": b"/ByteRange [0 10 20 10 40 10]",
    "negative": b"/ByteRange [0 -10 20 -30]",
    "negative-start": b"/ByteRange [-1 10 20 30]",
    "huge": b"/ByteRange [0 99999999999999999999 99999999999999999999 9]",
    "very-huge": b"/ByteRange [0 1 " + b"9" * 400 + b" 1]",
    "overlapping": b"/ByteRange [0 2000 1000 3000]",
    "backwards": b"/ByteRange [2000 1000 0 1000]",
    "whole-file": b"/ByteRange [0 %(size)d %(size)d 0]",
    "beyond-the-end": b"/ByteRange [0 %(start)d %(end)d %(size)d]",
    "real-numbers": b"/ByteRange [0.0 %(start)d.0 %(end)d.0 %(rest)d.0]",
    "names": b"/ByteRange [/0 /%(start)d /%(end)d /%(rest)d]",
    "string": b"/ByteRange (0 %(start)d %(end)d %(rest)d)",
    "nested": b"/ByteRange [[0 %(start)d] [%(end)d %(rest)d]]",
    "nulls": b"/ByteRange [null null null null]",
    "references": b"/ByteRange [1 0 R 1 0 R 1 0 R 1 0 R]",
    "other-spelling": b"/byterange [0 %(start)d %(end)d %(rest)d]",
    "plus-signs": b"/ByteRange [+0 +%(start)d +%(end)d +%(rest)d]",
    "escaped-name": b"/ByteR#61nge [0 %(start)d %(end)d %(rest)d]",
    "twice": b"/ByteRange [0 %(start)d %(end)d %(rest)d] /ByteRange [0 0 0 0]",
    "twice-first-wrong": b"/ByteRange [0 0 0 0] /ByteRange [0 %(start)d %(end)d %(rest)d]",
}

# Same length, so that nothing else in the file moves: only the gap itself is at fault.
GAPS = {
    "zeros": lambda digits: b"<" + b"0" * len(digits) + b">",
    "empty-string": lambda digits: b"<>".ljust(len(digits) + 2),
    "null": lambda digits: b"null".ljust(len(digits) + 2),
    "zero-number": lambda digits: b"0".ljust(len(digits) + 2),
    "literal-string": lambda digits: b"(" + b"0" * len(digits) + b")",
    "array": lambda digits: b"[" + b" " * len(digits) + b"]",
    "name": lambda digits: b"/" + b"A" * (len(digits) + 1),
    "reference": lambda digits: b"1 0 R".ljust(len(digits) + 2),
    "spaces": lambda digits: b"<" + b" " * len(digits) + b">",
    "no-hexadecimals": lambda digits: b"<" + b"x" * len(digits) + b">",
    "unclosed": lambda digits: b"<" + digits + b" ",
    "not-der": lambda digits: b"<" + b"ff" * (len(digits) // 2) + b">",
    "der-of-nothing": lambda digits: b"<3000" + b"0" * (len(digits) - 4) + b">",
    "der-longer-than-the-gap": lambda digits: b"<3084ffffffff" + digits[12:] + b">",
    "indefinite-length": lambda digits: b"<3080" + digits[4:] + b">",
    "first-byte-off": lambda digits: b"<31" + digits[2:] + b">",
}


def _with_range(text: bytes):
    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        start, end = gap(pdf)
        found = list(_RANGE.finditer(pdf))[-1]
        values = {
            b"start": start, b"end": end, b"rest": len(pdf) - end, b"size": len(pdf),
        }  # fmt: skip
        return (
            pdf[: found.start()]
            + (text % values if b"%" in text else text).ljust(found.end() - found.start())
            + pdf[found.end() :]
        )

    return build


def _with_gap(make):
    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        start, end = gap(pdf)
        return pdf[:start] + make(pdf[start + 1 : end - 1]) + pdf[end:]

    return build


def _renamed(old: bytes, new: bytes):
    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = ground.genuine
        at = pdf.rindex(old)
        return pdf[:at] + new.ljust(len(old)) + pdf[at + len(old) :]

    return build


def _random_range(ground: Ground, chance: Random) -> bytes:
    numbers = b" ".join(b"%d" % chance.randrange(2 * len(ground.genuine)) for _ in range(4))
    return _with_range(b"/ByteRange [" + numbers + b"]")(ground, chance)


def _zeroed_paper(ground: Ground, _chance: Random) -> bytes:
    pdf = ground.paper()
    start, end = gap(pdf)
    return pdf[: start + 1] + b"0" * (end - start - 2) + pdf[end - 1 :]


# What breaks the dictionary may also end as a file without any readable signature: refused alike.
_GONE = refused(("altered", "seal-not-on-record"), I)


def cases() -> Iterator[Case]:
    for name, text in RANGES.items():
        yield Case(f"forgery/byte-range-{name}", _with_range(text), BROKEN, BROKEN)
    for name, make in GAPS.items():
        yield Case(f"forgery/contents-{name}", _with_gap(make), BROKEN, BROKEN)
    yield Case("forgery/contents-missing", _renamed(b"/Contents ", b"/C0ntents "), BROKEN, BROKEN)
    yield Case("forgery/byte-range-random", _random_range, BROKEN, BROKEN)
    yield Case(
        "forgery/neither-entry",
        lambda ground, chance: _renamed(b"/Contents ", b"/C0ntents ")(
            _Stub(_with_range(b"")(ground, chance)), chance
        ),
        BROKEN,
        BROKEN,
        "a dictionary with neither range nor contents",
    )
    yield Case("forgery/no-subfilter", _renamed(b"/ETSI.CAdES.detached", b"/"), BROKEN, BROKEN)
    yield Case(
        "forgery/field-without-value",
        _renamed(b"/FT /Sig", b"/FT /Six"),
        _GONE,
        _GONE,
        "the field no longer is a signature field, the marks of ours stay",
    )
    yield Case("forgery/zeros-on-a-stranger's-paper", _zeroed_paper, NOT_OURS, BROKEN)


class _Stub:
    """A ground whose genuine file was forged already."""

    def __init__(self, pdf: bytes) -> None:
        self.genuine = pdf
