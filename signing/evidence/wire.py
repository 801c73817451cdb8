"""What travels between the service and its reading child: frames of JSON and bytes over pipes.

A frame is a kind (one byte), a length (four bytes, big endian) and that many bytes. A question
begins with `NONCE` bytes that nobody could foresee, and so does its answer.
"""

import base64
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from signing.evidence.bounds import names_of

__all__ = [
    "ANSWER",
    "HEAD",
    "NONCE",
    "OUT_OF_MEMORY",
    "QUESTION",
    "READY",
    "TRUST",
    "Answer",
    "answer_from_bytes",
    "answer_to_bytes",
    "facts_from_json",
    "facts_to_json",
    "frame",
    "head",
    "trust_from_bytes",
    "trust_to_bytes",
]

READY, TRUST, QUESTION, ANSWER = b"R", b"T", b"Q", b"A"
_HEAD = struct.Struct(">cI")
HEAD = _HEAD.size
NONCE = 8
OUT_OF_MEMORY = 77
"""Exit code of a child that could not hold the question itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One file's facts, and how much memory the child has needed at most, in KiB."""

    facts: FileFacts
    memory: int


def frame(kind: bytes, body: bytes) -> bytes:
    """The bytes of one frame."""
    return _HEAD.pack(kind, len(body)) + body


def head(encoded: bytes) -> tuple[bytes, int]:
    """Kind and length of the body, from the first `HEAD` bytes."""
    kind, length = _HEAD.unpack(encoded)
    return kind, length


def facts_to_json(facts: FileFacts) -> dict[str, Any]:
    """JSON values only; instants as ISO 8601."""
    plain = _plain(facts)
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass is a mapping, for the type checker
    return plain


def facts_from_json(plain: dict[str, Any]) -> FileFacts:
    """The inverse of `facts_to_json`.

    Raises:
        KeyError, TypeError, ValueError: the child said something else.
    """
    facts = _decoder(FileFacts)(plain)
    assert isinstance(facts, FileFacts)  # noqa: S101 - for the type checker
    return facts


def trust_to_bytes(trust: TrustMaterial) -> bytes:
    """Anchors and revocation lists."""
    return json.dumps(
        {
            "seal_anchors": _encoded(trust.seal_anchors),
            "timestamp_anchors": _encoded(trust.timestamp_anchors),
            "crls": _encoded(trust.crls),
            "issuers": _encoded(trust.issuers),
        }
    ).encode()


def trust_from_bytes(body: bytes) -> TrustMaterial:
    """The inverse of `trust_to_bytes`."""
    plain = json.loads(body)
    return TrustMaterial(
        **{key: tuple(base64.b64decode(item) for item in value) for key, value in plain.items()}
    )


def answer_to_bytes(answer: Answer) -> bytes:
    """Facts and memory."""
    plain = {"facts": facts_to_json(answer.facts), "memory": answer.memory}
    return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")


def answer_from_bytes(body: bytes) -> Answer:
    """The inverse of `answer_to_bytes`.

    Raises:
        KeyError, TypeError, ValueError: the child said something else.
    """
    plain = json.loads(body)
    return Answer(facts_from_json(plain["facts"]), int(plain["memory"]))


def _encoded(values: tuple[bytes, ...]) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    names = names_of(value.__class__)
    return {name: _plain(getattr(value, name)) for name in names} if names else value


Decoder = Callable[[Any], Any]


@cache
def _decoder(kind: Any) -> Decoder:  # noqa: ANN401 - any annotation of the facts
    """Reads back what `_plain` made of a value of that type, and nothing else."""
    if is_dataclass(kind):
        return _dataclass_decoder(cast("type", kind))
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if get_origin(kind) is tuple:
        return _tuple_decoder(get_args(kind)[0])
    if get_origin(kind) is UnionType:
        return _optional_decoder(next(item for item in get_args(kind) if item is not NoneType))
    return _scalar_decoder(kind)


def _dataclass_decoder(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {item.name: _decoder(hints[item.name]) for item in fields(kind)}

    def decode(plain: Any) -> Any:  # noqa: ANN401
        if not isinstance(plain, dict) or plain.keys() != decoders.keys():
            raise TypeError(kind.__name__)
        return kind(**{name: decoders[name](value) for name, value in plain.items()})

    return decode


def _tuple_decoder(item: Any) -> Decoder:  # noqa: ANN401
    one = _decoder(item)

    def decode(plain: Any) -> Any:  # noqa: ANN401
        if not isinstance(plain, list):
            raise TypeError("list")
        return tuple(one(value) for value in plain)

    return decode


def _optional_decoder(item: Any) -> Decoder:  # noqa: ANN401
    decode = _decoder(item)
    return lambda plain: None if plain is None else decode(plain)


def _scalar_decoder(kind: type) -> Decoder:
    accepted = (int, float) if kind is float else (kind,)

    def decode(plain: Any) -> Any:  # noqa: ANN401
        if not isinstance(plain, accepted) or (kind is not bool and isinstance(plain, bool)):
            raise TypeError(kind.__name__)
        return plain

    return decode
