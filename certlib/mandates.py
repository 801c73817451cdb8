"""Mandates to issue (发证清单): who may issue a type, from which day, in whose name and why.

An issuer is a department, a subordinate unit (下属单位) or an organisation with delegated (授权)
or entrusted (委托) functions, each with basis and period. A delegated organisation acts in its
own name (Administrative Licensing Law art. 23), an entrusted one in the name of the organ that
entrusts it (art. 24): the principal's name and seal, the acting unit on record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certlib.errors import Invalid, Problem


class Capacity(StrEnum):
    """As what a body issues."""

    OWN = "own"
    SUBORDINATE = "subordinate"
    DELEGATED = "delegated"
    ENTRUSTED = "entrusted"

    @property
    def zh(self) -> str:
        """The capacity in Chinese."""
        return _CAPACITY_ZH[self]

    @property
    def in_own_name(self) -> bool:
        """Whether name and seal are the issuing body's own; entrusted: the principal's."""
        return self is not Capacity.ENTRUSTED


_CAPACITY_ZH: Mapping[Capacity, str] = {
    Capacity.OWN: "法定职权",
    Capacity.SUBORDINATE: "下属单位",
    Capacity.DELEGATED: "法律法规授权",
    Capacity.ENTRUSTED: "委托",
}


@dataclass(frozen=True, slots=True)
class IssueListEntry:
    """发证清单: this body may issue this type in a period, on a basis.

    Attributes:
        issuer_code: credit code of the body that acts.
        effective_to: the last day, inclusive; None while it has no end.
        basis: law, or document, behind it.
        principal_code: the superior, delegating or entrusting body; "" for own powers.
        row_version: grows by one with each change; the ETag.
    """

    type_code: str
    issuer_code: str
    effective_from: date
    effective_to: date | None = None
    basis: str = ""
    capacity: Capacity = Capacity.OWN
    principal_code: str = ""
    row_version: int = 1

    @property
    def name_code(self) -> str:
        """Credit code of the body whose name and seal the certificate bears."""
        return self.issuer_code if self.capacity.in_own_name else self.principal_code

    def covers(self, day: date) -> bool:
        """Whether `day` lies inside the entry's period (both ends inclusive)."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )

    def check(self) -> None:
        """What no entry may say.

        Raises:
            Invalid: period, principal and basis do not fit the capacity; all problems at once.
        """
        found = tuple(_problems(self))
        if found:
            raise Invalid(problems=found)


def covering(entries: Iterable[IssueListEntry], day: date, name_code: str) -> IssueListEntry | None:
    """The entry that lets its body issue on `day` in the name of `name_code`, or None."""
    fits = (item for item in entries if item.covers(day) and item.name_code == name_code)
    return next(fits, None)


def _problems(entry: IssueListEntry) -> Iterable[Problem]:
    own = entry.capacity is Capacity.OWN
    if own and entry.principal_code:
        yield Problem(
            "/principal_code",
            "principal-unwanted",
            "以自身法定职权发证的，不填委托（授权、主管）机关。",
            "A body that issues by its own powers has no principal: leave it empty.",
        )
    if not own and entry.principal_code in {"", entry.issuer_code}:
        yield Problem(
            "/principal_code",
            "principal-missing",
            "请填写另一机关：下属单位的主管部门，或授权、委托机关的代码。",
            "Give the other body's code: the superior, delegating or entrusting one.",
        )
    if not own and not entry.basis.strip():
        yield Problem(
            "/basis",
            "basis-missing",
            "请填写依据：授权、委托的法律条款或文件。",
            "Give the basis: the law or document that delegates or entrusts.",
        )
    if entry.effective_to is not None and entry.effective_to < entry.effective_from:
        yield Problem(
            "/effective_to",
            "date-order",
            "截止日期不能早于起始日期，请核对。",
            "The last day cannot lie before the first: check it.",
        )
