"""Validation material for long-term seals, out of what lies here (ETSI EN 319 142-1, 5.4).

Lists of the own authority, shard or complete, whichever is smaller, and those of other authorities
that the worker has fetched or an operator has brought; where no list speaks of a certificate, an
OCSP answer that the worker has kept. Nobody outside is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from cryptography import x509

from certlib.errors import SigningUnavailable
from certlib.ports import Clock, TrustMaterial, ValidationMaterial
from keys.certificates import certificate_from, crl_from
from keys.list_coverage import list_for
from keys.ocsp_answers import (
    AnswerRefusedError,
    answer_from,
    answer_holds,
    answers_about,
    basis_of,
    issued_by,
)

__all__ = ["StoredMaterial"]

_LONGEST = 8
_MOST_KEPT = 1024
_FOR_EVER = datetime.max.replace(tzinfo=UTC)

Chains = tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Authorities by subject, lists by issuer, both DER names; of one instant.

    Attributes:
        ocsps: answers about single certificates.
    """

    anchors: frozenset[bytes]
    authorities: Mapping[bytes, tuple[bytes, ...]]
    crls: Mapping[bytes, tuple[bytes, ...]]
    ocsps: tuple[bytes, ...] = ()


class StoredMaterial:
    """`certlib.ports.ValidationMaterialSource` over what a node believes and publishes."""

    def __init__(
        self,
        believed: Callable[[], TrustMaterial],
        published: Callable[[], Mapping[str, bytes]],
        clock: Clock,
    ) -> None:
        """Takes what is here at each call.

        Args:
            believed: anchors, issuers and lists, own and others'.
            published: own lists by name, shards among them; never overdue.
            clock: lists must hold by it.
        """
        self._believed = believed
        self._published = published
        self._clock = clock
        self._looked: tuple[datetime, object] | None = None
        self._shelf = _Shelf(frozenset(), {}, {})
        self._kept: dict[Chains, tuple[ValidationMaterial, datetime]] = {}

    def material(self, chains: Sequence[Sequence[bytes]]) -> ValidationMaterial:
        """See the port; the same object until a list changes or ends.

        Raises:
            SigningUnavailable: an issuer, or a list that holds, is not here.
        """
        now = self._clock.now()
        shelf, kept = self._current(now)
        asked = tuple(map(tuple, chains))
        found = kept.get(asked)
        if found is None or found[1] <= now:
            found = _gathered(shelf, asked, now)
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[asked] = found
        return found[0]

    def _current(
        self, now: datetime
    ) -> tuple[_Shelf, dict[Chains, tuple[ValidationMaterial, datetime]]]:
        """What lies here, looked at once in a second of the clock."""
        looked = self._looked
        if looked is None or looked[0] != now:
            believed, published = self._believed(), self._published()
            mark = (believed, tuple(published.values()))
            if looked is None or looked[1] != mark:
                # Two threads may both do this; each goes on with what it has seen.
                self._shelf, self._kept = _shelf(believed, published), {}
            self._looked = (now, mark)
        return self._shelf, self._kept


def _shelf(believed: TrustMaterial, published: Mapping[str, bytes]) -> _Shelf:
    anchors = (*believed.seal_anchors, *believed.timestamp_anchors)
    authorities: dict[bytes, list[bytes]] = {}
    for der in dict.fromkeys((*anchors, *believed.issuers)):
        authorities.setdefault(_certificate(der).subject.public_bytes(), []).append(der)
    crls: dict[bytes, list[bytes]] = {}
    for der in dict.fromkeys((*published.values(), *believed.crls)):
        crls.setdefault(crl_from(der).issuer.public_bytes(), []).append(der)
    return _Shelf(
        frozenset(anchors),
        {name: tuple(found) for name, found in authorities.items()},
        {name: tuple(sorted(found, key=len)) for name, found in crls.items()},
        believed.ocsps,
    )


def _gathered(shelf: _Shelf, chains: Chains, now: datetime) -> tuple[ValidationMaterial, datetime]:
    """Everything for these chains, and until when it holds."""
    certificates: dict[bytes, None] = {}
    told: list[ValidationMaterial] = []
    for chain in chains:
        way = _way(shelf, chain)
        certificates |= dict.fromkeys(way)
        told += [_told(shelf, der, issuer, now) for der, issuer in pairwise(way)]
    responders = dict.fromkeys(der for item in told for der in item.certificates)
    crls = dict.fromkeys(der for item in told for der in item.crls)
    ocsps = dict.fromkeys(der for item in told for der in item.ocsps)
    ends = (
        *(crl_from(der).next_update_utc for der in crls),
        *(answer_from(der).next_update_utc for der in ocsps),
        *(_certificate(der).not_valid_after_utc for der in responders),
    )
    until = min((end for end in ends if end is not None), default=_FOR_EVER)
    every = tuple(certificates | responders)
    return ValidationMaterial(every, tuple(crls), tuple(ocsps)), until


def _way(shelf: _Shelf, chain: Sequence[bytes]) -> tuple[bytes, ...]:
    """From a certificate to its anchor."""
    if not chain:
        raise SigningUnavailable(what="chain: empty")
    above = dict.fromkeys(chain[1:])
    way = [chain[0]]
    while way[-1] not in shelf.anchors:
        name = _certificate(way[-1]).issuer.public_bytes()
        known = shelf.authorities.get(name, ())
        offered = tuple(der for der in above if _certificate(der).subject.public_bytes() == name)
        issuers = (der for der in (*known, *offered) if der not in way and _issued(der, way[-1]))
        issuer = next(issuers, None)
        if issuer is None or len(way) == _LONGEST:
            raise SigningUnavailable(what="chain: no issuer is known of one of its certificates")
        way.append(issuer)
    return tuple(way)


def _told(shelf: _Shelf, der: bytes, issuer: bytes, now: datetime) -> ValidationMaterial:
    """The smallest list that speaks of the certificate; without one, an answer and its basis."""
    certificate, above = _certificate(der), _certificate(issuer)
    lists = shelf.crls.get(certificate.issuer.public_bytes(), ())
    crl = list_for(lists, der, issuer, now)
    if crl is not None:
        return ValidationMaterial(crls=(crl,))
    for answer in answers_about(shelf.ocsps, certificate, above):
        if answer_holds(answer_from(answer), now):
            with suppress(AnswerRefusedError):
                return replace(basis_of(answer, above, lists, now), ocsps=(answer,))
    raise SigningUnavailable(what="chain: no revocation list or answer that holds now")


@lru_cache(maxsize=4096)
def _issued(issuer: bytes, der: bytes) -> bool:
    return issued_by(_certificate(der), _certificate(issuer))


@lru_cache(maxsize=4096)
def _certificate(der: bytes) -> x509.Certificate:
    try:
        return certificate_from(der)
    except ValueError as error:
        raise SigningUnavailable(what="chain: not an X.509 certificate") from error
