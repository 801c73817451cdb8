"""Which snapshot was the newest here, in a small file beside the trust: an older one is told.

It is not refused: whoever asks about the day of an older snapshot needs that one.

{"format":1,"seen":{"<sha256 of the root>":"2026-11-23T03:44:17Z"}}
"""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certlib.canonical import canonical_bytes
from certlib.errors import SigningUnavailable
from certlib.snapshot import SnapshotHeader
from certlib.trust_errors import TrustListRefused
from keys import files
from keys.trust_payload import strict_object

__all__ = ["MEMORY_NAME", "newer_seen"]

MEMORY_NAME: Final = "snapshots.seen"
_FORMAT: Final = 1
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"
_READABLE: Final = 0o644


def newer_seen(path: Path, header: SnapshotHeader) -> datetime | None:
    """Of when a newer snapshot of the same root is, that was used here; None where there is none.

    A newer one is remembered, as far as the folder can be written. A damaged file remembers
    nothing: it is written anew.
    """
    with suppress(SigningUnavailable), files.exclusive(path.parent):
        return _kept(path, header)
    return _newer(_seen(path), header)


def _kept(path: Path, header: SnapshotHeader) -> datetime | None:
    seen = _seen(path)
    newer = _newer(seen, header)
    if newer is None and seen.get(header.anchor) != header.as_of:
        said = {**seen, header.anchor: header.as_of}
        texts = {root: moment.strftime(_INSTANT) for root, moment in said.items()}
        content = canonical_bytes({"format": _FORMAT, "seen": texts})
        files.replace(path, content + b"\n", mode=_READABLE)
    return newer


def _newer(seen: dict[str, datetime], header: SnapshotHeader) -> datetime | None:
    last = seen.get(header.anchor)
    return last if last is not None and last > header.as_of else None


def _seen(path: Path) -> dict[str, datetime]:
    try:
        stored = files.read(path)
        plain = {} if stored is None else strict_object(stored)["seen"]
        return {
            str(root): datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
            for root, text in plain.items()
        }
    except (TrustListRefused, SigningUnavailable, AttributeError, KeyError, TypeError, ValueError):
        return {}
