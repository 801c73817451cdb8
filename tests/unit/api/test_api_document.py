"""The API document is true, complete, and the same as the one that is kept."""

import json
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from api import openapi
from api.routes.table import ROUTERS
from api.schemas.certificates import StateName
from certlib.states import State

_KEPT = Path(__file__).parents[3] / "docs" / "openapi.json"
_DOCUMENT = openapi.document()
_OPERATIONS = {
    operation["operationId"]: operation
    for path in _DOCUMENT["paths"].values()
    for operation in path.values()
}


def test_the_kept_document_is_current():
    """`make openapi` writes it anew."""
    assert _KEPT.read_text("utf-8") == openapi.text()


def test_the_served_document_is_this_one(world):
    answer = world.browser.get("/openapi.json")
    assert answer.json() == _DOCUMENT
    assert world.browser.get("/docs").status_code == 404


def test_every_route_is_documented_but_pages():
    documented = set(_OPERATIONS)
    routed = {
        route.operation_id or route.name
        for router in ROUTERS
        for route in router.routes
        if route.include_in_schema
    }
    assert routed | {"readStatus"} == documented


def _resolved(response):
    name = response.get("$ref", "").removeprefix("#/components/responses/")
    return _DOCUMENT["components"]["responses"][name] if name else response


@pytest.mark.parametrize("name", sorted(_OPERATIONS))
def test_every_operation_says_what_can_go_wrong(name):
    operation = _OPERATIONS[name]
    responses = operation["responses"]
    assert "422" not in responses
    problem = _resolved(responses["4XX"])["content"]["application/problem+json"]
    assert problem["schema"]["$ref"].endswith("ProblemDocument")
    assert "Retry-After" in _resolved(responses["503"])["headers"]
    assert ("429" in responses) == (name not in {"healthz", "readyz", "metrics"})
    assert ("401" in responses) == ("security" in operation)
    assert {"500", "502", "504"}.isdisjoint(responses)
    assert operation["summary"].isascii() is False
    assert operation["tags"]


def test_frameworks_own_errors_are_gone():
    assert "HTTPValidationError" not in json.dumps(_DOCUMENT)


def test_references_lead_somewhere():
    text = json.dumps(_DOCUMENT)
    schemas = _DOCUMENT["components"]["schemas"]
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas


def _validator(schema):
    return Draft202012Validator({**schema, "components": _DOCUMENT["components"]})


def test_every_answer_in_json_has_an_example_that_fits():
    for name, operation in _OPERATIONS.items():
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            if content is None or "example" not in content:
                continue
            errors = list(_validator(content["schema"]).iter_errors(content["example"]))
            assert errors == [], f"{name} {status}: {errors}"
    with_example = {
        name
        for name, operation in _OPERATIONS.items()
        if any(
            "example" in content
            for response in operation["responses"].values()
            for content in response.get("content", {}).values()
        )
    }
    binary = {"readFile", "readDraftPage", "metrics", "readPublished", "timestamp"}
    binary |= {"askOcsp", "readOcsp"}
    by_schema = {name for name in _OPERATIONS if name.endswith("Certificate")} - with_example
    silent = {name for name, operation in _OPERATIONS.items() if "204" in operation["responses"]}
    assert with_example | binary | by_schema | silent == set(_OPERATIONS)


def test_every_body_has_an_example_that_fits():
    for name, operation in _OPERATIONS.items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        schema = body["schema"]
        if "$ref" in schema:
            schema = _DOCUMENT["components"]["schemas"][schema["$ref"].split("/")[-1]]
        examples = schema.get("examples") or [body["example"]]
        for example in examples:
            errors = list(_validator(schema).iter_errors(example))
            assert errors == [], f"{name}: {errors}"


def test_protected_operations_name_their_scope():
    for name, operation in _OPERATIONS.items():
        public = {
            "healthz",
            "readyz",
            "metrics",
            "readPublished",
            "askOcsp",
            "readOcsp",
            "timestamp",
            "readStatus",
            "readKnownFile",
        }
        assert ("security" in operation) == (name not in public), name


def test_acts_need_a_key():
    """Every POST of a client changes something and names its key, but for these questions."""
    questions = {
        "searchCertificates",
        "searchHolderChanges",
        "readStatuses",
        "testWebhook",  # asks the receiver
        "verify",
        "token",
        "issueBatch",  # a key for each row
        "recordPeriodicResults",  # a key for each row
    }
    posts = {item["post"]["operationId"] for item in _DOCUMENT["paths"].values() if "post" in item}
    for name, operation in _OPERATIONS.items():
        keys = [p for p in operation.get("parameters", ()) if p["name"] == "Idempotency-Key"]
        acts = name in posts and "security" in operation and name not in questions
        assert bool(keys) == acts, name
        assert all(key["required"] for key in keys)


def test_acts_on_a_record_honour_its_version():
    """Whoever changes a record may say which version was read, and is told the new one."""
    for path, item in _DOCUMENT["paths"].items():
        if "post" not in item or "{identifier}" not in path:
            continue
        operation = item["post"]
        headers = [answer.get("headers", {}) for answer in operation["responses"].values()]
        named = {parameter["name"].lower() for parameter in operation["parameters"]}
        assert "if-match" in named, path
        assert any("ETag" in answer for answer in headers), path


def test_names_of_states_are_those_of_the_domain():
    assert set(get_args(StateName)) == {state.value for state in State}
