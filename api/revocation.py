"""What revocation lists and OCSP answers have in common: others keep copies of them."""

from datetime import datetime
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from fastapi import Request, Response

__all__ = ["OcspAnswer", "Responder", "cacheable", "list_end"]


class OcspAnswer(Protocol):
    """An OCSPResponse with what caches may know of it."""

    @property
    def response(self) -> bytes:
        """DER."""
        ...

    @property
    def made(self) -> datetime | None:
        """When it was signed; None: it is for one caller alone."""
        ...

    @property
    def until(self) -> datetime | None:
        """Its nextUpdate; None: it is for one caller alone."""
        ...

    @property
    def word(self) -> str:
        """Its status (RFC 6960 section 4.2.1) in one word, for counting."""
        ...


class Responder(Protocol):
    """Tells of revocations (RFC 6960)."""

    def respond(self, request: bytes) -> OcspAnswer:
        """The answer to any bytes at all."""
        ...


def list_end(crl: bytes) -> datetime:
    """When the next list is there at the latest, aware UTC."""
    found = x509.load_der_x509_crl(crl)
    return found.next_update_utc or found.last_update_utc


def cacheable(request: Request, content: bytes, media_type: str, seconds: float) -> Response:
    """The content with a strong tag of its own, or 304 to whoever has it already (RFC 9110, 13).

    Args:
        request: whose `If-None-Match` is looked at.
        content: the body.
        media_type: of it.
        seconds: how long a cache may give it to others without asking.
    """
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    age = max(0, int(seconds))
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={age}, must-revalidate"}
    known = {item.strip().removeprefix("W/") for item in _asked(request).split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _asked(request: Request) -> str:
    return ",".join(request.headers.getlist("if-none-match"))
