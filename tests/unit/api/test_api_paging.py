"""Every list is read page by page: so many lines, a cursor, a link to the next page."""

import pytest

from api.openapi import document
from api.routes.table import ROUTERS


def _walk(world, path, name, **query):
    """All lines of a list, by its links."""
    headers, found, pages = world.bearer(), [], 0
    answer = world.browser.get(path, params=query, headers=headers)
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()[name]
        pages += 1
        if "next" not in answer.links:
            assert answer.json()["after"] == ""
            return found, pages
        answer = world.browser.get(answer.links["next"]["url"], headers=headers)


def test_types_are_read_page_by_page(world):
    everything, one = _walk(world, "/v1/types", "types")
    single, pages = _walk(world, "/v1/types", "types", limit=1)
    assert (one, pages) == (1, len(everything))
    assert single == everything
    codes = [item["type_code"] for item in everything]
    assert codes == sorted(codes)


def test_departments_are_read_page_by_page(world):
    everything, _ = _walk(world, "/v1/departments", "departments")
    single, pages = _walk(world, "/v1/departments", "departments", limit=1)
    assert single == everything
    assert pages == len(everything) == 2


def test_the_history_is_read_page_by_page(world):
    identifier = world.issued()
    world.act(identifier, "suspend", reason_code="paused")
    path = f"/v1/certificates/{identifier}/history"
    everything, _ = _walk(world, path, "acts")
    single, pages = _walk(world, path, "acts", limit=1)
    assert single == everything
    assert pages == len(everything) == 3


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
@pytest.mark.parametrize("path", ["/v1/types", "/v1/certificates/{}/history"])
def test_a_wrong_limit_is_named(world, path, limit):
    place = path.format(world.issued())
    answer = world.browser.get(place, params={"limit": limit}, headers=world.bearer())
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "query:limit"


def test_every_list_has_pages_or_says_why_not():
    """A GET that answers a list has `limit` and `after`, and documents its link."""
    bounded = {
        "listWebhooks",  # twenty at most
        "listTypeVersions",  # the versions of one type
        "readType",
        "readTypeVersion",
        "readDepartment",
        "compareTypeVersions",
        "listVersions",  # the versions of one lineage
        "readPaper",  # the sheets of one certificate
        "countBlankForms",  # one line for each type and status
        "readyz",
    }
    schemas = document()["components"]["schemas"]
    for path in document()["paths"].values():
        operation = path.get("get")
        if operation is None or operation["operationId"] in bounded:
            continue
        answer = operation["responses"].get("200", {})
        shape = answer.get("content", {}).get("application/json", {}).get("schema", {})
        properties = schemas.get(shape.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        lists = {name for name, item in properties.items() if "$ref" in item.get("items", {})}
        if not lists or ("identifier" in properties and "after" not in properties):
            continue  # a record with its parts is no list
        parameters = {item["name"] for item in operation.get("parameters", ())}
        assert {"limit", "after"} <= parameters, operation["operationId"]
        assert "after" in properties, operation["operationId"]
        assert "Link" in answer["headers"], operation["operationId"]


def test_every_router_reads_bodies_strictly_and_links_its_lists():
    for router in ROUTERS:
        for route in router.routes:
            paged = "after" in getattr(getattr(route, "response_model", None), "model_fields", {})
            if paged and "GET" in route.methods:
                assert hasattr(type(route), "read"), route.path


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"issued_from": "2026-11-02"}, {"n-2", "n-3"}),
        ({"issued_to": "2026-11-02"}, {"n-1", "n-2"}),
        ({"issued_from": "2026-11-02", "issued_to": "2026-11-02"}, {"n-2"}),
        ({"ends_to": "2028-12-31"}, {"n-1", "n-2"}),
        ({"ends_from": "2028-01-01"}, {"n-2", "n-3"}),
        ({"ends_from": "2028-01-01", "ends_to": "2028-12-31"}, {"n-2"}),
        ({"recorded_since": "2026-11-22T02:00:01Z"}, {"n-3"}),
        ({"recorded_since": "2026-11-22T10:00:00+08:00"}, {"n-1", "n-2", "n-3"}),
        ({"ends_to": "2028-12-31", "states": ["REVOKED"]}, {"n-1"}),
        ({"ends_to": "2026-01-01"}, set()),
    ],
)
def test_searches_by_dates(world, query, numbers):
    first = world.issued("k-1", number="n-1", issue_date="2026-11-01", valid_to="2027-10-31")
    world.issued("k-2", number="n-2", issue_date="2026-11-02", valid_to="2028-11-01")
    world.house.clock.pass_time(seconds=1)
    world.issued("k-3", number="n-3", issue_date="2026-11-03", valid_to="2029-11-02")
    world.act(first, "revoke")
    answer = world.browser.post("/v1/certificates/search", json=query, headers=world.bearer())
    assert {item["number"] for item in answer.json()["certificates"]} == numbers


def test_dates_in_the_wrong_order_are_named_all_at_once(world):
    query = {
        "issued_from": "2026-11-02",
        "issued_to": "2026-11-01",
        "ends_from": "2026-11-02",
        "ends_to": "2026-11-01",
    }
    answer = world.browser.post("/v1/certificates/search", json=query, headers=world.bearer())
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["problems"]] == ["/issued_to", "/ends_to"]
