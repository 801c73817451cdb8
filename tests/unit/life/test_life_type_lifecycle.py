"""A type version comes into force by four eyes, from a day on, and never changes after that."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.catalogue import TypeStatus
from certlib.errors import DateOrder, Invalid, StaleVersion, TransitionForbidden
from certlib.issuing_errors import SamePerson
from certlib.type_differences import differences
from certlib.type_lifecycle import drafted, version_for
from tests.fakes.records import DEFINITION

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def draft():
    return drafted({**DEFINITION, "status": "published", "usable_until": "2020-01-01"}, "a", NOW)


def published(first_day=TODAY):
    return draft().reviewed("b", NOW).published("a", first_day, TODAY, NOW)


def test_a_draft_says_nothing_about_its_own_days():
    made = draft()
    assert made.status is TypeStatus.DRAFT
    assert "usable_until" not in made.definition
    assert not made.as_version().open_on(TODAY)
    assert made.target == f"type:{made.type_code}@{made.version}"


def test_the_way_into_force_and_out():
    record = published()
    assert record.row_version == 3
    assert record.as_version().open_on(TODAY)
    assert not record.as_version().open_on(TODAY - timedelta(days=1))
    gone = record.withdrawn(TODAY, "国发〔2020〕13号", NOW)
    assert gone.as_version().open_on(TODAY)
    assert not gone.as_version().open_on(TODAY + timedelta(days=1))
    assert record.ended(TODAY, NOW).usable_until == TODAY


def test_no_author_reviews_however_many_wrote():
    record = draft().rewritten(DEFINITION, "b", NOW).rewritten(DEFINITION, "a", NOW)
    assert record.authors == ("a", "b")
    for person in record.authors:
        with pytest.raises(SamePerson):
            record.reviewed(person, NOW)
    assert record.reviewed("c", NOW).reviewer == "c"


def test_what_is_returned_must_be_reviewed_again():
    record = draft().reviewed("b", NOW).returned("字段缺标题", NOW)
    assert (record.status, record.reviewer, record.remark) == (TypeStatus.DRAFT, "", "字段缺标题")
    with pytest.raises(TransitionForbidden):
        record.published("a", TODAY, TODAY, NOW)


@pytest.mark.parametrize(
    "step",
    [
        lambda item: item.rewritten(DEFINITION, "c", NOW),
        lambda item: item.reviewed("c", NOW),
        lambda item: item.returned("x", NOW),
        lambda item: item.published("c", TODAY, TODAY, NOW),
    ],
    ids=["rewrite", "review", "return", "publish"],
)
def test_what_is_in_force_never_changes(step):
    with pytest.raises(TransitionForbidden):
        step(published())


def test_days_and_remarks_are_asked_for():
    reviewed = draft().reviewed("b", NOW)
    with pytest.raises(DateOrder):
        reviewed.published("a", TODAY - timedelta(days=1), TODAY, NOW)
    with pytest.raises(Invalid):
        reviewed.returned(" ", NOW)
    with pytest.raises(DateOrder):
        published(TODAY + timedelta(days=9)).withdrawn(TODAY, "x", NOW)
    with pytest.raises(StaleVersion):
        reviewed.expect(1)
    assert reviewed.expect(2) is reviewed.expect(None)


def _version(name, first, last=None):
    record = replace(published(), version=name, published_from=first, usable_until=last)
    return replace(record.as_version(), version=name)


def test_open_cases_follow_the_day_of_acceptance():
    """A ministry changes a face in mid-year: cut-over day, old version usable until."""
    old = _version("1", date(2024, 1, 1), date(2026, 12, 31))
    new = _version("2", date(2026, 7, 1))
    assert version_for([old, new], TODAY) is new
    assert version_for([old, new], TODAY, date(2026, 6, 30)) is old
    assert version_for([old, new], TODAY, date(2026, 7, 1)) is new
    # Once the old one has ended, even an old case gets the new one.
    assert version_for([old, new], date(2027, 1, 1), date(2026, 6, 30)) is new
    assert version_for([old, new], date(2023, 1, 1)) is None
    assert version_for([], TODAY, TODAY) is None


@given(
    st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40)), max_size=5),
    st.integers(0, 50),
    st.none() | st.integers(0, 50),
)
def test_the_chosen_version_is_always_usable_today(days, today, accepted):
    def day_of(number):
        return None if number is None else date(2026, 1, 1) + timedelta(number)

    versions = [
        _version(str(number), day_of(first), day_of(last))
        for number, (first, last) in enumerate(days)
    ]
    day = day_of(today)
    chosen = version_for(versions, day, day_of(accepted))
    assert (chosen is None) == (not any(item.open_on(day) for item in versions))
    assert chosen is None or chosen.open_on(day)


FIELD = {"type": "string", "title": "经营范围", "maxLength": 200}


def _with(field, required=(), **changes):
    schema = {"type": "object", "properties": field, "required": list(required)}
    return {**DEFINITION, "schema": schema, **changes}


@pytest.mark.parametrize(
    ("before", "after", "path", "kind", "narrowing"),
    [
        (_with({"KZ_A": FIELD}), _with({}), "/schema/properties/KZ_A", "removed", True),
        (_with({}), _with({"KZ_A": FIELD}), "/schema/properties/KZ_A", "added", False),
        (
            _with({"KZ_A": FIELD}),
            _with({"KZ_A": {**FIELD, "maxLength": 100}}),
            "/schema/properties/KZ_A/maxLength",
            "changed",
            True,
        ),
        (
            _with({"KZ_A": FIELD}),
            _with({"KZ_A": {**FIELD, "maxLength": 300}}),
            "/schema/properties/KZ_A/maxLength",
            "changed",
            False,
        ),
        (
            _with({"KZ_A": {**FIELD, "minLength": 1}}),
            _with({"KZ_A": {**FIELD, "minLength": 2}}),
            "/schema/properties/KZ_A/minLength",
            "changed",
            True,
        ),
        (
            _with({"KZ_A": {**FIELD, "enum": ["甲", "乙"]}}),
            _with({"KZ_A": {**FIELD, "enum": ["甲", "丙"]}}),
            "/schema/properties/KZ_A/enum",
            "changed",
            True,
        ),
        (
            _with({"KZ_A": FIELD}),
            _with({"KZ_A": {**FIELD, "pattern": "^x$"}}),
            "/schema/properties/KZ_A/pattern",
            "added",
            True,
        ),
        (_with({}), _with({}, ["KZ_A"]), "/schema/required", "changed", True),
        (_with({}, term_years=4), _with({}, term_years=5), "/term_years", "changed", False),
        (_with({}, max_holders=4), _with({}, max_holders=1), "/max_holders", "changed", True),
        (_with({}), _with({}, face={"a": "b"}), "/face", "added", False),
        (_with({}, face={"a": "b"}), _with({}, face={"a": "c"}), "/face/a", "changed", False),
        (_with({}), _with({}, strange=1), "/strange", "added", False),
    ],
)
def test_differences_are_told_one_by_one(before, after, path, kind, narrowing):
    (found,) = differences(before, {**after, "version": "2026.2"})
    assert (found.path, found.kind, found.narrowing) == (path, kind, narrowing)
    assert found.zh.endswith("。")
    assert found.en.endswith(".")


def test_a_field_is_named_by_its_title():
    (found,) = differences(_with({"KZ_A": FIELD}), _with({"KZ_A": {**FIELD, "maxLength": 9}}))
    assert found.zh == "字段“经营范围”的 maxLength：变更。"
    assert (found.before, found.after) == (200, 9)
