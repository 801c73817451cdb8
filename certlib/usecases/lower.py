"""Lower: what to do when there is no timestamp. For a while seals go without, then none is made."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from certlib.document import Content
from certlib.ports import Clock, DocumentSealer, SealedDocument
from certlib.preservation import LEVELS
from certlib.registry import Registry
from certlib.sealing_errors import TimestampMissing, TimestampOutage


@dataclass(frozen=True, slots=True)
class Lowering:
    """How long this node seals below the target level.

    The record says since when: as long as the oldest seal without its timestamp has not been
    caught up, the outage lasts, whoever restarts what.

    Attributes:
        tolerated: longest age of the oldest seal that still waits for its timestamp; zero never
            lowers a level.
    """

    registry: Registry
    clock: Clock
    tolerated: timedelta

    def seal(
        self, sealer: DocumentSealer, page: bytes, content: Content, level: str
    ) -> SealedDocument:
        """The page sealed at `level`, or at B-B where only the timestamp is missing.

        Raises:
            SigningUnavailable: the key itself does not answer.
            TimestampOutage: seals have gone without timestamps for too long.
            SealMismatch: as the sealer.
        """
        try:
            return sealer.seal(page, content, level)
        except TimestampMissing as missing:
            self._need_patience(missing)
            # The signature is made, and counted; it is kept, not made a second time.
            return SealedDocument(missing.pdf, hashlib.sha256(missing.pdf).hexdigest(), LEVELS[0])

    def _need_patience(self, missing: TimestampMissing) -> None:
        now = self.clock.now()
        with self.registry.read() as session:
            since = session.lowered_since()
        if not self.tolerated or (since is not None and now - since > self.tolerated):
            hours = round(self.tolerated.total_seconds() / 3600)
            raise TimestampOutage(hours=hours) from missing
