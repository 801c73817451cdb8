"""The CRLs of the authority (RFC 5280 section 5): which there are, what they say, when anew.

Each authority has one complete list, `<key>.crl`, and shards, `<key>.0001.crl` …: a certificate
names the shard that was open when it was issued, so that what a reader fetches, and what a sealed
file carries along, stays small however many certificates there are. Certificates of earlier
releases name the complete list, which goes on.

A list is signed anew when half of its life has passed, when it would say something else, or when
its time has not come: a wrong clock made it, and nobody would believe it before. Its
number is one more than the last one's (section 5.2.3), both in the register, which one process at
a time may write: numbers never go back and never come twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final

from cryptography import x509

from certlib.errors import KeyUnusable
from keys import crl_profile, profiles
from keys.register import Member, Register, StoredList
from keys.renewal import ahead

__all__ = [
    "Certified",
    "authorities",
    "certified",
    "first_halves",
    "issuer_of",
    "lists_of",
    "open_shard",
    "with_lists",
]

SHARD_SIZE: Final = 100
"""Certificates that name one shard: a list that names all of them has 4 kB."""

_FOR_EVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""When the next of the last list comes (RFC 5280 section 4.1.2.5's way to say: never)."""

Open = Callable[[Member], profiles.Issuer]
"""Opens an authority's key; raises `KeyUnusable`, `SigningUnavailable`."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What an X.509 certificate of ours says, as far as revocation is concerned.

    Attributes:
        issuer: key identifier of its issuer.
        points: addresses of the lists that it names.
    """

    serial: int
    issuer: bytes
    subject_key: bytes
    points: tuple[str, ...]
    not_before: datetime
    not_after: datetime

    @property
    def names(self) -> frozenset[str]:
        """File names of those lists."""
        return frozenset(map(_file_name, self.points))


@dataclass(frozen=True, slots=True)
class _Planned:
    """A list that there must be.

    Attributes:
        addresses: of a shard, all under which certificates look for it; empty: a complete list.
    """

    name: str
    issuer: Member
    addresses: frozenset[str]
    revoked: tuple[profiles.Revoked, ...]


@lru_cache(maxsize=65_536)
def certified(der: bytes) -> Certified:
    """What the certificate says; read once."""
    found = x509.load_der_x509_certificate(der)
    extensions = found.extensions
    own = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    issuer, points = own, tuple[str, ...]()
    for extension in extensions:
        if isinstance(extension.value, x509.AuthorityKeyIdentifier):
            issuer = extension.value.key_identifier or own
        elif isinstance(extension.value, x509.CRLDistributionPoints):
            named = chain.from_iterable(point.full_name or () for point in extension.value)
            points = tuple(str(name.value) for name in named)
    term = found.not_valid_before_utc, found.not_valid_after_utc
    return Certified(found.serial_number, issuer, own, points, *term)


def authorities(register: Register) -> tuple[Member, ...]:
    """Root and issuing authority, then those that others have followed."""
    issuing = {register.issuing.key.partition("-")[0], register.root.key.partition("-")[0]}
    former = (member for member in register.former if member.key.partition("-")[0] in issuing)
    return (register.root, register.issuing, *former)


def issuer_of(register: Register, der: bytes) -> Member | None:
    """The authority that has issued a certificate; None where it is none of ours."""
    wanted = certified(der).issuer
    for member in authorities(register):
        if certified(member.certificate).subject_key == wanted:
            return member
    return None


def lists_of(register: Register) -> Iterator[tuple[str, bytes]]:
    """File name and DER of each list, complete lists first."""
    complete = [f"{member.key}.crl" for member in authorities(register)]
    for name in complete:
        if found := register.list_named(name):
            yield name, found
    for entry in register.lists:
        if entry.name not in complete:
            yield entry.name, entry.crl


def open_shard(register: Register) -> str:
    """File name of the list that the next certificate of the issuing authority names."""
    prefix = f"{register.issuing.key}."
    newest, used = 1, 0
    for entry in reversed(register.seals):
        numbers = [_shard_number(name, prefix) for name in certified(entry.certificate).names]
        number = max(numbers, default=0)
        if number > newest:
            newest, used = number, 0
        if number < newest:
            break  # a certificate never names an older shard than the one before it
        used += 1
    return f"{prefix}{newest + (used >= SHARD_SIZE):04d}.crl"


def first_halves(register: Register) -> tuple[datetime, datetime]:
    """When the last of the lists begins, and when half of the life of the first has passed."""
    begun, half = zip(*(_first_half(entry.crl) for entry in register.lists), strict=True)
    return max(begun), min(half)


def with_lists(register: Register, now: datetime, days: int, opened: Open) -> Register:
    """The register with every list that must be there, saying what it must; perhaps itself.

    Args:
        register: to be completed; the caller holds the lock of its folder.
        now: aware UTC.
        days: life of a list.
        opened: opens keys; asked for those only whose lists are signed anew.

    Raises:
        KeyUnusable, SigningUnavailable: the key of an authority that is not a former one.
    """
    kept = {entry.name: entry.crl for entry in register.lists}
    made: dict[str, bytes] = {}
    issuers: dict[str, profiles.Issuer] = {}
    for planned in _planned(register):
        last = kept.get(planned.name, b"")
        if last and _says(last, planned) and not _due(last, now):
            continue
        if planned.issuer in register.former and last and _ended(planned.issuer, now):
            continue  # its last list stays
        try:
            if planned.issuer.key not in issuers:
                issuers[planned.issuer.key] = opened(planned.issuer)
        except KeyUnusable:
            if planned.issuer in register.former and last:
                continue  # a key that was destroyed signs no more; what it signed last is kept
            raise
        made[planned.name] = _signed(planned, issuers[planned.issuer.key], last, now, days)
    if not made:
        return register
    return replace(
        register, lists=tuple(StoredList(name, crl) for name, crl in (kept | made).items())
    )


def _signed(
    planned: _Planned, issuer: profiles.Issuer, last: bytes, now: datetime, days: int
) -> bytes:
    number = _number(last) + 1 if last else 1
    end = now + timedelta(days=days)
    if now + timedelta(days=days) / 2 >= issuer.certificate.not_valid_after_utc:
        end = _FOR_EVER  # nobody will be there to sign another
    return crl_profile.revocation_list(
        issuer, number, now, end, planned.revoked, sorted(planned.addresses)
    )


def _planned(register: Register) -> Iterator[_Planned]:
    above = {certified(member.certificate).subject_key: member for member in authorities(register)}
    own = (*register.members, *register.former)
    issued = [seal.certificate for seal in register.seals] + [one.certificate for one in own]
    addresses: dict[str, set[str]] = {}
    found: dict[int, Certified] = {}
    for der in issued:
        told = certified(der)
        found[told.serial] = told
        for point in told.points:
            addresses.setdefault(_file_name(point), set()).add(point)
    lists: dict[str, list[profiles.Revoked]] = {}
    for entry in register.revoked:
        known = found.get(entry.serial)
        issuer = above.get(known.issuer) if known is not None else None
        complete = f"{(issuer or register.issuing).key}.crl"
        for name in {complete, *(known.names if known is not None else ())}:
            lists.setdefault(name, []).append(entry)
    for member in authorities(register):
        name = f"{member.key}.crl"
        yield _Planned(name, member, frozenset(), tuple(lists.get(name, ())))
        for shard in sorted(addresses):
            if _shard_number(shard, f"{member.key}."):
                named = frozenset(addresses[shard])
                yield _Planned(shard, member, named, tuple(lists.get(shard, ())))


def _says(crl: bytes, planned: _Planned) -> bool:
    """Whether a list says already what it must: nothing but its time would change."""
    loaded = x509.load_der_x509_crl(crl)
    if crl_profile.listed(loaded) != crl_profile.would_list(planned.revoked):
        return False
    try:
        scope = loaded.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return not planned.addresses
    return {name.value for name in scope.full_name or ()} == planned.addresses


def _ended(member: Member, now: datetime) -> bool:
    return certified(member.certificate).not_after <= now


def _file_name(address: str) -> str:
    return address.rpartition("/")[2]


def _shard_number(name: str, prefix: str) -> int:
    """The number of a shard of that authority; 0: it is none."""
    digits = name.removeprefix(prefix).removesuffix(".crl")
    own = name == f"{prefix}{digits}.crl" and digits.isdecimal()
    return int(digits) if own else 0


def _number(crl: bytes) -> int:
    loaded = x509.load_der_x509_crl(crl)
    return loaded.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _due(crl: bytes, now: datetime) -> bool:
    start, half = _first_half(crl)
    return now >= half or ahead(start, now)


@lru_cache(maxsize=1024)
def _first_half(crl: bytes) -> tuple[datetime, datetime]:
    loaded = x509.load_der_x509_crl(crl)
    start, end = loaded.last_update_utc, loaded.next_update_utc
    return start, start if end is None else start + (end - start) / 2
