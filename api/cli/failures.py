"""Exit codes, and failures that only a command line has: each is one sentence in two languages."""

from certlib.errors import CertlibError, Corrupt, Invalid, Unavailable

DONE = 0
FAILED = 1
"""A negative answer, or an act that was refused."""
UNKNOWN = 2
"""It could not be told or done now; the same call may succeed later."""
USAGE = 3
"""Wrong usage, input or settings: nothing was done."""
INTERRUPTED = 130


class CommandFailure(Exception):
    """What ends a command. `code` is its exit code."""

    code = FAILED

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class UsageProblem(CommandFailure):
    """The command was called wrongly, or a setting is missing or wrong."""

    code = USAGE


class ServerUnreachable(CommandFailure):
    """No server answers under the address."""

    code = UNKNOWN

    def __init__(self, server: str) -> None:
        super().__init__(
            f"无法连接服务器 {server}，请确认服务已启动，或用 --server 指定地址。",
            f"No server answers at {server}: start it, or name another with --server.",
        )


class ServerRefused(CommandFailure):
    """The server answered with a problem document; its own words are passed on."""


class ServerBusy(ServerRefused):
    """The server answered that it cannot answer now."""

    code = UNKNOWN


def code_of(error: CertlibError) -> int:
    """The exit code for an error of the library."""
    match error:
        case Unavailable() | Corrupt():
            return UNKNOWN
        case Invalid():
            return USAGE
        case _:
            return FAILED
