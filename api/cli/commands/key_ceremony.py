"""`certlib keys ceremony`: an authority founded from one declarative file."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, FAILED
from api.cli.screen import Screen

_PATH = click.Path(path_type=Path)


@click.command(
    "ceremony",
    cls=Command,
    zh="按一个声明文件举行密钥仪式（根、签发、时间戳、审计历史），留下可复核的日志；不覆盖已有密钥。",
    en="Found an authority from one declarative file, with a log that can be made again; "
    "never over keys that are there.",
)
@click.argument("file", type=_PATH)
@options.option(
    "--check",
    is_flag=True,
    zh="只在内存中预演；给出 --log 则与之比较。",
    en="Rehearse in memory only; with --log compare.",
)
@options.option(
    "--entropy",
    type=_PATH,
    zh="到场人员带来的随机数文件（至少32字节）；默认用本机随机源。",
    en="Octets that those present have brought (32 or more); by default the machine's own.",
)
@options.option("--log", type=_PATH, zh="要比较的日志。", en="The log to compare with.")
@options.data_dir
@options.as_json
@options.lang
def ceremony(  # noqa: PLR0913 - one parameter for each option
    *,
    file: Path,
    check: bool,
    entropy: Path | None,
    log: Path | None,
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Exit code 1: the log is another ceremony's."""
    from api.cli import key_ceremony

    screen = Screen(lang)
    if check:
        _, held = key_ceremony.check(file, entropy, log)
    else:
        held = key_ceremony.hold(data_dir, file, entropy)
    if as_json:
        for line in held.log:
            click.echo(line)
    elif held.path is not None:
        screen.say(
            f"密钥仪式完成，日志在 {held.path}，共{len(held.log)}行，请到场人员核对并留存。",
            f"The ceremony was held. Its log is {held.path}, {len(held.log)} lines: let all present"
            " keep a copy.",
        )
    elif held.same is None:
        screen.say(
            "声明文件可以执行，没有写入任何内容。",
            "It can be held so; nothing was stored.",
        )
    if held.same is False:
        screen.error("日志与预演不一致。", "The log is not that of this file and this entropy.")
        return FAILED
    if held.same and not as_json:
        screen.say("日志与预演一致（签名除外）。", "The log is this ceremony's, signatures apart.")
    return DONE
