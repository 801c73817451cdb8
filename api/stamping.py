"""Builds what stamps: the clock, and the timestamp authorities here and elsewhere."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

from api.clock import SystemClock, SystemEntropy
from api.egress.addresses import networks
from api.egress.exchange import Exchange
from api.machine_clock import MachineClock
from api.settings import Settings
from api.timestamp_sources import OWN, OutsideAuthority, read_sources
from certlib.errors import CertlibError
from certlib.ports import Clock, Entropy, TimestampSource, TrustMaterial
from certlib.trust import TrustList
from keys.clock_mark import MarkFile
from keys.stamp_clock import ClockStanding, FollowedClock, Machine, StampClock
from keys.timestamp_chain import NamedSource, TimestampChain
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource, pinned_authorities
from keys.token_trust import TokenTrust
from keys.trust import material_of
from keys.trust_store import TrustStanding

__all__ = [
    "Asked",
    "ClockStanding",
    "Listed",
    "ask_sources",
    "history_source",
    "history_timestamps",
    "stamp_clock",
    "timestamp_chain",
]

_CLOCK: Final = Path("keys") / "clock"
_ANYWHERE: Final = networks(("0.0.0.0/0", "::/0"))
_IMPRINT: Final = hashlib.sha256(b"certlib timestamp sources").digest()


class Believed(Protocol):
    """Whom the node believes: `keys.trust_store.TrustStore` is one."""

    def trust_list(self) -> TrustList:
        """Who is believed for what, now."""
        ...

    def material(self) -> TrustMaterial:
        """What paths are built of, now."""
        ...


@dataclass(frozen=True, slots=True)
class _Own:
    """Our own authority in the chain: it, or its signer, has a time limit of its own."""

    source: TimestampSource

    def token_within(self, imprint: bytes, algorithm: str, seconds: float) -> bytes:
        """A token."""
        del seconds
        return self.source.token(imprint, algorithm)


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom the list of others alone believes, for who looks at it from beside a node."""

    standing: TrustStanding

    def trust_list(self) -> TrustList:
        """The list in force; nobody where there is none."""
        signed = self.standing.signed
        if signed is None:
            return TrustList(0, datetime.min.replace(tzinfo=UTC), None, "", ())
        return signed.found

    def material(self) -> TrustMaterial:
        """Its anchors and helpers, with the revocation lists that are here."""
        standing = self.standing
        return material_of(self.trust_list(), standing.crls.lists, standing.ocsps.lists)


@dataclass(frozen=True, slots=True)
class Asked:
    """How one authority elsewhere answered; `error` is None when it stamped."""

    name: str
    error: CertlibError | None
    ms: float


def stamp_clock(settings: Settings, clock: Clock) -> StampClock:
    """The clock that tokens are made by; of a clock that is no machine's, what can be known."""
    machine: Machine = MachineClock() if isinstance(clock, SystemClock) else FollowedClock(clock)
    # Where signers stamp, this clock is only looked at: the mark of theirs lies with the keys.
    marks = MarkFile(settings.data_dir / (_CLOCK.name if settings.signers else _CLOCK))
    return StampClock(machine, marks, required=settings.clock_sync == "required")


def timestamp_chain(
    settings: Settings, own: TimestampSource, trust: Believed, clock: Clock, entropy: Entropy
) -> TimestampChain | None:
    """The authorities that stamp seals, in their order; None where only the own one does.

    Raises:
        KeyUnusable: a file of certificates is missing, or holds something else.
    """
    if settings.timestamp_sources is None:
        return None
    found = read_sources(settings.timestamp_sources)
    built = _outside(settings.timestamp_sources, trust, clock, entropy)
    sources = [
        NamedSource(OWN, _Own(own), found.seconds, outside=False)
        if one.name == OWN
        else NamedSource(one.name, built(one), one.seconds)
        for one in found.source
    ]
    return TimestampChain(sources, found.seconds, monotonic)


def ask_sources(
    settings: Settings, trust: Believed, clock: Clock, entropy: Entropy
) -> Iterable[Asked]:
    """A token of every authority elsewhere that the file names, one after the other."""
    if settings.timestamp_sources is None:
        return
    built = _outside(settings.timestamp_sources, trust, clock, entropy)
    for one in read_sources(settings.timestamp_sources).source:
        if one.name != OWN:
            started, error = monotonic(), None
            try:
                built(one).token_within(_IMPRINT, "sha256", one.seconds)
            except CertlibError as found:
                error = found
            yield Asked(one.name, error, round((monotonic() - started) * 1000, 1))


def _outside(
    path: Path, trust: Believed, clock: Clock, entropy: Entropy
) -> Callable[[OutsideAuthority], HttpTimestampSource]:
    """Builds an authority of the file. Without a pin, whoever the trust list lets may stamp."""
    reachable = read_sources(path).reachable
    believed = TokenTrust(trust.trust_list, trust.material)

    def built(one: OutsideAuthority) -> HttpTimestampSource:
        pinned = pinned_authorities(path.parent / one.certificates) if one.certificates else ()
        options = HttpTimestampOptions(pinned, one.policy, one.seconds, one.tolerance)
        # A pin narrows what the list says; both must hold, or our own verifier would not agree.
        return HttpTimestampSource(options, Exchange(one.url, reachable), clock, entropy, believed)

    return built


def history_timestamps(settings: Settings, otherwise: TimestampSource) -> TimestampSource:
    """Another authority's timestamps hold against ourselves too, where one is set."""
    if not settings.history_tsa_url:
        return otherwise
    return history_source(settings, SystemClock(), SystemEntropy(), 300.0)


def history_source(
    settings: Settings, clock: Clock, entropy: Entropy, tolerance: float
) -> HttpTimestampSource:
    """The authority of `history_tsa_url`: its one address is the operator's word, wherever it is.

    Raises:
        KeyUnusable: its certificate is missing.
    """
    pinned = pinned_authorities(settings.history_tsa_certificate)
    options = HttpTimestampOptions(pinned, tolerance=tolerance)
    post = Exchange(settings.history_tsa_url, _ANYWHERE)
    return HttpTimestampSource(options, post, clock, entropy)
