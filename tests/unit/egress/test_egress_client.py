"""Requests on real sockets: TLS is verified, nothing is followed, nothing outlasts its deadline."""

import ssl
from contextlib import closing

import pytest

from api.egress.addresses import AddressPolicy, networks
from api.egress.client import EgressOptions, HttpsSender, system_resolver
from certlib.ports import Letter, Receipt
from tests.fakes.receiver import (
    NAMES,
    answering,
    authority,
    dripping,
    garbage,
    huge,
    receiving,
    slow,
)

LETTER = Letter({"content-type": "application/json", "webhook-id": "evt_1"}, b'{"a":1}')
LOCAL = networks(["127.0.0.0/8", "::1/128"])


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("receivers"))


@pytest.fixture
def receiver(signed):
    with receiving(signed) as started:
        yield started


def _sender(signed, *ports, seconds=5.0, opened=LOCAL, **arguments):
    policy = AddressPolicy(opened, frozenset(ports))
    options = EgressOptions(policy, seconds=seconds, answer_limit=10_000, ca_file=signed.ca)
    return HttpsSender(options, **arguments)


def _post(sender, url, *letters):
    with closing(sender.send(url, letters or [LETTER])) as receipts:
        return list(receipts)


def test_a_letter_arrives_as_it_was_written(signed, receiver):
    assert _post(_sender(signed, receiver.port), receiver.url) == [Receipt(204)]
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?key=1", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["webhook-id"] == "evt_1"
    assert got.headers["user-agent"] == "certlib-webhooks/1"


def test_several_letters_share_a_connection(signed, receiver):
    receiver.answer = answering(200, b"ok")
    assert _post(_sender(signed, receiver.port), receiver.url, *[LETTER] * 3) == [Receipt(200)] * 3
    assert {got.connection for got in receiver.got} == {0}


def test_ipv6_receivers_are_reached(signed):
    with receiving(signed, "::1") as receiver:
        assert receiver.url.startswith("https://[::1]:")
        assert _post(_sender(signed, receiver.port), receiver.url) == [Receipt(204)]


def test_a_name_is_connected_at_the_address_that_was_checked(signed, receiver):
    url = f"https://{NAMES[0]}:{receiver.port}/"
    sender = _sender(signed, receiver.port, resolve=lambda _host, _port: ["127.0.0.1"])
    assert _post(sender, url) == [Receipt(204)]
    assert receiver.got[0].headers["host"] == f"{NAMES[0]}:{receiver.port}"


def test_the_next_address_of_a_name_is_tried(signed, receiver):
    """Nobody listens at the first."""
    url = f"https://{NAMES[0]}:{receiver.port}/"
    found = ["::1", "127.0.0.1"]
    sender = _sender(signed, receiver.port, resolve=lambda _host, _port: found)
    assert _post(sender, url) == [Receipt(204)]


def test_a_name_that_changes_its_mind_gains_nothing(signed, receiver):
    """DNS rebinding: harmless at registration, an address inside when it is called."""
    answers = iter([["127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["169.254.169.254"], ["::1"]])
    receiver.answer = answering(200, Connection="close")
    sender = _sender(
        signed,
        receiver.port,
        opened=networks(["127.0.0.0/8"]),
        resolve=lambda _host, _port: next(answers),
    )
    url = f"https://{NAMES[0]}:{receiver.port}/"
    got = _post(sender, url, *[LETTER] * 4)
    assert got == [Receipt(200)] + [Receipt(0, "address-refused")] * 3
    assert len(receiver.got) == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1:{}/", "https://2130706433:{}/"])
def test_without_the_operators_leave_nothing_inside_is_called(signed, receiver, url):
    sender = _sender(signed, receiver.port, opened=())
    assert _post(sender, url.format(receiver.port)) == [Receipt(0, "address-refused")]
    assert receiver.got == []


def test_a_port_that_is_not_open_is_not_called(signed, receiver):
    assert _post(_sender(signed, 443), receiver.url) == [Receipt(0, "address-refused")]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(signed, receiver, status):
    receiver.answer = answering(status, Location=receiver.url + "/elsewhere")
    assert _post(_sender(signed, receiver.port), receiver.url) == [
        Receipt(status, f"status-{status}")
    ]
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        (500, {"Retry_After": "9"}, 0),
        (503, {"Retry_After": "9"}, 9),
        (429, {"Retry_After": "999999"}, 21_600),
        (429, {"Retry_After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0),
        (429, {"Retry_After": "9" * 40}, 0),
        (410, {}, 0),
    ],
)
def test_a_refusal_is_told_with_the_wait_it_asks_for(
    signed, receiver, status, headers, retry_after
):
    receiver.answer = answering(status, b"why", **headers)
    assert _post(_sender(signed, receiver.port), receiver.url) == [
        Receipt(status, f"status-{status}", retry_after)
    ]


def test_an_endless_answer_is_cut_off_and_its_status_counts(signed, receiver):
    receiver.answer = huge
    sender = _sender(signed, receiver.port)
    assert _post(sender, receiver.url, LETTER, LETTER) == [Receipt(200)] * 2
    assert {got.connection for got in receiver.got} == {0, 1}


@pytest.mark.parametrize("manner", [slow(20), dripping])
def test_a_slow_receiver_is_left_at_the_deadline(signed, receiver, manner):
    """Silence, and a head that drips for ever with every single read quick."""
    receiver.answer = manner
    assert _post(_sender(signed, receiver.port, seconds=0.5), receiver.url) == [
        Receipt(0, "timeout")
    ]


def test_after_a_timeout_the_next_letter_has_a_connection_of_its_own(signed, receiver):
    receiver.answer = slow(1.5)
    sender = _sender(signed, receiver.port, seconds=0.5)
    with closing(sender.send(receiver.url, [LETTER, LETTER])) as receipts:
        assert next(receipts) == Receipt(0, "timeout")
        receiver.answer = answering(200)
        assert next(receipts) == Receipt(200)


def test_what_is_no_http_is_told(signed, receiver):
    receiver.answer = garbage
    assert _post(_sender(signed, receiver.port), receiver.url) == [Receipt(0, "protocol")]


def test_a_certificate_for_another_name_is_refused(signed, receiver):
    sender = _sender(signed, receiver.port, resolve=lambda _host, _port: ["127.0.0.1"])
    url = f"https://wrong.example:{receiver.port}/"
    assert _post(sender, url) == [Receipt(0, "tls")]
    assert receiver.got == []


def test_a_certificate_of_an_unknown_authority_is_refused(signed, receiver):
    policy = AddressPolicy(LOCAL, frozenset({receiver.port}))
    assert _post(HttpsSender(EgressOptions(policy)), receiver.url) == [Receipt(0, "tls")]


def test_old_tls_is_refused(signed):
    assert _sender(signed)._context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_name_without_address_and_a_port_without_server_are_told(signed, receiver):
    def unknown(host, port):
        return system_resolver("nothing.invalid", port)

    sender = _sender(signed, receiver.port, resolve=unknown)
    assert _post(sender, f"https://{NAMES[0]}:{receiver.port}/") == [Receipt(0, "unresolved")]
    assert _post(_sender(signed, 1), "https://127.0.0.1:1/") == [Receipt(0, "unreachable")]


def test_what_nobody_foresaw_is_a_receipt_too(signed, receiver):
    def strange(_host, _port):
        raise RuntimeError("secret")

    sender = _sender(signed, receiver.port, resolve=strange)
    assert _post(sender, f"https://{NAMES[0]}:{receiver.port}/") == [Receipt(0, "unexpected")]


def test_the_systems_resolver_knows_this_machine():
    assert "127.0.0.1" in system_resolver("127.0.0.1", 443)
