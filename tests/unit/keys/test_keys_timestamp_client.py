"""The client believes nothing that the authority it was given did not sign for this question."""

import contextlib
import hashlib
import socket
import threading

import pytest
from asn1crypto import cms, tsp
from keys_world import TRANSPORT, CountedEntropy, SetClock, found, pem, serving

from api.egress.addresses import networks
from api.egress.exchange import Exchange
from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from certlib.ports import TimestampSource
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource, pinned_authorities
from keys.timestamps import TimestampAuthority

pytestmark = pytest.mark.enable_socket

IMPRINT = hashlib.sha384(b"data").digest()
REPLY = "application/timestamp-reply"
LOOPBACK = networks(("127.0.0.0/8",))


@pytest.fixture(scope="module")
def stamper(settled):
    return TimestampAuthority(settled.timestamp_key(), SetClock(), CountedEntropy("stamper"))


@pytest.fixture
def ask(settled):
    """Asks a server that answers with `answer(request)`; returns token and request."""

    def ask(answer, clock=None, certificates=None, **options):
        asked = []

        def served(body):
            asked.append(body)
            found_answer = answer(body)
            if isinstance(found_answer, bytes):
                return 200, REPLY, found_answer
            return found_answer

        known = settled.timestamp_key().chain if certificates is None else certificates
        with serving(served) as url:
            settings = HttpTimestampOptions(known, **options)
            return token_from(source_of(settings, url, clock)), asked[0]

    return ask


def source_of(options, url="http://unused", clock=None):
    post = Exchange(url, LOOPBACK)
    return HttpTimestampSource(options, post, clock or SetClock(), CountedEntropy())


def token_from(source: TimestampSource) -> bytes:
    return source.token(IMPRINT, "sha384")


def test_a_good_answer_is_taken(ask, stamper):
    token, asked = ask(stamper.respond)
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    info = signed["encap_content_info"]["content"].parsed
    request = tsp.TimeStampReq.load(asked)
    assert info["message_imprint"].dump() == request["message_imprint"].dump()
    assert info["nonce"].native == request["nonce"].native
    assert request["cert_req"].native is True
    assert request["nonce"].native.bit_length() == 63


def test_the_policy_is_asked_for(ask, stamper):
    ask(stamper.respond, policy="1.3.6.1.4.1.32473.36904.2")
    with pytest.raises(SigningUnavailable, match="rejection"):
        ask(stamper.respond, policy="1.2.3")


def asked_otherwise(stamper, **values):
    """Answers another question than the one that was asked."""

    def answer(body):
        request = tsp.TimeStampReq.load(body)
        for name, value in values.items():
            request[name] = value
        return stamper.respond(request.dump(force=True))

    return answer


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"nonce": 7}, "another nonce"),
        ({"nonce": None}, "another nonce"),
        ({"cert_req": False}, "without its"),
        (
            {
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha384"},
                    "hashed_message": bytes(48),
                }
            },
            "another imprint",
        ),
        (
            {
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha512"},
                    "hashed_message": bytes(64),
                }
            },
            "another digest",
        ),
    ],
)
def test_an_answer_to_another_question_is_refused(ask, stamper, values, reason):
    with pytest.raises(SigningUnavailable, match=reason):
        ask(asked_otherwise(stamper, **values))


def test_another_authority_is_refused(ask, stamper, tmp_path):
    other = found(tmp_path / "other", seed="other").timestamp_key()
    with pytest.raises(SigningUnavailable, match="another authority"):
        ask(stamper.respond, certificates=other.chain)
    with pytest.raises(SigningUnavailable):
        ask(stamper.respond, certificates=())


def test_one_of_several_authorities_may_have_signed(ask, stamper, settled, tmp_path):
    """When an authority changes its key, old and new are given side by side."""
    other = found(tmp_path / "other", seed="other").timestamp_key()
    assert ask(stamper.respond, certificates=(*other.chain, *settled.timestamp_key().chain))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_time_far_from_ours_is_refused(ask, stamper, seconds):
    clock = SetClock()
    clock.forward(seconds=seconds)
    with pytest.raises(SigningUnavailable, match="far from ours"):
        ask(stamper.respond, clock=clock)


def test_a_time_near_ours_is_taken(ask, stamper):
    clock = SetClock()
    clock.forward(seconds=299)
    assert ask(stamper.respond, clock=clock)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"rubbish",
        b"\x30\x03\x02\x01\x00",
        b"\x30\x05\x30\x03\x02\x01\x00",
        b"x" * 70_000,
        (500, REPLY, b""),
        (302, REPLY, b""),
        (200, "text/html", b"<html>"),
    ],
)
def test_anything_else_is_refused(ask, answer):
    with pytest.raises(SigningUnavailable):
        ask(lambda _: answer)


def test_a_right_answer_of_the_wrong_kind_is_refused(ask, stamper):
    """A proxy's page with status 200 must not be read as a token."""
    with pytest.raises(SigningUnavailable):
        ask(lambda body: (200, "application/octet-stream", stamper.respond(body)))


def test_every_changed_byte_is_noticed(settled, stamper):
    """What is not noticed lies outside of the token, which is the same then."""
    options = HttpTimestampOptions(settled.timestamp_key().chain)
    source = source_of(options)
    good = []
    source._post = lambda body, *_: good.append(stamper.respond(body)) or good[0]
    token = token_from(source)
    accepted = 0
    for position in range(len(good[0])):
        bad = bytearray(good[0])
        bad[position] ^= 1 << position % 8
        source._entropy = CountedEntropy()  # the same nonce again
        source._post = lambda *_, bad=bad: bytes(bad)
        with contextlib.suppress(SigningUnavailable):
            assert token_from(source) == token, position
            accepted += 1
    assert accepted < 3


def test_no_server_is_reported(settled):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        options = HttpTimestampOptions(settled.timestamp_key().chain)
        source = source_of(options, url)
        with pytest.raises(SigningUnavailable, match="unreachable"):
            token_from(source)


def test_a_server_that_says_nothing_is_given_up(settled):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        options = HttpTimestampOptions(settled.timestamp_key().chain, seconds=0.1)
        source = source_of(options, url)
        with pytest.raises(SigningUnavailable, match="timeout"):
            token_from(source)


def test_a_server_that_drips_is_given_up(settled):
    """The deadline is that of the whole answer, not of a part."""
    with socket.socket() as dripping:
        dripping.bind(("127.0.0.1", 0))
        dripping.listen()
        stopping = threading.Event()

        def drip():
            connection, _ = dripping.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n")
                connection.sendall(f"Content-Type: {REPLY}\r\n\r\n".encode())
                while not stopping.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{dripping.getsockname()[1]}/"
        options = HttpTimestampOptions(settled.timestamp_key().chain, seconds=0.3)
        with pytest.raises(SigningUnavailable, match="timeout"):
            token_from(source_of(options, url))
        stopping.set()
        thread.join()


def test_a_name_that_nobody_resolves_in_time_is_given_up(settled):
    """The system's resolver waits for many seconds: it is left behind."""
    asked = threading.Event()

    def resolve(_host, _port):
        asked.wait(30)
        return ["127.0.0.1"]

    post = Exchange("http://tsa.example/", LOOPBACK, resolve)
    options = HttpTimestampOptions(settled.timestamp_key().chain, seconds=0.1)
    source = HttpTimestampSource(options, post, SetClock(), CountedEntropy())
    with pytest.raises(SigningUnavailable, match="timeout"):
        token_from(source)
    asked.set()


def test_an_address_inside_is_refused_unless_it_is_named(settled, stamper):
    """Whoever holds the name's zone must not choose which machine of the city is called."""
    with serving(lambda body: (200, REPLY, stamper.respond(body))) as url:
        options = HttpTimestampOptions(settled.timestamp_key().chain)
        source = HttpTimestampSource(options, Exchange(url), SetClock(), CountedEntropy())
        with pytest.raises(SigningUnavailable, match="address refused"):
            token_from(source)


@pytest.mark.parametrize("url", ["", "zz.example", "ftp://zz.example", "http://[", "http://a b"])
def test_a_wrong_address_is_reported(settled, url):
    options = HttpTimestampOptions(settled.timestamp_key().chain, seconds=0.2)
    source = source_of(options, url)
    with pytest.raises(SigningUnavailable):
        token_from(source)


def test_only_timestamp_authorities_are_pinned(settled):
    for der in (
        b"",
        settled.seal_key(TRANSPORT[0]).chain[0],
        settled.seal_key(TRANSPORT[0]).chain[1],
    ):
        options = HttpTimestampOptions((der,))
        with pytest.raises(KeyUnusable):
            source_of(options)


def test_a_wrong_imprint_is_refused_before_anything_is_sent(settled):
    options = HttpTimestampOptions(settled.timestamp_key().chain)
    source = source_of(options)
    with pytest.raises(Unsupported):
        source.token(b"short")


def test_pinned_authorities_come_from_a_file(settled, tmp_path):
    (der,) = settled.timestamp_key().chain
    path = tmp_path / "tsa.pem"
    path.write_bytes(pem(der) * 2)
    assert pinned_authorities(path) == (der, der)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_no_authority_is_pinned_by_a_file_that_names_none(tmp_path, content):
    path = tmp_path / "tsa.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyUnusable):
        pinned_authorities(path)


def test_no_authority_is_pinned_without_a_file():
    with pytest.raises(KeyUnusable):
        pinned_authorities(None)
