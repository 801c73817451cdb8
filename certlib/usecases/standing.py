"""What has become of issuer and holders since a certificate was sealed: asked of the record."""

from dataclasses import dataclass
from datetime import date

from certlib.departments import Jurisdiction, Succession
from certlib.document import Content
from certlib.holder_changes import Chronicle, HolderChange, Standing, key_of
from certlib.registry import ReadSession
from certlib.verification import IssuerNow
from certlib.verification.matching import same_text


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What has become of a certificate's parties; the certificate stays as it was sealed.

    Attributes:
        holders: in the order of the certificate.
        issuer: who the issuer is today; None when it is what the certificate says.
    """

    holders: tuple[Standing, ...] = ()
    issuer: IssuerNow | None = None

    @property
    def changed(self) -> bool:
        """Whether anything is other than the certificate says."""
        moved = any(item.changed or item.divided or item.ended for item in self.holders)
        return moved or self.issuer is not None


NOTHING_SINCE = Aftermath()
"""Of what is not sealed yet."""


def aftermath(session: ReadSession, content: Content, today: date) -> Aftermath:
    """What has become of issuer and holders by today."""
    chronicle = Chronicle(holder_changes(session, content))
    standings = (
        chronicle.standing(holder, content.issue_date, today) for holder in content.holders
    )
    return Aftermath(tuple(standings), issuer_now(session, content, today))


def issuer_now(session: ReadSession, content: Content, today: date) -> IssuerNow | None:
    """Who the issuer is today; None when it is what the certificate says."""
    jurisdiction = Jurisdiction(session.successions())
    path = jurisdiction.path(content.issuer_code, content.type_code, today)
    if path:
        return _successor(session, path[-1])
    department = session.department(content.issuer_code)
    if department is None or same_text(department.name, content.issuer_name):
        return None
    for named in reversed(session.department_names(content.issuer_code)):
        standing = named.source.stands() and content.issue_date <= named.effective_from <= today
        if standing and named.name == department.name:
            return IssuerNow(
                content.issuer_code, named.name, "更名为", "is renamed", named.effective_from
            )
    return None


def holder_changes(session: ReadSession, content: Content) -> tuple[HolderChange, ...]:
    """What happened to the holders of a certificate, and to all that are linked with them."""
    return tuple(session.related_changes({key_of(holder) for holder in content.holders}))


def _successor(session: ReadSession, last: Succession) -> IssuerNow:
    keeper = session.department(last.successor_code)
    name = last.successor_code if keeper is None else keeper.name
    return IssuerNow(last.successor_code, name, last.kind.zh, last.kind.en, last.effective_from)
