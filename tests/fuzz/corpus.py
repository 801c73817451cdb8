"""Inputs to begin with, made anew at each run: honest ones, and pieces that parsers love."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from certlib.ports import TrustMaterial
from signing.evidence import wire
from signing.evidence.reader import read_facts
from tests.attacks.attacks_forging import revision, stream_revision
from tests.attacks.generator.dss import _honest, _timestamped
from tests.attacks.generator.ground import SteadyTimestamps
from tests.attacks.generator.minting import Minted, Profile, authority, minted
from tests.attacks.generator.papers import message, paper, paper_objects, written
from tests.unit.usecases.house import ISSUER, NOW


@dataclass(frozen=True)
class People:
    """Who signs in the corpus.

    Attributes:
        root, strangers_root: as `Ground` names them, for the papers of the generator.
        path: of the seal, up to its anchor.
        certificates: all that were made.
    """

    trust: TrustMaterial
    path: tuple[bytes, ...]
    certificates: frozenset[bytes]
    seal: Minted
    timestamps: SteadyTimestamps
    root: Minted
    strangers_root: Minted


@cache
def people() -> People:
    root, stranger = authority("揭阳市证照根"), authority("外地根")
    issuing = authority("揭阳市签章机构", root)
    seal = minted(Profile("揭阳市交通运输局", issuing, code=ISSUER))
    stamping = minted(Profile("揭阳市时间戳", root, purposes=("time_stamping",)))
    revoked = [(seal.serial, NOW - timedelta(days=1))]
    crls = (issuing.crl(), root.crl(), issuing.crl(revoked), stranger.crl())
    anchors = (root.der, stranger.der)
    made = frozenset(item.der for item in (root, stranger, issuing, seal, stamping))
    return People(
        TrustMaterial(anchors, anchors, crls, (issuing.der,)),
        (seal.der, issuing.der, root.der),
        made,
        seal,
        SteadyTimestamps(stamping, moment=NOW),
        root,
        stranger,
    )


@cache
def _papers() -> tuple[bytes, ...]:
    """Without its long gap a file is small enough for a fuzzer to get somewhere."""
    who = people()
    signed = paper(who.seal, timestamps=who.timestamps)
    objects = paper_objects()
    bare = {number: objects[number] for number in (1, 2, 3, 4, 9)}
    bare[1] = b"<< /Type /Catalog /Pages 2 0 R >>"
    plain = written(bare)
    return (
        plain,
        revision(plain, {4: b"<< /Length 0 >>\nstream\n\nendstream"}),
        stream_revision(plain, {20: b"<< /A 1 >>", 21: b"[1 2]"}, {20, 21}),
        plain.replace(b"startxref\n", b"startxref\n1"),
        plain[:60] + b"\n" + plain[60:],
        written(bare, trailer=b"/XRefStm 9 /Encrypt null"),
        signed,
        paper(who.seal, 2),
        _timestamped(_honest(who, signed), who.timestamps),
    )


def _syntax() -> list[bytes]:
    return [
        b"<< /A [1 -2.5 +.5 true false null (a\\(\\051\\n) <0aF> /N#20x 12 0 R] /B << >> >>",
        b"[(a(b)c\\\n) <> () %c\n <</Length 3>>]",
        b"1 0 obj\n<< /Length 3 >>\nstream\nabc\nendstream\nendobj",
        b"1 0 obj << /Length 7 0 R /Length 3 >> stream\nabcdefg endstream endobj",
        b"1 0 obj << /Length 9 >> stream\rabc\rendstream 2 0 obj",
    ]


def _filters() -> list[bytes]:
    data = b"0123456789abcdef" * 4
    return [
        b"\x00\x00\x04" + zlib.compress(data),
        b"\x00\x80\x04" + zlib.compress(b"\x02" + data),
        b"\x00\xa0\x04" + zlib.compress(b"\x04" + data),
        b"\x01\x00\x04\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01",
        b"\x81\x40\x04\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01",
        b"\x02\x00\x04\x03abcd\xfea\x80",
        b"\x03\x00\x0430 31 3>",
        b"\x04\x00\x04z87cUR~>",
        b"\x14\x00\x04" + b"GhQe" * 3 + b"~>",
    ]


def _messages() -> list[bytes]:
    who = people()
    return [
        message(who.seal, b"", who.timestamps),
        message(who.seal, b""),
        who.timestamps.token(bytes(32)),
    ]


def _answers() -> list[bytes]:
    who = people()
    return [
        wire.answer_to_bytes(wire.Answer(read_facts(item, who.trust), 1)) for item in _papers()
    ] + [b'{"facts": {}, "memory": 1}', b"[[[[]]]]"]


def _metadata() -> list[bytes]:
    packet = b'<x xmlns:zz="urn:certlib:gbt36903:1.0#"><zz:ZZBS>1.2.156&amp;</zz:ZZBS></x>'
    return [
        packet + b'\0{"ZZBS": "1.2", "JZJZZZ": 1}',
        packet + b'\0{"ZZBS": [1]}',
        b"\0" + b"[" * 40,
        b"\0{}",
    ]


CORPORA: dict[str, Callable[[], list[bytes]]] = {
    "syntax": _syntax,
    "crossref": lambda: list(_papers()),
    "filters": _filters,
    "recovery": lambda: list(_papers()),
    "document": lambda: list(_papers()),
    "reader": lambda: [*_papers(), b'{"receipt": 1}', b'{"payload": "", "protected": "e30"}'],
    "message": _messages,
    "certificate": lambda: [*people().path, *people().certificates],
    "revocation": lambda: list(people().trust.crls),
    "answer": _answers,
    "metadata": _metadata,
}
"""Target → its inputs."""
