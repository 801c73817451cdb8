"""Finish: what may go wrong between intent and publication, and what becomes of the intent then."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from certlib.catalogue import TypeVersion
from certlib.errors import CertlibError, Invalid
from certlib.ports import Clock, ObjectStore
from certlib.registry import Intent, IntentStatus, Registry
from certlib.usecases.burn import burn, remove_files
from certlib.usecases.intend import current_intent, note_attempt
from certlib.usecases.publish import HOPELESS

_Made = TypeVar("_Made")


class Finish:
    """Keeps the record of intents honest while they are worked on."""

    def __init__(self, registry: Registry, objects: ObjectStore, clock: Clock) -> None:
        self._registry = registry
        self._objects = objects
        self._clock = clock

    def make(
        self,
        step: Callable[[Intent, TypeVersion], _Made],
        intent: Intent,
        version: TypeVersion,
    ) -> _Made:
        """What `step` makes of the intent: its sealed and stored files.

        Raises:
            Invalid: the page itself refuses the order (its text does not fit): it is burned.
            CertlibError: an outage, or a seal that is not the intent; the reconciler tries again.
        """
        try:
            return step(intent, version)
        except Invalid as error:
            self._give_up(intent, error)
            raise
        except CertlibError as error:
            self._note(intent, error)
            raise

    def unpublished(self, intent: Intent, error: CertlibError) -> None:
        """The commit of its publication failed: burned where no later one can do better."""
        ended = self._give_up if isinstance(error, HOPELESS) else self._note
        ended(intent, error)
        self._leave_no_orphan(intent)

    def _give_up(self, intent: Intent, error: CertlibError) -> None:
        with suppress(CertlibError):
            burn(self._registry, self._objects, self._clock, intent, error.code)

    def _note(self, intent: Intent, error: CertlibError) -> None:
        # When even the note cannot be kept the lease ends by itself, and the reconciler tries.
        with suppress(CertlibError), self._registry.begin() as uow:
            note_attempt(uow, intent, error)
            uow.commit()

    def _leave_no_orphan(self, intent: Intent) -> None:
        """An intent burned behind our back, its lease over, must not keep what we stored."""
        with suppress(CertlibError):
            with self._registry.read() as session:
                found = current_intent(session, intent)
            if found is not None and found.status is IntentStatus.BURNED:
                remove_files(self._objects, intent)
