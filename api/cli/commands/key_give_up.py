"""`certlib keys give-up`: the signers' part of the drill of a lost key."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE
from api.cli.screen import Screen


@click.command(
    "give-up",
    cls=Command,
    zh="签名进程所在机器：吊销已由两人永久停用的密钥之证书，并生成下一枚印章；可重复运行。",
    en="Where signers run: revoke the certificate of a key that two persons have halted for ever, "
    "and make the next seal; again changes nothing.",
)
@click.argument("key")
@options.option(
    "--since",
    required=True,
    metavar="TIME",
    zh="可能泄露的起始时间，与 keys compromise 的相同。",
    en="Since when it may have been in other hands, as keys compromise was told.",
)
@options.data_dir
@options.as_json
@options.lang
def give_up(*, key: str, since: str, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Then `certlib keys compromise` goes on at the server."""
    from api.cli import key_loss

    screen = Screen(lang)
    done = key_loss.give_up(data_dir, key, since)
    if as_json:
        screen.json({"key": key, "state": done.state, "issuer_code": done.issuer_code})
    else:
        screen.say(
            f"{key} 的证书已吊销；请在服务器上再次运行 certlib keys compromise。",
            f"{key} is given up: run certlib keys compromise at the server again.",
        )
    return DONE
