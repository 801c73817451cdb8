"""`certlib clients`: the systems that may call the API; a secret is shown once and never kept."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.configuration import reading_settings
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen
from certlib.registry import AuditRecord, Client
from certlib.usecases.caller import DEPARTMENT_SCOPES, SCOPES

if TYPE_CHECKING:
    from api.bootstrap import Node


@click.group(
    "clients",
    cls=Group,
    zh="管理可调用接口的业务系统（服务停止时使用）。",
    en="Manage the systems that may call the API (while the server is stopped).",
)
@options.lang
def command(*, lang: Language) -> None:
    """`add` and `disable`."""
    del lang


@command.command("add", cls=Command, zh="登记一个业务系统。", en="Register a system.")
@click.argument("client_id")
@options.option(
    "--department", required=True, zh="所属单位的信用代码。", en="Its department's code."
)
@options.option("--name", default="", zh="系统名称。", en="What the system is called.")
@options.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    zh="权限，可重复；缺省为部门系统所需的权限，不含 holders:manage（登记机关）。",
    en="A scope, repeatable; by default what a department needs, without holders:manage, "
    "which registration authorities have.",
)
@options.data_dir
@options.as_json
@options.lang
def add(  # noqa: PLR0913 - one parameter for each option
    *,
    client_id: str,
    department: str,
    name: str,
    scopes: Sequence[str],
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Registers a client of a department and shows its secret, once."""
    from api.tokens import hash_secret, new_secret

    screen = Screen(lang)
    with closing(_node(data_dir)) as node:
        secret, now = new_secret(node.entropy), node.clock.now()
        with node.registry.begin() as uow:
            if uow.department(department) is None:
                raise UsageProblem(
                    f"没有登记信用代码为“{department}”的单位，请核对。",
                    f"No department has the code {department}: check it.",
                )
            if uow.client(client_id) is not None:
                raise UsageProblem(
                    f"已有业务系统“{client_id}”，请换一个名称。",
                    f"There is a client {client_id} already: choose another name.",
                )
            granted = frozenset(scopes or DEPARTMENT_SCOPES)
            made = Client(
                client_id, name or client_id, department, granted, hash_secret(secret), now
            )
            uow.put_client(made)
            details = {"department": department, "scopes": sorted(granted)}
            uow.append_audit([AuditRecord(now, "operator", "add-client", client_id, details)])
            uow.commit()
    shown = {"client_id": client_id, "client_secret": secret, "scopes": sorted(granted)}
    if as_json:
        screen.json(shown)
        return DONE
    screen.say(
        f"已登记 {client_id}，密钥（只显示这一次）：{secret}",
        f"Registered {client_id}; its secret, shown this once: {secret}",
    )
    return DONE


@command.command("disable", cls=Command, zh="停用一个业务系统。", en="Disable a system.")
@click.argument("client_id")
@options.data_dir
@options.lang
def disable(*, client_id: str, data_dir: Path, lang: Language) -> int:
    """No new tokens for it; those it holds end within `CERTLIB_TOKEN_SECONDS`."""
    screen = Screen(lang)
    with closing(_node(data_dir)) as node:
        now = node.clock.now()
        with node.registry.begin() as uow:
            known = uow.client(client_id)
            if known is None:
                raise UsageProblem(
                    f"没有业务系统“{client_id}”，请核对。", f"There is no client {client_id}."
                )
            uow.put_client(replace(known, disabled_at=known.disabled_at or now))
            uow.append_audit([AuditRecord(now, "operator", "disable-client", client_id)])
            uow.commit()
    screen.say(f"已停用 {client_id}。", f"Disabled {client_id}.")
    return DONE


def _node(data_dir: Path) -> "Node":
    from api.bootstrap import open_node

    settings = reading_settings(data_dir)
    if not (settings.data_dir / "keys").is_dir():
        raise UsageProblem(
            f"{data_dir} 中没有证照库，请先运行 certlib init。",
            f"There is no library in {data_dir}: run certlib init first.",
        )
    return open_node(settings)
