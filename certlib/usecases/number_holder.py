"""Which certificate holds a number on the face that was refused: told to whoever may read it."""

from contextlib import suppress
from datetime import date

from certlib.errors import CertlibError, FaceNumberTaken, Problem
from certlib.registry import Registry, SearchQuery
from certlib.states import State
from certlib.usecases.access import access_of
from certlib.usecases.caller import READ, Caller
from certlib.usecases.preflight import Cleared

_HOLDING = frozenset({State.ISSUED, State.SUSPENDED})


def naming_holder(
    registry: Registry, caller: Caller, cleared: Cleared, error: CertlibError, today: date
) -> CertlibError:
    """The refusal of an order; where its number is taken, with the certificate that holds it.

    Only of what is in the caller's care, and may be read by it (INV-10); nothing of a holder. A
    number that a draft or an order under way has taken is told as before.
    """
    if not isinstance(error, FaceNumberTaken) or READ not in caller.scopes:
        return error
    with suppress(CertlibError), registry.read() as session:  # no help must not hide the refusal
        order = cleared.order
        query = SearchQuery(
            within=access_of(session, caller, today).holdings(),
            issuer_codes=frozenset({order.issuer_code}),
            type_code=order.type_code,
            number=cleared.number,
            states=_HOLDING,
            limit=1,
        )
        for found in session.search(query):
            return FaceNumberTaken(field_path="/number", problems=(_held_by(found.identifier),))
    return error


def _held_by(identifier: str) -> Problem:
    return Problem(
        "/number",
        FaceNumberTaken.code,
        f"证照编号已由本单位同类证照 {identifier} 使用，请核对编号，或对该证照办理换发。",
        f"The number is that of {identifier}, which has not ended: check the number, or renew"
        " that certificate.",
    )
