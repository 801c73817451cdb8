"""Reveal: read a certificate with nothing masked. The history says who did, and when."""

from certlib.certificate import Certificate
from certlib.ports import Clock
from certlib.registry import AuditRecord, Registry
from certlib.usecases.caller import REVEAL, Caller


class RevealCertificates:
    """Lets names, numbers and sensitive fields be seen, and keeps that they were."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def reveal(self, caller: Caller, certificate: Certificate) -> None:
        """To be called before anything unmasked is answered: no audit record, no act.

        Raises:
            ScopeMissing: the caller may not see what is masked.
            StoreUnavailable: the record of it could not be kept.
        """
        caller.need(REVEAL)
        record = AuditRecord(
            self._clock.now(),
            caller.actor,
            "reveal",
            certificate.identifier,
            {"request_id": caller.request_id},
        )
        with self._registry.begin() as uow:
            uow.append_audit([record])
            uow.commit()
