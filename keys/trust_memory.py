"""What was seen of a trust list, in a small file beside it: nobody is taken back to an older one.

{"format":1,"sha256":"…","version":3}
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from certlib.canonical import canonical_bytes
from certlib.errors import SigningUnavailable
from certlib.trust_errors import TrustListRefused, refused
from keys import files
from keys.trust_list import SignedList
from keys.trust_payload import strict_object

__all__ = ["Memory"]

_FORMAT: Final = 1
_MEMBERS: Final = frozenset({"format", "version", "sha256"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_READABLE: Final = 0o644
"""Whoever may read the list may know which version was the newest."""


class Memory:
    """The highest version that was believed here, and the digest of its payload."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, signed: SignedList) -> None:
        """Whether it is no older than what was here; nothing is written.

        Raises:
            TrustListRefused: an older version, or the same with another content.
            SigningUnavailable: the file cannot be read.
        """
        self._check(signed)

    def keep(self, signed: SignedList) -> bool:
        """The same, and remembers a newer version; False where nothing can be written.

        Raises:
            TrustListRefused: an older version, or the same with another content.
            SigningUnavailable: the file cannot be read.
        """
        if not self._check(signed):
            return True
        with suppress(SigningUnavailable), files.exclusive(self._path.parent):
            if self._check(signed):  # another process may have been faster, with a newer one
                content = {
                    "format": _FORMAT,
                    "version": signed.found.version,
                    "sha256": signed.digest,
                }
                files.replace(self._path, canonical_bytes(content) + b"\n", mode=_READABLE)
            return True
        return False

    def _check(self, signed: SignedList) -> bool:
        """Whether it is newer than what is remembered."""
        seen, digest = self._seen()
        version = signed.found.version
        if version < seen:
            raise refused("rollback", version=version, seen=seen)
        if version == seen and signed.digest != digest:
            raise refused("replaced", version=version)
        return version > seen

    def _seen(self) -> tuple[int, str]:
        stored = files.read(self._path)
        if stored is None:
            return 0, ""
        try:
            found = strict_object(stored)
            return _read(found)
        except (TrustListRefused, ValueError) as error:
            raise refused("memory", name=self._path.name) from error


def _read(found: dict[str, Any]) -> tuple[int, str]:
    version, digest = found.get("version"), found.get("sha256")
    good = (
        found.keys() == _MEMBERS
        and found["format"] == _FORMAT
        and type(version) is int
        and isinstance(digest, str)
        and _DIGEST.fullmatch(digest) is not None
    )
    if not good:
        raise ValueError("members")
    return version, digest  # type: ignore[return-value]  # looked at above
