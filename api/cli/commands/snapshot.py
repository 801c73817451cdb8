"""`certlib snapshot`: the status record in a signed file, for machines without the record."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.failures import DONE, FAILED
from api.cli.screen import Screen
from api.cli.trust_entries import signers_named
from certlib.calendar import CHINA
from certlib.snapshot import SnapshotHeader
from certlib.snapshot_errors import SnapshotRefused


@click.group(
    "snapshot",
    cls=Group,
    zh="状态快照：把各证照的公开状态写入一个签名文件，供没有登记数据的机器离线核验。",
    en="Status snapshots: the public status of each certificate in one signed file, for machines "
    "without the record.",
)
@options.lang
def command(*, lang: Language) -> None:
    """`export`, `check`."""
    del lang


@command.command(
    "export",
    cls=Command,
    zh="导出当前快照（只含公开状态和文件摘要，不含持证主体）。",
    en="Write the snapshot of now: public statuses and digests of files, nothing of holders.",
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@options.data_dir
@options.as_json
@options.lang
def export(*, out: Path, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Says of when it is, and how many certificates stand in it."""
    from api.cli import snapshots

    screen = Screen(lang)
    header = snapshots.export(data_dir, out)
    if as_json:
        screen.json({"file": str(out), **_plain(header)})
        return DONE
    screen.say(
        f"已导出 {header.count} 份证照的状态，截至 {_local(header)}：{out}",
        f"The status of {header.count} certificates as of {_local(header)}: {out}",
        "green",
    )
    return DONE


@command.command(
    "check",
    cls=Command,
    zh="核对快照文件：签名者、签名、摘要、完整性、时间。返回 0 可采用，1 不可采用。",
    en="Check a snapshot: signer, signature, digest, age. Exit code 0 good, 1 refused.",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="CERTLIB_TRUST",
    zh="信任目录；缺省用本节点的信任。",
    en="Folder of trust; by default what this node believes.",
)
@options.option(
    "--trust-signer",
    "signer",
    default="",
    envvar="CERTLIB_TRUST_SIGNER",
    metavar="SHA256",
    zh="该目录中信任清单签名者的指纹。",
    en="Fingerprint of whoever may have signed the list in that folder.",
)
@options.data_dir
@options.as_json
@options.lang
def check(
    *, file: Path, trust: Path | None, signer: str, data_dir: Path, as_json: bool, lang: Language
) -> int:
    """Whose it is, of when, and whether a newer one is due."""
    from api.cli import snapshots

    screen = Screen(lang)
    try:
        signers = signers_named(signer, "--trust-signer")
        header = snapshots.check(file, data_dir, trust, signers)
    except SnapshotRefused as error:
        if as_json:
            texts = {"zh": error.zh_text, "en": error.en_text}
            screen.json(
                {"file": str(file), "good": False, "reason": error.values["reason"], **texts}
            )
        else:
            screen.failure(error)
        return FAILED
    late = snapshots.overdue(header)
    if as_json:
        screen.json({"file": str(file), "good": True, "overdue": late, **_plain(header)})
        return DONE
    screen.say(
        f"可采用：节点 {header.node}，截至 {_local(header)}，{header.count} 份证照。",
        f"Good: node {header.node}, as of {_local(header)}, {header.count} certificates.",
        "green",
    )
    if late:
        screen.error("应有更新的快照，请向节点索取。", "A newer one is due: ask the node for it.")
    return DONE


def _plain(header: SnapshotHeader) -> dict[str, object]:
    return {
        "node": header.node,
        "as_of": header.as_of.isoformat(),
        "next_update": header.next_update.isoformat(),
        "count": header.count,
    }


def _local(header: SnapshotHeader) -> str:
    return f"{header.as_of.astimezone(CHINA):%Y-%m-%d %H:%M:%S} (UTC+8)"
