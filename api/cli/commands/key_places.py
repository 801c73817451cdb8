"""`certlib keys replace`: a new seal key for a department, and where it lies."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen


@click.command(
    "replace",
    cls=Command,
    zh="为一个单位另造签章密钥和证书；旧章已签的文件仍有效。服务运行时可执行，即刻生效。",
    en="Make a new seal key and certificate for a department; what the old one has sealed stays "
    "valid. May run beside a server, which uses the new one at once.",
)
@click.argument("code")
@options.option(
    "--hardware",
    is_flag=True,
    zh="密钥在密码机（PKCS#11）中生成，永不离开；已在密码机的仍在密码机。",
    en="Make the key in the token (PKCS#11), which it never leaves; one that is there stays there.",
)
@options.data_dir
@options.as_json
@options.lang
def replace(*, code: str, hardware: bool, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Replaces the seal of the department with credit code `code`."""
    from api.cli.local import key_summaries, need_keys_here, own_authority

    screen = Screen(lang)
    need_keys_here(data_dir)
    known = {item["issuer_code"] for item in key_summaries(data_dir)} - {""}
    if code not in known:
        raise UsageProblem(
            f"没有单位“{code}”的签章，用 certlib keys list 查看。",
            f"No department {code} has a seal: certlib keys list has them.",
        )
    own_authority(data_dir).replace_seal(code, hardware=hardware)
    made = next(
        item
        for item in key_summaries(data_dir)
        if item["issuer_code"] == code and item["state"] == "current"
    )
    if as_json:
        screen.json(made)
    else:
        where = made["token"] or screen.pick("库内", "the vault")
        screen.say(
            f"{made['name']} 已启用（{where}），有效期至 {made['not_after'][:10]}。",
            f"{made['name']} is in use ({where}), until {made['not_after'][:10]}.",
        )
    return DONE
