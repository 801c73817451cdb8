"""Places at the door are for those who work; a signer that cannot let anybody in says so."""

import errno
import os
import socket
import threading
import time

import keys_world
import pytest
import signer_world

from api import signer_process
from certlib.errors import SigningUnavailable
from keys.signer import server, session
from keys.signer.client import SignerOptions, Signers
from keys.signer.wire import REQUEST_LIMIT, Ask, Request

CHECK = Request(Ask.CHECK)
KNOCKED = ("knock", "signing-unavailable")
PIECES = 300
"""Far more pieces than there is time for."""


def settled(door, guests):
    """Whether so many conversations are there, once those that end have ended."""
    for _ in range(500):
        if len(door.door._guests) == guests:
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def small(world, tmp_path):
    """A door with two places."""
    made = signer_world.Door(world, tmp_path / "small.sock", guests=2, seconds=0.4)
    yield made
    made.close()


# --- places ----------------------------------------------------------------------------------


def test_an_idle_conversation_gives_its_place_to_who_has_a_question(world, small):
    first, second, third = (signer_world.asking(small.path) for _ in range(3))
    first.ask(CHECK)
    second.ask(CHECK)
    third.ask(CHECK)
    assert len(small.door._guests) == 2
    assert KNOCKED not in small.heard.all
    # Whoever had to go opens another, and is asked again in it: nobody notices.
    first.ask(CHECK)
    second.ask(CHECK)


def test_the_longest_idle_goes_first(small):
    first, second, third = (signer_world.asking(small.path) for _ in range(3))
    first.ask(CHECK)
    second.ask(CHECK)
    first.ask(CHECK)
    before = set(small.door._guests)
    longest = min(before, key=small.door._guests.__getitem__)
    third.ask(CHECK)
    assert before - set(small.door._guests) == {longest}


def test_whoever_works_keeps_its_place(world, tmp_path):
    working = signer_world.Working(world)
    door = signer_world.Door(world, tmp_path / "work.sock", guests=2, service=working)
    with working.on(signer_world.asking(door.path), questions=2):
        with pytest.raises(SigningUnavailable):
            signer_world.asking(door.path).ask(CHECK)
        assert door.heard.until(KNOCKED) == [KNOCKED]
    assert door.heard.until(("check", "ok")).count(KNOCKED) == 1
    door.close()


def test_a_process_keeps_no_more_conversations_than_it_says(world, tmp_path):
    working = signer_world.Working(world)
    door = signer_world.Door(world, tmp_path / "many.sock", service=working)
    options = SignerOptions([door.path], signer_world.SECRET, idle=2)
    asking = Signers(options, keys_world.CountedEntropy("asker"))
    with working.on(asking, questions=5):
        assert len(door.door._guests) == 5
    assert settled(door, 2)
    asking.ask(CHECK)
    assert len(door.door._guests) == 2
    asking.close()
    assert settled(door, 0)
    door.close()


def test_a_question_of_one_who_had_to_go_is_not_answered(small):
    """It is asked again in another conversation; two answers would be one too many."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    small.door._take_place(ours)

    class Talk:
        def receive(self, idle):
            small.door._end(ours)
            return b"question"

        def send(self, answer):
            raise AssertionError(answer)

    small.door._answer(Talk(), ours)
    theirs.close()


# --- slow ones -------------------------------------------------------------------------------


def trickled(line, octets):
    """How many octets could be sent, each in a piece of its own."""
    for sent in range(PIECES):
        try:
            line.sendall(octets[sent % len(octets) :][:1])
        except OSError:
            return sent
        time.sleep(0.03)
    return PIECES


def test_a_proof_in_many_pieces_takes_no_longer(small):
    lines = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for line in lines:
        line.connect(str(small.path))
    proof = b"certlib-signer/1" + bytes(64)  # refused at its last octet, had it the time
    assert trickled(lines[0], proof) < len(proof)
    assert settled(small, 0)
    signer_world.asking(small.path).ask(CHECK)
    for line in lines:
        line.close()


def test_a_message_in_many_pieces_takes_no_longer(small):
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(small.path))
    entropy = keys_world.CountedEntropy("slow")
    session.opened(line, signer_world.SECRET, entropy, REQUEST_LIMIT)
    assert trickled(line, (PIECES * 2).to_bytes(4) + bytes(PIECES)) < PIECES
    assert settled(small, 0)
    line.close()


def test_an_answer_in_many_pieces_takes_no_longer():
    asker, signer = socket.socketpair(socket.AF_UNIX)
    talk = session.Session(asker, b"a", b"b", REQUEST_LIMIT, seconds=0.2)
    thread = threading.Thread(target=trickled, args=(signer, bytes((0, 0, 8, 0)) + bytes(PIECES)))
    thread.start()
    with pytest.raises(TimeoutError):
        talk.receive()
    asker.close()
    thread.join()
    signer.close()


def test_what_came_too_late_is_not_waited_for():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with pytest.raises(TimeoutError):
        session.accepted(ours, signer_world.SECRET, keys_world.CountedEntropy("s"), 64, 0.0)
    ours.close(), theirs.close()


# --- a door that lets nobody in --------------------------------------------------------------


class Listening:
    """A listening socket at which `accept` fails first."""

    def __init__(self, inner, *codes):
        self.inner, self.codes = inner, list(codes)

    def accept(self):
        if self.codes:
            raise OSError(self.codes.pop(0), "no more")
        return self.inner.accept()

    def __getattr__(self, name):
        return getattr(self.inner, name)


@pytest.fixture
def failing(world, tmp_path, monkeypatch):
    """Doors at which `accept` fails first; closed at the end, not serving yet."""
    monkeypatch.setattr(server, "_PAUSE", 0.001)
    made = []

    def make(*codes):
        heard, path = signer_world.Heard(), tmp_path / f"failing{len(made)}.sock"
        options = server.DoorOptions(path, signer_world.SECRET, frozenset({os.getuid()}))
        door = server.SignerDoor(world.service, options, keys_world.CountedEntropy("f"), heard)
        door._listening = Listening(door._listening, *codes)
        made.append(door)
        return door, heard, path

    yield make
    for door in made:
        door.close()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ECONNABORTED])
def test_a_signer_out_of_descriptors_or_memory_goes_on_listening(failing, code):
    door, heard, path = failing(code, code)
    thread = threading.Thread(target=door.serve)
    thread.start()
    signer_world.asking(path).ask(CHECK)
    assert heard.until(("check", "ok")).count(KNOCKED) == 2
    door.close()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_a_broken_socket_ends_serving_with_a_word(failing):
    door, _, _ = failing(errno.ENOTSOCK)
    with pytest.raises(SigningUnavailable) as caught:
        door.serve()
    assert caught.value.values["what"] == "accept: no more"


def test_a_thread_that_does_not_start_takes_no_place(world, tmp_path, monkeypatch):
    door = signer_world.Door(world, tmp_path / "threads.sock", guests=1)
    real, left = threading.Thread, [2]

    class Scarce(real):
        def start(self):
            if left[0]:
                left[0] -= 1
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(server.threading, "Thread", Scarce)
    for _ in range(2):
        with pytest.raises(SigningUnavailable):
            signer_world.asking(door.path).ask(CHECK)
    signer_world.asking(door.path).ask(CHECK)
    assert door.heard.all.count(KNOCKED) == 2
    door.close()


def test_a_process_whose_door_broke_ends(monkeypatch):
    """Whoever starts it again can see that it has to."""
    monkeypatch.setattr(signer_process.signal, "signal", lambda *_: None)
    fault, closed = SigningUnavailable(what="accept"), []

    class Broken:
        def serve(self):
            raise fault

        def close(self):
            closed.append(self)

    class Idle:
        def keep_up(self):
            return ()

    with pytest.raises(SigningUnavailable) as caught:
        signer_process._sign(Broken(), Idle())
    assert caught.value is fault
    assert closed
