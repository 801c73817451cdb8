"""Promises about the trees of a file: fields, pages, and what each object is there for."""

import pytest
from signing_changed import brought_kinds, catalog, make, merged, plus
from signing_files import (
    PAGE,
    PAGES,
    build,
    drawing,
    signature,
    simple,
    stream,
    table,
    update,
    used,
    with_streams,
)

from certlib.evidence import ChangeKind
from signing.evidence.faults import ReadingFaultError
from signing.evidence.form import FieldTree, fields
from signing.evidence.labels import labelled
from signing.evidence.opened import opened
from signing.evidence.pages import pages, placed_pages
from signing.evidence.syntax import Name, Reference
from signing.evidence.values import alike, filled_anew, plain, values_of


def document_of(pdf):
    return opened(pdf, 1 << 24)


def formed(listed, *objects):
    """A document with these fields; objects are numbered from 4."""
    return document_of(simple(b"/AcroForm << /Fields %s >>" % listed, *objects))


def told(document):
    return [(item.name, item.kind) for item in fields(document)]


def malformed(ask, *arguments):
    with pytest.raises(ReadingFaultError) as caught:
        ask(*arguments)
    return caught.value.fault, caught.value.detail


# --- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "objects", "found"),
    [
        (b"[4 0 R]", [b"<< /T (a) /FT /Tx >>"], [("a", "/Tx")]),
        (b"[<< /T (a) /FT /Tx >>]", [], [("a", "/Tx")]),
        (
            b"[4 0 R]",
            [
                b"<< /T (a) /FT /Sig /Kids [5 0 R 6 0 R] >>",
                b"<< /T (b) >>",
                b"<< /T (c) /FT /Tx >>",
            ],
            [("a.b", "/Sig"), ("a.c", "/Tx")],
        ),
        (
            b"[4 0 R]",
            [b"<< /T (a) /FT /Sig /Kids [5 0 R 6 0 R] >>", b"<< /Subtype /Widget >>", b"<< >>"],
            [("a", "/Sig")],
        ),
        (b"[4 0 R]", [b"<< /FT /Tx /Kids [5 0 R] >>", b"<< /T (b) >>"], [("b", "/Tx")]),
    ],
    ids=["one", "direct", "inherits", "widgets are no fields", "nameless parent"],
)
def test_fields(listed, objects, found):
    assert told(formed(listed, *objects)) == found


@pytest.mark.parametrize(
    ("listed", "objects", "detail"),
    [
        (b"(x)", [], "/Fields"),
        (b"[4 0 R]", [stream(b"", b"/T (a)")], "form"),
        (b"[4 0 R]", [stream(b"", b"/Kids []")], "form"),
        (b"[4 0 R 4 0 R]", [b"<< /T (a) >>"], "form"),
        (b"[4 0 R]", [b"<< /T (a) /Kids (x) >>"], "/Kids"),
        (b"[4 0 R]", [b"<< /T (a) /Kids [4 0 R] >>"], "form"),
    ],
    ids=["no list", "named stream", "stream with kids", "twice", "kids that are no list", "circle"],
)
def test_form_of_another_shape(listed, objects, detail):
    assert malformed(fields, formed(listed, *objects)) == ("malformed", detail)


@pytest.mark.parametrize(
    "stray",
    [b"99 0 R", b"null", b"7", b"6 0 R", b"5 0 R"],
    ids=["gone", "null", "7", "x", "stream"],
)
def test_what_is_a_field_to_nobody_is_passed_over(stray):
    """7.3.10: what a reference does not lead to is null; writers leave such ones behind."""
    objects = [b"<< /T (a) /FT /Tx >>", stream(b"", b"/Subtype /Form"), b"(x)"]
    assert told(formed(b"[%s 4 0 R]" % stray, *objects)) == [("a", "/Tx")]
    below = [b"<< /T (a) /FT /Tx /Kids [%s] >>" % stray, *objects[1:]]
    assert told(formed(b"[4 0 R]", *below)) == [("a", "/Tx")]


def test_form_that_is_no_dictionary():
    document = document_of(simple(b"/AcroForm (x)"))
    assert malformed(fields, document) == ("malformed", "form")


def test_so_many_fields_and_no_more():
    for count, enough in ((5000, True), (5001, False)):
        references = b"".join(b"%d 0 R " % number for number in range(4, 4 + count))
        document = formed(b"[%s]" % references, *[b"<< /T (a) >>"] * count)
        if enough:
            assert len(fields(document)) == count
        else:
            assert malformed(fields, document) == ("malformed", "form")


def test_so_deep_and_no_deeper():
    for depth, enough in ((41, True), (42, False)):
        chain = [b"<< /T (a) /Kids [%d 0 R] >>" % (5 + level) for level in range(depth - 1)]
        document = formed(b"[4 0 R]", *chain, b"<< /T (a) >>")
        if enough:
            assert told(document) == [(".".join("a" * depth), "")]
        else:
            assert malformed(fields, document) == ("malformed", "form")


# --- what fields inherit -------------------------------------------------------------------------


def inherited(document, number):
    tree, entries = FieldTree(document), document.value(Reference(number, 0))
    return tree.name(entries), tree.kind(entries)


@pytest.mark.parametrize(
    ("parent", "kid"),
    [
        (b"<< /T (a) /FT /Tx /Kids [5 0 R] >>", b"<< /T (b) >>"),
        (b"<< /T (a) /FT /Tx >>", b"<< /T (b) /Parent 4 0 R >>"),
        (b"<< /T (a) /FT /Tx /Kids [<< /Kids [5 0 R] >>] >>", b"<< /T (b) >>"),
    ],
    ids=["by the kids", "by the parent", "through a nameless one"],
)
def test_kid_inherits(parent, kid):
    assert inherited(formed(b"[4 0 R]", parent, kid), 5) == ("a.b", "/Tx")


def test_own_entry_comes_before_what_is_inherited():
    parent, kid = b"<< /T (a) /FT /Tx /Kids [5 0 R] >>", b"<< /T (b) /FT /Sig >>"
    assert inherited(formed(b"[4 0 R]", parent, kid), 5) == ("a.b", "/Sig")


def test_first_of_two_fields_that_claim_a_kid_counts():
    pair = [b"<< /T (a) /Kids [6 0 R] >>", b"<< /T (b) /Kids [6 0 R] >>", b"<< /T (c) >>"]
    document = formed(b"[4 0 R 5 0 R]", *pair)
    assert inherited(document, 6)[0] in ("a.c", "b.c")


@pytest.mark.parametrize("kid", [b"<< /T (a) /Parent 4 0 R >>", b"<< /T (a) /Parent << >> /X 1 >>"])
def test_parents_in_a_circle_end(kid):
    assert inherited(formed(b"[4 0 R]", kid), 4)[1] == ""


def test_kids_that_are_their_own_many_times_over_end():
    """Widgets have no name, so that nobody has counted them as fields."""
    many = b"[%s]" % (b"5 0 R " * 20_000)
    document = formed(b"[4 0 R]", b"<< /T (a) /Kids [5 0 R] >>", b"<< /Kids 6 0 R >>", many)
    assert inherited(document, 5)[0] == "a"


@pytest.mark.parametrize("value", [b"(x)", b"null", b"7", b"[4 0 R]"])
def test_what_is_no_field_has_no_name(value):
    assert inherited(formed(b"[4 0 R]", value), 4) == ("", "")


# --- values --------------------------------------------------------------------------------------


def test_value_of_a_field_of_another_generation():
    objects = [b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 1 R] >> >>", PAGES, PAGE]
    out, rows = b"%PDF-1.7\n", [b"0000000000 65535 f \n"]
    for number, (value, generation) in enumerate(
        [*((item, 0) for item in objects), (b"<< /T (a) /FT /Tx /V (x) >>", 1)], 1
    ):
        rows.append(used(len(out), generation))
        out += b"%d %d obj\n%s\nendobj\n" % (number, generation, value)
    document = document_of(table(out, [(0, rows)], b"<< /Size 5 /Root 1 0 R >>"))
    found = values_of(document, labelled(document))
    assert found == {"a": [b"x", None]}


def test_a_list_of_fields_has_no_value():
    """It stands in the place of a field; that it came is no value that was filled in."""
    document = formed(b"5 0 R", b"<< /T (a) /FT /Tx /V (x) /AS /On >>", b"[4 0 R]")
    values = values_of(document, labelled(document))
    assert values == {"a": [b"x", "/On"]}
    assert type(values["a"][1]) is Name


@pytest.mark.parametrize(
    ("value", "visits"),
    [
        (b"7", 1),
        (b"[1 2 3 4 5 6 7]", 1 + 7),
        (b"[1 2 3 4 5 6 7 8]", 1 + 1 + 8),
        (b"<< /a [7] /b << >> >>", 1 + 2 + 1),
        (b"[" + b"0 " * 800 + b"]", 1 + 100 + 800),
    ],
)
def test_a_value_that_is_compared_is_counted_with_all_that_it_holds(value, visits):
    """And a long one as such, before anything in it is looked at."""
    document = document_of(simple(b"", value))
    left = document.budget.visits
    plain(document, document.value(Reference(4, 0)))
    assert left - document.budget.visits == visits


def test_value_that_a_kid_inherits_from_a_parent_without_a_number():
    direct = b"[<< /FT /Tx /T (name) /V 21 0 R /Kids [20 0 R] >> 7 0 R 10 0 R]"
    kid = b"<< /Type /Annot /Subtype /Widget /F 4 /Rect [10 50 100 70] >>"
    first = make({**merged(5, b"[6 0 R 7 0 R 10 0 R]", direct), 20: kid, 21: b"(a)"})
    assert brought_kinds(first, {21: b"(b)"}) == {ChangeKind.FORM}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (b"<61>", b"<61>", True),
        (b"<61>", b"<6 1>", True),
        (b"<61>", b"(a)", True),
        (b"<61>", b"<62>", False),
        (b"1", b"true", False),
        (b"1", b"1.0", False),
        (b"/a", b"(/a)", False),
        (b"[1 2]", b"[2 1]", False),
        (b"<< /A 1 >>", b"<< /A 2 >>", False),
        (b"<< /A 1 /B 2 >>", b"<</B 2/A 1>>", True),
        (b"3 0 R", b"4 0 R", False),
        (b"[1 0]", b"[true false]", False),
        (b"[1 2]", b"[1.0 2]", False),
        (b"[(a) (b)]", b"[<61> (b)]", True),
        (b"[(a) (b)]", b"[<61> <63>]", False),
        (b"[(a) /b]", b"[/a (b)]", False),
        (b"[[1] 2]", b"[[1] 2.0]", False),
        (b"[[1 <61>] 2]", b"[[1 (a)] 2]", True),
        (b"[null]", b"[]", False),
        (b"[<< /A 1 >>]", b"[<< /A true >>]", False),
        (b"[3 0 R]", b"[4 0 R]", False),
    ],
)
def test_values_are_the_same_wherever_they_stand(old, new, same):
    first = make(plus(3, b"/X " + old))
    assert brought_kinds(first, plus(3, b"/X " + new)) == (set() if same else {ChangeKind.OTHER})


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (drawing(b"certificate"), True),
        (drawing(b"certificate", b"/X 1 "), False),
        (drawing(b"certificatf"), False),
    ],
)
def test_streams_are_their_dictionary_and_their_bytes(new, same):
    assert brought_kinds(make(), {4: new}) == (set() if same else {ChangeKind.OTHER})


def spent(document, old, new):
    before = document.budget.visits
    same = alike(document, old, document, new)
    return before - document.budget.visits, same


def test_what_is_compared_is_counted_however_it_is_compared():
    """Also what both revisions share and nobody has to look at: limits do not depend on it."""
    document = document_of(make())
    numbers, mixed = list(range(16)), [*range(15), [0]]
    assert spent(document, numbers, list(numbers)) == (2 * (1 + 2 + 16), True)
    assert spent(document, mixed, [*range(15), [0]]) == (2 * (1 + 2 + 16 + 1), True)
    assert spent(document, numbers, numbers) == (2 * (1 + 2 + 16), True)
    assert spent(document, None, None) == (2, True)
    document.budget.visits = 18
    with pytest.raises(ReadingFaultError, match="too-large"):
        alike(document, numbers, document, list(numbers))


def test_fields_that_are_filled_in_anew():
    document = document_of(make())
    old = {"a": [b"x", None], "b": [1, None], "c": [b"x", None]}
    new = {"a": [b"x", None], "b": [True, None], "c": [b"x", None, b"x", None], "d": [None, None]}
    assert filled_anew(document, old, document, new) == {"b", "c", "d"}
    assert filled_anew(document, new, document, old) == {"b", "c"}


# --- what objects are there for ------------------------------------------------------------------

EVERYTHING = {
    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R /DSS 30 0 R /Extensions 31 0 R /Metadata 32 0 R "
    b"/Perms 33 0 R /StructTreeRoot 34 0 R /Names 35 0 R /Dests << /A [3 0 R /Fit] /B 44 0 R >> >>",
    5: b"<< /Fields [6 0 R 7 0 R 10 0 R 28 0 R] /DR 36 0 R /CO 37 0 R /X [38 0 R 6 0 R] >>",
    6: b"<< /Subtype /Widget /FT /Tx /T (name) /V 39 0 R /P 3 0 R /Rect [10 50 100 70] "
    b"/AP << /N 9 0 R >> /Lock 40 0 R /SV 41 0 R /MK << /I 42 0 R >> /A << /D [3 0 R] /N 7 0 R >> >>",
    28: b"<< /T (up) /Kids [29 0 R << /FT /Tx /T (direct) /V 43 0 R >>] >>",
    29: b"<< /Subtype /Widget /FT /Tx /Parent 28 0 R /P 3 0 R /AP 45 0 R >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R "
    b"/Annots [6 0 R 7 0 R 10 0 R 29 0 R 46 0 R << /Subtype /Link /A 47 0 R >>] >>",
    **dict.fromkeys((31, 32, 36, 37, 38, 40, 41, 42, 43, 44, 45, 47, 49, 51), b"<< >>"),
    30: b"<< /Certs [49 0 R] >>",
    33: b"<< /UR3 << /Reference [<< /Data 4 0 R >>] >> >>",
    34: b"<< /K << /Pg 4 0 R /Obj 38 0 R /S /P /Alt 50 0 R /X [3 0 R 6 0 R] >> >>",
    8: signature(b"/X [3 0 R 6 0 R]"),
    35: b"[48 0 R 3 0 R 6 0 R 29 0 R]",
    39: b"(a)",
    46: b"<< /Subtype /Square /P 3 0 R /Parent 4 0 R /Popup 51 0 R /Dest [3 0 R /Fit] >>",
    48: stream(b"x", b"/X 49 0 R "),
    50: b"(x)",
}
ROLES = {
    1: {("catalog", "")},
    2: {("page", "")},
    3: {("page", "")},
    4: {("content", "")},
    5: {("form", "")},
    6: {("field", "name")},
    7: {("field", "First")},
    8: {("signature", "First")},
    9: {("appearance", "name")},
    10: {("field", "Second")},
    28: {("field", "up")},
    29: {("field", "up")},
    30: {("dss", "")},
    31: {("extensions", "")},
    32: {("metadata", "")},
    33: {("perms", "")},
    34: {("struct", "")},
    35: {("other", "")},
    36: {("resources", "")},
    37: {("form-entry", "")},
    38: {("form-entry", "")},
    39: {("value", "name")},
    40: {("lock", "name")},
    41: {("lock", "name")},
    42: {("field-entry", "name")},
    43: {("value", "up.direct")},
    44: {("other", "")},
    45: {("appearance", "up")},
    46: {("annotation", "")},
    47: {("annotation", "")},
    48: {("other", "")},
    49: {("dss", ""), ("other", "")},
    50: {("struct", "")},
    51: {("annotation", "")},
}


def test_every_object_has_its_purposes_and_no_others():
    """What is only named, as a destination or by a way back, is no part of who names it."""
    found = labelled(document_of(make(EVERYTHING)))
    assert {
        number: {tuple(label) for label in labels} for number, labels in found.of.items()
    } == ROLES
    assert found.mentioned == set(ROLES)


def test_ways_back_mention_what_is_not_there():
    first = document_of(
        make(
            {**plus(6, b"/Parent 61 0 R"), **plus(3, b"/Parent 62 0 R")}
            | {3: plus(3, b"")[3].replace(b"/Parent 2 0 R", b"/Parent 62 0 R")}
        )
    )
    assert labelled(first).mentioned >= {61, 62}


LOOSE = {
    "dss": catalog(b"/DSS 30 0 R "),
    "extensions": catalog(b"/Extensions 30 0 R "),
    "metadata": catalog(b"/Metadata 30 0 R "),
    "struct": catalog(b"/StructTreeRoot 30 0 R "),
    "resources": plus(5, b"/DR 30 0 R"),
    "value": merged(6, b"/V (a)", b"/V 30 0 R"),
    "appearance": merged(6, b"/N 9 0 R", b"/N 30 0 R"),
}


@pytest.mark.parametrize("role", LOOSE)
def test_parent_that_serves_only_what_may_change_serves_something_else_too(role):
    """Readers let it hand down its entries, so whoever may change it changes those."""
    kid = {19: b"<< /Subtype /Widget /FT /Tx /T (kid) /Parent 30 0 R >>"}
    listed = LOOSE[role].get(5, plus(5, b"")[5]).replace(b"10 0 R]", b"10 0 R 19 0 R]")
    found = labelled(
        document_of(
            make({**LOOSE[role], **kid, 5: listed, 30: b"<< /X 31 0 R /Y 3 0 R >>", 31: b"<< >>"})
        )
    )
    assert {label.role for label in found.of[30]} == {role, "unnamed"}
    assert "unnamed" in {label.role for label in found.of[31]}
    assert "unnamed" not in {label.role for label in found.of[3]}


def test_information_that_hands_down_entries():
    base = make({**plus(6, b"/Parent 30 0 R"), 30: b"<< /X 31 0 R >>", 31: b"<< >>"})
    told = base[: base.rindex(b"/Root 1 0 R")] + base[base.rindex(b"/Root 1 0 R") :].replace(
        b"/Root 1 0 R", b"/Root 1 0 R /Info 30 0 R", 1
    )
    assert {label.role for label in labelled(document_of(told)).of[30]} == {"info", "unnamed"}


def test_parent_that_stands_directly_is_looked_into():
    found = labelled(
        document_of(make({**plus(6, b"/Parent << /T (x) /X 30 0 R >>"), 30: b"<< >>"}))
    )
    assert found.of[30]


def test_what_a_signature_was_made_over_is_named_by_it():
    """`/Data` of a signature reference (12.8.1, table 256) leads to the catalogue."""
    reference = b"<< /TransformMethod /FieldMDP /Data 1 0 R >>"
    found = labelled(document_of(make(references=reference)))
    assert {tuple(label) for label in found.of[1]} == {("catalog", "")}
    other = labelled(document_of(make({60: b"<< >>"}, references=b"<< /Data 60 0 R >>")))
    assert {tuple(label) for label in other.of[60]} == {("unnamed", "")}
    assert 60 in other.mentioned


def test_so_many_ways_are_followed_and_no_more():
    document = document_of(make())
    document.budget.visits = 1000
    labelled(document)
    needed = 1000 - document.budget.visits
    document.budget.visits = needed
    labelled(document)
    document.budget.visits = needed - 1
    assert malformed(labelled, document) == ("too-large", "references")


# --- pages ---------------------------------------------------------------------------------------


def paged(*nodes):
    return document_of(build([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes]))


def test_pages_in_order():
    tree = [
        b"<< /Kids [3 0 R 4 0 R 5 0 R] >>",
        b"<< /Kids [4 0 R] >>",
        b"<< /A 4 >>",
        b"<< /A 5 >>",
    ]
    found = placed_pages(paged(*tree), 9)
    assert [number for number, _ in found] == [4, 4, 5]
    assert len(pages(paged(*tree), 2)) == 2
    assert pages(paged(*tree), 0) == []


@pytest.mark.parametrize(
    "nodes",
    [
        [b"(x)"],
        [b"<< /Kids [3 0 R] >>", b"(x)"],
        [b"<< /Kids [3 0 R] >>", b"7"],
        [b"<< /Kids [<< /A 1 >>] >>"],
        [b"<< /Kids [2 0 R] >>"],
        [b"<< /Kids [3 0 R] >>", b"<< /Kids [2 0 R] >>"],
        [b"<< /Kids [%d 0 R] >>" % number for number in range(3, 46)],
    ],
    ids=["no node", "a string", "a number", "direct", "itself", "circle", "deep"],
)
def test_page_tree_of_another_shape(nodes):
    assert malformed(pages, paged(*nodes), 9) == ("malformed", "page tree")


def test_no_page_comes_again_out_of_a_circle():
    nodes = [b"<< /Kids [3 0 R 2 0 R] >>", b"<< /A 1 >>"]
    assert malformed(pages, paged(*nodes), 2) == ("malformed", "page tree")


def test_page_tree_may_be_so_deep_and_no_deeper():
    nodes = [b"<< /Kids [%d 0 R] >>" % number for number in range(3, 44)]
    assert len(pages(paged(*nodes, b"<< /A 1 >>"), 9)) == 1
    more = [b"<< /Kids [%d 0 R] >>" % number for number in range(3, 45)]
    assert malformed(pages, paged(*more, b"<< /A 1 >>"), 9) == ("malformed", "page tree")


def test_so_many_nodes_and_no_more():
    for count, enough in ((9_999, True), (10_000, False)):
        document = paged(b"<< /Kids [%s] >>" % (b"3 0 R " * count), b"<< /A 1 >>")
        if enough:
            assert len(pages(document, 1 << 20)) == count
        else:
            assert malformed(pages, document, 1 << 20) == ("malformed", "page tree")


# --- later revisions read what is new ------------------------------------------------------------

PLAIN = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}


def continued(first, later):
    before, after = document_of(first), document_of(later)
    before.value(Reference(3, 0))
    after.continues(before)
    return before, after, after.value(Reference(3, 0))


def test_object_of_a_stream_that_was_replaced_is_read_anew():
    first = with_streams(PLAIN, held=[(2, PAGES), (3, PAGE)])
    head = b"2 0 3 %d " % (len(PAGES) + 1)
    told = b"/Type /ObjStm /N 2 /First %d " % len(head)
    other = stream(head + PAGES + b" " + PAGE.replace(b"/Type", b"/Rotate 90 /Type"), told)
    later = update(first, {4: other})
    assert continued(first, later)[2]["/Rotate"] == 90
    assert "/Rotate" not in continued(first, update(first, {}))[2]


def test_ambiguous_object_stays_so():
    first = simple(page=PAGE.replace(b"/Type /Page", b"/Type /Page /Type /Page"))
    before, after, _ = continued(first, update(first, {}))
    assert before.ambiguous == after.ambiguous == {3}
