"""What every operation of the API document may answer beside what its route says.

FastAPI documents answers that this service never gives, and not those that come from before the
routes: refusals of tokens and rates, overload, faults of a dependency.
"""

from typing import Any, Final

from api.middleware.limits import ALWAYS
from api.problems import MEDIA_TYPE

_PROBLEM: Final = {
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
}
_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": 86_400}
_RATES: Final = {
    name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy")
}
_RETRY: Final = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
_LINK: Final = {"Link": {"$ref": "#/components/headers/Link"}}
HEADERS: Final[dict[str, Any]] = {
    "RateLimit": {
        "description": "剩余次数 r 和恢复秒数 t。 What is left, and in how long it is whole again.",
        "schema": {"type": "string", "maxLength": 128},
        "example": '"write";r=399;t=1',
    },
    "RateLimit-Policy": {
        "description": "每 w 秒 q 次。 So many requests (q) in so many seconds (w).",
        "schema": {"type": "string", "maxLength": 128},
        "example": '"write";q=400;w=4',
    },
    "Retry-After": {
        "description": "多少秒后重试。 Seconds to wait.",
        "schema": _COUNT,
        "example": 5,
    },
    "Link": {
        "description": '下一页（`rel="next"`），末页没有。 The next page; absent on the last one.',
        "schema": {"type": "string", "maxLength": 8192},
        "example": '</v1/types?limit=20&after=…>; rel="next"',
    },
}
"""Headers that many answers share."""
RESPONSES: Final[dict[str, Any]] = {
    "RequestAtFault": {
        "description": "请求有误。 The request is at fault.",
        "headers": _RATES,
        **_PROBLEM,
    },
    "NotAuthenticated": {
        "description": "缺少有效的访问令牌。 A valid access token is missing.",
        "headers": {
            "WWW-Authenticate": {
                "schema": {"type": "string", "maxLength": 128},
                "example": 'Bearer realm="certlib"',
            },
            **_RATES,
        },
        **_PROBLEM,
    },
    "TooManyRequests": {
        "description": "请求过于频繁。 Over the client's rate: wait as Retry-After says.",
        "headers": {**_RETRY, **_RATES},
        **_PROBLEM,
    },
    "Unavailable": {
        "description": "暂时不可用，可按 Retry-After 重试。 Retry later.",
        "headers": _RETRY,
        **_PROBLEM,
    },
}
"""Answers that many operations share."""


def add(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Completes the answers of one operation."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["4XX"] = _shared("RequestAtFault")
    unready = responses.setdefault("503", _shared("Unavailable"))
    if "$ref" not in unready:
        unready["headers"] = {**_RETRY, **unready.get("headers", {})}
    if "401" in responses:
        responses["401"]["content"].setdefault(MEDIA_TYPE, _PROBLEM["content"][MEDIA_TYPE])
    elif "security" in operation:
        responses["401"] = _shared("NotAuthenticated")
    if path in ALWAYS:
        return  # health is told at any rate
    responses["429"] = _shared("TooManyRequests")
    for status, response in responses.items():
        if "$ref" not in response and status[0] in "24":
            response["headers"] = {**response.get("headers", {}), **_RATES}
    if method == "get" and _is_paged(operation, schemas):
        responses["200"]["headers"] |= _LINK


def _shared(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{name}"}


def _is_paged(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if "limit" not in {item["name"] for item in operation.get("parameters", ())}:
        return False
    response = operation["responses"].get("200", {})
    shape = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = shape.get("$ref", "").rpartition("/")[2]
    return "after" in schemas.get(name, {}).get("properties", {})
