"""Promises about permissions: what a level, a lock, several signatures together let pass."""

import pytest
from signing_changed import (
    CMS,
    DESCRIPTION,
    FORM,
    IN_CATALOG,
    OTHER,
    REMARK,
    SIGNATURE,
    SIGNING,
    STAMP,
    STORE,
    STORED,
    VALUE,
    catalog,
    facts,
    make,
    merged,
    plus,
    stamped,
)
from signing_files import closed, drawing, stream, update

from certlib.evidence import ChangeGrade
from signing.evidence import changes as judging
from signing.evidence.changes import changes_after
from signing.evidence.differences import Difference
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.layout import layouts
from signing.evidence.metadata import metadata_of
from signing.evidence.opened import opened
from signing.evidence.permissions import Permission, permission_of

PERMITTED, REFUSED = ChangeGrade.PERMITTED, ChangeGrade.NOT_PERMITTED
UNEXPLAINED = ChangeGrade.UNEXPLAINED


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Whatever others would find."""
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    monkeypatch.setattr(judging, "compared", lambda *_: (PERMITTED, "", ""))


# --- what a signature permits --------------------------------------------------------------------

EVERY = {STORE, STAMP, SIGNATURE, FORM, DESCRIPTION, REMARK, OTHER}


@pytest.mark.parametrize(
    ("level", "permitted"),
    [
        (None, {STORE, STAMP, SIGNATURE, FORM, DESCRIPTION}),
        (1, {STORE, STAMP}),
        (2, {STORE, STAMP, SIGNATURE, FORM, DESCRIPTION}),
        (3, {STORE, STAMP, SIGNATURE, FORM, DESCRIPTION, REMARK}),
        (4, {STORE, STAMP}),
    ],
)
def test_kinds_that_a_level_permits(level, permitted):
    permission = Permission(level)
    assert {kind for kind in EVERY if permission.permits(Difference(kind, "1 0"))} == permitted


@pytest.mark.parametrize(("level", "permitted"), [(None, True), (1, False), (2, True), (3, True)])
def test_orphans_that_a_level_permits(level, permitted):
    assert Permission(level).permits(Difference(OTHER, "1 0", orphan=True)) is permitted


@pytest.mark.parametrize(
    ("action", "names", "locked"),
    [
        ("", {"a"}, set()),
        ("/All", set(), {"a", "a.b", "ab", "c", ""}),
        ("/Include", {"a"}, {"a", "a.b"}),
        ("/Exclude", {"a"}, {"ab", "c", ""}),
        ("/Other", {"a"}, {"a", "a.b", "ab", "c", ""}),
    ],
)
def test_fields_that_are_locked(action, names, locked):
    permission = Permission(2, action, frozenset(names))
    found = {
        name
        for name in ("a", "a.b", "ab", "c", "")
        if not permission.permits(Difference(FORM, "1 0", field=name))
    }
    assert found == locked
    # Signing is not filling in: a field for a signature is locked by no list of fields.
    assert permission.permits(Difference(SIGNATURE, "1 0", field="a"))


TRANSFORM = b"<< /TransformMethod /%s /TransformParams << %s >> >> "


@pytest.mark.parametrize(
    ("certified", "lock", "references", "found"),
    [
        (None, b"", b"", Permission()),
        (2, b"", b"", Permission(2)),
        (None, b"/P 3", b"", Permission(3)),
        (2, b"/P 1", b"", Permission(1)),
        (1, b"/P 3", b"", Permission(1)),
        (None, b"/P 0", b"", Permission(1)),
        (None, b"/P -1", b"", Permission(1)),
        (None, b"/P 4", b"", Permission(1)),
        (None, b"/P (2)", b"", Permission()),
        (None, b"", TRANSFORM % (b"FieldMDP", b""), Permission(None, "/All")),
        (
            None,
            b"",
            TRANSFORM % (b"FieldMDP", b"/Action /Include /Fields [(a) 30 0 R]"),
            Permission(None, "/Include", frozenset({"a", "b"})),
        ),
        (
            None,
            b"",
            TRANSFORM % (b"Identity", b"/Action /Exclude")
            + TRANSFORM % (b"FieldMDP", b"/Action /All"),
            Permission(None, "/All"),
        ),
        (None, b"", TRANSFORM % (b"FieldMDP", b"/Action /All /Fields 5"), Permission(None, "/All")),
    ],
)
def test_permission_of_a_signature(certified, lock, references, found):
    objects = {**plus(7, b"/Lock << %s >>" % lock), 30: b"(b)"}
    document = opened(make(objects, certified=certified, references=references), 1 << 24)
    assert permission_of(document, layouts(document)[0]) == found


# --- the worst counts ----------------------------------------------------------------------------


def second(pdf):
    return closed(update(pdf, SIGNING), CMS)


def test_what_is_refused_counts_more_than_what_is_unexplained():
    """The first signature sees the forged page, the second an object that nobody refers to."""
    pdf = update(second(update(make(), {4: drawing(b"forged")})), {30: b"(x)"})
    assert facts(pdf).grade is REFUSED


def test_kinds_of_all_signatures_are_told():
    """The second one refuses what the first permits, and has not seen all."""
    locked = merged(10, b"/T (Second)", b"/T (Second) /Lock << /P 1 >>")
    first = make(locked)
    pdf = closed(update(first, {**SIGNING, 10: locked[10][:-2] + b"/V 15 0 R >>"}), CMS)
    found = facts(update(pdf, VALUE))
    assert (found.grade, set(found.kinds)) == (REFUSED, {SIGNATURE, FORM})


def test_twenty_objects_are_named():
    pdf = update(make(), dict.fromkeys(range(50, 75), b"(x)"))
    assert len(facts(pdf).objects) == 20


@pytest.mark.parametrize(
    ("pdf", "asked"),
    [
        (update(make(), {**IN_CATALOG, **STORED}), False),
        (stamped(b"/F 2"), False),
        (update(make(), catalog(b"/Version /2.0 ")), True),
        (update(make(), VALUE), True),
        (second(make()), True),
    ],
    ids=["store", "timestamp", "description", "form", "signature"],
)
def test_who_else_is_asked(monkeypatch, pdf, asked):
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (REFUSED, "because"))
    assert facts(pdf).grade is (REFUSED if asked else PERMITTED)


def test_all_revisions_share_what_may_be_spent(monkeypatch):
    monkeypatch.setattr(Budget, "of_history", classmethod(lambda cls, _: cls(values=50)))
    with pytest.raises(ReadingFaultError, match="too-large"):
        facts(update(make(), VALUE))


@pytest.mark.parametrize(
    "first",
    [
        make().replace(b"%PDF-1.7", b"%PDF-1.9"),
        make({20: stream(b"\n30 0 obj\n<< >>\nendobj\n")}),
        make({18: stream(b"x", b"/Filter /FlateDecode ")}, catalog=b"/Metadata 18 0 R "),
    ],
    ids=["version", "a file within", "metadata that nobody can read"],
)
def test_oddities_about_which_readers_agree_explain_nothing_away(first):
    document = opened(update(first, VALUE), 1 << 24)
    metadata_of(document)
    assert changes_after(document, layouts(document)).grade is PERMITTED


def test_trailing_bytes_are_no_question_of_structure():
    found = facts(update(make(), VALUE) + b" ")
    assert (found.grade, found.detail) == (UNEXPLAINED, "bytes after the last revision")
