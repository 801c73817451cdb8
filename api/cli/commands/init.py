"""`certlib init`: founds a node: keys, database, departments, types, issue list."""

from contextlib import closing
from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.configuration import settings_for
from api.cli.failures import DONE
from api.cli.screen import Screen


@click.command(
    "init",
    cls=Command,
    zh="建立密钥、数据库、单位、证照类型和发证清单。可重复运行，已有的不变。",
    en="Create keys, database, departments, types, issue list. Running it again changes nothing.",
)
@options.demo
@options.data_dir
@options.as_json
@options.lang
def command(*, demo: bool, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Founds the node in `data_dir`."""
    from api.bootstrap import open_node, prepare_stores
    from api.founding import found, seal_founding

    screen = Screen(lang)
    settings = settings_for(data_dir, demo=demo)
    prepare_stores(settings)
    with closing(open_node(settings)) as node:
        found(node)
        seal_founding(node)
        with node.registry.read() as session:
            departments, types = len(session.departments()), len(session.type_versions())
    made = {
        "data_dir": str(settings.data_dir),
        "secrets_dir": str(settings.secrets_folder),
        "departments": departments,
        "types": types,
    }
    if as_json:
        screen.json(made)
        return DONE
    screen.say(
        f"已就绪：{departments} 个单位，{types} 个证照类型版本，数据在 {settings.data_dir}。"
        f"请另行备份密钥目录 {settings.secrets_folder}：丢失即无法读取数据。",
        f"Ready: {departments} departments, {types} versions of types, in {settings.data_dir}. "
        f"Back up {settings.secrets_folder} apart from it: without that key no data can be read.",
    )
    return DONE
