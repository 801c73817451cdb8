"""What is kept about the care of seals: the newest file of each form, and what it rests on.

Cared for, and counted, are files of certificates that have not ended: the others are known by
their digests, and their seals may be ones that nobody can lift any more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certlib.certificate import CertificateFile
from certlib.preservation import Care, Proof, Reason
from certlib.registry.backlog import Queue


@dataclass(frozen=True, slots=True)
class KeptSeal:
    """The newest file of one form of one certificate.

    Attributes:
        file: as it stands on record.
        level: the level that is really in it.
        target_level: the level that the type asked for.
        proof: what it rests on; None while nobody has looked.
        ends_at: when that ends; None as above.
        attempts: how often care has failed since the last success.
        until: end of the lease under which somebody has it in hand; None: it was only read.
    """

    file: CertificateFile
    type_code: str
    level: str
    target_level: str
    proof: Proof | None = None
    ends_at: datetime | None = None
    attempts: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StockGroup:
    """Files that stand alike.

    Attributes:
        reason: what ends first; None while nobody has looked at these files.
        year: of that end, UTC; 0 as above.
        ended: can no longer be judged by themselves at the instant asked about.
        due: to be lifted or renewed by then.
        first_end: the earliest end among them.
    """

    type_code: str
    level: str
    target_level: str
    reason: Reason | None
    year: int
    files: int
    ended: int
    due: int
    first_end: datetime | None


@dataclass(frozen=True, slots=True)
class CareBacklog:
    """What waits for care.

    Attributes:
        below: files whose level is below their target, since the oldest was stored.
        due: files that are due, those below their target among them.
        ended: how many can no longer be judged by themselves.
    """

    below: Queue
    due: Queue
    ended: int


class PreservationReads(Protocol):
    """What is asked about it."""

    def seal_stock(self, at: datetime) -> Iterator[StockGroup]:
        """The whole stock as it stands at `at` if nothing is done, by type and year of the end."""
        ...

    def care_backlog(self, now: datetime) -> CareBacklog:
        """What waits now."""
        ...

    def lowered_since(self) -> datetime | None:
        """When the oldest file was stored that still waits for the timestamp it should have."""
        ...

    def seals_not_planned(self, plan: str, now: datetime, limit: int) -> Sequence[KeptSeal]:
        """Files whose dates were reckoned by another plan, or never."""
        ...


class PreservationWrites(PreservationReads, Protocol):
    """What is kept about it."""

    def lease_seals(self, now: datetime, until: datetime, limit: int) -> Sequence[KeptSeal]:
        """Files that are due, nobody else's until `until`, the most urgent first.

        From then on an object with the next revision's name may lie in the store.
        """
        ...

    def holds_seal(self, seal: KeptSeal) -> bool:
        """Whether a leased file is still in force, and nobody has leased it since.

        Where it is, nobody replaces or leases it before this unit of work ends.
        """
        ...

    def keep_care(self, seal: KeptSeal, care: Care, level: str) -> None:
        """Keeps what was found or reckoned of a file that itself does not change."""
        ...

    def replace_file(self, file: CertificateFile) -> None:
        """The next revision of a file; the earlier ones stay known, the row version grows.

        Raises:
            CertificateNotFound: no such certificate, or no file before this one.
            Conflict: somebody else has replaced it meanwhile.
        """
        ...

    def care_failed(self, seal: KeptSeal, error: str, again: datetime) -> None:
        """Counts an attempt that failed; `error` is a stable code."""
        ...
