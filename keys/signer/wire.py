"""What is said between a node without keys and a signer: requests and answers as octets.

A message is one octet of version, one of kind, and its fields, each behind four octets of length.
How many fields there are and how long each may be is fixed by the kind: whatever else arrives is
no message. Nothing in it names a class or a function of either side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from certlib.clock_errors import ClockNotTrusted
from certlib.errors import (
    CertlibError,
    Corrupt,
    KeyUnusable,
    Overloaded,
    SigningUnavailable,
    StoreUnavailable,
    Unsupported,
)
from certlib.sealing_errors import SealingHalted
from certlib.signer_errors import SignatureRefused, SigningLimited

__all__ = [
    "ANSWER_LIMIT",
    "REQUEST_LIMIT",
    "VERSION",
    "Ask",
    "Request",
    "decoded_answer",
    "decoded_request",
    "encoded_answer",
    "encoded_failure",
    "encoded_request",
]

VERSION: Final = 1
REQUEST_LIMIT: Final = 1 << 20
"""Octets of a request: the largest is the content of a receipt."""
ANSWER_LIMIT: Final = 1 << 24
"""Octets of an answer: the largest holds every X.509 certificate and revocation list."""
_LENGTH: Final = 4
_NAME: Final = 100
_IDENTIFIER: Final = 128
_DIGEST: Final = 32
_TEXT: Final = REQUEST_LIMIT - 1024
_MOST_TOLD: Final = 200
_TOLD: Final = ("what", "what_en", "reason", "key", "scope", "since")
"""Values that the sentences of failures have."""


class Ask(IntEnum):
    """What a signer can be asked for."""

    REGISTER = 1
    """What the authority publishes, unless it is still what the asker knows."""
    SEAL = 2
    """The seal of a file that is on record as about to be sealed."""
    PAGE = 3
    """The seal of a receipt's page."""
    TEXT = 4
    """A signature over a text of a declared form."""
    STAMP = 5
    """A timestamp over a digest."""
    RESPOND = 6
    """The answer to a TimeStampReq (RFC 3161, 2.4.1)."""
    UPKEEP = 7
    """What is due: revocation lists, seals, keys that run out."""
    CHECK = 8
    """Whether keys and record are at hand."""
    OCSP = 9
    """The answer to an OCSPRequest (RFC 6960, 4.1.1)."""


_FIELDS: Final[Mapping[Ask, tuple[int, ...]]] = {
    Ask.REGISTER: (_DIGEST,),
    Ask.SEAL: (_NAME, _IDENTIFIER, 16, 8, _DIGEST),
    Ask.PAGE: (_NAME, _DIGEST),
    Ask.TEXT: (_NAME, 16, _TEXT),
    Ask.STAMP: (16, 64),
    Ask.RESPOND: (65_536,),
    Ask.UPKEEP: (16,),
    Ask.CHECK: (),
    Ask.OCSP: (65_536,),
}
"""Octets that each field may have at most."""

_FAILURES: Final[Mapping[str, type[CertlibError]]] = {
    kind.code: kind
    for kind in (
        ClockNotTrusted,
        Corrupt,
        KeyUnusable,
        Overloaded,
        SealingHalted,
        SignatureRefused,
        SigningLimited,
        SigningUnavailable,
        StoreUnavailable,
        Unsupported,
    )
}
_DONE: Final = 0
_FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Request:
    """One question.

    Attributes:
        fields: of `REGISTER` the digest that the asker knows, or none of its octets; of `SEAL` the
            key, identifier, form and number of the file, and the SHA-256 of its ByteRange; of
            `PAGE` the key and that digest; of `TEXT` the key, the purpose and the text; of `STAMP`
            the digest algorithm and the digest; of `UPKEEP` what is due.
    """

    ask: Ask
    fields: tuple[bytes, ...] = ()


def encoded_request(request: Request) -> bytes:
    """The octets of a request.

    Raises:
        SignatureRefused: a field is longer than a signer takes it.
    """
    if not _fits(request.ask, request.fields):
        raise SignatureRefused(what="request too long")
    return _message(request.ask, request.fields)


def decoded_request(message: bytes) -> Request:
    """The request in a message.

    Raises:
        SignatureRefused: it is none, or of another version.
    """
    kind, fields = _taken_apart(message)
    try:
        ask = Ask(kind)
    except ValueError as error:
        raise SignatureRefused(what="request of an unknown kind") from error
    if not _fits(ask, fields):
        raise SignatureRefused(what="malformed request")
    return Request(ask, fields)


def encoded_answer(fields: tuple[bytes, ...]) -> bytes:
    """The octets of an answer."""
    return _message(_DONE, fields)


def encoded_failure(error: CertlibError) -> bytes:
    """The octets of a failure: its code, and the values of its sentence that both ends know.

    Whatever else failed is told as `signing-unavailable`, without its detail.
    """
    if error.code not in _FAILURES:
        error = SigningUnavailable(what=error.code)
    told = (str(error.values.get(name, ""))[:_MOST_TOLD] for name in _TOLD)
    return _message(_FAILED, (error.code.encode(), *(text.encode() for text in told)))


def decoded_answer(message: bytes) -> tuple[bytes, ...]:
    """The fields of an answer.

    Raises:
        CertlibError: the failure that the signer tells.
        SignatureRefused: no answer, or of another version.
    """
    kind, fields = _taken_apart(message)
    if kind == _DONE:
        return fields
    if kind != _FAILED or len(fields) != 1 + len(_TOLD):
        raise SignatureRefused(what="malformed answer")
    code, *told = (field.decode(errors="replace") for field in fields)
    values: dict[str, Any] = dict(zip(_TOLD, told, strict=True))
    raise _FAILURES.get(code, SigningUnavailable)(**values)


def _fits(ask: Ask, fields: tuple[bytes, ...]) -> bool:
    limits = _FIELDS[ask]
    return len(limits) == len(fields) and all(
        len(field) <= limit for field, limit in zip(fields, limits, strict=True)
    )


def _message(kind: int, fields: tuple[bytes, ...]) -> bytes:
    parts = [bytes((VERSION, kind))]
    for field in fields:
        parts += (len(field).to_bytes(_LENGTH), field)
    return b"".join(parts)


def _taken_apart(message: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Kind and fields.

    Raises:
        SignatureRefused: no message of this version.
    """
    if len(message) < 2 or message[0] != VERSION:  # noqa: PLR2004 - version and kind
        raise SignatureRefused(what="message of another version")
    fields, at = [], 2
    while at < len(message):
        begin = at + _LENGTH
        end = begin + int.from_bytes(message[at:begin])
        if begin > len(message) or end > len(message):
            raise SignatureRefused(what="malformed message")
        fields.append(message[begin:end])
        at = end
    return message[1], tuple(fields)
