"""Rotation: the next seal is there before the old one ends, and what the old one sealed stays good.

A seal is followed a lead before its end; a short-lived one in the last third of its life. The new
one is used from the commit on that brings it into the register: nobody waits, no process restarts.
A department whose seal comes from outside is never given one of our own instead: a request is
made, and somebody carries it there.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from certlib.errors import Invalid, SigningUnavailable
from keys import algorithms
from keys.custody import Seal, Snapshot
from keys.mint import SealOrder

__all__ = ["Rotation"]

_SHARE = 3
"""A lead is never longer than that part of a seal's life: or the next would be due at once."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """When seals are followed by others.

    Attributes:
        lead: how long before its end.
    """

    lead: timedelta

    def holds(self, snapshot: Snapshot, order: SealOrder, at: datetime) -> bool:
        """Whether the department's current seal is what `order` asks for, and for some time yet."""
        if not snapshot.holds(order, at):
            return False
        seal = snapshot.current_seal(order.issuer_code, at)
        return seal.outside or not self._due(seal, at, _end_of_issuing(snapshot))

    def orders(
        self, snapshot: Snapshot, names: Mapping[str, str], at: datetime
    ) -> Iterator[SealOrder]:
        """Seals of our own that departments need: they have none, bear another name, or it ends.

        A name that no X.509 certificate can carry (RFC 5280: 64 characters) gets no seal.
        """
        for order in self._wanted(snapshot, names, at):
            if not snapshot.outside(order.issuer_code) and not self.holds(snapshot, order, at):
                yield order

    def requests(
        self, snapshot: Snapshot, names: Mapping[str, str], at: datetime
    ) -> Iterator[SealOrder]:
        """Seals that an outside authority has to be asked for, and has not been asked for yet."""
        for order in self._wanted(snapshot, names, at):
            code = order.issuer_code
            if not snapshot.outside(code) or snapshot.requested(code):
                continue
            try:
                seal = snapshot.current_seal(code, at)
            except SigningUnavailable:
                yield order
                continue
            if not snapshot.holds(order, at) or self._due(seal, at, None):
                yield order

    def _wanted(
        self, snapshot: Snapshot, names: Mapping[str, str], at: datetime
    ) -> Iterator[SealOrder]:
        for code, name in names.items():
            algorithm = algorithms.ECDSA_P256
            with suppress(SigningUnavailable):
                algorithm = snapshot.current_seal(code, at).entry.algorithm
            with suppress(Invalid):
                yield SealOrder(code, name, algorithm)

    def _due(self, seal: Seal, at: datetime, limit: datetime | None) -> bool:
        """Whether it ends soon, and the next would end later (`limit`: no seal lasts longer)."""
        first, last = seal.info.not_before, seal.info.not_after
        if limit is not None and last >= limit:
            return False
        return at > last - min(self.lead, (last - first) / _SHARE)


def _end_of_issuing(snapshot: Snapshot) -> datetime:
    issuing = x509.load_der_x509_certificate(snapshot.register.issuing.certificate)
    return issuing.not_valid_after_utc
