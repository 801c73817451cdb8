"""Which addresses may be called: no address inside, whatever a name resolves to.

Whoever registers an address chooses where we connect. So what is not plainly a public unicast
address is refused: RFC 6890 and its successors in IANA's special-purpose registries, multicast, and
every form in which IPv6 carries an IPv4 address. The operator may name networks of the city.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from certlib.errors import Invalid, Problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to the addresses of the host; raises OSError when there are none."""

HTTPS: Final = 443
LONGEST_URL: Final = 2048
_MOST_ADDRESSES: Final = 100

_PUBLIC_V6: Final = IPv6Network("2000::/3")
"""All that IANA has given out for global unicast; NAT64 and mapped IPv4 lie outside."""
_SPECIAL: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind carriers' NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, with clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries any IPv4 address
        "3fff::/20",  # documentation
    )
)
_FORM: Final = (
    "url-malformed",
    "应为 https 地址，不含用户名、密码和片段，主机名为ASCII（中文域名请用 xn-- 形式）。",
    "Must be an https URL without user, password or fragment, its host in ASCII (`xn--…`).",
)
_PORT: Final = (
    "url-port",
    "不允许使用该端口：请使用 443，或请管理单位开放（CERTLIB_WEBHOOK_PORTS）。",
    "That port may not be used: take 443, or ask the operator (CERTLIB_WEBHOOK_PORTS).",
)
_INSIDE: Final = (
    "url-address-refused",
    "不得使用内部、本机或保留地址；市内网络须由管理员开放。",
    "Internal, local and reserved addresses are refused; the operator may open city networks.",
)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be called.

    Attributes:
        networks: networks of the city that may be called although they are not public.
        ports: ports that may be called.
    """

    networks: tuple[Network, ...] = ()
    ports: frozenset[int] = field(default_factory=lambda: frozenset({HTTPS}))

    def allows(self, address: Address) -> bool:
        """Whether this address may be called."""
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
            return False
        return not any(address in network for network in _SPECIAL)

    def allowed(self, host: str, port: int, resolve: Resolver) -> Sequence[str]:
        """The addresses of a host, resolved once, each of them allowed.

        One forbidden address among several refuses them all: such a name is a trap.

        Raises:
            AddressRefused: one may not be called, or there is none.
            OSError: the name cannot be resolved.
        """
        found = list(dict.fromkeys(resolve(host, port)))
        if not found or not all(map(self._allows_text, found)):
            raise AddressRefused
        return found

    def check(self, url: str, field_path: str = "/url") -> None:
        """Looks at the form of an address that somebody registers; names are resolved later.

        Raises:
            Invalid: it is no such URL, or names a port or an address that may not be called.
        """
        problem = self._problem(url)
        if problem is not None:
            raise Invalid(problems=(Problem(field_path, *problem),))

    def _problem(self, url: str) -> tuple[str, str, str] | None:
        try:
            parts = urlsplit(url)
            port = HTTPS if parts.port is None else parts.port
        except ValueError:
            return _FORM
        if not _well_formed(url, parts):
            return _FORM
        if port not in self.ports:
            return _PORT
        literal = _literal(parts.hostname or "")
        return _INSIDE if literal is not None and not self.allows(literal) else None

    def _allows_text(self, text: str) -> bool:
        # A scope (`fe80::1%eth0`) only ever belongs to addresses of this machine's own links.
        return "%" not in text and self.allows(ip_address(text))


class AddressRefused(Exception):
    """The name leads to an address that may not be called."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks by their text (`10.20.0.0/16`).

    Raises:
        ValueError: not a network.
    """
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def plain_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a setting, separated by commas or white space.

    Raises:
        ValueError: one is no plain `http` or `https` address, or there are more than a hundred.
    """
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for url in found:
        parts = urlsplit(url)
        plain = url.isascii() and url.isprintable() and "@" not in parts.netloc and "#" not in url
        if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
            raise ValueError(url)
        _ = parts.port
    if len(found) > _MOST_ADDRESSES:
        raise ValueError("too many")
    return found


def _well_formed(url: str, parts: SplitResult) -> bool:
    plain = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
    bare = "@" not in parts.netloc and "#" not in url and "\\" not in url
    return plain and bare and parts.scheme == "https" and bool(parts.hostname)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
