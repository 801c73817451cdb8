"""`certlib database`: what the owner of the database does; the service itself has less rights."""

from contextlib import closing
from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Group, Language
from api.cli.configuration import reading_settings
from api.cli.failures import DONE
from api.cli.screen import Screen


@click.group(
    "database",
    cls=Group,
    zh="数据库所有者的操作：升级结构、设置最小权限角色（登录取自 CERTLIB_MIGRATION_URL）。",
    en="What the database's owner does: upgrade it, set its roles (with CERTLIB_MIGRATION_URL).",
)
@options.lang
def command(*, lang: Language) -> None:
    """`upgrade`, `roles` and `relock`."""
    del lang


@command.command(
    "upgrade",
    cls=Command,
    zh="将数据库结构升级到本版本，全部成功或不作更改。",
    en="Bring the schema to this release, all or nothing.",
)
@options.data_dir
@options.lang
def upgrade(*, data_dir: Path, lang: Language) -> int:
    """Migrates; again changes nothing."""
    from api.bootstrap import upgrade_database

    upgrade_database(reading_settings(data_dir))
    Screen(lang).say("数据库结构已是本版本。", "The database has this release's schema.")
    return DONE


@command.command(
    "roles",
    cls=Command,
    zh="显示最小权限角色的 SQL（服务、审计、公开查询），或用 --apply 直接设置。可重复运行。",
    en="Print the SQL of the roles with least rights (service, auditor, public look-up), or set "
    "them with --apply. Running it again changes nothing.",
)
@options.option("--apply", "apply_now", is_flag=True, zh="立即设置。", en="Set them now.")
@options.data_dir
@options.lang
def roles(*, apply_now: bool, data_dir: Path, lang: Language) -> int:
    """Prints a script, or upgrades and applies."""
    from api.bootstrap import roles_script, upgrade_database

    if not apply_now:
        click.echo(roles_script(), nl=False)
        return DONE
    upgrade_database(reading_settings(data_dir), roles=True)
    Screen(lang).say(
        "角色 certlib_application、certlib_auditor、certlib_status 已就绪，"
        "请将各登录加入对应角色。",
        "The roles certlib_application, certlib_auditor and certlib_status are ready: make your "
        "logins members of them.",
    )
    return DONE


@command.command(
    "relock",
    cls=Command,
    zh="让全部已发布文件重新等待锁定（存储桶恢复之后使用；随后由服务逐个锁定）。",
    en="Let every published file wait for its lock again (after a bucket was restored); the "
    "running service then sets them.",
)
@options.data_dir
@options.lang
def relock(*, data_dir: Path, lang: Language) -> int:
    """Notes every file; again changes nothing."""
    from api.bootstrap import open_desk

    with closing(open_desk(reading_settings(data_dir))) as desk, desk.registry.begin() as uow:
        uow.lock_everything()
        uow.commit()
    Screen(lang).say("已登记，服务运行时逐个锁定。", "Noted: the running service locks them.")
    return DONE
