"""`certlib keys`: keys and seal certificates of this node; nothing secret is shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.commands import (
    key_ceremony,
    key_compromise,
    key_give_up,
    key_places,
    key_requests,
)
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen

_PURPOSES: Mapping[str, tuple[str, str]] = {
    "root": ("根", "root"),
    "issuing": ("签发机构", "issuing authority"),
    "timestamp": ("时间戳", "timestamp authority"),
    "ocsp": ("吊销状态应答", "OCSP responder"),
    "history": ("审计历史封签", "history"),
    "trust": ("信任清单签名", "trust lists"),
    "report": ("核验回执签章", "verification reports"),
    "snapshot": ("状态快照签名", "status snapshots"),
    "seal": ("签章", "seal"),
}
_STATES: Mapping[str, tuple[str, str]] = {
    "next": ("待启用", "next"),
    "current": ("使用中", "current"),
    "superseded": ("已更换", "superseded"),
    "expired": ("已过期", "expired"),
    "revoked": ("已吊销", "revoked"),
    "requested": ("待外部机构签发", "requested"),
}


@click.group(
    "keys",
    cls=Group,
    zh="本库的密钥和签章证书：查看、更换、申请、导入（不显示私钥）。",
    en="Keys and seal certificates: shown, replaced, asked for, imported; never a private key.",
)
@options.lang
def command(*, lang: Language) -> None:
    """Lists, shows, and what keys live through."""
    del lang


@command.command("list", cls=Command, zh="列出全部密钥。", en="List every key.")
@options.data_dir
@options.as_json
@options.lang
def list_keys(*, data_dir: Path, as_json: bool, lang: Language) -> int:
    """One line for each key."""
    screen = Screen(lang)
    found = _summaries(data_dir)
    if as_json:
        for item in found:
            screen.json(item)
        return DONE
    columns = [
        ("名称", "Name"),
        ("用途", "Purpose"),
        ("状态", "State"),
        ("算法", "Algorithm"),
        ("所在", "Lies in"),
        ("到期日", "Not after"),
        ("主体", "Subject"),
    ]
    rows = [
        (
            item["name"],
            screen.pick(*_PURPOSES[item["purpose"]]),
            screen.pick(*_STATES[item["state"]]),
            item["algorithm"],
            item["token"] or screen.pick("库内", "vault"),
            "—" if item["state"] == "requested" else item["not_after"][:10],
            item["subject"],
        )
        for item in found
    ]
    screen.table(columns, rows)
    return DONE


@command.command("show", cls=Command, zh="查看一个密钥。", en="Show one key.")
@click.argument("name")
@options.data_dir
@options.as_json
@options.lang
def show_key(*, name: str, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Everything public about one key; `name` may be a department's credit code."""
    screen = Screen(lang)
    found = [item for item in _summaries(data_dir) if name in {item["name"], item["issuer_code"]}]
    if not found:
        raise UsageProblem(
            f"没有密钥“{name}”，用 certlib keys list 查看名称。",
            f"There is no key {name}: certlib keys list has the names.",
        )
    for item in found:
        if as_json:
            screen.json(item)
        else:
            rows = [(key, value) for key, value in item.items()]
            screen.table([("项目", "Item"), ("内容", "Value")], rows)
    return DONE


for _more in (
    key_requests.request,
    key_requests.import_,
    key_places.replace,
    key_compromise.compromise,
    key_give_up.give_up,
    key_ceremony.ceremony,
):
    command.add_command(_more)


def _summaries(data_dir: Path) -> Sequence[Mapping[str, Any]]:
    from api.cli.local import key_summaries

    return key_summaries(data_dir)
