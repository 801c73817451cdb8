"""How signers answer, counted where they are asked."""

from typing import Final

from prometheus_client import Counter

__all__ = ["SigningFigures"]

_ALARMING: Final = (
    ("seal", "signature-refused"),
    ("seal", "signing-limited"),
    ("seal", "signing-unavailable"),
)


class SigningFigures:
    """A `keys.signer.client.Watch` of one process."""

    def __init__(self) -> None:
        self.answers = Counter(
            "certlib_signer_answers",
            "Answers of signers, or of the keys of this process",
            ("asked", "outcome"),
            registry=None,
        )
        for labels in _ALARMING:  # series that alerts ask for begin at 0
            self.answers.labels(*labels)

    def told(self, asked: str, outcome: str) -> None:
        """`outcome` is `ok` or the code of a failure."""
        self.answers.labels(asked, outcome).inc()
