"""Fetches the revocation lists of others, for the worker alone: no question ever waits for one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from api.egress.addresses import networks, plain_addresses
from api.egress.exchange import Download
from api.settings import Settings
from certlib.errors import SigningUnavailable
from certlib.ports import TrustMaterial
from keys.outside_lists import LIMIT, ListRefusedError, due_of, file_of, keep

__all__ = ["Believed", "Fetched", "OutsideLists", "asked_again", "open_outside_lists"]

_EVERY: Final = timedelta(hours=1)
"""A list is asked for so often, whatever it promises: revocations come between two."""
_AGAIN: Final = timedelta(minutes=2)


class Believed(Protocol):
    """Whom the node believes: `keys.trust_store.TrustStore` is one."""

    def material(self) -> TrustMaterial:
        """What paths are built of, now."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one address in one round.

    Attributes:
        place: number of the address in the settings, from 1; logs name no address.
        fault: a short word, or "" when a list is here that holds.
        fresh: whether another list than before is here now.
    """

    place: int
    fault: str = ""
    fresh: bool = False


@dataclass(slots=True)
class OutsideLists:
    """Every address of `CERTLIB_CRL_SOURCES`, when it is to be asked again, and how it is.

    Attributes:
        failing: places of those whose last question failed.
    """

    sources: tuple[tuple[str, Callable[[], bytes]], ...]
    folder: Path
    believed: Believed
    failing: set[int] = field(default_factory=set)
    _next: dict[int, datetime] = field(default_factory=dict)

    def round(self, now: datetime) -> Iterator[Fetched]:
        """Asks whoever is due, one after the other; never raises for what they answer."""
        for place, (url, fetch) in enumerate(self.sources, 1):
            if now < self._next.get(place, now):
                continue
            found = self._asked(place, url, fetch, now)
            if found.fault:
                self.failing.add(place)
            else:
                self.failing.discard(place)
            due = None if found.fault else due_of(file_of(self.folder, url))
            self._next[place] = asked_again(now, due, found.fault)
            yield found

    def _asked(self, place: int, url: str, fetch: Callable[[], bytes], now: datetime) -> Fetched:
        material = self.believed.material()
        authorities = (*material.seal_anchors, *material.timestamp_anchors, *material.issuers)
        try:
            fresh = keep(file_of(self.folder, url), fetch(), authorities, now)
        except ListRefusedError as error:
            return Fetched(place, str(error))
        except SigningUnavailable as error:
            return Fetched(place, str(error.values.get("what", error.code)))
        return Fetched(place, fresh=fresh)


def asked_again(now: datetime, due: datetime | None, fault: str) -> datetime:
    """When to ask next: soon after a fault, else when half of its life is over, within the hour.

    Args:
        now: when it was asked, aware UTC.
        due: when half of the life of what is here has passed; None: nothing says.
        fault: a short word, or "".
    """
    soonest, latest = now + _AGAIN, now + _EVERY
    return soonest if fault else max(soonest, min(due or latest, latest))


def open_outside_lists(settings: Settings, believed: Believed) -> OutsideLists:
    """The sources that the settings name; none is asked yet."""
    allowed = networks(settings.crl_networks.split(","))
    urls: Iterable[str] = plain_addresses(settings.crl_sources)
    sources = tuple((url, Download(url, allowed, LIMIT)) for url in urls)
    return OutsideLists(sources, settings.data_dir / "trust" / "crls", believed)
