"""Signers, where this node has no private keys: does each answer, and are keys really away."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok, warning
from certlib.errors import CertlibError


def _signers(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    sockets = settings.signer_sockets
    if not sockets:
        return
    silent: dict[str, CertlibError] = {}
    for socket in sockets:
        try:
            instruments.signer(subject, socket)
        except CertlibError as fault:
            silent[str(socket)] = fault
    told = failed if len(silent) == len(sockets) else warning
    for name, error in silent.items():
        yield told(
            f"签章进程 {name} 不可用：{error.zh_text}"
            "请查看其日志，核对套接字权限和 signer 密文件。",
            f"The signer at {name} does not work: {error.en_text} See its log, the rights of the "
            "socket, and the secret in the file signer.",
        )
    if (settings.secrets_folder / "kek").exists():
        yield warning(
            "本节点不持有私钥，但密钥目录中仍有 kek：请移走，只留给签章进程。",
            "This node has no private keys, and yet kek lies in its secrets folder: leave it to "
            "the signers alone.",
        )
    if not silent:
        yield ok(f"签章进程 {len(sockets)} 个均可用。", f"All of {len(sockets)} signers answer.")


CHECKS: Final = (Check("signers", ("签章进程", "Signers"), _signers, ("secrets",)),)
