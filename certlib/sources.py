"""Where a dated fact comes from, and when it was known: what every dated event carries."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Source:
    """Where a dated fact comes from, and who put it on record.

    Attributes:
        basis: law or decision; `document_number`: 文号 of the document.
        voided_at: since when it is on record that the fact was an error.
    """

    basis: str
    document_number: str
    recorded_at: datetime
    actor: str
    voided_at: datetime | None = None

    def stands(self, known_at: datetime | None = None) -> bool:
        """Whether the fact was on record, and not as an error, at an instant; None: today."""
        if known_at is None:
            return self.voided_at is None
        voided = self.voided_at is not None and self.voided_at <= known_at
        return self.recorded_at <= known_at and not voided
