"""Which lists a certificate points to, and which certificates a list covers (RFC 5280, 6.3.3 b-d).

Names are compared as sets of general names; directory names in them as RFC 5280, 7.1 wants it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography import x509

from signing.evidence.certificates import Name, name_of, part_of
from signing.evidence.revocation_lists import RevocationList

__all__ = ["ALL_REASONS", "Point", "points_of", "scope_covers"]

ALL_REASONS = frozenset(x509.ReasonFlags) - {
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.remove_from_crl,
}
"""What lists may be limited to (RFC 5280, 4.2.1.13); together they are everything."""

_Comparable = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Point:
    """One distribution point of a certificate.

    Attributes:
        names: of the point; empty where it has none of its own.
        reasons: for which its lists are asked.
        issuers: names of those who sign the lists in the place of the certificate's issuer.
        issuer_names: the same as general names; empty where the issuer signs.
    """

    names: frozenset[_Comparable]
    reasons: frozenset[x509.ReasonFlags]
    issuers: tuple[Name, ...] = ()
    issuer_names: frozenset[_Comparable] = frozenset()


def points_of(certificate: x509.Certificate) -> Iterator[Point]:
    """The points that the certificate names, then the one that RFC 5280, 6.3.3 assumes.

    The last one stands for every list of the certificate's own issuer.
    """
    for item in _named(certificate):
        yield _point(item, certificate)
    yield Point(_own_names(certificate), ALL_REASONS)


def scope_covers(
    item: RevocationList, certificate: x509.Certificate, point: Point
) -> frozenset[x509.ReasonFlags]:
    """The reasons for which a list, found by `point`, speaks of the certificate; maybe none."""
    scope = item.scope
    if point.issuers and not item.indirect:
        return frozenset()
    if scope is None:
        return point.reasons
    if not _names_fit(scope, item, point) or not _kind_fits(scope, certificate):
        return frozenset()
    some = scope.only_some_reasons
    return point.reasons if some is None else point.reasons & some


def _named(certificate: x509.Certificate) -> Iterable[x509.DistributionPoint]:
    try:
        return certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()


def _point(item: x509.DistributionPoint, certificate: x509.Certificate) -> Point:
    issuers = tuple(
        name_of(name.value)
        for name in item.crl_issuer or ()
        if isinstance(name, x509.DirectoryName)
    )
    names = _comparable(item.full_name or ())
    if item.relative_name is not None:
        above = issuers[0] if issuers else name_of(certificate.issuer)
        names = frozenset({_directory((*above, part_of(item.relative_name)))})
    reasons = ALL_REASONS if item.reasons is None else frozenset(item.reasons)
    return Point(names, reasons, issuers, _comparable(item.crl_issuer or ()))


def _own_names(certificate: x509.Certificate) -> frozenset[_Comparable]:
    own = {_directory(name_of(certificate.issuer))}
    try:
        other = certificate.extensions.get_extension_for_class(x509.IssuerAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset(own)
    return _comparable(other) | own


def _names_fit(scope: x509.IssuingDistributionPoint, item: RevocationList, point: Point) -> bool:
    names = _comparable(scope.full_name or ())
    if scope.relative_name is not None:
        names = frozenset({_directory((*item.issuer, part_of(scope.relative_name)))})
    return not names or bool(names & (point.names or point.issuer_names))


def _kind_fits(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    if scope.only_contains_attribute_certs:
        return False
    authority = _is_authority(certificate)
    if scope.only_contains_user_certs:
        return not authority
    return authority or not scope.only_contains_ca_certs


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _comparable(names: Iterable[x509.GeneralName]) -> frozenset[_Comparable]:
    return frozenset(
        _directory(name_of(name.value))
        if isinstance(name, x509.DirectoryName)
        else (type(name).__name__, name)
        for name in names
    )


def _directory(name: Name) -> _Comparable:
    return "directory", name
