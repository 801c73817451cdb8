"""Makes keys and issues X.509 certificates and CRLs for the development authority.

Every step may be repeated: a key that an interrupted run left in the vault is used, not replaced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock, Entropy
from keys import algorithms, profiles, requests, responder, revocation_lists
from keys.hardware import generate
from keys.hardware_sessions import HardwareToken
from keys.orders import AuthorityOptions, SealOrder
from keys.places import TokenPlace
from keys.register import Member, Register, SealEntry, SealRequest
from keys.renewal import ahead, runs_out
from keys.timestamp_period import AHEAD, CERTIFICATE_DAYS, SIGNING, signing_period
from keys.vault import Vault

__all__ = ["AuthorityOptions", "Mint", "SealOrder"]

_BACKDATE: Final = timedelta(hours=1)  # readers' clocks may lag behind ours
_ROOT_DAYS: Final = 20 * 365
_ISSUING_DAYS: Final = 15 * 365
_WITNESS_DAYS: Final = 10 * 365
_RENEWED_DAYS: Final = 5 * 365  # shorter than that of the timestamp authority, which outlasts them
_SHORT: Final = {algorithms.ECDSA_P256: "p256", algorithms.RSA_3072: "rsa3072"}
_HARDWARE: Final = "-hsm"
_ID: Final = 16
_CORE: Final = frozenset({"root", "issuing", "timestamp", "history", "trust", "report", "snapshot"})


class Mint:
    """The part of the authority that reads the keys of its X.509 authorities."""

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        entropy: Entropy,
        options: AuthorityOptions,
        token: HardwareToken | None = None,
    ) -> None:
        """Issues with the keys in `vault`; makes keys of seals there, or in the `token`."""
        self._token = token
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._options = options
        self._url = options.public_url.rstrip("/") + "/pki"

    @property
    def lead(self) -> timedelta:
        """How long before the end of a seal the next one is made."""
        return timedelta(days=self._options.lead_days)

    def found(self) -> Register:
        """Root, issuing authority, timestamp authority, the key of the history, both CRLs.

        Raises:
            KeyUnusable: the vault holds seal keys: their register is lost, not new.
        """
        if self._vault.names() - _CORE:
            raise KeyUnusable(what="register: missing although seals were issued")
        root_key = self._private("root")
        name = profiles.authority_name(self._options.owner, "信任根")
        root = profiles.root_certificate(root_key, name, self._term(_ROOT_DAYS))
        issuer = profiles.Issuer(root, root_key, f"{self._url}/root")
        issuing = profiles.issuing_certificate(
            issuer,
            self._private("issuing").public_key(),
            profiles.authority_name(self._options.owner, "电子印章签发机构"),
            self._term(_ISSUING_DAYS, root),
        )
        timestamp = self._timestamp(issuer, "timestamp", self._clock.now() - _BACKDATE)
        register = Register(_member("root", root), _member("issuing", issuing), timestamp)
        return self.with_crls(self.completed(register))

    def completed(self, register: Register) -> Register:
        """The register with what an earlier release did not give it; as it is when it has all.

        Raises:
            KeyUnusable: the root's key cannot be used, or it has expired.
        """
        if register.counted_since is None:
            register = replace(register, counted_since=self._clock.now())
        return register if register.history is not None else self.with_own(register, "history")

    def with_timestamp(self, register: Register) -> Register:
        """The register with a timestamp key for when the last one's time to sign has ended.

        As it is, unless that is near. The next key's time begins where the last one's ends, so
        that exactly one signs at any instant.

        Raises:
            KeyUnusable: the root's key cannot be used, or it ends before the new key could sign.
        """
        last = register.timestamps[-1]
        _, ends = signing_period(x509.load_der_x509_certificate(last.certificate))
        if self._clock.now() < ends - AHEAD:
            return register
        begins = max(ends, self._clock.now() - _BACKDATE)
        made = self._timestamp(self._issuer(register.root), _next_name(last.key), begins)
        return replace(register, later_timestamps=(*register.later_timestamps, made))

    def _timestamp(self, issuer: profiles.Issuer, name: str, begins: datetime) -> Member:
        term = self._term(CERTIFICATE_DAYS, issuer.certificate)
        if begins >= term.not_after:
            raise KeyUnusable(what="root: ends before a new timestamp key could sign")
        ends = min(begins + SIGNING, term.not_after)
        certificate = profiles.timestamp_certificate(
            issuer,
            self._private(name).public_key(),
            profiles.authority_name(self._options.owner, "时间戳机构"),
            term,
            x509.PrivateKeyUsagePeriod(begins, ends),
        )
        return _member(name, certificate)

    def with_own(self, register: Register, purpose: str) -> Register:
        """The register with a key for `purpose` that is good for some time yet, perhaps itself.

        The one before is kept: what it has signed carries its certificate along, and is asked
        about for years. A key that ends with the root is followed by none.

        Raises:
            KeyUnusable: the root's key cannot be used, or it has expired.
        """
        current, kind, now = register.own.get(purpose), _OWN[purpose], self._clock.now()
        if current is not None and not runs_out(current.certificate, now):
            return register
        issuer = self._issuer(register.root)
        if current is not None and not self._better(current, issuer.certificate):
            return register
        name = purpose if current is None else _next_name(current.key)
        certificate = kind.profile(
            issuer,
            self._private(name).public_key(),
            profiles.authority_name(self._options.owner, kind.role),
            self._term(kind.days, issuer.certificate),
        )
        former = register.former if current is None else (*register.former, current)
        changes: dict[str, Any] = {purpose: _member(name, certificate), "former": former}
        return replace(register, **changes)

    def with_own_kept(self, register: Register) -> Register:
        """The register with each such key that is there followed where it is time.

        Raises:
            KeyUnusable: the root's key cannot be used, or it has expired.
        """
        for purpose in register.own:
            register = self.with_own(register, purpose)
        return register

    def _better(self, current: Member, root: x509.Certificate) -> bool:
        """Whether a key that is made now would begin sooner or end later: or there is no end."""
        found, now = x509.load_der_x509_certificate(current.certificate), self._clock.now()
        if ahead(root.not_valid_before_utc, now):
            return False
        sooner = ahead(found.not_valid_before_utc, now)
        return sooner or found.not_valid_after_utc < root.not_valid_after_utc

    def with_crls(self, register: Register) -> Register:
        """The register with every CRL that must be there; itself where all of them hold.

        Raises:
            KeyUnusable, SigningUnavailable: an authority whose list is due cannot sign.
        """
        now, days = self._clock.now(), self._options.crl_days
        return revocation_lists.with_lists(register, now, days, self._issuer)

    def with_responders(self, register: Register) -> Register:
        """The register with an OCSP responder for each authority that is good for days yet.

        Raises:
            KeyUnusable, SigningUnavailable: the key of an authority that is not a former one.
        """
        for authority in responder.due(register, self._clock.now()):
            try:
                issuer = self._issuer(authority)
            except KeyUnusable:
                if authority in register.former:
                    continue  # a key that was destroyed appoints nobody
                raise
            name = responder.key_name(authority, self._clock.now())
            certificate = responder.responder_certificate(
                issuer,
                self._private(name).public_key(),
                profiles.authority_name(self._options.owner, "证书状态应答"),
                self._term(responder.DAYS, issuer.certificate),
            )
            others = responder.without(register, authority)
            register = replace(register, responders=(*others, _member(name, certificate)))
        return register

    def seal(self, register: Register, order: SealOrder) -> SealEntry:
        """A new seal for a department, its key stored before this returns.

        Raises:
            KeyUnusable: the issuing authority's key cannot be used, or it has expired.
            SigningUnavailable: the key is to be made in a token that does not answer.
        """
        generation = 1 + sum(entry.issuer_code == order.issuer_code for entry in register.seals)
        name = f"seal-{order.issuer_code}-{generation:03d}-{_SHORT[order.algorithm]}"
        shard = f"{self._url}/{revocation_lists.open_shard(register)}"
        issuer = replace(self._issuer(register.issuing), crl=shard)
        term = self._term(self._options.seal_days, issuer.certificate)
        key: CertificatePublicKeyTypes
        place = None
        if order.hardware or self._options.hardware_seals:
            name += _HARDWARE
            place, key = self._in_token(name, order.algorithm)
        else:
            key = self._private(name, order.algorithm).public_key()
        sealed = _der(
            profiles.seal_certificate(issuer, key, order.department, order.issuer_code, term)
        )
        return SealEntry(name, order.algorithm, order.issuer_code, order.department, sealed, place)

    def _in_token(
        self, name: str, algorithm: str
    ) -> tuple[TokenPlace, ec.EllipticCurvePublicKey | rsa.RSAPublicKey]:
        """A key in the token; its place is kept in the vault first, so a repeated run finds it.

        Its CKA_ID is random: a token may serve several libraries.
        """
        if self._token is None:
            raise SigningUnavailable(what=f"{name}: no token is set")
        if not self._vault.has(name):
            made = TokenPlace(self._token.label, name, self._entropy.octets(_ID).hex())
            self._vault.put(name, made.as_octets())
        place = TokenPlace.from_octets(self._vault.get(name), name)
        if place.token != self._token.label:
            raise SigningUnavailable(what=f"{name}: token {place.token} is not set")
        return place, generate(self._token, place, algorithm)

    def request(self, register: Register, order: SealOrder) -> SealRequest:
        """A key for an outside authority to certify, stored before this returns, and its PKCS#10.

        Raises:
            KeyUnusable: a stored key cannot be used.
        """
        asked = [item.issuer_code for item in register.requests]
        asked += [item.issuer_code for item in register.outside]
        number = 1 + asked.count(order.issuer_code)
        name = f"seal-{order.issuer_code}-o{number:03d}-{_SHORT[order.algorithm]}"
        key = self._private(name, order.algorithm)
        made = requests.pkcs10(key, order.department, order.issuer_code)
        return SealRequest(
            name, order.algorithm, order.issuer_code, order.department, made, self._clock.now()
        )

    def _private(self, name: str, algorithm: str = algorithms.ECDSA_P256) -> algorithms.PrivateKey:
        """The key of that name, made when it is not there yet."""
        if self._vault.has(name):
            return algorithms.load_private(algorithm, self._vault.get(name), name)
        key = algorithms.generate(algorithm)
        self._vault.put(name, algorithms.private_bytes(key))
        return key

    def _issuer(self, member: Member) -> profiles.Issuer:
        pkcs8 = self._vault.get(member.key)
        key = algorithms.load_private(member.algorithm, pkcs8, member.key)
        certificate = x509.load_der_x509_certificate(member.certificate)
        url, ocsp = f"{self._url}/{member.key}", f"{self._url}/ocsp"
        return profiles.Issuer(certificate, key, url, ocsp=ocsp)

    def _term(self, days: int, issuer: x509.Certificate | None = None) -> profiles.Term:
        """Validity from now for `days`, never beyond the issuer's own."""
        start = self._clock.now() - _BACKDATE
        end = start + timedelta(days=days)
        if issuer is not None:
            start = max(start, issuer.not_valid_before_utc)
            end = min(end, issuer.not_valid_after_utc)
        if end <= self._clock.now():
            raise KeyUnusable(what="issuing authority: expired")
        return profiles.Term(self._serial(), start, end)

    def _serial(self) -> int:
        """127 random bits and never zero (RFC 5280 section 4.1.2.2 asks for positive)."""
        octets = self._entropy.octets(16)
        return (int.from_bytes(octets) >> 1) | (1 << 126)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A key of the authority that is followed by another before its certificate runs out."""

    role: str
    profile: Callable[
        [profiles.Issuer, CertificatePublicKeyTypes, x509.Name, profiles.Term], x509.Certificate
    ]
    days: int


_OWN: Final[Mapping[str, _Kind]] = {
    "history": _Kind("审计历史封签", profiles.history_certificate, _WITNESS_DAYS),
    "trust": _Kind("信任清单签名", profiles.trust_certificate, _WITNESS_DAYS),
    "report": _Kind("核验回执签章", profiles.report_certificate, _RENEWED_DAYS),
    "snapshot": _Kind("状态快照签名", profiles.snapshot_certificate, _RENEWED_DAYS),
}


def _next_name(name: str) -> str:
    """`report` is followed by `report-2`, and that by `report-3`."""
    kind, _, number = name.partition("-")
    return f"{kind}-{int(number or 1) + 1}"


def _member(name: str, certificate: x509.Certificate) -> Member:
    return Member(name, algorithms.ECDSA_P256, _der(certificate))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
