"""The page of a receipt (核验回执): one A4 page, Chinese first, the data attached."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from certlib.calendar import CHINA
from certlib.canonical import canonical_bytes
from certlib.receipts import Receipt
from signing.pages.coverage import drawable
from signing.pages.qr import qr_svg
from signing.pages.typesetter import Typesetter

__all__ = ["ReceiptPage"]

_FOLDER: Final = Path(__file__).parent
_DESIGN: Final = _FOLDER / "receipt.typ"


class ReceiptPage:
    """Receipts to pages: same receipt, same bytes. Threads may share one."""

    def __init__(self) -> None:
        self._typesetter = Typesetter(_FOLDER)

    def pdf(self, receipt: Receipt) -> bytes:
        """The unsealed page, PDF/A-3a and PDF/UA-1."""
        inputs = {
            "receipt": json.dumps(_face(receipt), ensure_ascii=False),
            "data": canonical_bytes(receipt.as_json()).decode("utf-8"),
            "qr": qr_svg(receipt.verify_url) if receipt.verify_url else "",
        }
        return self._typesetter.pdf(_DESIGN, inputs, receipt.made_at) + b"\n"


def _face(receipt: Receipt) -> dict[str, Any]:
    """What the page prints: the content, with its instants as people here read them."""
    local = receipt.made_at.astimezone(CHINA)
    return {
        **_drawable(receipt.as_json()),
        "date": {"year": local.year, "month": local.month, "day": local.day},
        "as_of": _moment(str(receipt.report["as_of"])),
        "made": _moment(receipt.made_at.isoformat()),
        "data_as_of": [
            "" if item["data_as_of"] is None else _moment(item["data_as_of"])
            for item in receipt.report["findings"]
        ],
    }


def _drawable(plain: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same with texts that can be drawn: the data beside the page keep them as they are."""
    match plain:
        case str():
            return drawable(plain)
        case dict():
            return {name: _drawable(value) for name, value in plain.items()}
        case list():
            return [_drawable(value) for value in plain]
        case _:
            return plain


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
