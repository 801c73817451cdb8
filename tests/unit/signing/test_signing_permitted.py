"""Promises about later revisions by our own reading alone: no rule leans on what others find.

pyHanko and PDFium refuse much of this, too. Here both agree to everything, so that each of our
rules is seen for itself: what is named, by which kind, and what no kind excuses.
"""

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
    STAMP_KIND,
    STORE,
    STORED,
    VALUE,
    brought,
    brought_kinds,
    catalog,
    facts,
    kinds,
    make,
    merged,
    plus,
    stamped,
)
from signing_files import (
    FORM_XOBJECT,
    SIGNED_OBJECTS,
    closed,
    drawing,
    signature,
    stream,
    streamed,
    update,
)

from certlib.evidence import ChangeGrade
from signing.evidence import changes as judging
from signing.evidence.faces import shown_now
from signing.evidence.faults import ReadingFaultError

PERMITTED, REFUSED = ChangeGrade.PERMITTED, ChangeGrade.NOT_PERMITTED
UNEXPLAINED = ChangeGrade.UNEXPLAINED


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Whatever others would find."""
    monkeypatch.setattr(judging, "second_opinion", lambda *_: (PERMITTED, ""))
    monkeypatch.setattr(judging, "compared", lambda *_: (PERMITTED, "", ""))


# --- trailer and catalogue -----------------------------------------------------------------------


def test_entries_of_the_section_itself_say_nothing():
    """A table is followed by a stream: its type, fields, filters are no change of the document."""
    extra = b"/ID [<00> <01>] /Filter [] /DecodeParms [null] "
    pdf = streamed(make(), {**IN_CATALOG, **STORED}, extra=extra)
    assert facts(pdf).grade is PERMITTED
    assert kinds(pdf) == {STORE}
    assert kinds(update(make(), {}, trailer=b"/ID [<00> <01>] ")) == set()


def test_catalogue_cannot_be_exchanged():
    pdf = update(make(), {30: catalog(b"")[1]})
    found = facts(
        pdf[: pdf.rindex(b"/Root 1 0 R")] + b"/Root 30 0 R" + pdf[pdf.rindex(b"/Root 1 0 R") + 11 :]
    )
    assert (found.grade, found.objects) == (REFUSED, ("trailer /Root",))


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        (catalog(b"/MarkInfo << /Marked true >> "), {DESCRIPTION}),
        (catalog(b"/Version /2.0 "), {DESCRIPTION}),
        (catalog(b"/Extensions << >> "), {STORE}),
        (catalog(b"/Lang (en) "), {OTHER}),
        (catalog(b"/OpenAction [3 0 R /Fit] "), {OTHER}),
    ],
)
def test_entries_of_the_catalogue(objects, found):
    assert kinds(update(make(), objects)) == found


@pytest.mark.parametrize("key", [b"/Metadata 18 0 R", b"/DSS 11 0 R", b"/MarkInfo << >>"])
def test_nothing_of_the_catalogue_is_taken_away(key):
    first = make({18: stream(b"<x/>"), **STORED}, catalog=key + b" ")
    assert kinds(update(first, catalog(b""))) == {OTHER}


@pytest.mark.parametrize(
    ("key", "old", "new", "found"),
    [
        (b"/Metadata", stream(b"<x/>"), stream(b"<y/>"), {DESCRIPTION}),
        (b"/Extensions", b"<< >>", b"<< /A << >> >>", {STORE}),
        (b"/MarkInfo", b"<< >>", b"<< /Marked true >>", {OTHER}),
        (b"/Perms", b"<< >>", b"<< /UR3 8 0 R >>", {OTHER}),
        (b"/StructTreeRoot", b"<< >>", b"<< /K 3 >>", {OTHER}),
        (b"/Names", b"<< >>", b"<< /Dests << >> >>", {OTHER}),
    ],
)
def test_objects_below_the_catalogue(key, old, new, found):
    first = make({18: old}, catalog=key + b" 18 0 R ")
    assert kinds(update(first, {18: new})) == found


# --- validation material -------------------------------------------------------------------------

FIRST_STORED = update(make(), {**IN_CATALOG, **STORED})


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        ({11: b"<< /Certs [12 0 R 13 0 R] >>", 13: stream(b"y")}, {STORE}),
        ({11: b"<< /Certs [12 0 R] /JS (x) >>"}, {STORE, OTHER}),
        ({11: b"<< /Certs [12 0 R 13 0 R] >>", 13: b"<< /S /JavaScript >>"}, {STORE, OTHER}),
        ({12: stream(b"x", b"/X 13 0 R "), 13: b"<< /S /JavaScript >>"}, {STORE, OTHER}),
    ],
    ids=["grows", "another key", "no stream", "below a stream"],
)
def test_store_that_was_there(objects, found):
    assert kinds(update(FIRST_STORED, objects)) == found


@pytest.mark.parametrize(
    ("store", "found"),
    [
        (b"<< /Type /DSS /Certs [12 0 R] /OCSPs [] /CRLs [] /VRI << >> >>", {STORE}),
        (
            b"<< /VRI << /%s << /Type /VRI /Cert [] /CRL [] /OCSP [] /TU (D:2026) /TS 12 0 R >> >> >>"
            % (b"aF" * 20),
            {STORE},
        ),
        (b"<< /Certs 30 0 R >>", {STORE, OTHER}),
        (b"<< /Type /Action >>", {STORE, OTHER}),
        (b"<< /Type (x) >>", {STORE, OTHER}),
        (b"<< /Cert [] /CRLs [] >>", {STORE, OTHER}),
        (b"<< /VRI << /%s << >> >> >>" % (b"A" * 39), {STORE, OTHER}),
        (b"<< /VRI << /%s << >> >> >>" % (b"A" * 41), {STORE, OTHER}),
        (b"<< /VRI << /%s << >> >> >>" % (b"G" * 40), {STORE, OTHER}),
        (b"<< /VRI << /%s << /TU << /S /JavaScript >> >> >> >>" % (b"A" * 40), {STORE, OTHER}),
        (b"<< /Certs [(x)] >>", {STORE, OTHER}),
        (b"<< /Certs [7] >>", {STORE, OTHER}),
    ],
)
def test_what_belongs_into_a_store(store, found):
    held = {12: stream(b"x")} if b"12 0 R" in store else {}
    pdf = update(make(), {**catalog(b"/DSS 11 0 R "), 11: store, **held})
    assert kinds(pdf) == found


def test_store_that_is_a_circle_ends():
    pdf = update(make(), {**IN_CATALOG, 11: b"<< /Certs 12 0 R >>", 12: b"[12 0 R]"})
    assert kinds(pdf) == {STORE}


LEFT = b"<< /Type /VRI /Cert [12 0 R] >>"


@pytest.mark.parametrize(
    ("first", "orphan", "grade"),
    [
        ({}, LEFT, PERMITTED),
        ({}, b"<< /CRL [12 0 R] >>", PERMITTED),
        ({}, b"<< /OCSP [12 0 R] /TU (D:2026) >>", PERMITTED),
        ({}, b"<< /Type /VRI >>", UNEXPLAINED),
        ({}, b"<< /TU (D:2026) >>", UNEXPLAINED),
        ({}, b"<< /Cert [12 0 R] /S /JavaScript >>", UNEXPLAINED),
        ({}, b"<< /Cert [12 0 R] /Certs [12 0 R] >>", UNEXPLAINED),
        ({}, b"<< /Cert << /S /JavaScript >> >>", UNEXPLAINED),
        ({}, b"[12 0 R]", UNEXPLAINED),
        ({20: b"(x)"}, LEFT, UNEXPLAINED),
    ],
)
def test_what_may_be_left_over(first, orphan, grade):
    """Something that was there, and that nobody refers to, is nothing left over."""
    pdf = update(make(first), {**IN_CATALOG, **STORED, 20: orphan})
    found = facts(pdf)
    assert found.grade is grade
    assert (OTHER in found.kinds) is (grade is UNEXPLAINED)


# --- objects that are not what they seem ---------------------------------------------------------


def test_object_streams_are_nothing_that_anybody_refers_to():
    held = [(11, STORED[11]), (1, catalog(b"/DSS 11 0 R ")[1])]
    assert facts(streamed(make(), {12: STORED[12]}, held=held)).grade is PERMITTED


def test_object_stream_in_the_place_of_something():
    """Nobody refers to it, but it was there."""
    found = facts(streamed(make({40: b"(x)"}), {}, held=[(9, b"(x)")]))
    assert "40 0" in facts(streamed(make({40: b"(x)"}), {}, held=[(30, b"(x)")])).objects
    assert found.grade is REFUSED


def test_object_stream_that_the_signed_part_refers_to():
    dangling = merged(3, b"/Resources <<", b"/Resources << /XObject << /X0 40 0 R >>")
    held = [(11, STORED[11]), (1, catalog(b"/DSS 11 0 R ")[1])]
    found = facts(streamed(make(dangling), {12: STORED[12]}, held=held))
    assert (found.grade, found.objects) == (REFUSED, ("40 0",))


def test_objects_in_streams_are_judged():
    turned = SIGNED_OBJECTS[3].replace(b"/Type /Page ", b"/Type /Page /Rotate 90 ")
    found = facts(streamed(make(), {}, held=[(3, turned)]))
    assert (found.grade, found.objects) == (REFUSED, ("3 0 /Rotate",))


def test_object_in_a_stream_that_two_readers_read_differently():
    """A new field with a key that stands twice: we read nothing, others read one of them."""
    fields = SIGNED_OBJECTS[5].replace(b"10 0 R]", b"10 0 R 13 0 R]")
    field = b"<< /FT /Sig /T (x) /T (y) /Subtype /Widget /Rect [0 0 300 200] >>"
    with pytest.raises(ReadingFaultError) as caught:
        brought(make(), streamed(make(), {5: fields}, held=[(13, field)]))
    assert caught.value.detail == "lenient-syntax"


@pytest.mark.parametrize("number", [2, 3, 5, 6, 10])
@pytest.mark.parametrize("value", [b"(x)", b"null", b"[13 0 R]"])
def test_object_of_another_type(number, value):
    """A dictionary becomes something else; a list of new fields is no exception."""
    stamp = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 14 0 R /F 2 /P 3 0 R >>"
    new = {13: stamp, 14: signature(b"", STAMP_KIND)} if b"13" in value else {}
    found = brought(make(), {number: value, **new})
    assert OTHER in {item.kind for item in found if item.place.startswith(f"{number} 0")}


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"", b"/DR << /Font << >> >>", {FORM}),
        (b"", b"/DA (/F0 9 Tf)", {FORM}),
        (b"", b"/NeedAppearances true", {FORM}),
        (b"", b"/XFA (x)", {OTHER}),
        (b"", b"/CO [6 0 R]", {OTHER}),
        (b"/DR 30 0 R", b"/DR 30 0 R", {FORM}),
    ],
)
def test_entries_of_the_form(old, new, found):
    first = make({**plus(5, old), 30: b"<< >>"})
    assert (
        kinds(update(first, {**plus(5, new), 30: b"<< /Font << >> >>"} if old else plus(5, new)))
        == found
    )


def test_flags_of_the_form_say_nothing():
    assert kinds(update(make(), merged(5, b"/SigFlags 3", b"/SigFlags 1"))) == set()


def test_form_in_the_catalogue_itself():
    direct = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 7 0 R 10 0 R] %s >> >>"
    assert kinds(update(make({1: direct % b""}), {1: direct % b"/XFA (x)"})) == {OTHER}
    assert kinds(update(make({1: direct % b""}), {1: direct % b"/DA (x)"})) == {FORM}
    assert brought_kinds(make(), {1: b"<< /Type /Catalog /Pages 2 0 R >>"}) == {OTHER}


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        *((key + b" (x)", {FORM}) for key in (b"/AS", b"/DA", b"/Q", b"/M", b"/RV", b"/I", b"/TI")),
        (b"/MK << /CA (x) >>", {FORM}),
        *(
            (key + b" (x)", {FORM, OTHER})
            for key in (b"/A", b"/AA", b"/Ff", b"/DV", b"/MaxLen", b"/TU")
        ),
    ],
)
def test_what_comes_with_a_value(entry, found):
    pdf = update(make(), {6: VALUE[6][:-2] + entry + b" >>"})
    assert kinds(pdf) == found
    assert kinds(update(make(), plus(6, entry))) == (
        {FORM} if entry.startswith(b"/AS") else {OTHER}
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"/F 4", b"/F 6", {FORM}),
        (b"/N 9 0 R", b"/N 19 0 R", {FORM}),
        (b"/Rect [10 50 100 70]", b"/Rect [0 0 300 200]", {FORM, OTHER}),
        (b"/T (name)", b"/T (named)", {OTHER}),
        (b"/FT /Tx", b"/FT /Btn", {FORM, OTHER}),
    ],
)
def test_what_changes_with_a_value(old, new, found):
    face = {19: drawing(b"b", FORM_XOBJECT)} if b"19" in new else {}
    pdf = update(make(), {6: VALUE[6].replace(old, new), **face})
    assert kinds(pdf) >= found
    assert (OTHER in kinds(pdf)) is (OTHER in found)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        *((key + b" (x)", {SIGNATURE}) for key in (b"/AS", b"/M", b"/DA")),
        (b"/AP << >>", {SIGNATURE}),
        (b"/MK << >>", {SIGNATURE}),
        *(
            (key + b" (x)", {SIGNATURE, OTHER})
            for key in (b"/Q", b"/RV", b"/I", b"/A", b"/AA", b"/Ff", b"/DV")
        ),
        (b"/Lock << /P 1 >>", {SIGNATURE, OTHER}),
        (b"/SV << >>", {SIGNATURE, OTHER}),
    ],
)
def test_what_comes_with_a_signature(entry, found):
    pdf = closed(update(make(), {**SIGNING, 10: SIGNING[10][:-2] + entry + b" >>"}), CMS)
    assert kinds(pdf) == found
    assert kinds(update(make(), plus(10, entry))) == {OTHER}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [(b"/F 4", b"/F 132", {SIGNATURE}), (b"[120 50 200 70]", b"[0 0 300 200]", {SIGNATURE, OTHER})],
)
def test_what_changes_with_a_signature(old, new, found):
    pdf = closed(update(make(), {**SIGNING, 10: SIGNING[10].replace(old, new)}), CMS)
    assert kinds(pdf) == found


def test_signature_in_the_place_of_another():
    other = {7: SIGNED_OBJECTS[7].replace(b"8 0 R", b"15 0 R"), 15: signature()}
    assert brought_kinds(make(), other) == {OTHER}
    assert brought_kinds(make(), merged(7, b"/V 8 0 R ", b"")) == {OTHER}


@pytest.mark.parametrize("level", [None, 1])
def test_timestamp_in_a_field_that_was_there_is_a_signature(level):
    """The signed page has room for it, and it may show there what it likes."""
    pdf = closed(update(make(certified=level), {**SIGNING, 15: signature(b"", STAMP_KIND)}), CMS)
    assert kinds(pdf) == {SIGNATURE}
    assert facts(pdf).grade is (REFUSED if level else PERMITTED)


def test_face_of_a_signature_whose_name_a_text_field_has():
    """The text field says something new: that is no leave to change what the signature shows."""
    first = make(
        {
            **plus(7, b"/AP << /N 21 0 R >>"),
            21: drawing(b"signed", FORM_XOBJECT),
            20: b"<< /FT /Tx /T (First) /V (a) >>",
            **merged(5, b"10 0 R]", b"10 0 R 20 0 R]"),
        }
    )
    twin = {20: b"<< /FT /Tx /T (First) /V (b) >>"}
    assert kinds(update(first, twin)) == {FORM}
    assert kinds(update(first, {**twin, 21: drawing(b"forged", FORM_XOBJECT)})) == {FORM, OTHER}


@pytest.mark.parametrize(
    ("entries", "kind", "found"),
    [
        (b"", STAMP_KIND, {STAMP}),
        (b"/Rect [0 0 0 0]", STAMP_KIND, {STAMP}),
        (b"/Rect [9 9 99 99] /F 2", STAMP_KIND, {STAMP}),
        (b"/F 2 /TU (x) /Ff 1 /AP << >> /Parent null", STAMP_KIND, {STAMP}),
        (b"/Rect [9 9 99 99] /F 4", STAMP_KIND, {SIGNATURE}),
        (b"/Rect [9 9 99 99] /F (2)", STAMP_KIND, {SIGNATURE}),
        (b"/Rect (x)", STAMP_KIND, {SIGNATURE}),
        (b"/MK << >>", STAMP_KIND, {SIGNATURE}),
        (b"/Lock << >>", STAMP_KIND, {SIGNATURE}),
        (b"/A << >>", STAMP_KIND, {OTHER}),
        (b"/AA << >>", STAMP_KIND, {OTHER}),
        (b"", b"/Type /Sig /SubFilter /ETSI.RFC3161", {SIGNATURE}),
        (b"", b"/Type /DocTimeStamp /SubFilter /ETSI.CAdES.detached", {SIGNATURE}),
    ],
)
def test_new_field_for_a_timestamp(entries, kind, found):
    assert kinds(stamped(entries, kind)) == found


@pytest.mark.parametrize(
    "field",
    [
        b"<< /FT /Tx /T (S) /V (x) >>",
        b"<< /FT /Btn /T (S) >>",
        b"<< /T (S) >>",
        b"<< /FT /Tx /T (S) /Subtype /Widget /Rect [0 0 9 9] >>",
    ],
)
@pytest.mark.parametrize("listed", [3, 5])
def test_other_new_fields(field, listed):
    if listed == 3 and b"/Widget" not in field:
        field = field[:-2] + b"/Subtype /Widget >>"
    pdf = update(make(certified=3), {13: field, **merged(listed, b"10 0 R]", b"10 0 R 13 0 R]")})
    assert OTHER in kinds(pdf)


def test_lists_of_their_own():
    """Fields and annotations may be listed in an object of their own, which grows."""
    lists = {**merged(5, b"[6 0 R 7 0 R 10 0 R]", b"30 0 R"), 30: b"[6 0 R 7 0 R 10 0 R]"}
    lists |= {**merged(3, b"[6 0 R 7 0 R 10 0 R]", b"31 0 R"), 31: b"[6 0 R 7 0 R 10 0 R]"}
    stamp = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 14 0 R /F 2 /P 3 0 R >>"
    grown = dict.fromkeys((30, 31), b"[6 0 R 7 0 R 10 0 R 13 0 R]")
    new = {13: stamp, 14: signature(b"", STAMP_KIND)}
    assert kinds(closed(update(make(lists), {**grown, **new}), CMS)) == {STAMP}
    assert kinds(update(make(lists), {30: b"[6 0 R 7 0 R]"})) == {OTHER}
    moved = {**merged(5, b"[6 0 R 7 0 R 10 0 R]", b"30 0 R"), 30: b"[6 0 R 7 0 R 10 0 R 13 0 R]"}
    again = merged(3, b"10 0 R]", b"10 0 R 13 0 R]")
    assert kinds(closed(update(make(), {**moved, **again, **new}), CMS)) == {STAMP}


@pytest.mark.parametrize(
    "fields",
    [
        b"[6 0 R 7 0 R 10 0 R << /FT /Sig /T (x) >>]",
        b"[6 0 R 7 0 R 10 0 R 20 0 R]",
        b"[6 0 R 10 0 R 7 0 R]",
        b"[6 0 R 7 0 R]",
        b"null",
        b"5",
    ],
    ids=["direct", "one that was there", "moved", "removed", "none", "no list"],
)
def test_list_of_fields(fields):
    first = make({20: b"<< /FT /Sig /T (Hidden) >>", **plus(3, b"/Hidden 20 0 R")})
    assert brought_kinds(first, merged(5, b"[6 0 R 7 0 R 10 0 R]", fields)) == {OTHER}


@pytest.mark.parametrize("new", [b"[]", b"[20 0 R 9 0 R]", b"5", b"null"])
def test_kids_of_a_field(new):
    kids = {6: b"<< /FT /Tx /T (name) /V (a) /Kids [20 0 R] >>"}
    first = make({**kids, 20: b"<< /Subtype /Widget /Parent 6 0 R /Rect [0 0 9 9] >>"})
    assert brought_kinds(first, {6: kids[6].replace(b"[20 0 R]", new)}) == {OTHER}


# --- pages ---------------------------------------------------------------------------------------

NOTE = b"<< /Type /Annot /Subtype /Square /F 4 /Rect [10 100 50 140] /P 3 0 R >>"


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        (b"[6 0 R 7 0 R 10 0 R 17 0 R 18 0 R]", {REMARK}),
        (b"[6 0 R 7 0 R 10 0 R 17 0 R << /Subtype /Square >>]", {REMARK}),
        (b"[6 0 R 7 0 R 10 0 R]", {REMARK}),
        (b"[6 0 R 7 0 R 10 0 R 18 0 R]", {REMARK}),
        (b"[6 0 R 7 0 R 17 0 R]", {OTHER}),
        (b"[6 0 R 7 0 R 10 0 R 17 0 R 17 0 R]", {REMARK}),
        (b"[6 0 R 7 0 R 10 0 R 17 0 R 6 0 R]", {OTHER}),
        (b"[6 0 R 6 0 R 10 0 R 17 0 R]", {OTHER}),
        (b"[17 0 R 17 0 R 6 0 R 7 0 R 10 0 R]", {OTHER}),
        (b"[6 0 R 7 0 R 10 0 R 17 0 R 20 0 R]", {OTHER}),
        (b"[6 0 R 7 0 R 10 0 R 17 0 R << /Subtype /Widget >>]", {OTHER}),
        (b"5", {OTHER}),
    ],
    ids=[
        *("new", "new and direct", "removed", "exchanged", "widget removed", "twice"),
        *("widget twice", "one for another", "moved and twice", "one that was elsewhere"),
        *("direct widget", "no list"),
    ],
)
def test_annotations_of_a_page(annotations, found):
    """Remarks are for P=3 to permit; widgets come with their fields."""
    before = {**merged(3, b"10 0 R]", b"10 0 R 17 0 R]"), 17: NOTE}
    hidden = {
        20: b"<< /FT /Sig /T (Hidden) /Subtype /Widget >>",
        **merged(5, b"10 0 R]", b"10 0 R 20 0 R]"),
    }
    page = SIGNED_OBJECTS[3].replace(b"[6 0 R 7 0 R 10 0 R]", annotations)
    assert kinds(update(make({**before, **hidden}), {3: page, 18: NOTE})) - {OTHER} == found - {
        OTHER
    }
    pdf = update(
        make({**before, **hidden}, certified=3),
        {3: page, **({18: NOTE} if b"18 0" in annotations else {})},
    )
    assert facts(pdf).grade is (REFUSED if OTHER in found else PERMITTED)
    assert kinds(pdf) == found


DANGLING = merged(3, b"/Resources <<", b"/Resources << /XObject << /X0 50 0 R >>")


def test_cross_reference_stream_in_the_place_of_what_was_signed_for():
    found = facts(streamed(make(DANGLING), {**IN_CATALOG, **STORED}))
    assert (found.grade, found.objects[-1:]) == (REFUSED, ("50 0",))


def test_what_was_never_there_may_be_given_up():
    assert brought_kinds(make(DANGLING), update(make(DANGLING), {}, freed=[50])) == set()


@pytest.mark.parametrize(
    ("flags", "order", "found"),
    [
        (b"/Ff 1", b"", {OTHER}),
        (b"/Ff 3", b"", {OTHER}),
        (b"/Ff 2", b"", {FORM}),
        (b"/Ff (1)", b"", {FORM}),
        (b"/Ff 1", b"/CO [6 0 R]", {FORM}),
        (b"/Ff 1", b"/CO [7 0 R]", {OTHER}),
    ],
)
def test_field_that_nobody_fills_in(flags, order, found):
    """But for what is calculated."""
    first = {6: SIGNED_OBJECTS[6][:-2] + flags + b" >>", **plus(5, order)}
    then = {6: VALUE[6][:-2] + flags + b" >>"}
    assert kinds(update(make(first), then)) == found


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        *((bit, 0, True) for bit in (1, 2, 32)),
        *((bit, bit, False) for bit in (1, 2, 32)),
        (34, 2, True),
        (4, 0, False),
        (0, 2, False),
        (None, 0, False),
        (2, None, True),
        ("2", 0, False),
    ],
)
def test_flags_that_show_what_was_hidden(old, new, shown):
    assert shown_now(old, new) is shown


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"/Font << >>", b"/Font << /F1 9 0 R >>", {FORM}),
        (b"/ProcSet [/PDF]", b"", {FORM}),
        (b"/ProcSet [/PDF]", b"/ProcSet [/Text]", {FORM}),
        (b"/Font << /F0 9 0 R >>", b"/Font << /F0 4 0 R >>", {OTHER}),
        (b"/Font << /F0 9 0 R >>", b"/Font << >>", {OTHER}),
        (
            b"/Font << /F0 << /Type 9 0 R /A 4 0 R >> >>",
            b"/Font << /F0 << /Type 9 0 R /A 4 0 R /B 4 0 R >> >>",
            {OTHER},
        ),
        (
            b"/Font << /F0 << /Subtype /A >> >>",
            b"/Font << /F0 << /Subtype /A /B 4 0 R >> >>",
            {OTHER},
        ),
        (b"/Font << /F0 << /A 4 0 R >> >>", b"/Font << /F0 << /A 4 0 R /B 7 >> >>", {OTHER}),
    ],
)
def test_resources_of_the_form_only_gain(old, new, found):
    first = make(plus(5, b"/DR << %s >>" % old))
    assert brought_kinds(first, plus(5, b"/DR << %s >>" % new)) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (
            b"<< /ESIC << /BaseVersion /2.0 /ExtensionLevel 2 /URL (x) /ExtensionRevision <00> >> >>",
            {STORE},
        ),
        (b"<< /Type /Extensions /ISO_ [<< /BaseVersion /2.0 >> << >>] >>", {STORE}),
        (b"<< /ESIC << /BaseVersion 4 0 R >> >>", {STORE, OTHER}),
        (b"<< /ESIC << /BaseVersion [/2.0] >> >>", {STORE, OTHER}),
        (b"<< /ESIC << /JS (x) >> >>", {STORE, OTHER}),
        (b"<< /ESIC 4 0 R >>", {STORE, OTHER}),
        (b"<< /ESIC [4 0 R] >>", {STORE, OTHER}),
        (b"[<< >>]", {STORE, OTHER}),
    ],
)
def test_extensions_are_plain(value, found):
    assert kinds(update(make(), catalog(b"/Extensions %s " % value))) == found


def test_size_of_the_signed_trailer_counts():
    """Without it nobody can tell which numbers are in use (7.5.5)."""
    first = make()
    unsized = first[: first.rindex(b"/Size ")] + first[first.rindex(b"/Size ") :].replace(
        b"/Size ", b"/Sixe "
    )
    found = facts(update(unsized, VALUE))
    assert (found.grade, found.detail) == (UNEXPLAINED, "crossref-size")


def test_tags_follow_new_fields_alone():
    """Whatever else is new: without a new field no tag changes."""
    tags = {25: b"<< /Type /StructTreeRoot /K 26 0 R >>", 26: b"<< /S /Document /K [] >>"}
    first = make(tags, catalog=b"/StructTreeRoot 25 0 R ")
    changed = {26: b"<< /S /Document /K [] /Alt (x) >>"}
    stored = {**catalog(b"/StructTreeRoot 25 0 R /DSS 11 0 R "), **STORED}
    assert kinds(update(first, {**changed, **stored})) == {OTHER, STORE}
