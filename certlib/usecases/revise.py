"""Revise: the next version of a certificate; only what changes is said, the rest is taken over.

变更, 延续, 补换, 降低资质等级, 更正: each takes over what does not change from the version before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from certlib.access import Access, Act
from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.certificate import Certificate
from certlib.document import Form
from certlib.errors import CertificateNotFound, CertlibError, Invalid, Problem
from certlib.ports import Clock
from certlib.registry import Registry
from certlib.states import CORRECTION, RENEWAL
from certlib.usecases.access import access_of
from certlib.usecases.caller import ISSUE, Caller
from certlib.usecases.issue import IssueCertificates
from certlib.usecases.make import MakeDrafts
from certlib.usecases.order import Ending, IssueAnswer, IssueOrder, IssueRequest
from certlib.usecases.preflight import Cleared


@dataclass(frozen=True, slots=True)
class RevisionRequest:
    """The next version of a certificate.

    Attributes:
        identifier: of the version before.
        reason: why there is a new one.
        changes: members of an order that change, by name. `fields` holds those that change,
            None for one that goes.
        ending: what is said of the version before.
        said: the caller's own words as JSON, for which the idempotency key stands.
    """

    identifier: str
    reason: str
    key: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    ending: Ending = field(default_factory=Ending)
    said: Mapping[str, Any] = field(default_factory=dict)

    def request_digest(self) -> str:
        """What the idempotency key stands for."""
        return digest(
            {
                "identifier": self.identifier,
                "said": dict(self.said),
                "expected_version": self.ending.expected_version,
            }
        )


class ReviseCertificates:
    """Makes the order of a next version; it goes the way of every order."""

    def __init__(
        self, registry: Registry, issue: IssueCertificates, make: MakeDrafts, clock: Clock
    ) -> None:
        self._registry = registry
        self._issue = issue
        self._make = make
        self._clock = clock

    def revise(self, caller: Caller, request: RevisionRequest) -> IssueAnswer:
        """Issues the next version in one call.

        Raises:
            CertificateNotFound: no such certificate, or in another department's care.
            Invalid: a renewal does not say how long it lasts.
            CertlibError: as `IssueCertificates.issue_one`.
        """
        return self._issue.issue_one(caller, self._request(caller, request))

    def check(self, caller: Caller, request: RevisionRequest) -> Cleared:
        """What stands against it; nothing is stored. Raises as `revise`."""
        cleared = self._issue.check(caller, [self._request(caller, request)])[0]
        if isinstance(cleared, CertlibError):
            raise cleared
        return cleared

    def draft(self, caller: Caller, request: RevisionRequest) -> Mapping[str, Any]:
        """Makes a draft of the next version; raises as `revise` and `MakeDrafts.make`."""
        return self._make.make(caller, self._request(caller, request))

    def _request(self, caller: Caller, request: RevisionRequest) -> IssueRequest:
        caller.need(ISSUE)
        today = legal_day(self._clock.now())
        with self._registry.read() as session:
            before = session.certificate(request.identifier)
            access = access_of(session, caller, today)
        if before is None or not access.may(Act.RENEW, before.content):
            raise CertificateNotFound
        order = _order(before, request, access)
        return IssueRequest(order, request.key, request.request_digest())


def _order(before: Certificate, request: RevisionRequest, access: Access) -> IssueOrder:
    """The order of the new version: what the version before says, and what changes."""
    content, changes = before.content, dict(request.changes)
    day = changes.get("issue_date") or access.day
    order = IssueOrder(
        type_code=content.type_code,
        # Whoever is responsible now issues in its own name.
        issuer_code=access.jurisdiction.keeper(content.issuer_code, content.type_code, access.day),
        number="",
        holders=content.holders,
        # What is corrected was wrong on the very day of issue.
        issue_date=content.issue_date if request.reason == CORRECTION else day,
        division_code=content.division_code,
        fields=_merged(content.fields, changes.pop("fields", {})),
        valid_from=_start(before, request, day),
        valid_to=content.valid_to,
        matter_code=content.matter_code,
        matter_name=content.matter_name,
        forms=_forms(before),
        supersedes=before.identifier,
        supersede_reason=request.reason,
        ending=request.ending,
    )
    return replace(order, **changes)


def _merged(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396, one level deep: what is None goes."""
    together = {**fields, **changes}
    return {key: value for key, value in together.items() if value is not None}


def _forms(before: Certificate) -> tuple[Form, ...]:
    """The same files as before; purpose copies and higher levels are no files of their own."""
    originals = (file.file_form for file in before.files if file.kind == "original")
    return tuple(dict.fromkeys(originals))


def _start(before: Certificate, request: RevisionRequest, day: date) -> date | None:
    """A renewal's term begins the day after the old one, or at once where that is long over.

    Raises:
        Invalid: a renewal does not say how long it lasts.
    """
    last = before.content.valid_to
    if request.reason != RENEWAL:
        return before.content.valid_from
    if last is None:
        return day
    if "valid_to" not in request.changes:
        raise Invalid(problems=(_NO_END,))
    following = last + timedelta(days=1)
    # An application in time keeps the right alive (Licensing Law art. 50): there is no gap.
    in_time = before.renewal_on(day) is not None
    return following if in_time or following > day else day


_NO_END = Problem(
    "/valid_to",
    "valid-to-missing",
    "延续须填写新的有效期截止日期，长期填 null。",
    "A renewal says until when it lasts; null for no end.",
)
