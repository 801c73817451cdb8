"""What stops sealing: one row for each scope that was ever stopped."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from certlib.registry.stops import SealingStop
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import SealingStopRow, table

_STOPS = table(SealingStopRow)
_IN_FORCE = Prepared(
    select(
        _STOPS.c.scope,
        _STOPS.c.since,
        _STOPS.c.stopped_by,
        _STOPS.c.confirmed_by,
        _STOPS.c.reason,
        _STOPS.c.final,
    )
    .where(_STOPS.c.lifted_at.is_(None))
    .order_by(_STOPS.c.scope)
)
_KNOWN = Prepared(select(_STOPS.c.scope).where(_STOPS.c.scope == bindparam("scope")))
_INSERT = insert(_STOPS)
_CHANGE = update(_STOPS).where(_STOPS.c.scope == bindparam("b_scope"))


class StopReading:
    """The part of a session that reads them."""

    _link: Link

    def sealing_stops(self) -> Sequence[SealingStop]:
        """Those in force, by scope."""
        return [
            SealingStop(
                row.scope, row.since, row.stopped_by, row.confirmed_by, row.reason, row.final
            )
            for row in self._link.fetch(_IN_FORCE)
        ]


class StopWriting:
    """The part of a unit that keeps them."""

    _link: Link

    def put_sealing_stop(self, stop: SealingStop) -> None:
        """Keeps a stop, over an earlier one of the same scope."""
        values = {
            "since": stop.since,
            "stopped_by": stop.stopped_by,
            "confirmed_by": stop.confirmed_by,
            "reason": stop.reason,
            "final": stop.final,
            "lifted_at": None,
            "lifted_by": "",
            "lift_confirmed_by": "",
        }
        if self._link.first(_KNOWN, scope=stop.scope) is None:
            self._link.change(_INSERT, {"scope": stop.scope, **values})
        else:
            self._link.change(_CHANGE.values(**values), {"b_scope": stop.scope})

    def lift_sealing_stop(self, scope: str, lifted_at: datetime, by: tuple[str, str]) -> None:
        """Ends a stop."""
        lifted = _CHANGE.values(lifted_at=lifted_at, lifted_by=by[0], lift_confirmed_by=by[1])
        self._link.change(lifted, {"b_scope": scope})
