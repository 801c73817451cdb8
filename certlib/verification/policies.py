"""Validation policies: how facts are weighed, as named data."""

from collections.abc import Mapping
from dataclasses import dataclass

from certlib.certificate import RestrictionKind
from certlib.crypto_policy import CRYPTO_2026, CryptoPolicy
from certlib.evidence import ChangeKind
from certlib.trust import TrustList

__all__ = ["FOREIGN", "OWN", "POLICIES", "Policy"]

_SEAL_PURPOSES = frozenset(
    {
        "1.3.6.1.5.5.7.3.36",  # documentSigning, RFC 9336
        "1.3.6.1.5.5.7.3.4",  # emailProtection: what document seals had before RFC 9336
        "1.2.840.113583.1.1.5",  # Adobe Authentic Documents
        "1.3.6.1.4.1.311.10.3.12",  # Microsoft document signing
        "2.5.29.37.0",  # anyExtendedKeyUsage
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How facts are weighed; `own` for files of this library, `foreign` for all others.

    Attributes:
        record_needed: a file must be byte for byte on record, and its structure canonical.
        permitted_changes: kinds of later additions that are no failure where ISO 32000-2 and the
            signatures themselves permit them; None for all that they permit.
        doubtful_changes: kinds of later additions that leave the verdict to whoever looks, even
            where they are permitted: a remark may lie over what was signed.
        blocking, tolerated: restrictions that bar the matter, or do not concern it; the use
            list says which. What is in neither leaves the verdict to the clerk.
        seal_purposes: extended key usages of which a seal's certificate must have one, if it
            names any.
        crypto: algorithms that may be relied on.
        trust: which authority may carry whose seals; None: every anchor that the reader had.
    """

    name: str
    record_needed: bool
    permitted_changes: frozenset[ChangeKind] | None
    doubtful_changes: frozenset[ChangeKind] = frozenset({ChangeKind.ANNOTATION})
    blocking: frozenset[RestrictionKind] = frozenset()
    tolerated: frozenset[RestrictionKind] = frozenset()
    seal_purposes: frozenset[str] = _SEAL_PURPOSES
    crypto: CryptoPolicy = CRYPTO_2026
    trust: TrustList | None = None


OWN = Policy(
    "own",
    record_needed=True,
    permitted_changes=frozenset({ChangeKind.VALIDATION_MATERIAL, ChangeKind.DOCUMENT_TIMESTAMP}),
)
FOREIGN = Policy("foreign", record_needed=False, permitted_changes=None)
POLICIES: Mapping[str, Policy] = {policy.name: policy for policy in (OWN, FOREIGN)}
