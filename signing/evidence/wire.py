"""What travels between the service and its reading child: frames of JSON and bytes over pipes.

A frame is a kind (one byte), a length (four bytes, big endian) and that many bytes.
"""

import base64
import json
import struct
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from certlib.evidence import ChangeGrade, FileFacts, SignatureFacts, TimestampFacts
from certlib.ports import TrustMaterial

__all__ = [
    "ANSWER",
    "HEAD",
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
    "question_from_bytes",
    "question_to_bytes",
    "trust_from_bytes",
    "trust_to_bytes",
]

READY, TRUST, QUESTION, ANSWER = b"R", b"T", b"Q", b"A"
_HEAD = struct.Struct(">cI")
HEAD = _HEAD.size
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
    plain = _plain(asdict(facts))
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass is a mapping, for the type checker
    return plain


def facts_from_json(plain: dict[str, Any]) -> FileFacts:
    """The inverse of `facts_to_json`.

    Raises:
        KeyError, TypeError, ValueError: the child said something else.
    """
    signatures = tuple(_signature(item) for item in plain["signatures"])
    changes = ChangeGrade(plain["changes"])
    return FileFacts(**{**plain, "signatures": signatures, "changes": changes})


def question_to_bytes(pdf: bytes, at: datetime) -> bytes:
    """A file and the time of the question."""
    moment = at.isoformat().encode()
    return bytes((len(moment),)) + moment + pdf


def question_from_bytes(body: bytes) -> tuple[bytes, datetime]:
    """The inverse of `question_to_bytes`."""
    length = body[0]
    return body[1 + length :], datetime.fromisoformat(body[1 : 1 + length].decode())


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
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _signature(plain: dict[str, Any]) -> SignatureFacts:
    stamp = plain["timestamp"]
    moments = {key: _moment(plain[key]) for key in ("claimed_time", "revocation_as_of")}
    if stamp is not None:
        stamp = TimestampFacts(**{**stamp, "time": _moment(stamp["time"])})
    return SignatureFacts(**{**plain, **moments, "timestamp": stamp})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
