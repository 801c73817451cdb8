"""Promises of the second opinion: what is asked of pyHanko, and what becomes of each answer."""

from dataclasses import replace

import pytest
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    ModificationLevel,
    SuspiciousModification,
)
from pyhanko.sign.fields import MDPPerm
from signing_changed import SIGNING, VALUE, make
from signing_files import closed, drawing, signed, update

from certlib.evidence import ChangeGrade
from signing.evidence.layout import layouts
from signing.evidence.opened import opened
from signing.evidence.second_opinion import second_opinion

AGREED = (ChangeGrade.PERMITTED, "")
REFUSED, UNEXPLAINED = ChangeGrade.NOT_PERMITTED, ChangeGrade.UNEXPLAINED
LOCK = (
    b"<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Type /TransformParams "
    b"/V /1.2 /Action /Include /Fields [(name)] >> >> "
)


@pytest.fixture(scope="session")
def cms(sealed):
    """Any well-formed CMS: pyHanko reads one before it compares."""
    start = sealed.index(b"/Contents <") + 11
    length = 4 + int(sealed[start + 4 : start + 8], 16)
    return bytes.fromhex(sealed[start : start + 2 * length].decode())


def asked(pdf, number=0):
    return second_opinion(pdf, layouts(opened(pdf, 1 << 24))[number])


def filled(cms, **options):
    return update(signed(cms, **options), VALUE)


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({}, AGREED),
        ({"certified": 2}, AGREED),
        ({"certified": 1}, AGREED),
        ({"references": LOCK}, (REFUSED, "modification")),
    ],
    ids=["approval", "filling in", "nothing", "locked field"],
)
def test_form_filled_in(cms, options, answer):
    """Levels are for `permissions` to judge, locks for both."""
    assert asked(filled(cms, **options)) == answer


def test_page_replaced(cms):
    assert asked(update(signed(cms), {4: drawing(b"forged")})) == (REFUSED, "modification")


def test_nothing_changed(cms):
    assert asked(update(signed(cms), {})) == AGREED


def test_signature_that_covers_the_file_has_nothing_to_compare(cms):
    assert asked(signed(cms)) == (UNEXPLAINED, "coverage")


def test_it_is_asked_about_that_signature(cms):
    """The first one sees a forged page, the second one does not."""
    pdf = closed(update(update(signed(cms), {4: drawing(b"forged")}), SIGNING), cms)
    pdf = update(pdf, {})
    assert [asked(pdf, number) for number in (0, 1)] == [(REFUSED, "modification"), AGREED]


def test_signature_that_it_does_not_find(cms):
    pdf = filled(cms)
    layout = layouts(opened(pdf, 1 << 24))[0]
    elsewhere = replace(layout, byte_range=(*layout.byte_range[:3], 7))
    assert second_opinion(pdf, elsewhere) == (UNEXPLAINED, "no field")


def test_whatever_it_cannot_read_is_unexplained():
    pdf = filled(make())
    assert second_opinion(b"x" + pdf, layouts(opened(pdf, 1 << 24))[0])[0] is UNEXPLAINED


@pytest.mark.parametrize(
    ("level", "answer"),
    [
        (ModificationLevel.NONE, AGREED),
        (ModificationLevel.LTA_UPDATES, AGREED),
        (ModificationLevel.FORM_FILLING, AGREED),
        (ModificationLevel.ANNOTATIONS, (REFUSED, "annotations")),
        (ModificationLevel.OTHER, (REFUSED, "other")),
    ],
)
def test_levels(cms, monkeypatch, level, answer):
    from pyhanko.sign.diff_analysis import DiffResult

    result = DiffResult(modification_level=level, changed_form_fields=set())
    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", lambda *_, **__: result)
    assert asked(filled(cms)) == answer


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (SuspiciousModification("x"), (REFUSED, "modification")),
        (RecursionError(), (UNEXPLAINED, "RecursionError")),
        (KeyError("x"), (UNEXPLAINED, "KeyError")),
    ],
)
def test_errors(cms, monkeypatch, error, answer):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", fail)
    assert asked(filled(cms)) == answer


def test_lack_of_memory_is_ours(cms, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", fail)
    with pytest.raises(MemoryError):
        asked(filled(cms))


def test_it_is_told_what_the_signature_states(cms, monkeypatch):
    told = []
    inner = type(DEFAULT_DIFF_POLICY).review_file

    def review(self, reader, *arguments, **options):
        told.append((reader.strict, options["doc_mdp"], options["field_mdp_spec"]))
        return inner(self, reader, *arguments, **options)

    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", review)
    asked(filled(cms, certified=2, references=LOCK))
    ((strict, level, lock),) = told
    assert (strict, level, lock.fields) == (True, MDPPerm.FILL_FORMS, ["name"])
