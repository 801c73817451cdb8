"""What a signer reads of the record before it signs: which files are about to be sealed."""

from dataclasses import dataclass
from typing import Protocol

from certlib.document import Form

__all__ = ["AwaitedSeal", "SigningRecord"]


@dataclass(frozen=True, slots=True)
class AwaitedSeal:
    """A file that a pending intent means to seal.

    Attributes:
        issuer_code: whose seal it shall bear.
        file: names the file among all that were ever intended; tells nothing of anybody.
        attempt: changes whenever the record shows that the attempt before has ended: a failure was
            noted, or another process has taken the intent over.
    """

    issuer_code: str
    file: str
    attempt: str


class SigningRecord(Protocol):
    """The record as signers see it, on a connection of their own that cannot write."""

    def awaited(self, identifier: str, form: Form) -> AwaitedSeal | None:
        """The file of this certificate and form that is to be sealed, if there is one.

        Raises:
            StoreUnavailable: the record does not answer.
        """
        ...
