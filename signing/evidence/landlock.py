"""Landlock (Linux 5.13 and later): which files a process may still open, and nothing else of disks.

The kernel enforces it for everything that the process does, whatever library does it. What the
kernel does not know (older releases know less) is left out; where it is off, the answer is False.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["code_folders", "restrict"]

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on all machines
_PATH_BENEATH, _ASK_VERSION = 1, 1
_NO_NEW_PRIVS = 38
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
# Rights over files by the version that brought them; each set holds those before.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_PORTS = (4, 0b11)  # bind and connect by TCP
_SCOPES = (6, 0b11)  # abstract sockets, and signals to processes outside


def restrict(readable: Iterable[Path]) -> bool:
    """From now on files below `readable` may be read, and no others touched in any way."""
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    rights = max(mask for since, mask in _FILES.items() if since <= version)
    words = [rights]
    for since, mask in (_PORTS, _SCOPES):
        if version >= since:
            words.append(mask)
    asked = struct.pack(f"@{len(words)}Q", *words)
    rules = library.syscall(_CREATE, asked, len(asked), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            _allow(library, rules, path)
        if library.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(library.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def code_folders(root: Path) -> tuple[Path, ...]:
    """Where this program's own code lies, which Python may import late.

    Args:
        root: the folder that holds our packages. In a source tree much else may lie there, the
            data of a node for one, so it is never given whole unless it is a library's folder.
    """
    libraries = [Path(entry) for entry in sys.path if entry and Path(entry) != root]
    ours = [root] if root.name in {"site-packages", "dist-packages"} else []
    ours += [root / "signing", root / "certlib"]
    system = [Path("/lib"), Path("/lib64"), Path("/usr/lib"), Path("/usr/lib64")]
    devices = [Path(os.devnull), Path("/dev/urandom")]
    known = [*libraries, *ours, *system, *devices, Path("/usr/share/zoneinfo")]
    return tuple(path for path in known if path.exists())


def _allow(library: ctypes.CDLL, rules: int, path: Path) -> None:
    """Adds one rule; what cannot be opened stays forbidden."""
    with suppress(OSError):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            folder = _READ_DIR if path.is_dir() else 0
            rule = struct.pack("=Qi", _READ_FILE | _EXECUTE | folder, handle)
            library.syscall(_ADD, rules, _PATH_BENEATH, rule, 0)
        finally:
            os.close(handle)
