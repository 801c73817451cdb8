"""What shall go says so for a year: in every answer, and in the document."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from api import deprecation
from api.deprecation import DEPRECATED, Deprecated, Deprecations, mark
from api.openapi import document

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
GONE = datetime(2028, 3, 1, tzinfo=UTC)
OLD = Deprecated("GET", "/v1/old/{name}", SINCE, GONE, "/v1/new")


def _site(*table):
    api = FastAPI()

    @api.get("/v1/old/{name}")
    async def old(name: str) -> str:
        return name

    @api.post("/v1/old/{name}")
    async def other(name: str) -> str:
        return name

    return Deprecations(api, table)


def _ask(portal, site, method="GET", path="/v1/old/x"):
    async def asked():
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return await client.request(method, path)

    return portal.call(asked)


def test_answers_carry_the_three_headers(api_portal):
    answer = _ask(api_portal, _site(OLD))
    assert answer.headers["deprecation"] == "@1798761600"
    assert answer.headers["sunset"] == "Wed, 01 Mar 2028 00:00:00 GMT"
    assert answer.headers["link"] == (
        '</docs/api>; rel="deprecation"; type="text/html", </v1/new>; rel="successor-version"'
    )


def test_other_operations_carry_none(api_portal):
    for method, path in (("POST", "/v1/old/x"), ("GET", "/v1/else")):
        assert "deprecation" not in _ask(api_portal, _site(OLD), method, path).headers
    assert "deprecation" not in _ask(api_portal, _site()).headers


def test_an_open_end_has_no_sunset(api_portal):
    headers = _ask(api_portal, _site(Deprecated("GET", OLD.path, SINCE))).headers
    assert "sunset" not in headers
    assert headers["link"] == '</docs/api>; rel="deprecation"; type="text/html"'


def test_a_year_is_the_least():
    with pytest.raises(ValueError, match="year"):
        Deprecated("GET", "/x", SINCE, SINCE + timedelta(days=364))


def test_the_document_marks_it():
    paths = {OLD.path: {"get": {"description": "Reads."}, "post": {}}}
    mark(paths, [OLD])
    assert paths[OLD.path]["get"] == {
        "deprecated": True,
        "x-sunset": "2028-03-01",
        "description": "自 2027-01-01 起不再建议使用，2028-03-01 后可能停用，请改用 `/v1/new`。"
        " Deprecated since 2027-01-01, may be gone after 2028-03-01, use `/v1/new`.\n\nReads.",
    }
    assert paths[OLD.path]["post"] == {}
    open_end = {OLD.path: {"get": {}}}
    mark(open_end, [Deprecated("GET", OLD.path, SINCE)])
    assert "x-sunset" not in open_end[OLD.path]["get"]
    with pytest.raises(KeyError):
        mark({}, [OLD])


def test_the_table_speaks_of_operations_that_exist():
    for item in DEPRECATED:
        assert document()["paths"][item.path][item.method.lower()]["deprecated"] is True


def test_the_rules_can_be_read_where_the_headers_lead(world):
    assert world.browser.get(deprecation.RULES).status_code == 200
