"""Promises of our own PDF syntax reader (ISO 32000-1, 7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.evidence.faults import Budget
from signing.evidence.syntax import (
    HexString,
    Name,
    Reference,
    Stream,
    SyntaxProblemError,
    indirect_object,
    size_of,
    skip_space,
    stream_head,
    text_of,
    value_at,
)

BLANKS = [b"\x00", b"\t", b"\n", b"\x0c", b"\r", b" "]
"""White space (7.2.3, table 1)."""
DELIMITERS = [bytes((mark,)) for mark in b"()<>[]{}/%"]


def _nothing(_reference):
    return None


def _value(text, *, lenient=False):
    return value_at(text, 0, Budget(), lenient=lenient)[0]


def _object(data, length_of=_nothing, *, lenient=False):
    return indirect_object(data, 0, length_of, Budget(), lenient=lenient)


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b"true", True),
        (b"false", False),
        (b"-12", -12),
        (b"+.5", 0.5),
        (b"4.", 4.0),
        (b"/A#20b", Name("/A b")),
        (b"/", Name("/")),
        (b"12 0 R", Reference(12, 0)),
        (b"[1 2 0 R/x(y)]", [1, Reference(2, 0), Name("/x"), b"y"]),
        (b"<< /a << /b [ ] >> % comment\n /c 1 >>", {"/a": {"/b": []}, "/c": 1}),
        (b"(a(b)c)", b"a(b)c"),
        (b"(\\(\\072\\n\\\r\nx\\q)", b"(:\nxq"),
        (b"<0aF 1>", HexString(b"0aF 1", 0, 7)),
        (b"<>", HexString(b"", 0, 2)),
        (b"  % 7 \r<0a>", HexString(b"0a", 7, 11)),
        (b"007", 7),
        (b"1234567890 65535 R", Reference(1234567890, 65535)),
        (b"[1 2 3 R 4]", [1, Reference(2, 3), 4]),
        (b"[12345678901 0 0 R]", [12345678901, Reference(0, 0)]),
        (b"[1 0R]".replace(b"0R", b"0 /R"), [1, 0, Name("/R")]),
        (b"% one\r% two\n 1", 1),
        (b"%\n%\r\n%\n1", 1),
        (b"<</a<</b[<</c null>>]>>>>", {"/a": {"/b": [{"/c": None}]}}),
        (b"[[][]]", [[], []]),
    ],
)
def test_values(text, value):
    found, end = value_at(text, 0, Budget())
    assert (found, end) == (value, len(text))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<<",
        b"[1",
        b"(a",
        b"(a\\",
        b"(a(b)",
        b"<0g>",
        b"<0",
        b"<</a 1/a 2>>",
        b"<</a 1/#61 2>>",
        b"<<1 2>>",
        b"<</a 1 2 3>>",
        b"<</a>>",
        b"<</a 1 /b>>",
        b"nul",
        b"nullx",
        b"True",
        b"}",
        b"]",
        b">>",
        b"[1>>",
        b"<</a 1]",
        b"[<</a 1]>>",
        b"--1",
        b"+-1",
        b"1-2",
        b"1.2.3",
        b".",
        b"-",
        b"1e5",
        b"0x1",
        b"[1 0 Rx]",
        b"[1 0 R2]",
        b"[1 0 Rtrue]",
        b"[1 0 r]",
        b"[-1 0 R]",
        b"[1 -0 R]",
        b"[1 0.0 R]",
        b"[12345678901 0 R]",
        b"[1 123456 R]",
        b"[1 % comment\n 0 R]",
    ],
)
def test_what_is_no_value_is_refused(text):
    with pytest.raises(SyntaxProblemError):
        _value(text)


@pytest.mark.parametrize("blank", BLANKS)
def test_white_space_parts_values_and_is_none(blank):
    text = blank.join(
        (b"", b"[", b"1", b"/a", b"2", b"0", b"R", b"true", b"%x\n", b"<0", b"f>", b"]")
    )
    items = _value(text)
    assert items[:4] == [1, Name("/a"), Reference(2, 0), True]
    assert items[4].decoded == b"\x0f"
    assert skip_space(blank * 3 + b"x", 1) == 3


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("text", [b"/a", b"12", b"1.5", b"2 0 R", b"null"])
def test_a_delimiter_ends_a_value(text, delimiter):
    assert value_at(text + delimiter, 0, Budget())[1] == len(text)


def test_a_comment_is_not_white_space_to_skip():
    assert skip_space(b" %x\n 1", 0) == 1


def test_a_place_behind_the_end_stays_where_it_is():
    assert skip_space(b"  ", 9) == 9


def test_a_value_may_be_fifty_deep():
    for opening, closing in ((b"[", b"]"), (b"<</a ", b">>")):
        inner = opening + closing if opening == b"[" else b"<<>>"
        value_at(opening * 49 + inner + closing * 49, 0, Budget())
        with pytest.raises(SyntaxProblemError, match="nesting"):
            value_at(opening * 50 + inner + closing * 50, 0, Budget())


def test_depth_is_counted_and_not_how_many_there_are():
    assert _value(b"[" + b"[]" * 60 + b"]") == [[]] * 60


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"/#41#4a#4A", "/AJJ"),
        (b"/a#2", "/a#2"),
        (b"/a#zz", "/a#zz"),
        (b"/#23#34#31", "/#41"),
        (b"/\xe9#E9", "/éé"),
        (b"/a.b-c_1", "/a.b-c_1"),
    ],
)
def test_names(text, name):
    found = _value(text)
    assert (type(found), found) == (Name, name)


def test_how_long_a_name_and_a_number_may_be():
    assert len(_value(b"/" + b"a" * 4096)) == 4097
    assert _value(b"0" * 29 + b"7") == 7
    for text, problem in ((b"/" + b"a" * 4097, "name"), (b"0" * 30 + b"7", "number")):
        with pytest.raises(SyntaxProblemError, match=problem):
            _value(text)


@pytest.mark.parametrize(
    ("text", "number"), [(b"1.", 1.0), (b".5", 0.5), (b"-.5", -0.5), (b"-0.25", -0.25), (b"+7", 7)]
)
def test_numbers_with_a_point_are_real_and_others_whole(text, number):
    found = _value(text)
    assert (type(found), found) == (type(number), number)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb"(\n\r\t\b\f\(\)\\)", b"\n\r\t\b\f()\\"),
        (rb"(\0\12\101\1012)", b"\x00\nAA2"),
        (rb"(\777\400)", b"\xff\x00"),  # the overflow is ignored
        (rb"(\8\9)", b"89"),
        (b"(a\\\nb\\\rc\\\r\nd)", b"abcd"),
        (b"(a\nb\r\nc)", b"a\nb\r\nc"),
        (rb"(a\(b)", b"a(b"),
        (rb"(a\)b)", b"a)b"),
        (rb"(a\\)", b"a\\"),
        (b"(((a)b(c)))", b"((a)b(c))"),
        (b"(<</a %[)", b"<</a %["),
    ],
)
def test_strings(text, value):
    assert value_at(text + b")", 0, Budget()) == (value, len(text))


def test_how_many_brackets_a_string_may_hold():
    assert _value(b"(" + b"()" * 9_999 + b")") == b"()" * 9_999
    with pytest.raises(SyntaxProblemError, match="string"):
        _value(b"(" + b"()" * 10_000 + b")")


@pytest.mark.parametrize(
    ("text", "decoded"),
    [(b"<4a4B>", b"JK"), (b"<4>", b"\x40"), (b"<4a\x00\t\n\x0c\r 4>", b"J\x40"), (b"<>", b"")],
)
def test_hexadecimal_strings(text, decoded):
    assert _value(text).decoded == decoded


def test_a_key_that_stands_twice_is_the_last_one_for_a_lenient_reader():
    """Unless it is the length of a stream: no two lenient readers agree where that ends."""
    assert _value(b"<</a 1/b 2/#61 3>>", lenient=True) == {"/a": 3, "/b": 2}
    with pytest.raises(SyntaxProblemError, match="twice"):
        _value(b"<</Length 1/b 2/Length 1>>", lenient=True)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"/A#20b", "/A b"),
        (b"(\xe9)", "é"),
        (b"(\xfe\xff\x4e\x2d)", "中"),
        (b"<feff4e2d>", "中"),
        (b"<feff4e2d65>", "中\ufffd"),
        (b"(\xef\xbb\xbf\xe4\xb8\xad)", "中"),
        (b"<EFBBBFe4b8>", "\ufffd"),
        (b"7", ""),
        (b"null", ""),
        (b"[(a)]", ""),
    ],
)
def test_how_people_read_a_text_string(text, read):
    assert text_of(_value(text)) == read


@pytest.mark.parametrize(
    ("text", "size"),
    [(b"[1 [2 3]]", 2), (b"<</a 1/b 2/c 3>>", 3), (b"(abc)", 0), (b"/abc", 0), (b"1", 0)],
)
def test_how_many_a_value_holds_itself(text, size):
    assert size_of(_value(text)) == size


def test_a_reference_is_written_as_reports_write_it():
    assert str(Reference(12, 3)) == "12 3"


def test_a_stream_holds_its_entries():
    assert size_of(_object(b"1 0 obj <</Length 1>> stream\nx\nendstream endobj").value) == 1


# --- objects -------------------------------------------------------------------------------------


def test_object_ends_where_it_ends():
    data = b"x 7 0 obj << /Length 9 0 R >> stream\r\nendobj\nendstream\nendobj rest"
    found = indirect_object(
        data, 2, lambda reference: 6 if reference.number == 9 else None, Budget()
    )
    assert (found.number, found.generation) == (7, 0)
    assert data[found.end :] == b" rest"


@pytest.mark.parametrize("blank", BLANKS)
def test_white_space_in_an_object(blank):
    parts = (b"1234567890", b"65535", b"obj", b"<</Length 1>>", b"stream\nxendstream", b"endobj")
    found = _object(blank.join(parts))
    assert (found.number, found.generation) == (1234567890, 65535)
    assert found.value == Stream({"/Length": 1}, found.value.start, found.value.start + 1)


def test_comments_in_an_object():
    data = b"7 0 obj %a\n<</Length 1>> %b\nstream\nxendstream %c\n%d\rendobj"
    assert _object(data).end == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x 7 0 obj 1 endobj",
        b" 7 0 obj 1 endobj",
        b"7 0 xbj 1 endobj",
        b"7 0obj 1 endobj",
        b"7 0 object 1 endobj",
        b"7 0 obj1 endobj",
        b"70 obj 1 endobj",
        b"7",
        b"7 ",
        b"7 0",
        b"7 0 ",
        b"7 %c\n0 obj 1 endobj",
        b"-7 0 obj 1 endobj",
        b"12345678901 0 obj 1 endobj",
        b"7 123456 obj 1 endobj",
        b"7 0 obj",
        b"7 0 obj endobj",
        b"7 0 obj ] endobj",
        b"7 0 obj (a) stream\nx\nendstream endobj",
        b"7 0 obj [] stream\nx\nendstream endobj",
        b"7 0 obj <</Length 1>> stream\nx\n",
        b"7 0 obj <</Length 1>> stream\nx\nendstreams endobj",
        b"7 0 obj <</Length 1>> stream\nx\nendstream2 endobj",
        b"7 0 obj <</Length 1>> stream\nx\nendstreamX endobj",
        b"7 0 obj <</Length 1/Length 1>> stream\nx\nendstream endobj",
    ],
)
def test_what_nobody_takes_for_an_object(data):
    for lenient in (False, True):
        with pytest.raises(SyntaxProblemError):
            _object(data, lenient=lenient)


@pytest.mark.parametrize(
    ("data", "value", "rest"),
    [
        (b"7 0 obj 1", 1, b""),
        (b"7 0 obj 1 2 endobj", 1, b"2 endobj"),
        (b"7 0 obj 1 endobject", 1, b"endobject"),
        (b"7 0 obj 1 endobj1", 1, b"endobj1"),
        (b"7 0 obj 1 endobjX", 1, b"endobjX"),
        (b"7 0 obj 1 %c\nendobject", 1, b"endobject"),
        (b"7 0 obj <</a 1/a 2>> endobj", {"/a": 2}, b""),
        (b"7 0 obj << >> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj << >> stream\nendstream endobj", b"", b""),
        (b"7 0 obj <</Length null>> stream\r\nabc\r\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 9 0 R>> stream\nabc\rendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length -1>> stream\nabcendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 900>> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 0>> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 2>> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 3.0>> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length (3)>> stream\nabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length true>> stream\na\nendstream endobj", b"a", b""),
        (b"7 0 obj <</Length 3>> stream\rabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 3>> streamabc\nendstream endobj", b"abc", b""),
        (b"7 0 obj <</Length 2>> stream\nabc\nendstreams\nendstream x", b"abc\nendstreams", b"x"),
        # Back to an end of before, and to the beginning of everything.
        (b"7 0 obj <</A /endstream /Length -25>>stream\nabc\nendstream endobj", b"abc", b""),
    ],
)
def test_what_only_lenient_readers_take_for_an_object(data, value, rest):
    """They end a stream where its end is written, and an object where its value ends."""
    with pytest.raises(SyntaxProblemError):
        _object(data)
    found = _object(data, lenient=True)
    read = found.value
    assert (data[read.start : read.end] if isinstance(read, Stream) else read) == value
    assert data[found.end :] == rest


def test_true_is_no_length():
    """As 1 it would end a stream where no other reader ends it."""
    data = b"7 0 obj <</Length %s>> stream\na\nendstream endobj"
    for text, length_of in ((b"true", _nothing), (b"9 0 R", lambda _: True)):
        with pytest.raises(SyntaxProblemError, match="length"):
            _object(data % text, length_of)


def test_a_length_leads_backwards_nowhere():
    """There `endstream` stands before the object: its data would end before it begins."""
    head = b"endstream 7 0 obj <</Length -%d>> stream\n"
    data = head % len(head % 10) + b"abc"
    for lenient in (False, True):
        with pytest.raises(SyntaxProblemError, match="length"):
            indirect_object(data, 10, _nothing, Budget(), lenient=lenient)


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("begin", [b"stream\n", b"stream\r\n"])
@pytest.mark.parametrize("end", [b"\r\nendstream", b"\nendstream", b"\rendstream", b"endstream"])
def test_a_stream_is_as_long_as_it_says(begin, end, lenient):
    """Whatever its data look like."""
    content = b"\r\nendstream endobj\n"
    data = b"7 0 obj <</Length %d>>%s%s%s\nendobj" % (len(content), begin, content, end)
    found = _object(data, lenient=lenient)
    assert data[found.value.start : found.value.end] == content
    assert found.end == len(data)


# --- the head of a stream, when only its length is asked for ---------------------------------------


@pytest.mark.parametrize("begin", [b"stream\r\n", b"stream\n", b"stream\r", b"stream"])
def test_the_head_of_a_stream_is_where_its_data_begin(begin):
    data = b"x 7 0 obj <</Length 5>> %%c\n %sabc" % begin
    entries, start = stream_head(data, 2, Budget())
    assert (entries, data[start:]) == ({"/Length": 5}, b"abc")


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"7 0 obj <<>> endobj", 12),
        (b"7 0 obj [] stream\nabc", 10),
        (b"7 0 obj (stream) stream\nabc", 16),
        (b"7 0 object", 0),
        (b"7 0 objX", 0),
        (b"nothing", 0),
    ],
)
def test_what_has_no_head_of_a_stream(data, end):
    assert stream_head(data, 0, Budget()) == (None, end)


def test_a_head_is_read_leniently_but_not_with_two_lengths():
    data = b"7 0 obj <</%s 1/%s 2>> stream\n"
    assert stream_head(data % (b"a", b"a"), 0, Budget())[0] == {"/a": 2}
    for text in (data % (b"Length", b"Length"), b"7 0 obj ]"):
        with pytest.raises(SyntaxProblemError):
            stream_head(text, 0, Budget())


# --- properties ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_no_file_can_count_to_is_real(sign):
    """It would overflow where it is taken for an offset."""
    last = (1 << 40) - 1
    within = value_at(b"%d" % (sign * last), 0, Budget())[0]
    assert (type(within), within) == (int, sign * last)
    beyond = value_at(b"%d" % (sign * (last + 1)), 0, Budget())[0]
    assert (type(beyond), beyond) == (float, sign * (last + 1.0))


@given(st.binary(max_size=80))
def test_any_bytes_give_a_value_or_a_syntax_problem(data):
    for start in (b"", b"<<", b"[", b"(", b"<", b"/", b"1 0 obj "):
        try:
            _, end = value_at(start + data, 0, Budget())
        except SyntaxProblemError:
            continue
        assert 0 < end <= len(start + data)


_NAMES = st.from_regex(rb"[A-Za-z0-9]{1,6}", fullmatch=True)
_ATOMS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda n: (b"%d" % n, n)),
    _NAMES.map(lambda n: (b"/" + n, Name("/" + n.decode()))),
    st.booleans().map(lambda b: (b"true" if b else b"false", b)),
)
_TREES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(
            lambda items: (b"[ " + b" ".join(i[0] for i in items) + b" ]", [i[1] for i in items])
        ),
        st.dictionaries(_NAMES, inner, max_size=4).map(
            lambda found: (
                b"<<" + b"".join(b"/%s %s " % (k, v[0]) for k, v in found.items()) + b">>",
                {"/" + k.decode(): v[1] for k, v in found.items()},
            )
        ),
    ),
    max_leaves=12,
)


@given(_TREES)
def test_what_is_written_is_read(tree):
    text, value = tree
    assert value_at(text, 0, Budget()) == (value, len(text))
