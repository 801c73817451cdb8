"""Whether the trust list lets an authority stamp: a path from its certificate to an anchor."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from certlib.ports import TrustMaterial
from certlib.trust import TrustList, Use
from keys.certificates import certificate_from, crl_from, extensions_of
from keys.ocsp_answers import revoked_at
from keys.token_check import TokenRefusedError

__all__ = ["TokenTrust"]

_LONGEST: Final = 5
_MOST: Final = 16


class TokenTrust:
    """Asks the list that is in force at each token; nothing is fetched."""

    def __init__(
        self, trust_list: Callable[[], TrustList], material: Callable[[], TrustMaterial]
    ) -> None:
        """Believes what a `keys.trust_store.TrustStore` believes."""
        self._list = trust_list
        self._material = material

    def check(self, signer: x509.Certificate, sent: Sequence[bytes], at: datetime) -> None:
        """Accepts an authority under an anchor that the list names for timestamps, at that time.

        Raises:
            TokenRefusedError: no path, an authority that was not valid or is revoked, or an anchor
                that the list does not believe for timestamps then.
        """
        material = self._material()
        anchors = [certificate_from(der) for der in material.timestamp_anchors]
        helpers = [*_readable(material.issuers), *_readable(sent[:_MOST])]
        path = _path(signer, anchors, helpers, at)
        if not path:
            raise TokenRefusedError("no path to an authority of the trust list")
        _check_revoked(path, material, at)
        refusal = self._list().refusal(
            path[-1].fingerprint(SHA256()).hex(), Use.TIMESTAMP, at, "", ""
        )
        if refusal:
            raise TokenRefusedError(f"the trust list says {refusal}")


def _path(
    signer: x509.Certificate,
    anchors: Sequence[x509.Certificate],
    helpers: Sequence[x509.Certificate],
    at: datetime,
) -> list[x509.Certificate]:
    """From the signer to an anchor; of several issuers of one name the first that signed counts."""
    path = [signer]
    while len(path) <= _LONGEST:
        last = path[-1]
        if any(last == anchor for anchor in anchors):
            return path
        issuer = next((one for one in (*anchors, *helpers) if _issued(last, one, at)), None)
        if issuer is None or issuer in path:
            return []
        path.append(issuer)
    return []


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    if not issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc:
        return False
    try:
        found = extensions_of(issuer).get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return found.ca


def _check_revoked(path: Sequence[x509.Certificate], material: TrustMaterial, at: datetime) -> None:
    crls = [crl_from(der) for der in material.crls]
    for certificate, issuer in pairwise(path):
        for crl in crls:
            if crl.issuer != issuer.subject:
                continue
            entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and entry.revocation_date_utc <= at:
                raise TokenRefusedError("its authority is revoked")
        since = revoked_at(material.ocsps, certificate, issuer, material.crls, at)
        if since is not None and since <= at:
            raise TokenRefusedError("its authority is revoked")


def _readable(ders: Iterable[bytes]) -> Iterable[x509.Certificate]:
    for der in ders:
        try:
            yield certificate_from(der)
        except ValueError:
            continue
