"""Options that many commands share, as decorators; environment variables are read by click."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from api.cli.accounts import Credentials
from api.cli.bilingual import LOCALE_VARIABLES, Language, Option, choose, language_from

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option(*declarations: str, zh: str, en: str, **more: Any) -> Decorator:
    """`click.option` with help in both languages."""
    return click.option(*declarations, cls=Option, zh=zh, en=en, **more)


def lang(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang` of a command; without it the group's choice holds."""
    return _lang(None)(function)


def group_lang(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang` of the group; without it the locale decides."""
    return _lang(LOCALE_VARIABLES)(function)


def _lang(variables: list[str] | None) -> Decorator:
    return option(
        "--lang",
        metavar="[zh|en]",
        envvar=variables,
        is_eager=True,
        callback=_chosen,
        zh="输出语言，默认随系统语言环境。",
        en="Language of the output; by default the locale decides.",
    )


def _chosen(context: click.Context, parameter: click.Parameter, value: str | None) -> Language:
    del parameter
    return choose(context, None if value is None else language_from(value))


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`."""
    return option(
        "--json",
        "as_json",
        is_flag=True,
        zh="输出机器可读的 JSON，每行一个对象。",
        en="Machine-readable output: one JSON object per line.",
    )(function)


def data_dir(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--data-dir`."""
    return option(
        "--data-dir",
        type=click.Path(path_type=Path),
        envvar=["CERTLIB_DATA_DIR", "DATA_DIR"],
        default=Path("var"),
        show_default=True,
        zh="数据目录，其中有数据库、文件和 demo.json。",
        en="Folder of database, objects and demo.json.",
    )(function)


def demo(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--demo`."""
    return option(
        "--demo",
        is_flag=True,
        envvar="CERTLIB_DEMO",
        zh="演示模式：印章标注“演示 · 不具法律效力”，无需 CERTLIB_PUBLIC_URL。",
        en="Demo mode: seals say so, and no CERTLIB_PUBLIC_URL is needed.",
    )(function)


def server(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--server` and what proves who calls, as `credentials`; and `--data-dir`."""

    @wraps(function)
    def gathered(**given: Any) -> Any:  # noqa: ANN401 - whatever the command answers
        from api.settings import callers_secret

        names = ("server", "client_id", "client_secret_file", "act")
        server, client_id, secret_file, act = (given.pop(name) for name in names)
        credentials = Credentials(server, client_id, callers_secret(), secret_file, act)
        return function(credentials=credentials, **given)

    for decorate in reversed(_SERVER_OPTIONS):
        gathered = decorate(gathered)
    return gathered


_SERVER_OPTIONS = (
    option(
        "--server",
        envvar="CERTLIB_SERVER",
        default="",
        zh="服务器地址；默认取自 demo.json。",
        en="Address of the server; by default that of demo.json.",
    ),
    option(
        "--client-id",
        envvar="CERTLIB_CLIENT_ID",
        default="",
        zh="客户端编号；默认取 demo.json 中发证单位的客户端。",
        en="Client; by default the issuing department's in demo.json.",
    ),
    option(
        "--client-secret-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        envvar="CERTLIB_CLIENT_SECRET_FILE",
        zh="存放客户端密钥的文件；也可用环境变量 CERTLIB_CLIENT_SECRET。",
        en="File with the client's secret; or set CERTLIB_CLIENT_SECRET.",
    ),
    option(
        "--act",
        envvar="CERTLIB_ACT",
        default="",
        zh="经办人账号（不得为证件号码），记入审计。",
        en="Account of the acting person (never an identity number), for the history.",
    ),
    data_dir,
)
