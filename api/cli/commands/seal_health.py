"""`certlib seal-health`: which seals need care when, for the whole stock."""

from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.configuration import reading_settings
from api.cli.failures import DONE, FAILED
from api.cli.screen import Screen
from api.cli.seal_timetable import as_json, show
from api.clock import SystemClock
from certlib.calendar import end_of_day
from certlib.usecases.seal_health import SealHealth, seal_health


@click.command(
    "seal-health",
    cls=Command,
    zh="签章健康：全部文件各在何时、因何不再能独立核验，哪些应当养护。",
    en="Which files can no longer be judged by themselves when and why, and what needs care.",
)
@options.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    zh="若此前不作任何养护，到该日（含）如何；默认为现在。",
    en="How it stands at the end of that day if nothing is done; by default now.",
)
@options.data_dir
@options.as_json
@options.lang
def command(*, at: datetime | None, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Tells the timetable; status 1 where something has ended or waits."""
    health, names = _health(data_dir, None if at is None else at.date())
    screen = Screen(lang)
    if as_json:
        _tell(screen, health)
    else:
        show(screen, health, names)
    return DONE if health.green else FAILED


def _tell(screen: Screen, health: SealHealth) -> None:
    for line in as_json(health):
        screen.json(line)


def _health(data_dir: Path, day: date | None) -> tuple[SealHealth, dict[str, str]]:
    from api.bootstrap import open_desk

    at = SystemClock().now() if day is None else end_of_day(day)
    with closing(open_desk(reading_settings(data_dir))) as desk:
        health = seal_health(desk.registry, at)
        with desk.registry.read() as session:
            names = {item.type_code: item.name for item in session.type_versions()}
    return health, names
