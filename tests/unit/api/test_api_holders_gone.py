"""A holder that is no more: verdict, public status and list of statuses say the same."""

from itertools import count

import pytest

from tests.unit.usecases.house import PEOPLE, with_people

FIRM = {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
OTHER = {"name": "揭阳市大成运输有限公司", "code_type": "001", "code": "11445200999999015E"}
THIRD = {"name": "揭阳市三合运输有限公司", "code_type": "001", "code": "114451009999990234"}
PERSON = {"name": "欧阳明远", "code_type": "111", "code": "445221198501010019"}
_keys = count(1)


def post(world, path, body, **headers):
    named = world.bearer(act="officer") | {"Idempotency-Key": f"g-{next(_keys)}"} | headers
    return world.browser.post(path, json=body, headers=named)


def happened(world, kind, before, *after, on="2026-11-21"):
    body = {
        "kind": kind, "before": [before], "after": list(after), "effective_from": on,
        "basis": "登记", "approved_by": ["reviewer"],
        "reason_code": "other" if kind == "recoded" else "",
    }  # fmt: skip
    answer = post(world, "/v1/holder-changes", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["event_id"]


def asked(world, identifier, **more):
    return post(world, "/v1/verifications", {"identifier": identifier, **more}).json()


def told(world, identifier):
    """The code of the verdict, which all three say."""
    report = asked(world, identifier)
    one = world.browser.get(f"/v1/status/{identifier}").json()
    (many,) = post(world, "/v1/statuses", {"identifiers": [identifier]}).json()["statuses"]
    for public in (one, many):
        assert (public["verdict"], public["code"]) == (report["verdict"], report["code"])
        assert public["zh"] == one["zh"]
    page = world.browser.get(f"/v/{identifier}").text
    assert one["zh"] in page
    return report["code"]


@pytest.mark.parametrize(
    ("kind", "after", "code"),
    [("dissolved", (), "holder-ended"), ("merged", (OTHER,), "holder-merged")],
)
def test_a_firm_that_is_no_more(world, kind, after, code):
    identifier = world.issued()
    assert told(world, identifier) == "valid"
    event = happened(world, kind, FIRM, *after)
    assert told(world, identifier) == code
    day_before = asked(world, identifier, on="2026-11-20")
    assert (day_before["verdict"], day_before["code"]) == ("valid", "valid-then")
    post(world, f"/v1/holder-changes/{event}/void", {"reason": "录入错误"})
    assert told(world, identifier) == "valid"


def test_a_person_who_died_is_told_to_nobody_by_name(world):
    with_people(world.house)
    identifier = world.issued(type_code=PEOPLE, holders=[PERSON])
    happened(world, "died", PERSON)
    assert told(world, identifier) == "holder-ended"
    report = asked(world, identifier)
    assert report["verdict"] == "indeterminate"
    assert report["sentence"]["zh"] == "持证人已死亡（或已注销、终止），证照尚未办理注销。"
    public = world.browser.get(f"/v1/status/{identifier}").json()
    assert "死亡" not in public["zh"]
    assert "died" not in public["en"]


def test_an_end_under_a_later_code_is_an_end(world):
    identifier = world.issued()
    event = happened(world, "recoded", FIRM, OTHER, on="2026-11-20")
    assert told(world, identifier) == "valid"
    happened(world, "dissolved", OTHER)
    assert told(world, identifier) == "holder-ended"
    post(world, f"/v1/holder-changes/{event}/void", {"reason": "登记了别的公司"})
    assert told(world, identifier) == "valid"


def test_what_happened_to_the_successor_after_a_merger_changes_nothing(world):
    identifier = world.issued()
    happened(world, "merged", FIRM, OTHER, on="2026-11-20")
    happened(world, "dissolved", OTHER)
    assert told(world, identifier) == "holder-merged"


def test_of_several_holders_and_of_a_thing_it_is_a_remark(world):
    with_people(world.house, holder_category="mixed")
    several = world.issued(holders=[FIRM, THIRD])
    thing = world.issued("k-2", type_code=PEOPLE, number="n-2", holders=[FIRM])
    happened(world, "dissolved", FIRM)
    for identifier in (several, thing):
        assert told(world, identifier) == "valid"
        codes = [item["code"] for item in asked(world, identifier)["findings"]]
        assert "holder-ended-noted" in codes


def test_asked_by_the_successors_code_it_is_never_plainly_valid(world):
    with_people(world.house, holder_category="mixed")
    thing = world.issued(type_code=PEOPLE, holders=[FIRM])
    happened(world, "merged", FIRM, OTHER)
    for fields in ({"holder_code": OTHER["code"], "holder_code_type": "001"},):
        answer = post(world, "/v1/verifications", {"fields": fields}).json()
        assert answer["subject"]["identifier"] == thing
        assert (answer["verdict"], answer["code"]) == ("indeterminate", "holder-merged")
    named = asked(world, thing, claims={"holder_name": OTHER["name"]})
    assert (named["verdict"], named["code"]) == ("indeterminate", "holder-merged")
    own = asked(world, thing, claims={"holder_name": FIRM["name"]})
    assert (own["verdict"], own["code"]) == ("valid", "valid")
