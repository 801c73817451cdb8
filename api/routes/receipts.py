"""The receipt of an answer on the wire: as a PDF for people, or as signed JSON for machines."""

from typing import Any, Final

from fastapi import Response

from api.parts import Parts
from api.routes.questions import Target
from certlib.usecases.verify import Answer

__all__ = ["CONTENT", "NUMBER", "kind_of", "made"]

NUMBER: Final = "Receipt-Number"
_PDF: Final = "application/pdf"
_JOSE: Final = "application/jose+json"
_ENDINGS: Final = {_PDF: "pdf", _JOSE: "json"}
CONTENT: Final[dict[str, Any]] = {
    _PDF: {"schema": {"type": "string", "format": "binary"}},
    _JOSE: {
        "schema": {
            "type": "object",
            "description": "签名的核验回执（JWS）。 The receipt as a JWS, with its timestamp.",
        }
    },
}
"""What an answer may be instead of JSON, in the API document."""


def kind_of(accept: str) -> str | None:
    """The kind of receipt that the caller asks for by name; None for the plain answer.

    Whoever takes anything, or plain JSON too, gets plain JSON: a receipt is asked for.
    """
    named = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    asked = [kind for kind in _ENDINGS if kind in named]
    return (
        asked[0] if len(asked) == 1 and named <= {*_ENDINGS, "application/problem+json"} else None
    )


def made(parts: Parts, target: Target, answer: Answer, kind: str) -> Response:
    """The receipt as the whole answer.

    Raises:
        SigningUnavailable: key or timestamp authority does not answer.
    """
    size = 0 if target.pdf is None else len(target.pdf)
    receipt = parts.reports.receipt(answer, target.question, size)
    content = parts.reports.pdf(receipt) if kind == _PDF else parts.reports.json(receipt)
    name = f"verification-{receipt.number}.{_ENDINGS[kind]}"
    headers = {
        NUMBER: receipt.number,
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(content, headers=headers, media_type=kind)
