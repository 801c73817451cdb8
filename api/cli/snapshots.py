"""Status snapshots on this machine: exported from the record, checked, and opened for verifying."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from api.cli.configuration import reading_settings
from api.cli.failures import UsageProblem
from api.cli.local import own_authority
from api.clock import SystemClock
from api.snapshots import header_of, rows_of
from certlib.snapshot import SnapshotHeader
from keys.snapshots import FileSnapshot, open_snapshot, write
from keys.trust import open_trust

__all__ = ["check", "export", "overdue"]


def export(data_dir: Path, out: Path) -> SnapshotHeader:
    """Writes the snapshot of the record as it is now, beside a server that runs.

    Raises:
        UsageProblem: there are no keys, a setting is wrong, or the file cannot be written.
        StoreUnavailable: the record does not answer.
        KeyUnusable, SigningUnavailable: the key cannot be used.
    """
    from api.bootstrap import open_desk

    settings, authority = reading_settings(data_dir), own_authority(data_dir)
    with closing(open_desk(settings)) as desk, desk.registry.read() as session:
        moment = SystemClock().now().replace(microsecond=0)
        header = header_of(session, settings.node_id, moment)
        # The key's certificate may be of this very second.
        key = authority.snapshot_key()
        try:
            if out.exists() and not out.is_file():
                # It would be replaced: a device or a pipe is somebody else's.
                raise UsageProblem(f"{out} 不是普通文件。", f"{out} is no ordinary file.")
            return write(out, header, rows_of(session, moment), key)
        except OSError as error:
            raise UsageProblem(
                f"无法写入 {out.name}（{error.strerror}）。",
                f"{out.name} cannot be written ({error.strerror}).",
            ) from error


def check(
    path: Path, data_dir: Path, trust: Path | None, signers: frozenset[str]
) -> SnapshotHeader:
    """What would be believed of a file, by a folder of trust or else by this node's own keys.

    Raises:
        SnapshotRefused: why it would not be believed.
        TrustListRefused, Corrupt: there is no trust to go by.
    """
    with closing(opened(path, data_dir, trust, signers)) as found:
        return replace(found.header)


def opened(path: Path, data_dir: Path, trust: Path | None, signers: frozenset[str]) -> FileSnapshot:
    """The file, read from end to end; raises as `check` does."""
    if trust is not None:
        listed, material = open_trust(trust, signers)
        return open_snapshot(path, listed, material, SystemClock().now())
    from api.cli.trust_lists import force

    listed, _ = force(data_dir)
    return open_snapshot(path, listed, own_authority(data_dir).trust_material(), _now())


def overdue(header: SnapshotHeader) -> bool:
    """Whether a newer one should be here."""
    return _now() > header.next_update


def _now() -> datetime:
    return SystemClock().now().astimezone(UTC)
