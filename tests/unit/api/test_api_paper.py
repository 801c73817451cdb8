"""Paper twins by API: registered, lost, void, replaced, collected; stock and what is missing."""

import sqlite3
from contextlib import closing
from datetime import date
from itertools import count

import pytest

from certlib import ids
from certlib.mandates import Capacity, IssueListEntry
from certlib.page_errors import FaceOverflow
from tests.unit.api.api_world import ORDER
from tests.unit.usecases.house import ISSUER, OTHER, STEPS, TYPE

_keys = count(1)
HANDS = {"person": "officer-3", "made_by": "officer-1", "approved_by": ["officer-2"]}
FORMS = [{"form": "original"}, {"form": "duplicate"}, {"form": "annex"}]
PRINT = {"print_number": "P-1", "place": "揭阳市行政服务中心", "printed_at": "2026-11-22T01:00:00Z"}


def _post(world, path, body, client="transport", key="", **headers):
    sent = {**world.bearer(client), "Idempotency-Key": key or f"p-{next(_keys)}", **headers}
    return world.browser.post(f"/v1/{path}", json=body, headers=sent)


def _get(world, path, client="transport"):
    return world.browser.get(f"/v1/{path}", headers=world.bearer(client))


def _print(world, identifier, **changes):
    return _post(world, f"certificates/{identifier}/paper", {"prints": [{**PRINT, **changes}]})


def _act(world, identifier, act, number="P-1", **changes):
    body = {"act": act, "print_number": number, "on": "2026-11-22", **changes}
    return _post(world, f"certificates/{identifier}/paper/acts", body)


def _verdict(world, identifier):
    answer = world.browser.post(
        "/v1/verifications", json={"identifier": identifier}, headers=world.bearer()
    )
    return answer.json()["verdict"], answer.json()["code"]


def test_lost_void_replaced_and_the_electronic_certificate_unaffected(world):
    identifier = world.issued()
    printed = _print(world, identifier)
    assert (printed.status_code, printed.json()["paper"]) == (201, "synced")
    assert _verdict(world, identifier)[0] == "valid"
    assert _act(world, identifier, "lose").json()["paper"] == "lost"
    assert _verdict(world, identifier) == ("valid", "paper-lost")
    told = world.browser.get(f"/v1/status/{identifier}").json()
    assert (told["code"], "已挂失" in told["zh"]) == ("paper-lost", True)
    early = _print(world, identifier, print_number="P-2", replaces="P-1")
    assert early.json()["code"] == "transition-forbidden"
    void = _act(world, identifier, "declare-void", notice="揭阳日报 2026-11-22")
    assert void.json()["paper"] == "declared-void"
    assert _verdict(world, identifier) == ("valid", "paper-void")
    again = _print(world, identifier, print_number="P-2", replaces="P-1")
    assert again.json()["paper"] == "synced"
    listed = _get(world, f"certificates/{identifier}/paper").json()
    assert [(item["print_number"], item["status"]) for item in listed["sheets"]] == [
        ("P-1", "declared-void"),
        ("P-2", "synced"),
    ]
    acts = [item.act for item in world.house.audit() if item.act.startswith("paper-")]
    assert acts == ["paper-print", "paper-lose", "paper-declare-void", "paper-print"]


def _problems(answer):
    assert answer.status_code == 422, answer.text
    return [(item["field"], item["code"]) for item in answer.json()["problems"]]


def test_a_void_sheet_is_replaced_once(world):
    identifier = world.issued()
    _print(world, identifier)
    _act(world, identifier, "declare-void", notice="揭阳日报")
    assert _print(world, identifier, print_number="P-2", replaces="P-1").status_code == 201
    twice = _print(world, identifier, print_number="P-3", replaces="P-1")
    assert ("/prints/0/replaces", "sheet-replaced") in _problems(twice)
    _act(world, identifier, "declare-void", "P-2", notice="揭阳日报")
    assert _print(world, identifier, print_number="P-3", replaces="P-2").status_code == 201


def test_there_is_one_original_at_a_time(world):
    identifier = world.issued(type_code=STEPS, **HANDS, forms=FORMS)
    assert _print(world, identifier).status_code == 201
    second = {"print_number": "P-2"}
    out = [("/prints/0/form", "sheet-out")]
    assert _problems(_print(world, identifier, **second)) == out
    for number in ("D-1", "D-2"):
        copy = _print(world, identifier, print_number=number, form="duplicate", copy_number=1)
        assert copy.status_code == (201 if number == "D-1" else 422)
    _act(world, identifier, "lose")
    assert _problems(_print(world, identifier, **second)) == out
    _act(world, identifier, "declare-void", notice="揭阳日报")
    assert _problems(_print(world, identifier, **second)) == out
    assert _print(world, identifier, **second, replaces="P-1").status_code == 201
    _act(world, identifier, "collect", "P-2")
    assert _print(world, identifier, print_number="P-3").json()["paper"] == "synced"


def test_an_order_prints_one_original(world):
    prints = [PRINT, {**PRINT, "print_number": "P-2"}]
    assert _problems(world.issue(paper=prints)) == [("/paper/1/form", "sheet-out")]


def test_a_collected_sheet_may_be_replaced_too(world):
    identifier = world.issued()
    _print(world, identifier)
    _act(world, identifier, "collect")
    again = _print(world, identifier, print_number="P-2", replaces="P-1")
    assert again.json()["paper"] == "synced"


def test_nothing_is_printed_after_the_end_and_what_was_before_is_recorded(world):
    identifier = world.issued()
    world.act(identifier, "revoke", effective_from="2026-11-21")
    refused = _print(world, identifier)
    assert (refused.status_code, refused.json()["code"]) == (409, "transition-forbidden")
    assert "吊销" in refused.json()["detail"]
    assert _print(world, identifier, printed_at="2026-11-20T01:00:00Z").status_code == 201
    assert _get(world, "paper/uncollected").json()["identifiers"] == [identifier]


def test_nothing_is_printed_after_the_term(world):
    old = {"issue_date": "2021-01-01", "valid_from": "2021-01-01", "valid_to": "2022-01-01"}
    identifier = world.issued(**old)
    assert _print(world, identifier).json()["code"] == "transition-forbidden"
    assert _print(world, identifier, printed_at="2022-01-01T01:00:00Z").status_code == 201


def test_no_sheet_is_lost_before_it_was_printed(world):
    identifier = world.issued()
    _print(world, identifier, printed_at="2026-11-20T01:00:00Z")
    order = [("/on", "date-order")]
    assert _problems(_act(world, identifier, "lose", on="2026-11-19")) == order
    assert _act(world, identifier, "lose", on="2026-11-21").status_code == 200
    assert _problems(_act(world, identifier, "find", on="2026-11-20")) == order
    assert _act(world, identifier, "find", on="2026-11-21").status_code == 200


def test_a_found_sheet_counts_again(world):
    identifier = world.issued()
    _print(world, identifier)
    _act(world, identifier, "lose")
    assert _act(world, identifier, "find").json()["paper"] == "synced"


def test_what_cannot_be_printed_is_named(world):
    identifier = world.issued()
    wrong = _print(world, identifier, form="annex", printed_at="2027-01-01T00:00:00Z")
    assert [item["field"] for item in wrong.json()["problems"]] == [
        "/prints/0/form",
        "/prints/0/printed_at",
    ]
    assert _print(world, identifier, replaces="P-9").json()["code"] == "sheet-unknown"
    _print(world, identifier)
    other = world.issued("k-2", number="粤字 2 号")
    assert _print(world, other).json()["code"] == "print-number-taken"
    assert _act(world, identifier, "lose", "P-9").json()["code"] == "sheet-unknown"
    absent = str(ids.build(TYPE, ISSUER, "X" * 20, 1))
    assert _act(world, absent, "lose").json()["code"] == "certificate-not-found"
    assert _get(world, f"certificates/{absent}/paper").status_code == 404


def test_a_lost_race_and_a_repeated_key(world):
    identifier = world.issued()
    path, body = f"certificates/{identifier}/paper", {"prints": [PRINT]}
    stale = _post(world, path, body, **{"If-Match": '"9"'})
    assert stale.status_code == 412
    first = _post(world, path, body, key="same", **{"If-Match": '"1"'})
    again = _post(world, path, body, key="same", **{"If-Match": '"1"'})
    assert first.json() == again.json() == {
        "identifier": identifier, "paper": "synced", "row_version": 2,
    }  # fmt: skip


def test_another_department_sees_and_touches_nothing(world):
    identifier = world.issued()
    assert _get(world, f"certificates/{identifier}/paper", "reform").status_code == 404
    refused = _post(world, f"certificates/{identifier}/paper", {"prints": [PRINT]}, "reform")
    assert refused.status_code in (403, 404)
    assert (
        _get(world, f"certificates/{identifier}/paper", "reader").json()["code"] == "scope-missing"
    )


def test_where_a_stock_is_kept_every_sheet_is_on_a_form_of_it(world):
    body = {"type_code": TYPE, "first": "A001", "last": "A003"}
    assert _post(world, "blank-forms", body).json() == {"number": 3}
    assert _post(world, "blank-forms", body).json()["code"] == "conflict"
    one, two = world.issued(), world.issued("k-2", number="粤字 2 号")
    assert _print(world, one).json()["code"] == "blank-form-unusable"
    assert _print(world, one, blank_number="A009").json()["code"] == "blank-form-unusable"
    assert _print(world, one, blank_number="A001").status_code == 201
    taken = _print(world, two, print_number="P-2", blank_number="A001")
    assert taken.json()["code"] == "blank-form-unusable"
    spoiled = {"type_code": TYPE, "numbers": ["A002"], "reason": "打印错位"}
    assert _post(world, "blank-forms/spoilage", spoiled).json() == {"number": 1}
    assert _post(world, "blank-forms/spoilage", spoiled).json()["code"] == "blank-form-unusable"
    used = _print(world, two, print_number="P-2", blank_number="A002")
    assert used.json()["code"] == "blank-form-unusable"
    assert _get(world, "blank-forms/stock").json()["stock"] == [
        {"type_code": TYPE, "form": "original", "received": 1, "used": 1, "spoiled": 1}
    ]
    assert len(_get(world, f"blank-forms/stock?type_code={TYPE}").json()["stock"]) == 1
    listed = _get(world, f"blank-forms?type_code={TYPE}&status=used").json()["blanks"]
    assert [(item["number"], item["identifier"]) for item in listed] == [("A001", one)]


def test_stock_of_a_type_that_is_not_there(world):
    body = {"type_code": "11445200999999015E999", "numbers": ["A1"]}
    assert _post(world, "blank-forms", body).json()["code"] == "type-unknown"
    body = {"type_code": TYPE, "first": "A1", "last": "B1"}
    assert _post(world, "blank-forms", body).status_code == 422


def test_late_twins_are_listed_until_they_are_printed(world):
    one = world.issued(issue_date="2026-11-10", valid_to="2030-11-09")
    two = world.issued("k-2", number="粤字 2 号", issue_date="2026-11-22")
    late = _get(world, "paper/late").json()
    assert late == {"identifiers": [one], "after": ""}
    assert _get(world, "paper/late?days=0&limit=1").json()["after"] == ""
    _print(world, one)
    assert _get(world, "paper/late").json()["identifiers"] == []
    assert two


def test_a_copy_without_its_sheet_is_late_too(world):
    days = {"issue_date": "2026-11-10", "valid_from": "2026-11-10", "valid_to": "2030-11-09"}
    identifier = world.issued(type_code=STEPS, **HANDS, forms=FORMS[:2], **days)
    _print(world, identifier)
    assert _get(world, "paper/late?days=0").json()["identifiers"] == []  # sealed today
    world.house.clock.pass_time(days=5)
    assert _get(world, "paper/late").json()["identifiers"] == [identifier]
    assert _get(world, "paper/late", "reform").json()["identifiers"] == []
    _print(world, identifier, print_number="D-1", form="duplicate", copy_number=1)
    assert _get(world, "paper/late").json()["identifiers"] == []


def test_every_copy_that_can_be_issued_can_be_printed(world):
    """A licence for each of 120 vehicles is no rarity."""
    forms = [{"form": "original"}, {"form": "duplicate", "copy_number": 120}]
    identifier = world.issued(type_code=STEPS, **HANDS, forms=forms)
    printed = _print(world, identifier, form="duplicate", copy_number=120)
    assert printed.status_code == 201, printed.text


def test_paper_that_is_out_after_the_end_is_listed_until_collected(world):
    identifier = world.issued()
    _print(world, identifier)
    assert _get(world, "paper/uncollected").json()["identifiers"] == []
    world.act(identifier, "revoke")
    assert _get(world, "paper/uncollected").json()["identifiers"] == [identifier]
    assert _get(world, "paper/uncollected", "reform").json()["identifiers"] == []
    assert _act(world, identifier, "collect").json()["paper"] == "collected"
    assert _get(world, "paper/uncollected").json()["identifiers"] == []


def test_paper_without_a_twin_is_settled_by_its_certificate(world):
    body = {"type_code": TYPE, "print_number": "P-1", "printed_on": "2026-11-20"}
    assert _post(world, "paper/untwinned", body).status_code == 201
    assert _post(world, "paper/untwinned", body).json()["code"] == "conflict"
    wrong = {**body, "type_code": "11445200999999015E999"}
    assert _post(world, "paper/untwinned", wrong).json()["code"] == "type-unknown"
    (listed,) = _get(world, "paper/untwinned").json()["prints"]
    assert listed == {**body, "number": ""}
    identifier = world.issued()
    _print(world, identifier)
    assert _get(world, "paper/untwinned").json()["prints"] == []


def test_what_has_a_twin_is_not_reported_without_one(world):
    identifier = world.issued(paper=[PRINT])
    body = {"type_code": TYPE, "print_number": "P-1", "printed_on": "2026-11-20"}
    refused = _post(world, "paper/untwinned", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "print-number-taken")
    assert _get(world, "paper/untwinned").json()["prints"] == []
    # Another body's print of the same number is another print.
    assert _post(world, "paper/untwinned", body, "reform").status_code == 201
    assert identifier


def test_what_an_entrusted_unit_reported_is_settled_by_its_principals_certificate(world):
    with world.house.registry.begin() as uow:
        entry = IssueListEntry(
            TYPE, OTHER, date(2025, 1, 1), None, "委托书", Capacity.ENTRUSTED, ISSUER
        )
        uow.put_issue_entry(entry)
        uow.commit()
    body = {"type_code": TYPE, "print_number": "P-1", "printed_on": "2026-11-20"}
    assert _post(world, "paper/untwinned", body, "reform").status_code == 201
    order = {**ORDER, "issuer_code": ISSUER, "paper": [PRINT]}
    assert _post(world, "certificates", order, "reform").status_code == 201
    assert _get(world, "paper/untwinned", "reform").json()["prints"] == []
    again = _post(world, "paper/untwinned", {**body, "number": "x"}, "reform")
    assert again.json()["code"] == "print-number-taken"


def test_a_burned_order_leaves_the_print_without_a_twin(world):
    body = {"type_code": TYPE, "print_number": "P-1", "printed_on": "2026-11-20"}
    _post(world, "paper/untwinned", body)
    world.house.renderer.error = FaceOverflow()
    assert world.issue(paper=[PRINT]).json()["code"] == "face-overflow"
    assert len(_get(world, "paper/untwinned").json()["prints"]) == 1


def test_blank_forms_are_of_types_and_forms_that_the_department_issues(world):
    body = {"type_code": TYPE, "numbers": ["A1"]}
    refused = _post(world, "blank-forms", body, "reform")
    assert (refused.status_code, refused.json()["code"]) == (403, "issuer-not-authorised")
    other_form = _post(world, "blank-forms", {**body, "form": "annex"})
    assert _problems(other_form) == [("/form", "form-not-of-type")]
    assert _post(world, "blank-forms", {**body, "type_code": STEPS, "form": "annex"}).is_success


def test_a_number_on_paper_that_is_its_holders_own_is_sealed_and_masked(world):
    """Some types print the holder's identity number as theirs."""
    number = "445221198501010019"
    body = {"type_code": TYPE, "print_number": "P-7", "printed_on": "2026-11-20"}
    assert _post(world, "paper/untwinned", {**body, "number": number}).status_code == 201
    (listed,) = _get(world, "paper/untwinned").json()["prints"]
    assert listed["number"].startswith("4452")
    assert listed["number"] != number
    folder = world.parts.settings.data_dir
    stored = b"".join(path.read_bytes() for path in folder.glob("certlib.sqlite*"))
    assert b"P-7" in stored
    assert number.encode() not in stored
    with world.house.registry.read() as session:
        (kept,) = session.untwinned(ISSUER, "", 10)
    assert kept.number == number


def test_what_an_earlier_release_kept_in_clear_is_still_read(world):
    body = {
        "type_code": TYPE,
        "print_number": "P-8",
        "printed_on": "2026-11-20",
        "number": "某字 8 号",
    }
    _post(world, "paper/untwinned", body)
    path = world.parts.settings.data_dir / "certlib.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE untwinned_prints SET number = '某字 8 号'")
        connection.commit()
    (listed,) = _get(world, "paper/untwinned").json()["prints"]
    assert listed["number"] == "某字 8 号"


@pytest.mark.parametrize("count_", [3])
def test_lists_come_in_pages(world, count_):
    numbers = [f"A{number:03}" for number in range(count_)]
    _post(world, "blank-forms", {"type_code": TYPE, "numbers": numbers})
    seen, after = [], ""
    while True:
        page = _get(world, f"blank-forms?type_code={TYPE}&limit=2&after={after}").json()
        seen += [item["number"] for item in page["blanks"]]
        after = page["after"]
        if not after:
            break
    assert seen == numbers


def test_issuing_registers_the_paper_in_the_same_act(world):
    """电子证照与纸质证照同步签发: one order, one outcome."""
    identifier = world.issued(paper=[PRINT])
    listed = _get(world, f"certificates/{identifier}/paper").json()
    assert (listed["paper"], listed["row_version"]) == ("synced", 1)
    assert [item["status"] for item in listed["sheets"]] == ["synced"]
    taken = world.issue("k-2", number="粤字 2 号", paper=[PRINT])
    assert taken.json()["code"] == "print-number-taken"
    assert world.house.counts().get("INTENT", 0) == 0
    # Nothing was taken by the refused order: its number is free.
    assert world.issue("k-3", number="粤字 2 号").status_code == 201


def test_paper_that_cannot_be_is_named_before_anything_is_reserved(world):
    bad = {**PRINT, "form": "duplicate", "copy_number": 3, "replaces": "P-0"}
    refused = world.issue(paper=[bad])
    assert [item["field"] for item in refused.json()["problems"]] == [
        "/paper/0/form", "/paper/0/replaces",
    ]  # fmt: skip


def test_a_burned_order_gives_its_print_number_back_and_spoils_its_blank_form(world):
    _post(world, "blank-forms", {"type_code": TYPE, "numbers": ["A1", "A2"]})
    world.house.renderer.error = FaceOverflow()
    lost = world.issue(paper=[{**PRINT, "blank_number": "A1"}])
    assert lost.json()["code"] == "face-overflow"
    world.house.renderer.error = None
    assert world.issued("k-2", paper=[{**PRINT, "blank_number": "A2"}])
    (spoiled,) = _get(world, f"blank-forms?type_code={TYPE}&status=spoiled").json()["blanks"]
    assert spoiled["number"] == "A1"
