"""The demo's plan: what it issues, whatever types the catalogue holds; its people make sense."""

import importlib
from collections import Counter
from dataclasses import replace
from datetime import date

from api.demo.orders import BIRTH
from api.json_schema import JsonSchemaValidator
from api.shipped import type_files
from certlib.catalogue import NumberSource

load = importlib.import_module("api.demo.load")  # the package has a function of that name
TODAY = date(2026, 11, 22)
VERSIONS = {version.type_code: version for version, _ in type_files()}


def test_a_type_that_nobody_issues_does_not_stand_in_the_way(monkeypatch):
    """The demo leaves it empty; a second version of a type adds nothing; a closed one is left out."""
    (version, definition), *rest = type_files()
    stranger = replace(version, type_code="11445200990090235U999")
    newer = replace(version, version="2027.1")
    closed = replace(rest[0][0], usable_until=date(2020, 6, 30))
    listed = [(version, definition), (newer, ""), (stranger, ""), (closed, ""), *rest[1:]]
    monkeypatch.setattr(load, "type_files", lambda: listed)
    planned = list(load._plan(TODAY))
    assert stranger.type_code not in {item.request.order.type_code for item in planned}
    assert len({item.request.key for item in planned}) == len(planned)


def test_every_open_type_has_certificates_and_three_have_many():
    planned = list(load._plan(TODAY))
    found = Counter(item.request.order.type_code for item in planned)
    for version, _ in type_files():
        wanted = load.FEW if version.open_on(TODAY) else 0
        assert found[version.type_code] == (
            load.PER_TYPE if version.type_code in load.MANY else wanted
        )


def test_the_demos_data_follow_the_dictionaries_and_their_holders():
    """Samples with the holder of each order in them, its days, and numbers of its own."""
    schemas = JsonSchemaValidator()
    for item in load._plan(TODAY):
        order = item.request.order
        version = VERSIONS[order.type_code]
        assert schemas.problems(version.schema, order.fields) == []
        assert bool(order.number) is (version.numbering.source is NumberSource.CALLER)
        for field in version.fields:
            if field.repeats == "birth" and order.holders[0].code_type == "111":
                assert order.fields[field.key].replace("-", "") == order.holders[0].code[6:14]
        years = version.term_years
        if years is not None and order.valid_to is not None:
            assert order.valid_to <= order.issue_date.replace(year=order.issue_date.year + years)


def test_some_certificates_have_every_form_of_their_type():
    kinds = {form.kind for item in load._plan(TODAY) for form in item.request.order.forms}
    assert kinds == {"original", "duplicate", "annex", "drawing"}


def test_two_orders_of_a_type_differ():
    planned = [item.request.order for item in load._plan(TODAY)]
    numbered = [(order.type_code, order.number) for order in planned if order.number]
    assert len(set(numbered)) == len(numbered)
    assert len({(order.type_code, order.holders) for order in planned}) == len(planned)


def test_mothers_are_women_and_fathers_men_of_an_age_to_be_parents():
    """By the 17th digit of their numbers (GB 11643): even for women, odd for men."""
    births = [
        item.request.order.fields
        for item in load._plan(TODAY)
        if item.request.order.type_code == BIRTH
    ]
    assert len(births) == load.PER_TYPE
    for fields in births:
        assert int(fields["KZ_MQZJHM"][16]) % 2 == 0
        assert int(fields["KZ_FQZJHM"][16]) % 2 == 1
        assert 18 <= fields["KZ_MQNL"] <= 45
        assert 18 <= fields["KZ_FQNL"] <= 45
