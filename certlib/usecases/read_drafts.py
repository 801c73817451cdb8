"""Read drafts: the own department's, one by one or listed, and the page for the reviewer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certlib.calendar import legal_day
from certlib.errors import TypeUnknown
from certlib.ports import Clock
from certlib.registry import Draft, DraftQuery, DraftStatus, IntentStatus, Registry
from certlib.usecases.access import access_of
from certlib.usecases.caller import READ, Caller
from certlib.usecases.drafts import visible_draft
from certlib.usecases.produce import Workshop


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft, and what became of its intent once it was sealed: None before."""

    draft: Draft
    outcome: IntentStatus | None


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One page of a list; `after` names where the next one begins, "" at the end."""

    drafts: Sequence[Draft]
    after: str


class ReadDrafts:
    """Reads drafts as a department may see them (INV-10)."""

    def __init__(self, registry: Registry, workshop: Workshop, clock: Clock) -> None:
        self._registry = registry
        self._workshop = workshop
        self._clock = clock

    def draft(self, caller: Caller, identifier: str) -> DraftView:
        """The draft, whatever became of it.

        Raises:
            ScopeMissing: the caller may not read.
            DraftNotFound: not on record, or in another department's care.
        """
        caller.need(READ)
        with self._registry.read() as session:
            found = visible_draft(session, caller, identifier, self._clock.now())
            intent = session.intent(identifier)
        return DraftView(found, None if intent is None else intent.status)

    def listed(self, caller: Caller, status: DraftStatus, limit: int, after: str) -> DraftPage:
        """One page of the drafts in the department's care, oldest first."""
        caller.need(READ)
        with self._registry.read() as session:
            within = access_of(session, caller, self._today()).holdings()
            found = session.drafts(DraftQuery(within, status, limit + 1, after))
        shown = found[:limit]
        return DraftPage(shown, shown[-1].identifier if len(found) > limit else "")

    def page(self, caller: Caller, identifier: str) -> bytes:
        """The unsealed page, marked as a draft: a PDF that is of no use as a certificate.

        Raises:
            ScopeMissing, DraftNotFound: as `draft`.
        """
        content = self.draft(caller, identifier).draft.content
        with self._registry.read() as session:
            version = session.type_version(content.type_code, content.type_version)
        if version is None:
            raise TypeUnknown(type_code=content.type_code)
        return self._workshop.draft_page(content, version)

    def _today(self) -> date:
        return legal_day(self._clock.now())
