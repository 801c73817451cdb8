"""Burn: give an intent up for good. Its identifier is never used again.

An intent to add a file burns alone: its certificate stays, and that file may be asked for again.
"""

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
    act, details = "burn", {"reason": reason}
    if intent.adds_form:
        act = "burn-form"
        details |= {"form": intent.content.form, "copy_number": str(intent.content.copy_number)}
    record = AuditRecord(clock.now(), "reconciler", act, intent.identifier, details)
    with registry.begin() as uow:
        if intent.adds_form:
            uow.burn_form(intent.storage_key, reason)
        else:
            uow.burn(intent.identifier, reason)
            uow.withdraw_sheets(intent.identifier)
        uow.release_idempotency(intent.client_id, intent.route, intent.idempotency_key)
        uow.append_audit([record])
        # Before the commit, while the intent's row is ours: a crash in between leaves an intent
        # without its objects, which are sealed anew; after it, sealed orphans would stay (INV-1).
        remove_files(objects, intent)
        uow.commit()


def remove_files(objects: ObjectStore, intent: Intent) -> None:
    """Sweeps whatever lies under the names of an intent that came to nothing.

    Raises:
        StoreUnavailable: the store does not answer.
    """
    for file in intent.files:
        objects.remove(file.object_name)
