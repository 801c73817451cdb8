"""Ways from a signer to an anchor (RFC 5280, 6), found by ourselves within a bound.

Building is factorial in certificates with equal subjects, so the search has a budget of signature
checks and of paths. What it finds depends on no time: whether the certificates of a path were
valid at a moment is the judge's question. Names, constraints and policies along a path are
checked by pyhanko-certvalidator, without revocation and without any fetching.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.validate import async_validate_path

from signing.evidence.certificates import Name, loaded, name_of, signed_by

__all__ = [
    "Authorities",
    "InitialPolicies",
    "SearchExhaustedError",
    "found_paths",
    "path_problem",
]

_DEEPEST = 8
_MOST_PATHS = 4
_MOST_LOOKED_AT = 32
_MOST_CHECKS = 64
_NO_REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
)
# Weak algorithms are the judge's affair: by then it is known when the signature was made.
_ANY_ALGORITHM = DisallowWeakAlgorithmsPolicy(  # type: ignore[no-untyped-call]  # not typed there
    weak_hash_algos=frozenset(),
    weak_signature_algos=frozenset(),
    rsa_key_size_threshold=0,
    dsa_key_size_threshold=0,
)


@dataclass(frozen=True, slots=True)
class InitialPolicies:
    """With which certificate policies path validation begins (RFC 5280, 6.1.1 c, e, f, g).

    Attributes:
        acceptable: dotted numbers; None: any policy.
        explicit: the path must hold under one of them.
    """

    acceptable: frozenset[str] | None = None
    explicit: bool = False
    mapping_inhibited: bool = False
    any_inhibited: bool = False

    def parameters(self) -> PKIXValidationParams:
        """As the path validator takes them."""
        any_policy = frozenset({"any_policy"})
        return PKIXValidationParams(
            user_initial_policy_set=any_policy if self.acceptable is None else self.acceptable,
            initial_explicit_policy=self.explicit,
            initial_policy_mapping_inhibit=self.mapping_inhibited,
            initial_any_policy_inhibit=self.any_inhibited,
        )


class SearchExhaustedError(Exception):
    """The budget was spent before the search came to its end."""


@dataclass(slots=True)
class Authorities:
    """Certificates of possible issuers by subject; those named first are tried first."""

    anchors: frozenset[bytes]
    _by_subject: dict[Name, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, anchors: tuple[bytes, ...], *others: tuple[bytes, ...]) -> "Authorities":
        """Anchors first, then the other groups in their order; what cannot be read is left out."""
        made = cls(frozenset(anchors))
        for der in dict.fromkeys((*anchors, *(der for group in others for der in group))):
            with suppress(ValueError):
                made._by_subject.setdefault(name_of(loaded(der).subject), []).append(der)
        return made

    def named(self, subject: x509.Name) -> list[bytes]:
        """DER of all with that subject."""
        return self._by_subject.get(name_of(subject), [])


@dataclass(slots=True)
class _Search:
    authorities: Authorities
    checks: int = 0

    def upwards(self, path: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
        if path[-1] in self.authorities.anchors:
            yield path
            return
        if len(path) >= _DEEPEST:
            return
        below = loaded(path[-1])
        for der in self.authorities.named(below.issuer):
            if der in path:
                continue
            self.checks += 1
            if self.checks > _MOST_CHECKS:
                raise SearchExhaustedError
            if signed_by(below, loaded(der)):
                yield from self.upwards((*path, der))


def found_paths(signer: bytes, authorities: Authorities) -> tuple[tuple[bytes, ...], ...]:
    """DER from the signer up to an anchor, at most a few of them, all signatures checked.

    Where there are more, those that between them were valid for the longest: an authority that was
    renewed four times has four paths that have run out.

    Raises:
        SearchExhaustedError: too many candidates; nothing is said about them.
        ValueError: the signer's certificate cannot be read.
    """
    found: list[tuple[bytes, ...]] = []
    try:
        found.extend(islice(_Search(authorities).upwards((signer,)), _MOST_LOOKED_AT))
    except SearchExhaustedError:
        if len(found) < _MOST_PATHS:
            raise
    return tuple(found) if len(found) <= _MOST_PATHS else _longest_lasting(found)


def _longest_lasting(found: list[tuple[bytes, ...]]) -> tuple[tuple[bytes, ...], ...]:
    """Those that last longest, and of them first whose period lies in no other's."""
    ordered = sorted(found, key=lambda path: period(path)[1], reverse=True)
    chosen: list[tuple[bytes, ...]] = []
    for path in ordered:
        first, last = period(path)
        if not any(begin <= first and last <= end for begin, end in map(period, chosen)):
            chosen.append(path)
    chosen += [path for path in ordered if path not in chosen]
    return tuple(chosen[:_MOST_PATHS])


def period(path: tuple[bytes, ...]) -> tuple[datetime, datetime]:
    """From when to when all certificates of a path are valid; turned round where they never are."""
    certificates = [loaded(der) for der in path]
    return (
        max(item.not_valid_before_utc for item in certificates),
        min(item.not_valid_after_utc for item in certificates),
    )


def path_problem(path: tuple[bytes, ...], policies: InitialPolicies | None = None) -> str:
    """What RFC 5280, 6.1 finds wrong with a path, whatever the time; "" when nothing.

    A path whose certificates were never all valid at once is left to the judge, who sees that.
    """
    if len(path) == 1:  # an anchor itself: there is nothing to be validated
        return ""
    first, last = period(path)
    if first > last:
        return ""
    try:
        _validate(path, first, None if policies is None else policies.parameters())
    except (ExpiredError, NotYetValidError):
        return "path-invalid"
    except (PathBuildingError, ValidationError) as error:
        return "name-constraints" if "namespace" in str(error) else "path-invalid"
    # asn1crypto raises many kinds on certificates that are not well-formed.
    except (ValueError, TypeError, LookupError, AttributeError):
        return "certificate-malformed"
    return ""


def _validate(
    path: tuple[bytes, ...], moment: datetime, parameters: PKIXValidationParams | None
) -> None:
    # Loaded anew: asn1crypto parses at the first look, and two threads at once would each see half.
    leaf, *between, anchor = (asn1_x509.Certificate.load(der) for der in path)
    context = ValidationContext(
        trust_roots=[anchor],
        moment=moment.astimezone(UTC),
        allow_fetching=False,
        revinfo_policy=_NO_REVOCATION,
        algorithm_usage_policy=_ANY_ALGORITHM,
    )
    whole = ValidationPath(CertTrustAnchor(anchor), reversed(between), leaf)
    _without_event_loop(async_validate_path(context, whole, parameters))


def _without_event_loop(coroutine: Any) -> None:  # noqa: ANN401 - whatever it returns
    """Runs a coroutine that never waits: without fetching there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise TypeError("path validation waits")
