"""`certlib trust`: which authorities are believed, for what and when (交叉认证)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.commands import trust_drafts
from api.cli.failures import DONE, FAILED, UNKNOWN
from api.cli.screen import Screen
from api.cli.trust_entries import (
    signers_named,
)
from api.cli.trust_screen import as_json, show_list, signer_json
from certlib.trust import TrustList
from certlib.trust_errors import TrustListRefused

if TYPE_CHECKING:
    from keys.trust_list import SignedList

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(
    "trust",
    cls=Group,
    zh="信任清单：信任哪些证书机构，各用于哪些单位、证照类型和期间（交叉认证）。",
    en="The trust list: which authorities are believed, for which issuers, types and periods.",
)
@options.lang
def command(*, lang: Language) -> None:
    """`show`, `add`, `end`, `sign`, `check`, `export`."""
    del lang


for _member in (trust_drafts.add, trust_drafts.end, trust_drafts.sign):
    command.add_command(_member)


@command.command(
    "show",
    cls=Command,
    zh="查看本节点现行的信任，或一个清单、草稿文件的内容（不判断是否可信）。",
    en="Show what this node believes, or what a list or draft says (whoever signed it).",
)
@click.argument("file", required=False, type=_FILE)
@options.data_dir
@options.as_json
@options.lang
def show(*, file: Path | None, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Every entry, and whose list it is."""
    from api.cli import trust_lists

    screen = Screen(lang)
    if file is not None:
        opened = trust_lists.read_file(file)
        show_list(screen, opened.found, opened.signed, machine=as_json)
        return DONE
    listed, standing = trust_lists.force(data_dir)
    show_list(screen, listed, standing.signed, machine=as_json)
    if standing.problem is not None:
        screen.error(
            f"现有清单文件未被采用：{standing.problem.zh_text}",
            f"The list that lies there is not in force: {standing.problem.en_text}",
        )
    if listed.stale(trust_lists.now()):
        _tell_stale(screen, listed)
    return DONE


@command.command(
    "check",
    cls=Command,
    zh="核对清单文件：签名者、签名、格式、版本、各机构证书。返回 0 可采用，1 不可采用，"
    "2 未指定签名者。",
    en="Check a list: signer, signature, form, version, certificates. Exit code 0 good, 1 refused, "
    "2 nobody was named who may have signed it.",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@options.option(
    "--signer",
    "signers",
    multiple=True,
    metavar="SHA256",
    zh="签名者公钥或证书的 SHA-256，可重复；缺省取 CERTLIB_TRUST_SIGNER。",
    en="SHA-256 of the signer's key or certificate, repeatable; by default CERTLIB_TRUST_SIGNER.",
)
@options.data_dir
@options.as_json
@options.lang
def check(
    *, file: Path, signers: Sequence[str], data_dir: Path, as_json: bool, lang: Language
) -> int:
    """What would be done with it, and why."""
    from api.cli import trust_lists

    screen, named = Screen(lang), _named(signers, data_dir)
    try:
        signed = trust_lists.check(file, named, data_dir)
    except TrustListRefused as error:
        if as_json:
            reason = error.values["reason"]
            texts = {"zh": error.zh_text, "en": error.en_text}
            screen.json({"file": str(file), "good": False, "reason": reason, **texts})
        else:
            screen.failure(error)
        return FAILED
    stale = signed.found.stale(trust_lists.now())
    if as_json:
        good = True if named else None
        said = {"file": str(file), "good": good, "stale": stale}
        screen.json({**said, "version": signed.found.version, **signer_json(signed)})
    else:
        _tell_checked(screen, signed, known=bool(named))
    if stale:
        _tell_stale(screen, signed.found)
    return DONE if named else UNKNOWN


@command.command(
    "export",
    cls=Command,
    zh="把清单和吊销列表导出到一个目录，供 certlib verify --trust 离线核验。",
    en="List and revocation lists in one folder, for certlib verify --trust on another machine.",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@options.option(
    "--list",
    "listed",
    type=_FILE,
    zh="清单文件；缺省取 CERTLIB_TRUST_LIST。",
    en="The list; by default CERTLIB_TRUST_LIST.",
)
@options.data_dir
@options.as_json
@options.lang
def export(
    *, folder: Path, listed: Path | None, data_dir: Path, as_json: bool, lang: Language
) -> int:
    """Says with which fingerprint the folder is to be used."""
    from api.cli import trust_lists

    screen = Screen(lang)
    signed, crls = trust_lists.export(data_dir, folder, listed)
    if as_json:
        said = {"folder": str(folder), "version": signed.found.version, "crls": crls}
        screen.json({**said, **signer_json(signed)})
        return DONE
    screen.say(
        f"已导出版本 {signed.found.version} 和 {crls} 份吊销列表。使用：",
        f"Exported version {signed.found.version} and {crls} revocation lists. To use them:",
    )
    line = f"certlib verify --trust {folder} --trust-signer {signed.signer.key_sha256} FILE"
    screen.say(line, line)
    return DONE


def _named(signers: Sequence[str], data_dir: Path) -> frozenset[str]:
    from api.cli.configuration import reading_settings

    named = signers_named(",".join(signers), "--signer")
    return named or reading_settings(data_dir).trust_signers


def _tell_checked(screen: Screen, signed: "SignedList", *, known: bool) -> None:
    version, entries = signed.found.version, len(signed.found.authorities)
    if known:
        screen.say(
            f"可采用：版本 {version}，{entries} 个条目，{signed.found.operator}。",
            f"Good: version {version}, {entries} entries, {signed.found.operator}.",
            "green",
        )
        return
    screen.say(
        f"签名与内容相符（版本 {version}），但未指定签名者，不能判断是否可信；"
        f"请向发布单位核对指纹 {signed.signer.key_sha256}。",
        f"The signature fits (version {version}), but nobody was named who may have signed it: "
        f"compare the fingerprint {signed.signer.key_sha256} with its operator.",
        "yellow",
    )


def _tell_stale(screen: Screen, found: TrustList) -> None:
    due = as_json(found)["next_update"]
    screen.error(
        f"清单已过应更新时间（{due}），请向发布单位索取新版；在此之前仍按现有清单判断。",
        f"A newer list was due on {due}: ask its operator; until then this one stays in force.",
    )
