"""Promises of the second opinion: what is asked of pyHanko, and what becomes of each answer."""

import sys
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import pytest
from pyhanko.pdf_utils.generic import Reference
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    FormUpdate,
    FormUpdatingRule,
    ModificationLevel,
    SuspiciousModification,
)
from pyhanko.sign.fields import MDPPerm
from signing_changed import SIGNING, VALUE, make
from signing_files import SIGNED_OBJECTS, closed, drawing, signed, update

from certlib.evidence import ChangeGrade
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import layouts
from signing.evidence.opened import opened
from signing.evidence.second_opinion import (
    _POLICY,
    _CountingReader,
    _TouchedFields,
    second_opinion,
)

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


def test_locked_field_that_is_left_alone_is_no_hindrance(monkeypatch):
    """pyHanko tells what an appearance refers to as an update of its field, changed or not."""
    updates = [
        (ModificationLevel.FORM_FILLING, FormUpdate(Reference(number), field_name="name"))
        for number in (5, 6)
    ]
    monkeypatch.setattr(FormUpdatingRule, "apply", lambda *_: iter(updates))
    new = SimpleNamespace(explicit_refs_in_revision=lambda: {Reference(6)})
    told = [update.valid_when_locked for _, update in _TouchedFields([]).apply(None, new)]
    assert told == [True, False]
    assert isinstance(_POLICY.form_rule, _TouchedFields)


def test_chosen_entries_belong_to_what_is_filled_in(cms):
    choice = SIGNED_OBJECTS[6].replace(b"/FT /Tx", b"/FT /Ch /Opt [(a) (b)] /I [0]")
    later = choice.replace(b"/V (a)", b"/V (b)").replace(b"/I [0]", b"/I [1]")
    assert asked(update(signed(cms, {6: choice}), {6: later})) == AGREED
    assert asked(update(signed(cms, {6: choice}), {6: later.replace(b"(b)]", b"(c)]")})) == (
        REFUSED,
        "modification",
    )


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
        (KeyError("x"), (UNEXPLAINED, "KeyError")),
    ],
)
def test_errors(cms, monkeypatch, error, answer):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", fail)
    assert asked(filled(cms)) == answer


def mentioning(catalog, objects, cms):
    """A form filled in, and in the signed part objects that mention each other."""
    first = {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s >>" % catalog, **objects}
    pdf = update(signed(cms, first), VALUE)
    return pdf.replace(b"/Size 40 ", b"/Size %d " % (max(first) + 1))


def outline(chapters):
    """Chapters in one row: 12.3.3, /Next leads from each to the one behind it."""
    told = {
        40 + number: b"<< /Title (x) /Parent 39 0 R /Next %d 0 R /Dest [3 0 R /Fit] >>"
        % (41 + number)
        for number in range(chapters)
    }
    told[40 + chapters] = b"<< /Title (end) /Parent 39 0 R >>"
    return {**told, 39: b"<< /Type /Outlines /First 40 0 R /Last %d 0 R >>" % (40 + chapters)}


def all_of_each_other(number):
    names = b" ".join(b"%d 0 R" % (40 + other) for other in range(number))
    return {40 + own: b"[%s]" % names for own in range(number)}


def test_long_outline_is_no_hindrance(cms):
    """Deeper than Python lets calls go by itself, and as before when it is done."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1001)
    try:
        assert asked(mentioning(b"/Outlines 39 0 R", outline(500), cms)) == AGREED
        assert sys.getrecursionlimit() == 1001
    finally:
        sys.setrecursionlimit(before)


def test_revision_is_read_once(cms):
    """It remembers by which paths its objects are reached."""
    reader = _CountingReader(BytesIO(filled(cms)), strict=True)
    assert reader.get_historical_resolver(0) is reader.get_historical_resolver(0)


@pytest.mark.parametrize(
    ("catalog", "objects"),
    [
        pytest.param(b"/X 40 0 R", all_of_each_other(12), id="factorial"),
        pytest.param(b"/Outlines 39 0 R", outline(1000), id="quadratic"),
        pytest.param(b"/Outlines 39 0 R", outline(9000), id="too deep"),
        pytest.param(
            b"/X [%s]" % (b"40 0 R " * 400), {40: b"[[%s]]" % (b"0 " * 2000)}, id="long lists"
        ),
        pytest.param(
            b"/X [%s]" % (b"40 0 R " * 400),
            {40: b"[<< %s >>]" % b" ".join(b"/K%d 0" % number for number in range(2000))},
            id="wide dictionaries",
        ),
    ],
)
def test_what_takes_too_many_steps_is_too_large(cms, catalog, objects):
    pdf = mentioning(catalog, objects, cms)
    with pytest.raises(ReadingFaultError) as told:
        asked(pdf)
    assert (told.value.fault, told.value.detail) == ("too-large", "references")


def test_calls_that_go_too_deep_are_too_much(cms, monkeypatch):
    def fail(*_, **__):
        raise RecursionError

    monkeypatch.setattr(type(DEFAULT_DIFF_POLICY), "review_file", fail)
    with pytest.raises(ReadingFaultError, match="too-large"):
        asked(filled(cms))


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
