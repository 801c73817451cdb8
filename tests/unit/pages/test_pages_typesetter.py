"""What the typesetter promises to threads: so many documents at once, and the same bytes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, BrokenBarrierError, Lock

import pytest
from pages_orders import BIRTH, LICENCE, order

from signing.pages.renderer import DESIGNS_FOLDER, TypstRenderer
from signing.pages.typesetter import Typesetter

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class _Meeting:
    """A compiler that waits inside for another one."""

    def __init__(self, barrier):
        self._barrier = barrier

    def compile(self, **options):
        self._barrier.wait(timeout=0.5)
        return b"met"


class _Alone:
    """A compiler that notes how many are at work."""

    def __init__(self):
        self._busy = Lock()

    def compile(self, **options):
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("a compiler is not re-entrant")
        self._busy.release()
        return b"done"


def _both(typesetter):
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(typesetter.pdf, b"", {}, MOMENT) for _ in range(2)]
        return [item.result() for item in running]


def _with_compilers(at_once, make):
    typesetter = Typesetter(DESIGNS_FOLDER, at_once)
    typesetter._idle = [make() for _ in range(2)]
    return typesetter


def test_two_documents_are_made_at_once_where_two_may():
    barrier = Barrier(2)
    assert _both(_with_compilers(2, lambda: _Meeting(barrier))) == [b"met", b"met"]


def test_one_at_a_time_otherwise():
    barrier = Barrier(2)
    with pytest.raises(BrokenBarrierError):
        _both(_with_compilers(1, lambda: _Meeting(barrier)))


def test_a_compiler_is_kept_and_never_shared(monkeypatch):
    typesetter, made = Typesetter(DESIGNS_FOLDER, 2), []
    monkeypatch.setattr("typst.Fonts", lambda **options: made.append("fonts"))
    monkeypatch.setattr("typst.Compiler", lambda **options: made.append("compiler") or _Alone())
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: typesetter.pdf(b"", {}, MOMENT), range(200))) == {b"done"}
    assert made.count("fonts") == 1
    assert 1 <= made.count("compiler") <= 2


def test_a_compiler_whose_document_failed_is_used_again():
    typesetter = Typesetter(DESIGNS_FOLDER)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            typesetter.pdf(b"#panic()", {}, MOMENT)
    assert len(typesetter._idle) == 1


def test_pages_made_at_once_are_the_same_bytes(renderer):
    wanted = [order(code, number=f"第{i}号") for i in range(6) for code in (LICENCE, BIRTH)]
    alone = [renderer.render(item) for item in wanted]
    shared = TypstRenderer(at_once=3)
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(shared.render, reversed(wanted))) == alone[::-1]
