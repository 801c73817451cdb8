"""Promises of our own PDF syntax reader (ISO 32000-1, 7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.evidence.syntax import (
    HexString,
    Name,
    Reference,
    SyntaxProblemError,
    indirect_object,
    value_at,
)


def _nothing(_reference):
    return None


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
    ],
)
def test_values(text, value):
    found, end = value_at(text, 0)
    assert (found, end) == (value, len(text))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<<",
        b"[1",
        b"(a",
        b"(a\\",
        b"<0g>",
        b"<0",
        b"<</a 1/a 2>>",
        b"<<1 2>>",
        b"<</a>>",
        b"nul",
        b"}",
        b"[" * 60 + b"]" * 60,
    ],
)
def test_what_is_no_value_is_refused(text):
    with pytest.raises(SyntaxProblemError):
        value_at(text, 0)


def test_object_ends_where_it_ends():
    data = b"x 7 0 obj << /Length 9 0 R >> stream\r\nendobj\nendstream\nendobj rest"
    found = indirect_object(data, 2, lambda reference: 6 if reference.number == 9 else None)
    assert (found.number, found.generation) == (7, 0)
    assert data[found.end :] == b" rest"


@pytest.mark.parametrize(
    "data",
    [
        b"7 0 xbj 1 endobj",
        b"7 0 obj 1",
        b"7 0 obj 1 2 endobj",
        b"7 0 obj 1 endobject",
        b"7 0 obj (a) stream\nx\nendstream endobj",
        b"7 0 obj << >> stream\nx\nendstream endobj",
        b"7 0 obj << /Length 9 0 R >> stream\nx\nendstream endobj",
        b"7 0 obj << /Length -1 >> stream\nx\nendstream endobj",
        b"7 0 obj << /Length 900 >> stream\nx\nendstream endobj",
        b"7 0 obj << /Length 0 >> stream\nx\nendstream endobj",
        b"7 0 obj << /Length 1 >> stream\rx\nendstream endobj",
    ],
)
def test_what_is_no_object_is_refused(data):
    with pytest.raises(SyntaxProblemError):
        indirect_object(data, 0, _nothing)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_no_file_can_count_to_is_real(sign):
    """It would overflow where it is taken for an offset."""
    last = (1 << 40) - 1
    assert value_at(b"%d" % (sign * last), 0)[0] == sign * last
    beyond = value_at(b"%d" % (sign * (last + 1)), 0)[0]
    assert (type(beyond), beyond) == (float, sign * (last + 1.0))


@given(st.binary(max_size=80))
def test_any_bytes_give_a_value_or_a_syntax_problem(data):
    for start in (b"", b"<<", b"[", b"(", b"<", b"/", b"1 0 obj "):
        try:
            _, end = value_at(start + data, 0)
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
    assert value_at(text, 0) == (value, len(text))
