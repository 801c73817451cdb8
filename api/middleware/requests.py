"""What the middlewares keep beside a request, and how they answer in its place."""

import re
from collections.abc import Mapping
from itertools import count

from starlette.types import Receive, Scope, Send

from api import problems
from certlib.errors import CertlibError
from certlib.ports import Entropy
from certlib.usecases.caller import Caller

_SANE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{7,63}")
_SOMEBODY = re.compile(
    r"[0-9]{15}"  # of an identity number
    r"|(?<![0-9A-Za-z])(?:[0-9]{11,}|[0-9A-Z]{18})(?![0-9A-Za-z])"  # telephone, credit code
)
"""What could be somebody's number: it would stand in the log and in the history."""
_RUN_OCTETS = 6


class RequestIds:
    """Ids without a system call each: random bits of this run, and a counter."""

    def __init__(self, entropy: Entropy) -> None:
        self._run = entropy.octets(_RUN_OCTETS).hex()
        self._count = count(1)

    def next(self) -> str:
        """An id that no other request of this service has."""
        return f"{self._run}-{next(self._count):x}"

    def accepted(self, proposed: str) -> str:
        """The caller's own id where it is sane (8 to 64 plain characters), or a new one."""
        sane = _SANE.fullmatch(proposed) and not _SOMEBODY.search(proposed)
        return proposed if sane else self.next()


def header(scope: Scope, name: bytes) -> str:
    """The first header of that name (lower case), or ""."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def headers(scope: Scope, name: bytes) -> str:
    """All headers of that name (lower case) as one list (RFC 9110 section 5.3), or ""."""
    found = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(found)


def request_id_of(scope: Scope) -> str:
    """The id that `Observation` gave the request."""
    return str(scope.get("state", {}).get("request_id", ""))


def caller_of(scope: Scope) -> Caller | None:
    """Who `Authentication` found, or None on a public path."""
    found: Caller | None = scope.get("state", {}).get("caller")
    return found


async def refuse(
    error: CertlibError,
    scope: Scope,
    receive: Receive,
    send: Send,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Ends the request with `error`'s problem document."""
    answer = problems.response(error, request_id_of(scope), headers)
    await answer(scope, receive, send)
