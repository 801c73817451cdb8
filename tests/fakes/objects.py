"""An object store in memory; it passes the contract suite of the real one."""

import re
from threading import Lock

from certlib.errors import Corrupt, Unsupported

_NAME = re.compile(r"[0-9a-f]{32}\.(?:0|[1-9][0-9]{0,8})")
_BATCH = re.compile(r"history/[0-9]{10}\.json")


class MemoryObjectStore:
    """Write-once objects in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    def put_once(self, name: str, content: bytes) -> None:
        with self._lock:
            if self._objects.setdefault(_checked(name), bytes(content)) != content:
                raise Corrupt(what="object")

    def get(self, name: str) -> bytes | None:
        return self._objects.get(_checked(name))

    def names(self) -> list[str]:
        return sorted(filter(_NAME.fullmatch, self._objects))

    def batches(self) -> list[str]:
        return sorted(filter(_BATCH.fullmatch, self._objects))

    def remove(self, name: str) -> None:
        if _BATCH.fullmatch(name):
            raise Unsupported(what="object name")
        with self._lock:
            self._objects.pop(_checked(name), None)


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None and _BATCH.fullmatch(name) is None:
        raise Unsupported(what="object name")
    return name
