"""One SignedData with one signer (RFC 5652) as its readers hand it on; no opinion about trust.

Two readers make it: `own_message` where the form is exactly ours, `library_message` everywhere
else; `messages` chooses.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from asn1crypto import tsp, x509

from signing.evidence.bounds import in_bounds
from signing.evidence.rare_names import let_compare

__all__ = [
    "MessageProblemError",
    "SignedMessage",
    "check",
    "digest_of",
    "proven_time",
    "tst_info",
]

let_compare()
_MOST_CERTIFICATES = 6
_DIGESTS = frozenset(
    {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"}
)


class MessageProblemError(ValueError):
    """The bytes are no SignedData with exactly one signer."""


@dataclass(slots=True)
class SignedMessage:
    """One SignedData.

    Attributes:
        signer_der: the signer's certificate as it was sent, or nothing where it was not.
        others: DER of the embedded certificates beside the signer's, in order.
        content_type: `data`, `tst_info`, ….
        encapsulated: the content, for a timestamp token; None when detached.
        digest_algorithm, mechanism: `sha256`, `sha256_ecdsa`.
        verify: from the digest of the content to whether it is the signed one, and whether the
            signature holds.
        tokens: DER of the signature timestamps among the unsigned attributes, the first few.
        names_signer: a signed attribute says by which certificate (RFC 5035): without it, whoever
            has another certificate of the same key may lay it in.
        stated: what the message-digest attribute says, where there is just one.
        digest_ok, signature_ok: see `certlib.evidence.MessageFacts`.
        form_problem: how the encoding differs from what our writer makes, or "".
        unchecked: why nobody here can check it, or ""; weak algorithms are for the judge.
        claimed_time: the signing-time attribute.
    """

    signer_der: bytes
    others: tuple[bytes, ...]
    content_type: str
    encapsulated: bytes | None
    digest_algorithm: str
    mechanism: str
    signature: bytes
    verify: Callable[[bytes], tuple[bool, bool]] = field(repr=False)
    tokens: tuple[bytes, ...] = field(default=(), repr=False)
    names_signer: bool = True
    stated: bytes | None = None
    digest_ok: bool = False
    signature_ok: bool = False
    form_problem: str = ""
    unchecked: str = ""
    claimed_time: datetime | None = None

    @property
    def intact(self) -> bool:
        """Checked, and both held."""
        return self.digest_ok and self.signature_ok

    @property
    def certificate_problem(self) -> str:
        """What forbids building a path: it is factorial in certificates with equal subjects."""
        if len(self.others) + 1 > _MOST_CERTIFICATES:
            return "too-many-certificates"
        subjects = {_subject(der) for der in (self.signer_der, *self.others)}
        return "equal-subjects" if len(subjects) <= len(self.others) else ""


def check(message: SignedMessage, digest: bytes) -> None:
    """Fills in whether the message is signed and speaks of `digest`."""
    if message.unchecked:
        if message.stated not in (None, digest):
            # RFC 5652, 5.6: it speaks of other content, whoever has signed it, and however.
            message.unchecked = ""
        return
    try:
        message.digest_ok, message.signature_ok = message.verify(digest)
    # Beside its own error, pyHanko lets asn1crypto's and cryptography's escape on hostile values.
    except Exception:  # noqa: BLE001 - whatever it is, the signature does not hold
        message.form_problem = message.form_problem or "signed-attributes"


def digest_of(parts: Iterable[memoryview | bytes], algorithm: str) -> bytes:
    """The digest of all parts.

    Raises:
        MessageProblemError: an algorithm that is not known.
    """
    # RFC 8419 and RFC 8702 fix SHAKE256 in CMS at 512 bits.
    if algorithm in ("shake256", "shake256_len"):
        return hashlib.shake_256(b"".join(parts)).digest(64)
    if algorithm not in _DIGESTS:
        raise MessageProblemError("digest-algorithm")
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def tst_info(message: SignedMessage) -> tsp.TSTInfo:
    """The content of a timestamp token.

    Raises:
        MessageProblemError: the message is no timestamp token.
    """
    if message.content_type != "tst_info" or message.encapsulated is None:
        raise MessageProblemError("tst-info")
    try:
        info = tsp.TSTInfo.load(message.encapsulated, strict=True)
        imprint = info["message_imprint"]
        _ = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
        _ = info["gen_time"].native, info["accuracy"].native
    # asn1crypto parses at the first look, and raises ValueError, AttributeError and more.
    except Exception as error:
        raise MessageProblemError("tst-info") from error
    return info


def proven_time(info: tsp.TSTInfo) -> datetime:
    """When at the latest the token was made: genTime and its accuracy (RFC 3161, 2.4.2).

    Raises:
        MessageProblemError: it is no moment that there is.
    """
    try:
        moment: datetime = info["gen_time"].native + _accuracy(info["accuracy"].native or {})
        if in_bounds(moment):
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MessageProblemError("tst-info") from error
    raise MessageProblemError("tst-info")


def _accuracy(stated: Mapping[str, int | None]) -> timedelta:
    seconds, millis, micros = (stated.get(part) or 0 for part in ("seconds", "millis", "micros"))
    if min(seconds, millis, micros) < 0:
        raise ValueError("accuracy")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


@lru_cache(maxsize=256)
def _subject(der: bytes) -> str:
    # Not by `cryptography`, which does not read every certificate that a file may carry.
    return str(x509.Certificate.load(der).subject.hashable)
