"""Restrictions: what others may lay upon a right, beside its state and in two times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RestrictionKind(StrEnum):
    """Restrictions stand beside the state."""

    SEIZED = "seized"
    FROZEN = "frozen"
    MORTGAGED = "mortgaged"
    OBJECTION = "objection"
    CLOSED = "closed"
    IRREGULAR = "irregular"

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return _ZH[self]

    @property
    def en(self) -> str:
        """The kind in English."""
        return _EN[self]


_ZH: Mapping[RestrictionKind, str] = {
    RestrictionKind.SEIZED: "查封",
    RestrictionKind.FROZEN: "冻结",
    RestrictionKind.MORTGAGED: "抵押",
    RestrictionKind.OBJECTION: "异议",
    RestrictionKind.CLOSED: "责令停业",
    RestrictionKind.IRREGULAR: "经营异常",
}
_EN: Mapping[RestrictionKind, str] = {
    RestrictionKind.SEIZED: "seized",
    RestrictionKind.FROZEN: "frozen",
    RestrictionKind.MORTGAGED: "mortgaged",
    RestrictionKind.OBJECTION: "objection raised",
    RestrictionKind.CLOSED: "ordered to cease business",
    RestrictionKind.IRREGULAR: "listed as irregular",
}


@dataclass(frozen=True, slots=True)
class Restriction:
    """A seizure, freeze, mortgage, objection, closure order or irregularity entry.

    Kind, authority, document number and first day tell one from another; several of one kind may
    stand side by side.

    Attributes:
        effective_to: the last day, where the order names one.
        lifted_on: the first day on which it no longer binds; `lift_document` is the order's number.
        recorded_at, lifted_at: when it and its lifting came on record; None for times before
            that was kept.
    """

    kind: RestrictionKind
    authority: str
    document_number: str
    effective_from: date
    effective_to: date | None = None
    lifted_on: date | None = None
    recorded_at: datetime | None = None
    lift_document: str = ""
    lifted_at: datetime | None = None

    @property
    def key(self) -> tuple[RestrictionKind, str, str, date]:
        """What tells it from others of the same certificate."""
        return self.kind, self.authority, self.document_number, self.effective_from

    def in_force(self, day: date, known_at: datetime | None = None) -> bool:
        """Whether it binds on `day`, as known at `known_at`.

        Both ends are inclusive; it does not bind on the day on which it is lifted.
        """
        if day < self.effective_from or not _known(self.recorded_at, known_at):
            return False
        lifted = self.lifted_on is not None and _known(self.lifted_at, known_at)
        if lifted and self.lifted_on is not None and day >= self.lifted_on:
            return False
        return self.effective_to is None or day <= self.effective_to


def _known(recorded_at: datetime | None, known_at: datetime | None) -> bool:
    return known_at is None or recorded_at is None or recorded_at <= known_at
