"""How long a sealed file can be judged by itself, and when it must be cared for before that.

A file that stands on record is known by its digest for ever; whoever has nothing but the file
needs proofs in it that still hold (ETSI EN 319 142-1, 6; EN 319 102-1, 5.6). What the outermost
proof rests on ends some day: its certificates, or an algorithm. Before that day another proof is
laid around it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from certlib.crypto_policy import CRYPTO_2026, CryptoPolicy
from certlib.evidence import (
    DOCUMENT_TIMESTAMP,
    FileFacts,
    MessageFacts,
    PathFacts,
    SignatureFacts,
)

__all__ = [
    "LEVELS",
    "Care",
    "CarePlan",
    "Proof",
    "Reason",
    "is_below",
    "level_of",
    "proof_of",
    "proven_at",
]

LEVELS: Final = ("B-B", "B-T", "B-LT", "B-LTA")
"""PAdES baseline levels, the shortest-lived first (EN 319 142-1, 6.1)."""

_DIGEST, _KEY = "digest:", "key:"
_END_OF_DAY: Final = time(23, 59, 59, tzinfo=UTC)
_END_OF_TIME: Final = datetime(9999, 12, 31, tzinfo=UTC)


class Reason(StrEnum):
    """What ends first: 签章证书, 时间戳证书, 存档时间戳证书, 密码算法."""

    SIGNER = "signer"
    TIMESTAMP = "timestamp"
    ARCHIVE = "archive"
    ALGORITHM = "algorithm"


def is_below(level: str, target: str) -> bool:
    """Whether a level is not what was asked for."""
    return LEVELS.index(level) < LEVELS.index(target)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a file's outermost proof rests on; no policy in it and no time of asking.

    Attributes:
        basis: the seal's own certificate, its timestamp's, or the newest archive timestamp's.
        ends_at: last instant at which its certificates are valid; aware UTC.
        algorithms: as the crypto policy is asked for them, `digest:sha256`, `key:rsa-3072`.
    """

    basis: Reason
    ends_at: datetime
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Care:
    """When a file must be cared for.

    Attributes:
        ends_at: last instant at which the file can be judged by itself; reason: what ends then.
        due_at: when it is to be lifted or renewed.
        plan: by which policy and lead that was reckoned (`CarePlan.name`).
    """

    proof: Proof
    ends_at: datetime
    reason: Reason
    due_at: datetime
    plan: str


@dataclass(frozen=True, slots=True)
class CarePlan:
    """How this node cares for its seals.

    Attributes:
        lead: how long before the end a file is renewed.
        crypto: when algorithms end.
    """

    lead: timedelta = timedelta(days=60)
    crypto: CryptoPolicy = field(default=CRYPTO_2026)

    @property
    def name(self) -> str:
        """Changes whenever dates have to be reckoned anew."""
        return f"{self.crypto.name}/{int(self.lead.total_seconds())}"

    def care(self, proof: Proof, level: str, target: str, since: datetime) -> Care:
        """Dates of a file that rests on `proof` and was stored at `since` with `level`.

        While the level is below its target it is due at once.
        """
        ends_at, reason = proof.ends_at, proof.basis
        algorithms_end = self._algorithms_end(proof.algorithms)
        if algorithms_end < ends_at:
            ends_at, reason = algorithms_end, Reason.ALGORITHM
        due_at = since if is_below(level, target) else ends_at - self.lead
        return Care(proof, ends_at, reason, due_at, self.name)

    def _algorithms_end(self, algorithms: Sequence[str]) -> datetime:
        days = [self._last_day(name) for name in algorithms]
        return min(
            (datetime.combine(day, _END_OF_DAY) for day in days if day is not None),
            default=_END_OF_TIME,
        )

    def _last_day(self, name: str) -> date | None:
        if name.startswith(_KEY):
            return self.crypto.key_end(name.removeprefix(_KEY))
        return self.crypto.digest_end(name.removeprefix(_DIGEST))


def level_of(facts: FileFacts) -> str:
    """The level that a sealed file has really reached, by what is in it (EN 319 142-1, 6.3).

    A document timestamp is as good a proof of the seal's time as one inside the seal.
    """
    seal, archives = facts.signatures[0], _archives(facts)
    stamped = seal.timestamp is not None and seal.timestamp.intact
    if not stamped and not archives:
        return "B-B"
    if not facts.validation_material:
        return "B-T"
    return "B-LTA" if archives else "B-LT"


def proof_of(facts: FileFacts) -> Proof | None:
    """What a sealed file rests on; None when nobody that is believed stands behind it."""
    seal, archives = facts.signatures[0], _archives(facts)
    basis, message, imprint = Reason.SIGNER, seal.message, ""
    if seal.timestamp is not None and seal.timestamp.intact:
        basis, message, imprint = Reason.TIMESTAMP, seal.timestamp.message, seal.timestamp.imprint
    if archives and archives[-1].timestamp is not None:
        stamp = archives[-1].timestamp
        basis, message, imprint = Reason.ARCHIVE, stamp.message, stamp.imprint
    if message is None or not message.chain.paths:
        return None
    path = max(message.chain.paths, key=_path_end)
    names = {*_algorithms(message, path), *([_DIGEST + imprint] if imprint else [])}
    return Proof(basis, _path_end(path), tuple(sorted(names)))


def proven_at(facts: FileFacts) -> datetime | None:
    """By when the seal existed at the latest, as the earliest timestamp says that speaks of it.

    That is one inside the seal, or one over the file with the seal in it; None: nothing proves it.
    """
    seal = facts.signatures[0]
    over = [it for it in _archives(facts) if it.end >= seal.end and not it.layout_problem]
    stamps = [item.timestamp for item in (seal, *over) if item.timestamp is not None]
    return min((it.time for it in stamps if it.intact and it.time is not None), default=None)


def _archives(facts: FileFacts) -> list[SignatureFacts]:
    return [item for item in facts.signatures if item.kind == DOCUMENT_TIMESTAMP and item.intact]


def _path_end(path: PathFacts) -> datetime:
    # RFC 5280, 6.1: an anchor's own period does not bind.
    return min(item.not_after for item in path.certificates[:-1] or path.certificates)


def _algorithms(message: MessageFacts, path: PathFacts) -> Iterator[str]:
    yield _DIGEST + message.digest
    yield _KEY + path.certificates[0].key
    for below, above in pairwise(path.certificates):
        yield _DIGEST + below.signed_with
        yield _KEY + above.key
