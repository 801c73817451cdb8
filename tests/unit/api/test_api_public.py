"""Status, page and verdict agree on everything, and anybody learns no penalty of a person."""

import html
import re

import pytest

from certlib.usecases.verify import Question
from tests.unit.api.api_world import DECISION
from tests.unit.api.test_api_amendments import FREEZE, LIFT, RENEWAL, row, send
from tests.unit.api.test_api_endings import RECEIVER
from tests.unit.usecases.inspected import INSPECTED, put_inspected

PERSON = [{"name": "蔡梓涵", "code_type": "111", "code": "445221198501010019"}]
PERSONS = "11445200990090139J778"
PAST = {"issue_date": "2023-01-01", "valid_from": "2023-01-01", "valid_to": "2026-11-25"}


@pytest.fixture
def wide(world):
    put_inspected(world.house.registry)
    put_persons(world.house.registry)
    return world


def put_persons(registry):
    import json
    from datetime import date

    from certlib.catalogue import type_version_from
    from certlib.registry import IssueListEntry
    from tests.unit.usecases.house import ISSUER, definition

    data = definition(PERSONS, holder_category="person")
    with registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(PERSONS, ISSUER, date(2020, 1, 1), date(2030, 1, 1)))
        uow.commit()


def situations(world, person):
    """One certificate in each situation; the last ones need the calendar to move on."""
    who = {"type_code": PERSONS, "holders": PERSON} if person else {}

    def issued(name, **changes):
        return world.issued(f"k-{name}", number=name, **{**who, **changes})

    made = {name: issued(name) for name in ("plain", "restricted", "lifted", "delivered")}
    send(world, made["restricted"], "restrictions", FREEZE)
    send(world, made["lifted"], "restrictions", FREEZE, "a-2")
    send(world, made["lifted"], "restrictions/lift", LIFT, "a-3")
    send(world, made["delivered"], "delivery", {"delivered_on": "2026-11-22", "channel": "post"})
    for name, action, more in (
        ("withheld", "suspend", {"reason_code": "withheld"}),
        ("until", "suspend", {"reason_code": "withheld", "until": "2027-01-31"}),
        ("served", "suspend", {"reason_code": "withheld", "until": "2026-11-23"}),
        (
            "revived",
            "suspend",
            {"reason_code": "paused", "until": "2026-11-23", "automatic": True},
        ),
        ("revoked", "revoke", {}),
        ("annulled", "annul", {"reason_code": "fraud"}),
        ("annulled-whole", "annul", {"reason_code": "fraud", "effective_from": "2026-11-20"}),
        ("withdrawn", "withdraw", {"reason_code": "law-changed"}),
        ("deregistered", "deregister", {"reason_code": "own-wish"}),
        ("moved", "transfer-out", {"reason_code": "moved", **RECEIVER}),
        ("void", "void", {"reason_code": "duplicate"}),
    ):
        made[name] = issued(name)
        answer = world.act(made[name], action, f"do-{name}", **more)
        assert answer.status_code == 200, answer.text
    for name in ("pending", "refused", "granted", "expired"):
        made[name] = issued(name, **PAST)
        if name != "expired":
            send(world, made[name], "renewal-applications", RENEWAL, f"apply-{name}")
    for name in ("refused", "granted"):
        decided = {"outcome": name, "decided_on": "2026-11-22", "document_number": "1号"}
        send(world, made[name], "renewal-applications/decision", decided, f"decide-{name}")
    for reason in ("change", "correction"):
        made[reason] = issued(reason)
        issued(
            f"{reason}-next",
            supersedes=made[reason],
            supersede_reason=reason,
            legal_basis="《行政许可法》第四十九条",
        )
    return made


def inspections(world):
    made = {}
    for name, issued, result in (
        ("current", "2026-11-01", None),
        ("overdue", "2025-01-10", None),
        ("failed", "2025-01-10", "failed"),
        ("passed", "2025-01-10", "passed"),
        ("conditional", "2025-01-10", "conditional"),
    ):
        made[name] = world.issued(
            f"i-{name}", type_code=INSPECTED, number=name, issue_date=issued, valid_to=None
        )
        if result is not None:
            rows = [row(made[name], f"r-{name}", result=result)]
            world.browser.post("/v1/periodic-results", json={"rows": rows}, headers=world.bearer())
    return made


def status(world, identifier):
    return world.browser.get(f"/v1/status/{identifier}").json()


def page(world, identifier):
    return world.browser.get(f"/v/{identifier}", headers={"Accept-Language": "zh"})


@pytest.mark.parametrize("person", [False, True], ids=["organisation", "person"])
def test_status_page_and_verdict_agree(wide, person):
    """In every situation: same verdict, same code, same sentence in both languages."""
    made = situations(wide, person) | ({} if person else inspections(wide))
    wide.house.clock.pass_time(days=5)
    codes = {}
    for name, identifier in made.items():
        told = status(wide, identifier)
        report = wide.house.verify.by_identifier(identifier, Question()).report
        assert (told["verdict"], told["code"]) == (report.verdict, report.code), name
        shown = page(wide, identifier).text
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", shown).group(1)
        assert html.unescape(heading) == told["zh"], name
        assert html.escape(told["en"]) in shown or told["en"] in html.unescape(shown), name
        (many,) = wide.browser.post(
            "/v1/statuses", json={"identifiers": [identifier]}, headers=wide.bearer()
        ).json()["statuses"]
        assert {key: many[key] for key in told if key in many} == {
            key: value for key, value in told.items() if key in many
        }
        codes[name] = told["code"]
    expected = {
        "plain": "valid",
        "lifted": "valid",
        "delivered": "valid",
        "restricted": "restricted",
        "until": "suspended",
        "served": "suspension-ended",
        "revived": "valid",
        "pending": "renewal-pending",
        "refused": "expired",
        "granted": "renewal-granted",
        "expired": "expired",
        "change": "superseded",
        "correction": "corrected",
    }
    if not person:
        expected |= {
            "current": "valid",
            "overdue": "inspection-overdue",
            "failed": "inspection-failed-blocks",
            "passed": "valid",
            "conditional": "valid",
        }
    assert {name: codes[name] for name in expected} == expected


def test_a_new_address_gives_nobody_more_time(wide):
    """The duty of the version before goes on: status, page, verdict, record and list say so."""
    made = inspections(wide)
    wish = {"reason": "change", "fields": {"KZ_JYFW": "道路旅客运输"}}
    answer = wide.browser.post(
        f"/v1/certificates/{made['overdue']}/versions",
        json=wish,
        headers=wide.bearer() | {"Idempotency-Key": "next"},
    )
    assert answer.status_code == 201, answer.text
    changed = answer.json()["identifier"]
    told = status(wide, changed)
    assert (told["verdict"], told["code"]) == ("valid", "inspection-overdue")
    assert html.unescape(page(wide, changed).text).count(told["zh"])
    today = {"type_code": INSPECTED, "issue_date": "2026-11-22", "valid_to": None}
    fresh = wide.issued("i-fresh", number="fresh", **today)
    for identifier, code in ((fresh, "valid"), (changed, "inspection-overdue")) * 2:
        # They differ in nothing but their clocks; texts that are kept know that.
        assert status(wide, identifier)["code"] == code
    record = wide.browser.get(f"/v1/certificates/{changed}", headers=wide.bearer()).json()
    assert (record["issue_date"], record["duties"][0]["next_due"]) == ("2026-11-22", "2026-01-10")
    query = {"type_code": INSPECTED, "duty_code": "check"}
    listed = wide.browser.get("/v1/overdue-duties", params=query, headers=wide.bearer()).json()
    assert changed in {item["identifier"] for item in listed["certificates"]}


def test_flags_stand_beside_the_sentence(wide):
    made = situations(wide, person=False)
    assert status(wide, made["restricted"])["restricted"] is True
    assert status(wide, made["lifted"])["restricted"] is False
    assert status(wide, made["pending"])["renewal_pending"] is True
    assert status(wide, made["refused"])["renewal_pending"] is False
    assert status(wide, made["plain"])["paper"] in {"none", "pending"}


def test_of_organisations_kind_period_and_cause_are_public(wide):
    made = situations(wide, person=False)
    assert "暂扣中（至2027-01-31）" in status(wide, made["until"])["zh"]
    assert "原因：持证人申请" in status(wide, made["deregistered"])["zh"]


def test_of_persons_they_are_not(wide):
    """Neither document nor authority nor kind nor period nor cause nor name."""
    made = situations(wide, person=True)
    wide.house.clock.pass_time(days=5)
    secrets = (
        DECISION["document_number"],
        DECISION["authority"],
        FREEZE["authority"],
        FREEZE["document_number"],
        RENEWAL["case_number"],
        RECEIVER["receiving_authority"],
        "2027-01-31",
        "2026-11-23",
        "处罚",
        "penalty",
        "withheld",
        "持证人申请",
        "梓涵",
        "445221198501010019",
    )
    for name, identifier in made.items():
        shown = wide.browser.get(f"/v1/status/{identifier}").text + page(wide, identifier).text
        told = shown.replace("<dd>揭阳市交通运输局</dd>", "")  # the issuer, who is on the face
        for secret in secrets:
            assert secret not in told, (name, secret)
    for name in ("withheld", "until", "served"):
        assert "暂扣或暂停" in status(wide, made[name])["zh"]
    assert status(wide, made["revoked"])["zh"] == "已吊销，不再有效。"


def test_a_later_change_of_the_day_needs_no_job(wide):
    """Suspension over, renewal pending, inspection overdue: all follow from the calendar."""
    made = situations(wide, person=False)
    assert status(wide, made["served"])["code"] == "suspended"
    assert status(wide, made["revived"])["code"] == "suspended"
    assert status(wide, made["pending"])["code"] == "valid"
    wide.house.clock.pass_time(days=5)
    assert status(wide, made["served"])["code"] == "suspension-ended"
    assert status(wide, made["revived"])["code"] == "valid"
    assert status(wide, made["pending"])["code"] == "renewal-pending"


def test_the_page_leads_to_the_corrected_version(wide):
    made = situations(wide, person=False)
    found = re.search(
        r'class="button" href="/v/([^"?]+)\?lang', page(wide, made["correction"]).text
    )
    assert found.group(1) != made["correction"]
    assert status(wide, found.group(1))["code"] == "valid"
