"""How many requests a client may make: token buckets, one for each client and kind of request.

Clients of the API are known by their token, everybody else by address. Buckets live in the memory
of one process: with several, each allows its share anew. Headers are those of the IETF's draft
(draft-ietf-httpapi-ratelimit-headers): policy and what is left on every answer, `Retry-After` on
429.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.egress.addresses import Network
from api.failures import TooManyRequests
from api.metrics import Metrics
from api.middleware.limits import ALWAYS
from api.middleware.requests import caller_of, headers, refuse
from api.middleware.uploads import is_strangers_file
from api.settings import Settings

BURST_SECONDS: Final = 4
"""A bucket holds as much as comes in four seconds."""
MOST_BUCKETS: Final = 20_000
"""Those unused the longest are forgotten first: a forgotten bucket is a full one."""

_VERIFYING: Final = frozenset({"/v1/verifications", "/v1/statuses"})
_SEARCH: Final = "/search"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PREFIX: Final = 64
_MOST_ADDRESSES: Final = 4096
"""Whose bucket it is, kept for so many: it takes longer to find out than to take the token."""
_LONGEST_KEPT: Final = 200
"""Characters of a forwarded-for that is kept: nobody shall fill the memory with long ones."""


class Kind:
    """A kind of requests.

    Attributes:
        name: as clients are told.
        per_second: tokens that come back in a second; 0 lets everything pass.
        burst: what a full bucket holds.
        policy: `RateLimit-Policy`: so many (`q`) in so many seconds (`w`); "" without a limit.
    """

    __slots__ = ("burst", "name", "per_second", "policy")

    def __init__(self, name: str, per_second: float) -> None:
        self.name = name
        self.per_second = per_second
        self.burst = max(1, ceil(per_second * BURST_SECONDS))
        self.policy = ""
        if per_second > 0:
            self.policy = f'"{name}";q={self.burst};w={max(1, ceil(self.burst / per_second))}'

    def left(self, taken: "Taken") -> str:
        """`RateLimit`: what is left (`r`), and the seconds until all is there again (`t`)."""
        return f'"{self.name}";r={taken.left};t={taken.full_after}'


class Taken(NamedTuple):
    """What came of taking one token.

    Attributes:
        left: whole tokens left.
        full_after: seconds until the bucket is full.
        retry_after: seconds until there is a token; 0 when one was taken.
    """

    left: int
    full_after: int
    retry_after: int


class Buckets:
    """Tokens by key; at most `MOST_BUCKETS`. Runs on the event loop alone, so it needs no lock."""

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_BUCKETS) -> None:
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, kind: Kind, who: str) -> Taken:
        """Takes one token of `who`, if there is one."""
        key, now, burst = (kind.name, who), self._clock(), kind.burst
        tokens, at = self._kept.pop(key, (burst, now))
        tokens += (now - at) * kind.per_second
        tokens = min(tokens, burst)
        wait = 0
        if tokens < 1:
            wait = ceil((1 - tokens) / kind.per_second)
        else:
            tokens -= 1
        self._kept[key] = (tokens, now)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return Taken(int(tokens), ceil((burst - tokens) / kind.per_second), wait)


class Rates:
    """Which kind a request is of, who asks, and whether it may pass."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        proxies: tuple[Network, ...],
        buckets: Buckets | None = None,
    ) -> None:
        self._metrics = metrics
        self._proxies = proxies
        self._buckets = buckets or Buckets()
        self._read = Kind("read", settings.rate_read)
        self._write = Kind("write", settings.rate_write)
        self._verify = Kind("verify", settings.rate_verify)
        self._public = Kind("public", settings.rate_public)
        self._upload = Kind("upload", settings.rate_upload)
        policy = self._public.policy.encode("ascii")
        self._lines = b"ratelimit-policy: " + policy + b"\r\nratelimit: %b\r\n"
        self._known = lru_cache(_MOST_ADDRESSES)(self._found)

    def take(self, scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
        """Headers for the answer to a request that may pass.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        caller = caller_of(scope)
        kind = self._kind(scope) if caller is not None else self._kind_of_stranger(scope)
        if kind.per_second <= 0 or scope["path"] in ALWAYS:
            return ()
        who = self.asking(scope)
        taken = self._buckets.take(kind, who)
        left = kind.left(taken)
        if taken.retry_after:
            self._metrics.limited.labels(kind.name).inc()
            headers = {"RateLimit-Policy": kind.policy, "RateLimit": left}
            raise TooManyRequests(seconds=taken.retry_after, headers=headers)
        return (
            (b"ratelimit-policy", kind.policy.encode("ascii")),
            (b"ratelimit", left.encode("ascii")),
        )

    def take_public(self, peer: str, forwarded: str) -> bytes | None:
        """Header lines for the answer to somebody without a token; None when it must wait.

        Args:
            peer: address at the other end of the connection.
            forwarded: the `X-Forwarded-For` of the request, "" where it has none.
        """
        kind = self._public
        if kind.per_second <= 0:
            return b""
        taken = self._buckets.take(kind, self.who(peer, forwarded))
        if taken.retry_after:
            return None
        return self._lines % kind.left(taken).encode("ascii")

    def asking(self, scope: Scope) -> str:
        """The client by its token, or else its address."""
        caller = caller_of(scope)
        return self.address(scope) if caller is None else caller.client_id

    def address(self, scope: Scope) -> str:
        """`who` asks in that scope."""
        peer = (scope.get("client") or ("",))[0]
        return self.who(peer, headers(scope, b"x-forwarded-for"))

    def who(self, peer: str, forwarded: str) -> str:
        """Who asks, where nobody says so: an IPv4 address, or the 64 bits of an IPv6 network.

        Behind a proxy that the settings trust, the last address that it did not vouch for.
        """
        find = self._known if len(forwarded) <= _LONGEST_KEPT else self._found
        return find(peer, forwarded)

    def _found(self, peer: str, forwarded: str) -> str:
        address = _address(peer)
        chain = forwarded.split(",")
        while address and self._is_proxy(address) and chain:
            address = _address(chain.pop().strip()) or address
        if not address:
            return "unknown"
        if isinstance(parsed := ip_address(address), IPv6Address):
            return str(ip_network((parsed, _PREFIX), strict=False))
        return address

    def _is_proxy(self, address: str) -> bool:
        return any(ip_address(address) in network for network in self._proxies)

    def _kind_of_stranger(self, scope: Scope) -> Kind:
        """A file costs a reader, a look-up next to nothing: each has a bucket of its own."""
        return self._upload if is_strangers_file(scope) else self._public

    def _kind(self, scope: Scope) -> Kind:
        path = scope["path"]
        if path in _VERIFYING:
            return self._verify
        if scope["method"] in _READING or path.endswith(_SEARCH):
            return self._read
        return self._write


class RateLimits:
    """Refuses what is over a client's rate with 429, before the body is read."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, its answer with the headers that tell what is left."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = self._rates.take(scope)
        except TooManyRequests as error:
            await refuse(error, scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        await self._app(scope, receive, telling)


def _address(text: str) -> str:
    """A plain address, IPv4 as IPv4 even on a socket for both; "" for anything else."""
    try:
        parsed = ip_address(text.strip("[]"))
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed).partition("%")[0]
