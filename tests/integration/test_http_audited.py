"""Whatever the API lets anybody do, the auditor finds in order."""

import json
from datetime import UTC, datetime

import pytest

from api.audit import AuditOptions, audit, trust_of_register
from tests.integration.http_house import House
from tests.integration.http_process import prepare, serving
from tests.integration.http_promises import operations


def _claims_a_key(operation):
    return any(item["name"] == "Idempotency-Key" for item in operation.parameters("header"))


_BY_ROW = {"issueBatch", "recordPeriodicResults"}
"""Take a key with each row instead."""
CLAIMING = [item for item in operations() if _claims_a_key(item) or item.name in _BY_ROW]
"""Every operation of the document that takes a key: a new one is here by itself."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_kind_of_act_is_done_and_audited_green(tmp_path):
    """Each operation once, for real; then everything holds."""
    folder = tmp_path / "var"
    prepare(folder)
    rates = {f"CERTLIB_RATE_{kind}": "1e6" for kind in ("READ", "WRITE", "VERIFY", "PUBLIC")}
    with serving(folder, **rates) as server:
        house = House(server)
        for operation in CLAIMING:
            _done(house, operation)
        house.close()
    key = tmp_path / "var-secrets" / "kek"
    options = AuditOptions(
        f"sqlite:///{folder / 'certlib.sqlite'}",
        folder / "objects",
        (key,),
        trust_of_register(folder / "keys" / "register"),
        now=datetime.now(UTC),
    )
    report = audit(options)
    assert {
        (item.name, one.code, one.subject) for item in report.invariants for one in item.violations
    } == set()
    checked = {item.name: item.checked for item in report.invariants}
    assert checked["INV-4"] >= len(CLAIMING)


def _done(house, operation):
    path, body, _ = house.scene(operation)
    if operation.name == "recordPeriodicResults":
        body["rows"] = [{**body["rows"][0], "identifier": house.identifier}]
    content = None if body is None else json.dumps(body).encode()
    key = {"Idempotency-Key": f"audited-{operation.name}"}
    answer = house.ask(operation, path, content=content, headers=key)
    assert answer.is_success, f"{operation}: {answer.text}"
