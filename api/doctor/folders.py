"""Folders, secret files and free space: who owns them, who may read them, is there room."""

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from tempfile import gettempdir
from typing import Final

from api.doctor.model import Check, Finding, Subject, failed, ok, warning
from api.secret_files import open_to

_LITTLE: Final = 2_000_000_000
_TOO_LITTLE: Final = 200_000_000
_FEW_FILES: Final = 10_000
_MOST_NAMED: Final = 3


def _user(subject: Subject) -> Iterator[Finding]:
    """Root opens what the service cannot, and leaves files that the service cannot open."""
    folder = subject.settings.data_dir
    if not folder.is_dir():
        yield failed(
            f"没有数据目录 {folder}：请核对 DATA_DIR，新库请先运行 certlib init。",
            f"There is no data folder {folder}: check DATA_DIR, or run certlib init for a new one.",
        )
        return
    owner = _name(folder.stat().st_uid)
    if os.geteuid() == 0 and folder.stat().st_uid != 0:
        yield failed(
            f"数据目录属于 {owner}，请以该用户运行：sudo -u {owner} certlib doctor。",
            f"The data folder belongs to {owner}: run this as that user, "
            f"sudo -u {owner} certlib doctor.",
        )
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield failed(
            f"当前用户不能读写数据目录（属于 {owner}）：请以服务的用户运行。",
            f"This user may not read and write the data folder, which belongs to {owner}: run "
            "this as the service's user.",
        )
    else:
        yield ok(f"数据目录可读写，属于 {owner}。", f"The data folder belongs to {owner}.")


def _secrets(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.secrets_folder.resolve().is_relative_to(settings.data_dir.resolve()):
        yield failed(
            "密钥目录在数据目录之内：备份 DATA_DIR 便带走密钥，请移出并设置 CERTLIB_SECRETS_DIR。",
            "The secrets folder lies inside DATA_DIR, whose copies then hold the key: move it out "
            "and set CERTLIB_SECRETS_DIR.",
        )
    files = settings.secret_paths
    found = [finding for name, path in files.items() for finding in _secret(name, path)]
    yield from found
    if not found:
        yield ok(
            f"密钥文件 {len(files)} 个，只有服务能读。",
            f"{len(files)} secret files, which the service alone can read.",
        )


def _secret(name: str, path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield failed(
            f"{name} 的文件不存在：请从备份恢复（密钥加密密钥丢失则全部内容无法读取），"
            "新库请先运行 certlib init。",
            f"There is no file for {name}: restore it from its backup (without the key-encryption "
            "key nothing can be read), or run certlib init for a new node.",
        )
        return
    if not os.access(path, os.R_OK):
        yield failed(
            f"当前用户不能读取 {name} 的文件：请核对其属主。",
            f"This user cannot read the file of {name}: check its owner.",
        )
        return
    exposed = open_to(path)
    if exposed == "others":
        yield failed(
            f"任何用户都能读取 {name} 的文件：请执行 chmod 0400，并视为已泄露、尽快更换。",
            f"Every user of this machine can read the file of {name}: chmod 0400, and take it for "
            "known: change it.",
        )
    elif exposed == "group":
        yield warning(
            f"同组用户能读取 {name} 的文件：如非有意，请执行 chmod 0400。",
            f"A whole group can read the file of {name}: chmod 0400 unless that is meant.",
        )


def _data(subject: Subject) -> Iterator[Finding]:
    """What lies in the data folder is the service's alone."""
    settings = subject.settings
    private = settings.data_dir / "keys" / "private"
    watched = [settings.data_dir / "certlib.sqlite", private, settings.data_dir / "keys"]
    watched += sorted(private.glob("*.key")) if private.is_dir() else []
    present = [path for path in watched if path.exists()]
    wide = [path for path in present if open_to(path)]
    foreign = [path for path in present if path.stat().st_uid != os.geteuid()]
    if wide:
        yield failed(
            f"其他用户可进入或读取 {_some(settings.data_dir, wide)}：请 chmod -R go= 数据目录。",
            f"Others can reach {_some(settings.data_dir, wide)}: chmod -R go= the data folder.",
        )
    if foreign:
        yield failed(
            f"{_some(settings.data_dir, foreign)} 不属于当前用户：请 chown 给服务的用户。",
            f"{_some(settings.data_dir, foreign)} does not belong to this user: chown it to the "
            "service's.",
        )
    if not wide and not foreign:
        yield ok("数据目录的权限无误。", "Owner and modes in the data folder are right.")


def _space(subject: Subject) -> Iterator[Finding]:
    places = {"DATA_DIR": subject.settings.data_dir, "TMPDIR": Path(gettempdir())}
    found = [finding for name, path in places.items() for finding in _room(name, path)]
    yield from found
    if not found:
        free = shutil.disk_usage(subject.settings.data_dir).free // 1_000_000_000
        yield ok(f"磁盘剩余 {free} GB。", f"{free} GB free.")


def _room(name: str, path: Path) -> Iterator[Finding]:
    usage, inodes = shutil.disk_usage(path), os.statvfs(path)
    megabytes = usage.free // 1_000_000
    zh = f"{name} 所在磁盘仅剩 {megabytes} MB：请清理或扩容，写满后签发即停止。"
    en = f"{megabytes} MB free for {name}: make room, issuing stops when it is full."
    if usage.free < _TOO_LITTLE:
        yield failed(zh, en)
    elif usage.free < _LITTLE:
        yield warning(zh, en)
    if inodes.f_files and inodes.f_favail < _FEW_FILES:
        yield warning(
            f"{name} 所在磁盘仅能再建 {inodes.f_favail} 个文件。",
            f"Only {inodes.f_favail} more files can be made for {name}.",
        )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _some(folder: Path, paths: list[Path]) -> str:
    """The first few, below the folder, with their modes."""
    named = [
        f"{path.relative_to(folder)} ({S_IMODE(path.stat().st_mode):04o})"
        for path in paths[:_MOST_NAMED]
    ]
    rest = len(paths) - len(named)
    return ", ".join(named) + (f" +{rest}" if rest else "")


CHECKS: Final = (
    Check("user", ("运行用户", "User"), _user),
    Check("secrets", ("密钥文件", "Secret files"), _secrets),
    Check("data", ("数据目录", "Data folder"), _data, ("user",)),
    Check("space", ("磁盘空间", "Disk space"), _space, ("user",)),
)
