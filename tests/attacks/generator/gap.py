"""The gap: nobody signs it, so whatever fits into it beside the signature is room for a forger."""

from collections.abc import Callable, Iterator
from random import Random

from tests.attacks import attacks_forging as forging
from tests.attacks.generator.case import BROKEN, NOT_OURS, Case, Expected, accepted, refused
from tests.attacks.generator.case import INTEGRITY as I
from tests.attacks.generator.ground import Ground

Edit = Callable[[bytes, Random], bytes]


def _digits(pdf: bytes) -> bytes:
    start, end = forging.gap(pdf)
    return pdf[start + 1 : end - 1]


def _room(pdf: bytes) -> int:
    """Where the padding begins, in digits."""
    content = bytes.fromhex(_digits(pdf).decode())
    length = 4 + int.from_bytes(content[2:4], "big")
    return 2 * length


def _edited(change: Callable[[bytes, int, Random], bytes]) -> Edit:
    """`change` gets the digits, where the padding begins, and chance; the length stays."""

    def edit(pdf: bytes, chance: Random) -> bytes:
        start, end = forging.gap(pdf)
        digits = change(_digits(pdf), _room(pdf), chance)
        assert len(digits) == end - start - 2
        return pdf[: start + 1] + digits + pdf[end - 1 :]

    return edit


def _some_letters_upper(digits: bytes, room: int, chance: Random) -> bytes:
    out = bytearray(digits)
    letters = [at for at in range(room) if out[at] in b"abcdef"]
    for at in chance.sample(letters, 5):
        out[at] -= 32
    return bytes(out)


def _put(digits: bytes, at: int, text: bytes) -> bytes:
    return digits[:at] + text + digits[at + len(text) :]


def _one_digit(part: str) -> Edit:
    """One digit of the signature's value or of what it signs; the rest of the CMS is unsigned."""

    def edit(pdf: bytes, chance: Random) -> bytes:
        signed = getattr(forging.parts_of(pdf), part).hex().encode()
        start, _ = forging.gap(pdf)
        at = pdf.index(signed, start) + chance.randrange(len(signed) - 64, len(signed))
        return _put(pdf, at, b"%x" % ((int(pdf[at : at + 1], 16) + 1) % 16))

    return edit


# Lawful for a stranger (ISO 32000-1, 7.3.4.3 and 12.8.1): the case of digits, space between them,
# padding of any value. Ours are written in one way only, so that nothing can be hidden there.
TOLERATED: dict[str, Edit] = {
    "upper-case": _edited(lambda digits, room, chance: digits.upper()),
    "some-letters-upper": _edited(_some_letters_upper),
    "one-letter-upper": _edited(
        lambda digits, room, chance: _put(
            digits,
            at := next(i for i, c in enumerate(digits) if c in b"abcdef"),
            digits[at : at + 1].upper(),
        )
    ),
}

# A stranger's reader may skip them; a file with them is not what the signer's program wrote.
MUTATED: dict[str, Edit] = {
    "text-in-the-padding": _edited(
        lambda digits, room, chance: _put(digits, room + 20, b"FORGED".hex().encode())
    ),
    "last-digit": _edited(lambda digits, room, chance: digits[:-1] + b"1"),
    "first-digit-of-the-padding": _edited(lambda digits, room, chance: _put(digits, room, b"f")),
    "second-signature-in-the-padding": _edited(
        lambda digits, room, chance: _put(
            digits, room, digits[: min(room, len(digits) - room) & ~1]
        )
    ),
    "padding-of-ff": _edited(
        lambda digits, room, chance: digits[:room] + b"f" * (len(digits) - room)
    ),
    "random-padding": _edited(
        lambda digits, room, chance: (
            digits[:room] + chance.randbytes(len(digits)).hex().encode()[: len(digits) - room]
        )
    ),
}

BROKEN_EVERYWHERE: dict[str, Edit] = {
    "digit-of-the-signature": _one_digit("signature"),
    "digit-of-the-signed-attributes": _one_digit("attributes"),
    "object-in-the-gap": _edited(
        lambda digits, room, chance: _put(digits, room + 2, b">/X(/ByteRange [0 1 2 3]) /Y<")
    ),
    "comment-in-the-gap": _edited(
        lambda digits, room, chance: _put(digits, room + 2, b"%FORGED\n")
    ),
    "early-end": _edited(lambda digits, room, chance: _put(digits, room + 2, b">")),
    "letter-beyond-f": _edited(lambda digits, room, chance: _put(digits, room + 2, b"g")),
}

SPACES: dict[str, Edit] = {
    "space-in-the-padding": _edited(lambda digits, room, chance: _put(digits, room + 4, b"  ")),
    "line-ends-in-the-padding": _edited(
        lambda digits, room, chance: _put(digits, room + 4, b"\r\n\r\n")
    ),
    "zero-bytes-in-the-padding": _edited(
        lambda digits, room, chance: _put(digits, room + 4, b"\0\0")
    ),
}


def _on(name: str, edit: Edit, theirs: Expected, why: str) -> Iterator[Case]:
    def ours(ground: Ground, chance: Random) -> bytes:
        return edit(ground.genuine, chance)

    def paper(ground: Ground, chance: Random) -> bytes:
        return edit(ground.paper(), chance)

    # The file names a certificate on record: no policy takes what is not that very file.
    broken = theirs is _SPOILT
    foreign = BROKEN if broken else refused(("altered", "seal-not-on-record"))
    yield Case(f"gap/ours-{name}", ours, BROKEN, foreign, why)
    yield Case(f"gap/theirs-{name}", paper, NOT_OURS, theirs, why)


_SPOILT = refused(("altered", "unreadable"), I)
_LAWFUL = "lawful in a stranger's signature: nothing that anybody sees depends on it"


def cases() -> Iterator[Case]:
    for name, edit in (TOLERATED | SPACES | MUTATED).items():
        yield from _on(name, edit, accepted("foreign-valid"), _LAWFUL)
    for name, edit in BROKEN_EVERYWHERE.items():
        yield from _on(name, edit, _SPOILT, "")
    yield Case(
        "gap/ours-all-zero-after-the-first-byte",
        lambda ground, chance: _edited(lambda digits, room, _: digits[:2].ljust(len(digits), b"0"))(
            ground.genuine, chance
        ),
        BROKEN,
        refused("altered", I),
    )
