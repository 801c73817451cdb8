"""Who calls: the client system, and the person it acts for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth 2 client credentials (RFC 6749 section 4.4).

    Attributes:
        person: account of the acting person in the caller's own system, or "".
        scopes: fewer than the client holds, or empty for all of them.
    """

    client_id: str
    client_secret: str = field(repr=False)
    person: str = ""
    scopes: tuple[str, ...] = ()

    def form(self) -> dict[str, str]:
        """The token request."""
        asked = {"grant_type": "client_credentials"}
        if self.person:
            asked["act"] = self.person
        if self.scopes:
            asked["scope"] = " ".join(self.scopes)
        return asked
