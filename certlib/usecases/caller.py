"""Who calls: a client system of one department, and the person it acts for."""

from dataclasses import dataclass

from certlib.errors import ScopeMissing

ISSUE = "certificates:issue"
MANAGE = "certificates:manage"
READ = "certificates:read"
VERIFY = "certificates:verify"
TYPES = "types:read"
REVIEW = "certificates:review"
SEAL = "certificates:seal"
REVEAL = "certificates:reveal"
CHANGES = "changes:read"
WEBHOOKS = "webhooks:manage"
PAPER = "paper:manage"
HOLDERS = "holders:manage"
DEPARTMENTS = "departments:manage"
MANAGE_TYPES = "types:manage"
OPERATE = "library:operate"
SCOPES = (
    ISSUE,
    MANAGE,
    READ,
    VERIFY,
    TYPES,
    REVIEW,
    SEAL,
    REVEAL,
    CHANGES,
    WEBHOOKS,
    PAPER,
    HOLDERS,
    DEPARTMENTS,
    MANAGE_TYPES,
    OPERATE,
)
"""Every scope a client may hold."""
DEPARTMENT_SCOPES = tuple(
    scope for scope in SCOPES if scope not in {HOLDERS, DEPARTMENTS, MANAGE_TYPES, OPERATE}
)
"""What a department's own system needs; the others belong to the library's operator."""
REGISTRATION_SCOPES = (*DEPARTMENT_SCOPES, HOLDERS)
"""What the system of a registration authority (登记机关: 市场监管, 公安, 民政 …) needs.

Verdicts follow what is recorded of holders, whoever issued the certificate: only who registers
persons or organisations by law may record it.
"""


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
