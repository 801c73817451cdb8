"""A suspension that ended by itself counts as restored, for whoever acts as for whoever asks.

The decision said that the right revives by itself the day after its period. Nobody has to record
that; the next act that needs it does, so that the history goes on without a gap.
"""

from dataclasses import replace
from datetime import date, timedelta

from certlib.certificate import Certificate
from certlib.decisions import Decision
from certlib.states import Action, State

_SERVED = "period-served"


def restoration(certificate: Certificate, today: date) -> Decision | None:
    """The restoration that the calendar has brought; None where there is none to record."""
    if certificate.state is not State.SUSPENDED:
        return None
    suspended = certificate.history[-1].decision
    until = suspended.until
    if until is None or not suspended.automatic or until >= today:
        return None
    return Decision(Action.RESTORE, _SERVED, until + timedelta(days=1))


def as_of_today(certificate: Certificate, today: date) -> Certificate:
    """The certificate in the state that it has today, for checks; never to be saved."""
    running = restoration(certificate, today) is not None
    return replace(certificate, state=State.ISSUED) if running else certificate
