"""What the API document promises of each operation, and what of it an answer breaks."""

import json
from copy import deepcopy
from functools import cache

from jsonschema import Draft202012Validator

from api import openapi

_SOMETIMES = {"Link", "Deprecation", "Sunset"}
"""Headers that an answer has where there is something to say."""
_NEVER = {500, 502, 504}


class Operation:
    """One operation of the document."""

    def __init__(self, method, path, said):
        self.method = method
        self.path = path
        self.said = said
        self.name = said["operationId"]
        self.protected = any("client" in way for way in said.get("security", ()))

    def __repr__(self):
        return self.name

    def parameters(self, place):
        return [item for item in self.said.get("parameters", ()) if item["in"] == place]

    def example(self):
        """The body that the document shows, or None; the caller's own, to change as it likes."""
        content = self.said.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        schema = resolved(content["schema"])
        shown = content.get("examples") or {"only": {"value": schema["examples"][0]}}
        return deepcopy(next(iter(shown.values()))["value"])

    def broken(self, answer):
        """What of the document the answer does not keep, or ""."""
        if answer.status_code in _NEVER:
            return f"{answer.status_code} is never answered: {answer.text[:300]}"
        responses = self.said["responses"]
        kept = responses.get(str(answer.status_code))
        if kept is None:
            kept = responses.get(f"{answer.status_code // 100}XX")
        if kept is None:
            return f"{answer.status_code} is not documented: {answer.text[:300]}"
        return _broken_headers(resolved(kept), answer) or _broken_body(resolved(kept), answer)


def _broken_headers(promised, answer):
    wanted = set(promised.get("headers", ())) - _SOMETIMES
    missing = sorted(name for name in wanted if name not in answer.headers)
    # Only who is let in at all has a rate that could be told.
    missing = [name for name in missing if not name.startswith("RateLimit")]
    if missing:
        return f"{answer.status_code} without {missing}"
    if "X-Request-Id" not in answer.headers:
        return "no request id"
    if answer.status_code == 503 and answer.headers["content-type"] != "application/json":
        code = answer.json()["code"]
        return "503: unforeseen" if code == "unexpected" else ""
    return ""


def _broken_body(promised, answer):
    kinds = promised.get("content", {})
    if not kinds:
        return f"a body of {len(answer.content)} octets" if answer.content else ""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind not in kinds:
        return f"{kind} is none of {sorted(kinds)}"
    if not kind.endswith("json"):
        return ""
    value = json.loads(answer.content.decode("utf-8"))
    schema = json.dumps(kinds[kind]["schema"], sort_keys=True)
    errors = [item.json_path + ": " + item.message for item in _judge(schema).iter_errors(value)]
    return f"{answer.status_code}: {'; '.join(errors)[:500]}" if errors else ""


@cache
def _judge(schema):
    components = openapi.document()["components"]
    return Draft202012Validator({**json.loads(schema), "components": components})


def resolved(said):
    """What a reference leads to."""
    while "$ref" in said:
        found = openapi.document()
        for part in said["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        said = found
    return said


@cache
def operations():
    """Every operation, in the order of the document."""
    return [
        Operation(method.upper(), path, said)
        for path, item in openapi.document()["paths"].items()
        for method, said in item.items()
    ]
