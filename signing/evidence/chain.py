"""Who signed, and the ways from there to anchors that we were given, as facts (RFC 5280, 6).

Nothing here asks for the time: paths, their certificates' periods and what the revocation lists
say of them are facts; whether they were good at a moment is for `certlib.verification` to judge.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm

from certlib.evidence import ChainFacts, PathFacts, RevocationFacts
from signing.evidence.bounds import clamped
from signing.evidence.certificates import SerialNumberError, certificate_facts
from signing.evidence.paths import (
    Authorities,
    InitialPolicies,
    SearchExhaustedError,
    found_paths,
    path_problem,
)
from signing.evidence.revocation import revocation_facts

__all__ = ["TrustSet", "chain_facts"]


@dataclass(frozen=True, slots=True)
class TrustSet:
    """Anchors of one kind and every revocation list at hand; all DER.

    Attributes:
        issuers: authorities of our own store, no anchors: they help to build paths.
        ocsps: OCSP answers of our own store.
    """

    anchors: tuple[bytes, ...]
    crls: tuple[bytes, ...] = ()
    issuers: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


def chain_facts(
    signer: bytes,
    others: tuple[bytes, ...],
    trust: TrustSet,
    policies: InitialPolicies | None = None,
) -> ChainFacts:
    """The signer's certificate and its paths.

    Args:
        signer: DER.
        others: what the file brings along. It is not signed: a damaged copy of an authority that
            we know must neither hide the path nor pass for it, so known authorities come first.
        trust: what we know ourselves.
        policies: what RFC 5280, 6.1.1 begins with; None asks for no certificate policy.
    """
    try:
        described = certificate_facts(signer)
    except SerialNumberError:
        return ChainFacts(None, (), "serial-number")
    except (ValueError, UnsupportedAlgorithm):
        return ChainFacts(None, (), "certificate-malformed")
    if not trust.anchors:
        return ChainFacts(described, (), "no-anchors")
    found, problem = _known_or_brought(signer, others, trust.anchors, trust.issuers, policies)
    return ChainFacts(
        described, tuple(_with_revocation(item, trust, others) for item in found), problem
    )


_Path = tuple[tuple[bytes, ...], PathFacts]


@lru_cache(maxsize=256)
def _known_or_brought(
    signer: bytes,
    others: tuple[bytes, ...],
    anchors: tuple[bytes, ...],
    issuers: tuple[bytes, ...],
    policies: InitialPolicies | None,
) -> tuple[tuple[_Path, ...], str]:
    """Paths by the authorities that we know, then those for which the file brings one.

    An authority that we know may have run out, and the file bring the renewed one. Where a known
    path holds, what was brought can only add another that holds.
    """
    known: tuple[_Path, ...] = ()
    brought: tuple[_Path, ...] = ()
    try:
        known = _described(found_paths(signer, Authorities.of(anchors, issuers)), policies)
        if not {*anchors, *issuers}.issuperset(others):
            every = found_paths(signer, Authorities.of(anchors, issuers, others))
            paths = {path for path, _ in known}
            brought = _described(tuple(path for path in every if path not in paths), policies)
    except SearchExhaustedError:
        if not _holding(known):
            return (), "too-many-paths"
    found = (*known, *(_holding(brought) if _holding(known) else brought))
    return found, "" if found else "no-path"


def _holding(paths: tuple[_Path, ...]) -> tuple[_Path, ...]:
    return tuple(item for item in paths if not item[1].problem)


def _described(
    paths: tuple[tuple[bytes, ...], ...], policies: InitialPolicies | None
) -> tuple[_Path, ...]:
    found = []
    for path in paths:
        try:
            facts = tuple(certificate_facts(der) for der in path)
        except (ValueError, UnsupportedAlgorithm):
            continue
        found.append((path, PathFacts(facts, path_problem(path, policies))))
    return tuple(found)


def _with_revocation(path: _Path, trust: TrustSet, others: tuple[bytes, ...]) -> PathFacts:
    ders, facts = path
    # A list is our own, whoever brings the certificate of the authority that has signed it.
    authorities = (*trust.anchors, *trust.issuers, *others)
    told = revocation_facts(ders, trust.crls, authorities, trust.ocsps)
    certificates = zip(facts.certificates, told, strict=True)
    return replace(
        facts,
        certificates=tuple(replace(item, revocation=_told(found)) for item, found in certificates),
    )


def _told(found: RevocationFacts | None) -> RevocationFacts | None:
    """Within the moments that facts may speak of."""
    if found is None:
        return None
    return replace(
        found,
        this_update=clamped(found.this_update),
        next_update=None if found.next_update is None else clamped(found.next_update),
        revoked_at=None if found.revoked_at is None else clamped(found.revoked_at),
    )
