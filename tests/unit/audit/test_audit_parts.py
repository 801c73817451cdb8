"""The auditor's own arithmetic, decryption and canonical form, against independent vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.audit.canonical import digest
from api.audit.identifiers import parts_of
from api.audit.seal import BadSeal, checked_seal
from api.audit.unsealing import DoesNotOpen, Opener
from certlib import canonical, ids
from storage.encryption import Cipher, Place
from tests.fakes.world import CountingEntropy

VECTORS = (
    "1.2.156.3005.2.11100000000013338W011.11445200999999015E.00000000001.001.5",
    "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A",
    "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.002.8",
    "1.2.156.3005.2.114451009999990234017.114451009999990234.0F1E2D3C4B5A69788796A5B4C3D2E1F0.001.K",
)
KEY = bytes(range(32))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("identifier", VECTORS)
def test_check_characters_of_the_standards_vectors_hold(identifier: str):
    """And each other character in their place does not."""
    parts = parts_of(identifier)
    assert parts is not None
    assert parts.check_holds
    for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".replace(identifier[-1], ""):
        wrong = parts_of(identifier[:-1] + other)
        assert wrong is not None
        assert not wrong.check_holds


@given(st.binary(min_size=64, max_size=64), st.integers(1, 999))
def test_both_ways_of_reckoning_agree(octets: bytes, version: int):
    """The pipeline computes the character, the auditor verifies the whole string."""
    made = ids.build(
        "11445200999999015E001", "11445200999999015E", ids.serial_from(octets), version
    )
    parts = parts_of(str(made))
    assert parts is not None
    assert parts.check_holds


@pytest.mark.parametrize("text", ["", "1.2.156.3005.2", VECTORS[0].lower(), VECTORS[0] + "0"])
def test_what_is_no_identifier_has_no_parts(text: str):
    """Form first."""
    assert parts_of(text) is None


@given(JSON)
def test_both_canonical_forms_agree(value: object):
    """RFC 8785 written twice, over everything the history can hold."""
    try:
        expected = canonical.digest(value)
    except canonical.Unsupported:
        return
    assert digest(value) == expected


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_the_pipeline_seals_opens_there_and_nowhere_else(clear: bytes, row: str):
    """The format's description is enough to open it."""
    try:
        row.encode()
    except UnicodeEncodeError:
        return
    cipher, opener = Cipher(KEY, CountingEntropy()), Opener([KEY])
    sealed = cipher.seal(clear, Place("table", "column", row))
    assert opener.column(sealed, "table", "column", row) == clear
    for place in (("table", "column", row + "1"), ("table", "other", row)):
        with pytest.raises(DoesNotOpen):
            opener.column(sealed, *place)


def test_former_keys_open_what_they_sealed():
    """After a rotation both keys are given."""
    old, new = Cipher(bytes(32), CountingEntropy()), Cipher(KEY, CountingEntropy())
    opener = Opener([KEY, bytes(32)])
    name = "ab" * 16 + ".0"
    for cipher in (old, new):
        assert opener.object(cipher.seal_object(b"pdf", name), name) == b"pdf"


@pytest.mark.parametrize("sealed", [b"", b"\x01" * 16, b"\x02" + b"0" * 60, b"\x01" + b"0" * 60])
def test_what_is_no_ciphertext_does_not_open(sealed: bytes):
    """Too short, another version, an unknown key."""
    with pytest.raises(DoesNotOpen):
        Opener([KEY]).object(sealed, "name")


@pytest.mark.parametrize(
    ("pdf", "slug"),
    [
        (b"", "no-signature"),
        (b"%PDF-1.7 /ByteRange [0 1 2 3]", "not-covered"),
        (b"/ByteRange [0 28 33 1  ]....<abc>x", "hole-malformed"),
        (b"/ByteRange [0 28 34 1  ]....<3003>.", "padding"),
        (b"/ByteRange [0 28 34 1  ]....<300a>\n", "padding"),
        (b"/ByteRange [0 28 34 1  ]....<3000>\n", "cms-malformed"),
    ],
)
def test_a_file_without_a_good_seal_says_why(pdf: bytes, slug: str):
    """Nothing but `BadSeal` comes out, whatever goes in."""
    with pytest.raises(BadSeal, match=slug):
        checked_seal(pdf)


@given(st.binary(max_size=400))
def test_no_octets_break_the_reading_of_seals(octets: bytes):
    """Hostile holes."""
    hole = b"<" + octets.hex().encode() + b">"
    head = b"/ByteRange [0 %03d %04d 0001]"
    start = len(head % (0, 0))
    pdf = head % (start, start + len(hole)) + hole + b"\n"
    with pytest.raises(BadSeal):
        checked_seal(pdf)
