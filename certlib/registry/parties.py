"""Holders and departments over time: dated names and codes, successions, delegations."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from certlib.departments import DatedName, Department, Succession
from certlib.holder_changes import HolderChange, HolderKey
from certlib.mandates import IssueListEntry


class PartyReads(Protocol):
    """What can be asked."""

    def mandates(self, type_code: str = "", issuer_code: str = "") -> Sequence[IssueListEntry]:
        """The issue list: of a type, of a body, or all of it, whatever the period."""
        ...

    def successions(self) -> Sequence[Succession]:
        """All successions of departments, those declared void among them."""
        ...

    def department_names(self, credit_code: str) -> Sequence[DatedName]:
        """A department's dated names by day, those declared void among them."""
        ...

    def holder_change(self, event_id: str) -> HolderChange | None:
        """One change, void or not; None when there is none of that id."""
        ...

    def related_changes(
        self, keys: Iterable[HolderKey], names: Iterable[str] = ()
    ) -> Sequence[HolderChange]:
        """Changes of these holders and of all that are linked with them, void ones among them.

        In the order of their days; one query. A key's code alone decides, whatever its type.
        """
        ...

    def held_by(self, keys: Iterable[HolderKey]) -> Sequence[str]:
        """Identifiers of every certificate that was sealed for one of these holders, in order."""
        ...


class PartyWrites(PartyReads, Protocol):
    """What can be kept. Events are kept for ever; an error is declared void, never removed."""

    def add_department(self, department: Department) -> None:
        """Registers a body.

        Raises:
            Conflict: its code is registered.
        """
        ...

    def change_department(self, department: Department, expected_version: int) -> None:
        """Keeps other data of a body than its dated names; its version grows by one.

        Raises:
            StaleVersion: the row's version is not `expected_version`.
        """
        ...

    def add_mandate(self, entry: IssueListEntry) -> None:
        """Enters a body in the issue list.

        Raises:
            Conflict: an entry of that type, body and principal begins on that day.
        """
        ...

    def end_mandate(self, entry: IssueListEntry, expected_version: int) -> None:
        """Keeps the last day of an entry; its version grows by one.

        Raises:
            StaleVersion: the row's version is not `expected_version`.
        """
        ...

    def add_department_name(self, name: DatedName) -> None: ...
    def add_succession(self, succession: Succession) -> None: ...
    def add_holder_change(self, change: HolderChange) -> None: ...
    def void_event(self, event_id: str, *, reason: str, actor: str, at: datetime) -> None:
        """Declares a dated name, a succession or a holder's change an error.

        Raises:
            Conflict: it is void already.
        """
        ...
