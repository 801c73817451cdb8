"""Readiness by real work: a read in a transaction, an object written and removed, a signature."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from api.metrics import Metrics
from api.parts import Parts
from certlib.errors import CertlibError
from certlib.history_errors import HistoryRolledBack
from certlib.usecases.halt import need_sealing

_CONTENT: Final = b"certlib health check"
_SEALING: Final = "sealing"
_IMPRINT: Final = hashlib.sha256(_CONTENT).digest()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the node: `fault` is a stable code, "" when it works; `ms` is how long."""

    name: str
    fault: str
    ms: float

    @property
    def unready(self) -> bool:
        """Whether nobody is served without it; halted sealing leaves verification as it is."""
        return bool(self.fault) and self.name != _SEALING


class Health:
    """Checks every part for real; asked often, it answers from the last check.

    Args:
        seconds: how long a check's answer counts.
    """

    def __init__(self, parts: Parts, metrics: Metrics, seconds: float = 5.0) -> None:
        self._parts = parts
        self._metrics = metrics
        self._seconds = seconds
        self._lock = threading.Lock()
        self._last: tuple[Part, ...] = ()
        self._leaving = False
        self._at = 0.0

    def leave(self) -> None:
        """The service stops: from now on it is not ready, whatever works."""
        self._leaving = True

    def check(self) -> tuple[Part, ...]:
        """Every part; at most one check at a time."""
        if self._leaving:
            return (Part("service", "stopping", 0.0),)
        with self._lock:
            if not self._last or monotonic() - self._at >= self._seconds:
                self._last = tuple(self._parts_now())
                self._at = monotonic()
            return self._last

    def _parts_now(self) -> list[Part]:
        checks: dict[str, Callable[[], object]] = {
            "database": self._database,
            "objects": self._objects,
            "keys": self._keys,
            "timestamps": self._timestamps,
            "history": self._history,
            _SEALING: self._sealing,
        }
        return [self._timed(name, check) for name, check in checks.items()]

    def _timed(self, name: str, check: Callable[[], object]) -> Part:
        started = monotonic()
        fault = ""
        try:
            check()
        except CertlibError as error:
            fault = error.code
        except Exception:  # noqa: BLE001 - whatever it is, this part does not work
            fault = "unexpected"
        self._metrics.ready.labels(name).set(not fault)
        return Part(name, fault, round((monotonic() - started) * 1000, 2))

    def _database(self) -> None:
        with self._parts.registry.read() as session:
            session.departments()

    def _objects(self) -> None:
        self._parts.objects.probe()

    def _keys(self) -> None:
        self._parts.authority.check_keys()

    def _timestamps(self) -> None:
        self._parts.timestamps.token(_IMPRINT)

    def _sealing(self) -> None:
        with self._parts.registry.read() as session:
            need_sealing(session)

    def _history(self) -> None:
        """Set back or written anew: what this record says of a certificate may be wrong."""
        contradicted = self._parts.seal_history.contradicted
        if contradicted:
            raise HistoryRolledBack(what=contradicted)
