"""INV-10 in one place: which department may do what with which certificate on a day.

The department responsible on the day (the issuer, or who succeeded it) does everything. An
entrusted unit reads, handles and renews what it made for its principal, as long as it is entrusted;
what is decided about the right itself is the principal's. Nobody else sees that it exists.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certlib.departments import Holding, Jurisdiction
from certlib.document import Content


class Act(StrEnum):
    """What is done with a certificate, or with a draft of one.

    `handle` is the counter's work (paper, delivery, taking applications in), `change` a decision
    about the right.
    """

    READ = "read"
    HANDLE = "handle"
    CHANGE = "change"
    RENEW = "renew"


_BODY_LENGTH = 18
"""A type's code begins with the credit code of the body that defines it (GB/T 36904)."""

_OF_ACTING_UNITS = frozenset({Act.READ, Act.HANDLE, Act.RENEW})


@dataclass(frozen=True, slots=True)
class Access:
    """What one department may touch on one day.

    Attributes:
        entrusted: (type, principal) with which it is entrusted that day.
    """

    department_code: str
    day: date
    jurisdiction: Jurisdiction
    entrusted: frozenset[tuple[str, str]] = frozenset()

    def may(self, act: Act, content: Content) -> bool:
        """Whether the department may do `act` with the certificate of this content."""
        return self.may_with(act, content.issuer_code, content.type_code, content.acting_code)

    def may_with(self, act: Act, issuer_code: str, type_code: str, acting_code: str = "") -> bool:
        """The same by issuer, type and entrusted unit."""
        keeper = self.jurisdiction.keeper(issuer_code, type_code, self.day)
        if keeper == self.department_code:
            return True
        made_it = acting_code == self.department_code
        return act in _OF_ACTING_UNITS and made_it and (type_code, keeper) in self.entrusted

    def defines(self, type_code: str) -> bool:
        """Whether the department stands in the place of the body that defines the type."""
        body = type_code[:_BODY_LENGTH]
        return self.jurisdiction.keeper(body, type_code, self.day) == self.department_code

    def may_correct(self, recorder_code: str) -> bool:
        """Whether the department recorded it, or stands in the place of the one that did."""
        return self.jurisdiction.keeper(recorder_code, "", self.day) == self.department_code

    def holdings(self) -> tuple[Holding, ...]:
        """Everything that `may(Act.READ, …)` says yes to, for a search."""
        made = [
            Holding(part.issuer_code, frozenset({kind}), acting_code=self.department_code)
            for kind, principal in sorted(self.entrusted)
            for part in self.jurisdiction.holdings(principal, self.day)
            if part.covers(part.issuer_code, kind, "")
        ]
        return (*self.jurisdiction.holdings(self.department_code, self.day), *made)


def owns(department: str, registered_by: str) -> bool:
    """Whether a department may touch what some department's system set up for itself.

    Webhooks and the like do not pass on with the responsibility for certificates: addresses and
    secrets are of the systems that use them.
    """
    return department == registered_by
