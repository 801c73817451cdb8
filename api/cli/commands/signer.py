"""`certlib signer`: a process that holds the keys, for nodes that have none."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.configuration import settings_for
from api.cli.failures import DONE
from api.cli.screen import Screen


@click.command(
    "signer",
    cls=Command,
    zh="启动签章进程：私钥只在此进程，服务与工作进程经本地套接字请求签章。",
    en="Run a signer: it alone has the keys, and signs for servers that ask over a local socket.",
)
@options.option(
    "--socket",
    type=click.Path(path_type=Path),
    default=None,
    zh="监听的套接字（缺省取自 CERTLIB_SIGNER_SOCKET，或数据目录中的 signer.sock）。",
    en="Socket to listen at (CERTLIB_SIGNER_SOCKET or signer.sock in the data by default).",
)
@options.option(
    "--prepare",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    zh="不启动，只把无私钥节点所需的密文件写入此目录（data-keys 与 signer）。",
    en="Do not run: write into this folder what a node without keys needs (data-keys, signer).",
)
@options.demo
@options.data_dir
@options.lang
def command(
    *, socket: Path | None, prepare: Path | None, demo: bool, data_dir: Path, lang: Language
) -> int:
    """Signs; returns when it was stopped in good order."""
    more = {} if socket is None else {"signer_socket": socket.resolve()}
    settings = settings_for(data_dir, demo=demo, **more)
    if prepare is None:
        from api.signer_process import serve_signer

        serve_signer(settings)
        return DONE
    from api.clock import SystemEntropy
    from api.node_secrets import prepare as write_secrets

    write_secrets(settings, prepare, SystemEntropy())
    Screen(lang).say(
        f"已写入 {prepare}：作为无私钥节点的 CERTLIB_SECRETS_DIR，其中没有密钥加密密钥。",
        f"Written to {prepare}: the CERTLIB_SECRETS_DIR of a node without keys; "
        "the key-encryption key is not among it.",
    )
    return DONE
