"""What a person sees of an audit: how far it is, and what it found."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from api.cli.screen import Screen

if TYPE_CHECKING:
    from rich.status import Status

    from api.audit import Report

_SHOWN = 50
"""Violations of one invariant that a table lists; JSON has all."""


class Bar:
    """One line on a terminal's standard error that says how far the audit is; nothing elsewhere."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._status: Status | None = None

    def __enter__(self) -> Self:
        console = self._screen.console(error=True)
        if console.is_terminal:
            self._status = console.status("")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def told(self, stage: str, done: int, of: int) -> None:
        """Says how far it is."""
        if self._status is not None:
            self._status.update(f"{stage} {done}/{of}" if of else f"{stage} {done}")


def show(screen: Screen, report: "Report") -> None:
    """Every invariant with how it was checked, then what violates it."""
    rows = [
        (
            item.name,
            screen.pick(*item.texts),
            screen.pick(*item.method),
            str(item.checked),
            str(len(item.violations)),
        )
        for item in report.invariants
    ]
    columns = [
        ("约束", "Invariant"),
        ("内容", "Promise"),
        ("核对方法", "How"),
        ("核对", "Checked"),
        ("违反", "Broken"),
    ]
    screen.table(columns, rows)
    broken = [
        (item.name, one.subject, screen.pick(one.zh, one.en))
        for item in report.invariants
        for one in item.violations[:_SHOWN]
    ]
    if broken:
        screen.table([("约束", "Invariant"), ("对象", "Subject"), ("违反", "Violation")], broken)
    counts = report.counts
    screen.say(
        f"证照 {counts.certificates} 份，在途 {counts.pending} 件，文件 {counts.objects} 个，"
        f"尚未封签的审计记录 {counts.unsealed} 条。",
        f"{counts.certificates} certificates, {counts.pending} in flight, "
        f"{counts.objects} objects, {counts.unsealed} audit records not sealed yet.",
    )
    if report.green:
        screen.say("全部符合。", "Everything holds.", "bold green")
    else:
        screen.say(
            "存在违反，请联系管理员。", "There are violations: call the operator.", "bold red"
        )
