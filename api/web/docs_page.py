"""GET /docs/api: the API document for people, drawn by Redoc from our own files alone.

The script is shipped as its makers published it (docs/licences.md). Its styles enter by script
(CSSOM), so the policy admits style elements only if they are empty, or the one that stands there by
its digest; the badge that it would fetch from its makers is not fetched.
"""

import json
from typing import Final

from fastapi import APIRouter, Response

from api.web.site import AcceptLanguage, Lang, page
from api.web.texts import language_of

router = APIRouter(tags=["公开 Public"], include_in_schema=False)

PATH: Final = "/docs/api"
_STYLES: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # an empty style element
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",  # Redoc's own, for its scrollbars
)
_POLICY: Final = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {' '.join(_STYLES)}; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_FONTS: Final = (
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "'Noto Sans SC', sans-serif"
)
_THEME: Final = json.dumps(
    {
        "colors": {"primary": {"main": "#1d4f91"}},
        "typography": {"fontFamily": _FONTS, "headings": {"fontFamily": _FONTS}},
    }
)


@router.get(PATH)
async def api_page(lang: Lang = "", accept_language: AcceptLanguage = "") -> Response:
    """Every operation with its shapes and examples."""
    shown = language_of(lang, accept_language)
    return page("docs.html", shown, {"theme": _THEME}, policy=_POLICY)
