"""What the HTTP side needs of what stamps, by its ports."""

from typing import Protocol

from certlib.errors import CertlibError
from certlib.ports import Clock, TimestampSource

__all__ = ["ClockState", "StampingClock", "Timestamps"]


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
