"""What is to be concluded on each signature: EN 319 102-1, clauses 5.3, 5.5 and 5.6, over facts.

From the outermost inwards: a document timestamp that holds proves that everything under it existed
at its time, and a signature timestamp does so for its signature. A signer is then asked about as
of the earliest moment that is proven, and as of the question where nothing is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from certlib.evidence import (
    DOCUMENT_TIMESTAMP,
    MessageFacts,
    SignatureFacts,
    TimestampFacts,
)
from certlib.indications import Indication, SubIndication, indication_of
from certlib.trust import Use
from certlib.verification.chain_checks import Moment, Scope, Weighed, weighed
from certlib.verification.policies import Policy

__all__ = ["Conclusion", "Token", "conclusions"]

_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Token:
    """A timestamp, weighed.

    Attributes:
        proves: the moment that it proves, or None.
        problem: why it proves nothing (`certlib.findings.DISTRUST`), or "".
        undecided: nothing speaks against it, but it could not be decided.
    """

    proves: datetime | None
    problem: str = ""
    sub: SubIndication | None = None
    undecided: bool = False
    chain: Weighed | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One signature, in the words of EN 319 102-1 and in ours.

    Attributes:
        facts: what it was concluded from.
        sub: None for TOTAL-PASSED.
        problem: a slug: of the layout, `digest`, `signature`, or of `certlib.findings.DISTRUST`.
        detail: an algorithm's name, where that is the problem.
        moment: the moment as of which the signer was asked about.
        chain: the signer, weighed; None where it did not come to that.
        token: the signature timestamp, weighed; of a document timestamp the token itself.
    """

    facts: SignatureFacts
    sub: SubIndication | None
    problem: str
    moment: Moment
    detail: str = ""
    chain: Weighed | None = None
    token: Token | None = None

    @property
    def indication(self) -> Indication:
        """The main status indication."""
        return indication_of(self.sub)


def conclusions(
    signatures: Sequence[SignatureFacts],
    policy: Policy,
    asked: datetime,
    type_code: str = "",
    *,
    receipt: bool = False,
    on: datetime | None = None,
) -> tuple[Conclusion, ...]:
    """One for each signature, in their order.

    Args:
        signatures: in the order of what they cover.
        policy: by which they are weighed.
        asked: the time of the question, aware UTC.
        type_code: of the certificate that the file is, "" where nobody knows.
        receipt: they are those of a receipt.
        on: by when they must have existed, aware UTC; None: by now. What nobody has proven to
            have existed then may have been made since: a past day proves nothing by itself.
    """
    scope = Scope(Use.REPORT) if receipt else Scope(Use.SEAL, type_code)
    known = Moment(asked, asked, proven=False)
    found: list[Conclusion] = []
    for item in reversed(signatures):
        made = _concluded(item, policy, known, scope)
        if item.kind == DOCUMENT_TIMESTAMP and made.token is not None and made.token.proves:
            known = Moment(min(known.made, made.token.proves), asked, proven=True)
        found.append(made if on is None else _by_then(made, on))
    return tuple(reversed(found))


def _by_then(found: Conclusion, on: datetime) -> Conclusion:
    """Clause 5.6.2.3: existence at the day that is asked about has to be proven.

    Of today it is: it lies before us.
    """
    if found.problem or found.moment.made <= on:
        return found
    problem = "sealed-later" if found.moment.proven else "existence-unproven"
    return replace(found, problem=problem, sub=SubIndication.NO_POE)


def _concluded(item: SignatureFacts, policy: Policy, known: Moment, scope: Scope) -> Conclusion:
    broken = _broken(item)
    if broken is not None:
        problem, sub = broken
        return Conclusion(item, sub, problem, known, _unchecked(item))
    if item.kind == DOCUMENT_TIMESTAMP:
        return _document_timestamp(item, policy, known)
    return _signature(item, policy, known, scope)


def _broken(item: SignatureFacts) -> tuple[str, SubIndication] | None:
    """Clauses 5.2.2, 5.2.7: format, digest, signature; before anybody's trust is asked."""
    if item.layout_problem:
        return item.layout_problem, SubIndication.FORMAT_FAILURE
    if item.message is None:
        return item.form_problem, SubIndication.FORMAT_FAILURE
    if _unchecked(item):
        return "unsupported", SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    imprint_ok = item.kind != DOCUMENT_TIMESTAMP or (
        item.timestamp is not None and item.timestamp.imprint_ok
    )
    if not item.message.digest_ok or not imprint_ok:
        return "digest", SubIndication.HASH_FAILURE
    return None if item.message.signature_ok else ("signature", SubIndication.SIG_CRYPTO_FAILURE)


def _unchecked(item: SignatureFacts) -> str:
    return "" if item.message is None else item.message.unchecked


def _signature(item: SignatureFacts, policy: Policy, known: Moment, scope: Scope) -> Conclusion:
    token = None if item.timestamp is None else _token(item.timestamp, policy, known)
    moment = known
    if token is not None and token.proves is not None:
        moment = Moment(min(token.proves, known.made), known.asked, proven=True)
    assert item.message is not None  # noqa: S101 - `_broken` has seen to it, for the type checker
    chain = weighed(item.message.chain, scope, moment, policy)
    sub, problem, detail = chain.sub, chain.problem, chain.detail
    if not problem:
        detail = _weak(item.message, chain, policy, moment)
        problem, sub = ("weak-seal", _crypto_failure(moment)) if detail else ("", None)
    if not problem and token is not None and token.problem == "timestamp-order":
        problem, sub = token.problem, token.sub
    return Conclusion(item, sub, problem, moment, detail, chain, token)


def _document_timestamp(item: SignatureFacts, policy: Policy, known: Moment) -> Conclusion:
    assert item.timestamp is not None  # noqa: S101 - `_broken` has seen to it
    token = _token(item.timestamp, policy, known)
    detail = "" if token.chain is None else token.chain.detail
    return Conclusion(item, token.sub, token.problem, known, detail, token.chain, token)


def _token(stamp: TimestampFacts, policy: Policy, known: Moment) -> Token:
    """Clause 5.4: a timestamp is a signature of its authority, asked about as any other."""
    refused = _refused_token(stamp)
    if refused is not None:
        return refused
    assert stamp.message is not None  # noqa: S101 - `_refused_token` has seen to both
    assert stamp.time is not None  # noqa: S101
    # Whoever got hold of a key that has expired can date back with it: so asked about as of the
    # moment known so far, never as of the time that the token itself states.
    chain = weighed(stamp.message.chain, Scope(Use.TIMESTAMP), known, policy)
    if chain.problem:
        return Token(None, chain.problem, chain.sub, undecided=chain.trusted is None, chain=chain)
    weak = _weak(stamp.message, chain, policy, known)
    weak = weak or policy.crypto.digest_problem(stamp.imprint, known.made)
    if weak:
        chain = replace(chain, detail=weak)
        return Token(None, "weak-algorithm", _crypto_failure(known), chain=chain)
    early = _too_early(stamp.time, chain, policy)
    if early:
        return Token(None, early, SubIndication.SIG_CONSTRAINTS_FAILURE, chain=chain)
    if stamp.time > known.made + _SKEW:
        return _late(known, chain)
    return Token(stamp.time, chain=chain)


def _too_early(time: datetime, chain: Weighed, policy: Policy) -> str:
    """Why nobody may have stamped at that time; that the authority is believed now is no proof."""
    if any(time < item.not_before for item in chain.path[:-1] or chain.path):
        return "timestamp-period"
    if policy.trust is None:
        return ""
    return policy.trust.refusal(chain.path[-1].sha256, Use.TIMESTAMP, time, "", "")


def _refused_token(stamp: TimestampFacts) -> Token | None:
    """What speaks against a token before its authority is asked about."""
    if stamp.message is None or stamp.time is None:
        return Token(None, "timestamp-form", SubIndication.FORMAT_FAILURE)
    if stamp.message.unchecked:
        return Token(None, "unsupported", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, undecided=True)
    if stamp.problem:
        return Token(None, stamp.problem, SubIndication.SIG_CONSTRAINTS_FAILURE)
    if not stamp.imprint_ok:
        return Token(None, "timestamp-imprint", SubIndication.HASH_FAILURE)
    if not stamp.message.intact:
        return Token(None, "token-signature", SubIndication.SIG_CRYPTO_FAILURE)
    return None


def _late(known: Moment, chain: Weighed) -> Token:
    """Of an authority that is believed: later than what covers it, or than now."""
    order = SubIndication.TIMESTAMP_ORDER_FAILURE
    slug = "timestamp-order" if known.proven else "timestamp-future"
    return Token(None, slug, order, undecided=not known.proven, chain=chain)


def _weak(message: MessageFacts, chain: Weighed, policy: Policy, moment: Moment) -> str:
    """Clause 5.2.8.4.2: digest and key of the signature itself, along a path that holds."""
    weak = policy.crypto.digest_problem(message.digest, moment.made)
    return weak or policy.crypto.key_problem(chain.path[0].key, moment.made)


def _crypto_failure(moment: Moment) -> SubIndication:
    if moment.proven:
        return SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    return SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
