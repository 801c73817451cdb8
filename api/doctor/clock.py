"""The clock that tokens are made by: whether it may stamp, and who keeps it."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok, warning


def _clock(subject: Subject) -> Iterator[Finding]:
    found = instruments.clock(subject)
    if found.problem is not None:
        what, what_en = found.problem.values["what"], found.problem.values["what_en"]
        yield failed(
            f"时钟不可信（{what}），未加盖时间戳：请先校准时钟，再运行 "
            "certlib timestamps accept-clock（docs/timestamps.md）。",
            f"The clock cannot be believed ({what_en}), nothing is stamped: set it right, then run "
            "certlib timestamps accept-clock (docs/timestamps.md).",
        )
    elif found.synchronised is False and not subject.settings.demo:
        yield warning(
            "内核报告时钟未与时间源同步：请运行 chrony 等，并设置 CERTLIB_CLOCK_SYNC=required。",
            "The kernel says that no time source keeps the clock: run chrony or its like, and set "
            "CERTLIB_CLOCK_SYNC=required.",
        )
    else:
        kept = found.synchronised is True
        yield ok(
            "时钟可信" + ("，已与时间源同步。" if kept else "，是否与时间源同步不详。"),
            "The clock is believed"
            + (", a time source keeps it." if kept else "; nobody says who keeps it."),
        )


CHECKS: Final = (Check("clock", ("时钟", "Clock"), _clock),)
