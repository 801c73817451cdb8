"""What facts may be at all: a child that a hostile file has taken over may say anything.

The service knows digest and size of a file itself; the rest is the child's word. It can lie about
the one file in the ways that the facts can be false; it must not be able to hurt whoever reads
them: by their size, by text that no database or answer can hold, by times without a zone, or by
statements that exclude each other.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any

from certlib.evidence import (
    CertificateFacts,
    ChainFacts,
    FileFacts,
    MessageFacts,
    SignatureFacts,
)

__all__ = [
    "EARLIEST",
    "FAULTS",
    "LATEST",
    "MOST_ANSWER",
    "check_facts",
    "clamped",
    "in_bounds",
    "names_of",
]

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between them every moment of the facts lies: whoever adds days or a zone stays in the calendar.

RFC 5280, 4.1.2.5 writes "without end" as 9999-12-31T23:59:59Z, which no other zone can hold.
"""

MOST_ANSWER = 4 * 1024 * 1024
"""Octets of one answer."""
FAULTS = frozenset(
    {"", "empty", "not-pdf", "truncated", "encrypted", "malformed", "too-large"}
    | {"memory", "crashed"}
)
"""What a child may say of a file; `timeout` and `busy` are said of a child."""
_KINDS = frozenset({"original", "purpose_copy", "receipt"})
_SIGNATURE_KINDS = frozenset({"signature", "document_timestamp"})
_LONGEST_TEXT = 65_536
_LONGEST_CONTENT = 2 * 1024 * 1024
_MOST_ITEMS = 10_000
_MOST_NUMBER = 1 << 53


def in_bounds(moment: datetime) -> bool:
    """Whether facts may speak of that moment."""
    return EARLIEST <= moment <= LATEST


def clamped(moment: datetime) -> datetime:
    """The nearest moment that facts may speak of."""
    return min(max(moment, EARLIEST), LATEST)


def check_facts(facts: FileFacts, surrogates: str = "strict") -> None:
    """Raises where these are no facts.

    Args:
        facts: what is said of the file.
        surrogates: how half a surrogate pair is taken, as in `str.encode`: no text that there is
            holds one, but the child's own answer replaces those that files are full of.

    Raises:
        ValueError: they are beyond a bound, or contradict themselves.
    """
    if facts.fault not in FAULTS or facts.readable != (not facts.fault):
        raise ValueError("fault")
    if facts.kind not in _KINDS:
        raise ValueError("kind")
    if any(item.kind not in _SIGNATURE_KINDS for item in facts.signatures):
        raise ValueError("signature")
    for signature in facts.signatures:
        _check_signature(signature)
    _check_text(facts.content, _LONGEST_CONTENT, surrogates)
    for name in names_of(FileFacts):
        if name != "content":
            _check(getattr(facts, name), surrogates)


def _check_signature(signature: SignatureFacts) -> None:
    if signature.message is None and not (signature.layout_problem or signature.form_problem):
        raise ValueError("message")
    stamp = signature.timestamp
    if stamp is not None and (stamp.message is None or stamp.time is None) and not stamp.problem:
        raise ValueError("timestamp")
    for message in (signature.message, None if stamp is None else stamp.message):
        if message is not None:
            _check_message(message)


def _check_message(message: MessageFacts) -> None:
    if message.unchecked and (message.digest_ok or message.signature_ok):
        raise ValueError("unchecked")
    _check_chain(message.chain)


def _check_chain(chain: ChainFacts) -> None:
    """Paths or a reason why there is none, never both; each begins with the signer."""
    if bool(chain.paths) == bool(chain.problem):
        raise ValueError("chain")
    for path in chain.paths:
        if chain.signer is None or not path.certificates:
            raise ValueError("path")
        if _unasked(path.certificates[0]) != _unasked(chain.signer):
            raise ValueError("signer")


@cache
def names_of(kind: type) -> tuple[str, ...]:
    """Of a data class its fields, of everything else nothing; asked for each value of each file."""
    return tuple(entry.name for entry in fields(kind)) if is_dataclass(kind) else ()


# Revocation is told of a signer along a path alone.
_unasked = attrgetter(*(name for name in names_of(CertificateFacts) if name != "revocation"))


def _check(value: Any, surrogates: str) -> None:  # noqa: ANN401 - any value of the facts
    kind = value.__class__
    if kind is str:  # two values of three
        _check_text(value, _LONGEST_TEXT, surrogates)
    elif kind is tuple:
        if len(value) > _MOST_ITEMS:
            raise ValueError("items")
        for item in value:
            _check(item, surrogates)
    elif names := names_of(kind):
        for name in names:
            _check(getattr(value, name), surrogates)
    elif value is not None:
        _check_single(value, surrogates)


def _check_text(text: str, longest: int, surrogates: str) -> None:
    if len(text) > longest:
        raise ValueError("text")
    if not text.isascii():
        text.encode("utf-8", surrogates)  # `UnicodeEncodeError` is a `ValueError`


def _check_single(value: Any, surrogates: str) -> None:  # noqa: ANN401 - any value of the facts
    if isinstance(value, str):  # a name out of a file, or a choice
        _check_text(value, _LONGEST_TEXT, surrogates)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("zone")
        if not in_bounds(value):
            raise ValueError("moment")
    if isinstance(value, int | float) and not abs(value) < _MOST_NUMBER:
        raise ValueError("number")  # what is no number at all is not below it, either
