"""Clock and keys of the timestamp authority, looked at beside a server that runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.configuration import reading_settings
from api.cli.local import own_authority
from api.clock import SystemClock, SystemEntropy
from api.doctor import instruments as doctors
from api.doctor.model import Subject
from api.stamping import Asked, ClockStanding, stamp_clock

if TYPE_CHECKING:
    from keys.custody import TimestampKey

__all__ = ["Standing", "accept", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with what stamps; `keys` oldest first."""

    clock: ClockStanding
    keys: Sequence["TimestampKey"]
    sources: Sequence[Asked] = ()

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        problem = self.clock.problem
        return {
            "clock": {
                "believed": problem is None,
                "reason": "" if problem is None else problem.values["reason"],
                "synchronised": self.clock.synchronised,
                "jump_seconds": self.clock.jump,
                "behind_seconds": self.clock.behind,
            },
            "keys": [
                {
                    "name": key.name,
                    "state": key.state,
                    "signs_from": key.signs_from.isoformat(),
                    "signs_until": key.signs_until.isoformat(),
                    "not_after": key.not_after.isoformat(),
                }
                for key in self.keys
            ],
            "sources": [
                {"name": one.name, "fault": _fault(one), "ms": one.ms} for one in self.sources
            ],
        }


def standing(data_dir: Path) -> Standing:
    """How it is now; nothing is made, and authorities elsewhere are asked for a token each.

    Raises:
        UsageProblem: there are no keys, or a setting is wrong.
        KeyUnusable: no key-encryption key, or the wrong one.
        SigningUnavailable: what is kept of the clock cannot be read.
    """
    authority, settings = own_authority(data_dir), reading_settings(data_dir)
    clock = stamp_clock(settings, SystemClock()).standing()
    asked = doctors.timestamp_sources(Subject(settings, SystemClock(), SystemEntropy()))
    return Standing(clock, authority.timestamp_keys(), asked)


def _fault(one: Asked) -> str:
    return "" if one.error is None else str(one.error.values.get("what", one.error.code))


def accept(data_dir: Path) -> tuple[ClockStanding, datetime]:
    """Believes the clock as it stands; how it was before, and what time it is.

    Raises:
        UsageProblem: there are no keys, or a setting is wrong.
        SigningUnavailable: the folder cannot be written.
    """
    own_authority(data_dir)
    clock = SystemClock()
    return stamp_clock(reading_settings(data_dir), clock).accept(), clock.now()
