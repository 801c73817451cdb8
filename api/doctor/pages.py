"""The children that make pages and read files."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok, warning


def _renderer(subject: Subject) -> Iterator[Finding]:
    missing = ", ".join(instruments.missing_fonts())
    if missing:
        yield failed(
            f"缺少字体 {missing}：请重新安装本程序。",
            f"Fonts are missing ({missing}): install anew.",
        )
        return
    instruments.page(subject)
    yield ok("能排版一页，字体齐全。", "A page can be made, all fonts are there.")


def _reader(subject: Subject) -> Iterator[Finding]:
    found = instruments.facts(subject)
    if not found.readable:
        yield failed(
            f"核验子进程不能读取文件（{found.fault}）：请检查内存和进程数限制（ulimit、cgroup）。",
            f"The reading child could not read a file ({found.fault}): look at the limits of "
            "memory and processes (ulimit, cgroup).",
        )
        return
    held = instruments.measures(subject)
    yield ok(
        f"核验子进程能读取文件，隔离措施：{'、'.join(held)}。",
        f"The reading child reads a file, held in by {', '.join(held)}.",
    )
    missing = instruments.missing_measures(held)
    if missing:
        yield warning(
            f"本机未启用隔离措施 {'、'.join(missing)}：需 Linux 5.13 以上，容器须允许。",
            f"This machine refuses the reading child {', '.join(missing)}: it takes Linux 5.13 "
            "or later and a container that allows it.",
        )


CHECKS: Final = (
    Check("renderer", ("排版", "Page making"), _renderer),
    Check("reader", ("文件核验", "File reading"), _reader, ("renderer",)),
)
