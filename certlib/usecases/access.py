"""Access of a caller: successions and entrustments are read, `certlib.access` decides."""

from datetime import date

from certlib.access import Access, Act
from certlib.certificate import Certificate
from certlib.departments import Jurisdiction
from certlib.errors import CertificateNotFound, OutsideDepartment
from certlib.registry import ReadSession
from certlib.usecases.caller import Caller


def access_of(session: ReadSession, caller: Caller, day: date) -> Access:
    """What the caller's department may touch on `day`; two small queries."""
    entrusted = frozenset(
        (entry.type_code, entry.principal_code)
        for entry in session.mandates(issuer_code=caller.department_code)
        if entry.covers(day) and not entry.capacity.in_own_name
    )
    return Access(caller.department_code, day, Jurisdiction(session.successions()), entrusted)


def need(
    session: ReadSession, caller: Caller, act: Act, certificate: Certificate, day: date
) -> None:
    """Lets the caller's department do `act` with `certificate`, or raises.

    Raises:
        CertificateNotFound: it may not read it, so for this caller there is no such certificate.
        OutsideDepartment: it may not do anything else with it.
    """
    if not access_of(session, caller, day).may(act, certificate.content):
        raise CertificateNotFound if act is Act.READ else OutsideDepartment
