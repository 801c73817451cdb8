"""The life of type versions: draft, reviewed, published, withdrawn; cut-over days."""

from collections.abc import Sequence
from typing import Protocol

from certlib.catalogue import TypeVersion
from certlib.type_lifecycle import TypeRecord


class CatalogueReads(Protocol):
    """What can be asked."""

    def type_record(self, type_code: str, version: str) -> TypeRecord | None: ...
    def type_records(self, type_code: str = "") -> Sequence[TypeRecord]:
        """Every version of one type, or of all, drafts included: by type, oldest first."""
        ...

    def versions_of(self, type_code: str) -> Sequence[TypeVersion]:
        """Versions of a type that are or were in force, oldest first."""
        ...


class CatalogueWrites(CatalogueReads, Protocol):
    """What can be kept."""

    def save_type_record(self, record: TypeRecord, expected_version: int) -> None:
        """Keeps a version's place in the catalogue; 0 where it is new.

        Raises:
            StaleVersion: the row's version is not `expected_version`.
            Conflict: a new one is there already.
        """
        ...
