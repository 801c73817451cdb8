"""`certlib halt` and `certlib resume`: the switch of all sealing, thrown by two persons."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from api.cli import options, two_persons
from api.cli.bilingual import Command, Language
from api.cli.configuration import reading_settings
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen
from certlib.registry.stops import ALL
from certlib.usecases.halt import HaltSealing
from certlib.usecases.once import instant_text


def _scope(function: Callable[..., Any]) -> Callable[..., Any]:
    return options.option(
        "--key",
        "scope",
        metavar="KEY",
        default=ALL,
        zh="只针对这一密钥，默认全部签章。",
        en="This key alone; by default all sealing.",
    )(function)


@click.command(
    "halt",
    cls=Command,
    zh="暂停签章：全部进程数秒内停止签发，核验照常；须两人办理。",
    en="Halt sealing: every process stops within seconds, verification goes on; by two persons.",
)
@two_persons.operator
@two_persons.second
@options.option("--reason", default="", zh="原因，记入历史。", en="Why; kept in the history.")
@_scope
@options.data_dir
@options.as_json
@options.lang
def halt(  # noqa: PLR0913 - one parameter for each option
    *,
    operator: str,
    second: str,
    reason: str,
    scope: str,
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Stops sealing; again changes nothing."""
    screen = Screen(lang)
    if scope != ALL:
        _need_key(data_dir, scope)
    with _switch(data_dir) as switch:
        stop = switch.halt((operator, second), reason, scope)
    since = instant_text(stop.since)
    if as_json:
        screen.json({"halted": True, "scope": scope, "since": since, "reason": stop.reason})
    else:
        screen.say(
            f"签章已暂停（自{since}）。恢复请由两人运行 certlib resume。",
            f"Sealing is halted since {since}: two persons let it go on with certlib resume.",
        )
    return DONE


@click.command(
    "resume",
    cls=Command,
    zh="恢复签章，须两人办理。",
    en="Let sealing go on; by two persons.",
)
@two_persons.operator
@two_persons.second
@_scope
@options.data_dir
@options.as_json
@options.lang
def resume(
    *, operator: str, second: str, scope: str, data_dir: Path, as_json: bool, lang: Language
) -> int:
    """Lifts a stop."""
    screen = Screen(lang)
    with _switch(data_dir) as switch:
        at = instant_text(switch.resume((operator, second), scope))
    if as_json:
        screen.json({"halted": False, "scope": scope, "since": at})
    else:
        screen.say(
            "签章已恢复，等待中的签发由服务自动完成。",
            "Sealing goes on; what waits is finished by the server.",
        )
    return DONE


def _need_key(data_dir: Path, name: str) -> None:
    """A name mistyped at three in the morning must not look like a key that is stopped."""
    from api.cli.local import key_summaries

    if all(item["name"] != name for item in key_summaries(data_dir)):
        raise UsageProblem(
            f"没有密钥“{name}”，用 certlib keys list 查看名称。",
            f"There is no key {name}: certlib keys list has the names.",
        )


@contextmanager
def _switch(data_dir: Path) -> Iterator[HaltSealing]:
    """The record's switch, beside a server that runs."""
    from api.bootstrap import open_desk
    from api.cli.local import own_authority
    from api.clock import SystemClock

    own_authority(data_dir)  # says so where there is no node
    with closing(open_desk(reading_settings(data_dir))) as desk:
        yield HaltSealing(desk.registry, SystemClock())
