"""INV-14: no `valid` was ever said of what was not valid on record, whatever was missing then."""

from collections import defaultdict

from api.audit.database import Row, Snapshot
from api.audit.history import Record
from api.audit.jurisdiction import legal_day
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_UNKNOWN = ("曾答“有效”，登记中没有该证照", "called valid, and not on record")
_EARLY = ("登记之前曾答“有效”", "called valid before it was on record")
_ENDED = ("失效之后曾答“有效”", "called valid when it was not in force")
_PERIOD = ("有效期之外曾答“有效”", "called valid outside its period")
_STEPS = (
    "SELECT identifier, to_state, effective_from, recorded_at, until, automatic "
    "FROM state_changes ORDER BY identifier, sequence"
)
_IN_FORCE = "ISSUED"


class Verdicts:
    """Walks along the history and remembers what was called valid, and when."""

    def __init__(self) -> None:
        self.found = Invariant("INV-14")
        self._valid: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def see(self, record: Record) -> None:
        """Takes the next record."""
        if record.act == "verify" and record.details is not None:
            self.found.checked += 1
            if record.details.get("verdict") == "valid" and record.target:
                # The day and the knowledge that were asked for, or those of the answer.
                day = str(record.details.get("on", "") or legal_day(record.at))
                known = str(record.details.get("known_at", "") or record.at)
                self._valid[record.target].add((min(known, record.at), day))

    def end(self, snapshot: Snapshot, ledger: Ledger) -> Invariant:
        """Holds what was said against what was on record then."""
        steps: dict[str, list[Row]] = defaultdict(list)
        for row in snapshot.rows(_STEPS):
            if row["identifier"] in self._valid:
                steps[row["identifier"]].append(row)
        for identifier, instants in self._valid.items():
            certificate = ledger.certificates.get(identifier)
            if certificate is None:
                self.found.broken(identifier, "valid-unknown", *_UNKNOWN)
                continue
            for known, day in sorted(instants):
                self._check(identifier, certificate, steps[identifier], known, day)
        return self.found

    def _check(
        self, identifier: str, certificate: Row, steps: list[Row], known: str, day: str
    ) -> None:
        recorded = [step for step in steps if step["recorded_at"] <= known]
        if not self.found.expect(bool(recorded), identifier, "valid-too-early", _EARLY):
            return
        inside = certificate["valid_from"] <= day <= (certificate["valid_to"] or day)
        self.found.expect(inside, identifier, "valid-outside-period", _PERIOD)
        # An answer may have come before, between or after the decisions of its own second.
        before = sum(1 for step in recorded if step["recorded_at"] < known)
        states = {_state(recorded[:end], day) for end in range(before, len(recorded) + 1)}
        self.found.expect(_IN_FORCE in states, identifier, "valid-not-in-force", _ENDED)


def _state(steps: list[Row], day: str) -> str:
    """The state on a day, as these steps have it; a step binds from its effective day on.

    A suspension for a period that ends by itself binds no longer than its last day.
    """
    state = ""
    for step in steps:
        if step["effective_from"] <= day:
            over = step["automatic"] and step["until"] is not None and day > str(step["until"])
            state = _IN_FORCE if over else step["to_state"]
    return state
