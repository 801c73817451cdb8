"""The receipt of an answer (核验回执): what is written on it, before anybody seals it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from certlib.ids import parse
from certlib.ports import Clock, Entropy, ReportPress
from certlib.receipts import Receipt, Target
from certlib.usecases.verify import Answer, Question
from certlib.verification import detailed

__all__ = ["MakeReports", "Origin", "receipt_of"]

_NUMBER_OCTETS: Final = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where receipts come from.

    Attributes:
        node: of the library, "" on a machine that has none.
        public_url: "" there, too.
    """

    node: str = ""
    public_url: str = ""
    demonstration: bool = False


class MakeReports:
    """Makes receipts of answers, sealed with the library's key for them and no other."""

    def __init__(self, press: ReportPress, clock: Clock, entropy: Entropy, origin: Origin) -> None:
        self._press = press
        self._clock = clock
        self._entropy = entropy
        self._origin = origin

    def receipt(self, answer: Answer, question: Question, size: int = 0) -> Receipt:
        """The receipt of `answer`; `size` is that of the file, octets."""
        number = number_of(self._entropy.octets(_NUMBER_OCTETS), self._clock.now())
        return receipt_of(answer, question, self._origin, number, size)

    def pdf(self, receipt: Receipt) -> bytes:
        """One page for people with the data attached, sealed B-T.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        return self._press.pdf(receipt)

    def json(self, receipt: Receipt) -> bytes:
        """The same as a signed and stamped JWS.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        return self._press.json(receipt)


def number_of(octets: bytes, moment: datetime) -> str:
    """A number that can be read out: the day, and what was drawn."""
    drawn = octets.hex().upper()
    return f"HY{moment:%Y%m%d}-{drawn[:8]}-{drawn[8:]}"


def receipt_of(
    answer: Answer, question: Question, origin: Origin, number: str, size: int = 0
) -> Receipt:
    """What the receipt of an answer says. It holds no claim's value and nothing of holders."""
    target = _target(answer, size)
    caller = question.asked_by
    # A stranger's file may call itself anything: only an identifier leads anywhere.
    linked = origin.public_url != "" and parse(target.identifier).identifier is not None
    return Receipt(
        number=number,
        made_at=answer.report.as_of,
        node=origin.node,
        asked_by="" if caller is None else caller.client_id,
        question=_question(answer, question),
        target=target,
        report=detailed(answer.report, answer.file),
        verify_url=f"{origin.public_url.rstrip('/')}/v/{target.identifier}" if linked else "",
        demonstration=origin.demonstration or _is_demonstration(answer),
        signed=origin.node != "",
    )


def _question(answer: Answer, question: Question) -> dict[str, Any]:
    known_at = answer.known_at
    return {
        "on": None if answer.on is None else answer.on.isoformat(),
        "known_at": None if known_at is None else known_at.isoformat(),
        "policy": question.policy.name,
        "purpose": question.purpose,
        "compared": sorted({claim.path for claim in question.claims}),
    }


def _is_demonstration(answer: Answer) -> bool:
    return answer.subject is not None and answer.subject.demonstration


def _target(answer: Answer, size: int) -> Target:
    subject, sha256 = answer.subject, answer.sha256
    if subject is None:
        named = "" if answer.file is None else answer.file.identifier
        return Target(identifier=answer.identifier or named, sha256=sha256, size=size)
    return Target(
        identifier=subject.identifier,
        type_code=subject.type_code,
        type_name=subject.type_name,
        issuer_code=subject.issuer_code,
        issuer_name=subject.issuer_name,
        sha256=sha256,
        size=size,
    )
