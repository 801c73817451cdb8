"""`certlib timestamps`: how it is with clock and keys of the timestamp authority."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.failures import DONE, FAILED
from api.cli.screen import Screen

if TYPE_CHECKING:
    from api.cli.stamping import Standing

_STATES = {
    "next": ("待启用", "next"),
    "current": ("使用中", "current"),
    "superseded": ("已更换", "superseded"),
    "expired": ("已到期", "expired"),
}


@click.group(
    "timestamps",
    cls=Group,
    zh="时间戳机构的时钟和密钥。",
    en="Clock and keys of the timestamp authority.",
)
@options.lang
def command(*, lang: Language) -> None:
    """`status` and `accept-clock`."""
    del lang


@command.command(
    "status", cls=Command, zh="时钟是否可信，哪个密钥在用。", en="Clock and keys, a line each."
)
@options.data_dir
@options.as_json
@options.lang
def status(*, data_dir: Path, as_json: bool, lang: Language) -> int:
    """One line for the clock, one for each key; 1 when nothing is stamped."""
    from api.cli.stamping import standing

    screen, found = Screen(lang), standing(data_dir)
    if as_json:
        screen.json(found.as_json())
    else:
        _show(screen, found)
    return DONE if found.clock.problem is None else FAILED


@command.command(
    "accept-clock",
    cls=Command,
    zh="校准时钟之后：以现在的时钟为准，恢复加盖时间戳。",
    en="After the clock was set right: believe it as it stands, and stamp again.",
)
@options.data_dir
@options.lang
def accept_clock(*, data_dir: Path, lang: Language) -> int:
    """The running service follows within a second."""
    from api.cli.stamping import accept

    screen = Screen(lang)
    before, now = accept(data_dir)
    if before.problem is not None:
        screen.say(before.problem.zh_text, before.problem.en_text)
    screen.say(
        f"已采信现在的时钟：{now:%Y-%m-%d %H:%M:%S} UTC。",
        f"The clock is believed as it stands: {now:%Y-%m-%d %H:%M:%S} UTC.",
    )
    return DONE


def _show(screen: Screen, found: "Standing") -> None:
    problem = found.clock.problem
    if problem is not None:
        screen.say(problem.zh_text, problem.en_text)
    else:
        zh, en = {
            True: ("已与时间源同步", "a time source keeps it"),
            False: ("未与时间源同步", "no time source keeps it"),
            None: ("内核未说明是否同步", "the kernel does not say who keeps it"),
        }[found.clock.synchronised]
        screen.say(f"时钟可信，{zh}。", f"The clock is believed; {en}.")
    columns = [
        ("密钥", "Key"),
        ("状态", "State"),
        ("签署自", "Signs from"),
        ("签署至", "Signs until"),
        ("证书到期", "Certificate ends"),
    ]
    rows = [
        (
            key.name,
            screen.pick(*_STATES[key.state]),
            f"{key.signs_from:%Y-%m-%d}",
            f"{key.signs_until:%Y-%m-%d}",
            f"{key.not_after:%Y-%m-%d}",
        )
        for key in found.keys
    ]
    screen.table(columns, rows)
    for one in found.sources:
        if one.error is None:
            screen.say(f"{one.name}：可用，{one.ms} 毫秒。", f"{one.name}: stamps, {one.ms} ms.")
        else:
            screen.say(
                f"{one.name}：{one.error.zh_text}", f"{one.name}: {one.error.en_text}", "yellow"
            )
