"""The children that make pages and read files."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok


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
    if found.readable:
        yield ok("核验子进程能读取文件。", "The reading child reads a file.")
    else:
        yield failed(
            f"核验子进程不能读取文件（{found.fault}）：请检查内存和进程数限制（ulimit、cgroup）。",
            f"The reading child could not read a file ({found.fault}): look at the limits of "
            "memory and processes (ulimit, cgroup).",
        )


CHECKS: Final = (
    Check("renderer", ("排版", "Page making"), _renderer),
    Check("reader", ("文件核验", "File reading"), _reader, ("renderer",)),
)
