"""Renewals, restrictions, delivery and duties over HTTP: keys, versions, masks, pages, lists."""

import pytest

from tests.unit.usecases.inspected import INSPECTED, put_inspected

RENEWAL = {"applied_on": "2026-11-22", "case_number": "4452002026110001"}
FREEZE = {
    "kind": "frozen",
    "authority": "揭阳市中级人民法院",
    "document_number": "（2026）粤52执1号",
    "effective_from": "2026-11-20",
}
LIFT = {"kind": "frozen", "lifted_on": "2026-11-22"}
DELIVERY = {"delivered_on": "2026-11-22", "channel": "counter", "receiver": "王小明"}
DECIDED = {"outcome": "refused", "decided_on": "2026-11-22", "document_number": "不延1号"}
ACTS = {
    "renewal-applications": RENEWAL,
    "restrictions": FREEZE,
    "delivery": DELIVERY,
}


def send(world, identifier, path, body, key="a-1", headers=None, client="transport"):
    return world.browser.post(
        f"/v1/certificates/{identifier}/{path}",
        json=body,
        headers=world.bearer(client) | {"Idempotency-Key": key} | (headers or {}),
    )


def read(world, identifier, **query):
    return world.browser.get(
        f"/v1/certificates/{identifier}", params=query, headers=world.bearer()
    ).json()


@pytest.mark.parametrize("path", list(ACTS))
def test_an_act_answers_with_the_new_version(world, path):
    identifier = world.issued()
    answer = send(world, identifier, path, ACTS[path], headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["row_version"] == 2
    assert read(world, identifier)["row_version"] == 2
    again = send(world, identifier, path, ACTS[path], headers={"If-Match": '"1"'})
    assert again.json() == answer.json()


@pytest.mark.parametrize("path", list(ACTS))
def test_a_stale_version_is_412_and_changes_nothing(world, path):
    identifier = world.issued()
    answer = send(world, identifier, path, ACTS[path], headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version-stale")
    assert world.house.certificate(identifier).row_version == 1


@pytest.mark.parametrize("path", list(ACTS))
def test_keys_scopes_and_departments(world, path):
    identifier = world.issued()
    missing = world.browser.post(
        f"/v1/certificates/{identifier}/{path}", json=ACTS[path], headers=world.bearer()
    )
    assert missing.json()["code"] == "idempotency-key-missing"
    assert send(world, identifier, path, ACTS[path], client="reader").status_code == 403
    refused = send(world, identifier, path, ACTS[path], client="reform")
    assert refused.json()["code"] == "outside-department"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("renewal-applications", "case_number"),
        ("restrictions", "document_number"),
        ("restrictions", "authority"),
        ("delivery", "receiver"),
    ],
)
def test_nobodys_number_is_taken(world, path, name):
    identifier = world.issued()
    body = ACTS[path] | {name: "张三445221198501010019"}
    answer = send(world, identifier, path, body)
    assert answer.status_code == 422
    assert [item["code"] for item in answer.json()["problems"]] == ["number-forbidden"]
    assert "445221198501010019" not in answer.text


def test_a_receiver_is_no_telephone_either(world):
    answer = send(world, world.issued(), "delivery", DELIVERY | {"receiver": "13800138000"})
    assert answer.json()["problems"][0]["field"] == "/receiver"


def test_renewals_are_read_with_what_became_of_them(world):
    identifier = world.issued(valid_to="2026-11-25")
    answer = send(world, identifier, "renewal-applications", RENEWAL)
    assert [item["code"] for item in answer.json()["warnings"]] == ["renewal-notice-short"]
    twice = send(world, identifier, "renewal-applications", RENEWAL, "a-2")
    assert (twice.status_code, twice.json()["code"]) == (409, "renewal-open")
    assert read(world, identifier)["renewal_pending_since"] == "2026-11-22"
    decided = send(world, identifier, "renewal-applications/decision", DECIDED, "a-3")
    assert decided.status_code == 200
    told = read(world, identifier)
    assert told["renewal_pending_since"] is None
    (application,) = told["renewal_applications"]
    assert application["case_number"] == RENEWAL["case_number"]
    assert (application["outcome"], application["decided_on"]) == ("refused", "2026-11-22")
    none = send(world, identifier, "renewal-applications/decision", DECIDED, "a-4")
    assert (none.status_code, none.json()["code"]) == (409, "renewal-not-open")


def test_several_restrictions_are_read_and_lifted_one_by_one(world):
    identifier = world.issued()
    other = FREEZE | {"document_number": "2号", "effective_to": "2026-12-31"}
    assert send(world, identifier, "restrictions", FREEZE).status_code == 200
    assert send(world, identifier, "restrictions", other, "a-2").status_code == 200
    same = send(world, identifier, "restrictions", FREEZE, "a-3")
    assert (same.status_code, same.json()["code"]) == (409, "restriction-exists")
    both = send(world, identifier, "restrictions/lift", LIFT, "a-4")
    assert (both.status_code, both.json()["code"]) == (409, "restriction-ambiguous")
    lifting = LIFT | {"document_number": "2号", "lift_document": "3号"}
    assert send(world, identifier, "restrictions/lift", lifting, "a-5").status_code == 200
    gone = send(world, identifier, "restrictions/lift", lifting, "a-6")
    assert (gone.status_code, gone.json()["code"]) == (404, "restriction-not-found")
    told = {item["document_number"]: item for item in read(world, identifier)["restrictions"]}
    assert told[FREEZE["document_number"]]["in_force"] is True
    assert (told["2号"]["in_force"], told["2号"]["lift_document"]) == (False, "3号")
    status = world.browser.get(f"/v1/status/{identifier}").json()
    assert (status["code"], status["restricted"]) == ("restricted", True)


def test_the_receiver_is_masked(world):
    identifier = world.issued(decision_date="2026-11-19")
    told = read(world, identifier)["delivery"]
    assert (told["decision_date"], told["delivered_on"]) == ("2026-11-19", None)
    answer = send(world, identifier, "delivery", DELIVERY)
    assert (answer.json()["late"], answer.json()["deliver_by"]) == (False, "2026-12-03")
    assert read(world, identifier)["delivery"]["receiver"] == "王**"
    assert read(world, identifier, reveal="true")["delivery"]["receiver"] == "王小明"
    twice = send(world, identifier, "delivery", DELIVERY, "a-2")
    assert (twice.status_code, twice.json()["code"]) == (409, "delivery-recorded")


def test_late_deliveries_are_listed(world):
    late = world.issued(
        "1", number="1", decision_date="2026-11-02", issue_date="2026-11-02", valid_to="2030-11-01"
    )
    world.issued("2", number="2", decision_date="2026-11-19")
    world.issued("3", number="3")
    answer = world.browser.get("/v1/late-deliveries", headers=world.bearer("reader"))
    assert answer.status_code == 200
    (line,) = answer.json()["deliveries"]
    assert (line["identifier"], line["deliver_by"]) == (late, "2026-11-16")
    assert answer.json()["after"] == ""
    send(world, late, "delivery", DELIVERY)
    query = {"undelivered": "true"}
    missing = world.browser.get("/v1/late-deliveries", params=query, headers=world.bearer("reader"))
    assert missing.json()["deliveries"] == []
    assert world.browser.get("/v1/late-deliveries").status_code == 401


# --- duties --------------------------------------------------------------------------------------


@pytest.fixture
def inspected(world):
    put_inspected(world.house.registry)
    return world


def issue(world, number="1"):
    return world.issued(
        f"k-{number}", type_code=INSPECTED, number=number, issue_date="2025-01-10", valid_to=None
    )


def row(identifier, key="r-1", **changes):
    made = {
        "key": key,
        "identifier": identifier,
        "duty_code": "check",
        "result": "passed",
        "done_on": "2026-11-20",
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def record(world, *rows, client="transport"):
    return world.browser.post(
        "/v1/periodic-results", json={"rows": list(rows)}, headers=world.bearer(client)
    )


def test_good_rows_are_recorded_and_read(inspected):
    identifier = issue(inspected)
    before = read(inspected, identifier)["duties"]
    assert [(item["code"], item["overdue"], item["effect"]) for item in before] == [
        ("check", True, "warn"),
        ("report", True, "none"),
    ]
    by_number = {"type_code": INSPECTED, "number": "1"}
    answer = record(
        inspected,
        row(identifier, year=2026),
        row(None, "r-2", duty_code="report", next_due="2027-06-30", **by_number),
    )
    assert answer.status_code == 200
    assert (answer.json()["recorded"], answer.json()["failed"]) == (2, 0)
    told = read(inspected, identifier)
    assert {item["code"]: item["next_due"] for item in told["duties"]} == {
        "check": "2028-01-01",
        "report": "2027-06-30",
    }
    assert told["periodic_results"][0]["period_start"] == "2026-01-01"
    assert (
        record(inspected, row(identifier, year=2026)).json()["rows"][0]
        == (answer.json()["rows"][0])
    )


def test_bad_rows_have_problems_of_their_own(inspected):
    identifier = issue(inspected)
    answer = record(
        inspected,
        row(identifier),
        {"key": "r-2"},
        row(identifier, "r-3", type_code=INSPECTED, number="1"),
        row(identifier, "r-4", year=2026, period_start="2026-01-01"),
        row(identifier, "r-5", duty_code="dance"),
        row(identifier, "445221198501010019"),
        row(identifier, "r-7", document_number="x\0"),
        row("", "r-8"),
        row(identifier, "r-9", result="failed", duty_code="report"),
    )
    assert answer.status_code == 207
    outcomes = answer.json()["rows"]
    assert [item["status"] for item in outcomes] == [200, 422, 422, 422, 422, 400, 422, 422, 200]
    assert outcomes[4]["problem"]["problems"][0]["field"] == "/duty_code"
    assert outcomes[5]["key"] == ""
    assert (answer.json()["recorded"], answer.json()["failed"]) == (2, 7)


@pytest.mark.parametrize("count", [0, 101])
def test_the_number_of_rows_is_limited(inspected, count):
    answer = record(inspected, *[{}] * count)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "/rows")


def test_the_scope_is_asked_for_first(inspected):
    assert record(inspected, {}, client="reader").json()["code"] == "scope-missing"


def test_the_overdue_are_listed_page_by_page(inspected):
    every = sorted(issue(inspected, str(number)) for number in range(3))
    query, seen = {"type_code": INSPECTED, "duty_code": "check", "limit": 2}, []
    while True:
        answer = inspected.browser.get(
            "/v1/overdue-duties", params=query, headers=inspected.bearer("reader")
        )
        assert answer.status_code == 200, answer.text
        seen += [item["identifier"] for item in answer.json()["certificates"]]
        query["after"] = answer.json()["after"]
        if not query["after"]:
            break
    assert seen == every
    first = answer.json()["certificates"][0]
    assert (first["duty"]["overdue"], first["duty"]["problem"]) == (True, "overdue")


def test_what_cannot_be_listed(inspected):
    headers = inspected.bearer("reader")
    unknown = {"type_code": "9" * 21, "duty_code": "check"}
    answer = inspected.browser.get("/v1/overdue-duties", params=unknown, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "type-unknown")
    other = {"type_code": INSPECTED, "duty_code": "dance"}
    answer = inspected.browser.get("/v1/overdue-duties", params=other, headers=headers)
    assert answer.json()["problems"][0]["field"] == "query:duty_code"


def test_consent_is_shown_where_there_are_several_holders(world):
    assert read(world, world.issued())["consent"] is None
    holders = [
        {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"},
        {"name": "揭阳市交通运输局", "code_type": "001", "code": "11445200990090139J"},
    ]
    assert read(world, world.issued("2", number="2", holders=holders))["consent"] == "any"
