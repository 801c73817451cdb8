"""Promises of the stream filters: they undo what is known, and stop before they fill the memory."""

import base64
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.syntax import Name


def undo(data, *names, parameters=None, budget=None):
    entries = {"/Filter": [Name(f"/{name}") for name in names]}
    if parameters is not None:
        entries["/DecodeParms"] = parameters
    return decoded(entries, data, budget or Budget())


def lzw(data, early=1, *, clears=True):
    """A writer of its own, after the TIFF specification; some never clear a full table."""
    table = {bytes((number,)): number for number in range(256)}
    out, held, bits, width, after = bytearray(), 0, 0, 9, 258

    def put(code):
        nonlocal held, bits
        bits, held = (bits << width) | code, held + width
        while held >= 8:
            held -= 8
            out.append(bits >> held & 0xFF)

    put(256)
    current = b""
    for octet in data:
        longer = current + bytes((octet,))
        if longer in table:
            current = longer
            continue
        put(table[current])
        if after < 4094:
            table[longer] = after
            after += 1
            width = max(9, min(12, (after + early - 1).bit_length()))
        elif clears:
            put(256)
            table, after, width = {bytes((n,)): n for n in range(256)}, 258, 9
        current = bytes((octet,))
    if current:
        put(table[current])
        after += 1
        width = max(9, min(12, (after + early - 1).bit_length()))
    put(257)
    width = 8 - held % 8 if held else 0
    if width:
        put(0)
    return bytes(out)


def png(rows, kinds, pixel):
    """PNG prediction, row by row."""
    above, out = bytes(len(rows[0])), b""
    for row, kind in zip(rows, kinds, strict=True):
        coded = bytearray()
        for index, octet in enumerate(row):
            left = row[index - pixel] if index >= pixel else 0
            corner = above[index - pixel] if index >= pixel else 0
            up = above[index]
            paeth = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
            guess = (0, left, up, (left + up) // 2, paeth)[kind]
            coded.append((octet - guess) & 0xFF)
        out += bytes((kind,)) + bytes(coded)
        above = row
    return out


@given(st.binary(max_size=400))
def test_what_was_encoded_comes_back(data):
    assert undo(zlib.compress(data), "FlateDecode") == data
    assert undo(data.hex().encode() + b">", "ASCIIHexDecode") == data
    assert undo(base64.a85encode(data) + b"~>", "ASCII85Decode") == data
    both = base64.a85encode(zlib.compress(data)) + b"~>"
    assert undo(both, "A85", "Fl") == data
    runs = b"".join(bytes((0, octet)) for octet in data) + b"\x80"
    assert undo(runs, "RunLengthDecode") == data


@given(st.lists(st.integers(0, 3), max_size=3000).map(bytes), st.sampled_from([0, 1]))
def test_lzw_comes_back(data, early):
    parameters = [{"/EarlyChange": early}]
    assert undo(lzw(data, early), "LZWDecode", parameters=parameters) == data


def test_lzw_with_a_full_table_comes_back():
    data = bytes((index * index * 31 + index // 7) & 0xFF for index in range(30_000))
    assert undo(lzw(data), "LZW") == data


def test_lzw_with_a_table_that_stays_full_comes_back():
    """No code is longer than 12 bits."""
    data = bytes((index * index * 31 + index // 7) & 0xFF for index in range(30_000))
    assert undo(lzw(data, clears=False), "LZW") == data


def test_full_table_of_lzw_grows_no_more():
    octets = lzw(bytes((index * index * 31) & 0xFF for index in range(20_000)), clears=False)
    tracemalloc.start()
    try:
        undo(octets[:-2] + b"\x06\x10\x61" * 30_000, "LZW")
        assert tracemalloc.get_traced_memory()[1] < 3_500_000
    finally:
        tracemalloc.stop()


def test_what_follows_the_end_of_data_is_nothing():
    assert undo(lzw(b"ab") + b"\x10\x20\x30" * 5, "LZW") == b"ab"
    assert undo(zlib.compress(b"ab") + b"more", "Fl") == b"ab"
    assert undo(b"6162>6364", "AHx") == b"ab"
    assert undo(base64.a85encode(b"ab") + b"~>xyz", "A85") == b"ab"


def test_rows_that_are_cut_short_are_filled():
    parameters = {"/Predictor": 12, "/Columns": 4}
    assert undo(zlib.compress(b"\2ab"), "Fl", parameters=parameters) == b"ab\0\0"


def test_bytes_come_out_in_bounded_parts(monkeypatch):
    """A bomb fills the memory before it is counted, if all of it comes out at once."""
    asked = []

    class Engine:
        def __init__(self):
            self.inner = zlib_decompressobj()

        def decompress(self, data, most):
            asked.append(most)
            return self.inner.decompress(data, most)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    zlib_decompressobj = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Engine)
    assert undo(zlib.compress(bytes(3 << 20)), "Fl") == bytes(3 << 20)
    with pytest.raises(ReadingFaultError):
        undo(zlib.compress(bytes(3 << 20)), "Fl", budget=Budget(decoded=1000))
    assert (max(asked), asked[-1]) == (1 << 20, 1001)


@given(st.data())
def test_png_rows_come_back(data):
    pixel = data.draw(st.integers(1, 3))
    width = pixel * data.draw(st.integers(1, 6))
    rows = data.draw(st.lists(st.binary(min_size=width, max_size=width), min_size=1, max_size=8))
    kinds = [data.draw(st.integers(0, 4)) for _ in rows]
    parameters = {"/Predictor": 15, "/Colors": pixel, "/Columns": width // pixel}
    coded = zlib.compress(png(rows, kinds, pixel))
    assert undo(coded, "FlateDecode", parameters=parameters) == b"".join(rows)


def test_tiff_rows_come_back():
    parameters = {"/Predictor": 2, "/Columns": 3}
    assert undo(
        zlib.compress(bytes((1, 1, 1, 5, 250, 3))), "FlateDecode", parameters=parameters
    ) == (bytes((1, 2, 3, 5, 255, 2)))


def test_runs_of_one_byte():
    assert undo(b"\xffa\x01bc\x80rest", "RL") == b"aabc"
    assert undo(b"\x81a", "RL") == b"a" * 128


def test_identity_and_no_filter():
    assert undo(b"x", "Crypt") == b"x"
    assert decoded({}, b"x", Budget()) == b"x"
    assert (
        decoded({"/Filter": Name("/ASCIIHexDecode"), "/DecodeParms": None}, b"4 1>", Budget())
        == b"A"
    )
    assert undo(b"4", "AHx") == b"@"


@pytest.mark.parametrize(
    ("data", "names", "parameters"),
    [
        (b"hello", ["FlateDecode"], None),
        (b"x", ["DCTDecode"], None),
        (b"x", ["Crypt"], {"/Name": Name("/StdCF")}),
        (b"x", ["Fl"] * 5, None),
        (b"zz>", ["ASCIIHexDecode"], None),
        (b"\xff", ["ASCIIHexDecode"], None),
        (b"{}", ["ASCII85Decode"], None),
        (b"\x80\x7f\xff\xff", ["LZWDecode"], None),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 3}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": Name("/x")}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 15, "/Columns": 1 << 40}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 15, "/Columns": 0}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 2, "/Columns": 0}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 2, "/Columns": -1}),
        (zlib.compress(b"\0x"), ["FlateDecode"], {"/Predictor": 15, "/Columns": Name("/x")}),
        (zlib.compress(b"\0x"), ["FlateDecode"], {"/Predictor": 3}),
        (zlib.compress(b"\0x"), ["FlateDecode"], {"/Predictor": 0}),
        (zlib.compress(b"\0x"), ["FlateDecode"], {"/Predictor": 16}),
        (b"uuuuu", ["ASCII85Decode"], None),
        (b"ab\x0bc", ["ASCII85Decode"], None),
        (zlib.compress(b"\x09x"), ["FlateDecode"], {"/Predictor": 15}),
        (zlib.compress(b"x"), ["FlateDecode"], {"/Predictor": 2, "/BitsPerComponent": 4}),
    ],
)
def test_what_cannot_be_undone_is_refused(data, names, parameters):
    with pytest.raises(FilterProblemError):
        undo(data, *names, parameters=parameters)
    with pytest.raises(FilterProblemError):
        decoded({"/Filter": [b"x"]}, b"", Budget())


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (zlib.compress(bytes(80_000_000)), ["FlateDecode"]),
        (zlib.compress(zlib.compress(bytes(80_000_000))), ["FlateDecode"] * 2),
        (b"z" * 2_000_000, ["ASCII85Decode"]),
        (b"\x81a" * 40_000, ["RunLengthDecode"]),
    ],
)
def test_bombs_are_a_fault_of_the_file(data, names):
    with pytest.raises(ReadingFaultError) as caught:
        undo(data, *names)
    assert (caught.value.fault, caught.value.detail) == ("malformed", "decompression-limit")


def test_bomb_of_lzw():
    with pytest.raises(ReadingFaultError):
        undo(lzw(bytes(100_000)), "LZWDecode", budget=Budget(slow=50_000))


def test_bomb_of_digits():
    assert undo(b"61" * 5 + b">", "AHx", budget=Budget(decoded=10)) == b"aaaaa"
    with pytest.raises(ReadingFaultError):
        undo(b"61" * 5 + b">", "AHx", budget=Budget(decoded=9))


def test_bomb_of_prediction():
    with pytest.raises(ReadingFaultError):
        undo(
            zlib.compress(bytes(50_000)), "Fl", parameters={"/Predictor": 15}, budget=Budget(slow=9)
        )


def test_several_streams_share_what_may_come_out():
    budget = Budget(decoded=1500)
    assert undo(zlib.compress(bytes(1000)), "Fl", budget=budget) == bytes(1000)
    with pytest.raises(ReadingFaultError):
        undo(zlib.compress(bytes(1000)), "Fl", budget=budget)


@given(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(["Fl", "LZW", "RL", "AHx", "A85", "Crypt", "x"]), min_size=1, max_size=3
    ),
    st.sampled_from([None, {"/Predictor": 15, "/Columns": 4}, {"/Predictor": 2}]),
)
def test_any_bytes_end_in_bytes_or_a_problem(data, names, parameters):
    with suppress(FilterProblemError, ReadingFaultError):
        assert isinstance(undo(data, *names, parameters=parameters), bytes)
