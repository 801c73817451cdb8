"""Objects on a file system: encrypted, durable in the right order, whole after any crash."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certlib.errors import Corrupt, StoreUnavailable
from storage import Cipher, FileObjectStore
from storage.objects import OBJECT_NAME
from tests.fakes.world import CountingEntropy

NAME = "0123456789abcdef0123456789abcdef.0"
OTHER = "0123456789abcdef0123456789abcdef.1"
CONTENT = b"%PDF-1.7 a sealed page" * 1000
CALLS = ("open", "write", "fsync", "link", "unlink", "close", "mkdir")


class Crash(BaseException):
    """The process is gone."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def _store(folder: Path) -> FileObjectStore:
    return FileObjectStore(folder, Cipher(bytes(32), CountingEntropy(str(folder))))


def _incoming(folder: Path) -> list[Path]:
    return sorted((folder / "incoming").iterdir())


def _path(folder: Path, name: str = NAME) -> Path:
    return folder / name[:2] / name


class _Boundaries:
    """Counts system calls; from the chosen one on, every call fails as after a kill."""

    def __init__(self, stop: int = -1, *, done: bool = False) -> None:
        self.stop = stop
        self.done = done
        self.log: list[str] = []

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            here = len(self.log)
            self.log.append(name)
            if self.stop < 0 or here < self.stop:
                return real(*args, **kwargs)
            if here == self.stop and self.done:
                real(*args, **kwargs)
            raise Crash

        return call


@contextmanager
def _watched(boundaries: _Boundaries) -> Iterator[_Boundaries]:
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, boundaries.wrap(name, getattr(os, name)))
        yield boundaries


def _boundaries(tmp_path: Path) -> list[str]:
    with _watched(_Boundaries()) as seen:
        store = _store(tmp_path / "count")
        store.put_once(NAME, CONTENT)
    return seen.log


def test_the_order_that_makes_it_durable(folder: Path) -> None:
    """File synced before it gets its name, folder synced after, temporary name taken away last."""
    store = _store(folder)
    with _watched(_Boundaries()) as seen:
        store.put_once(NAME, CONTENT)
    kept = [name for name in seen.log if name in {"write", "fsync", "link", "unlink"}]
    assert kept == ["write", "fsync", "fsync", "link", "fsync", "unlink"]


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
def test_after_a_crash_at_any_boundary_there_is_all_or_nothing(tmp_path: Path, done: bool) -> None:
    """Each call is once lost and once done before the kill; then the same put succeeds."""
    total = len(_boundaries(tmp_path))
    assert total > 10
    for stop in range(total):
        folder = tmp_path / f"{done}-{stop}"
        with pytest.raises(Crash), _watched(_Boundaries(stop, done=done)):
            _store(folder).put_once(NAME, CONTENT)
        again = _store(folder)
        assert again.get(NAME) in {None, CONTENT}
        again.sweep_temporaries()
        assert _incoming(folder) == []
        again.put_once(NAME, CONTENT)
        assert again.get(NAME) == CONTENT
        assert again.names() == [NAME]
        assert _incoming(folder) == []


def test_a_put_after_a_crash_syncs_the_folder_again(folder: Path) -> None:
    """The earlier writer may have died between link and sync: the name was not yet durable."""
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    with _watched(_Boundaries()) as seen:
        store.put_once(NAME, CONTENT)
    assert seen.log[seen.log.index("link") :].count("fsync") == 1


@pytest.mark.parametrize("code", ["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT"])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "link"])
def test_a_system_error_is_unavailable_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: str
) -> None:
    store = _store(folder)

    def failing(*_args: Any, **_kwargs: Any) -> Any:
        number = getattr(errno, code)
        raise OSError(number, os.strerror(number), str(folder))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        with pytest.raises(StoreUnavailable) as caught:
            store.put_once(NAME, CONTENT)
    assert caught.value.values == {"what": code}
    assert str(folder) not in str(caught.value)
    assert _incoming(folder) == []
    assert store.get(NAME) is None
    store.put_once(NAME, CONTENT)
    assert store.get(NAME) == CONTENT


def test_a_disk_that_takes_a_part_gets_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, part: real(file, bytes(part[:777])))
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    assert store.get(NAME) == CONTENT


def test_a_disk_that_fills_half_way_keeps_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.write, iter(range(100))

    def filling(file: int, part: bytes) -> int:
        if next(calls) > 2:
            raise OSError(errno.ENOSPC, "full")
        return real(file, bytes(part[:777]))

    store = _store(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", filling)
        with pytest.raises(StoreUnavailable):
            store.put_once(NAME, CONTENT)
    assert _incoming(folder) == []
    assert store.names() == []


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable) as caught:
        _store(tmp_path / "file" / "objects")
    assert caught.value.values == {"what": "ENOTDIR"}


def test_a_folder_that_vanished_is_unavailable_not_empty(folder: Path) -> None:
    """INV-14: a missing disk must not look like a missing object."""
    store = _store(folder)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StoreUnavailable):
        store.put_once(NAME, CONTENT)
    with pytest.raises(StoreUnavailable):
        store.names()
    with pytest.raises(StoreUnavailable):
        store.get(NAME)


def test_at_rest_there_is_only_ciphertext(folder: Path) -> None:
    _store(folder).put_once(NAME, CONTENT)
    octets = _path(folder).read_bytes()
    assert b"sealed page" not in octets
    assert octets[:1] == b"\x01"
    assert len(octets) == len(CONTENT) + 33
    assert _path(folder).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 3, 10, 40, -1])
def test_one_changed_byte_is_corrupt(folder: Path, place: int) -> None:
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    octets = bytearray(_path(folder).read_bytes())
    octets[place] ^= 1
    _path(folder).write_bytes(octets)
    with pytest.raises(Corrupt):
        store.get(NAME)
    with pytest.raises(Corrupt):
        store.put_once(NAME, CONTENT)


@pytest.mark.parametrize("length", [0, 1, 20, 33, 100])
def test_a_cut_object_is_corrupt(folder: Path, length: int) -> None:
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    os.truncate(_path(folder), length)
    with pytest.raises(Corrupt):
        store.get(NAME)


def test_an_object_under_another_name_is_corrupt(folder: Path) -> None:
    """Exchanged by somebody with access to the disk."""
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    store.put_once(OTHER, b"other")
    _path(folder, OTHER).replace(_path(folder))
    with pytest.raises(Corrupt):
        store.get(NAME)


def test_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    store = _store(folder)
    store.put_once(OTHER, b"other")
    _path(folder).symlink_to(_path(folder, OTHER))
    with pytest.raises(StoreUnavailable):
        store.get(NAME)


def test_sweeping_spares_what_is_being_written(folder: Path) -> None:
    store = _store(folder)
    with store._temporary(NAME) as mine:
        mine.write_bytes(b"half")
        (folder / "incoming" / f"{OTHER}.1.1.1").write_bytes(b"left behind")
        assert store.sweep_temporaries() == 1
        assert _incoming(folder) == [mine]


def test_sweeping_spares_what_is_younger_than_asked(folder: Path) -> None:
    store = _store(folder)
    old, young = (folder / "incoming" / f"{OTHER}.1.1.{number}" for number in (1, 2))
    for path, at in ((old, 1_000), (young, 2_000)):
        path.write_bytes(b"left behind")
        os.utime(path, (at, at))
    assert store.sweep_temporaries(before=datetime.fromtimestamp(1_500, UTC)) == 1
    assert _incoming(folder) == [young]


def test_what_a_process_of_the_same_number_left_behind_is_no_hindrance(folder: Path) -> None:
    first = _store(folder)
    with pytest.raises(Crash), _watched(_Boundaries(stop=1)):
        first.put_once(NAME, CONTENT)
    assert len(_incoming(folder)) == 1
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    assert store.get(NAME) == CONTENT


def test_strange_files_are_no_objects(folder: Path) -> None:
    store = _store(folder)
    store.put_once(NAME, CONTENT)
    (folder / "01" / "README").write_text("x")
    (folder / "lost+found").mkdir()
    (folder / "zz").write_text("x")
    assert store.names() == [NAME]


@pytest.mark.parametrize("same", [True, False])
def test_many_writers_of_one_name(folder: Path, same: bool) -> None:
    """All with the same bytes succeed; with different ones exactly one wins."""
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        store = _store(folder)
        content = CONTENT if same else f"{number}".encode()
        barrier.wait()
        try:
            store.put_once(NAME, content)
        except Corrupt:
            outcomes.append("refused")
        else:
            outcomes.append("kept")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("kept") == (8 if same else 1)
    assert len(outcomes) == 8
    assert _incoming(folder) == []


def test_the_name_pattern_is_that_of_an_intent() -> None:
    assert OBJECT_NAME.fullmatch(f"{'0' * 32}.0")
    assert OBJECT_NAME.fullmatch(f"{'f' * 32}.12")
    assert not OBJECT_NAME.fullmatch(f"{'g' * 32}.0")
