"""A progress bar with rate and time left, on standard error, when that is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from api.cli.screen import Screen

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar(Protocol):
    """What counts."""

    def advance(self, *, failed: bool) -> None:
        """One more row is settled."""
        ...

    def reach(self, done: int, total: int) -> None:
        """So many rows of so many are settled."""
        ...


class _NoBar:
    def advance(self, *, failed: bool) -> None:
        del failed

    def reach(self, done: int, total: int) -> None:
        del done, total


@contextmanager
def progress(screen: Screen, total: int | None) -> Iterator[Bar]:
    """The bar; nothing at all where standard error is no terminal."""
    console = screen.console(error=True)
    if not console.is_terminal:
        yield _NoBar()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(screen.pick("签发", "Issuing")),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn(screen.pick("剩余", "left")),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
    )
    with Progress(*columns, console=console) as shown:
        yield _RichBar(screen, shown, total)


class _RichBar:
    def __init__(self, screen: Screen, shown: "Progress", total: int | None) -> None:
        self._screen = screen
        self._shown = shown
        self._task = shown.add_task("", total=total, rate="", failed="")
        self._failed = 0

    def advance(self, *, failed: bool) -> None:
        self._failed += failed
        self._update(advance=1)

    def reach(self, done: int, total: int) -> None:
        self._update(completed=done, total=total)

    def _update(self, **counts: float) -> None:
        task = self._shown.tasks[0]
        speed = f"{task.speed:.1f}" if task.speed else "—"
        failed = self._screen.pick(f"失败 {self._failed}", f"{self._failed} failed")
        self._shown.update(
            self._task,
            advance=counts.get("advance"),
            completed=counts.get("completed"),
            total=counts.get("total"),
            rate=self._screen.pick(f"每秒 {speed} 份", f"{speed} a second"),
            failed=failed if self._failed else "",
        )
