"""INV-6: what the public is told is what was decided last, and the feed says so too.

Both engines answer the public look-up from the row itself, so a decision that is on record but not
in the row would be acknowledged and never seen.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.audit.database import Row, Snapshot
from api.audit.history import Record
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.testimony import TARGET
from api.audit.transitions import TABLE

_LAST = 2**63 - 1
_BEHIND = ("登记行早于最后一次状态变化", "the row is older than the last step on record")
_LATE = ("对外状态与最后一次状态变化不符", "the row tells another state than the last step")
_UNRECORDED = ("变更流中有，审计历史中没有", "the feed has a line that the history does not know")
_DIFFERS = ("变更流与审计历史不符", "the feed says something else than the history")
_ABSENT = ("变更流中缺少这次操作", "the feed lacks an act that it always tells")
_OLD = ("变更流落后于登记", "the feed ends before the row's version")
_OTHER = ("变更流的单位或类型与登记不符", "the feed names another issuer or type")
_SKIPPED = ("变更流的版本不连续", "the feed skips a version, or tells one twice")
_MOVED = ("变更流的状态与操作不符", "the feed tells a state that the act does not lead to")
_LAST_STEPS = (
    "SELECT identifier, to_state, recorded_at FROM state_changes ORDER BY identifier, sequence"
)
_FEED = (
    "SELECT sequence, identifier, type_code, issuer_code, act, state, row_version, recorded_at "
    "FROM certificate_changes ORDER BY sequence"
)
_WITNESSED = (
    "SELECT sequence FROM audit_history WHERE act IN ('baseline', 'witness') "
    "ORDER BY sequence LIMIT 1"
)
_ISSUE, _ISSUED, _SUSPENDED = "issue", "ISSUED", "SUSPENDED"
_WITNESS = "witness"
_STEPS = frozenset(step for _, step in TABLE if step != "seal")
BESIDE = frozenset({"holder-changed", "holder-change-voided"})
"""Acts that say that something happened to a certificate's holder; its version does not move."""
_TOLD = frozenset({_ISSUE}) | _STEPS | BESIDE
"""Acts that always move a certificate's version, or say that something happened to its holder."""
_QUIET = frozenset({"reserve", "burn", "verify", "reveal"}) | BESIDE
"""Acts that never move it."""
_MOST = 20_000
"""Records of one unit that are remembered; of a larger unit its lines are compared one by one."""


def began(snapshot: Snapshot) -> int:
    """Sequence from which on the record is this release's; past every one when there is none.

    Lines before it were made of an earlier release's history at the upgrade. That release moved a
    row's version without a record (restrictions), and announced no supersession.
    """
    return next((int(row["sequence"]) for row in snapshot.rows(_WITNESSED)), _LAST)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the feed has said last of a certificate; `exact`: not by an earlier release."""

    version: int
    state: str
    exact: bool


class Feed:
    """Walks along the history beside the change feed."""

    def __init__(self, snapshot: Snapshot, first: int) -> None:
        self.found = Invariant("INV-6")
        self._from = first
        self._lines = {row["sequence"]: row for row in snapshot.rows(_FEED)}
        self._began = began(snapshot)
        self._seen: set[int] = set()
        self._unit: deque[Record] = deque(maxlen=_MOST)
        start = max(first, self._began)
        self._told = {
            line["identifier"]: _Told(line["row_version"], line["state"], sequence >= self._began)
            for sequence, line in self._lines.items()
            if sequence < start
        }

    def see(self, record: Record) -> None:
        """Takes the next record."""
        if record.target == TARGET:
            if record.act == _WITNESS:
                self._end_unit(record)
            self._unit.clear()
        else:
            self._unit.append(record)
        line = self._lines.get(record.sequence)
        if line is None:
            missing = record.sequence >= self._began and record.act in _TOLD
            self.found.expect(not missing, record.target, "not-in-feed", _ABSENT)
            return
        self._seen.add(record.sequence)
        said = (line["identifier"], line["act"], line["recorded_at"])
        same = said == (record.target, record.act, record.at)
        self.found.expect(same, line["identifier"], "feed-differs", _DIFFERS)

    def _end_unit(self, witness: Record) -> None:
        """What one commit has told: each of its acts on a certificate that moved, and how far."""
        acts = (witness.details or {}).get("acts")
        if not isinstance(acts, int) or not 0 < acts <= len(self._unit):
            self._blind()
            return
        by_target: dict[str, list[Record]] = {}
        for record in list(self._unit)[-acts:]:
            by_target.setdefault(record.target, []).append(record)
        for target, records in by_target.items():
            self._end_moves(target, [one for one in records if one.act not in _QUIET])
            for record in records:
                line = self._lines.get(record.sequence) if record.act in BESIDE else None
                if line is not None:
                    self._beside(target, line)

    def _blind(self) -> None:
        """A unit too large, cut off at the beginning of a part, or malformed, as others say.

        From it nothing is concluded; from then on versions are followed again.
        """
        self._told = {name: replace(told, exact=False) for name, told in self._told.items()}
        for record in self._unit:
            line = self._lines.get(record.sequence)
            if line is not None:
                self._told[record.target] = _Told(line["row_version"], line["state"], exact=False)

    def _end_moves(self, target: str, records: Sequence[Record]) -> None:
        lines = {record.sequence: self._lines.get(record.sequence) for record in records}
        told = [line for line in lines.values() if line is not None]
        if not told:
            return
        acts = {record.act for record in records}
        silent = {record.act for record in records if lines[record.sequence] is None}
        self.found.expect(silent <= _TOLD, target, "not-in-feed", _ABSENT)
        before, version, state = self._told.get(target), told[-1]["row_version"], told[-1]["state"]
        self._told[target] = _Told(version, state, exact=True)
        same = {(line["row_version"], line["state"]) for line in told} == {(version, state)}
        held = same and _follows(before, version, len(records), issued=_ISSUE in acts)
        self.found.expect(held, target, "feed-version", _SKIPPED)
        led = state in _led_to(acts, "" if before is None else before.state)
        self.found.expect(led, target, "feed-state", _MOVED)

    def _beside(self, target: str, line: Row) -> None:
        before = self._told.get(target)
        said = (line["row_version"], line["state"])
        same = before is None or not before.exact or said == (before.version, before.state)
        self.found.expect(same, target, "feed-version", _SKIPPED)

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
        for sequence, line in self._lines.items():
            self._end_line(sequence, line, ledger)
        return self.found

    def _end_line(self, sequence: int, line: Row, ledger: Ledger) -> None:
        certificate = ledger.certificates.get(line["identifier"])
        if certificate is not None:
            columns = ("type_code", "issuer_code")
            same = all(line[name] == certificate[name] for name in columns)
            self.found.expect(same, line["identifier"], "feed-other", _OTHER)
        if sequence >= self._from and sequence not in self._seen:
            self.found.broken(line["identifier"], "feed-unrecorded", *_UNRECORDED)


def _follows(before: _Told | None, version: int, acts: int, *, issued: bool) -> bool:
    """Whether a version comes next: each act of a commit moves it by one at most, one by one."""
    if before is None:
        return issued  # a draft has had versions before
    most = before.version + acts if before.exact else version
    return before.version < version <= most


def _led_to(acts: set[str], before: str) -> set[str]:
    """The states in which these acts may leave a certificate that stood in `before`."""
    steps = acts & _STEPS
    led = {state for (_, step), state in TABLE.items() if step in steps}
    if _ISSUE in acts:
        # A version is issued with the suspension that it takes over.
        return led & {_ISSUED, _SUSPENDED} if steps else {_ISSUED}
    return led or {before}
