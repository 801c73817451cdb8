"""`certlib serve`: runs the server until it is told to stop."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.configuration import settings_for
from api.cli.failures import DONE


@click.command(
    "serve",
    cls=Command,
    zh="启动服务。端口取自 PORT（默认 8000），数据目录取自 DATA_DIR（默认 var）。",
    en="Run the server on PORT (8000 by default) with the data in DATA_DIR (var by default).",
)
@options.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=None,
    zh="服务进程数（缺省取自 CERTLIB_WORKERS，或 1；多于 1 个须用 PostgreSQL）。",
    en="Server processes (CERTLIB_WORKERS or 1 by default; more than one need PostgreSQL).",
)
@options.demo
@options.data_dir
@options.lang
def command(*, workers: int | None, demo: bool, data_dir: Path, lang: Language) -> int:
    """Serves; returns when the server was stopped in good order."""
    from api.server import serve

    del lang
    more = {} if workers is None else {"workers": workers}
    serve(settings_for(data_dir, demo=demo, **more))
    return DONE
