"""The API document is true: what schemathesis makes of it gets documented answers, never a 500."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from api import openapi
from tests.integration.http_house import House
from tests.integration.http_process import prepare, serving

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# Rows of a batch are answered one by one, and a file that is no PDF gets a verdict.
_LENIENT = frozenset({"issueBatch", "verify", "timestamp", "token"})


_CASES = 6
"""Drawn at random for each operation, beside what the bounds of its parameters suggest."""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documented") / "var"
    prepare(folder)
    rates = {f"CERTLIB_RATE_{kind}": "1e6" for kind in ("READ", "WRITE", "VERIFY", "PUBLIC")}
    with serving(folder, **rates) as server:
        made = House(server)
        yield made
        made.close()
        assert [line for line in server.lines() if line["event"] == "unforeseen"] == []


@pytest.fixture(scope="module")
def session():
    with requests.Session() as made:
        yield made


def _document(*modes, bounds):
    made = schemathesis.openapi.from_dict(openapi.document())
    made.config.generation.update(modes=list(modes))
    made.config.phases.coverage.enabled = bounds
    return made


operator = _document(GenerationMode.POSITIVE, GenerationMode.NEGATIVE, bounds=True)
department = _document(GenerationMode.POSITIVE, bounds=False)


@schemathesis.serializer(
    "application/pdf", "application/timestamp-query", "application/ocsp-request"
)
def _plain(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _drawn(cases):
    return settings(
        max_examples=cases,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@operator.parametrize()
@_drawn(_CASES)
def test_every_operation_answers_as_documented(case, house, session):
    """Asked by a client with every scope; most records are not there."""
    _hold(case, house, session, "transport")


@pytest.mark.slow
@pytest.mark.timeout(600)
@department.parametrize()
@_drawn(2)
def test_a_department_is_answered_as_documented(case, house, session):
    """Asked by a department's system, of records that are there: another department's."""
    places = house.scene_of_reading(case.operation.path)
    case.path_parameters = {**(case.path_parameters or {}), **places} or None
    _hold(case, house, session, "counter")


def test_every_test_has_an_id_of_its_own(request):
    """Of several with one id, only one would be run where processes share them out."""
    ids = [item.nodeid for item in request.session.items]
    assert len(ids) == len(set(ids))


def _hold(case, house, session, client):
    headers = house.tokens[client] if _protected(case) else {}
    lenient = case.operation.definition.raw.get("operationId") in _LENIENT
    checks = [check for check in _CHECKS if not (lenient and check is negative_data_rejection)]
    if str((case.query or {}).get("wait", "")).isdecimal():
        case.query["wait"] = min(int(case.query["wait"]), 16) // 16 * 16  # refused, or no waiting
    answer = case.call(base_url=house.url, headers=headers, session=session, timeout=60)
    case.validate_response(answer, checks=checks)
    assert answer.status_code not in {500, 502, 504}
    if answer.status_code == 503:
        assert answer.json()["code"] != "unexpected"


def _protected(case):
    return case.path.startswith("/v1/") and not case.path.startswith(("/v1/status/", "/v1/files/"))
