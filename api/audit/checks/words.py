"""INV-7: who bears witness to rows, and to which acts that testimony belongs."""

from collections import deque

from api.audit.history import Record
from api.audit.report import Invariant
from api.audit.testimony import TARGET, Testimony

_ROOT = "1.2.156.3005.2."
_BASELINE = "baseline"
_MOST = 20_000
"""Records of one unit that are remembered; a larger unit is not held against its acts."""

_MALFORMED = ("行摘要记录格式有误", "what the history says of rows is malformed")
_NO_ACT = ("有行被改动而没有相应操作", "rows changed without an act")
_OTHER_ACT = ("证照行被改动，同批操作未涉及该证照", "changed by a unit that has no act on it")
_LATE = ("启用后又补登行摘要", "rows were signed off after the first start")


class Words:
    """Walks along the history and takes its testimony.

    Args:
        cut: the walk begins somewhere inside, perhaps in the middle of a unit.
    """

    def __init__(self, found: Invariant, testimony: Testimony, *, cut: bool = False) -> None:
        self._found = found
        self._cut = cut
        self._testimony = testimony
        self._unit: deque[Record] = deque(maxlen=_MOST)
        self._founded = False

    def hear(self, record: Record) -> None:
        """Takes the next record."""
        if record.target == TARGET:
            self._hear(record)
            self._unit.clear()
            return
        self._unit.append(record)
        self._founded = self._founded or record.act == _BASELINE

    def _hear(self, record: Record) -> None:
        subject, details = str(record.sequence), record.details or {}
        formed = self._testimony.hear(details)
        acts: object = details.get("acts")
        if not (formed and isinstance(acts, int)):
            self._found.broken(subject, "testimony-malformed", *_MALFORMED)
            return
        if record.act == _BASELINE:
            self._found.expect(not self._founded, subject, "late-baseline", _LATE)
            return
        cut, self._cut = self._cut, False
        if acts > _MOST or (cut and acts > len(self._unit)):
            return
        if self._found.expect(0 < acts <= len(self._unit), subject, "row-without-act", _NO_ACT):
            unit = list(self._unit)[-acts:]
            targets = {one.target for one in unit}
            for owner in details["rows"]:
                known = not owner.startswith(_ROOT) or owner in targets
                known = known or any(owner.encode() in one.line for one in unit)
                self._found.expect(known, owner, "row-of-other-act", _OTHER_ACT)
