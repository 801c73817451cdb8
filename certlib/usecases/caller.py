"""Who calls: a client system of one department, and the person it acts for."""

from dataclasses import dataclass

from certlib.errors import OutsideDepartment, ScopeMissing

ISSUE = "certificates:issue"
MANAGE = "certificates:manage"
READ = "certificates:read"
VERIFY = "certificates:verify"
TYPES = "types:read"
SCOPES = (ISSUE, MANAGE, READ, VERIFY, TYPES)
"""Every scope a client may hold."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client.

    Attributes:
        department_code: credit code of the department the client belongs to.
        person: the acting person as the client system states it (an account, never an identity
            number), or "".
        request_id: id of the request, for the history.
    """

    client_id: str
    department_code: str
    scopes: frozenset[str]
    person: str = ""
    request_id: str = ""

    @property
    def actor(self) -> str:
        """Who is named in the history: client, and person where one is stated."""
        return f"{self.client_id}/{self.person}" if self.person else self.client_id

    @property
    def requester(self) -> str:
        """Who counts for four eyes: the person where one is stated, the client otherwise."""
        return self.person or self.client_id

    def need(self, scope: str) -> None:
        """Raises `ScopeMissing` unless the client holds `scope`."""
        if scope not in self.scopes:
            raise ScopeMissing(scope=scope)

    def need_department(self, issuer_code: str) -> None:
        """Raises `OutsideDepartment` unless the client belongs to `issuer_code`."""
        if issuer_code != self.department_code:
            raise OutsideDepartment(field_path="/issuer_code")
