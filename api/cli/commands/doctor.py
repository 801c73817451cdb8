"""`certlib doctor`: is this node healthy, and if not, what is to be done?"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.configuration import settings_for
from api.cli.failures import DONE, FAILED, UsageProblem
from api.cli.screen import Screen
from api.clock import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from api.doctor.model import Finding

_WORDS = {"ok": ("正常", "ok"), "warning": ("警告", "warning"), "failed": ("异常", "FAILED")}
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@click.command(
    "doctor",
    cls=Command,
    zh="体检：逐项检查设置、密钥、数据库、对象存储、证书、排版、历史等，说明问题和处理办法。"
    "启动前、运行中、升级后均可执行，不作更改；请以服务的用户运行。返回 0 无异常，1 有异常。",
    en="Look at settings, keys, stores, certificates, page making and history, and say what is "
    "wrong and what to do: before a start, beside a running service, after an upgrade. Changes "
    "nothing; run it as the service's user. Exit code 0 when nothing failed, 1 otherwise.",
)
@options.option(
    "--running",
    is_flag=True,
    zh="服务应在运行：另向 CERTLIB_PUBLIC_URL（或 --url）核对，积压视为异常。",
    en="The service should be running: ask it at CERTLIB_PUBLIC_URL (or --url) too, and take "
    "what it left undone for a failure.",
)
@options.option(
    "--url",
    default="",
    metavar="URL",
    zh="运行中的服务的地址（含 --running）。",
    en="Where the running service answers (means --running).",
)
@options.demo
@options.data_dir
@options.as_json
@options.lang
def command(*, demo: bool, data_dir: Path, as_json: bool, lang: Language, **given: Any) -> int:
    """Examines the node in `data_dir`."""
    screen = Screen(lang)
    found = list(_examined(screen, data_dir, demo=demo, **given))
    healthy = all(item.state.value != "failed" for item in found)
    if as_json:
        screen.json({"healthy": healthy, "checks": [item.as_json() for item in found]})
    else:
        _show(screen, found)
    return DONE if healthy else FAILED


def _examined(
    screen: Screen, data_dir: Path, *, demo: bool, running: bool, url: str
) -> "Iterable[Finding]":
    from api.doctor.examination import examine
    from api.doctor.model import Finding, State, Subject
    from api.settings import unknown_variables

    try:
        settings = settings_for(data_dir, demo=demo)
    except UsageProblem as problem:
        # Nothing else can be asked of a node whose settings cannot be read.
        return [Finding(State.FAILED, problem.zh, problem.en, "settings")]
    asked = url.rstrip("/") or (settings.url if running else "")
    subject = Subject(
        settings, SystemClock(), SystemEntropy(), bool(asked), asked, unknown_variables()
    )
    console = screen.console(error=True)
    if not console.is_terminal:
        return list(examine(subject))
    with console.status("") as status:
        return list(examine(subject, told=lambda check: status.update(screen.pick(*check.title))))


def _show(screen: Screen, found: "Iterable[Finding]") -> None:
    """Every finding on a line of its own, the worst last: there a person looks first."""
    from rich.text import Text

    order = list(_WORDS)
    for item in sorted(found, key=lambda item: order.index(item.state.value)):
        word = screen.pick(*_WORDS[item.state.value])
        line = Text.assemble(
            (f"{word:<4} ", _STYLES[item.state.value]),
            f"{item.check}: {screen.pick(item.zh, item.en)}",
        )
        screen.console().print(line)
