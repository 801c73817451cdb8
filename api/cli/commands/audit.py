"""`certlib audit`: does the record keep its promises? Independent of everything that wrote it."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli import options
from api.cli.audit_report import Bar, show
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, FAILED, UNKNOWN, CommandFailure, UsageProblem
from api.cli.history import day_of
from api.cli.screen import Screen
from api.clock import SystemClock

if TYPE_CHECKING:
    from api.audit import AuditOptions, Bucket, Trust
    from api.settings import Settings

_LEGAL = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options of one call."""

    quick: bool
    trust: tuple[Path, ...]
    export: Path | None
    first: str
    last: str
    prove: Path | None
    record: str
    since: str
    against: Path | None
    probe: str
    logs: tuple[Path, ...]
    acknowledged: tuple[Path, ...]


class _CouldNot(CommandFailure):
    code = UNKNOWN


@click.command(
    "audit",
    cls=Command,
    zh="独立审计：不使用签发程序的代码，逐项核对登记、文件、历史（只读，可在服务运行时执行）。"
    "返回 0 全部符合，1 有违反，2 无法审计，3 用法有误。",
    en="Audit record, files and history without any code of the pipeline; reads only, beside a "
    "running server. Exit code 0 all hold, 1 violations, 2 could not be audited, 3 usage.",
)
@options.option(
    "--quick",
    is_flag=True,
    zh="不核验每个文件的签章（仍核对摘要）。",
    en="Do not verify each file's seal; digests are compared all the same.",
)
@options.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    zh="历史封签的信任根和时间戳机构证书（PEM 或 DER，可多次）；默认取本库的密钥登记。",
    en="Roots and timestamp authorities for seals of the history (PEM or DER, repeatable); by "
    "default the node's own register of keys.",
)
@options.option(
    "--export",
    "export",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    zh="把审计历史导出到空目录，附核验方法。",
    en="Export the history into an empty folder, with how to check it.",
)
@options.option(
    "--from",
    "first",
    default="",
    metavar="DAY",
    zh="只导出这一天（北京时间）起的批次。",
    en="Export batches from this day (UTC+8) on.",
)
@options.option(
    "--to",
    "last",
    default="",
    metavar="DAY",
    zh="只导出到这一天（含）的批次。",
    en="Export batches up to this day, inclusive.",
)
@options.option(
    "--prove",
    type=click.Path(path_type=Path, exists=True),
    metavar="FOLDER",
    zh="核验导出的目录，或单条记录的证明文件；不需要数据库。",
    en="Check an exported folder, or the proof of one record; needs no database.",
)
@options.option(
    "--record",
    default="",
    metavar="IDENTIFIER",
    zh="与 --prove 同用：找出该证照（或该序号）的记录所在批次，写出证明文件。",
    en="With --prove: say which batch holds this certificate's records, and write their proofs.",
)
@options.option(
    "--since",
    default="",
    metavar="DAY",
    zh="只审计这一天（北京时间）以来的登记和历史，之前的封签视为可信。",
    en="Audit only what is since this day (UTC+8); what was sealed before is believed.",
)
@options.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    zh="与先前导出的目录比对：导出过的批次有无改动或缺失。",
    en="Compare with an earlier export: has anything of it changed or gone?",
)
@options.option(
    "--probe",
    default="",
    metavar="URL",
    zh="另向运行中的服务核对对外状态（INV-6、INV-14）。",
    en="Ask a running service too what it tells the public (INV-6, INV-14).",
)
@options.option(
    "--logs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    zh="在日志文件中查找个人信息（可多次）。",
    en="Search log files for personal data (repeatable).",
)
@options.option(
    "--acknowledged",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    zh="客户端保存的应答（JSON 行，含 identifier），核对其是否都在登记中（可多次）。",
    en="Answers that clients kept (JSON lines with `identifier`): is each on record? (repeatable)",
)
@options.data_dir
@options.as_json
@options.lang
def command(*, data_dir: Path, as_json: bool, lang: Language, **given: Any) -> int:
    """Audits the node in `data_dir`, or exports its history, or proves an export."""
    from api.audit import CannotAudit, audit
    from api.cli.history import export_history, prove_history

    screen, asked = Screen(lang), _Asked(**given)
    try:
        if asked.prove is not None:
            return prove_history(screen, asked.prove, asked.trust, asked.record, as_json=as_json)
        settings = _settings(data_dir)
        anchors = _trust(settings, asked.trust)
        if asked.export is not None:
            days = (asked.first, asked.last)
            return export_history(screen, settings.database, anchors, asked.export, days)
        with Bar(screen) as bar:
            report = audit(_wanted(settings, anchors, asked, bar))
    except CannotAudit as error:
        raise _CouldNot(error.zh, error.en) from error
    if as_json:
        screen.json(report.as_json())
    else:
        show(screen, report)
    return DONE if report.green else FAILED


def _wanted(settings: "Settings", anchors: "Trust", asked: _Asked, bar: Bar) -> "AuditOptions":
    from api.audit import AuditOptions

    since = day_of(asked.since)
    return AuditOptions(
        database=settings.database,
        objects=_place(settings),
        keys=(settings.secrets_folder / "kek",),
        trust=anchors,
        now=SystemClock().now(),
        quick=asked.quick,
        probe=asked.probe,
        logs=asked.logs,
        acknowledged=asked.acknowledged,
        folders=(settings.data_dir / "keys", settings.secrets_folder),
        since=None if since is None else datetime.combine(since, time(), _LEGAL),
        against=asked.against,
        progress=bar.told,
        seal_seconds=settings.history_seal_seconds,
        counted=settings.data_dir / "keys",
    )


def _settings(data_dir: Path) -> "Settings":
    from api.cli.configuration import reading_settings

    settings = reading_settings(data_dir)
    if not settings.database_url and not (settings.data_dir / "certlib.sqlite").exists():
        raise UsageProblem(
            f"{data_dir} 中没有数据库：请用 --data-dir 指定目录，或恢复备份；新库先 certlib init。",
            f"There is no database in {data_dir}: name the folder with --data-dir, or restore its "
            "backup; a new library begins with certlib init.",
        )
    return settings


def _trust(settings: "Settings", files: tuple[Path, ...]) -> "Trust":
    from api.audit import trust_of_files, trust_of_register

    if files:
        return trust_of_files(files)
    own = trust_of_register(settings.data_dir / "keys" / "register")
    pinned = settings.history_tsa_certificate
    if pinned is None:
        return own
    return replace(own, pinned=trust_of_files((pinned,)).certificates)


def _place(settings: "Settings") -> "Path | Bucket":
    from api.audit import Bucket

    if settings.objects == "file":
        return settings.data_dir / "objects"
    return Bucket(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key,
        None if settings.s3_ca_file is None else str(settings.s3_ca_file),
    )
