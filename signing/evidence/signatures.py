"""One signature: its place in the file, its message, its timestamp and its chain, as facts."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from asn1crypto import x509

from certlib.evidence import SignatureFacts, TimestampFacts
from certlib.ports import TrustMaterial
from signing.evidence.chain import ChainFinding, TrustSet, Usage, chain_finding
from signing.evidence.layout import SignatureLayout
from signing.evidence.message import (
    MessageProblemError,
    SignedMessage,
    check,
    digest_of,
    read_message,
    tst_info,
)

__all__ = ["Question", "signature_facts"]

_CREDIT_CODE = re.compile(r"(?:^|-)([0-9A-HJ-NPQRTUWXY]{18})$")
_PDF_MOMENT = re.compile(r"D:(\d{14})(?:Z|([+-])([01]\d|2[0-3])'?(?:([0-5]\d)'?)?)(?:00'?00'?)?")
_ORGANISATION_IDENTIFIER = "2.5.4.97"
_OUR_SUBFILTERS = frozenset({"/ETSI.CAdES.detached", "/ETSI.RFC3161"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a file.

    Attributes:
        at: the day of the question, aware; chains are built at it where no timestamp proves
            another time.
    """

    trust: TrustMaterial
    at: datetime

    @property
    def seals(self) -> TrustSet:
        """Under what seals must chain."""
        return TrustSet(self.trust.seal_anchors, self.trust.crls, self.trust.issuers)

    @property
    def authorities(self) -> TrustSet:
        """Under what timestamp authorities must chain."""
        return TrustSet(self.trust.timestamp_anchors, self.trust.crls, self.trust.issuers)


def signature_facts(pdf: bytes, layout: SignatureLayout, question: Question) -> SignatureFacts:
    """The facts of one signature; whatever is wrong with it is a fact, too."""
    facts = SignatureFacts(
        kind=layout.kind,
        field_name=layout.name,
        digest_ok=False,
        signature_ok=False,
        structure_ok=False,
        covers_file=layout.covers_file,
        chain_ok=None,
        layout_ok=not layout.sound_problem,
        structure_problem=layout.sound_problem or layout.canonical_problem,
        certified=layout.certified,
        claimed_time=_pdf_moment(layout.moment),
    )
    try:
        return _read(pdf, facts, layout, question)
    except MessageProblemError as error:
        return replace(facts, structure_problem=f"cms-unreadable {error}")
    except MemoryError:
        raise
    # asn1crypto reads lazily: a broken value raises where it is first looked at, many kinds.
    except Exception as error:  # noqa: BLE001
        return replace(facts, structure_problem=f"cms-unreadable {type(error).__name__}")


def _read(
    pdf: bytes, facts: SignatureFacts, layout: SignatureLayout, question: Question
) -> SignatureFacts:
    message = read_message(layout.contents)
    facts = _described(facts, message)
    if layout.kind == "document_timestamp":
        return _document_timestamp(pdf, facts, layout, message, question)
    return _signature(pdf, facts, layout, message, question)


def _signature(
    pdf: bytes,
    facts: SignatureFacts,
    layout: SignatureLayout,
    message: SignedMessage,
    question: Question,
) -> SignatureFacts:
    if message.encapsulated is not None:
        # ISO 32000-1, 12.8.3.3.1: a detached signature carries no content of its own.
        layout.sound_problem = layout.sound_problem or "encapsulated-content"
    _checked(message, pdf, layout, message.digest_algorithm)
    stamp = _timestamp(message.token, message.signer_info["signature"].native, question)
    moment = question.at
    if stamp is not None and stamp.facts.intact and stamp.facts.trusted and stamp.facts.time:
        moment = stamp.facts.time
    chain = _chain(message, question.seals, Usage(moment, question.at))
    problem = message.form_problem or _stranger(message, chain) or _subfilter_problem(layout)
    if stamp is not None:
        problem = problem or stamp.form_problem
    facts = replace(
        _with_chain(facts, chain),
        digest_ok=message.digest_ok,
        signature_ok=message.signature_ok,
        algorithm_problem=message.algorithm_problem,
        claimed_time=message.claimed_time or facts.claimed_time,
        timestamp=stamp.facts if stamp is not None else None,
    )
    return _with_problem(facts, layout, problem)


def _document_timestamp(
    pdf: bytes,
    facts: SignatureFacts,
    layout: SignatureLayout,
    message: SignedMessage,
    question: Question,
) -> SignatureFacts:
    """A DocTimeStamp (ETSI EN 319 142-1, 5.4.3): the token's imprint is the digest of the file."""
    try:
        imprint = tst_info(message)["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        digest = digest_of(layout.covered(pdf), algorithm)
        expected = imprint["hashed_message"].native
    except MessageProblemError as error:
        return _with_problem(facts, layout, str(error))
    stamp = _token_facts(message, question)
    facts = replace(
        _with_chain(facts, stamp.chain),
        digest_ok=message.digest_ok and digest == expected,
        signature_ok=message.signature_ok,
        algorithm_problem=message.algorithm_problem,
        timestamp=replace(stamp.facts, intact=stamp.facts.intact and digest == expected),
    )
    return _with_problem(facts, layout, message.form_problem)


@dataclass(frozen=True, slots=True)
class _Stamp:
    facts: TimestampFacts
    chain: ChainFinding
    form_problem: str = ""


def _timestamp(token: bytes, signature: bytes, question: Question) -> _Stamp | None:
    """The signature timestamp (RFC 3161, appendix A): its imprint is the signature's digest."""
    if not token:
        return None
    try:
        message = read_message(token)
        imprint = tst_info(message)["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        fits = digest_of((signature,), algorithm) == imprint["hashed_message"].native
        stamp = _token_facts(message, question)
    except MessageProblemError as error:
        facts = TimestampFacts(False, False, None, problem=f"token-unreadable {error}")
        return _Stamp(facts, ChainFinding(None), "timestamp-form")
    if not fits:
        facts = replace(stamp.facts, intact=False, problem="imprint")
        return replace(stamp, facts=facts)
    return stamp


def _token_facts(message: SignedMessage, question: Question) -> _Stamp:
    """The token's own signature, and its authority at the time it states."""
    check(message, digest_of((message.encapsulated or b"",), message.digest_algorithm))
    info = tst_info(message)
    moment = info["gen_time"].native.astimezone(UTC)
    intact = message.digest_ok and message.signature_ok
    chain = _chain(message, question.authorities, Usage(moment, question.at, timestamping=True))
    problem = "" if intact else "token-signature"
    facts = TimestampFacts(
        intact=intact,
        trusted=chain.trusted is True and not message.algorithm_problem,
        time=moment,
        authority=message.signer.subject.human_friendly,
        problem=problem or chain.problem or message.algorithm_problem,
    )
    form = message.form_problem or _stranger(message, chain)
    return _Stamp(facts, chain, f"timestamp-{form}" if form else "")


def _stranger(message: SignedMessage, chain: ChainFinding) -> str:
    """Embedded certificates are not signed: one that the path does not need was put there."""
    return "certificates" if chain.path and not set(message.others) <= set(chain.path) else ""


def _checked(message: SignedMessage, pdf: bytes, layout: SignatureLayout, algorithm: str) -> None:
    try:
        check(message, digest_of(layout.covered(pdf), algorithm))
    except MessageProblemError:
        message.algorithm_problem = f"unsupported {algorithm}"


def _chain(message: SignedMessage, trust: TrustSet, usage: Usage) -> ChainFinding:
    # The cap comes before any path is built: eight equal subjects take 17 seconds.
    problem = message.certificate_problem
    if problem:
        return ChainFinding(None, problem)
    return chain_finding(message.signer, message.others, trust, usage)


def _with_chain(facts: SignatureFacts, chain: ChainFinding) -> SignatureFacts:
    return replace(
        facts,
        chain_ok=chain.trusted,
        chain_problem=chain.problem,
        revocation_as_of=chain.revocation_as_of,
    )


def _described(facts: SignatureFacts, message: SignedMessage) -> SignatureFacts:
    signer = message.signer
    return replace(
        facts,
        signer=_common_name(signer),
        signer_code=_credit_code(signer),
        signer_sha256=hashlib.sha256(signer.dump()).hexdigest(),
        digest_algorithm=message.digest_algorithm,
        signature_algorithm=str(message.signer_info["signature_algorithm"]["algorithm"].native),
    )


def _with_problem(facts: SignatureFacts, layout: SignatureLayout, problem: str) -> SignatureFacts:
    found = layout.sound_problem or layout.canonical_problem or problem
    return replace(
        facts,
        layout_ok=not layout.sound_problem,
        structure_ok=not found,
        structure_problem=found,
    )


def _subfilter_problem(layout: SignatureLayout) -> str:
    return "" if layout.subfilter in _OUR_SUBFILTERS else "subfilter"


def _common_name(signer: x509.Certificate) -> str:
    names = {
        item["type"].native: item["value"].native for rdn in signer.subject.chosen for item in rdn
    }
    return str(names.get("common_name") or names.get("organization_name") or "")


def _credit_code(signer: x509.Certificate) -> str:
    """The organizationIdentifier (ETSI EN 319 412-1, 5.1.4) or serialNumber, if it is one."""
    values = {
        item["type"].dotted: str(item["value"].native)
        for rdn in signer.subject.chosen
        for item in rdn
    }
    for oid in (_ORGANISATION_IDENTIFIER, "2.5.4.5"):
        found = _CREDIT_CODE.search(values.get(oid, ""))
        if found:
            return found[1]
    return ""


def _pdf_moment(text: str) -> datetime | None:
    """`/M` (ISO 32000-1, 7.9.4); a moment without a zone tells nothing."""
    found = _PDF_MOMENT.fullmatch(text)
    if found is None:
        return None
    digits, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset)
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
