"""Changes of the bytes of a file: where its structure stands, and anywhere."""

import re
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

from tests.attacks.attacks_forging import last_xref, object_of, revision, root_of, size_of

Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]
"""From a file, chance and all the files there are (for pieces of others) to a mutant."""

_KINDS = {
    "number": rb"(?<![\w.])\d+(?![\w.])",
    "name": rb"/[A-Za-z][A-Za-z0-9.]*",
    "keyword": rb"\b(?:obj|endobj|stream|endstream|xref|trailer|startxref|null|true|false)\b",
    "bracket": rb"<<|>>|[\[\]()<>]",
    "end": rb"%%EOF|%PDF-1\.\d",
    "reference": rb"\b\d+ \d+ R\b",
    "entry": rb"\d{10} \d{5} [nf]",
    "range": rb"/ByteRange ?\[[^\]]*\]",
    "offset": rb"startxref\s+\d+|/Prev \d+|/Length \d+|/Size \d+|/Root \d+|/N \d+|/First \d+"
    rb"|/Index ?\[[^\]]*\]|/W ?\[[^\]]*\]|/Count \d+|/XRefStm \d+",
    "header": rb"(?<=\n)\d+ \d+ obj",
}
_FIND = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_BODY = re.compile(rb"(?<=\n)(\d+) (\d+) obj\b.*?endobj", re.DOTALL)
_GAP = re.compile(rb"<[0-9a-f]{1000,}>")
_TOKENS = (
    *(b"<<", b">>", b"[", b"]", b"(", b")", b"<", b">", b"%", b"\\", b"\0", b"\r", b"\n", b" "),
    *(b"endobj\n", b"endstream\n", b"stream\n", b"1 0 obj\n", b"null", b"true", b"R ", b"xref\n"),
    *(b"trailer\n", b"startxref\n0\n%%EOF\n", b"%%EOF\n", b"%PDF-2.0\n", b"/Encrypt 1 0 R "),
    *(b"/XRefStm 0 ", b"/Prev 0 ", b"/Length 0 ", b"/Contents <00> ", b"/ByteRange [0 0 0 0] "),
    *(b"/Type /Sig ", b"/FT /Sig ", b"/V null ", b"/Kids [] ", b"/Extends 1 0 R ", b"/Filter [] "),
)
_ODD_NUMBERS = (0, 1, 2, 9, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**40, 10**20)
_ODD_TEXTS = (b"-1", b"+1", b"1.5", b".0", b"00000000000000000001", b"1e9", b"9" * 40)


@lru_cache(maxsize=256)
def places(pdf: bytes, kind: str) -> tuple[tuple[int, int], ...]:
    """Spans of one kind outside of streams and gaps."""
    hidden = [found.span() for pattern in (_STREAM, _GAP) for found in pattern.finditer(pdf)]
    spaced = bytearray(pdf)
    for start, end in hidden:
        spaced[start + 8 : end - 10] = bytes(max(0, end - start - 18))
    return tuple(found.span() for found in _FIND[kind].finditer(bytes(spaced)))


@lru_cache(maxsize=256)
def _bodies(pdf: bytes) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _BODY.finditer(pdf))


def _put(pdf: bytes, span: tuple[int, int], text: bytes) -> bytes:
    return pdf[: span[0]] + text + pdf[span[1] :]


def _place(pdf: bytes, chance: Random) -> tuple[int, int]:
    """Mostly where the structure stands; sometimes near the end, or anywhere."""
    if chance.random() < 0.8:
        kind = chance.choice(list(_KINDS))
        if found := places(pdf, kind):
            # The last revision decides: half of the time it is there.
            late = found[-max(1, len(found) // 8) :]
            return chance.choice(late if chance.random() < 0.5 else found)
    first = chance.randrange(len(pdf))
    return first, min(len(pdf), first + 1)


def flip(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    start, end = _place(pdf, chance)
    at = chance.randrange(start, max(end, start + 1))
    return _put(pdf, (at, at + 1), bytes((pdf[at] ^ (1 << chance.randrange(8)),)))


def number(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    kind = chance.choice(("number", "reference", "entry", "range", "offset", "header"))
    span = chance.choice(places(pdf, kind) or ((0, 8),))
    digits = [found.span() for found in re.finditer(rb"\d+", pdf[span[0] : span[1]])]
    first, last = chance.choice(digits or [(0, 1)])
    old = pdf[span[0] + first : span[0] + last]
    text = _odd_number(old, len(pdf), chance)
    if chance.random() < 0.5:  # of the same width, so that nothing else moves
        text = text[-len(old) :].rjust(len(old), b"0")
    return _put(pdf, (span[0] + first, span[0] + last), text)


def _odd_number(old: bytes, size: int, chance: Random) -> bytes:
    value = int(old) if old.isdigit() else 0
    near = value + chance.choice((-1, 1, 2, -2, 10, -10, 20))
    return chance.choice(
        (
            b"%d" % abs(near),
            b"%d" % chance.choice(_ODD_NUMBERS),
            b"%d" % chance.randrange(size),
            b"%d" % chance.randrange(40),
            chance.choice(_ODD_TEXTS),
            b"%d" % (value * 2),
        )
    )


def name(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    span = chance.choice(places(pdf, "name"))
    old = pdf[span[0] : span[1]]
    other = chance.choice(others)
    there = chance.choice(places(other, "name"))
    at = chance.randrange(1, len(old))
    text = chance.choice(
        (
            other[there[0] : there[1]],
            old.swapcase(),
            old[:at] + b"#%02x" % old[at] + old[at + 1 :],
            old[:at] + b"#" + old[at:],
            old[:at],
            old + b"X",
        )
    )
    return _put(pdf, span, text)


def delete(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    start, end = _place(pdf, chance)
    more = 0 if chance.random() < 0.6 else int(2 ** chance.uniform(0, 12))
    return _put(pdf, (start, end + more), b"")


def duplicate(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    start, end = _place(pdf, chance)
    piece = pdf[start : end + (0 if chance.random() < 0.5 else int(2 ** chance.uniform(0, 12)))]
    return _put(pdf, (end, end), piece * chance.choice((1, 1, 1, 2, 50)))


def truncate(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    ends = [found.end() for found in re.finditer(rb"%%EOF\r?\n?", pdf)]
    at = chance.choice((chance.choice(ends) - chance.randrange(3), chance.randrange(len(pdf))))
    return pdf[:at] + chance.choice((b"", b"", b"%%EOF\n", pdf[-40:]))


def insert(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    start, end = _place(pdf, chance)
    other = chance.choice(others)
    there = _place(other, chance)
    piece = chance.choice(
        (
            chance.choice(_TOKENS),
            chance.randbytes(chance.randrange(1, 9)),
            other[there[0] : there[1] + chance.randrange(64)],
        )
    )
    at = chance.choice((start, end, end, len(pdf)))
    return _put(pdf, (at, at), piece)


def overwrite(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """A piece of another file in the same length: nothing moves."""
    start, _ = _place(pdf, chance)
    other = chance.choice(others)
    there = _place(other, chance)
    length = max(1, there[1] - there[0])
    return _put(pdf, (start, start + length), other[there[0] : there[0] + length])


def splice_object(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """A whole object of another genuine file, or of this one, in place of one or beside it."""
    other = chance.choice((*others, pdf))
    mine, theirs = chance.choice(_bodies(pdf)), chance.choice(_bodies(other))
    piece = other[theirs[0] : theirs[1]]
    if chance.random() < 0.5:  # under the number of the one that it replaces
        head = pdf[mine[0] : pdf.index(b"obj", mine[0])]
        piece = head + piece[piece.index(b"obj") :]
    if chance.random() < 0.3:
        return _put(pdf, (mine[1], mine[1]), b"\n" + piece)
    if len(piece) <= mine[1] - mine[0] and chance.random() < 0.7:
        piece = piece[:-6].ljust(mine[1] - mine[0] - 6) + b"endobj"
    return _put(pdf, mine, piece)


def splice_message(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """The whole contents of a gap of another genuine file."""
    mine = chance.choice([found.span() for found in _GAP.finditer(pdf)])
    digits = chance.choice(_GAP.findall(chance.choice(others)))[1:-1].rstrip(b"0")
    room = mine[1] - mine[0] - 2
    digits = digits + b"0" * (len(digits) % 2)
    return _put(pdf, mine, b"<" + digits[:room].ljust(room, b"0") + b">")


def splice_end(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """The whole cross-reference of another file, or everything after its first revision."""
    other = chance.choice(others)
    tail = other[last_xref(other) :]
    if chance.random() < 0.3:
        return pdf + other[other.index(b"%%EOF") + 6 :]
    return pdf[: last_xref(pdf)] + tail


def renumber(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """One object gets another number: in its header, in references, or in both."""
    heads = places(pdf, "header")
    span = chance.choice(heads)
    old = pdf[span[0] : span[1]].split()[0]
    new = chance.choice([pdf[one:two].split()[0] for one, two in heads] + [b"%d" % size_of(pdf)])
    changed = pdf
    if chance.random() < 0.7:
        changed = _put(pdf, span, new + pdf[span[0] + len(old) : span[1]])
    if chance.random() < 0.5:
        changed = re.sub(rb"\b%s 0 R\b" % old, new + b" 0 R", changed)
    return changed


def swap_entries(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    entries = places(pdf, "entry")
    if len(entries) < 2:
        return number(pdf, chance, _others)
    (one, end), (two, last) = chance.sample(entries, 2)
    out = bytearray(pdf)
    out[one:end], out[two:last] = pdf[two:last], pdf[one:end]
    return bytes(out)


def recompress(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """A stream packed anew, with or without a change inside, with or without its length told."""
    found = list(re.finditer(rb"/Length (\d+)[^>]{0,200}>>\s*stream\r?\n", pdf))
    if not found:
        return flip(pdf, chance, _others)
    head = chance.choice(found)
    length = int(head[1])
    start = head.end()
    try:
        plain = bytearray(zlib.decompress(pdf[start : start + length]))
    except zlib.error:
        plain = bytearray(pdf[start : start + length])
    if plain and chance.random() < 0.5:
        plain[chance.randrange(len(plain))] ^= 1 << chance.randrange(8)
    packed = zlib.compress(bytes(plain), chance.choice((0, 1, 9)))
    if len(packed) <= length and chance.random() < 0.7:
        packed = packed.ljust(length, b"\n")
    elif chance.random() < 0.7:
        told = b"%d" % len(packed)
        pdf = _put(pdf, head.span(1), told)
        start += len(told) - len(head[1])
    return _put(pdf, (start, start + length), packed)


def gap(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """What nobody signs: digits, their case, their padding, the brackets."""
    start, end = chance.choice([found.span() for found in _GAP.finditer(pdf)])
    digits = pdf[start + 1 : end - 1]
    filled = len(digits.rstrip(b"0"))
    at = (
        chance.randrange(filled, len(digits)) if chance.random() < 0.5 else chance.randrange(filled)
    )
    word = chance.choice((b"f", b"00", b" ", b"\n", b">", b"<", b"%", b"G", b"A", b"ff00"))
    changed = chance.choice(
        (
            digits.upper(),
            digits[:at] + digits[at : at + 1].upper() + digits[at + 1 :],
            digits[:at] + word + digits[at + len(word) :],
            digits[:at] + word + digits[at:],
            digits[:at] + digits[at + chance.randrange(1, 9) :],
            digits[:filled] + chance.randbytes((len(digits) - filled) // 2).hex().encode(),
            digits[: filled + filled % 2],
            digits + b"0" * chance.randrange(1, 50),
        )
    )
    return _put(pdf, (start + 1, end - 1), changed)


def append_revision(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """An incremental update, honest in form, with objects of some file under numbers of this."""
    other = chance.choice((*others, pdf, pdf))
    numbers = [int(pdf[one:two].split()[0]) for one, two in places(pdf, "header")]
    objects = {}
    for _ in range(chance.choice((1, 1, 2, 4))):
        there = chance.choice(_bodies(other))
        body = other[there[0] : there[1]]
        value = body[body.index(b"obj") + 3 : -6].strip()
        fresh = size_of(pdf) + len(objects)
        objects[chance.choice((chance.choice(numbers), root_of(pdf), fresh, fresh))] = value
    if chance.random() < 0.3:
        root = root_of(pdf)
        extra = chance.choice(_TOKENS) + b"/DSS << /Certs [] >> "
        objects[root] = object_of(pdf, root).replace(b"<<", b"<< " + extra, 1)
    options = {}
    if chance.random() < 0.2:
        options["unlisted"] = chance.choice(_TOKENS)
    if chance.random() < 0.2:
        options["listed"] = {chance.choice(numbers): chance.randrange(len(pdf))}
    return revision(pdf, objects, **options)


def nothing_but_space(pdf: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """White space for white space, as some mail programs do."""
    spaces = [found.start() for found in re.finditer(rb"[\n ](?=[/<\d>])", pdf[-4000:])]
    at = len(pdf) - min(len(pdf), 4000) + chance.choice(spaces)
    return _put(pdf, (at, at + 1), chance.choice((b"\r", b"\t", b"\n", b" ", b"\r\n", b"\0", b"")))


MUTATIONS: dict[str, tuple[int, Mutation]] = {
    "flip": (10, flip),
    "number": (14, number),
    "name": (6, name),
    "delete": (6, delete),
    "duplicate": (5, duplicate),
    "truncate": (4, truncate),
    "insert": (8, insert),
    "overwrite": (5, overwrite),
    "splice-object": (5, splice_object),
    "splice-message": (3, splice_message),
    "splice-end": (2, splice_end),
    "renumber": (4, renumber),
    "swap-entries": (3, swap_entries),
    "recompress": (4, recompress),
    "gap": (7, gap),
    "append-revision": (6, append_revision),
    "space": (3, nothing_but_space),
}
"""Name → weight and mutation."""
