"""Who holds a number on the face: unique per issuer, type and form among current versions.

A renewal keeps its number: its intent waits as `successor` until publication hands it over.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

from sqlalchemy import Executable, Table, and_, bindparam, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from certlib.document import Content
from certlib.errors import Conflict, FaceNumberTaken
from storage.link import Link, inserting
from storage.prepared import Prepared
from storage.tables import FaceNumberRow, table

_NUMBERS: Table = table(FaceNumberRow)


def _here() -> ColumnElement[bool]:
    return and_(
        *(
            _NUMBERS.c[name] == bindparam(f"b_{name}")
            for name in ("issuer_code", "type_code", "form", "number_hash")
        )
    )


_HOLDS = _NUMBERS.c.identifier == bindparam("b_identifier")
_WAITS = _NUMBERS.c.successor == bindparam("b_identifier")
_HOLDER = Prepared(select(_NUMBERS.c.identifier, _NUMBERS.c.successor).where(_here()))
_TAKE_OVER = (
    update(_NUMBERS)
    .where(_here())
    .where(_HOLDS | _WAITS)
    .values(identifier=bindparam("b_identifier"), successor="")
)
_GIVE_ON = (
    update(_NUMBERS)
    .where(_here())
    .where(_HOLDS)
    .where(_NUMBERS.c.successor != "")
    .values(identifier=_NUMBERS.c.successor, successor="")
)
_FREE = delete(_NUMBERS).where(_here()).where(_HOLDS)
_STOP_WAITING = update(_NUMBERS).where(_here()).where(_WAITS).values(successor="")


@dataclass(frozen=True, slots=True)
class Claim:
    """One number and who wants or holds it."""

    issuer_code: str
    type_code: str
    form: str
    number_hash: str
    identifier: str
    supersedes: str = ""

    def bound(self) -> dict[str, str]:
        """Values for the statements above."""
        values = {f"b_{name}": value for name, value in asdict(self).items()}
        del values["b_supersedes"]
        return values


@cache
def _claiming(dialect: str) -> Executable:
    inserted = inserting(_NUMBERS, dialect)
    statement = inserted.values(
        {column.name: bindparam(column.name) for column in _NUMBERS.columns}
    ).on_conflict_do_update(
        index_elements=list(_NUMBERS.primary_key),
        set_={"successor": inserted.excluded.identifier},
        where=(_NUMBERS.c.identifier == bindparam("supersedes")) & (_NUMBERS.c.successor == ""),
    )
    return statement.execution_options(preserve_rowcount=True)


def claim_of(content: Content, number_hash: str | None, supersedes: str = "") -> Claim | None:
    """The claim of a certificate; None when it has no number on its face."""
    if number_hash is None:
        return None
    return Claim(
        content.issuer_code,
        content.type_code,
        content.form,
        number_hash,
        content.identifier,
        supersedes,
    )


def claim(link: Link, claims: Sequence[Claim | None]) -> None:
    """Takes numbers for intents, or queues behind the version that the intent supersedes.

    Raises:
        FaceNumberTaken: somebody else holds one; `values` name the intent in the way.
    """
    wanted = sorted(
        (item for item in claims if item is not None),
        key=lambda item: (item.issuer_code, item.type_code, item.form, item.number_hash),
    )
    rows = [{**asdict(item), "successor": ""} for item in wanted]
    taken = link.change(_claiming(link.dialect), rows)
    if taken != len(rows):
        link.spoiled = True
        raise _refusal(link, wanted)


def reclaim(link: Link, wanted: Claim) -> None:
    """Takes a number again for a version that stands again; nothing where it holds it still.

    Raises:
        FaceNumberTaken: somebody else has taken it meanwhile.
    """
    values = wanted.bound()
    del values["b_identifier"]
    row = link.first(_HOLDER, **values)
    if row is None or row.identifier != wanted.identifier:
        claim(link, [wanted])


def hand_over(link: Link, claims: Sequence[Claim | None]) -> None:
    """Publication: each claimant now holds its number.

    Raises:
        Conflict: a claim is no longer there.
    """
    rows = [item.bound() for item in claims if item is not None]
    if link.change(_TAKE_OVER, rows) != len(rows):
        raise Conflict


def release(link: Link, held: Claim) -> None:
    """The holder is no longer current: whoever waits gets the number, or it is free."""
    link.change(_GIVE_ON, held.bound())
    link.change(_FREE, held.bound())


def withdraw(link: Link, held: Claim) -> None:
    """The intent is given up: it neither holds the number nor waits for it."""
    link.change(_STOP_WAITING, held.bound())
    release(link, held)


def _refusal(link: Link, wanted: Sequence[Claim]) -> FaceNumberTaken:
    for item in wanted:
        values = item.bound()
        del values["b_identifier"]
        row = link.first(_HOLDER, **values)
        if row is None or item.identifier not in {row.identifier, row.successor}:
            return FaceNumberTaken(field_path="/number", identifier=item.identifier)
    return FaceNumberTaken(field_path="/number")
