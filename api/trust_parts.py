"""What the HTTP side and the worker need of whom this node believes, by its ports."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from certlib.errors import CertlibError

__all__ = ["Fetched", "OutsideLists", "Trust", "TrustStanding"]


class TrustStanding(Protocol):
    """How it is with the signed list of other authorities."""

    @property
    def version(self) -> int:
        """Of the list in force; 0 where none is."""
        ...

    @property
    def problem(self) -> CertlibError | None:
        """Why the file that lies there now is not in force."""
        ...

    @property
    def named(self) -> Mapping[str, str | int]:
        """Version, digest and signer of the list in force; empty where none is."""
        ...

    @property
    def remembered(self) -> bool:
        """Whether a later start will know which version was here."""
        ...

    def late(self, now: datetime) -> float:
        """Seconds since the next list was due."""
        ...

    def faulty(self, now: datetime) -> int:
        """Revocation lists of others that are overdue, or none at all."""
        ...


class Trust(Protocol):
    """Whom this node believes beside itself."""

    def standing(self) -> TrustStanding:
        """How it is now; a file that has changed is read."""
        ...


class Fetched(Protocol):
    """What became of one address in one round."""

    @property
    def place(self) -> int:
        """Number of the address in the settings, from 1."""
        ...

    @property
    def fault(self) -> str:
        """A short word, or "" when a list or answer is here that holds."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether something else than before is told here now."""
        ...


class OutsideLists(Protocol):
    """What others say of revocation, at the addresses that the operator has named."""

    @property
    def failing(self) -> set[int]:
        """Places of those whose last question failed."""
        ...

    def round(self, now: datetime) -> Iterable[Fetched]:
        """Asks whoever is due."""
        ...
