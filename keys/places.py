"""Where a private key lies: in the vault under its own name, or in a token."""

import json
from dataclasses import asdict, dataclass

from certlib.errors import KeyUnusable

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

    def as_octets(self) -> bytes:
        """What lies in the vault in the stead of a key that a token holds."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_octets(cls, octets: bytes, name: str) -> "TokenPlace":
        """What `as_octets` gave for the key called `name`.

        Raises:
            KeyUnusable: it is something else.
        """
        try:
            return cls(**json.loads(octets))
        except (ValueError, TypeError) as error:
            raise KeyUnusable(what=f"{name}: not a key in a token") from error
