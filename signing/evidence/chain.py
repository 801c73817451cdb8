"""Who signed, and the ways from there to anchors that we were given, as facts (RFC 5280, 6).

Nothing here asks for the time: paths, their certificates' periods and what the revocation lists
say of them are facts; whether they were good at a moment is for `certlib.verification` to judge.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm

from certlib.evidence import ChainFacts, PathFacts
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
    """

    anchors: tuple[bytes, ...]
    crls: tuple[bytes, ...] = ()
    issuers: tuple[bytes, ...] = ()


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
    """Paths by the authorities that we know; only where none holds, by what the file brings."""
    try:
        known = _described(found_paths(signer, Authorities.of(anchors, issuers)), policies)
        if any(not facts.problem for _, facts in known):
            return known, ""
        brought = _described(
            found_paths(signer, Authorities.of(anchors, issuers, others)), policies
        )
    except SearchExhaustedError:
        return (), "too-many-paths"
    return brought, "" if brought else "no-path"


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
    told = revocation_facts(ders, trust.crls, (*trust.anchors, *trust.issuers, *others))
    certificates = zip(facts.certificates, told, strict=True)
    return replace(
        facts,
        certificates=tuple(replace(item, revocation=found) for item, found in certificates),
    )
