"""`certlib keys compromise`: a lost key is given up, and what it has sealed since is mended."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import options, two_persons
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, FAILED, UsageProblem
from api.cli.screen import Screen

if TYPE_CHECKING:
    from api.cli.compromise import Outcome


@click.command(
    "compromise",
    cls=Command,
    zh="密钥泄露处置：停用密钥、吊销其证书、列出其后所签证照，并作废或重新签发；须两人办理，可重复运行。",
    en="A compromised key: halted, revoked, what it sealed since listed and voided or reissued; "
    "by two persons, and again after an interruption.",
)
@click.argument("key")
@options.option(
    "--since",
    required=True,
    metavar="TIME",
    zh="可能泄露的起始时间，如 2026-11-23T03:00:00+08:00。",
    en="Since when it may have been in other hands, as 2026-11-23T03:00:00+08:00.",
)
@options.option(
    "--reissue", is_flag=True, zh="以新印章重新签发（补换）。", en="Issue each anew, same content."
)
@options.option("--revoke", is_flag=True, zh="作废（签章密钥泄露）。", en="Void each (作废).")
@options.option(
    "--dry-run",
    is_flag=True,
    zh="只列出，不停用、不吊销、不改动。",
    en="List only: nothing is halted, revoked or changed.",
)
@options.option(
    "--list",
    "out",
    type=click.Path(path_type=Path),
    zh="清单写入此文件（.csv，否则为 JSON 行）。",
    en="Write the list to this file: CSV by its ending, JSON lines otherwise.",
)
@two_persons.operator
@two_persons.second
@options.option("--reason", default="", zh="原因，记入历史。", en="Why; kept in the history.")
@options.data_dir
@options.as_json
@options.lang
def compromise(  # noqa: PLR0913 - one parameter for each option
    *,
    key: str,
    since: str,
    reissue: bool,
    revoke: bool,
    dry_run: bool,
    out: Path | None,
    operator: str,
    second: str,
    reason: str,
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Without a remedy the key is given up and its certificates are listed."""
    from api.cli.compromise import Drill, drill, line
    from certlib.usecases.compromise import Handled, Remedy

    if reissue and revoke:
        raise UsageProblem(
            "--reissue 与 --revoke 只能选一个。", "Choose one of --reissue and --revoke."
        )
    screen = Screen(lang)
    remedy = Remedy.LIST
    if reissue or revoke:
        remedy = Remedy.REISSUE if reissue else Remedy.VOID

    def told(done: Handled) -> None:
        if as_json:
            screen.json(line(done))
        elif done.problem is not None:
            screen.failure(done.problem)

    asked = Drill(key, since, (operator, second), remedy, reason, dry_run, out)
    outcome = drill(data_dir, asked, told)
    if as_json:
        told_last = {"counts": dict(outcome.counts), "under_way": outcome.under_way}
        screen.json({"key": key, **told_last, "open": outcome.open})
    else:
        _tell(screen, outcome)
    return FAILED if outcome.open else DONE


def _tell(screen: Screen, outcome: "Outcome") -> None:
    numbers = ", ".join(f"{name} {number}" for name, number in sorted(outcome.counts.items()))
    screen.say(f"涉及证照：{numbers or '无'}。", f"Certificates: {numbers or 'none'}.")
    left = outcome.under_way
    if left:
        screen.say(
            f"停用前受理的 {left} 件尚未办结，未列入清单。",
            f"Orders from before the halt still under way, not in the list: {left}.",
        )
    if outcome.open:
        screen.say("仍有未办结的，请再次运行。", "Some are still open: run it again.")
