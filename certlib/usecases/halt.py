"""Halt: all sealing, or one key, is stopped by two persons, and goes on when two persons say so.

The record is the switch: every process asks it before it seals, so no process has to be told.
"""

from collections.abc import Sequence
from datetime import datetime

from certlib.persons import persons
from certlib.ports import Clock, KeyHandle, SealCustody
from certlib.registry import AuditRecord, ReadSession, Registry
from certlib.registry.stops import ALL, SealingStop
from certlib.sealing_errors import HaltIsFinal, NotHalted, SealingHalted, TwoPersonsNeeded
from certlib.usecases.once import instant_text

__all__ = ["GatedCustody", "HaltSealing", "SealingGate", "need_sealing", "need_two"]

_FRESH_SECONDS = 2
"""For so long what the record said is believed: a stop holds everywhere well within ten seconds."""
_REASON_LIMIT = 200
_TOLD = {ALL: "全部签章 / all sealing"}
_TARGET = "sealing"


def need_two(operator: str, second: str) -> tuple[str, str]:
    """The accounts of two different persons.

    Raises:
        TwoPersonsNeeded: one is missing, or both are one person however written.
    """
    pair = operator.strip(), second.strip()
    if len(persons(pair)) != len(pair):
        raise TwoPersonsNeeded
    return pair


def need_sealing(session: ReadSession) -> None:
    """Asked in the transaction that reserves: while all sealing is halted nothing is reserved.

    Raises:
        SealingHalted: it is.
    """
    for stop in session.sealing_stops():
        if stop.scope == ALL:
            raise _halted(stop)


class HaltSealing:
    """The switch."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def standing(self) -> Sequence[SealingStop]:
        """Every stop in force, by scope.

        Raises:
            StoreUnavailable: the record does not answer.
        """
        with self._registry.read() as session:
            return session.sealing_stops()

    def halt(
        self, by: tuple[str, str], reason: str, scope: str = ALL, *, final: bool = False
    ) -> SealingStop:
        """Stops sealing from this commit on; what is stopped already stays as it is.

        Args:
            by: accounts of who acts and who confirms.
            reason: why, at most 200 characters are kept.
            scope: `ALL`, or the name of a key.
            final: the key is compromised, and nobody may let it seal again.

        Raises:
            TwoPersonsNeeded: they are not two persons.
            StoreUnavailable: the commit was not confirmed.
        """
        first, second = need_two(*by)
        now = self._clock.now()
        stop = SealingStop(scope, now, first, second, reason.strip()[:_REASON_LIMIT], final)
        with self._registry.begin() as uow:
            known = _in_force(uow, scope)
            if known is not None and (known.final or not final):
                return known
            uow.put_sealing_stop(stop)
            details = {"scope": scope, "confirmed_by": second, "reason": stop.reason}
            uow.append_audit([AuditRecord(now, first, "halt-sealing", _TARGET, details)])
            uow.commit()
        return stop

    def resume(self, by: tuple[str, str], scope: str = ALL) -> datetime:
        """Lets sealing go on; since when it may.

        Raises:
            TwoPersonsNeeded: they are not two persons.
            NotHalted: there is no such stop.
            HaltIsFinal: the key was given up.
            StoreUnavailable: the commit was not confirmed.
        """
        first, second = need_two(*by)
        now = self._clock.now()
        with self._registry.begin() as uow:
            known = _in_force(uow, scope)
            if known is None:
                raise NotHalted(scope=_TOLD.get(scope, scope))
            if known.final:
                raise HaltIsFinal(scope=scope)
            uow.lift_sealing_stop(scope, now, (first, second))
            details = {
                "scope": scope,
                "confirmed_by": second,
                "halted_at": instant_text(known.since),
            }
            uow.append_audit([AuditRecord(now, first, "resume-sealing", _TARGET, details)])
            uow.commit()
        return now


class SealingGate:
    """What stands before every seal. Safe to ask from several threads.

    Where the record cannot be asked nothing is sealed: a stop that nobody can read may be there.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._seen: tuple[datetime | None, Sequence[SealingStop]] = (None, ())

    def need(self, key_name: str) -> None:
        """Asks whether this key may seal now; the answer is at most two seconds old.

        Raises:
            SealingHalted: all sealing is halted, or this key.
            StoreUnavailable: the record does not answer.
        """
        for stop in self._stops():
            if stop.scope in {ALL, key_name}:
                raise _halted(stop)

    def _stops(self) -> Sequence[SealingStop]:
        now, (asked, stops) = self._clock.now(), self._seen
        # A clock that was set back must not keep an old answer alive: hence the absolute value.
        if asked is None or abs((now - asked).total_seconds()) >= _FRESH_SECONDS:
            with self._registry.read() as session:
                stops = session.sealing_stops()
            self._seen = now, stops
        return stops


class GatedCustody:
    """A custody of seals behind the gate (`certlib.ports.SealCustody`)."""

    def __init__(self, custody: SealCustody, gate: SealingGate) -> None:
        self._custody = custody
        self._gate = gate

    def seal_key(self, issuer_code: str) -> KeyHandle:
        """The department's current seal key.

        Raises:
            SealingHalted: it may not seal now.
            SigningUnavailable: the department has no usable seal key.
            StoreUnavailable: nobody can say whether it may.
        """
        key = self._custody.seal_key(issuer_code)
        self._gate.need(key.name)
        return key


def _in_force(session: ReadSession, scope: str) -> SealingStop | None:
    return next((item for item in session.sealing_stops() if item.scope == scope), None)


def _halted(stop: SealingStop) -> SealingHalted:
    return SealingHalted(scope=_TOLD.get(stop.scope, stop.scope), since=instant_text(stop.since))
