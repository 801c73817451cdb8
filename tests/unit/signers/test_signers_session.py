"""A conversation is held by two holders of one secret; nothing in it is changed or repeated."""

import socket
import threading

import keys_world
import pytest

from certlib.errors import SigningUnavailable
from keys.signer import session

SECRET = bytes(range(32))
MOST = 1 << 16


class Tap:
    """A socket that keeps what is sent through it."""

    def __init__(self, line):
        self.line, self.sent = line, []

    def sendall(self, octets):
        self.sent.append(bytes(octets))
        self.line.sendall(octets)

    def recv(self, octets):
        return self.line.recv(octets)

    def settimeout(self, seconds):
        self.line.settimeout(seconds)

    def close(self):
        self.line.close()


def pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def held(asker, signer, *, asking=SECRET, telling=SECRET):
    """Both ends of a conversation, or what each of them raised."""
    found = {}

    def tell():
        try:
            found["signer"] = session.accepted(
                signer, telling, keys_world.CountedEntropy("s"), MOST
            )
        except (SigningUnavailable, OSError) as error:
            found["signer"] = error
            signer.close()

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        found["asker"] = session.opened(asker, asking, keys_world.CountedEntropy("a"), MOST)
    except (SigningUnavailable, OSError) as error:
        found["asker"] = error
        asker.close()
    thread.join(timeout=10)
    return found["asker"], found["signer"]


@pytest.fixture
def lines():
    made = pair()
    for line in made:
        line.settimeout(5)
    yield made
    for line in made:
        line.close()


def test_messages_go_both_ways(lines):
    asker, signer = held(*lines)
    for number in range(3):
        asker.send(b"question %d" % number)
        assert signer.receive() == b"question %d" % number
        signer.send(b"answer %d" % number)
        assert asker.receive() == b"answer %d" % number


def test_a_good_bye_between_two_messages_is_none(lines):
    asker, signer = held(*lines)
    asker.close()
    assert signer.receive() is None


def test_a_signer_with_another_secret_is_not_believed(lines):
    asker, signer = held(*lines, telling=bytes(32))
    assert isinstance(asker, SigningUnavailable)
    assert "another secret" in str(asker.values["what"])
    assert isinstance(signer, SigningUnavailable)


def test_an_asker_with_another_secret_is_not_let_in(lines):
    """The asker here would believe any signer: the proof of each side is looked at by the other."""
    asker, signer = lines
    found = {}

    def tell():
        try:
            session.accepted(signer, SECRET, keys_world.CountedEntropy("s"), MOST)
        except SigningUnavailable as error:
            found["error"] = error

    thread = threading.Thread(target=tell)
    thread.start()
    asker.sendall(b"certlib-signer/1" + bytes(32))
    asker.recv(80)
    asker.sendall(bytes(32))
    thread.join(timeout=10)
    assert found["error"].values["what"] == "signer: another secret"


def test_the_proof_of_one_side_is_not_that_of_the_other(lines):
    """A signer that only sends back what it gets proves nothing."""
    asker, echo = lines
    found = {}

    def ask():
        try:
            session.opened(asker, SECRET, keys_world.CountedEntropy("a"), MOST)
        except SigningUnavailable as error:
            found["error"] = error

    thread = threading.Thread(target=ask)
    thread.start()
    hello = echo.recv(48)
    echo.sendall(hello + bytes(32))
    thread.join(timeout=10)
    assert found["error"].values["what"] == "signer: another secret"


def test_a_recorded_conversation_opens_no_other(lines):
    asker, signer = pair()
    tapped = Tap(asker)
    first, _ = held(tapped, signer)
    first.send(b"sign this")
    for line in (asker, signer):
        line.close()
    replaying, victim = lines
    found = {}

    def tell():
        try:
            found["session"] = session.accepted(
                victim, SECRET, keys_world.CountedEntropy("later"), MOST
            )
        except SigningUnavailable as error:
            found["error"] = error

    thread = threading.Thread(target=tell)
    thread.start()
    for part in tapped.sent:
        replaying.sendall(part)
    thread.join(timeout=10)
    assert "session" not in found


def test_a_repeated_frame_is_not_taken(lines):
    line, other = lines
    tapped = Tap(line)
    asker, signer = held(tapped, other)
    asker.send(b"sign this")
    assert signer.receive() == b"sign this"
    line.sendall(tapped.sent[-1])
    with pytest.raises(SigningUnavailable):
        signer.receive()


def test_an_answer_is_no_question(lines):
    """What a signer has said is not taken when it is sent back to it."""
    line, other = lines
    tapped = Tap(other)
    asker, signer = held(line, tapped)
    asker.send(b"question")  # now the next frames of both directions bear the same number
    signer.receive()
    signer.send(b"x")
    asker.receive()
    line.sendall(tapped.sent[-1])
    with pytest.raises(SigningUnavailable):
        signer.receive()


@pytest.mark.parametrize("place", [0, 3, 4, 8, -1, -32])
def test_a_changed_octet_is_noticed(lines, place):
    line, other = lines
    line.settimeout(0.5)
    tapped = Tap(line)
    asker, signer = held(tapped, other)
    asker.send(b"sign this")
    assert signer.receive() == b"sign this"
    frame = bytearray(tapped.sent[-1])
    frame[place] ^= 1
    line.sendall(frame)
    line.shutdown(socket.SHUT_WR)
    with pytest.raises(SigningUnavailable):
        signer.receive()


def test_a_frame_beyond_the_bound_is_not_read(lines):
    asker, signer = held(*lines)
    lines[0].sendall((MOST + 1).to_bytes(4))
    with pytest.raises(SigningUnavailable) as caught:
        signer.receive()
    assert caught.value.values["what"] == "signer: frame too long"
    asker.close()


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"certlib-signer/2" + bytes(32)])
def test_another_protocol_is_refused(lines, said):
    lines[0].sendall(said)
    with pytest.raises(SigningUnavailable):
        session.accepted(lines[1], SECRET, keys_world.CountedEntropy("s"), MOST)


def test_an_end_in_the_middle_is_an_outage(lines):
    asker, signer = held(*lines)
    lines[0].sendall(b"\0\0\0\x09abc")
    asker.close()
    with pytest.raises(SigningUnavailable):
        signer.receive()
