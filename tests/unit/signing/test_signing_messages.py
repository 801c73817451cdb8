"""Our own reader of our own messages says what the careful one says, and nothing more often."""

import hashlib
import re

import pytest
import signing_pki
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.evidence.der import ber_length, span_at
from signing.evidence.layout import der_length
from signing.evidence.library_message import library_message
from signing.evidence.message import MessageProblemError, check
from signing.evidence.messages import read_message
from signing.evidence.own_message import own_message

FIELDS = (
    "signer_der",
    "others",
    "content_type",
    "encapsulated",
    "digest_algorithm",
    "mechanism",
    "signature",
    "tokens",
    "names_signer",
    "form_problem",
    "unchecked",
    "claimed_time",
)


def cms_in(pdf):
    before, after = re.search(rb"/ByteRange \[0 (\d+) (\d+) \d+\]", pdf).groups()
    contents = bytes.fromhex(pdf[int(before) + 1 : int(after) - 1].decode())
    return contents[: der_length(contents)]


@pytest.fixture(scope="module")
def messages(pki):
    """Seals by ECDSA and RSA, with a timestamp and without, and a timestamp of our own authority."""
    strong = signing_pki.make_pki(key=rsa.generate_private_key(65537, 2048))
    sealed = [
        signing_pki.seal_one(pki),
        signing_pki.seal_one(pki, level="B-B"),
        signing_pki.seal_one(strong),
    ]
    found = [cms_in(pdf) for pdf in sealed]
    return [*found, library_message(found[0]).tokens[0]]


def answers(message, digest):
    check(message, digest)
    return message.digest_ok, message.signature_ok


def digest_of_attributes(der):
    """The digest that was signed: what the content must hash to."""
    library = library_message(der)
    if library.encapsulated is not None:
        return hashlib.sha256(library.encapsulated).digest()
    place = der.index(bytes.fromhex("06092a864886f70d010904")) + 11
    return der[place + 4 : place + 36]


def test_both_readers_say_the_same_of_our_own_messages(messages):
    for der in messages[:3]:
        own, library = own_message(der), library_message(der)
        assert own is not None
        assert {name: getattr(own, name) for name in FIELDS} == {
            name: getattr(library, name) for name in FIELDS
        }
        digest = digest_of_attributes(der)
        assert answers(own, digest) == answers(library, digest) == (True, True)
        assert answers(own, bytes(32)) == answers(library, bytes(32)) == (False, True)


def test_token_of_a_strange_writer_is_read_the_careful_way(messages):
    token = messages[-1]
    assert library_message(token).content_type == "tst_info"
    own = own_message(token)
    assert own is None or answers(own, digest_of_attributes(token)) == (True, True)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_our_reader_takes_the_careful_one_takes_too(messages, data):
    """Any byte changed anywhere: either not our form, or both say the same."""
    original = data.draw(st.sampled_from(messages))
    der = bytearray(original)
    place = data.draw(st.integers(0, len(der) - 1))
    der[place] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        second = data.draw(st.integers(0, len(der) - 1))
        der[second] ^= data.draw(st.integers(1, 255))
    changed = bytes(der)
    own = own_message(changed)
    if own is None:
        return
    content = own.encapsulated
    signed = digest_of_attributes(original)
    digest = signed if content is None else hashlib.sha256(content).digest()
    if answers(own, digest) == (True, True):
        library = library_message(changed)
        assert answers(library, digest) == (True, True)
        assert (library.form_problem, library.others) == ("", own.others)


@pytest.mark.parametrize("der", [b"", b"0", b"0\x80", bytes(40), b"\x30\x03\x02\x01\x01"])
def test_what_is_no_message_is_not_ours(der):
    assert own_message(der) is None


def test_outer_layers_in_ber_say_the_same(messages):
    """Bouncy Castle writes them so; nobody has signed them (ISO 32000-2, 12.8.3.3.1)."""
    for der in messages[:3]:
        loose = b"\x30\x80" + der[span_at(der)[1] :] + b"\0\0"
        found, expected = read_message(loose + b"\0" * 40), read_message(der)
        assert (found.signer_der, found.signature) == (expected.signer_der, expected.signature)
        assert answers(found, digest_of_attributes(der)) == (True, True)
        assert found.form_problem == "cms-form"


@pytest.mark.parametrize(
    "loose",
    [
        b"\x30\x80",
        b"\x30\x80\x04\x80\0\0\0\0",
        b"\x30\x80\x3f\x80\0\0\0\0",
        b"\x30\x80" * 60 + b"\0\0" * 60,
        b"\x30\x80\x04\x05\0\0",
    ],
    ids=["nothing", "primitive", "long tag", "deep", "cut off"],
)
def test_ber_that_has_no_end(loose):
    with pytest.raises((ValueError, IndexError)):
        ber_length(loose)
    with pytest.raises(MessageProblemError):
        read_message(loose)


def test_length_of_ber_ends_with_its_own_end():
    assert ber_length(b"\x30\x80\x04\x01\0\x30\x80\0\0\0\0\0\0") == 11
    assert ber_length(b"\x30\x01\0\0") == 3
