"""What our own reader must find in a file that was just sealed, or lifted, before it is kept."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from certlib.evidence import DOCUMENT_TIMESTAMP, ChangeGrade, FileFacts
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions

_HELD = frozenset({ChangeGrade.NONE, ChangeGrade.PERMITTED})


@dataclass(frozen=True, slots=True)
class Meant:
    """What the file was to be.

    Attributes:
        content_digest: hex SHA-256 of the canonical content inside.
    """

    identifier: str
    type_code: str
    issuer_code: str
    content_digest: str


def difference(facts: FileFacts, meant: Meant, now: datetime) -> str:
    """What differs between a sealed file and what was meant; "" when nothing does.

    One seal, then archive timestamps (EN 319 142-1, 5.4.3) and nothing else.
    """
    if not facts.readable or not facts.signatures:
        return facts.fault or "signatures"
    seal, *archives = facts.signatures
    if any(item.kind != DOCUMENT_TIMESTAMP for item in archives):
        return "signatures"
    concluded = conclusions(facts.signatures, OWN, now, meant.type_code)
    checks = {
        "digest": seal.message is not None and seal.message.digest_ok,
        "signature": seal.message is not None and seal.message.signature_ok,
        "structure": not any(item.layout_problem or item.form_problem for item in facts.signatures)
        and facts.signatures[-1].covers_file,
        "timestamp": all(item.intact for item in archives),
        "chain": not any(item.problem for item in concluded),
        "changes": _changes_held(facts),
        "certified": seal.certified == 1,
        "identifier": facts.identifier == meant.identifier,
        "signer": seal.signer is not None and seal.signer.code == meant.issuer_code,
        "content": hashlib.sha256(facts.content.encode()).hexdigest() == meant.content_digest,
    }
    return next((name for name, held in checks.items() if not held), "")


def _changes_held(facts: FileFacts) -> bool:
    if len(facts.signatures) == 1:
        return facts.changes.grade is ChangeGrade.NONE
    permitted = OWN.permitted_changes or frozenset()
    return facts.changes.grade in _HELD and permitted.issuperset(facts.changes.kinds)
