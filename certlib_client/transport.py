"""Between the steps of a conversation and httpx."""

import json
from typing import Any

import httpx

from certlib_client.flow import Lost, Reply, Send


def arguments(step: Send) -> dict[str, Any]:
    """What httpx is asked to send."""
    found: dict[str, Any] = {
        "method": step.method,
        "url": step.path,
        "headers": dict(step.headers),
        # Given even an empty mapping, httpx drops the query that stands in the path.
        "params": dict(step.params) or None,
    }
    for name in ("json", "content", "data"):
        value = getattr(step, name)
        if value is not None:
            found[name] = value
    return found


def reply(response: httpx.Response) -> Reply:
    """What came back, its JSON read where there is any."""
    return Reply(response.status_code, response.headers, _json(response), response.content)


def lost(error: httpx.TransportError) -> Lost:
    """Why nothing came back."""
    return Lost(f"{type(error).__name__}: {error}")


def _json(response: httpx.Response) -> Any:  # noqa: ANN401 - any JSON value
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        return response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
