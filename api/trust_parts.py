"""What a node needs to know of whom it believes beside itself; `keys.trust_store` is one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from certlib.errors import CertlibError


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
