"""Receipts of verifications, sealed: one page as PDF/A-3a with its data, or the data as a JWS."""

from collections.abc import Callable

from certlib.canonical import canonical_bytes
from certlib.ports import Clock, KeyHandle, SealCustody, TimestampSource
from certlib.receipts import TYPE, Receipt
from signing.jws import signed_json
from signing.pages.receipt import ReceiptPage
from signing.sealing import PadesSealer

__all__ = ["ReceiptPress"]


class ReceiptPress:
    """Implements `certlib.ports.ReportPress`. Threads may share one.

    Args:
        key: the library's key for reports, asked for at each receipt: it is renewed some day.
    """

    def __init__(
        self,
        key: Callable[[], KeyHandle],
        custody: SealCustody,
        timestamps: TimestampSource,
        clock: Clock,
    ) -> None:
        self._key = key
        self._timestamps = timestamps
        self._sealer = PadesSealer(custody, timestamps, clock)
        self._page = ReceiptPage()

    def pdf(self, receipt: Receipt) -> bytes:
        """The page with the data attached, sealed B-T and certified.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        return self._sealer.seal_receipt(self._page.pdf(receipt), self._key())

    def json(self, receipt: Receipt) -> bytes:
        """The data, signed and stamped.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        payload = canonical_bytes(receipt.as_json())
        return signed_json(payload, TYPE, self._key(), self._timestamps)
