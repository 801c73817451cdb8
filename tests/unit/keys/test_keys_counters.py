"""Signature counters: nothing is signed uncounted, and a crash counts too many, never too few."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keys_world
import pytest
from keys_world import TRANSPORT, verify_signature

from api.audit import counters as reading
from api.audit.counters import _counted, counters
from certlib.errors import KeyUnusable, SigningUnavailable
from keys import counters as module
from keys.counters import Counters

KEY = bytes(range(32))
CODE = TRANSPORT[0]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "signatures"


@pytest.fixture
def counter(folder, clock):
    return Counters(folder, KEY, clock).of("seal")


def read(folder, name="seal"):
    return _counted(folder / name, [KEY])


def digest(message):
    return module.sha256(message).hexdigest()


def test_each_message_is_on_record_with_its_instant(counter, folder, clock):
    counter.count(b"one")
    clock.forward(seconds=5)
    counter.count(b"two")
    found = read(folder)
    assert not found.damaged
    assert found.lost == 0
    assert {digest(b"one"): keys_world.START, digest(b"two"): clock.now()} == found.signed


def test_threads_and_processes_lose_nothing(folder, clock):
    """Two counters of one file, as two processes have them, and four threads each."""
    pair = [Counters(folder, KEY, clock).of("seal") for _ in range(2)]
    gate = threading.Barrier(8)

    def work(number):
        gate.wait()
        for turn in range(100):
            pair[number % 2].count(b"%d %d" % (number, turn))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    found = read(folder)
    assert len(found.signed) == 800
    assert not found.damaged


def test_a_forked_child_counts_in_the_same_file(counter, folder):
    counter.count(b"parent")
    child = os.fork()
    if child == 0:
        try:
            counter.count(b"child")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    counter.count(b"parent again")
    assert len(read(folder).signed) == 3


def test_a_killed_process_leaves_nothing_uncertain(folder, clock):
    """What it has written is in the kernel's memory."""
    Counters(folder, KEY, clock).of("seal").count(b"one")
    Counters(folder, KEY, clock).of("seal").count(b"two")
    assert read(folder).lost == 0


def test_after_a_power_cut_what_may_be_lost_is_counted(folder, clock, monkeypatch):
    """The head is durable and ahead: as many signatures may have been made, so many are noted."""
    first = Counters(folder, KEY, clock).of("seal")
    for number in range(10):
        first.count(b"%d" % number)
    path = folder / "seal"
    os.truncate(path, 64 * 4)  # seven records never reached the disk
    monkeypatch.setattr(module, "_boot", lambda: bytes(32))
    again = Counters(folder, KEY, clock).of("seal")
    again.count(b"after")
    found = read(folder)
    assert not found.damaged
    assert found.lost >= 7
    assert len(found.signed) + found.lost >= 11
    assert digest(b"after") in found.signed


def test_the_reserve_is_durable_before_it_is_used(counter, folder, monkeypatch):
    """And is renewed once in hundreds of signatures, not for each."""
    synced = []
    monkeypatch.setattr(module.os, "fdatasync", lambda file: synced.append(os.pread(file, 16, 0)))
    for number in range(600):
        counter.count(b"%d" % number)
    assert [int.from_bytes(head[8:]) for head in synced] == [256, 512, 768]
    assert len(read(folder).signed) == 600


def test_keys_that_sign_while_a_counter_is_read_damage_nothing(counter, folder, monkeypatch):
    """Each record is preceded by a new head here, so that the two are often read apart."""
    monkeypatch.setattr(module, "_AHEAD", 1)
    monkeypatch.setattr(module.os, "fdatasync", lambda _file: None)
    for number in range(2000):
        counter.count(b"%d" % number)
    child = os.fork()
    if child == 0:
        try:
            for number in range(20_000):
                counter.count(b"child %d" % number)
            signal.pause()
        finally:
            os._exit(1)
    try:
        while (folder / "seal").stat().st_size <= 64 * 2001:
            time.sleep(0.001)
        readings = [read(folder) for _ in range(25)]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert not any(found.damaged for found in readings)
    sizes = [len(found.signed) for found in readings]
    assert sizes == sorted(sizes)
    assert sizes[0] > 2000


def test_what_was_half_written_is_read_anew_and_damage_stays(counter, folder, monkeypatch):
    counter.count(b"one")
    heads = [bytes(64), bytes(64)]
    whole = os.pread
    told = lambda *place: heads.pop() if heads else whole(*place)  # noqa: E731
    monkeypatch.setattr(reading.os, "pread", told)
    assert not read(folder).damaged
    assert not heads
    heads[:] = [bytes(64)] * 3
    assert read(folder).damaged


def test_half_a_record_is_written_over(counter, folder):
    """It was never followed by a signature."""
    counter.count(b"one")
    with (folder / "seal").open("ab") as stream:
        stream.write(b"torn")
    assert not read(folder).damaged
    counter.count(b"two")
    found = read(folder)
    assert not found.damaged
    assert set(found.signed) == {digest(b"one"), digest(b"two")}


@pytest.mark.parametrize("place", [0, 8, 63, 64, 72, 80, 127])
def test_every_changed_octet_is_seen(counter, folder, place):
    for message in (b"one", b"two"):
        counter.count(message)
    path = folder / "seal"
    stored = bytearray(path.read_bytes())
    stored[place] ^= 1
    path.write_bytes(stored)
    assert read(folder).damaged


def test_records_of_another_place_or_key_are_none(counter, folder, clock):
    for message in (b"one", b"two"):
        counter.count(message)
    stored = (folder / "seal").read_bytes()
    (folder / "seal").write_bytes(stored[:64] + stored[128:] + stored[64:128])
    assert read(folder).damaged
    (folder / "other").write_bytes(stored)
    assert read(folder, "other").damaged
    (folder / "seal").write_bytes(stored[:128])
    assert not read(folder).damaged


def test_a_key_longer_than_a_block_is_refused(folder, clock):
    """Whoever reads the file would hash it first (RFC 2104), and every record would be damaged."""
    with pytest.raises(KeyUnusable, match="64 octets"):
        Counters(folder, bytes(65), clock).of("seal")
    longest = Counters(folder, bytes(64), clock).of("seal")
    longest.count(b"one")
    assert not _counted(folder / "seal", [bytes(64)]).damaged


def test_the_file_is_closed_with_its_counter(folder, clock):
    """A handle is replaced whenever its certificate is; a forked child closes nobody's file."""

    def held():
        links = Path("/proc/self/fd").iterdir()
        return sum(os.path.realpath(link) == str(folder / "seal") for link in links)

    counter = Counters(folder, KEY, clock).of("seal")
    counter.count(b"one")
    assert held() == 1
    child = os.fork()
    if child == 0:
        try:
            del counter
            os._exit(held() != 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    del counter
    assert held() == 0


def test_a_damaged_head_stops_the_key(folder, clock, counter):
    counter.count(b"one")
    stored = (folder / "seal").read_bytes()
    (folder / "seal").write_bytes(bytes(64) + stored[64:])
    with pytest.raises(SigningUnavailable, match="seal: damaged"):
        Counters(folder, KEY, clock).of("seal").count(b"two")


def test_what_cannot_be_counted_is_not_signed(tmp_path, monkeypatch):
    authority = keys_world.found(tmp_path / "keys")
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    verify_signature(key, b"x")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(module.os, "pwrite", full)
        with pytest.raises(SigningUnavailable, match="No space left"):
            key.sign(b"y")
        broken.setattr(module.os, "pwrite", lambda *_: 3)
        with pytest.raises(SigningUnavailable, match="disk full"):
            key.sign(b"y")
    verify_signature(key, b"z")
    found = counters(tmp_path / "keys", [keys_world.KEK]).counted[key.name]
    assert set(found.signed) == {digest(b"x"), digest(b"z")}


def test_a_folder_that_cannot_be_made(tmp_path, clock):
    (tmp_path / "file").write_text("")
    with pytest.raises(SigningUnavailable):
        Counters(tmp_path / "file" / "below", KEY, clock).of("seal").count(b"x")


def test_seals_are_counted_from_their_founding_and_what_strangers_ask_for_is_not(tmp_path, clock):
    authority = keys_world.found(tmp_path / "keys", clock)
    authority.issue_seal(*TRANSPORT)
    authority.timestamp_key().sign(b"for strangers")
    snapshot = authority.answering()
    for responder in snapshot.register.responders:
        snapshot.handles[responder.key].sign(b"for strangers")
    authority.history_key().sign(b"batch")
    authority.seal_key(CODE).sign(b"seal")
    names = {path.name for path in (tmp_path / "keys" / "signatures").iterdir()}
    assert names == {"history", authority.seal_key(CODE).name}
    assert counters(tmp_path / "keys", [keys_world.KEK]).since == keys_world.START


def test_a_key_in_a_token_is_counted_before_the_token_is_asked(tmp_path, soft_token):
    from keys.authority import AuthorityOptions, open_or_create

    options = AuthorityOptions(keys_world.PUBLIC_URL, hardware_seals=True)
    entropy, token = keys_world.CountedEntropy(), soft_token.opened()
    clock = keys_world.SetClock()
    authority = open_or_create(tmp_path / "keys", keys_world.KEK, clock, entropy, options, token)
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    key.sign(b"one")
    soft_token.taken_out()
    with pytest.raises(SigningUnavailable):
        key.sign(b"two")
    soft_token.put_back()
    found = counters(tmp_path / "keys", [keys_world.KEK]).counted[key.name]
    assert set(found.signed) == {digest(b"one"), digest(b"two")}
