"""How a signature lies in the file: each rule of `signing.evidence.layout`, alone."""

import re

import pytest
from signing_files import PAGE, PAGES, build, stream, update, with_streams

from signing.evidence import opened as opening
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import der_length, layouts, scanned_layouts

FIELD = b"<< /FT /Sig /T (Seal) /V 5 0 R >>"
GAP = b"<3003010100" + b"0" * 22 + b">"
RANGE = b"[0 %-9d %-9d %-9d]"
BLANK = b"[0 ######### ######### #########]"
ENTRIES = b"/Type /Sig /SubFilter /ETSI.CAdES.detached /M (D:20260101000000Z)"


def signed(
    entries=ENTRIES,
    *more,
    gap=GAP,
    ranges=BLANK,
    catalog=b"",
    field=FIELD,
    form=b"[4 0 R]",
    dictionary=b"<< %s /Contents %s /ByteRange %s >>",
):
    """A file with one signature field; its byte range is that of the whole file, unless given."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields %s /SigFlags 3 >> %s >>"
        % (form, catalog),
        PAGES,
        PAGE,
        field,
        dictionary % (entries, gap, ranges),
        *more,
    ]
    return filled(build(objects))


def blank(gap=GAP):
    """The honest one before its byte range is known."""
    form = b"/AcroForm << /Fields [4 0 R] /SigFlags 3 >>"
    dictionary = b"<< %s /Contents %s /ByteRange %s >>" % (ENTRIES, gap, BLANK)
    return build([b"<< /Type /Catalog /Pages 2 0 R %s >>" % form, PAGES, PAGE, FIELD, dictionary])


def moved(pdf, leading):
    """Behind other bytes, with its offsets true again."""

    def further(row):
        return b"%010d" % (int(row[0]) + len(leading))

    head, table = pdf[: pdf.index(b"xref\n")], pdf[pdf.index(b"xref\n") :]
    table = re.sub(rb"\d{10}(?= 00000 n)", further, table)
    start = b"startxref\n%d\n" % (len(leading) + len(head))
    return leading + head + re.sub(rb"startxref\n\d+\n", start, table)


def filled(pdf, *, shift=(0, 0, 0), gap=GAP):
    """With the numbers of the byte range, each moved by so much."""
    before = pdf.find(gap)
    after = before + len(gap)
    numbers = (before, after, len(pdf) - after)
    told = RANGE % tuple(number + more for number, more in zip(numbers, shift, strict=True))
    return pdf.replace(BLANK, told, 1)


def found(pdf):
    return layouts(opening.opened(pdf, 1 << 24))


def problems(pdf):
    (item,) = found(pdf)
    return item.sound_problem, item.canonical_problem


def test_the_honest_one():
    pdf = signed()
    (item,) = found(pdf)
    assert (item.sound_problem, item.canonical_problem) == ("", "")
    assert (item.name, item.kind, item.subfilter) == ("Seal", "signature", "/ETSI.CAdES.detached")
    assert (item.moment, item.certified, item.reference) == ("D:20260101000000Z", None, (5, 0))
    assert (item.covers_file, item.end) == (True, len(pdf))
    assert item.contents == bytes.fromhex(GAP[1:-1].decode())
    assert b"".join(item.covered(pdf)) == pdf.replace(GAP, b"")


# --- the byte range ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ranges",
    [
        b"[1 100 200 300]",
        b"[0 100 200]",
        b"[0 100 200 300 400 500]",
        b"[]",
        b"[0]",
        b"[0 -100 200 300]",
        b"[0 100.0 200 300]",
        b"[0 100 200 99999999999999999999]",
        b"[0 (100) 200 300]",
        b"[0 6 0 R 200 300]",
        b"6 0 R",
        b"(0 100 200 300)",
        b"null",
    ],
)
def test_a_byte_range_is_two_pairs_of_numbers_from_the_first_byte_on(ranges):
    assert problems(signed(ENTRIES, b"[0 100 200 300]", ranges=ranges))[0] == "byte-range"


def test_what_is_read_of_a_byte_range_that_is_none():
    """Contents are those of the dictionary; nothing is covered where nothing can be told."""
    (item,) = found(signed(ranges=b"[0 100 200 300 400 500]"))
    assert (item.contents[:2], item.end) == (b"\x30\x03", 900)
    (item,) = found(signed(ranges=b"null"))
    assert (item.contents, item.byte_range, item.end) == (b"", (), 0)
    (item,) = found(signed(ranges=b"[]"))
    assert (item.contents[:2], [*item.covered(b"x")], item.end) == (b"\x30\x03", [], 0)


@pytest.mark.parametrize(
    ("shift", "problem"),
    [
        ((0, 0, 0), ""),
        ((-1, 0, 0), "byte-range-gap"),
        ((1, 0, 0), "byte-range-gap"),
        ((0, 1, -1), "byte-range-gap"),
        ((0, -1, 1), "byte-range-gap"),
        ((0, 0, 1), "byte-range-end"),
        ((0, 0, -1), ""),  # the line end behind the end marker may be left out
        ((0, 0, -2), "byte-range-tail"),
        ((0, 0, -60), "byte-range-tail"),
    ],
)
def test_it_covers_everything_but_the_contents_up_to_the_end_of_a_revision(shift, problem):
    (item,) = found(filled(blank(), shift=shift))
    assert item.sound_problem == problem
    assert item.covers_file is (sum(shift[1:]) == 0)


@pytest.mark.parametrize(
    ("end", "problem"),
    [(b"\n \r\n", ""), (b"(x)", "byte-range-tail"), (b"\n%%EOF\n", "byte-range-tail")],
)
def test_nothing_but_white_space_is_covered_behind_a_revision(end, problem):
    (item,) = found(filled(blank(), shift=(0, 0, len(end))) + end)
    assert item.sound_problem == problem


def test_a_string_that_only_looks_like_the_contents_is_none():
    """The byte range leaves out another string than that of /Contents."""
    other = b"<%s>" % (b"ab" * 16)
    pdf = signed(ENTRIES + b" /Other " + GAP, gap=other)
    assert problems(pdf)[0] == "byte-range-gap"


@pytest.mark.parametrize(
    "contents", [b"(0\x03\x01\x01\x00)", b"6 0 R", b"null", b"[<3003010100>]", b"/Name"]
)
def test_contents_are_a_hexadecimal_string_in_the_dictionary_itself(contents):
    pdf = signed(ENTRIES + b" /Other " + GAP, GAP, gap=contents)
    assert problems(pdf)[0] == "contents"


# --- the gap: nobody signs it --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "problem"),
    [
        (GAP, ""),
        (GAP.replace(b"0>", b">", 1), "gap-digits"),
        (GAP.replace(b"0000", b"00 00", 1), "gap-digits"),
        (b"<3003010aFF" + b"0" * 22 + b">", "gap-digits"),
        (b"<3003010100" + b"0" * 20 + b"01>", "gap-padding"),
        (b"<0403010100" + b"0" * 22 + b">", "gap-padding"),
        (b"<30>", "gap-padding"),
        (b"<>", "gap-padding"),
        (b"<30ff010100>", "gap-padding"),
        (b"<3082ffff00>", "gap-padding"),
    ],
)
def test_the_gap_holds_one_der_value_in_lower_case_and_zeros(gap, problem):
    assert problems(filled(blank(gap), gap=gap)) == ("", problem)


@pytest.mark.parametrize(
    ("data", "length"),
    [
        ("3000", 2),
        ("3003010100", 5),
        ("30030101", 0),
        ("307f" + "00" * 127, 129),
        ("307f" + "00" * 126, 0),
        ("308180" + "00" * 128, 131),
        ("308180" + "00" * 127, 0),
        ("30820080" + "00" * 128, 132),
        ("3084" + "00000080" + "00" * 128, 134),
        ("3085" + "0000000080" + "00" * 128, 0),
        ("3080" + "0000", 0),
        ("3100", 0),
        ("30", 0),
        ("", 0),
    ],
)
def test_der_length(data, length):
    assert der_length(bytes.fromhex(data)) == length


# --- the dictionary ------------------------------------------------------------------------------


def test_a_dictionary_that_is_no_object_of_its_own_is_not_our_form():
    whole = b"<< %s /Contents %s /ByteRange %s >>" % (ENTRIES, GAP, BLANK)
    pdf = signed(field=b"<< /FT /Sig /T (Seal) /V %s >>" % whole, dictionary=b"[%.0s%.0s%.0s]")
    assert problems(pdf) == ("", "dictionary-direct")


@pytest.mark.parametrize("value", [b"(a)", b"[]", b"7 0 R"])
def test_a_signature_is_a_dictionary(value):
    pdf = signed(field=b"<< /FT /Sig /T (Seal) /V %s >>" % value)
    assert problems(pdf)[0] == "dictionary"


def test_a_dictionary_with_a_key_twice():
    """The first of two /Contents is what some readers take."""
    pdf = signed(ENTRIES + b" /Contents " + GAP.replace(b"3003", b"3004"))
    assert problems(pdf)[0] == "dictionary-syntax"


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        (b"/Type /Sig /SubFilter /ETSI.CAdES.detached", "signature"),
        (b"/Type /DocTimeStamp /SubFilter /ETSI.RFC3161", "document_timestamp"),
        (b"/SubFilter /ETSI.RFC3161", "document_timestamp"),
        (b"/Type /DocTimeStamp /SubFilter /ETSI.CAdES.detached", "document_timestamp"),
        (b"/SubFilter 6 0 R", "document_timestamp"),
    ],
)
def test_kinds(entries, kind):
    (item,) = found(signed(entries, b"/ETSI.RFC3161"))
    assert item.kind == kind


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (b"(D:20260101000000Z)", "D:20260101000000Z"),
        (b"<443a32303236>", "D:2026"),
        (b"/Name", ""),
        (b"20260101", ""),
        (b"[(D:20260101000000Z)]", ""),
    ],
)
def test_a_moment_is_a_string(moment, told):
    (item,) = found(signed(b"/Type /Sig /M " + moment))
    assert item.moment == told


# --- fields --------------------------------------------------------------------------------------


def test_fields_without_a_value_or_of_another_kind_are_no_signatures():
    text = b"<< /FT /Tx /T (Name) /V (a) >>"
    assert found(signed(field=text)) == []
    assert found(signed(field=b"<< /FT /Sig /T (Seal) >>")) == []
    # Beside a seal of ours there is no other field, signed or not.
    for other in (text, b"<< /FT /Sig /T (Other) >>"):
        pdf = signed(ENTRIES, other, form=b"[4 0 R 6 0 R]")
        assert problems(pdf) == ("", "other-fields")


def test_a_second_byte_range_that_no_field_shows_is_none_of_our_form():
    assert problems(signed(ENTRIES, b"<< /ByteRange [0 1 2 3] >>")) == ("", "other-fields")


def test_signatures_come_in_the_order_of_what_they_cover():
    first = signed(field=b"<< /FT /Sig /T (First) /V 5 0 R >>")
    dictionary = b"<< %s /Contents %s /ByteRange %s >>" % (ENTRIES, GAP.replace(b"3", b"2"), BLANK)
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 4 0 R] >> >>"
    field = b"<< /FT /Sig /T (Second) /V 7 0 R >>"
    both = update(first, {1: catalog, 6: field, 7: dictionary})
    both = filled(both, gap=GAP.replace(b"3", b"2"))
    assert [item.name for item in found(both)] == ["First", "Second"]
    assert [item.covers_file for item in found(both)] == [False, True]


def test_more_signatures_than_anybody_looks_at():
    fields = [b"<< /FT /Sig /T (F%d) /V 5 0 R >>" % number for number in range(32)]
    form = b"[%s]" % b" ".join(b"%d 0 R" % number for number in (4, *range(6, 38)))
    items = found(signed(ENTRIES, *fields, form=form))
    assert len(items) == 32
    assert "too-many-signatures" in {item.sound_problem for item in items}
    form = b"[%s]" % b" ".join(b"%d 0 R" % number for number in (4, *range(6, 37)))
    items = found(signed(ENTRIES, *fields, form=form))
    assert {item.sound_problem for item in items} == {""}


# --- the file around it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leading", "problem"), [(b"\n \r\n\t", ""), (b"\xef\xbb\xbf", ""), (b"x", "leading-bytes")]
)
def test_nothing_stands_before_the_header(leading, problem):
    assert problems(filled(moved(blank(), leading))) == (problem, "structure leading-bytes")


def test_a_structure_that_readers_understand_differently_is_not_our_form():
    pdf, loose = blank(), b"9 0 obj\nnull\nendobj\n"
    table = pdf.index(b"xref\n")
    start = b"startxref\n%d\n" % (table + len(loose))
    pdf = re.sub(rb"startxref\n\d+\n", start, pdf[:table] + loose + pdf[table:])
    assert problems(filled(pdf)) == ("", "structure unlisted-objects")


@pytest.mark.parametrize(
    ("perms", "own", "problem"),
    [
        (b"", b"", ("", "")),
        (b"/Perms << /DocMDP 5 0 R >>", b"P", ("", "")),
        (b"", b"P", ("", "permissions")),
        (b"/Perms << /DocMDP 5 0 R >>", b"", ("", "")),
        (b"/Perms << /DocMDP 6 0 R >>", b"P", ("permissions", "permissions")),
        (b"/Perms << /DocMDP 5 1 R >>", b"P", ("permissions", "permissions")),
        (b"/Perms << /DocMDP 6 0 R >>", b"", ("permissions", "")),
        (b"/Perms << /DocMDP << >> >>", b"P", ("", "permissions")),
        (b"/Perms [5 0 R]", b"P", ("", "permissions")),
    ],
)
def test_the_certification_that_counts_is_the_one_that_a_field_shows(perms, own, problem):
    reference = b" /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]"
    pdf = signed(ENTRIES + (reference if own else b""), b"<< >>", catalog=perms)
    assert problems(pdf) == problem


@pytest.mark.parametrize(
    ("references", "certified"),
    [
        (b"[<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]", 1),
        (b"[<< /TransformMethod /DocMDP /TransformParams << /P 3 >> >>]", 3),
        (b"[<< /TransformMethod /DocMDP /TransformParams << >> >>]", 2),
        (b"[<< /TransformMethod /DocMDP >>]", None),
        (b"[<< /TransformMethod /DocMDP /TransformParams << /P (1) >> >>]", None),
        (b"[<< /TransformMethod /FieldMDP /TransformParams << /P 1 >> >>]", None),
        (b"[(a) << /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]", 1),
        (b"<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>", None),
    ],
)
def test_what_a_certification_permits(references, certified):
    (item,) = found(signed(ENTRIES + b" /Reference " + references))
    assert item.certified == certified


# --- files that cannot be parsed -----------------------------------------------------------------


def test_signatures_of_a_file_without_any_structure():
    pdf = signed()
    broken = pdf[: pdf.index(b"xref\n")] + b"startxref\n9\n%%EOF\n"
    with pytest.raises(ReadingFaultError):
        opening.opened(broken, 1 << 24)
    (item,) = scanned_layouts(broken)
    assert item.contents[:5] == bytes.fromhex("3003010100")
    assert (item.sound_problem, item.canonical_problem) == ("byte-range-end", "")
    (item,) = scanned_layouts(pdf)
    assert (item.sound_problem, item.canonical_problem, item.covers_file) == ("", "", True)


@pytest.mark.parametrize("gap", [b"(3003010100>", b"<3003010100)", b"<30030z0100>", b"", b"<"])
def test_what_such_a_range_leaves_out_has_to_be_a_hexadecimal_string(gap):
    head = b"%%PDF-1.7 /ByteRange [0 %4d %4d %4d] "
    tail = b"startxref\n9\n%%EOF\n"
    before = len(head % (0, 0, 0))
    head %= before, before + len(gap), len(tail)
    (item,) = scanned_layouts(head + gap + tail)
    assert (item.sound_problem, item.canonical_problem) == ("byte-range-gap", "")


def test_no_more_of_them_than_anybody_looks_at():
    assert len(scanned_layouts(b"/ByteRange [0 1 2 3]\n" * 1000)) == 32
    later = b"/ByteRange [0 1 900 3]\n/ByteRange [0 1 2 3]\n"
    assert [item.end for item in scanned_layouts(later)] == [5, 903]


def test_compressed_dictionaries_lie_nowhere_in_the_file():
    held = b"<< /Type /Sig /Contents %s /ByteRange [0 %d %d %d] >>" % (GAP, 20, 54, 100)
    pdf = with_streams(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
            2: PAGES,
            3: PAGE,
            4: FIELD,
            8: stream(b"x"),
        },
        held=[(5, held)],
    )
    (item,) = found(pdf)
    left_out = bytes(byte for byte in pdf[20:54].lower() if byte in b"0123456789abcdef")
    assert item.sound_problem == "dictionary-compressed"
    assert item.contents.hex()[: len(left_out)].encode() == left_out  # of the file, no other place
