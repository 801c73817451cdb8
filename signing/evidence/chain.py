"""Does an X.509 certificate chain to an anchor at a time, and was it revoked by then (RFC 5280)?

The path is built by pyhanko-certvalidator without any fetching; before that the number and the
subjects of the embedded certificates are capped, because building is factorial in equal subjects.
Revocation lists come from our own store only.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

__all__ = ["ChainFinding", "TrustSet", "Usage", "chain_finding"]

_NO_REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
)
_TIME_STAMPING = "time_stamping"
_REFUSALS: dict[type[Exception], str] = {
    NotYetValidError: "not-yet-valid",
    ExpiredError: "expired",
    PathBuildingError: "no-path",
    ValidationError: "path-invalid",
    # asn1crypto and cryptography raise many kinds on certificates that are not well-formed.
    ValueError: "certificate-malformed",
    TypeError: "certificate-malformed",
    LookupError: "certificate-malformed",
    AttributeError: "certificate-malformed",
}
"""What path building raises, the special before the general."""


@dataclass(frozen=True, slots=True)
class TrustSet:
    """Anchors of one kind and every revocation list at hand; all DER."""

    anchors: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    issuers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What the certificate is used for, and when.

    Attributes:
        moment: when the signature was made, as far as that is proven.
        now: the time of the question; revocation lists must not be stale by then.
        timestamping: the signer is a timestamp authority.
    """

    moment: datetime
    now: datetime
    timestamping: bool = False


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """The answer.

    Attributes:
        trusted: None when nothing is there to decide with.
        problem: a slug: `no-anchors`, `no-path`, `path-invalid`, `expired`, `not-yet-valid`,
            `signer-is-authority`, `key-usage`, `revoked`, `revocation-unknown`,
            `revocation-stale`, `certificate-malformed`, or a cap of the embedded certificates.
        revocation_as_of: thisUpdate of the list that spoke of the signer.
        path: DER from the signer up to the anchor, where a path was found.
    """

    trusted: bool | None
    problem: str = ""
    revocation_as_of: datetime | None = None
    path: tuple[bytes, ...] = ()


def chain_finding(
    signer: asn1_x509.Certificate, others: tuple[bytes, ...], trust: TrustSet, usage: Usage
) -> ChainFinding:
    """Checks the signer's profile, builds its path and looks it up in the revocation lists."""
    if not trust.anchors:
        return ChainFinding(None, "no-anchors")
    try:
        problem = _profile_problem(signer, usage)
        if problem:
            return ChainFinding(False, problem)
        path = _known_or_brought(signer.dump(), others, trust, usage.moment)
        return replace(_revocation(path, trust.crls, usage), path=path)
    except tuple(_REFUSALS) as error:
        kinds = (slug for kind, slug in _REFUSALS.items() if isinstance(error, kind))
        return ChainFinding(False, next(kinds))


def _known_or_brought(
    signer: bytes, others: tuple[bytes, ...], trust: TrustSet, moment: datetime
) -> tuple[bytes, ...]:
    """A path by the authorities that we know; only where there is none, by what the file brings.

    What a file brings along is not signed: a damaged copy of an authority that we know must
    neither hide the path nor pass for it.
    """
    if trust.issuers:
        with suppress(*_REFUSALS):
            return _path(signer, trust.issuers, trust.anchors, moment)
    return _path(signer, others, trust.anchors, moment)


def _profile_problem(signer: asn1_x509.Certificate, usage: Usage) -> str:
    if usage.moment < signer.not_valid_before:
        return "not-yet-valid"
    if usage.moment > signer.not_valid_after:
        return "expired"
    if signer.ca:
        return "signer-is-authority"
    allowed = signer.key_usage_value
    if allowed is not None and not allowed.native & {"digital_signature", "non_repudiation"}:
        return "key-usage"
    return _purpose_problem(signer) if usage.timestamping else ""


def _purpose_problem(signer: asn1_x509.Certificate) -> str:
    """RFC 3161, 2.3: timeStamping is the only purpose, and critical."""
    purposes = signer.extended_key_usage_value
    critical = "extended_key_usage" in signer.critical_extensions
    only = purposes is not None and purposes.native == [_TIME_STAMPING]
    return "" if only and critical else "key-usage"


def _path(
    signer: bytes, others: tuple[bytes, ...], anchors: tuple[bytes, ...], moment: datetime
) -> tuple[bytes, ...]:
    """DER from the signer up to the anchor, valid at `moment`.

    Raises:
        PathBuildingError, ValidationError: pyhanko-certvalidator's refusal.
    """
    key = (signer, others, anchors)
    known = _KNOWN.get(key)
    if known is not None and known.first <= moment <= known.last:
        return known.path
    built = _built(signer, others, anchors, moment)
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[key] = built
    return built.path


@dataclass(frozen=True, slots=True)
class _KnownPath:
    """A path once built; between `first` and `last` all its certificates are valid.

    Nothing else in path validation depends on the time, revocation is asked anew each time.
    """

    path: tuple[bytes, ...]
    first: datetime
    last: datetime


_KNOWN: dict[tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]], _KnownPath] = {}
_MOST_KNOWN = 512


def _built(
    signer: bytes, others: tuple[bytes, ...], anchors: tuple[bytes, ...], moment: datetime
) -> _KnownPath:
    # Loaded anew: asn1crypto parses at the first look, and two threads at once would each see half.
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(anchor) for anchor in anchors],
        other_certs=[asn1_x509.Certificate.load(other) for other in others],
        moment=moment.astimezone(UTC),
        allow_fetching=False,
        revinfo_policy=_NO_REVOCATION,
    )
    validator = CertificateValidator(asn1_x509.Certificate.load(signer), validation_context=context)
    path = list(_without_event_loop(validator.async_validate_path()))
    return _KnownPath(
        path=tuple(reversed([item.dump() for item in path])),
        first=max(item.not_valid_before for item in path),
        last=min(item.not_valid_after for item in path),
    )


def _without_event_loop(coroutine: Any) -> Any:  # noqa: ANN401 - pyHanko's ValidationPath
    """Runs a coroutine that never waits: without fetching there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise TypeError("path building waits")


def _revocation(path: tuple[bytes, ...], crls: tuple[bytes, ...], usage: Usage) -> ChainFinding:
    for subject, issuer in pairwise(path[1:]):
        crl = _newest(crls, issuer)
        if crl is not None and _revoked(crl, _loaded(subject), usage.moment):
            return ChainFinding(False, "revoked", crl.last_update_utc)
    if len(path) == 1:
        return ChainFinding(True)
    crl = _newest(crls, path[1])
    if crl is None:
        # A timestamp authority hangs under a root of its own; its root answers for it.
        return (
            ChainFinding(True) if usage.timestamping else ChainFinding(None, "revocation-unknown")
        )
    if _revoked(crl, _loaded(path[0]), usage.moment):
        return ChainFinding(False, "revoked", crl.last_update_utc)
    if crl.next_update_utc is None or crl.next_update_utc < usage.now:
        return ChainFinding(None, "revocation-stale", crl.last_update_utc)
    return ChainFinding(True, "", crl.last_update_utc)


@lru_cache(maxsize=32)
def _newest(crls: tuple[bytes, ...], issuer_der: bytes) -> x509.CertificateRevocationList | None:
    """The latest complete list that this issuer has signed."""
    issuer = _loaded(issuer_der)
    own = [
        crl
        for crl in map(_parsed_crl, crls)
        if crl is not None
        and crl.issuer == issuer.subject
        and not any(extension.critical for extension in crl.extensions)
        and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # any key
    ]
    return max(own, key=lambda crl: crl.last_update_utc, default=None)


def _revoked(
    crl: x509.CertificateRevocationList, subject: x509.Certificate, moment: datetime
) -> bool:
    entry = crl.get_revoked_certificate_by_serial_number(subject.serial_number)
    return entry is not None and entry.revocation_date_utc <= moment


@lru_cache(maxsize=256)
def _loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


@lru_cache(maxsize=64)
def _parsed_crl(der: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_der_x509_crl(der)
    except ValueError:
        return None
