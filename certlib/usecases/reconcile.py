"""The reconciler: finishes or burns what a crash left as INTENT, with the normal path's steps.

It also carries out what was planned for a day: a version that a renewal replaces.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.errors import CertlibError, Conflict, Corrupt
from certlib.ports import Clock
from certlib.registry import Intent, Registry, UnitOfWork
from certlib.registry.stops import ALL
from certlib.usecases.burn import burn
from certlib.usecases.intend import LEASE, current_intent, note_attempt
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import HOPELESS, publish, publish_form
from certlib.usecases.succession import settle

_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one round did: numbers of intents, and of planned successions carried out."""

    published: int = 0
    failed: int = 0
    burned: int = 0
    settled: int = 0


class Reconcile:
    """Takes over intents whose lease has ended."""

    def __init__(
        self, registry: Registry, workshop: Workshop, clock: Clock, max_faults: int = 8
    ) -> None:
        self._registry = registry
        self._workshop = workshop
        self._clock = clock
        self._max_faults = max_faults

    def run(self, limit: int = 50, *, take_over: bool = False) -> Reconciled:
        """One round over at most `limit` intents.

        `take_over` ignores leases: right only where no other process can be alive (the single
        process of the embedded profile, at its start).
        """
        now = self._clock.now()
        overdue = _END_OF_TIME if take_over else now
        with self._registry.begin() as uow:
            leased = (
                []
                if _halted(uow)
                else [
                    *uow.lease_intents(overdue, now + LEASE, limit),
                    *uow.lease_forms(overdue, now + LEASE, limit),
                ]
            )
            uow.commit()
        results = [self._finish(intent) for intent in leased]
        return Reconciled(
            published=results.count("published"),
            failed=results.count("failed"),
            burned=results.count("burned"),
            settled=self._settle(limit),
        )

    def _finish(self, intent: Intent) -> str:
        if intent.faults >= self._max_faults:  # outages are none, however long they last
            return self._burn(intent, intent.last_error or "given-up")
        try:
            with self._registry.read() as session:
                version = session.type_version(
                    intent.content.type_code, intent.content.type_version
                )
            if version is None:
                return self._burn(intent, "type-unknown")
            self._publish(intent, version)
        except HOPELESS as error:
            return self._burn(intent, error.code)
        except CertlibError as error:
            return self._note(intent, error)
        except Exception as error:  # noqa: BLE001 - one intent must not keep the others waiting
            return self._note(intent, Corrupt(what=type(error).__name__))
        return "published"

    def _publish(self, intent: Intent, version: TypeVersion) -> None:
        if intent.adds_form:
            added = self._workshop.add(intent, version)
            publish_form(self._registry, added, self._clock.now())
            return
        publication = self._workshop.produce(intent, version)
        publish(self._registry, [publication], self._clock.now())

    def _settle(self, limit: int) -> int:
        """Ends the versions whose renewal has begun; each in a commit of its own."""
        now = self._clock.now()
        with self._registry.read() as session:
            due = session.due_successions(legal_day(now), limit)
        settled = 0
        for identifier in due:
            # What cannot be carried out now is due in the next round; the others go on.
            with suppress(CertlibError), self._registry.begin() as uow:
                done = settle(uow, identifier, now)
                uow.commit()
                settled += done
        return settled

    def _note(self, intent: Intent, error: CertlibError) -> str:
        with self._registry.begin() as uow:
            current = current_intent(uow, intent)
            if current is not None and current.status is not intent.status:
                return "published"  # another process was faster
            note_attempt(uow, intent, error)
            uow.commit()
        return "failed"

    def _burn(self, intent: Intent, reason: str) -> str:
        try:
            burn(self._registry, self._workshop.objects, self._clock, intent, reason)
        except Conflict:
            return "published"  # another process was faster
        except CertlibError:
            return "failed"  # the next round tries again
        return "burned"


def _halted(uow: UnitOfWork) -> bool:
    """While all sealing is halted intents wait, and use up none of their attempts."""
    return any(stop.scope == ALL for stop in uow.sealing_stops())
