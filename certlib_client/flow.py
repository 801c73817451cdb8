"""The conversation of one call: token, attempts, pauses; told as steps that a client carries out.

No I/O here: the synchronous and the asynchronous client carry out the same steps.
"""

import base64
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from certlib_client.calls import Call
from certlib_client.credentials import Credentials
from certlib_client.errors import Unreachable, problem
from certlib_client.patience import Patience

_Answer = TypeVar("_Answer")
_BUSY = frozenset({408, 425, 429, 503})
_IN_PROGRESS = "idempotency-in-progress"
_EARLY = 30.0
"""Seconds before its end when a token is renewed."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this; answer with a `Reply`, or with a `Lost` when there was none."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    json: Mapping[str, Any] | None = None
    content: bytes | None = None
    data: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    json: Any
    content: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing came back, and why."""

    cause: str


Steps = Generator[Send | Pause, Reply | Lost | None, _Answer]


@dataclass(slots=True)
class Token:
    """The access token at hand."""

    value: str = ""
    until: float = 0.0

    @property
    def fresh(self) -> bool:
        """Whether it will do for another call."""
        return bool(self.value) and time.monotonic() < self.until - _EARLY


@dataclass(slots=True)
class Conversation:
    """What all calls of one client share."""

    credentials: Credentials
    patience: Patience
    token: Token = field(default_factory=Token)

    def steps(self, call: Call[_Answer]) -> Steps[_Answer]:
        """The steps of one call, ending with its answer.

        Raises:
            LibraryProblem: the library refused.
            Unreachable: no answer within the patience.
        """
        reply = yield from self._patient(call)
        if reply.status == 401 and not call.open:  # noqa: PLR2004 - HTTP's own number
            self.token.value = ""  # it may have been withdrawn: ask once more
            reply = yield from self._patient(call)
        if not 200 <= reply.status < 300:  # noqa: PLR2004
            raise problem(reply.status, reply.json)
        if call.headed:
            return call.read((reply.content, reply.headers))
        return call.read(reply.content if call.binary else reply.json)

    def _patient(self, call: Call[Any]) -> Steps[Reply]:
        """The first answer that settles it; the same key at each attempt."""
        end, pause = time.monotonic() + self.patience.seconds, self.patience.first_pause
        while True:
            said = yield from self._attempt(call)
            if isinstance(said, Reply) and not _again(said):
                return said
            asked = _retry_after(said)
            seconds = asked if asked is not None else pause * random.uniform(0.5, 1.0)  # noqa: S311
            if time.monotonic() + seconds > end:
                if isinstance(said, Reply):
                    return said
                raise Unreachable(call.key, said.cause)
            yield Pause(seconds)
            pause = min(pause * 2, self.patience.longest_pause)

    def _attempt(self, call: Call[Any]) -> Steps[Reply | Lost]:
        headers = dict(call.headers)
        if not call.open:
            if not self.token.fresh:
                refused = yield from self._authenticate()
                if refused is not None:
                    return refused
            headers["Authorization"] = f"Bearer {self.token.value}"
        if call.key:
            headers["Idempotency-Key"] = call.key
        said = yield Send(call.method, call.path, headers, call.params, call.json, call.content)
        return _heard(said)

    def _authenticate(self) -> Steps[Reply | Lost | None]:
        """Gets a token; None when there is one now."""
        pair = f"{self.credentials.client_id}:{self.credentials.client_secret}"
        basic = base64.b64encode(pair.encode()).decode()
        form = self.credentials.form()
        headers = {"Authorization": f"Basic {basic}"}
        said = _heard((yield Send("POST", "/oauth2/token", headers, {}, data=form)))
        if isinstance(said, Lost) or _again(said):
            return said
        if said.status != 200:  # noqa: PLR2004
            raise problem(said.status, said.json)
        self.token.value = said.json["access_token"]
        self.token.until = time.monotonic() + float(said.json["expires_in"])
        return None


def _heard(said: Reply | Lost | None) -> Reply | Lost:
    return Lost("no answer") if said is None else said


def _again(said: Reply) -> bool:
    if said.status in _BUSY:
        return True
    body = said.json if isinstance(said.json, Mapping) else {}
    return said.status == 409 and body.get("code") == _IN_PROGRESS  # noqa: PLR2004


def _retry_after(said: Reply | Lost) -> float | None:
    text = said.headers.get("retry-after", "") if isinstance(said, Reply) else ""
    return float(text) if text.isascii() and text.isdecimal() else None
