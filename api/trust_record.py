"""Which trust list came into force, and when, in the history.

The list is a file beside the record, and whoever replaces it is not asked by us: so the node itself
tells when it began to believe another one, also an older one that an operator brought back.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.parts import Record
from certlib.ports import Clock
from certlib.registry import AuditRecord, ReadSession

__all__ = ["ACT", "TARGET", "recorded"]

ACT: Final = "trust-list-in-force"
TARGET: Final = "trust-list"
_ACTOR: Final = "node"
_NONE: Final[Mapping[str, str | int]] = {"version": 0}


def recorded(registry: Record, clock: Clock, listed: Mapping[str, str | int]) -> bool:
    """Writes the list in force (`TrustStanding.named`) into the history, if the last is another.

    False where another process is at it: to be asked again.

    Raises:
        StoreUnavailable: the record does not answer.
    """
    named = listed or _NONE
    with registry.read() as session:
        if _last(session) == named:
            return True
    with registry.alone(TARGET) as mine:
        if not mine:
            return False
        with registry.begin() as uow:
            if _last(uow) != named:
                uow.append_audit([AuditRecord(clock.now(), _ACTOR, ACT, TARGET, dict(named))])
                uow.commit()
    return True


def _last(session: ReadSession) -> Mapping[str, Any]:
    """What the history says last; of a history that says nothing, that there is no list."""
    told = [item.details for item in session.history_of(TARGET) if item.act == ACT]
    return told[-1] if told else _NONE
