"""`certlib demo`: loads demonstration data, and says what to try next."""

from contextlib import closing
from pathlib import Path

import click

from api.cli import options
from api.cli.batch.progress import progress
from api.cli.bilingual import Command, Language
from api.cli.configuration import settings_for
from api.cli.failures import DONE
from api.cli.screen import Screen


@click.command(
    "demo",
    cls=Command,
    zh="载入演示数据：全部单位，每类在用证照都有，其中三类各一百份、各种状态俱全。可重复运行，已有的不变。",
    en="Load demonstration data: all departments, certificates of every open type, 100 of each "
    "of three types in every state. Running it again changes nothing.",
)
@options.data_dir
@options.as_json
@options.lang
def command(*, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Founds a demonstration node where there is none, and loads it."""
    from api.bootstrap import open_node
    from api.demo import load, next_steps
    from api.founding import found, seal_founding

    screen = Screen(lang)
    settings = settings_for(data_dir, demo=True)
    with closing(open_node(settings)) as node:
        found(node)
        with progress(screen, None) as bar:
            report = load(node, bar.reach)
        seal_founding(node)
    if as_json:
        secrets = {"clients"}
        screen.json({key: value for key, value in report.items() if key not in secrets})
    else:
        click.echo(next_steps(report))
    return DONE
