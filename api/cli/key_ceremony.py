"""A ceremony on this machine: held, rehearsed, compared with its log."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from api.cli.configuration import reading_settings
from api.cli.failures import UsageProblem
from api.clock import SystemClock, SystemEntropy
from api.secret_files import key_encryption_key
from certlib.key_errors import FoundedAlready
from keys import ceremony
from keys.ceremony import BroughtEntropy, Source
from keys.ceremony_file import LIMIT, Declaration, declaration_from
from keys.vault import Vault

__all__ = ["Held", "check", "hold"]

_SPAN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """The log, and where it lies; `same`: whether it is that of another log, where one is given."""

    log: tuple[str, ...]
    path: Path | None = None
    same: bool | None = None


def hold(data_dir: Path, path: Path, brought: Path | None) -> Held:
    """Founds the authority of `data_dir` as the file declares it.

    Raises:
        CeremonyRefused: the file cannot be carried out.
        FoundedAlready: there are keys.
        UsageProblem: a file cannot be read, or the declared instant is not today's.
    """
    content = _content(path)
    declared, settings = declaration_from(content), reading_settings(data_dir)
    if abs(SystemClock().now() - declared.held_at) > _SPAN:
        raise UsageProblem(
            "held_at 与本机时间相差超过一天，请核对文件和时钟。",
            "held_at and this machine's clock differ by more than a day: check both.",
        )
    if settings.public_url and settings.url != declared.public_url.rstrip("/"):
        raise UsageProblem(
            f"public_url 与设置的 CERTLIB_PUBLIC_URL（{settings.url}）不一致，请核对。",
            f"public_url is not CERTLIB_PUBLIC_URL ({settings.url}): check both.",
        )
    folder, entropy = settings.data_dir / "keys", SystemEntropy()
    if (folder / "register").exists():
        raise FoundedAlready
    kek = key_encryption_key(settings.secrets_folder, entropy, create=not folder.exists())
    vault = Vault(folder / "private", kek, entropy)
    log = ceremony.hold(folder, vault, declared, content, _source(brought))
    return Held(log, folder / ceremony.LOG_NAME)


def check(path: Path, brought: Path | None, log: Path | None) -> tuple[Declaration, Held]:
    """Rehearses in memory, and compares with a log where one is given; nothing is stored.

    Raises:
        CeremonyRefused: the file cannot be carried out.
        UsageProblem: a file cannot be read, or a log is to be compared without its entropy.
    """
    content = _content(path)
    declared = declaration_from(content)
    rehearsed = ceremony.rehearse(declared, content, _source(brought))
    if log is None:
        return declared, Held(rehearsed)
    if brought is None:
        raise UsageProblem(
            "与日志比较须给出当时的 --entropy 文件。",
            "To compare with a log, give the --entropy file of that ceremony.",
        )
    lines = _content(log).decode("utf-8", "replace").splitlines()
    return declared, Held(rehearsed, same=ceremony.same(rehearsed, lines))


def _source(brought: Path | None) -> Source:
    if brought is None:
        return Source(SystemEntropy())
    content = _content(brought)
    return Source(BroughtEntropy(content), hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LIMIT + 1)
    except OSError as error:
        raise UsageProblem(
            f"无法读取文件 {path}（{error.strerror}）。", f"Cannot read {path} ({error.strerror})."
        ) from None
