"""Changes of a message after it was parsed as DER: tags, lengths, values, whole branches.

Most of them are encoded again with right lengths, so that what is wrong lies deeper than the first
length; strings of octets that hold DER (a timestamp's content, extensions) are opened, too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.attacks.mutation.bytewise import Mutation

_GAP = re.compile(rb"<[0-9a-f]{1000,}>")
_CONSTRUCTED = 0x20
_OCTETS, _SEQUENCE, _SET, _IMPLICIT = 0x04, 0x30, 0x31, 0xA0


@dataclass
class Node:
    """One TLV; `children` where its value is made of others."""

    tag: int
    value: bytes = b""
    children: "list[Node]" = field(default_factory=list)
    length: bytes = b""

    def encoded(self) -> bytes:
        body = b"".join(item.encoded() for item in self.children) if self.children else self.value
        return bytes((self.tag,)) + (self.length or _length(len(body))) + body

    def walk(self) -> "Iterator[Node]":
        yield self
        for child in self.children:
            yield from child.walk()


def _length(size: int, octets: int = 0) -> bytes:
    if size < 0x80 and not octets:
        return bytes((size,))
    wide = max(octets, (size.bit_length() + 7) // 8, 1)
    return bytes((0x80 | wide,)) + size.to_bytes(wide, "big")


def parsed(data: bytes) -> tuple[Node, int]:
    """The TLV at the start and how long it is.

    Raises:
        ValueError: there is none of definite length.
    """
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise ValueError
    size, head = data[1], 2
    if size >= 0x80:
        octets = size & 0x7F
        if not 0 < octets <= 4 or len(data) < 2 + octets:
            raise ValueError
        size, head = int.from_bytes(data[2 : 2 + octets], "big"), 2 + octets
    if len(data) < head + size:
        raise ValueError
    body = data[head : head + size]
    node = Node(data[0], body)
    if data[0] & _CONSTRUCTED:
        node.children = list(_children(body))
    elif data[0] == _OCTETS and body[:1] == b"\x30":
        try:
            node.children = list(_children(body))
        except ValueError:
            node.children = []
    return node, head + size


def _children(body: bytes) -> Iterator[Node]:
    while body:
        child, size = parsed(body)
        yield child
        body = body[size:]


def _changed_value(node: Node, chance: Random) -> None:
    """Another value of the same TLV; a branch loses its children to bytes."""
    body = node.value
    at = chance.randrange(len(body)) if body else 0
    node.children = []
    node.value = chance.choice(
        (
            body[:at] + bytes((body[at] ^ (1 << chance.randrange(8)),)) + body[at + 1 :]
            if body
            else b"\0",
            b"",
            body[:at],
            body + b"\0",
            b"\0" + body,
            chance.randbytes(len(body)),
            b"\xff" * len(body),
            body * 2,
        )
    )


def _changed_shape(nodes: list[Node], others: list[Node], chance: Random) -> None:
    branches = [item for item in nodes if item.children]
    branch = chance.choice(branches)
    at = chance.randrange(len(branch.children))
    kind = chance.randrange(6)
    if kind == 0:
        del branch.children[at]
        branch.value = b""
    elif kind == 1:
        branch.children.insert(at, branch.children[at])
    elif kind == 2:
        chance.shuffle(branch.children)
    elif kind == 3:
        branch.children[at] = chance.choice(others)
    elif kind == 4:
        branch.children.insert(at, chance.choice(others))
    else:
        one = branch.children[at]
        branch.children[at] = Node(chance.choice((_SEQUENCE, _SET, _IMPLICIT)), children=[one])


def _changed_head(node: Node, chance: Random) -> None:
    size = len(node.encoded())
    if chance.random() < 0.5:
        node.tag = chance.choice((node.tag ^ (1 << chance.randrange(8)), chance.randrange(256)))
        return
    node.length = chance.choice(
        (
            _length(max(0, size - chance.randrange(8))),
            _length(size, octets=4),
            b"\x80",
            b"\x84\xff\xff\xff\xff",
            b"\x88" + b"\x7f" * 8,
            b"\xff",
            b"\0",
        )
    )


def opened_gap(pdf: bytes, chance: Random | None = None) -> tuple[tuple[int, int], Node]:
    """The first gap, or one by chance, and the message in it."""
    spans = [found.span() for found in _GAP.finditer(pdf)]
    start, end = chance.choice(spans) if chance else spans[0]
    return (start, end), parsed(bytes.fromhex(pdf[start + 1 : end - 1].decode()))[0]


def _branch(root: Node, part: str) -> Node:
    """`message`: all of it; `certificates`; `unsigned`: the token and what else nobody signs."""
    signed_data = root.children[1].children[0]
    if part == "certificates":
        return next((item for item in signed_data.children if item.tag == _IMPLICIT), signed_data)
    if part == "unsigned":
        signer = signed_data.children[-1].children[0]
        return next((item for item in signer.children if item.tag == 0xA1), signer)
    return signed_data.children[-1] if part == "signer" else root


def _mutation(part: str) -> Mutation:
    def mutate(pdf: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
        span, root = opened_gap(pdf, chance)
        nodes = list(_branch(root, part).walk())
        kind = chance.random()
        if kind < 0.45:
            leaves = [item for item in nodes if not item.children]
            _changed_value(chance.choice(leaves if chance.random() < 0.8 else nodes), chance)
        elif kind < 0.7:
            _changed_head(chance.choice(nodes), chance)
        else:
            other = opened_gap(chance.choice(others), chance)[1]
            _changed_shape(nodes, list(_branch(other, part).walk()), chance)
        digits = root.encoded().hex().encode()
        room = span[1] - span[0] - 2
        # What does not fit is cut, as a gap cannot grow without moving what is signed.
        return pdf[: span[0] + 1] + digits[:room].ljust(room, b"0") + pdf[span[1] - 1 :]

    return mutate


MUTATIONS: dict[str, tuple[int, Mutation]] = {
    "message": (8, _mutation("message")),
    "signer": (5, _mutation("signer")),
    "certificates": (7, _mutation("certificates")),
    "unsigned": (7, _mutation("unsigned")),
}
"""Name → weight and mutation."""
