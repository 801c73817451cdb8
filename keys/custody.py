"""One instant of the authority, as readers see it: handles, seals, summaries."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import NameOID

from certlib.errors import SigningUnavailable, Unsupported
from certlib.trust import TrustedAuthority, Use
from keys import revocation_lists
from keys.keyring import Key, Keyring
from keys.mint import SealOrder
from keys.profiles import seal_name
from keys.register import (
    Member,
    OutsideSeal,
    Register,
    SealEntry,
    SealRequest,
    published,
)
from keys.renewal import ahead
from keys.timestamp_period import signing_period

__all__ = ["KeySummary", "Seal", "SealInfo", "Snapshot", "TimestampKey"]


@dataclass(frozen=True, slots=True)
class SealInfo:
    """What a page and the metadata say about a seal (ZZQZMC 签章名称).

    Attributes:
        demonstration: the page prints 演示 · 不具法律效力.
        fingerprint: hex SHA-256 of the seal's X.509 certificate, DER.
    """

    issuer_code: str
    seal_name: str
    demonstration: bool
    fingerprint: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class KeySummary:
    """A line of `certlib keys list`; nothing in it is secret.

    Attributes:
        purpose: `root`, `issuing`, `timestamp`, `history`, `trust`, `report`, `snapshot`, `ocsp` or
            `seal`.
        state: `next`, `current`, `superseded`, `expired`, `revoked`, or `requested`: an outside
            authority has been asked for its certificate, `fingerprint` is that of the request, and
            both instants are when it was made.
        issuer_code: the department's credit code, "" for the authority's own keys.
        token: label of the token that holds it, "" for a key in the vault.
    """

    name: str
    purpose: str
    algorithm: str
    state: str
    subject: str
    issuer_code: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    token: str = ""


@dataclass(frozen=True, slots=True)
class TimestampKey:
    """A timestamp key and its times; `state` as in `KeySummary`."""

    name: str
    state: str
    signs_from: datetime
    signs_until: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal with its handle."""

    info: SealInfo
    entry: SealEntry | OutsideSeal
    key: Key
    revoked: bool

    @property
    def outside(self) -> bool:
        """Whether its certificate is an outside authority's."""
        return isinstance(self.entry, OutsideSeal)

    def usable(self, at: datetime) -> bool:
        """Whether it may sign at `at`."""
        return not self.revoked and self.info.not_before <= at <= self.info.not_after


class Snapshot:
    """The register with its handles. Immutable: a change of the register makes a new one."""

    def __init__(
        self, register: Register, ring: Keyring, held: Mapping[str, Key] | None = None
    ) -> None:
        """Builds handles for `register`, keeping those already `held` (and loaded)."""
        self.register = register
        self._ring = ring
        self._held = dict(held or {})
        revoked = {entry.serial for entry in register.revoked}
        self._seals: dict[str, list[Seal]] = {}
        for entry in reversed(register.seals):
            seal = self._seal(entry, revoked)
            self._seals.setdefault(entry.issuer_code, []).append(seal)
        # Whoever has a seal from outside seals with such a one, or not at all.
        self._outside: dict[str, list[Seal]] = {}
        for given in reversed(register.outside):
            self._outside.setdefault(given.issuer_code, []).append(self._given(given))
        self._current = self._seals | self._outside
        # Newest first: the first whose time has come is the one that signs.
        self._timestamps = tuple(map(self._timestamp, reversed(register.timestamps)))
        self.own_keys = {
            purpose: self._handle(member, ()) for purpose, member in register.own.items()
        }
        for member in register.responders:
            self._handle(member, (), counted=False)

    def timestamp_key(self, at: datetime) -> Key:
        """The timestamp key whose time to sign it is at `at`; else the one whose was last."""
        found = (key for begins, key in self._timestamps if begins <= at)
        return next(found, self._timestamps[-1][1])

    @cached_property
    def timestamps_end(self) -> datetime:
        """When the time to sign of the newest timestamp key ends."""
        return signing_period(_loaded(self.register.timestamps[-1]))[1]

    def _timestamp(self, member: Member) -> tuple[datetime, Key]:
        key = self._handle(member, (), counted=False)
        return signing_period(_loaded(member))[0], key

    @property
    def handles(self) -> Mapping[str, Key]:
        """All handles by name."""
        return self._held

    def current_seal(self, issuer_code: str, at: datetime, key_name: str = "") -> Seal:
        """The department's newest usable seal; with the name of a key its usable one of that key.

        Raises:
            SigningUnavailable: it has none.
        """
        for seal in self._current.get(issuer_code, ()):
            if seal.usable(at) and key_name in {"", seal.entry.key}:
                return seal
        raise SigningUnavailable(what=f"no usable seal for {issuer_code}")

    def holds(self, order: SealOrder, at: datetime) -> bool:
        """Whether the department's current seal is what `order` asks for."""
        try:
            entry = self.current_seal(order.issuer_code, at).entry
        except SigningUnavailable:
            return False
        same = (entry.department, entry.algorithm) == (order.department, order.algorithm)
        return same and (entry.place is not None or not order.hardware)

    def in_place(self, order: SealOrder) -> SealOrder:
        """The order as it is carried out: whoever's last seal is in a token stays there."""
        last = next(iter(self._seals.get(order.issuer_code, ())), None)
        if last is None or last.entry.place is None:
            return order
        return replace(order, hardware=True)

    def info_of(self, key_name: str) -> SealInfo:
        """What is said of a seal, by the name of its key, whatever its state.

        Raises:
            Unsupported: no such seal.
        """
        for seals in (*self._outside.values(), *self._seals.values()):
            for seal in seals:
                if seal.entry.key == key_name:
                    return seal.info
        raise Unsupported(what=f"no seal key {key_name}")

    def outside(self, issuer_code: str) -> bool:
        """Whether the department's seals come from an outside authority."""
        return issuer_code in self._outside

    def requested(self, issuer_code: str) -> bool:
        """Whether an outside authority has been asked for a seal and has not answered."""
        return any(item.issuer_code == issuer_code for item in self.register.requests)

    def crls_due(self, at: datetime) -> bool:
        """Whether half of the life of a CRL has passed at `at`, or its time has not come."""
        begun, half = self._first_halves
        return at >= half or ahead(begun, at)

    @cached_property
    def _first_halves(self) -> tuple[datetime, datetime]:
        return revocation_lists.first_halves(self.register)

    @cached_property
    def crls_end(self) -> datetime:
        """When the first of the CRLs is overdue."""
        return min(_end(entry.crl) for entry in self.register.lists)

    @cached_property
    def certificates(self) -> Mapping[str, bytes]:
        """File name → DER of every X.509 certificate, for publishing."""
        register = self.register
        own = (*register.members, *register.former)
        published = {f"{member.key}.cer": member.certificate for member in own}
        published |= {f"{seal.key}.cer": seal.certificate for seal in register.seals}
        return published | {f"{seal.key}.cer": seal.certificate for seal in register.outside}

    @cached_property
    def published(self) -> bytes:
        """All that the register says, as JSON; nothing of it is secret."""
        return published(self.register)

    @cached_property
    def trusted(self) -> TrustedAuthority:
        """What this authority may do, as a trust list says it: what it has issued seals for."""
        register = self.register
        root = x509.load_der_x509_certificate(register.root.certificate)
        owner = root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        return TrustedAuthority(
            name=str(owner),
            name_en="This library's own authority",
            certificate=register.root.certificate,
            uses=frozenset(Use),
            issuers=frozenset(seal.issuer_code for seal in register.seals),
            types=frozenset(),
            since=root.not_valid_before_utc,
            helpers=tuple(
                member.certificate for member in revocation_lists.authorities(register)[1:]
            ),
        )

    def summaries(self, at: datetime) -> Iterable[KeySummary]:
        """Every key with its state at `at`, the authority's own first."""
        for member in self.register.members:
            summary = _summary(member, member.key.partition("-")[0], "")
            if member in self.register.timestamps:
                yield replace(summary, state=self._timestamp_state(member, at))
            else:
                yield replace(summary, state="expired") if at > summary.not_after else summary
        for code in dict.fromkeys((*self._seals, *self._outside)):
            current = next((seal for seal in self._current[code] if seal.usable(at)), None)
            for seal in (*self._outside.get(code, ()), *self._seals.get(code, ())):
                summary = _summary(seal.entry, "seal", code)
                yield replace(summary, state=_state(seal, current, at))
        yield from map(_asked, self.register.requests)

    def _timestamp_state(self, member: Member, at: datetime) -> str:
        begins, ends = signing_period(_loaded(member))
        if at < begins and member is not self.register.timestamp:
            return "next"
        if self.timestamp_key(at).name != member.key:
            return "superseded"
        return "expired" if at > ends else "current"

    def timestamp_keys(self, at: datetime) -> Iterator[TimestampKey]:
        """Every timestamp key at `at`, oldest first."""
        for member in self.register.timestamps:
            loaded = _loaded(member)
            state = self._timestamp_state(member, at)
            yield TimestampKey(
                member.key, state, *signing_period(loaded), loaded.not_valid_after_utc
            )

    def _seal(self, entry: SealEntry, revoked: set[int]) -> Seal:
        loaded = x509.load_der_x509_certificate(entry.certificate)
        info = SealInfo(
            issuer_code=entry.issuer_code,
            seal_name=seal_name(entry.department),
            demonstration=True,
            fingerprint=sha256(entry.certificate).hexdigest(),
            not_before=loaded.not_valid_before_utc,
            not_after=loaded.not_valid_after_utc,
        )
        above = revocation_lists.issuer_of(self.register, entry.certificate)
        key = self._handle(entry, ((above or self.register.issuing).certificate,))
        return Seal(info, entry, key, loaded.serial_number in revoked)

    def _given(self, entry: OutsideSeal) -> Seal:
        loaded = x509.load_der_x509_certificate(entry.certificate)
        info = SealInfo(
            issuer_code=entry.issuer_code,
            seal_name=_common_name(loaded),
            demonstration=False,
            fingerprint=sha256(entry.certificate).hexdigest(),
            not_before=loaded.not_valid_before_utc,
            not_after=loaded.not_valid_after_utc,
        )
        key = self._handle(entry, entry.chain)
        return Seal(info, entry, key, entry.ended_at is not None)

    def _handle(
        self,
        entry: Member | SealEntry | OutsideSeal,
        above: tuple[bytes, ...],
        *,
        counted: bool = True,
    ) -> Key:
        chain = (entry.certificate, *above)
        known = self._held.get(entry.key)
        if known is None or known.chain != chain:
            known = self._ring.handle(entry, above, counted=counted)
            self._held[entry.key] = known
        return known


def _loaded(member: Member) -> x509.Certificate:
    return x509.load_der_x509_certificate(member.certificate)


def _state(seal: Seal, current: Seal | None, at: datetime) -> str:
    if seal.revoked:
        return "revoked"
    if at > seal.info.not_after:
        return "expired"
    return "current" if seal is current else "superseded"


def _asked(request: SealRequest) -> KeySummary:
    csr = x509.load_der_x509_csr(request.request)
    return KeySummary(
        name=request.key,
        purpose="seal",
        algorithm=request.algorithm,
        state="requested",
        subject=_common_name(csr),
        issuer_code=request.issuer_code,
        fingerprint=sha256(request.request).hexdigest(),
        not_before=request.made_at,
        not_after=request.made_at,
    )


def _summary(
    member: Member | SealEntry | OutsideSeal, purpose: str, issuer_code: str
) -> KeySummary:
    loaded = x509.load_der_x509_certificate(member.certificate)
    return KeySummary(
        name=member.key,
        purpose=purpose,
        algorithm=member.algorithm,
        state="current",
        subject=_common_name(loaded),
        issuer_code=issuer_code,
        fingerprint=sha256(member.certificate).hexdigest(),
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        token="" if member.place is None else member.place.token,
    )


def _end(der: bytes) -> datetime:
    crl = x509.load_der_x509_crl(der)
    return crl.next_update_utc or crl.last_update_utc


def _common_name(named: x509.Certificate | x509.CertificateSigningRequest) -> str:
    found = named.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else named.subject.rfc4514_string()
