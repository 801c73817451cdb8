"""What every page stands on: headers, templates, static files whose addresses change with them.

No outside address, nothing kept on the way; scripts are files of our own, and only on the pages
that ask for them (`SCRIPTED`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.failures import PathUnknown
from api.web.texts import WORDS

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SCRIPTED: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The policy of pages with scripts of ours: nothing inline, nothing from or to elsewhere."""
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_FILES: Final[Mapping[str, str]] = {
    "site.css": "text/css; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "redoc.standalone.js": "text/javascript; charset=utf-8",
    "file-check.js": "text/javascript; charset=utf-8",
    "sha256.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
Lang = Annotated[str, Query(max_length=8)]
"""`zh` or `en`, as a reader asks for."""
AcceptLanguage = Annotated[str, Header()]
"""What the browser prefers."""

_YEAR: Final = int(timedelta(days=365).total_seconds())


@dataclass(frozen=True, slots=True)
class Static:
    """A file of the page; its address changes with its content."""

    content: bytes
    media_type: str
    tag: str


def _static() -> Mapping[str, Static]:
    folder = resources.files("api.web").joinpath("static")
    found = {}
    for name, kind in _FILES.items():
        content = folder.joinpath(name).read_bytes()
        found[name] = Static(content, kind, hashlib.sha256(content).hexdigest()[:12])
    return found


_STATIC: Final = _static()
_TEMPLATES: Final = Environment(
    loader=PackageLoader("api.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["static"] = {
    name: f"/static/{name}?v={item.tag}" for name, item in _STATIC.items()
}


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """Style and icon, for a year: a new version has a new address."""
    found = _STATIC.get(name)
    if found is None:
        raise PathUnknown
    headers = {
        "Cache-Control": f"public, max-age={_YEAR}, immutable",
        "ETag": f'"{found.tag}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, media_type=found.media_type, headers=headers)


def page(
    name: str, lang: str, values: Mapping[str, Any], status: int = 200, policy: str = _POLICY
) -> Response:
    """A page in one language, with the other one beside it."""
    other = "en" if lang == "zh" else "zh"
    text = _TEMPLATES.get_template(name).render(
        **values, lang=lang, other=other, words=WORDS[lang], others=WORDS[other]
    )
    headers = {**HEADERS, "Content-Security-Policy": policy, "Vary": "Accept-Language"}
    return Response(text, status, headers, HTML)
