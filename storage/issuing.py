"""Drafts, files added later, numbers drawn by the library, planned successions."""

from collections.abc import Sequence
from datetime import date, datetime

from certlib.certificate import Certificate
from certlib.numbers import NumberPattern
from certlib.registry import AddedForm, Draft, DraftQuery, Intent
from storage import drafts, form_intents, records, serials, successions
from storage.link import Link


class IssuingReading:
    """The part of a session that reads them."""

    _link: Link

    def draft(self, identifier: str) -> Draft | None:
        """The draft that took this identifier, whatever became of it."""
        return drafts.find(self._link, identifier)

    def drafts(self, query: DraftQuery) -> Sequence[Draft]:
        """One page, oldest first."""
        return drafts.listed(self._link, query)

    def lineage(self, identifier: str) -> Sequence[Certificate]:
        """Every published version of the lineage, oldest first."""
        return records.lineage(self._link, identifier)

    def form_intents(self, identifier: str) -> Sequence[Intent]:
        """Intents that add a file to this certificate, whatever became of them."""
        return form_intents.of_certificate(self._link, identifier)

    def due_successions(self, day: date, limit: int) -> Sequence[str]:
        """Versions that a renewal replaces by `day`."""
        return successions.due(self._link, day, limit)


class IssuingWriting(IssuingReading):
    """The part of a unit of work that keeps them."""

    def draw_number(self, issuer_code: str, type_code: str, pattern: NumberPattern) -> str:
        """The next free number, never the same twice."""
        return serials.draw(self._link, issuer_code, type_code, pattern)

    def put_draft(self, draft: Draft) -> None:
        """Keeps a new draft and claims its number; `FaceNumberTaken`, `Conflict`."""
        drafts.put(self._link, draft)

    def save_draft(self, draft: Draft, expected_version: int) -> None:
        """Keeps approvals or the end of an open draft; `StaleVersion`."""
        drafts.save(self._link, draft, expected_version)

    def seal_draft(self, draft: Draft, intent: Intent, expected_version: int) -> None:
        """Hands an open draft over to its intent; `StaleVersion`."""
        drafts.seal(self._link, draft, intent, expected_version)

    def reserve_form(self, intent: Intent) -> None:
        """Writes the intent to add one file; `FormTaken`, `Conflict`."""
        form_intents.reserve(self._link, intent)

    def lease_forms(self, now: datetime, until: datetime, limit: int) -> Sequence[Intent]:
        """Pending intents to add a file whose lease has ended, leased until `until`."""
        return form_intents.lease(self._link, now, until, limit)

    def note_form_attempt(self, storage_key: str, error: str, *, outage: bool = False) -> None:
        """Counts a failed attempt and ends the lease; `Conflict` when not pending."""
        form_intents.note_attempt(self._link, storage_key, error, outage=outage)

    def burn_form(self, storage_key: str, reason: str) -> None:
        """Gives an intent to add a file up; `Conflict` when not pending."""
        form_intents.burn(self._link, storage_key, reason)

    def publish_form(self, added: AddedForm) -> None:
        """The file joins its certificate; `Conflict` when the intent is no longer pending."""
        form_intents.publish(self._link, added)

    def plan_succession(self, certificate: Certificate, expected_version: int, due: date) -> None:
        """Keeps the successor of a version that stays in force until `due`; `StaleVersion`."""
        successions.plan(self._link, certificate, expected_version, due)

    def settle_succession(self, identifier: str) -> None:
        """Forgets a planned succession."""
        successions.settle(self._link, identifier)
