"""What an audit says: invariants, how much of each was checked, and what violates them."""

from dataclasses import asdict, dataclass, field
from typing import Any

from api.audit.promises import INVARIANTS, METHODS


class CannotAudit(Exception):
    """The audit could not be made; that says nothing about the record."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that breaks an invariant.

    Attributes:
        subject: identifier, object name or sequence number; never anything of a holder.
        code: stable slug.
    """

    subject: str
    code: str
    zh: str
    en: str


@dataclass(slots=True)
class Invariant:
    """One invariant: how many things were checked, and what was found."""

    name: str
    checked: int = 0
    violations: list[Violation] = field(default_factory=list)

    @property
    def texts(self) -> tuple[str, str]:
        """What it promises, in Chinese and English."""
        return INVARIANTS[self.name]

    @property
    def method(self) -> tuple[str, str]:
        """How it is checked, in Chinese and English."""
        return METHODS[self.name]

    def broken(self, subject: str, code: str, zh: str, en: str) -> None:
        """Notes a violation."""
        self.violations.append(Violation(subject, code, zh, en))

    def expect(self, held: bool, subject: str, code: str, texts: tuple[str, str]) -> bool:
        """Notes a violation unless `held`; says whether it held."""
        if not held:
            self.broken(subject, code, *texts)
        return held


@dataclass(frozen=True, slots=True)
class Counts:
    """What there was.

    Attributes:
        unsealed: records of the history that no seal covers yet.
    """

    certificates: int
    pending: int
    objects: int
    unsealed: int


@dataclass(frozen=True, slots=True)
class Report:
    """The audit's result."""

    invariants: tuple[Invariant, ...]
    counts: Counts

    @property
    def green(self) -> bool:
        """Whether every invariant holds."""
        return not any(item.violations for item in self.invariants)

    def as_json(self) -> dict[str, Any]:
        """What `certlib audit --json` prints."""
        return {
            "green": self.green,
            **asdict(self.counts),
            "invariants": [
                {
                    "invariant": item.name,
                    "promise": {"zh": item.texts[0], "en": item.texts[1]},
                    "method": {"zh": item.method[0], "en": item.method[1]},
                    "checked": item.checked,
                    "violations": [
                        {
                            "subject": one.subject,
                            "code": one.code,
                            "text": {"zh": one.zh, "en": one.en},
                        }
                        for one in item.violations
                    ],
                }
                for item in self.invariants
            ],
        }
