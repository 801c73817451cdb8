"""What the HTTP side needs of what stamps, by its ports."""

from collections.abc import Sequence
from typing import Protocol

from certlib.errors import CertlibError
from certlib.ports import Clock, TimestampSource

__all__ = ["ClockState", "SourceState", "StampingClock", "TimestampSources", "Timestamps"]


class Timestamps(TimestampSource, Protocol):
    """A timestamp authority that also speaks RFC 3161 over HTTP."""

    def respond(self, request: bytes) -> bytes:
        """DER TimeStampResp to any bytes."""
        ...


class ClockState(Protocol):
    """How it is with the clock that tokens are made by."""

    @property
    def problem(self) -> CertlibError | None:
        """Why nothing is stamped."""
        ...

    @property
    def synchronised(self) -> bool | None:
        """Whether a time source keeps it; None where nobody knows."""
        ...

    @property
    def jump(self) -> float:
        """Seconds by which it was set since it was last believed."""
        ...

    @property
    def behind(self) -> float:
        """Seconds by which it stands before the last token."""
        ...


class StampingClock(Clock, Protocol):
    """The clock that tokens are made by; `now` raises `ClockNotTrusted`."""

    def standing(self) -> ClockState:
        """How it is; raises `SigningUnavailable`."""
        ...


class SourceState(Protocol):
    """How it is with one authority that stamps seals."""

    @property
    def name(self) -> str:
        """As the file of sources names it."""
        ...

    @property
    def works(self) -> bool:
        """Whether it is asked at all."""
        ...

    @property
    def fault(self) -> str:
        """Why its last token failed, or ""."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens since the start."""
        ...

    @property
    def failures(self) -> int:
        """Tokens that it did not give."""
        ...


class TimestampSources(Protocol):
    """Authorities that stamp seals, in an order."""

    def standing(self) -> Sequence[SourceState]:
        """How it is with each."""
        ...

    def probe(self, imprint: bytes) -> None:
        """Asks those that were left alone whether they are back; never raises."""
        ...
