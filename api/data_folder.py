"""The node's folder: made when absent, and held by one process."""

import fcntl
from contextlib import ExitStack
from pathlib import Path

from certlib.errors import DataFolderBusy, StoreUnavailable

__all__ = ["hold_lock", "make_private"]


def make_private(folder: Path) -> None:
    """Makes the folder; raises `StoreUnavailable`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreUnavailable(what="DATA_DIR") from error


def hold_lock(folder: Path, stack: ExitStack) -> None:
    """One writer process per data folder; the lock goes with the process, however it ends.

    Raises:
        DataFolderBusy: another process holds it.
        StoreUnavailable: the folder does not answer.
    """
    try:
        handle = stack.enter_context((folder / "lock").open("a"))
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataFolderBusy from error
    except OSError as error:
        raise StoreUnavailable(what="DATA_DIR") from error
