"""The receipt of a verification (核验回执): what was answered, to whom, of what, and when.

A receipt is a statement of the past. Whoever reads one later learns that the library said so then,
and nothing of what has become of the certificate since. Its content is canonical JSON, laid into a
PDF as an attachment or signed as it is; neither holds a claim's value or anybody's number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "ATTACHMENT_NAME",
    "FORMAT",
    "REPORT_PURPOSE",
    "TYPE",
    "Receipt",
    "Target",
    "Told",
    "told_by",
]

FORMAT: Final = 1
"""Number of the shape of the content; stands in its member `receipt`."""
ATTACHMENT_NAME: Final = "verification-report.json"
"""File name of the content in a PDF (`/AFRelationship /Data`)."""
TYPE: Final = "certlib-verification-report+json"
"""`typ` of the content as a JWS."""
REPORT_PURPOSE: Final = "1.3.6.1.4.1.32473.36904.5.1"
"""Extended key usage: seals receipts, and nothing else; a placeholder as all of that arc."""

_VERDICTS: Final = frozenset({"valid", "invalid", "indeterminate"})
_NUMBER: Final = re.compile(r"[0-9A-Z-]{1,40}")
_INSTANT: Final = re.compile(
    r"(?:19|2[01])[0-9]{2}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:Z|\+00:00)"
)
_MOST_WORDS: Final = 400
_MOST_IDENTIFIER: Final = 128


@dataclass(frozen=True, slots=True)
class Target:
    """What was verified, as far as anybody may know it; nothing of holders.

    Attributes:
        sha256: of the file, or "" where none was at hand.
    """

    identifier: str = ""
    type_code: str = ""
    type_name: str = ""
    issuer_code: str = ""
    issuer_name: str = ""
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt, before it is sealed.

    Attributes:
        number: of the receipt; drawn at random, so that nobody counts our questions by it.
        node: of the library; "" where no library stands behind it.
        asked_by: the client that asked, or ""; never a person.
        question: day, knowledge, policy, purpose and the names of what was compared.
        report: `certlib.verification.detailed`.
        verify_url: where the certificate can be asked about again, or "".
        signed: it will be sealed; a machine without keys makes it without.
    """

    number: str
    made_at: datetime
    node: str
    asked_by: str
    question: Mapping[str, Any]
    target: Target
    report: Mapping[str, Any]
    verify_url: str = ""
    demonstration: bool = False
    signed: bool = True

    def as_json(self) -> dict[str, Any]:
        """Its content: values that `certlib.canonical` takes."""
        return {
            "receipt": FORMAT,
            "number": self.number,
            "made_at": self.made_at.isoformat(),
            "node": self.node,
            "asked_by": self.asked_by,
            "question": dict(self.question),
            "target": asdict(self.target),
            "report": dict(self.report),
            "verify_url": self.verify_url,
            "demonstration": self.demonstration,
            "signed": self.signed,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt says that it answered.

    Attributes:
        verdict, zh, en: the answer, and its sentence.
        as_of: for which instant it spoke.
        identifier: of the certificate that it spoke of, or "".
        signed: it was meant to be sealed; a report without a key says that it is not.
    """

    number: str
    verdict: str
    zh: str
    en: str
    as_of: datetime
    identifier: str
    signed: bool


def told_by(content: str) -> Told | None:
    """What the content of a receipt says; None when it is none of a shape that is known here.

    It may be anybody's writing: nothing but texts, an instant and known words are taken from it.
    """
    try:
        plain = json.loads(content)
        return _told(plain)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _told(plain: Mapping[str, Any]) -> Told:
    report, target = plain["report"], plain["target"]
    words = report["sentence"]
    as_of = str(report["as_of"])
    known = (
        plain["receipt"] == FORMAT
        and report["verdict"] in _VERDICTS
        and _NUMBER.fullmatch(str(plain["number"]))
        and _INSTANT.fullmatch(as_of)
        and isinstance(plain["signed"], bool)
    )
    if not known:
        raise ValueError("shape")
    return Told(
        number=str(plain["number"]),
        verdict=str(report["verdict"]),
        zh=_line(words["zh"]),
        en=_line(words["en"]),
        as_of=datetime.fromisoformat(as_of).astimezone(UTC),
        identifier=_line(target["identifier"] or "")[:_MOST_IDENTIFIER],
        signed=plain["signed"],
    )


def _line(words: object) -> str:
    """Words of a stranger's file, on one line and no longer than ours ever are."""
    return "".join(char if char.isprintable() else " " for char in str(words))[:_MOST_WORDS]
