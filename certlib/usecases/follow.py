"""Follow the changes: the feed from a place on, without a gap. A department sees its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from certlib.calendar import legal_day
from certlib.departments import Holding
from certlib.ports import Clock
from certlib.registry import ReadSession, Registry
from certlib.registry.notices import Change, ChangeQuery
from certlib.usecases.access import access_of
from certlib.usecases.caller import CHANGES, OPERATE, Caller

START = 0
"""Before the first act."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Lines of the feed.

    Attributes:
        after: where the next page begins; the place given when there is nothing new.
        more: whether there is more already.
    """

    changes: Sequence[Change]
    after: int
    more: bool


class FollowChanges:
    """Reads the change feed as a department may see it (INV-10)."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def page(self, caller: Caller, after: int, limit: int, type_code: str = "") -> FeedPage | None:
        """At most `limit` changes after a place; None when the record has not come that far.

        A place beyond the record's end was given out by another record, or by this one before an
        older backup took its place: whoever goes on from it would miss what happens meanwhile.

        Raises:
            ScopeMissing: the caller may not follow changes.
        """
        caller.need(CHANGES)
        types = frozenset({type_code} if type_code else ())
        with self._registry.read() as session:
            if after > session.last_sequence():
                return None
            within = self._within(session, caller)
            found = session.changes(ChangeQuery(after, limit + 1, within, types))
        shown = found[:limit]
        place = shown[-1].sequence if shown else after
        return FeedPage(shown, place, len(found) > limit)

    def end(self, caller: Caller) -> int:
        """The place behind everything that has happened so far.

        Raises:
            ScopeMissing: the caller may not follow changes.
        """
        caller.need(CHANGES)
        with self._registry.read() as session:
            return session.last_sequence()

    def _within(self, session: ReadSession, caller: Caller) -> tuple[Holding, ...] | None:
        """What the department is responsible for today; the library's operator follows all."""
        if OPERATE in caller.scopes:
            return None
        day = legal_day(self._clock.now())
        access = access_of(session, caller, day)
        return access.jurisdiction.holdings(caller.department_code, day)
