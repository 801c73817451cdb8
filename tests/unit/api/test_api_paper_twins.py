"""One print number on 正本 and on 副本: nothing happens to a sheet by guessing which is meant."""

from itertools import count

import pytest

from tests.unit.usecases.house import STEPS

_keys = count(1)
HANDS = {"person": "officer-3", "made_by": "officer-1", "approved_by": ["officer-2"]}
FORMS = [{"form": form} for form in ("original", "duplicate", "duplicate", "annex")]
PRINT = {"print_number": "P-1", "place": "揭阳市行政服务中心", "printed_at": "2026-11-20T01:00:00Z"}
COPY = {"form": "duplicate", "copy_number": 1}
ORIGINAL, ONE, TWO = ("original", 0), ("duplicate", 1), ("duplicate", 2)


def post(world, path, body, key="", **headers):
    sent = {**world.bearer(), "Idempotency-Key": key or f"t-{next(_keys)}", **headers}
    return world.browser.post(f"/v1/{path}", json=body, headers=sent)


def act(world, identifier, what, number="P-1", key="", **changes):
    body = {"act": what, "print_number": number, "on": "2026-11-21", **changes}
    return post(world, f"certificates/{identifier}/paper/acts", body, key)


def printed(world, identifier, **changes):
    return post(world, f"certificates/{identifier}/paper", {"prints": [{**PRINT, **changes}]})


def sheets(world, identifier):
    path = f"/v1/certificates/{identifier}/paper"
    listed = world.browser.get(path, headers=world.bearer()).json()["sheets"]
    return {
        (item["form"], item["copy_number"], item["print_number"]): item["status"] for item in listed
    }


@pytest.fixture
def twins(world):
    """P-1 is printed on 正本 and on 副本1; 副本2 has a number of its own."""
    paper = [PRINT, {**PRINT, **COPY}, {**PRINT, **COPY, "copy_number": 2, "print_number": "P-2"}]
    return world.issued(type_code=STEPS, **HANDS, forms=FORMS, paper=paper)


def test_an_act_on_a_number_that_two_sheets_have_is_refused_with_their_forms(world, twins):
    before = sheets(world, twins)
    version = post(world, "certificates/search", {}).json()
    refused = act(world, twins, "lose").json()
    assert (refused["status"], refused["code"]) == (409, "sheet-ambiguous")
    for text in ("P-1", "正本", "副本1", "form"):
        assert text in refused["detail"]
    assert "duplicate 1" in refused["detail_en"]
    assert [item["field"] for item in refused["problems"]] == ["/print_number"]
    assert sheets(world, twins) == before
    assert post(world, "certificates/search", {}).json() == version


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({"form": "original"}, ORIGINAL),
        ({"form": "duplicate"}, ONE),
        (COPY, ONE),
        ({"copy_number": 0}, ORIGINAL),
        ({"copy_number": 1}, ONE),
    ],
)
def test_the_sheet_that_is_meant_is_said_by_form_and_copy(world, twins, said, lost):
    assert act(world, twins, "lose", **said).status_code == 200
    found = sheets(world, twins)
    assert [key[:2] for key, status in found.items() if status == "lost"] == [lost]


def test_a_number_that_one_sheet_has_needs_nothing_else(world, twins):
    assert act(world, twins, "lose", "P-2").status_code == 200
    assert sheets(world, twins)[*TWO, "P-2"] == "lost"
    for said in ({"form": "original"}, {"form": "duplicate", "copy_number": 1}):
        assert act(world, twins, "find", "P-2", **said).json()["code"] == "sheet-unknown"
    assert act(world, twins, "find", "P-2", form="duplicate", copy_number=2).status_code == 200


def test_form_and_copy_are_of_what_the_key_stands_for(world, twins):
    assert act(world, twins, "lose", key="same", form="original").status_code == 200
    assert act(world, twins, "lose", key="same", form="original").status_code == 200
    other = act(world, twins, "lose", key="same", form="duplicate")
    assert other.json()["code"] == "idempotency-mismatch"


def test_a_replacement_takes_the_place_of_the_sheet_of_its_own_form(world, twins):
    """The other twin stays out: it is neither replaced nor forgotten."""
    void = {"notice": "揭阳日报"}
    assert act(world, twins, "declare-void", form="original", **void).json()["paper"] == (
        "declared-void"
    )
    assert printed(world, twins, print_number="P-9", replaces="P-1").json()["paper"] == "synced"
    out = printed(world, twins, **COPY, print_number="P-8").json()
    assert [item["code"] for item in out["problems"]] == ["sheet-out"]
    early = printed(world, twins, **COPY, print_number="P-8", replaces="P-1")
    assert early.json()["code"] == "transition-forbidden"
    act(world, twins, "declare-void", form="duplicate", **void)
    assert printed(world, twins, **COPY, print_number="P-8", replaces="P-1").status_code == 201
    again = printed(world, twins, print_number="P-7", replaces="P-1").json()
    assert "sheet-replaced" in [item["code"] for item in again["problems"]]


def test_what_another_form_replaces_must_be_certain(world, twins):
    annex = {"form": "annex", "copy_number": 1, "print_number": "A-1"}
    refused = printed(world, twins, **annex, replaces="P-1").json()
    assert (refused["status"], refused["code"]) == (409, "sheet-ambiguous")
    assert [item["field"] for item in refused["problems"]] == ["/prints/0/replaces"]
    assert printed(world, twins, **annex, replaces="P-2").json()["code"] == "transition-forbidden"


def test_a_past_day_tells_the_twin_that_was_lost(world, twins):
    act(world, twins, "lose", form="duplicate")
    act(world, twins, "find", form="duplicate", on="2026-11-22")

    def told(day):
        report = post(world, "verifications", {"identifier": twins, "on": day}).json()
        return [item["code"] for item in report["findings"] if item["code"].startswith("paper")]

    assert told("2026-11-21") == ["paper-copy-lost"]
    assert told("2026-11-20") == []
    line = next(item for item in world.house.audit() if item.act == "paper-lose")
    assert (line.details["form"], line.details["copy_number"]) == ("duplicate", "1")
