"""`certlib audit`: does the record keep its promises? Independent of everything that wrote it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, FAILED, UNKNOWN, CommandFailure, UsageProblem
from api.cli.screen import Screen

if TYPE_CHECKING:
    from api.audit import Bucket, Report, Trust
    from api.settings import Settings

_SHOWN = 50
"""Violations of one invariant that a table lists; JSON has all."""


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
@options.data_dir
@options.as_json
@options.lang
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    quick: bool,
    trust: tuple[Path, ...],
    export: Path | None,
    first: str,
    last: str,
    prove: Path | None,
    record: str,
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Audits the node in `data_dir`, or exports its history, or proves an export."""
    from api.audit import AuditOptions, CannotAudit, audit
    from api.cli.history import export_history, prove_history

    screen = Screen(lang)
    try:
        if prove is not None:
            return prove_history(screen, prove, trust, record, as_json=as_json)
        settings = _settings(data_dir)
        anchors = _trust(settings, trust)
        if export is not None:
            return export_history(screen, settings.database, anchors, export, (first, last))
        keys = (settings.secrets_folder / "kek",)
        report = audit(AuditOptions(settings.database, _place(settings), keys, anchors, quick))
    except CannotAudit as error:
        raise _CouldNot(error.zh, error.en) from error
    if as_json:
        screen.json(report.as_json())
    else:
        _show(screen, report)
    return DONE if report.green else FAILED


def _settings(data_dir: Path) -> "Settings":
    from api.cli.configuration import reading_settings

    settings = reading_settings(data_dir)
    if not settings.database_url and not (settings.data_dir / "certlib.sqlite").exists():
        raise UsageProblem(
            f"{data_dir} 中没有数据库，请先运行 certlib init。",
            f"There is no database in {data_dir}: run certlib init first.",
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


def _show(screen: Screen, report: "Report") -> None:
    rows = [
        (
            item.name,
            screen.pick(*item.texts),
            str(item.checked),
            str(len(item.violations)),
        )
        for item in report.invariants
    ]
    columns = [("约束", "Invariant"), ("内容", "Promise"), ("核对", "Checked"), ("违反", "Broken")]
    screen.table(columns, rows)
    broken = [
        (item.name, one.subject, screen.pick(one.zh, one.en))
        for item in report.invariants
        for one in item.violations[:_SHOWN]
    ]
    if broken:
        screen.table([("约束", "Invariant"), ("对象", "Subject"), ("违反", "Violation")], broken)
    counts = report.counts
    screen.say(
        f"证照 {counts.certificates} 份，在途 {counts.pending} 件，文件 {counts.objects} 个，"
        f"尚未封签的审计记录 {counts.unsealed} 条。",
        f"{counts.certificates} certificates, {counts.pending} in flight, "
        f"{counts.objects} objects, {counts.unsealed} audit records not sealed yet.",
    )
    if report.green:
        screen.say("全部符合。", "Everything holds.", "bold green")
    else:
        screen.say(
            "存在违反，请联系管理员。", "There are violations: call the operator.", "bold red"
        )
