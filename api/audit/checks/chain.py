"""INV-7: the audit history has no gap and no change, and no act went without a record."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.audit.checks.batches import SealedHistory
from api.audit.checks.words import Words
from api.audit.database import Row, Snapshot
from api.audit.history import Record, records
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.scope import WHOLE, Progress, Scope, told
from api.audit.testimony import Testimony
from api.audit.transitions import TABLE

_GAP = ("审计记录序号有缺口", "the sequence has a gap")
_LINK = ("审计记录与前一条不衔接", "the record does not follow the one before")
_CHANGED = ("审计记录被改动", "the record was changed")
_HEAD = ("审计链末端与最后一条记录不符", "the head is not the last record")
_NO_HEAD = ("审计链没有末端记录", "the head of the chain is missing")
_UNRECORDED = ("有操作没有审计记录", "an act has no record in the history")
_UNDONE = ("审计记录中的状态变化已不在登记中", "a step that the history names is not on record")
_STEP = ("状态变化与其审计记录不符", "the step is not what the history says")
_DIGEST = ("审计记录中的文件摘要与登记不符", "the history names another file digest")
_ENDS = "SELECT sequence, digest FROM audit_head"
_STEPS = (
    "SELECT identifier, action, from_state, to_state, reason_code, effective_from, recorded_at, "
    "actor FROM state_changes ORDER BY identifier, sequence"
)
_ISSUE = "issue"
_RESERVING = frozenset({"reserve", "seal"})
"""Acts that write an intent: an order in one call, the seal of a draft."""
_STEP_OF = {_ISSUE: "seal"} | {step: step for _, step in TABLE if step != "seal"}
"""Acts that make a step, with the step's name."""
_SAID = {"from": "from_state", "to": "to_state"} | {
    name: name for name in ("reason_code", "effective_from")
}
"""What the details of an act may say of its step."""


@dataclass(frozen=True, slots=True)
class _Act:
    """An act of the history that made a step."""

    step: str
    at: str
    actor: str
    said: Mapping[str, Any]

    def made(self, row: Row) -> bool:
        """Whether `row` is the step; sealing ends a moment before its act is recorded."""
        same = (self.step, self.actor) == (row["action"], row["actor"])
        same = same and (self.step == "seal" or self.at == row["recorded_at"])
        return same and all(row[column] == value for column, value in self.said.items())


@dataclass(slots=True)
class _Memory:
    """What the walk remembers of the acts."""

    reserved: set[str] = field(default_factory=set)
    acts: defaultdict[str, list[_Act]] = field(default_factory=lambda: defaultdict(list))
    sealed: dict[str, str] = field(default_factory=dict)

    def note(self, record: Record) -> None:
        """Takes the next record."""
        if record.act in _RESERVING:
            self.reserved.add(record.target)
        if record.act in _STEP_OF:
            self.acts[record.target].append(_act(record))
        if record.act == _ISSUE and record.details is not None:
            self.sealed[record.target] = str(record.details.get("sha256"))


class Observer(Protocol):
    """Whoever walks along."""

    def see(self, record: Record) -> None:
        """Takes the next record."""
        ...


@dataclass(frozen=True, slots=True)
class Walk:
    """Who walks along the history.

    Attributes:
        history: holds it against its seals; others: look for what concerns them.
        scope: where it begins; progress: is told how far it is.
    """

    history: SealedHistory
    testimony: Testimony
    others: Sequence[Observer] = ()
    scope: Scope = WHOLE
    progress: Progress | None = None


def check(snapshot: Snapshot, ledger: Ledger, walk: Walk) -> Invariant:
    """Walks the chain from its first record to its head, then asks it for every act."""
    history, scope = walk.history, walk.scope
    found = history.found
    memory, words = _Memory(), Words(found, walk.testimony, cut=not scope.whole)
    sequence, previous = scope.first - 1, scope.previous
    for record in told(records(snapshot, scope.first), "history", 0, walk.progress):
        found.checked += 1
        sequence += 1
        subject = str(record.sequence)
        found.expect(record.sequence == sequence, subject, "gap", _GAP)
        found.expect(record.previous == previous, subject, "link", _LINK)
        found.expect(record.intact, subject, "changed", _CHANGED)
        memory.note(record)
        words.hear(record)
        history.see(record)
        for other in walk.others:
            other.see(record)
        # From here on the walk follows what is there: one gap is one violation.
        sequence, previous = record.sequence, record.digest
    history.end()
    _check_head(found, snapshot, sequence, previous)
    young = {name for name, intent in ledger.intents.items() if scope.young(intent)}
    for identifier in young:
        held = identifier in memory.reserved
        found.expect(held, identifier, "reserve-unrecorded", _UNRECORDED)
    _check_steps(found, snapshot, memory.acts, None if scope.whole else young)
    _check_digests(found, ledger, memory.sealed)
    return found


def _check_head(found: Invariant, snapshot: Snapshot, sequence: int, previous: str) -> None:
    heads = list(snapshot.rows(_ENDS))
    if found.expect(len(heads) == 1, "head", "no-head", _NO_HEAD):
        head = heads[0]
        same = (head["sequence"], head["digest"]) == (sequence, previous)
        found.expect(same, "head", "head", _HEAD)


def _act(record: Record) -> _Act:
    details = record.details or {}
    said = {column: details[name] for name, column in _SAID.items() if name in details}
    return _Act(_STEP_OF[record.act], record.at, record.actor, said)


def _check_steps(
    found: Invariant,
    snapshot: Snapshot,
    acts: Mapping[str, Sequence[_Act]],
    only: AbstractSet[str] | None,
) -> None:
    """Every step has its act and every act its step, in the same order; of `only` these."""
    steps: Counter[str] = Counter()
    for row in snapshot.rows(_STEPS):
        if only is not None and row["identifier"] not in only:
            continue
        identifier, place = row["identifier"], steps[row["identifier"]]
        steps[identifier] += 1
        recorded = acts.get(identifier, ())
        if found.expect(place < len(recorded), identifier, "step-unrecorded", _UNRECORDED):
            found.expect(recorded[place].made(row), identifier, "step-differs", _STEP)
    for identifier, recorded in acts.items():
        if only is not None and identifier not in only:
            continue
        held = len(recorded) <= steps[identifier]
        found.expect(held, identifier, "step-undone", _UNDONE)


def _check_digests(found: Invariant, ledger: Ledger, sealed: Mapping[str, str]) -> None:
    for identifier, digest_ in sealed.items():
        known = {file["sha256"] for file in ledger.files.get(identifier, ())}
        found.expect(digest_ in known, identifier, "digest-differs", _DIGEST)
