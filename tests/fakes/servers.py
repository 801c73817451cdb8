"""Real servers for a test run: a machine that cannot run them skips visibly, CI never does."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import pytest

from tests.fakes.unprivileged import CannotStart


class _Server(Protocol):
    def stop(self) -> None: ...


_Any = TypeVar("_Any", bound=_Server)


@contextmanager
def started(make: Callable[[], _Any]) -> Iterator[_Any]:
    try:
        server = make()
    except CannotStart as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"a server for the tests cannot run here: {reason}")
    try:
        yield server
    finally:
        server.stop()
