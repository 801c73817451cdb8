"""What anybody may see of the certificate that a verdict is about: holders masked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from certlib import holders
from certlib.document import Content, Holder
from certlib.masking import masked_name
from certlib.verification import Facts, same_text


@dataclass(frozen=True, slots=True)
class Subject:
    """What anybody may see of a certificate: no penalty details, the holder masked.

    Attributes:
        holders: persons masked; where the caller named one of several, the others are masked
            whatever they are.
        personal: a natural person is among them.
    """

    identifier: str
    type_code: str
    type_name: str
    issuer_code: str
    issuer_name: str
    holders: tuple[str, ...]
    issue_date: date
    valid_from: date | None
    valid_to: date | None
    demonstration: bool
    personal: bool = False


def subject_of(content: Content, facts: Facts | None = None) -> Subject:
    """What anybody may see of `content`; `facts` tell which holder the caller named."""
    return Subject(
        identifier=content.identifier,
        type_code=content.type_code,
        type_name=content.name,
        issuer_code=content.issuer_code,
        issuer_name=content.issuer_name,
        holders=tuple(_shown(content, facts or Facts())),
        issue_date=content.issue_date,
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        demonstration=content.demonstration,
        personal=any(holders.is_person(holder.code_type) for holder in content.holders),
    )


def _shown(content: Content, facts: Facts) -> Iterator[str]:
    """Names of the holders: whoever knows one of several learns nothing of the others."""
    named = [_named(holder, facts) for holder in content.holders]
    for holder, known in zip(content.holders, named, strict=True):
        other = any(named) and not known
        yield (
            masked_name(holder.name) if other else holders.mask_name(holder.name, holder.code_type)
        )


def _named(holder: Holder, facts: Facts) -> bool:
    if facts.found_by and same_text(facts.found_by, holder.code):
        return True
    own = {"holder_name": holder.name, "holder_code": holder.code}
    return any(
        claim.path in own and same_text(claim.value, own[claim.path]) for claim in facts.claims
    )
