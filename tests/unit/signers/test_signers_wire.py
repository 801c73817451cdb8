"""Octets between nodes and signers: only whole messages of a known kind are any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.errors import CertlibError, Corrupt, SigningUnavailable, StoreUnfit
from certlib.sealing_errors import SealingHalted
from certlib.signer_errors import SignatureRefused, SigningLimited
from keys.signer.wire import (
    Ask,
    Request,
    decoded_answer,
    decoded_request,
    encoded_answer,
    encoded_failure,
    encoded_request,
)

REQUESTS = [
    Request(Ask.REGISTER, (b"",)),
    Request(Ask.SEAL, (b"seal-x", b"id", b"original", b"0", bytes(32))),
    Request(Ask.PAGE, (b"report", bytes(32))),
    Request(Ask.TEXT, (b"history", b"history", b"{}")),
    Request(Ask.STAMP, (b"sha256", bytes(32))),
    Request(Ask.RESPOND, (b"\x30\x00",)),
    Request(Ask.OCSP, (b"\x30\x00",)),
    Request(Ask.UPKEEP, (b"crls",)),
    Request(Ask.CHECK),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda item: item.ask.name)
def test_a_request_comes_back(request_):
    assert decoded_request(encoded_request(request_)) == request_


def test_every_kind_is_tried():
    assert {item.ask for item in REQUESTS} == set(Ask)


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_an_answer_comes_back(fields):
    assert decoded_answer(encoded_answer(tuple(fields))) == tuple(fields)


@given(st.binary(max_size=300))
def test_any_octets_are_a_request_or_refused(message):
    try:
        found = decoded_request(message)
    except SignatureRefused:
        return
    assert encoded_request(found) == message


@given(st.binary(max_size=300))
def test_any_octets_are_an_answer_or_a_failure_of_ours(message):
    try:
        decoded_answer(message)
    except CertlibError:
        return


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda item: item.ask.name)
def test_a_request_cut_short_or_prolonged_is_refused(request_):
    message = encoded_request(request_)
    for broken in (*(message[:end] for end in range(len(message))), message + b"\0"):
        with pytest.raises(SignatureRefused):
            decoded_request(broken)


def test_another_version_is_refused():
    message = encoded_request(Request(Ask.CHECK))
    with pytest.raises(SignatureRefused):
        decoded_request(b"\x02" + message[1:])
    with pytest.raises(SignatureRefused):
        decoded_answer(b"\x02" + encoded_answer(())[1:])


def test_a_field_beyond_its_bound_is_refused_at_both_ends():
    with pytest.raises(SignatureRefused):
        encoded_request(Request(Ask.PAGE, (b"report", bytes(33))))
    whole = encoded_request(Request(Ask.PAGE, (b"report", bytes(32))))
    with pytest.raises(SignatureRefused):
        decoded_request(whole[:-36] + (33).to_bytes(4) + bytes(33))


def test_a_failure_is_told_by_code_and_values():
    with pytest.raises(SigningLimited) as caught:
        decoded_answer(encoded_failure(SigningLimited(key="seal-x", what="5/minute")))
    assert caught.value.values["key"] == "seal-x"
    assert caught.value.values["what"] == "5/minute"


def test_a_halt_is_told_as_such():
    with pytest.raises(SealingHalted) as caught:
        decoded_answer(encoded_failure(SealingHalted(scope="all", since="then")))
    assert (caught.value.values["scope"], caught.value.values["since"]) == ("all", "then")


def test_what_is_no_matter_of_signing_is_told_without_its_detail():
    with pytest.raises(SigningUnavailable) as caught:
        decoded_answer(encoded_failure(StoreUnfit(what="secret", what_en="secret")))
    assert "secret" not in str(caught.value.values)


def test_corrupt_stays_corrupt():
    with pytest.raises(Corrupt):
        decoded_answer(encoded_failure(Corrupt(what="x")))
