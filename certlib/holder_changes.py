"""What happens to holders: renamed, recoded, merged, divided, ended. Dated, sourced, kept for ever.

The key of a holder is (code type, normalised code); names are dated attributes of it. Certificates
stay as they were sealed. Nothing is merged silently: whose certificates belong together follows
from events alone, walked in the order of their days, and an event declared void counts for nothing.
A new code is the same holder. A merger gives the successor access to what its predecessors hold.
After a division the papers of the division say who took over what: the record alone cannot.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from certlib.document import Holder
from certlib.holders import name_key
from certlib.sources import Source


@dataclass(frozen=True, slots=True)
class HolderKey:
    """Who a holder is: code type (three digits) and normalised code."""

    code_type: str
    code: str


def key_of(holder: Holder) -> HolderKey:
    """The key of a holder whose code is normalised."""
    return HolderKey(holder.code_type, holder.code)


class ChangeKind(StrEnum):
    """What may happen to a holder."""

    RENAMED = "renamed"
    RECODED = "recoded"
    MERGED = "merged"
    DIVIDED = "divided"
    DIED = "died"
    DISSOLVED = "dissolved"

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return _KIND_ZH[self]


_KIND_ZH: Mapping[ChangeKind, str] = {
    ChangeKind.RENAMED: "更名",
    ChangeKind.RECODED: "代码变更",
    ChangeKind.MERGED: "合并",
    ChangeKind.DIVIDED: "分立",
    ChangeKind.DIED: "死亡",
    ChangeKind.DISSOLVED: "终止",
}

ENDINGS = frozenset({ChangeKind.RECODED, ChangeKind.MERGED, ChangeKind.DIED, ChangeKind.DISSOLVED})
"""After these nothing can happen to the same key; a divided organisation may go on."""

_SAME = frozenset({ChangeKind.RENAMED, ChangeKind.RECODED})
_MOVES = frozenset({ChangeKind.RECODED, ChangeKind.MERGED})


@dataclass(frozen=True, slots=True)
class HolderChange:
    """One event. Holders stand with the names they bore right before and right after it.

    Attributes:
        reason_code: of a new code, one of `certlib.holder_rules.RECODE_REASONS`; "" otherwise.
        department_code: credit code of the department that recorded it.
    """

    event_id: str
    kind: ChangeKind
    before: tuple[Holder, ...]
    after: tuple[Holder, ...]
    effective_from: date
    source: Source
    reason_code: str = ""
    department_code: str = ""

    def concerns(self, key: HolderKey) -> bool:
        """Whether it happened to the holder of this key."""
        return any(key_of(holder) == key for holder in self.before)

    def leads_to(self, key: HolderKey) -> bool:
        """Whether the holder of this key came out of it."""
        return any(key_of(holder) == key for holder in self.after)

    @property
    def keys(self) -> frozenset[HolderKey]:
        """Keys of everybody in it."""
        return frozenset(key_of(holder) for holder in (*self.before, *self.after))

    @property
    def order(self) -> tuple[date, bool, datetime, str]:
        """Its place among other events: by day, new keys last, then as recorded."""
        moves = self.kind in _MOVES
        return self.effective_from, moves, self.source.recorded_at, self.event_id


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of a sealed holder by some day.

    Attributes:
        sealed: as the certificate has it, for ever.
        current: present name and code: the same holder, or who took its place in a merger.
        own: its own last name and code, whoever took its place.
        names: every name that it is known to have borne itself, the sealed one included.
        keys: every key likewise.
        heirs: who took its place in a merger, by every name and code since.
        divided: who came out of its divisions.
        gone: the merger, death or dissolution after which it is no more, if any.
        ended: the death or dissolution, its own or that of who took its place, if any.
    """

    sealed: Holder
    current: Holder
    own: Holder
    names: frozenset[str]
    keys: frozenset[HolderKey]
    heirs: tuple[Holder, ...] = ()
    divided: tuple[Holder, ...] = ()
    gone: HolderChange | None = None
    ended: HolderChange | None = None

    @property
    def changed(self) -> bool:
        """Whether name or code differ from the sealed ones."""
        return self.current != self.sealed


class Chronicle:
    """Events in the order of their days, as known at an instant."""

    def __init__(self, changes: Iterable[HolderChange], known_at: datetime | None = None) -> None:
        """Takes events in any order; None: as known today."""
        standing = (item for item in changes if item.source.stands(known_at))
        self._changes = tuple(sorted(standing, key=lambda item: item.order))

    def standing(self, sealed: Holder, sealed_on: date, day: date) -> Standing:
        """What has become by `day` of a holder sealed with this name on `sealed_on`.

        A renaming before the sealing says nothing against the sealed name, which is younger.
        """
        walk = _Walk(sealed, sealed, {sealed.name}, {key_of(sealed)})
        for change in self._forward(key_of(sealed), day):
            walk.take(change, younger=change.effective_from > sealed_on)
        for change in self._earlier_selves(key_of(sealed), day):
            walk.names |= {holder.name for holder in (*change.before, *change.after)}
            walk.keys |= {key_of(holder) for holder in change.before}
        return Standing(
            sealed,
            walk.current,
            walk.own,
            frozenset(walk.names),
            frozenset(walk.keys),
            tuple(walk.heirs),
            tuple(walk.divided),
            walk.gone,
            walk.ended,
        )

    def belonging(self, key: HolderKey, day: date) -> frozenset[HolderKey]:
        """Every key whose certificates belong to the holder of `key`, itself among them.

        Its older and newer codes, and those of whoever was merged into it or divided into it.
        """
        found: dict[HolderKey, date] = {}
        for own in self._selves(key, day):
            self._gather(own, day, found)
        return frozenset(found)

    def bearers(self, name: str, day: date) -> frozenset[HolderKey]:
        """Keys of holders that bore `name` at some time."""
        wanted = name_key(name)
        return frozenset(
            key_of(holder)
            for change in self._changes
            if change.effective_from <= day
            for holder in (*change.before, *change.after)
            if name_key(holder.name) == wanted
        )

    def _forward(self, key: HolderKey, day: date) -> Iterator[HolderChange]:
        """Events of the holder one after the other, under whatever key it has by then."""
        past = [item for item in self._changes if item.effective_from <= day]
        since = date.min
        while True:
            fits = (item for item in past if item.effective_from >= since and item.concerns(key))
            change = next(fits, None)
            if change is None:
                return
            yield change
            past.remove(change)
            since = change.effective_from
            if change.kind in _MOVES:
                key = key_of(change.after[0])

    def _earlier_selves(self, key: HolderKey, day: date) -> Iterator[HolderChange]:
        """The same holder's earlier names and codes, youngest first."""
        same = [item for item in reversed(self._changes) if item.kind in _SAME]
        upto = day
        while True:
            fits = (item for item in same if item.effective_from <= upto and item.leads_to(key))
            change = next(fits, None)
            if change is None:
                return
            yield change
            same.remove(change)
            upto = change.effective_from
            key = key_of(change.before[0])

    def _selves(self, key: HolderKey, day: date) -> Iterator[HolderKey]:
        """The key and those that replaced it, by new codes."""
        yield key
        for change in self._forward(key, day):
            if change.kind is ChangeKind.MERGED:
                return
            if change.kind is ChangeKind.RECODED:
                yield key_of(change.after[0])

    def _gather(self, key: HolderKey, upto: date, found: dict[HolderKey, date]) -> None:
        """Goes back in time from `key`; a key is looked at again only with a later bound."""
        open_ = [(key, upto)]
        while open_:
            here, bound = open_.pop()
            if found.get(here, date.min) >= bound:
                continue
            found[here] = bound
            open_ += [
                (key_of(holder), change.effective_from)
                for change in self._changes
                if change.effective_from <= bound and change.leads_to(here)
                for holder in change.before
            ]


@dataclass(slots=True)
class _Walk:
    """A walk along a holder's events."""

    current: Holder
    own: Holder
    names: set[str]
    keys: set[HolderKey]
    heirs: list[Holder] = field(default_factory=list)
    divided: list[Holder] = field(default_factory=list)
    gone: HolderChange | None = None
    ended: HolderChange | None = None

    def take(self, change: HolderChange, *, younger: bool) -> None:
        """One step; `younger`: it took effect after the certificate was sealed."""
        match change.kind:
            case ChangeKind.RENAMED | ChangeKind.RECODED:
                self._becomes(change, younger=younger)
            case ChangeKind.MERGED:
                self.gone = self.gone or change
                self.current = change.after[0]
                self.heirs.append(self.current)
            case ChangeKind.DIVIDED:
                self.divided += change.after
            case _:  # died, dissolved
                self.gone = self.gone or change
                self.ended = change

    def _becomes(self, change: HolderChange, *, younger: bool) -> None:
        """Another name or code of the same holder, or of who has taken its place."""
        before = next(item for item in change.before if key_of(item) == key_of(self.current))
        after = change.after[0]
        self.current = after if younger else replace(after, name=self.current.name)
        if self.heirs:
            self.heirs += [before, after]
            return
        self.own = self.current
        self.names |= {before.name, after.name}
        self.keys.add(key_of(after))
