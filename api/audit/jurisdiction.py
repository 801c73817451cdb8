"""Who may touch a certificate on a day: departments, their successors, entrusted units.

Told from docs/storage.md: when a department is merged, renamed or hands functions over, the
successor becomes responsible from that day on. A predecessor on that way is not told apart from
the department in office: a succession may have been put on record after the day it took effect.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from api.audit.database import Snapshot

_LEGAL = timezone(timedelta(hours=8))
_SUCCESSIONS = (
    "SELECT s.kind, s.predecessor_code, s.successor_code, s.effective_from, s.type_codes "
    "FROM department_successions s LEFT JOIN voided_events v ON v.event_id = s.event_id "
    "WHERE v.event_id IS NULL ORDER BY s.effective_from, s.recorded_at, s.event_id"
)
_MANDATES = (
    "SELECT type_code, issuer_code, principal_code FROM issue_list WHERE principal_code <> ''"
)


@dataclass(frozen=True, slots=True)
class _Step:
    successor: str
    day: str
    types: frozenset[str] | None


class Jurisdiction:
    """Successions and mandates of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._out: dict[str, list[_Step]] = defaultdict(list)
        for row in snapshot.rows(_SUCCESSIONS):
            types = frozenset(json.loads(row["type_codes"])) or None
            step = _Step(row["successor_code"], row["effective_from"], types)
            self._out[row["predecessor_code"]].append(step)
        self._units: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in snapshot.rows(_MANDATES):
            self._units[row["principal_code"], row["type_code"]].add(row["issuer_code"])

    def departments(self, issuer_code: str, type_code: str, at: str) -> frozenset[str]:
        """The issuer and whoever has stood in its place by the legal day of an instant."""
        return frozenset(self._path(issuer_code, type_code, legal_day(at)))

    def units(self, issuer_code: str, type_code: str) -> frozenset[str]:
        """Units that were ever entrusted by the issuer with a type."""
        return frozenset(self._units.get((issuer_code, type_code), ()))

    def _path(self, issuer_code: str, type_code: str, day: str) -> Iterator[str]:
        here, since = issuer_code, ""
        while True:
            yield here
            step = self._next(here, type_code, since, day)
            if step is None:
                return
            here, since = step.successor, step.day

    def _next(self, here: str, type_code: str, since: str, day: str) -> _Step | None:
        for step in self._out.get(here, ()):
            concerned = step.types is None or type_code in step.types
            if concerned and since <= step.day <= day and step.successor != here:
                return step
        return None


def legal_day(at: str) -> str:
    """The calendar day at UTC+8 of an instant, both as ISO text."""
    return datetime.fromisoformat(at).astimezone(_LEGAL).date().isoformat()
