"""Dated names and codes of holders and departments."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from certlib.departments import DatedName, Department, Succession
from certlib.errors import StaleVersion
from certlib.holder_changes import HolderChange, HolderKey
from certlib.mandates import IssueListEntry
from storage import catalogue, departments, holder_changes
from storage.encryption import Place
from storage.link import Link
from storage.search import held_by
from storage.tables import IssueListRow, VoidedEventRow, table

_ISSUE_LIST = table(IssueListRow)
_VOIDED = table(VoidedEventRow)
_END = (
    update(_ISSUE_LIST)
    .where(
        *(
            _ISSUE_LIST.c[column.name] == bindparam(f"b_{column.name}")
            for column in _ISSUE_LIST.primary_key
        )
    )
    .where(_ISSUE_LIST.c.row_version == bindparam("b_row_version"))
    .values(
        effective_to=bindparam("b_effective_to"),
        basis=bindparam("b_basis"),
        row_version=_ISSUE_LIST.c.row_version + 1,
    )
)


class PartyReading:
    """The part of a session that reads them."""

    _link: Link

    def mandates(self, type_code: str = "", issuer_code: str = "") -> Sequence[IssueListEntry]:
        """The issue list, of a type or a body where given."""
        statement = select(_ISSUE_LIST).order_by(*_ISSUE_LIST.primary_key)
        if type_code:
            statement = statement.where(_ISSUE_LIST.c.type_code == type_code)
        if issuer_code:
            statement = statement.where(_ISSUE_LIST.c.issuer_code == issuer_code)
        return [catalogue.issue_entry(row) for row in self._link.fetch(statement)]

    def successions(self) -> Sequence[Succession]:
        """All successions of departments by day."""
        return departments.successions(self._link)

    def department_names(self, credit_code: str) -> Sequence[DatedName]:
        """Dated names of a department by day."""
        return departments.names(self._link, credit_code)

    def holder_change(self, event_id: str) -> HolderChange | None:
        """One change of holders."""
        return holder_changes.find(self._link, event_id)

    def related_changes(
        self, keys: Iterable[HolderKey], names: Iterable[str] = ()
    ) -> Sequence[HolderChange]:
        """Changes of these holders and of all that are linked with them."""
        return holder_changes.related(self._link, keys, names)

    def held_by(self, keys: Iterable[HolderKey]) -> Sequence[str]:
        """Certificates sealed for one of these holders."""
        return held_by(self._link, keys)


class PartyWriting(PartyReading):
    """The part of a unit of work that keeps them."""

    def add_department(self, department: Department) -> None:
        """Registers a body; `Conflict`."""
        departments.add_department(self._link, department)

    def change_department(self, department: Department, expected_version: int) -> None:
        """Keeps other data than names; `StaleVersion`."""
        departments.change_department(self._link, department, expected_version)

    def add_mandate(self, entry: IssueListEntry) -> None:
        """Enters a body in the issue list; `Conflict`."""
        self._link.change(insert(_ISSUE_LIST), catalogue.issue_row(entry))

    def end_mandate(self, entry: IssueListEntry, expected_version: int) -> None:
        """Keeps the last day of an entry; `StaleVersion`."""
        values = {f"b_{name}": value for name, value in catalogue.issue_row(entry).items()}
        if self._link.change(_END, {**values, "b_row_version": expected_version}) == 0:
            raise StaleVersion

    def add_department_name(self, name: DatedName) -> None:
        """Keeps a dated name."""
        departments.add_name(self._link, name)

    def add_succession(self, succession: Succession) -> None:
        """Keeps a succession."""
        departments.add_succession(self._link, succession)

    def add_holder_change(self, change: HolderChange) -> None:
        """Keeps a change of holders."""
        holder_changes.add(self._link, change)

    def void_event(self, event_id: str, *, reason: str, actor: str, at: datetime) -> None:
        """Declares an event an error; `Conflict` when it is void already."""
        sealed = self._link.cipher.seal_text(reason, Place(_VOIDED.name, "reason", event_id))
        row = {"event_id": event_id, "reason": sealed, "recorded_at": at, "actor": actor}
        self._link.change(insert(_VOIDED), row)
