"""INV-6: what the public is told is what was decided last, and the feed says so too.

Both engines answer the public look-up from the row itself, so a decision that is on record but not
in the row would be acknowledged and never seen.
"""

from api.audit.database import Snapshot
from api.audit.history import Record
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.transitions import TABLE

_LAST = 2**63 - 1
_BEHIND = ("登记行早于最后一次状态变化", "the row is older than the last step on record")
_LATE = ("对外状态与最后一次状态变化不符", "the row tells another state than the last step")
_UNRECORDED = ("变更流中有，审计历史中没有", "the feed has a line that the history does not know")
_DIFFERS = ("变更流与审计历史不符", "the feed says something else than the history")
_ABSENT = ("变更流中缺少这次操作", "the feed lacks an act that it always tells")
_OLD = ("变更流落后于登记", "the feed ends before the row's version")
_LAST_STEPS = (
    "SELECT identifier, to_state, recorded_at FROM state_changes ORDER BY identifier, sequence"
)
_FEED = (
    "SELECT sequence, identifier, act, state, row_version, recorded_at FROM certificate_changes "
    "ORDER BY sequence"
)
_WITNESSED = (
    "SELECT sequence FROM audit_history WHERE act IN ('baseline', 'witness') "
    "ORDER BY sequence LIMIT 1"
)
_BESIDE = frozenset({"holder-changed", "holder-change-voided"})
_TOLD = frozenset({"issue"} | {step for _, step in TABLE if step != "seal"}) | _BESIDE
"""Acts that always move a certificate's version, or say that something happened to its holder."""


def began(snapshot: Snapshot) -> int:
    """Sequence from which on the record is this release's; past every one when there is none.

    Lines before it were made of an earlier release's history at the upgrade. That release moved a
    row's version without a record (restrictions), and announced no supersession.
    """
    return next((int(row["sequence"]) for row in snapshot.rows(_WITNESSED)), _LAST)


class Feed:
    """Walks along the history beside the change feed."""

    def __init__(self, snapshot: Snapshot, first: int) -> None:
        self.found = Invariant("INV-6")
        self._from = first
        self._lines = {row["sequence"]: row for row in snapshot.rows(_FEED)}
        self._began = began(snapshot)
        self._seen: set[int] = set()

    def see(self, record: Record) -> None:
        """Takes the next record."""
        line = self._lines.get(record.sequence)
        if line is None:
            missing = record.sequence >= self._began and record.act in _TOLD
            self.found.expect(not missing, record.target, "not-in-feed", _ABSENT)
            return
        self._seen.add(record.sequence)
        said = (line["identifier"], line["act"], line["recorded_at"])
        same = said == (record.target, record.act, record.at)
        self.found.expect(same, line["identifier"], "feed-differs", _DIFFERS)

    def end(self, snapshot: Snapshot, ledger: Ledger) -> Invariant:
        """Holds every row against its last step and its last line."""
        last: dict[str, tuple[str, str]] = {}
        for row in snapshot.rows(_LAST_STEPS):
            last[row["identifier"]] = (row["to_state"], row["recorded_at"])
        newest = {line["identifier"]: line for line in self._lines.values()}
        for identifier, row in ledger.certificates.items():
            self.found.checked += 1
            state, recorded = last.get(identifier, (row["state"], ""))
            self.found.expect(state == row["state"], identifier, "state-not-seen", _LATE)
            self.found.expect(row["changed_at"] >= recorded, identifier, "row-older", _BEHIND)
            line = newest.get(identifier)
            if line is not None:
                told = (line["row_version"], line["state"])
                same = told == (row["row_version"], row["state"])
                same = same or (line["sequence"] < self._began and line["state"] == row["state"])
                self.found.expect(same, identifier, "feed-behind", _OLD)
        for sequence in self._lines.keys() - self._seen:
            if sequence < self._from:
                continue
            subject = self._lines[sequence]["identifier"]
            self.found.broken(subject, "feed-unrecorded", *_UNRECORDED)
        return self.found
