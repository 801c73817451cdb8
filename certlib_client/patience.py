"""How long to try again, and how fast."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """When an answer is lost or the library is busy.

    Attributes:
        seconds: how long to go on trying.
        first_pause, longest_pause: seconds between two attempts; doubled each time.
        timeout: seconds for one attempt.
    """

    seconds: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 8.0
    timeout: float = 35.0
