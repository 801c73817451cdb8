"""What a node believes: its own authority always, and the signed list of others beside it.

The list is a file that an operator replaces; what its signers have not signed, or what is older
than what was here, never takes the place of a good one. The last good one is kept in the data
folder, so that a restart does not forget it.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509

from certlib.errors import CertlibError, SigningUnavailable
from certlib.ports import TrustMaterial
from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.trust_errors import TrustListRefused, refused
from keys import files
from keys.trust import CRL_FOLDER, OCSP_FOLDER, material_of
from keys.trust_crls import ANSWERS, CrlFolder, Crls, Mark, mark_of
from keys.trust_list import LIMIT, SignedList, believed
from keys.trust_memory import Memory

__all__ = ["ListOfOthers", "ListOptions", "OwnAuthority", "TrustStanding", "TrustStore"]

_ACCEPTED: Final = "accepted.json"
_SEEN: Final = "seen.json"


class OwnAuthority(Protocol):
    """The node's own authority, as far as trust goes."""

    def trusted(self) -> TrustedAuthority:
        """Its entry; the same object until something changes."""
        ...

    def trust_material(self) -> TrustMaterial:
        """Its anchors, issuing authority and revocation lists."""
        ...


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Where the signed list lies and who may sign it: SHA-256 of certificates or keys, hex."""

    path: Path
    signers: frozenset[str]

    @classmethod
    def of(cls, path: Path | None, signers: frozenset[str]) -> "ListOptions | None":
        """None where a node has no such list."""
        return None if path is None else cls(path, signers)


@dataclass(frozen=True, slots=True)
class TrustStanding:
    """How it is with the list of others.

    Attributes:
        configured: whether the node has such a list at all.
        signed: the list in force beside the own authority; None: only the own one is believed.
        problem: why the file that lies there now is not in force; None when it is.
        crls: revocation lists of others, and names of files that are none.
        ocsps: OCSP answers of others, and names of files that are none.
        remembered: whether a later start will know which version was here.
    """

    configured: bool = False
    signed: SignedList | None = None
    problem: CertlibError | None = None
    crls: Crls = field(default_factory=Crls)
    remembered: bool = True
    ocsps: Crls = field(default_factory=Crls)

    @property
    def version(self) -> int:
        """Of the list in force; 0: the own authority alone is believed."""
        return 0 if self.signed is None else self.signed.found.version

    @property
    def named(self) -> dict[str, str | int]:
        """Version, digest and signer of the list in force; empty where none is."""
        if self.signed is None:
            return {}
        signer = {"signer": self.signed.signer.subject, "key": self.signed.signer.key_sha256}
        return {"version": self.version, "sha256": self.signed.digest, **signer}

    @property
    def next_update(self) -> datetime | None:
        """When the next list is due."""
        return None if self.signed is None else self.signed.found.next_update

    def late(self, now: datetime) -> float:
        """Seconds since the next list was due; 0.0 before."""
        due = self.next_update
        return 0.0 if due is None else max(0.0, (now - due).total_seconds())

    def overdue(self, now: datetime) -> int:
        """How many revocation lists of others should have been replaced by now."""
        ends = (crl.next_update_utc for crl in self._lists())
        return sum(end is not None and end < now for end in ends)

    def faulty(self, now: datetime) -> int:
        """How many revocation lists of others are overdue, or none at all."""
        return self.overdue(now) + len(self.crls.bad)

    def uncovered(self, own: str) -> tuple[str, ...]:
        """Names of authorities for seals of which no revocation list is here.

        Args:
            own: hex SHA-256 of the root of the own authority, whose lists lie elsewhere.
        """
        if self.signed is None:
            return ()
        issuers = {crl.issuer.public_bytes() for crl in self._lists()}
        found = (
            entry.name
            for entry in self.signed.found.authorities
            if Use.SEAL in entry.uses
            and entry.sha256 != own
            and not issuers & _names((entry.certificate, *entry.helpers))
        )
        return tuple(dict.fromkeys(found))

    def _lists(self) -> Iterator[x509.CertificateRevocationList]:
        return map(x509.load_der_x509_crl, self.crls.lists)


@dataclass(frozen=True, slots=True)
class _Trusted:
    own: TrustedAuthority
    own_material: TrustMaterial
    standing: TrustStanding
    found: TrustList
    material: TrustMaterial


class ListOfOthers:
    """The signed list and the revocation lists of others; follows the files at every question."""

    def __init__(self, folder: Path, options: ListOptions | None, *, keeps: bool = True) -> None:
        """Believes what `options` names.

        Args:
            folder: the node's own: what was accepted, what was seen, `crls/*.crl`,
                `ocsps/*.ocsp`.
            options: the signed list; None where there is none.
            keeps: False looks only, and leaves the folder as it is.
        """
        self._folder = folder
        self._options = options
        self._keeps = keeps
        self._memory = Memory(folder / _SEEN)
        self._crls = CrlFolder(folder / CRL_FOLDER)
        self._ocsps = CrlFolder(folder / OCSP_FOLDER, ANSWERS)
        self._lock = threading.Lock()
        self._marks: object = None
        self._standing = TrustStanding(configured=options is not None)

    def standing(self) -> TrustStanding:
        """How it is now; the same object until a file changes."""
        with self._lock:
            marks = self._marks_now()
            if marks != self._marks:
                self._standing, lasting = self._loaded(self._standing)
                self._marks = marks if lasting else None
            return self._standing

    def _marks_now(self) -> tuple[Mark, object, object]:
        path = None if self._options is None else self._options.path
        mark = None if path is None else mark_of(path)
        return mark, self._crls.marks(), self._ocsps.marks()

    def _loaded(self, before: TrustStanding) -> tuple[TrustStanding, bool]:
        """The standing, and whether it holds until a file changes."""
        standing = replace(before, crls=self._crls.load(), ocsps=self._ocsps.load())
        if self._options is None:
            return standing, True
        try:
            content = files.read(self._options.path, most=LIMIT + 1)
            if content is None:
                raise refused("missing")
            signed = believed(content, self._options.signers)
            remembered = self._remembered(signed, content)
        except (TrustListRefused, SigningUnavailable) as error:
            # Whatever is wrong with the new one is no reason to forget the good one.
            signed_before = before.signed or self._accepted()
            standing = replace(standing, problem=error, signed=signed_before)
            return standing, isinstance(error, TrustListRefused)
        return replace(standing, signed=signed, problem=None, remembered=remembered), True

    def _remembered(self, signed: SignedList, content: bytes) -> bool:
        if not self._keeps:
            self._memory.check(signed)
            return True
        self._memory.check(signed)
        with suppress(SigningUnavailable):  # a full disk is no reason not to believe a good list
            files.make_folder(self._folder)
            path = self._folder / _ACCEPTED
            if files.read(path) != content:
                files.replace(path, content)  # first: what is remembered is kept somewhere
            return self._memory.keep(signed)
        return False

    def _accepted(self) -> SignedList | None:
        """The last good list, if its signer is still one of those named."""
        assert self._options is not None  # noqa: S101 - for the type checker
        try:
            content = files.read(self._folder / _ACCEPTED, most=LIMIT + 1)
            if content is None:
                return None
            signed = believed(content, self._options.signers)
            self._memory.check(signed)
        except (TrustListRefused, SigningUnavailable):
            return None
        return signed


class TrustStore:
    """List and material of the moment: the own authority, and the list of others."""

    def __init__(self, own: OwnAuthority, others: ListOfOthers) -> None:
        """Believes both."""
        self._own = own
        self._others = others
        self._last: _Trusted | None = None

    def trust_list(self) -> TrustList:
        """Who is believed for what, now."""
        return self._current().found

    def material(self) -> TrustMaterial:
        """What paths are built of, now; the same object until something changes."""
        return self._current().material

    def standing(self) -> TrustStanding:
        """How it is with the list of others, now."""
        return self._others.standing()

    def _current(self) -> _Trusted:
        own, own_material = self._own.trusted(), self._own.trust_material()
        standing, last = self._others.standing(), self._last
        if (
            last is None
            or last.own is not own
            or last.standing is not standing
            or last.own_material != own_material
        ):
            # Two threads may both do this; each answers with what it has seen.
            last = self._last = _joined(own, own_material, standing)
        return last


def _joined(
    own: TrustedAuthority, own_material: TrustMaterial, standing: TrustStanding
) -> _Trusted:
    """The own authority first, and whatever the list of others says besides."""
    signed = standing.signed
    if signed is None:
        found = TrustList(0, own.since, None, own.name, (own,))
    else:
        found = replace(signed.found, authorities=(own, *signed.found.authorities))
    crls = (*own_material.crls, *standing.crls.lists)
    material = material_of(found, crls, standing.ocsps.lists)
    return _Trusted(own, own_material, standing, found, material)


def _names(certificates: tuple[bytes, ...]) -> set[bytes]:
    """Subjects, DER."""
    return {x509.load_der_x509_certificate(der).subject.public_bytes() for der in certificates}
