"""The demo's plan: what it issues, whatever types the catalogue holds; its people make sense."""

import importlib
from dataclasses import replace
from datetime import date

from api.demo.orders import BIRTH, ISSUERS
from api.founding import type_files

load = importlib.import_module("api.demo.load")  # the package has a function of that name
TODAY = date(2026, 11, 22)


def test_a_type_without_demo_data_does_not_stand_in_the_way(monkeypatch):
    """A new type is one file: the demo leaves it empty; a second version adds nothing."""
    (version, definition), *rest = type_files()
    stranger = replace(version, type_code="11445200990090235U001")
    newer = replace(version, version="2027.1")
    listed = [(version, definition), (newer, ""), (stranger, ""), *rest]
    monkeypatch.setattr(load, "type_files", lambda: listed)
    planned = list(load._plan(TODAY))
    assert len(planned) == load.PER_TYPE * len(ISSUERS)
    assert len({item.request.key for item in planned}) == len(planned)
    assert {item.request.order.type_code for item in planned} == set(ISSUERS)


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
