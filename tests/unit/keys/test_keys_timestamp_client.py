"""The client believes nothing that the authority it was given did not sign for this question."""

import contextlib
import hashlib
import socket

import pytest
from asn1crypto import cms, tsp
from keys_world import TRANSPORT, CountedEntropy, SetClock, found, pem, serving

from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from certlib.ports import TimestampSource
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource, pinned_authorities
from keys.timestamps import TimestampAuthority

pytestmark = pytest.mark.enable_socket

IMPRINT = hashlib.sha384(b"data").digest()
REPLY = "application/timestamp-reply"


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
            settings = HttpTimestampOptions(url, known, **options)
            source = HttpTimestampSource(settings, clock or SetClock(), CountedEntropy())
            try:
                return token_from(source), asked[0]
            finally:
                source.close()

    return ask


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
    options = HttpTimestampOptions("http://unused", settled.timestamp_key().chain)
    source = HttpTimestampSource(options, SetClock(), CountedEntropy())
    good = []
    source._post = lambda body: good.append(stamper.respond(body)) or good[0]
    token = token_from(source)
    accepted = 0
    for position in range(len(good[0])):
        bad = bytearray(good[0])
        bad[position] ^= 1 << position % 8
        source._entropy = CountedEntropy()  # the same nonce again
        source._post = lambda _, bad=bad: bytes(bad)
        with contextlib.suppress(SigningUnavailable):
            assert token_from(source) == token, position
            accepted += 1
    assert accepted < 3
    source.close()


def test_no_server_is_reported(settled):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        options = HttpTimestampOptions(url, settled.timestamp_key().chain)
        source = HttpTimestampSource(options, SetClock(), CountedEntropy())
        with pytest.raises(SigningUnavailable, match="ConnectError"):
            token_from(source)
        source.close()


def test_a_server_that_says_nothing_is_given_up(settled):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        options = HttpTimestampOptions(url, settled.timestamp_key().chain, timeout=0.05)
        source = HttpTimestampSource(options, SetClock(), CountedEntropy())
        with pytest.raises(SigningUnavailable, match="Timeout"):
            token_from(source)
        source.close()


def test_a_server_that_drips_is_given_up(ask, stamper):
    """The deadline counts from the first octet of the body, by our clock."""

    class Running(SetClock):
        def now(self):
            self.forward(seconds=20)
            return super().now()

    with pytest.raises(SigningUnavailable, match="too slow"):
        ask(stamper.respond, clock=Running())


@pytest.mark.parametrize("url", ["", "zz.example", "ftp://zz.example", "http://[", "http://a b"])
def test_a_wrong_address_is_reported(settled, url):
    options = HttpTimestampOptions(url, settled.timestamp_key().chain, timeout=0.2)
    source = HttpTimestampSource(options, SetClock(), CountedEntropy())
    with pytest.raises(SigningUnavailable):
        token_from(source)
    source.close()


def test_only_timestamp_authorities_are_pinned(settled):
    for der in (
        b"",
        settled.seal_key(TRANSPORT[0]).chain[0],
        settled.seal_key(TRANSPORT[0]).chain[1],
    ):
        options = HttpTimestampOptions("http://unused", (der,))
        with pytest.raises(KeyUnusable):
            HttpTimestampSource(options, SetClock(), CountedEntropy())


def test_a_wrong_imprint_is_refused_before_anything_is_sent(settled):
    options = HttpTimestampOptions("http://unused", settled.timestamp_key().chain)
    source = HttpTimestampSource(options, SetClock(), CountedEntropy())
    with pytest.raises(Unsupported):
        source.token(b"short")
    source.close()


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
