"""One audit: names first, then one snapshot, then everything compared with everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from api.audit.bucket import Bucket, ObjectBucket
from api.audit.checks import (
    announcements,
    approvals,
    chain,
    durability,
    files,
    histories,
    idempotency,
    identifiers,
    leftovers,
    orphans,
    privacy,
    rows,
    signatures,
)
from api.audit.checks.batches import Claims, SealedHistory
from api.audit.checks.departments import Departments
from api.audit.checks.feed import Feed
from api.audit.checks.kept import Bounds, KeptBatches
from api.audit.checks.verdicts import Verdicts
from api.audit.counters import Counters, counters
from api.audit.database import Snapshot, snapshot
from api.audit.ledger import Ledger, ledger
from api.audit.objects import ObjectFolder, Objects
from api.audit.probe import Probe
from api.audit.proof import batch_digests
from api.audit.report import Counts, Report
from api.audit.scope import Progress, scope
from api.audit.testimony import Testimony
from api.audit.trust import Trust
from api.audit.unsealing import Opener, key_from

_LEAST_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to audit.

    Attributes:
        database: SQLAlchemy URL of SQLite or PostgreSQL.
        objects: the object folder, or the bucket.
        keys: files of key-encryption keys, the current one and former ones.
        trust: the root and other anchors of the history's seals.
        now: the instant of the audit, aware UTC.
        quick: leave out the verification of seals; digests are compared all the same.
        probe: address of a running service to ask, or "".
        logs: log files to search for personal data.
        acknowledged: files with answers that clients kept.
        folders: where this machine keeps keys and secrets, to look for leftovers.
        since: instant from which on to look, None for everything.
        against: an earlier export, to see whether anything of it is gone.
        progress: is told how far it is.
        seal_seconds: age at which the service seals records of the history.
        counted: where this machine keeps the register of keys and its signature counters; None
            where it has none: then they are not compared.
    """

    database: str
    objects: Path | Bucket
    keys: tuple[Path, ...]
    trust: Trust
    now: datetime
    quick: bool = False
    probe: str = ""
    logs: tuple[Path, ...] = ()
    acknowledged: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    since: datetime | None = None
    against: Path | None = None
    progress: Progress | None = None
    seal_seconds: float = 60.0
    counted: Path | None = None


def audit(options: AuditOptions) -> Report:
    """Checks INV-1 to INV-14; only reads, beside a server that runs.

    Acts in flight are tolerated: a pending intent may have its object or not.

    Raises:
        CannotAudit: database, objects, key or another file cannot be read.
    """
    started = monotonic()
    opener = Opener([key_from(path) for path in options.keys])
    objects = _objects(options.objects)
    # Names before the snapshot: what lay there by now had its intent committed before.
    listing = _Listing(*objects.names(), objects.batches(), _counters(options))
    with snapshot(options.database) as view, Testimony() as testimony:
        work = _Work(options, view, ledger(view), opener, objects, started)
        return work.done(listing, testimony)


class _Listing(NamedTuple):
    """What lay in the object store, and what was counted, before the snapshot."""

    names: frozenset[str]
    strange: tuple[str, ...]
    batches: Mapping[str, Sequence[str]]
    counters: Counters | None


@dataclass(frozen=True, slots=True)
class _Work:
    """One audit under way."""

    options: AuditOptions
    view: Snapshot
    known: Ledger
    opener: Opener
    objects: Objects
    started: float

    def done(self, listing: "_Listing", testimony: Testimony) -> Report:
        """Walks the history once, with everybody who has a question to it, then asks the rest."""
        view, known, opener = self.view, self.known, self.opener
        names, strange, batches, counted = listing
        part, progress = scope(view, _text(self.options.since)), self.options.progress
        earlier = {} if self.options.against is None else batch_digests(self.options.against)
        waiting, bounds = _waiting(view), Bounds(self.options.now, _patience(self.options))
        kept = KeptBatches(self.objects, batches, opener, waiting, bounds)
        claims = Claims(part.first, earlier)
        history = SealedHistory(view, self.options.trust, claims, kept, bounds)
        departments, feed, verdicts = Departments(view, known), Feed(view, part.first), Verdicts()
        keys = idempotency.Keys()
        others = (departments, feed, verdicts, keys)
        walk = chain.Walk(history, testimony, others, part, progress)
        chained = chain.check(view, known, walk)
        rows.check(walk, view, opener)
        archive = files.Archive(self.objects, opener, self.options.quick, waiting, part, progress)
        orphaned = orphans.check(known, self.objects, sorted(names), strange)
        invariants = (
            orphaned,
            files.check(view, known, archive),
            identifiers.check(known),
            idempotency.check(view, known, opener, keys, part),
            histories.check(view, known),
            feed.end(view, known),
            chained,
            announcements.check(view, known, opener),
            approvals.check(view, known),
            departments.end(view),
            privacy.check(view, opener, (*names, *strange), self.options.logs),
            leftovers.check(view, self.objects, self.options.folders, self.options.now),
            durability.check(view, known, self.options.acknowledged),
            verdicts.end(view, known),
        )
        later = _counters(self.options)
        if counted is not None and later is not None and not self.options.quick:
            read = (counted, later)
            signatures.check(orphaned, archive.seals, known, read, whole=part.whole)
        if self.options.probe:
            by_name = {item.name: item for item in invariants}
            asked = (self.options.probe, self.options.database, self.options.now, self.started)
            Probe(*asked).ask(known, by_name)
        counts = Counts(len(known.certificates), known.pending, len(names), history.unsealed)
        return Report(invariants, counts)


def _objects(place: Path | Bucket) -> Objects:
    return ObjectBucket(place) if isinstance(place, Bucket) else ObjectFolder(place)


def _counters(options: AuditOptions) -> Counters | None:
    if options.counted is None or not (options.counted / "register").exists():
        return None
    return counters(options.counted, [key_from(path) for path in options.keys])


def _patience(options: AuditOptions) -> timedelta:
    """How long what the service does by itself may take: ten times what is set, or longer."""
    return max(_LEAST_PATIENCE, 10 * timedelta(seconds=options.seal_seconds))


def _text(since: datetime | None) -> str:
    return "" if since is None else since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _waiting(view: Snapshot) -> frozenset[str]:
    rows_ = view.rows("SELECT object_name FROM object_locks_due")
    return frozenset(row["object_name"] for row in rows_)
