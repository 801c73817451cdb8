"""`certlib`: the group of commands, and the one place where failures become sentences.

Exit codes of every command: 0 done, 1 done with a negative answer, 2 could not be told or done
now, 3 wrong usage or settings, 130 interrupted.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata

import click

from api.cli import options
from api.cli.bilingual import Language, LazyGroup, language_of
from api.cli.failures import FAILED, INTERRUPTED, UNKNOWN, USAGE, CommandFailure, code_of
from api.cli.screen import Screen, tolerant_streams
from certlib.errors import CertlibError

_COMMANDS: Mapping[str, tuple[str, tuple[str, str]]] = {
    "init": ("init", ("建立密钥、数据库、单位和证照目录", "Create keys, database and catalogue")),
    "demo": ("demo", ("载入演示数据", "Load demonstration data")),
    "serve": ("serve", ("启动服务", "Run the server")),
    "issue": ("issue", ("按文件批量签发证照", "Issue certificates from a file")),
    "verify": ("verify", ("核验文件或标识", "Verify files or identifiers")),
    "show": ("show", ("查看证照登记", "Show a certificate's record")),
    "revoke": ("change:revoke", ("吊销", "Revoke (penalty)")),
    "annul": ("change:annul", ("撤销", "Annul (unlawful grant)")),
    "withdraw": ("change:withdraw", ("撤回", "Withdraw (law changed)")),
    "deregister": ("change:deregister", ("注销", "Deregister")),
    "void": ("change:void", ("作废（签发有误）", "Void (issuing error)")),
    "suspend": ("change:suspend", ("暂扣或暂停", "Suspend")),
    "restore": ("change:restore", ("恢复", "Restore")),
    "transfer-out": ("change:transfer_out", ("转出", "Transfer out")),
    "preview": ("preview", ("预览证照类型的样张", "Show what a type of certificate looks like")),
    "identifier": ("identifier", ("解析电子证照标识", "Take an identifier apart")),
    "clients": ("clients", ("管理业务系统凭据", "Manage the systems that may call the API")),
    "database": (
        "database",
        ("升级数据库、设置最小权限角色", "Upgrade the database, set its roles"),
    ),
    "keys": ("keys", ("查看密钥和签章证书", "Show keys and seal certificates")),
    "halt": ("halt:halt", ("暂停全部签章（两人办理）", "Halt all sealing, by two persons")),
    "resume": ("halt:resume", ("恢复签章（两人办理）", "Let sealing go on, by two persons")),
    "timestamps": ("timestamps", ("时间戳机构的时钟和密钥", "Clock and keys that stamp")),
    "signer": (
        "signer",
        ("启动签章进程（私钥只在此进程）", "Run a signer: keys in a process apart"),
    ),
    "trust": ("trust", ("信任清单（交叉认证）", "Which authorities are believed, and for what")),
    "snapshot": (
        "snapshot",
        ("状态快照（离线核验用）", "Status snapshots, for verifying offline"),
    ),
    "doctor": ("doctor", ("体检：检查节点并说明如何处理", "Examine the node, say what to do")),
    "seal-health": (
        "seal_health",
        ("签章健康：何时应当养护", "Which seals need care when"),
    ),
    "audit": ("audit", ("独立审计登记与文件", "Audit record and files independently")),
}


def _load(place: str) -> click.Command:
    module, _, name = place.partition(":")
    loaded = importlib.import_module(f"api.cli.commands.{module}")
    command: click.Command = getattr(loaded, name or "command")
    return command


def _loaders() -> dict[str, tuple[Callable[[], click.Command], tuple[str, str]]]:
    return {name: (partial(_load, place), texts) for name, (place, texts) in _COMMANDS.items()}


def _version() -> str:
    try:
        return metadata.version("certlib")
    except metadata.PackageNotFoundError:  # run from a checkout without an installed package
        return "0.1.0"


@click.group(
    cls=LazyGroup,
    loaders=_loaders(),
    zh="电子证照库与签章服务：签发、保存、核验、吊销电子证照。",
    en="Electronic certificate library: issue, keep, verify and revoke certificates.",
)
@click.version_option(_version(), prog_name="certlib", message="%(prog)s %(version)s")
@options.group_lang
def program(lang: Language) -> None:
    """All commands."""
    del lang  # kept by its callback


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; the exit code. Never lets a traceback out."""
    tolerant_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    context = click.Context(
        program, info_name="certlib", help_option_names=["-h", "--help"], max_content_width=100
    )
    try:
        return _run(given, context)
    except BrokenPipeError:
        # The reader of our output has gone; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except click.exceptions.Exit as ended:
        return ended.exit_code
    # The last resort too: whatever happened, a person gets a sentence and no traceback.
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return _told(context, error)


def _run(given: list[str], context: click.Context) -> int:
    """Parses and invokes as click does, but keeps the context: failures need its language."""
    with context.scope(cleanup=False):
        program.parse_args(context, given)
    with context:
        answer = program.invoke(context)
    return answer if isinstance(answer, int) else 0


def _told(context: click.Context, error: BaseException) -> int:
    """Says in one sentence what ended the command; the exit code."""
    screen = Screen(language_of(context))
    match error:
        case KeyboardInterrupt() | click.Abort():
            screen.error("已中断。", "Interrupted.")
            return INTERRUPTED
        case click.ClickException():
            return _usage(screen, error)
        case CommandFailure():
            screen.error(error.zh, error.en)
            return error.code
        case CertlibError():
            screen.failure(error)
            return code_of(error)
        case OSError(strerror=str(reason)):
            # What is read and written on purpose has its own sentences: this is what is left.
            screen.error(
                f"系统无法读写（{reason}）。", f"The system cannot read or write ({reason})."
            )
            return UNKNOWN
        case _:
            name = type(error).__name__
            screen.error(f"程序内部错误（{name}）。", f"Internal error ({name}).")
            return UNKNOWN


def _usage(screen: Screen, error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    message = error.format_message().replace("\n", " ").rstrip(".")
    screen.error(
        f"用法有误：{message}；用 --help 查看用法。",
        f"Wrong usage: {message}; see --help.",
    )
    return USAGE
