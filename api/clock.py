"""The one place that reads the clock and the operating system's randomness."""

import secrets
from datetime import UTC, datetime


class SystemClock:
    """Aware UTC in whole seconds."""

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC).replace(microsecond=0)


class SystemEntropy:
    """The operating system's generator."""

    def octets(self, count: int) -> bytes:
        """`count` random bytes."""
        return secrets.token_bytes(count)
