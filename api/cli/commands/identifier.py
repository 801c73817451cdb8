"""`certlib identifier TEXT`: takes an electronic certificate identifier apart (GB/T 36904)."""

from collections.abc import Mapping

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, FAILED
from api.cli.screen import Screen
from api.cli.words import PARTS
from certlib import ids

_GRADES: Mapping[ids.Grade, tuple[str, str]] = {
    ids.Grade.ISO: ("符合国家标准", "as the standard wants it"),
    ids.Grade.NONSTANDARD_ISSUER: ("颁发机构代码非标准，可查询", "nonstandard issuer, usable"),
    ids.Grade.LEGACY_CHECK: ("旧算法校验位，可查询", "legacy check character, usable"),
    ids.Grade.BAD_CHECK: ("校验位错误", "wrong check character"),
    ids.Grade.MALFORMED: ("格式错误", "malformed"),
}


@click.command(
    "identifier",
    cls=Command,
    zh="解析电子证照标识：等级、组成部分、问题。可用返回 0，校验位错误或格式错误返回 1。",
    en="Grade, parts and problems of an identifier. Exit code 0 when it is usable, 1 when its "
    "check character is wrong or it is malformed.",
)
@click.argument("text")
@options.as_json
@options.lang
def command(text: str, as_json: bool, lang: Language) -> int:
    """Says what `text` is as an identifier; strict, as `ids.parse` is."""
    screen = Screen(lang)
    parsed = ids.parse(text)
    if as_json:
        screen.json(parsed.as_json())
    else:
        _show(screen, parsed, text)
    return DONE if parsed.grade.usable else FAILED


def _show(screen: Screen, parsed: ids.ParsedIdentifier, text: str) -> None:
    style = "green" if parsed.grade.usable else "red"
    zh, en = _GRADES[parsed.grade]
    screen.say(f"{parsed.grade}：{zh}", f"{parsed.grade}: {en}", style)
    found = parsed.as_json()["parts"]
    rows = [(screen.pick(*titles), found[name] or "—") for name, titles in PARTS.items()]
    screen.table([("部分", "Part"), ("内容", "Content")], rows)
    for problem in parsed.problems:
        screen.say(problem.zh, problem.en, "yellow")
    typed = ids.normalise_typed(text)
    if not parsed.grade.usable and typed != text and ids.parse(typed).grade.usable:
        screen.say(f"是否应为：{typed}", f"Did you mean: {typed}")
