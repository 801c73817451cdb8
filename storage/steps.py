"""State changes and restrictions: written once, read in order."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Executable, Row, bindparam, insert, select

from certlib.certificate import Decision, Restriction, RestrictionKind, StateChange
from certlib.states import Action, State
from storage.encryption import Place
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import RestrictionRow, StateChangeRow, table

_STEPS = table(StateChangeRow)
_RESTRICTIONS = table(RestrictionRow)
_INSERT = insert(_STEPS)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)
_HISTORY = Prepared(
    select(_STEPS)
    .where(_STEPS.c.identifier.in_(_MANY))
    .order_by(_STEPS.c.identifier, _STEPS.c.sequence)
)
_STANDING = Prepared(
    select(_RESTRICTIONS)
    .where(_RESTRICTIONS.c.identifier.in_(_MANY))
    .order_by(*_RESTRICTIONS.primary_key)
)


def add(link: Link, changes: Iterable[tuple[str, StateChange]]) -> None:
    """Appends steps.

    Raises:
        Conflict: a step of that sequence is there already.
    """
    link.change(_INSERT, [_row(link, identifier, change) for identifier, change in changes])


def histories(link: Link, identifiers: Sequence[str]) -> dict[str, list[StateChange]]:
    """Steps by identifier, in sequence."""
    found: dict[str, list[StateChange]] = {}
    for row in link.fetch_of(_HISTORY, identifiers):
        found.setdefault(row.identifier, []).append(_change(link, row))
    return found


def put_restrictions(link: Link, restrictions: Iterable[tuple[str, Restriction]]) -> None:
    """Keeps restrictions; one that is there already gets its end and its lifting."""
    rows = [
        {
            "identifier": identifier,
            "kind": one.kind,
            "authority": one.authority,
            "document_number": one.document_number,
            "effective_from": one.effective_from,
            "effective_to": one.effective_to,
            "lifted_on": one.lifted_on,
            "recorded_at": one.recorded_at,
            "lift_document": one.lift_document or None,
            "lifted_at": one.lifted_at,
        }
        for identifier, one in restrictions
    ]
    link.change(_putting(link.dialect), rows)


@cache
def _putting(dialect: str) -> Executable:
    inserted = inserting(_RESTRICTIONS, dialect)
    return inserted.on_conflict_do_update(
        index_elements=list(_RESTRICTIONS.primary_key),
        set_={
            name: inserted.excluded[name]
            for name in ("effective_to", "lifted_on", "lift_document", "lifted_at")
        },
    )


def restrictions(link: Link, identifiers: Sequence[str]) -> dict[str, list[Restriction]]:
    """Restrictions by identifier."""
    found: dict[str, list[Restriction]] = {}
    for row in link.fetch_of(_STANDING, identifiers):
        found.setdefault(row.identifier, []).append(
            Restriction(
                kind=RestrictionKind(row.kind),
                authority=row.authority,
                document_number=row.document_number,
                effective_from=row.effective_from,
                effective_to=row.effective_to,
                lifted_on=row.lifted_on,
                recorded_at=row.recorded_at,
                lift_document=row.lift_document or "",
                lifted_at=row.lifted_at,
            )
        )
    return found


def _place(identifier: str, sequence: int) -> Place:
    return Place(_STEPS.name, "note", f"{identifier}\x1f{sequence}")


def _row(link: Link, identifier: str, change: StateChange) -> dict[str, Any]:
    decision = change.decision
    place = _place(identifier, change.sequence)
    return {
        "identifier": identifier,
        "sequence": change.sequence,
        "action": decision.action,
        "reason_code": decision.reason_code,
        "effective_from": decision.effective_from,
        "legal_basis": decision.legal_basis,
        "document_number": decision.document_number,
        "authority": decision.authority,
        "note": link.cipher.seal_text(decision.note, place) if decision.note else None,
        "from_state": change.from_state,
        "to_state": change.to_state,
        "recorded_at": change.recorded_at,
        "actor": change.actor,
        "until": decision.until,
        "automatic": decision.automatic or None,
        "receiving_authority": decision.receiving_authority or None,
        "receiving_division": decision.receiving_division or None,
    }


def _change(link: Link, row: Row[Any]) -> StateChange:
    note = ""
    if row.note is not None:
        note = link.cipher.open_text(bytes(row.note), _place(row.identifier, row.sequence))
    return StateChange(
        decision=Decision(
            action=Action(row.action),
            reason_code=row.reason_code,
            effective_from=row.effective_from,
            legal_basis=row.legal_basis,
            document_number=row.document_number,
            authority=row.authority,
            note=note,
            until=row.until,
            automatic=bool(row.automatic),
            receiving_authority=row.receiving_authority or "",
            receiving_division=row.receiving_division or "",
        ),
        from_state=State(row.from_state),
        to_state=State(row.to_state),
        recorded_at=row.recorded_at,
        actor=row.actor,
        sequence=row.sequence,
    )
