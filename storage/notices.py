"""The change feed, webhooks and their deliveries: the parts of sessions and units."""

from collections.abc import Iterable, Mapping, Sequence

from certlib.registry import StatusRow
from certlib.registry.notices import Change, ChangeQuery
from storage import changes, statuses
from storage.link import Link


class NoticeReading:
    """The part of a session that reads them."""

    _link: Link

    def statuses(self, identifiers: Iterable[str]) -> Mapping[str, StatusRow]:
        """Status rows of many certificates by identifier."""
        return statuses.many(self._link, identifiers)

    def changes(self, query: ChangeQuery) -> Sequence[Change]:
        """Lines of the feed in their order."""
        return changes.page(self._link, query)

    def last_sequence(self) -> int:
        """The sequence of the last committed act."""
        return changes.last_sequence(self._link)


class NoticeWriting(NoticeReading):
    """The part of a unit of work that keeps them."""
