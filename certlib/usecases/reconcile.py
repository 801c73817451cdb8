"""The reconciler: finishes or burns what a crash left as INTENT, with the normal path's steps."""

from dataclasses import dataclass
from datetime import UTC, datetime

from certlib.errors import CertlibError, Conflict, Unavailable
from certlib.ports import Clock
from certlib.registry import Intent, Registry
from certlib.usecases.burn import burn
from certlib.usecases.issue import LEASE
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import HOPELESS, publish

_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_OUTAGE_KINDS: tuple[type[CertlibError], ...] = (Unavailable, *Unavailable.__subclasses__())
_OUTAGES = frozenset(kind.code for kind in _OUTAGE_KINDS)
"""Codes of what passes: an outage never burns an intent, however long it lasts."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one round did: numbers of intents."""

    published: int = 0
    failed: int = 0
    burned: int = 0


class Reconcile:
    """Takes over intents whose lease has ended."""

    def __init__(
        self, registry: Registry, workshop: Workshop, clock: Clock, max_attempts: int = 8
    ) -> None:
        self._registry = registry
        self._workshop = workshop
        self._clock = clock
        self._max_attempts = max_attempts

    def run(self, limit: int = 50, *, take_over: bool = False) -> Reconciled:
        """One round over at most `limit` intents.

        `take_over` ignores leases: right only where no other process can be alive (the single
        process of the embedded profile, at its start).
        """
        now = self._clock.now()
        with self._registry.begin() as uow:
            leased = uow.lease_intents(_END_OF_TIME if take_over else now, now + LEASE, limit)
            uow.commit()
        results = [self._finish(intent) for intent in leased]
        return Reconciled(
            published=results.count("published"),
            failed=results.count("failed"),
            burned=results.count("burned"),
        )

    def _finish(self, intent: Intent) -> str:
        if intent.attempts >= self._max_attempts and intent.last_error not in _OUTAGES:
            return self._burn(intent, intent.last_error or "given-up")
        try:
            with self._registry.read() as session:
                version = session.type_version(
                    intent.content.type_code, intent.content.type_version
                )
            if version is None:
                return self._burn(intent, "type-unknown")
            publication = self._workshop.produce(intent, version)
            publish(self._registry, [publication], self._clock.now())
        except HOPELESS as error:
            return self._burn(intent, error.code)
        except CertlibError as error:
            return self._note(intent, error)
        return "published"

    def _note(self, intent: Intent, error: CertlibError) -> str:
        with self._registry.begin() as uow:
            current = uow.intent(intent.identifier)
            if current is not None and current.status is not intent.status:
                return "published"  # another process was faster
            uow.note_attempt(intent.identifier, error.code)
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
