"""One signature: its place in the file, its message, its timestamp and its chain, as facts."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from certlib.evidence import ChainFacts, MessageFacts, SignatureFacts, TimestampFacts
from certlib.ports import TrustMaterial
from signing.evidence.bounds import in_bounds
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.layout import SignatureLayout
from signing.evidence.message import (
    MessageProblemError,
    SignedMessage,
    check,
    digest_of,
    proven_time,
    tst_info,
)
from signing.evidence.messages import read_message

__all__ = ["signature_facts", "token_facts"]

_PDF_MOMENT = re.compile(r"D:(\d{14})(?:Z|([+-])([01]\d|2[0-3])'?(?:([0-5]\d)'?)?)(?:00'?00'?)?")
_CADES = "/ETSI.CAdES.detached"
_OUR_SUBFILTERS = frozenset({_CADES, "/ETSI.RFC3161"})
_ENCLOSED = "/adbe.pkcs7.sha1"
_MESSAGES = _OUR_SUBFILTERS | {"", "/adbe.pkcs7.detached", _ENCLOSED}
_BARE = "/adbe.x509.rsa_sha1"


def _seals(trust: TrustMaterial) -> TrustSet:
    """Under what seals must chain."""
    return TrustSet(trust.seal_anchors, trust.crls, trust.issuers, trust.ocsps)


def _authorities(trust: TrustMaterial) -> TrustSet:
    """Under what timestamp authorities must chain."""
    return TrustSet(trust.timestamp_anchors, trust.crls, trust.issuers, trust.ocsps)


def signature_facts(pdf: bytes, layout: SignatureLayout, trust: TrustMaterial) -> SignatureFacts:
    """The facts of one signature; whatever is wrong with it is a fact, too."""
    facts = SignatureFacts(
        kind=layout.kind,
        field_name=layout.name,
        message=None,
        covers_file=layout.covers_file,
        end=layout.end,
        certified=layout.certified,
        claimed_time=_pdf_moment(layout.moment),
        layout_problem=layout.sound_problem,
        form_problem=layout.canonical_problem,
    )
    try:
        return _read(pdf, facts, layout, trust)
    except MessageProblemError as error:
        return _unread(facts, layout, str(error))
    except MemoryError:
        raise
    # asn1crypto reads lazily: a broken value raises where it is first looked at, many kinds.
    except Exception as error:  # noqa: BLE001
        return _unread(facts, layout, type(error).__name__)


def _unread(facts: SignatureFacts, layout: SignatureLayout, problem: str) -> SignatureFacts:
    """What is no CMS is broken where it should be one, and unknown to us where it need not be."""
    facts = replace(facts, form_problem=f"cms-unreadable {problem}")
    if layout.subfilter in _MESSAGES:
        return facts
    # Not the name itself: whoever made the file would choose the words that people read.
    encoding = _BARE[1:] if layout.subfilter == _BARE else "SubFilter"
    chain = ChainFacts(None, (), "no-path")
    unknown = MessageFacts(
        digest_ok=False,
        signature_ok=False,
        digest="",
        mechanism="",
        unchecked=f"unsupported {encoding}",
        chain=chain,
    )
    return replace(facts, message=unknown)


def _read(
    pdf: bytes, facts: SignatureFacts, layout: SignatureLayout, trust: TrustMaterial
) -> SignatureFacts:
    message = read_message(layout.contents)
    if layout.kind == "document_timestamp":
        return _document_timestamp(pdf, facts, layout, message, trust)
    if layout.subfilter == _ENCLOSED and message.encapsulated is not None:
        _enclosed(message, pdf, layout)
    else:
        if message.encapsulated is not None and not facts.layout_problem:
            # ISO 32000-2, 12.8.3.3.1: a detached signature carries no content of its own.
            facts = replace(facts, layout_problem="encapsulated-content")
        _checked(message, layout.covered(pdf))
    if layout.subfilter == _CADES and _unnamed(message) and not facts.layout_problem:
        facts = replace(facts, layout_problem="signing-certificate")
    stamp, stamp_form = _timestamp(message, trust)
    told, stranger = _message_facts(message, _seals(trust))
    facts = replace(
        facts,
        message=told,
        claimed_time=message.claimed_time or facts.claimed_time,
        timestamp=stamp,
    )
    return _with_form(
        facts, message.form_problem or stranger or _subfilter_problem(layout) or stamp_form
    )


def _document_timestamp(
    pdf: bytes,
    facts: SignatureFacts,
    layout: SignatureLayout,
    message: SignedMessage,
    trust: TrustMaterial,
) -> SignatureFacts:
    """A DocTimeStamp (ETSI EN 319 142-1, 5.4.3): the token's imprint is the digest of the file."""
    stamp, form = token_facts(message, trust, lambda name: digest_of(layout.covered(pdf), name))
    return _with_form(replace(facts, message=stamp.message, timestamp=stamp), form)


def _unnamed(message: SignedMessage) -> bool:
    """Whether it holds, and any certificate of the key could stand in it (EN 319 142-1, 6.3)."""
    return message.intact and not message.names_signer


def _timestamp(message: SignedMessage, trust: TrustMaterial) -> tuple[TimestampFacts | None, str]:
    """The signature timestamp (RFC 3161, appendix A), and what is odd about its form.

    Whoever passes the file on may add one: of several, the one of an authority that we know.
    """
    best: tuple[TimestampFacts, str] | None = None
    for token in message.tokens:
        found = _token(token, message.signature, trust)
        if best is None or _worth(found[0]) > _worth(best[0]):
            best = found
    return best or (None, "")


def _worth(stamp: TimestampFacts) -> tuple[bool, bool]:
    sound = stamp.intact and not stamp.problem
    chain = None if stamp.message is None else stamp.message.chain
    return sound, sound and chain is not None and any(not path.problem for path in chain.paths)


def _token(token: bytes, signature: bytes, trust: TrustMaterial) -> tuple[TimestampFacts, str]:
    try:
        found = read_message(token)
        stamp, form = token_facts(found, trust, lambda name: digest_of((signature,), name))
    except MessageProblemError as error:
        unread = TimestampFacts(None, False, None, problem=f"token-unreadable {error}")
        return unread, "timestamp-form"
    return stamp, f"timestamp-{form}" if form else ""


def token_facts(
    message: SignedMessage, trust: TrustMaterial, digest: Callable[[str], bytes]
) -> tuple[TimestampFacts, str]:
    """A token: its own signature, its imprint of what it is laid upon, its authority.

    Raises:
        MessageProblemError: it is no timestamp token.
    """
    info = tst_info(message)
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    try:
        check(message, digest_of((message.encapsulated or b"",), message.digest_algorithm))
        fits = digest(algorithm) == imprint["hashed_message"].native
    except MessageProblemError:
        message.unchecked, fits = f"unsupported {algorithm}", False
    told, stranger = _message_facts(message, _authorities(trust))
    # RFC 3161, 2.4.2 and RFC 5816: a token names the certificate of its authority.
    problem = "signing-certificate" if _unnamed(message) else ""
    facts = TimestampFacts(told, fits, proven_time(info), imprint=str(algorithm), problem=problem)
    return facts, message.form_problem or stranger


def _message_facts(message: SignedMessage, trust: TrustSet) -> tuple[MessageFacts, str]:
    """The message with its chain; and `certificates` when it carries other ones than those of it.

    Embedded certificates are not signed: one that the path does not need was put there, one that
    it needs below its anchor was taken away.
    """
    # The cap comes before any path is built: eight equal subjects take 17 seconds.
    chain = _chain(message, trust)
    needed = {item.sha256 for path in chain.paths for item in path.certificates}
    brought = {hashlib.sha256(der).hexdigest() for der in message.others}
    told = MessageFacts(
        digest_ok=message.digest_ok,
        signature_ok=message.signature_ok,
        digest=message.digest_algorithm,
        mechanism=message.mechanism,
        unchecked=message.unchecked,
        chain=chain,
    )
    whole = any(
        {item.sha256 for item in path.certificates[1:-1]} <= brought for path in chain.paths
    )
    return told, "certificates" if needed and not (whole and brought <= needed) else ""


def _chain(message: SignedMessage, trust: TrustSet) -> ChainFacts:
    if not message.signer_der:
        return ChainFacts(None, (), "no-path")
    problem = message.certificate_problem
    if problem:
        return replace(chain_facts(message.signer_der, (), TrustSet(())), problem=problem)
    return chain_facts(message.signer_der, message.others, trust)


def _checked(message: SignedMessage, parts: Iterable[memoryview | bytes]) -> None:
    algorithm = message.digest_algorithm
    try:
        check(message, digest_of(parts, algorithm))
    except MessageProblemError:
        message.unchecked = f"unsupported {algorithm}"


def _enclosed(message: SignedMessage, pdf: bytes, layout: SignatureLayout) -> None:
    """ISO 32000-1, 12.8.3.3.1: the content is the SHA-1 digest of what the signature covers.

    It holds no better than SHA-1, by whatever digest that digest was signed.
    """
    digest = message.encapsulated or b""
    _checked(message, (digest,))
    if digest != digest_of(layout.covered(pdf), "sha1"):
        message.digest_ok, message.unchecked = False, ""
    if message.digest_algorithm != "md5":
        message.digest_algorithm = "sha1"


def _with_form(facts: SignatureFacts, problem: str) -> SignatureFacts:
    return replace(facts, form_problem=facts.form_problem or problem)


def _subfilter_problem(layout: SignatureLayout) -> str:
    return "" if layout.subfilter in _OUR_SUBFILTERS else "subfilter"


def _pdf_moment(text: str) -> datetime | None:
    """`/M` (ISO 32000-1, 7.9.4); a moment without a zone tells nothing."""
    found = _PDF_MOMENT.fullmatch(text)
    if found is None:
        return None
    digits, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset)
    try:
        moment = datetime.fromisoformat(f"{digits[:8]}T{digits[8:]}").replace(tzinfo=zone)
    except ValueError:
        return None
    return moment.astimezone(UTC) if in_bounds(moment) else None
