"""What travels between the service and its reading child: frames of JSON and bytes over pipes.

A frame is a kind (one byte), a length (four bytes, big endian) and that many bytes. A question
begins with `NONCE` bytes that nobody could foresee, and so does its answer.
"""

import base64
import json
import struct
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import PydanticSerializationError

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial

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

    # Holds for everything inside, too: nothing is converted, guessed or passed over.
    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    facts: FileFacts
    memory: int


_ANSWER = TypeAdapter(Answer)


def frame(kind: bytes, body: bytes) -> bytes:
    """The bytes of one frame."""
    return _HEAD.pack(kind, len(body)) + body


def head(encoded: bytes) -> tuple[bytes, int]:
    """Kind and length of the body, from the first `HEAD` bytes."""
    kind, length = _HEAD.unpack(encoded)
    return kind, length


def trust_to_bytes(trust: TrustMaterial) -> bytes:
    """Anchors, authorities, revocation lists and answers."""
    return json.dumps(
        {
            "seal_anchors": _encoded(trust.seal_anchors),
            "timestamp_anchors": _encoded(trust.timestamp_anchors),
            "crls": _encoded(trust.crls),
            "issuers": _encoded(trust.issuers),
            "ocsps": _encoded(trust.ocsps),
        }
    ).encode()


def trust_from_bytes(body: bytes) -> TrustMaterial:
    """The inverse of `trust_to_bytes`."""
    plain = json.loads(body)
    return TrustMaterial(
        **{key: tuple(base64.b64decode(item) for item in value) for key, value in plain.items()}
    )


def answer_to_bytes(answer: Answer) -> bytes:
    """Facts and memory; half characters, of which files are full, become question marks."""
    try:
        return _ANSWER.dump_json(answer)
    except PydanticSerializationError:
        plain = _ANSWER.dump_python(answer, mode="json")
        return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")


def answer_from_bytes(body: bytes) -> Answer:
    """The inverse of `answer_to_bytes`.

    Raises:
        ValueError: the child said something else.
    """
    return _ANSWER.validate_json(body)


def _encoded(values: tuple[bytes, ...]) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]
