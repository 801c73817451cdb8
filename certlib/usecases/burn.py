"""Burn: give an intent up for good. Its identifier is never used again."""

from certlib.ports import Clock, ObjectStore
from certlib.registry import AuditRecord, Intent, Registry


def burn(
    registry: Registry, objects: ObjectStore, clock: Clock, intent: Intent, reason: str
) -> None:
    """Burns `intent` and frees its face number and idempotency key, in one commit.

    `reason` is a stable code, for the history.

    Raises:
        Conflict: the intent is no longer pending.
        StoreUnavailable: the commit was not confirmed.
    """
    record = AuditRecord(clock.now(), "reconciler", "burn", intent.identifier, {"reason": reason})
    with registry.begin() as uow:
        uow.burn(intent.identifier, reason)
        uow.release_idempotency(intent.client_id, intent.route, intent.idempotency_key)
        uow.append_audit([record])
        # Before the commit, while the intent's row is ours: a crash in between leaves an intent
        # without an object, which is sealed anew; after it, a sealed orphan would stay (INV-1).
        objects.remove(intent.object_name())
        uow.commit()
