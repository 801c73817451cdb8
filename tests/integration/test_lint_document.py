"""The API document by the rules of others: spectral's for OpenAPI, and the OWASP ruleset's."""

import copy
import json

import pytest

from api import openapi
from tests.lint import spectral

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _findings(folder, document):
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    return {(item["code"], "/".join(map(str, item["path"]))) for item in spectral.lint(path)}


def test_nothing_is_found(tmp_path):
    """No error, no warning, no hint; what is off stands in the ruleset with its reason."""
    assert _findings(tmp_path, openapi.document()) == set()


def test_what_is_wrong_would_be_found(tmp_path):
    """Planted: an operation for anybody, a text without end, an address that is not encrypted."""
    planted = copy.deepcopy(openapi.document())
    del planted["paths"]["/v1/types"]["get"]["security"]
    del planted["components"]["schemas"]["SearchIn"]["properties"]["holder_name"]["maxLength"]
    del planted["paths"]["/v1/changes"]["get"]["responses"]["429"]
    planted["servers"] = [{"url": "http://zz.example.cn", "x-internal": False}]
    codes = {code for code, _ in _findings(tmp_path, planted)}
    assert codes >= {
        "owasp:api2:2023-read-restricted",
        "owasp:api4:2023-string-limit",
        "owasp:api4:2023-rate-limit-responses-429",
        "owasp:api8:2023-no-server-http",
    }


def test_the_lock_names_no_registry():
    """Where packages come from is the affair of the machine that installs them."""
    lock = json.loads((spectral.FOLDER / "package-lock.json").read_text("utf-8"))
    packages = {name: item for name, item in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in item for item in packages.values())
    assert all(item["integrity"].startswith("sha512-") for item in packages.values())
