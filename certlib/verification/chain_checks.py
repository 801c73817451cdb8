"""Was this signer to be believed at a moment: profile, path, period, revocation, trust list.

RFC 5280, 6 over facts: every signature along a path was checked by the reader, everything that
depends on time, use or policy is decided here. Timestamp authorities are asked as strictly as
signers of seals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from certlib.evidence import CertificateFacts, ChainFacts, PathFacts, RevocationFacts
from certlib.indications import SubIndication
from certlib.receipts import REPORT_PURPOSE
from certlib.trust import Use
from certlib.verification.policies import Policy

__all__ = ["Moment", "Scope", "Weighed", "weighed"]

_SIGNING = frozenset({"digitalSignature", "nonRepudiation"})
_SOLE_PURPOSES = {Use.TIMESTAMP: "1.3.6.1.5.5.7.3.8", Use.REPORT: REPORT_PURPOSE}
"""Uses whose keys are for nothing else, and say so critically."""
_UNDECIDED = frozenset(
    {
        "no-anchors",
        "too-many-certificates",
        "equal-subjects",
        "too-many-paths",
        "revocation-unknown",
        "revocation-stale",
        "clock-behind",
    }
)
"""What says nothing against the signer: there was nothing, or too much, to decide with."""

_NO_CHAIN = frozenset({"no-anchors", "no-path"})


@dataclass(frozen=True, slots=True)
class Moment:
    """When the signature was made, and when the question is asked; aware UTC.

    Attributes:
        made: the earliest moment at which the signature provably existed.
        proven: whether a trusted timestamp says so; otherwise `made` is `asked`.
        asked: the time of the question.
    """

    made: datetime
    asked: datetime
    proven: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What was signed, as far as that limits who may sign.

    Attributes:
        type_code: of the certificate under the seal, "" where nobody knows.
    """

    use: Use
    type_code: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The answer.

    Attributes:
        trusted: None when nothing is there to decide with.
        problem: a slug of `certlib.findings.DISTRUST`, or "".
        detail: an algorithm's name, where that is the problem.
        path: the path that was decided by.
        revocation_as_of: thisUpdate of the list that spoke of the signer.
    """

    trusted: bool | None
    problem: str = ""
    sub: SubIndication | None = None
    detail: str = ""
    path: tuple[CertificateFacts, ...] = ()
    revocation_as_of: datetime | None = None


def weighed(chain: ChainFacts, scope: Scope, moment: Moment, policy: Policy) -> Weighed:
    """The best answer over all paths: one good path is enough."""
    # Facts without a path say why (`signing.evidence.bounds`); without a word they are no better.
    missing = chain.problem or ("" if chain.paths else "no-path")
    if chain.signer is None:
        return _refused(missing or "no-path", SubIndication.CHAIN_CONSTRAINTS_FAILURE)
    profile = _profile_problem(chain.signer, scope, policy)
    if profile:
        return _refused(profile, SubIndication.CHAIN_CONSTRAINTS_FAILURE)
    if missing:
        return _refused(missing, _sub_of_search(missing))
    answers = [_along(path, scope, moment, policy) for path in chain.paths]
    return min(answers, key=lambda answer: (True, None, False).index(answer.trusted))


def _sub_of_search(problem: str) -> SubIndication:
    if problem in _NO_CHAIN:
        return SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    return SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE


def _refused(problem: str, sub: SubIndication, detail: str = "") -> Weighed:
    return Weighed(None if problem in _UNDECIDED else False, problem, sub, detail)


def _profile_problem(signer: CertificateFacts, scope: Scope, policy: Policy) -> str:
    """RFC 5280, 4.2.1.3 and 4.2.1.12; RFC 9336 for seals, RFC 3161, 2.3 for timestamps."""
    if signer.problem:
        return signer.problem
    if signer.authority:
        return "signer-is-authority"
    if signer.usages is not None and not _SIGNING & set(signer.usages):
        return "key-usage"
    purposes = signer.purposes
    if scope.use in _SOLE_PURPOSES:
        one = _SOLE_PURPOSES[scope.use]
        return "" if purposes == (one,) and signer.purposes_critical else "key-purpose"
    return "" if purposes is None or policy.seal_purposes & set(purposes) else "key-purpose"


def _along(path: PathFacts, scope: Scope, moment: Moment, policy: Policy) -> Weighed:
    certificates = path.certificates
    revocation = certificates[0].revocation
    found = next(_objections(path, scope, moment, policy), None)
    as_of = None if revocation is None else revocation.this_update
    if found is None:
        return Weighed(True, path=certificates, revocation_as_of=as_of)
    problem, sub, detail = found
    trusted = None if problem in _UNDECIDED else False
    return Weighed(trusted, problem, sub, detail, certificates, as_of)


_Objection = tuple[str, SubIndication, str]


def _objections(
    path: PathFacts, scope: Scope, moment: Moment, policy: Policy
) -> Iterator[_Objection]:
    """Everything that speaks against a path, the gravest first."""
    if path.problem:
        yield path.problem, SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, ""
    for below in path.certificates[1:-1]:
        if below.problem:
            yield below.problem, SubIndication.CHAIN_CONSTRAINTS_FAILURE, ""
    yield from _revoked(path, moment)
    yield from _out_of_bounds(path, moment)
    yield from _refused_by_list(path, scope, moment, policy)
    yield from _weak(path, moment, policy)
    yield from _unasked(path, moment)


def _out_of_bounds(path: PathFacts, moment: Moment) -> Iterator[_Objection]:
    # RFC 5280, 6.1: an anchor's own period does not bind; the trust list says from when to when.
    for place, item in enumerate(path.certificates[:-1] or path.certificates):
        if moment.made < item.not_before:
            # What existed before its certificate was valid was not made under it.
            impossible = moment.proven and not place
            early = SubIndication.OUT_OF_BOUNDS_NO_POE
            yield "not-yet-valid", SubIndication.NOT_YET_VALID if impossible else early, ""
        if moment.made > item.not_after:
            yield "expired", SubIndication.OUT_OF_BOUNDS_NO_POE, ""


def _revoked(path: PathFacts, moment: Moment) -> Iterator[_Objection]:
    subs = (SubIndication.REVOKED_NO_POE, SubIndication.REVOKED_CA_NO_POE)
    for place, item in enumerate(path.certificates):
        told = item.revocation
        if told is not None and told.revoked_at is not None and told.revoked_at <= moment.made:
            yield "revoked", subs[min(place, 1)], ""


def _unasked(path: PathFacts, moment: Moment) -> Iterator[_Objection]:
    """Everything below the anchor must be spoken for, by a list that is new enough."""
    for item in path.certificates[:-1]:
        told = item.revocation
        if told is None or not told.complete or _may_have_forgotten(told, item):
            yield "revocation-unknown", SubIndication.TRY_LATER, ""
        elif _stale(told, moment):
            yield "revocation-stale", SubIndication.TRY_LATER, ""


def _may_have_forgotten(told: RevocationFacts, item: CertificateFacts) -> bool:
    """RFC 5280, 3.3: a list may drop a certificate once it has expired."""
    return told.this_update > item.not_after and not told.keeps_expired


def _stale(told: RevocationFacts, moment: Moment) -> bool:
    """EN 319 102-1, 5.2.5: new enough is what was issued after the signature was made."""
    in_force = told.next_update is not None and moment.asked <= told.next_update
    return not in_force and told.this_update < moment.made


def _refused_by_list(
    path: PathFacts, scope: Scope, moment: Moment, policy: Policy
) -> Iterator[_Objection]:
    if policy.trust is not None:
        if policy.trust.ahead(moment.asked):
            # By a clock that is wrong nothing has expired, and no revocation list is too old.
            yield "clock-behind", SubIndication.TRY_LATER, ""
        anchor = path.certificates[-1].sha256
        code = path.certificates[0].code
        slug = policy.trust.refusal(anchor, scope.use, moment.made, code, scope.type_code)
        if slug:
            yield slug, SubIndication.CHAIN_CONSTRAINTS_FAILURE, ""


def _weak(path: PathFacts, moment: Moment, policy: Policy) -> Iterator[_Objection]:
    sub = (
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        if moment.proven
        else SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    )
    for below, above in pairwise(path.certificates):
        weak = policy.crypto.digest_problem(below.signed_with, moment.made)
        weak = weak or policy.crypto.key_problem(above.key, moment.made)
        if weak:
            yield "weak-algorithm", sub, weak
