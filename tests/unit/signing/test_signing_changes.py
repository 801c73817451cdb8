"""Promises about later revisions: every byte explained, every change named and graded."""

import pytest
from signing_files import (
    FORM_XOBJECT,
    SIGNED_OBJECTS,
    closed,
    drawing,
    signature,
    stream,
    update,
)
from signing_files import changes_of as facts

from certlib.evidence import ChangeGrade, ChangeKind
from certlib.ports import TrustMaterial
from signing.evidence import changes as judging
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.reader import read_facts

NONE, PERMITTED = ChangeGrade.NONE, ChangeGrade.PERMITTED
REFUSED, UNEXPLAINED = ChangeGrade.NOT_PERMITTED, ChangeGrade.UNEXPLAINED
STORE, STAMP, SIGNATURE, FORM = (
    ChangeKind.VALIDATION_MATERIAL,
    ChangeKind.DOCUMENT_TIMESTAMP,
    ChangeKind.SIGNATURE,
    ChangeKind.FORM,
)
REMARK, DESCRIPTION, OTHER = ChangeKind.ANNOTATION, ChangeKind.METADATA, ChangeKind.OTHER


def graded(pdf):
    found = facts(pdf)
    return found.grade, set(found.kinds)


def catalog(extra, certified=None):
    perms = b"/Perms << /DocMDP 8 0 R >> " if certified is not None else b""
    return b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R %s%s>>" % (perms, extra)


def merged(number, old, new):
    """An object of the signed file with something replaced."""
    value = SIGNED_OBJECTS[number]
    assert old in value
    return {number: value.replace(old, new, 1)}


def plus(number, entries):
    return {number: SIGNED_OBJECTS[number][:-2] + entries + b" >>"}


STORED = {
    11: b"<< /Certs [12 0 R] /VRI << /%s << /Cert [12 0 R] >> >> >>" % (b"A" * 40),
    12: stream(b"x"),
}
LEVELS = [None, 1, 2, 3]


def test_what_covers_the_file_has_no_changes(make):
    assert facts(make()).grade is NONE
    assert facts(make(certified=1)).grade is NONE


def test_file_without_signatures_has_no_changes(page):
    assert facts(page).grade is NONE


@pytest.mark.parametrize("level", LEVELS)
def test_validation_material(make, level):
    pdf = update(make(certified=level), {1: catalog(b"/DSS 11 0 R ", level), **STORED})
    assert graded(pdf) == (PERMITTED, {STORE})


def test_validation_material_that_grows(make):
    pdf = update(make(certified=1), {1: catalog(b"/DSS 11 0 R ", 1), **STORED})
    grown = update(pdf, {11: b"<< /Certs [12 0 R 13 0 R] >>", 13: stream(b"y")})
    assert graded(grown) == (PERMITTED, {STORE})


def test_extensions_of_the_catalogue(make):
    pdf = update(
        make(certified=1), {1: catalog(b"/Extensions << /ESIC << /ExtensionLevel 2 >> >> ", 1)}
    )
    assert graded(pdf) == (PERMITTED, {STORE})


@pytest.mark.parametrize(
    "objects",
    [
        {11: b"<< /Certs [12 0 R] /JS (x) >>", 12: stream(b"x")},
        {11: b"<< /Certs [12 0 R] /VRI << /short << >> >> >>", 12: stream(b"x")},
        {11: b"<< /Certs [12 0 R] >>", 12: b"<< /Type /Action >>"},
        {11: b"<< /Certs (x) >>"},
    ],
    ids=["another key", "no hash", "no stream", "no list"],
)
def test_validation_material_with_something_else(make, objects):
    found = facts(update(make(certified=1), {1: catalog(b"/DSS 11 0 R ", 1), **objects}))
    assert (found.grade, OTHER in found.kinds) == (REFUSED, True)


def test_direct_store_with_something_else(make):
    found = facts(update(make(certified=1), {1: catalog(b"/DSS << /Certs [] /X 1 >> ", 1)}))
    assert (found.grade, found.objects) == (REFUSED, ("1 0 /DSS",))


def test_store_taken_away(make):
    pdf = update(make(), {1: catalog(b"/DSS 11 0 R "), **STORED})
    assert facts(update(pdf, {1: catalog(b"")})).grade is REFUSED


STAMP_KIND = b"/Type /DocTimeStamp /SubFilter /ETSI.RFC3161"


def stamped(pdf, cms, *, extra=b"", rectangle=b"[0 0 0 0]", flags=132, more=None, fields=True):
    """A revision with a field of its own for a document timestamp."""
    objects = {
        13: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Stamp) /V 14 0 R /F %d /P 3 0 R /Rect %s %s>>"
        % (flags, rectangle, extra),
        14: signature(b"", STAMP_KIND),
        **merged(3, b"10 0 R]", b"10 0 R 13 0 R]"),
        **(more or {}),
    }
    if fields:
        objects |= merged(5, b"10 0 R]", b"10 0 R 13 0 R]")
    return closed(update(pdf, objects), cms)


@pytest.mark.parametrize("level", LEVELS)
def test_document_timestamp(make, cms, level):
    assert graded(stamped(make(certified=level), cms)) == (PERMITTED, {STAMP})


def test_store_and_timestamp_in_two_revisions(make, cms):
    pdf = update(make(certified=1), {1: catalog(b"/DSS 11 0 R ", 1), **STORED})
    found = facts(stamped(pdf, cms))
    assert found.grade is PERMITTED
    assert found.kinds == (STORE, STAMP)
    assert found.objects == ()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"rectangle": b"[10 10 90 90]", "flags": 4}, SIGNATURE),
        ({"extra": b"/AA << /E << /S /JavaScript /JS (x) >> >> "}, OTHER),
        ({"extra": b"/MK << /CA (x) >> "}, SIGNATURE),
        ({"more": {4: drawing(b"forged")}}, OTHER),
        ({"more": merged(3, b"/MediaBox [0 0 300 200]", b"/MediaBox [0 0 300 300]")}, OTHER),
    ],
    ids=["visible", "action", "another key", "page content", "page size"],
)
def test_timestamp_that_brings_more_is_none(make, cms, options, kind):
    found = facts(stamped(make(certified=1), cms, **options))
    assert (found.grade, kind in found.kinds) == (REFUSED, True)


def test_hidden_timestamp_has_no_rectangle_to_show(make, cms):
    pdf = stamped(make(certified=1), cms, rectangle=b"[10 10 90 90]", flags=2)
    assert graded(pdf) == (PERMITTED, {STAMP})


def filled(pdf):
    """The text field says something else, and shows it."""
    return update(pdf, {**merged(6, b"/V (a)", b"/V (b)"), 9: drawing(b"b", FORM_XOBJECT)})


@pytest.mark.parametrize(
    ("level", "grade"), [(None, PERMITTED), (1, REFUSED), (2, PERMITTED), (3, PERMITTED)]
)
def test_form_filled_in(make, level, grade):
    assert graded(filled(make(certified=level))) == (grade, {FORM})


@pytest.mark.parametrize(
    ("lock", "grade"),
    [
        (b"/Action /All", REFUSED),
        (b"/Action /Include /Fields [(name)]", REFUSED),
        (b"/Action /Include /Fields [(nam)]", PERMITTED),
        (b"/Action /Exclude /Fields [(name)]", PERMITTED),
        (b"/Action /Exclude /Fields [(other)]", REFUSED),
    ],
)
def test_locked_fields(make, lock, grade):
    reference = b"<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << %s /V /1.2 >> >>"
    assert facts(filled(make(references=reference % lock))).grade is grade


def test_only_the_face_of_a_field_is_new(make):
    """A disguise: the value is the old one."""
    found = facts(update(make(), {9: drawing(b"b", FORM_XOBJECT)}))
    assert (found.grade, found.objects) == (REFUSED, ("9 0",))
    fresh = {**merged(6, b"/N 9 0 R", b"/N 19 0 R"), 19: drawing(b"b", FORM_XOBJECT)}
    assert facts(update(make(), fresh)).objects == ("6 0 /AP",)


def test_face_of_a_field_follows_its_value(make, monkeypatch):
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    pdf = update(
        make(merged(6, b"/V (a)", b"/V 20 0 R") | {20: b"(a)"}),
        {20: b"(b)", 9: drawing(b"b", FORM_XOBJECT)},
    )
    assert graded(pdf) == (PERMITTED, {FORM})


def appeared(pdf, cms, rectangle, face=b"1 1 1 rg 0 0 90 20 re f"):
    """A new signature, with a white face unless another is given."""
    face = stream(face, FORM_XOBJECT)
    return closed(
        update(
            pdf,
            {
                **merged(3, b"10 0 R]", b"10 0 R 21 0 R]"),
                **merged(5, b"10 0 R]", b"10 0 R 21 0 R]"),
                21: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Third) /V 22 0 R /F 4 /P 3 0 R /Rect %s "
                b"/AP << /N 23 0 R >> >>" % rectangle,
                22: signature(),
                23: face,
            },
        ),
        cms,
    )


TREE = b"<< /Type /StructTreeRoot /K 26 0 R >>"
TAGGED = {
    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R /StructTreeRoot 25 0 R >>",
    25: TREE,
    26: b"<< /Type /StructElem /S /Document /P 25 0 R /K [] >>",
}


def test_tagged_page_names_its_new_field(make, cms, monkeypatch):
    """Only together with a new field, and only where pyHanko agrees on what exactly changed."""
    element = TAGGED[26].replace(b"/K []", b"/K [27 0 R]")
    named = {
        26: element,
        27: b"<< /Type /StructElem /S /Form /P 26 0 R /K << /Type /OBJR /Obj 13 0 R >> >>",
    }
    alone = facts(update(make(TAGGED), {26: TAGGED[26].replace(b"/K []", b"/K [] /Alt (forged)")}))
    assert (alone.grade, alone.objects) == (REFUSED, ("26 0",))
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    pdf = stamped(make(TAGGED), cms, rectangle=b"[10 120 90 140]", flags=4, more=named)
    assert graded(pdf) == (PERMITTED, {SIGNATURE})
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (REFUSED, "tags"))
    assert facts(pdf).grade is REFUSED


def test_new_signature_covers_nothing(make, cms):
    beside = appeared(make(), cms, b"[10 120 100 140]")
    assert graded(beside) == (PERMITTED, {SIGNATURE})
    over = facts(appeared(make(), cms, b"[0 0 100 20]"))
    assert (over.grade, over.detail) == (REFUSED, "appearance: field over the page")
    assert over.objects == ("3 0",)
    large = facts(appeared(make(), cms, b"[0 0 300 200]", b"80 10 5 5 re f"))
    assert (large.grade, large.detail) == (REFUSED, "appearance: field over the page")


def test_leading_bytes_of_another_file_make_signatures_unsound(make):
    pdf = make()
    for leading in (b"PK\x03\x04", b"#!/bin/sh\n"):
        assert facts(leading + pdf).detail == "leading-bytes"


def test_certification_that_no_field_shows(make):
    pdf = update(make(certified=2), {1: catalog(b"/Perms << /DocMDP 24 0 R >> "), 24: signature()})
    assert facts(pdf).detail == "permissions"


@pytest.mark.parametrize(("level", "grade"), [(1, REFUSED), (2, PERMITTED), (9, REFUSED)])
def test_lock_of_an_approval_signature_has_a_level(make, level, grade):
    lock = b"/Lock << /Type /SigFieldLock /Action /Include /Fields [(x)] /P %d >>" % level
    assert facts(filled(make(plus(7, lock)))).grade is grade


def signs(pdf, cms, *, number=10, more=None):
    """The second field is signed."""
    objects = {
        10: SIGNED_OBJECTS[10][:-2] + b"/V 15 0 R /AP << /N 16 0 R >> >>",
        15: signature(),
        16: drawing(b"second", FORM_XOBJECT),
        **(more or {}),
    }
    return closed(update(pdf, objects), cms)


@pytest.mark.parametrize(
    ("level", "grade"), [(None, PERMITTED), (1, REFUSED), (2, PERMITTED), (3, PERMITTED)]
)
def test_second_signature(make, cms, level, grade):
    assert graded(signs(make(certified=level), cms)) == (grade, {SIGNATURE})


def test_change_between_two_signatures_counts_for_the_first(make, cms):
    pdf = signs(filled(make()), cms)
    assert graded(pdf) == (PERMITTED, {SIGNATURE, FORM})
    forged = signs(update(make(), {4: drawing(b"forged")}), cms)
    assert facts(forged).grade is REFUSED


NOTE = {17: b"<< /Type /Annot /Subtype /Square /F 4 /Rect [10 100 50 140] /C [1 0 0] /P 3 0 R >>"}


@pytest.mark.parametrize(
    ("level", "grade"), [(None, REFUSED), (1, REFUSED), (2, REFUSED), (3, PERMITTED)]
)
def test_remark(make, level, grade):
    """Permitted by P=3 alone (12.8.2.2); pyHanko, which knows no remarks, is not asked."""
    objects = {**merged(3, b"10 0 R]", b"10 0 R 17 0 R]"), **NOTE}
    assert graded(update(make(certified=level), objects)) == (grade, {REMARK})


def test_remark_under_level_3_by_our_own_reading(make, monkeypatch):
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    objects = {**merged(3, b"10 0 R]", b"10 0 R 17 0 R]"), **NOTE}
    assert facts(update(make(certified=3), objects)).grade is PERMITTED
    changed = update(make({**objects}, certified=3), {17: NOTE[17].replace(b"[1 0 0]", b"[0 1 0]")})
    assert graded(changed) == (PERMITTED, {REMARK})
    gone = update(make({**objects}, certified=3), {3: SIGNED_OBJECTS[3]})
    assert graded(gone)[1] == {REMARK}


def test_remark_in_the_place_of_another(make, monkeypatch):
    """One is gone, one is new, and the page may look different where the new one lies."""
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    first = make({**merged(3, b"10 0 R]", b"10 0 R 17 0 R]"), **NOTE}, certified=3)
    other = {18: NOTE[17].replace(b"[1 0 0]", b"[0 1 0]")}
    pdf = update(first, {**merged(3, b"10 0 R]", b"10 0 R 18 0 R]"), **other})
    assert graded(pdf) == (PERMITTED, {REMARK})


@pytest.mark.parametrize(("level", "grade"), [(None, PERMITTED), (1, REFUSED), (2, PERMITTED)])
def test_description(make, level, grade):
    objects = {
        1: catalog(b"/Metadata 18 0 R ", level),
        18: stream(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>', b"/Type /Metadata /Subtype /XML "),
    }
    assert graded(update(make(certified=level), objects)) == (grade, {DESCRIPTION})
    info = update(make(certified=level), {18: b"<< /Title (x) >>"}, trailer=b"/Info 18 0 R ")
    assert graded(info) == (grade, {DESCRIPTION})
    again = update(info, {18: b"<< /Title (y) >>"}, trailer=b"/Info 18 0 R ")
    assert graded(again) == (grade, {DESCRIPTION})


@pytest.mark.parametrize(
    "objects",
    [
        {4: drawing(b"forged")},
        merged(3, b"/Contents 4 0 R", b"/Contents [4 0 R 9 0 R]"),
        merged(3, b"/MediaBox [0 0 300 200]", b"/MediaBox [0 0 300 201]"),
        plus(3, b"/Rotate 90"),
        {2: b"<< /Type /Pages /Count 2 /Kids [3 0 R 3 0 R] >>"},
        {2: b"<< /Type /Pages /Count 0 /Kids [] >>"},
        {1: catalog(b"/OpenAction [3 0 R /Fit] ")},
        {1: catalog(b"/Names << /JavaScript << /Names [] >> >> ")},
        plus(5, b"/XFA (x)"),
        merged(5, b"[6 0 R 7 0 R 10 0 R]", b"[7 0 R 6 0 R 10 0 R]"),
        merged(5, b"[6 0 R 7 0 R 10 0 R]", b"[6 0 R 7 0 R]"),
        merged(3, b"[6 0 R 7 0 R 10 0 R]", b"[6 0 R 7 0 R]"),
        merged(3, b"[6 0 R 7 0 R 10 0 R]", b"[6 0 R 7 0 R 10 0 R 6 0 R]"),
        merged(6, b"/Rect [10 50 100 70]", b"/Rect [10 150 100 170]"),
        merged(6, b"/T (name)", b"/T (other)"),
        plus(6, b"/AA << >>"),
        merged(10, b"/Rect [120 50 200 70]", b"/Rect [0 0 300 200]"),
        plus(10, b"/AP << /N 9 0 R >>"),
        plus(7, b"/AP << /N 9 0 R >>"),
        {8: signature()},
        {
            **merged(5, b"10 0 R]", b"10 0 R 19 0 R]"),
            19: b"<< /FT /Tx /T (new) /V (x) >>",
        },
        {
            **merged(3, b"10 0 R]", b"10 0 R 19 0 R]"),
            19: b"<< /Subtype /Widget /FT /Tx /T (new) /Rect [0 0 9 9] >>",
        },
    ],
    ids=[
        *("content", "contents", "size", "rotation", "pages added", "pages removed", "action"),
        *("names", "xfa", "fields moved", "field removed"),
        *("widget removed", "widget twice", "place", "name", "field action", "room of a signature"),
        *("empty field shows", "signed field shows", "signature replaced"),
        *("new field", "new widget"),
    ],
)
@pytest.mark.parametrize("level", [None, 3])
def test_what_nothing_permits(make, objects, level):
    if level is not None and 1 in objects:
        objects = {1: objects[1].replace(b"/Pages", b"/Perms << /DocMDP 8 0 R >> /Pages")}
    found = facts(update(make(certified=level), objects))
    assert found.grade in (REFUSED, UNEXPLAINED), found
    assert found.objects or found.detail


def test_objects_are_named(make):
    found = facts(update(make(), merged(3, b"/Contents 4 0 R", b"/Contents 9 0 R")))
    assert (found.grade, found.objects, found.detail) == (REFUSED, ("3 0 /Contents",), "other page")


def test_appearance_that_also_draws_the_page(make):
    """One object, two purposes: what the field may replace, the page may not."""
    both = merged(3, b"/Resources <<", b"/Resources << /XObject << /X0 9 0 R >>")
    found = facts(update(make(both), {9: drawing(b"b", FORM_XOBJECT)}))
    assert (found.grade, found.objects) == (REFUSED, ("9 0",))


def test_object_defined_after_it_was_signed_for(make):
    """Shadow replace by a dangling reference."""
    dangling = merged(3, b"/Resources <<", b"/Resources << /XObject << /X0 30 0 R >>")
    found = facts(update(make(dangling), {30: drawing(b"x", FORM_XOBJECT)}))
    assert (found.grade, found.objects) == (REFUSED, ("30 0",))


def test_parent_defined_after_it_was_signed_for(make):
    """A widget names a parent that is not there yet: it would inherit from it."""
    found = facts(update(make(plus(6, b"/Parent 30 0 R")), {30: b"<< /T (x) >>"}))
    assert (found.grade, found.objects) == (REFUSED, ("30 0",))


def test_object_that_nothing_refers_to(make):
    found = facts(update(make(), {30: b"(x)"}))
    assert (found.grade, found.objects) == (UNEXPLAINED, ("30 0",))


@pytest.mark.parametrize(("level", "grade"), [(None, PERMITTED), (1, UNEXPLAINED)])
def test_validation_material_left_over(make, level, grade):
    orphan = {30: b"<< /Type /VRI /Cert [12 0 R] >>"}
    pdf = update(make(certified=level), {1: catalog(b"/DSS 11 0 R ", level), **STORED, **orphan})
    assert facts(pdf).grade is grade


def test_same_object_once_more_changes_nothing(make):
    assert facts(update(make(certified=1), {4: SIGNED_OBJECTS[4]})).grade is PERMITTED


def test_freed_object(make):
    found = facts(update(make(), {}, freed=[4]))
    assert (found.grade, found.detail, found.objects) == (REFUSED, "other object freed", ("4",))
    assert facts(update(make(), {}, freed=[35])).grade is PERMITTED


def test_trailer_entry(make):
    found = facts(update(make(), {}, trailer=b"/Extra 4 0 R "))
    assert (found.grade, found.objects) == (REFUSED, ("trailer /Extra",))


def test_object_read_with_leniency_only(make):
    found = facts(update(make(), {6: b"<< /FT /Tx /FT /Tx >>"}))
    assert (found.grade, found.detail) == (UNEXPLAINED, "lenient-syntax")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda pdf: pdf + b" ", "bytes after the last revision"),
        (lambda pdf: update(pdf, {}, unlisted=b"30 0 obj (x) endobj "), "unlisted-objects"),
        (
            lambda pdf: update(pdf, {}, unlisted=b"% xref\n"),
            "words of the file structure in a comment",
        ),
        (lambda pdf: update(pdf, {}, unlisted=b"4 0 obj (x) endobj "), "shadowed-objects"),
        (lambda pdf: update(pdf, {}, listed={30: 9}), "duplicate-entries"),
        (lambda pdf: update(pdf, {}, listed={1: 9}), "entry points back"),
    ],
    ids=["space", "body", "comment", "shadow", "doubled place", "back"],
)
def test_bytes_that_nothing_explains(make, change, detail):
    found = facts(change(make()))
    assert found.grade in (UNEXPLAINED, REFUSED)
    assert detail in (found.detail, "trailing-bytes", "duplicate-entries")


def test_chain_that_leaves_the_signed_revision_out(make):
    first = make()
    start = int(first[first.rindex(b"startxref\n") + 10 :].split()[0])
    pdf = update(update(first, {30: b"(x)"}), {}, prev=start)
    assert facts(pdf).grade in (REFUSED, UNEXPLAINED)
    hidden = signed_twice(make, start)
    assert facts(hidden).grade in (REFUSED, UNEXPLAINED)


def signed_twice(make, start):
    """The newest revision continues one that is older than the signed one."""
    return update(make(), {4: drawing(b"x")}, prev=start - 1 if start % 2 else start + 1)


def test_too_many_revisions(make):
    pdf = make()
    for _ in range(51):
        pdf = update(pdf, {})
    assert facts(pdf).detail == "too many revisions"


def test_second_opinion_counts_where_it_is_worse(make, monkeypatch):
    for grade in (REFUSED, UNEXPLAINED):
        monkeypatch.setattr(judging, "second_opinion", lambda *_, grade=grade: (grade, "because"))
        found = facts(filled(make()))
        assert (found.grade, found.detail) == (grade, "second opinion: because")
        stored = update(make(), {1: catalog(b"/DSS 11 0 R "), **STORED})
        assert facts(stored).grade is PERMITTED, "validation material is ours alone to judge"


def test_picture_counts_where_objects_look_good(make, monkeypatch):
    monkeypatch.setattr(judging, "differences", lambda *_: [])
    found = facts(update(make(), {4: drawing(b"forged")}))
    assert (found.grade, found.detail, found.objects) == (REFUSED, "appearance", ("3 0",))


def test_history_that_is_too_much_is_no_change_that_nobody_explains(make, monkeypatch):
    monkeypatch.setattr(Budget, "of_history", classmethod(lambda cls, _size: cls(visits=5)))
    with pytest.raises(ReadingFaultError, match="too-large"):
        facts(filled(make()))


def test_file_that_is_too_much_to_compare_is_too_large(make, monkeypatch):
    """It was not read to its end, so nobody says that it was altered."""
    monkeypatch.setattr(Budget, "of_history", classmethod(lambda cls, _size: cls(visits=5)))
    found = read_facts(filled(make()), TrustMaterial())
    assert (found.readable, found.fault, found.fault_detail) == (False, "too-large", "references")
