"""One audit: names first, then one snapshot, then everything compared with everything."""

from dataclasses import dataclass
from pathlib import Path

from api.audit.bucket import Bucket, ObjectBucket
from api.audit.checks import (
    approvals,
    chain,
    files,
    histories,
    idempotency,
    identifiers,
    orphans,
    rows,
)
from api.audit.checks.batches import SealedHistory
from api.audit.database import Snapshot, snapshot
from api.audit.ledger import ledger
from api.audit.objects import ObjectFolder, Objects
from api.audit.report import Counts, Invariant, Report
from api.audit.testimony import Testimony
from api.audit.trust import Trust
from api.audit.unsealing import Opener, key_from


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to audit.

    Attributes:
        database: SQLAlchemy URL of SQLite or PostgreSQL.
        objects: the object folder, or the bucket.
        keys: files of key-encryption keys, the current one and former ones.
        quick: leave out the verification of seals; digests are compared all the same.
        trust: the root and other anchors of the history's seals.
    """

    database: str
    objects: Path | Bucket
    keys: tuple[Path, ...]
    trust: Trust
    quick: bool = False


def audit(options: AuditOptions) -> Report:
    """Checks INV-1 to INV-5, INV-7 and INV-9; only reads, beside a server that runs.

    Acts in flight are tolerated: a pending intent may have its object or not.

    Raises:
        CannotAudit: database, objects or key cannot be read.
    """
    opener = Opener([key_from(path) for path in options.keys])
    objects = _objects(options.objects)
    # Names before the snapshot: what lay there by now had its intent committed before.
    names, strange = objects.names()
    with snapshot(options.database) as view, Testimony() as testimony:
        known = ledger(view)
        history = SealedHistory(Invariant("INV-7"), view, options.trust)
        chained = chain.check(view, known, history, testimony)
        rows.check(chained, view, opener, testimony)
        invariants = (
            orphans.check(known, objects, sorted(names), strange),
            files.check(view, known, files.Archive(objects, opener, options.quick, _waiting(view))),
            identifiers.check(known),
            idempotency.check(view, known, opener),
            histories.check(view, known),
            chained,
            approvals.check(view, known),
        )
    counts = Counts(len(known.certificates), known.pending, len(names), history.unsealed)
    return Report(invariants, counts)


def _objects(place: Path | Bucket) -> Objects:
    return ObjectBucket(place) if isinstance(place, Bucket) else ObjectFolder(place)


def _waiting(view: Snapshot) -> frozenset[str]:
    rows = view.rows("SELECT object_name FROM object_locks_due")
    return frozenset(row["object_name"] for row in rows)
