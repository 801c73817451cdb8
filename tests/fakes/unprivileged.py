"""How a test server is started: as nobody when root starts it, and gone when the test run is."""

import os
import shutil
import socket
from pathlib import Path

NOBODY = 65534


class CannotStart(Exception):
    """The machine does not let us run a server; says why."""


def drop() -> list[str]:
    """What to put before a command so that it runs unprivileged.

    Raises:
        CannotStart: root, and no way to become nobody.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotStart("root without setpriv cannot start an unprivileged server")
    ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # The server must not outlive a test run that is killed.
    return [setpriv, *ids, "--pdeathsig=KILL", "--"]


def give(*paths: Path) -> None:
    """Hands folders to the user that `drop` becomes."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def free_ports(count: int) -> list[int]:
    """That many different ports of the loopback that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
