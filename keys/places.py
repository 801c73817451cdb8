"""Where a private key lies: in the vault under its own name, or in a token."""

import hashlib
from dataclasses import dataclass

__all__ = ["TokenPlace"]


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """A key in a token, as its attributes name it; nothing in it is secret.

    Attributes:
        token: label of the token.
        label: CKA_LABEL of the key.
        id: CKA_ID of the key, hex.
    """

    token: str
    label: str
    id: str

    @classmethod
    def of(cls, token: str, name: str) -> "TokenPlace":
        """Where the key called `name` is made in `token`."""
        return cls(token, name, hashlib.sha256(name.encode()).hexdigest()[:32])
