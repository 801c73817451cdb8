"""Validation material for long-term seals, out of what lies here (ETSI EN 319 142-1, 5.4).

Lists of the own authority, shard or complete, whichever is smaller, and those of other authorities
that the worker has fetched or an operator has brought. Nobody outside is asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from certlib.errors import SigningUnavailable
from certlib.ports import Clock, TrustMaterial, ValidationMaterial
from keys.certificates import certificate_from, crl_from, extensions_of

__all__ = ["StoredMaterial"]

_LONGEST = 8
_MOST_KEPT = 1024
_FOR_EVER = datetime.max.replace(tzinfo=UTC)

Chains = tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Authorities by subject, lists by issuer, both DER names; of one instant."""

    anchors: frozenset[bytes]
    authorities: Mapping[bytes, tuple[bytes, ...]]
    crls: Mapping[bytes, tuple[bytes, ...]]


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
    )


def _gathered(shelf: _Shelf, chains: Chains, now: datetime) -> tuple[ValidationMaterial, datetime]:
    """Everything for these chains, and until when it holds."""
    certificates: dict[bytes, None] = {}
    crls: dict[bytes, None] = {}
    for chain in chains:
        way = _way(shelf, chain)
        certificates |= dict.fromkeys(way)
        for der, issuer in pairwise(way):
            crls[_list_for(shelf, der, issuer, now)] = None
    ends = (crl_from(der).next_update_utc for der in crls)
    until = min((end for end in ends if end is not None), default=_FOR_EVER)
    return ValidationMaterial(tuple(certificates), tuple(crls)), until


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


def _list_for(shelf: _Shelf, der: bytes, issuer: bytes, now: datetime) -> bytes:
    """The smallest list that speaks of the certificate and holds now."""
    name = _certificate(der).issuer.public_bytes()
    for crl in shelf.crls.get(name, ()):
        if _holds(crl, now) and _speaks_of(crl, der) and _signed(crl, issuer):
            return crl
    raise SigningUnavailable(what="chain: no revocation list that holds now")


def _holds(crl: bytes, now: datetime) -> bool:
    loaded = crl_from(crl)
    end = loaded.next_update_utc
    return loaded.last_update_utc <= now and (end is None or now < end)


@lru_cache(maxsize=4096)
def _issued(issuer: bytes, der: bytes) -> bool:
    try:
        _certificate(der).verify_directly_issued_by(_certificate(issuer))
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=4096)
def _signed(crl: bytes, issuer: bytes) -> bool:
    key = _certificate(issuer).public_key()
    try:
        return crl_from(crl).is_signature_valid(key)  # type: ignore[arg-type]  # others raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


@lru_cache(maxsize=4096)
def _speaks_of(crl: bytes, der: bytes) -> bool:
    """Whether a list is complete for this certificate: all reasons, its point, its kind."""
    try:
        extensions = list(crl_from(crl).extensions)
        points = set(_points(_certificate(der)))
        authority = _is_authority(_certificate(der))
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    for extension in extensions:
        scope = extension.value
        if isinstance(scope, x509.IssuingDistributionPoint):
            if not _covers(scope, points, authority=authority):
                return False
        elif extension.critical:  # a delta list, or what nobody here understands
            return False
    return True


def _covers(
    scope: x509.IssuingDistributionPoint, points: set[x509.GeneralName], *, authority: bool
) -> bool:
    partial = (
        scope.only_some_reasons,
        scope.indirect_crl,
        scope.only_contains_attribute_certs,
        scope.relative_name,
        scope.only_contains_user_certs if authority else scope.only_contains_ca_certs,
    )
    return not any(partial) and (scope.full_name is None or bool(points & set(scope.full_name)))


def _points(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    for extension in extensions_of(certificate):
        if isinstance(extension.value, x509.CRLDistributionPoints):
            for point in extension.value:
                yield from point.full_name or ()


def _is_authority(certificate: x509.Certificate) -> bool:
    values = (extension.value for extension in extensions_of(certificate))
    return any(isinstance(value, x509.BasicConstraints) and value.ca for value in values)


@lru_cache(maxsize=4096)
def _certificate(der: bytes) -> x509.Certificate:
    try:
        return certificate_from(der)
    except ValueError as error:
        raise SigningUnavailable(what="chain: not an X.509 certificate") from error
