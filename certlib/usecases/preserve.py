"""Preserve: lifts seals to their target level, and renews them before what they rest on ends.

As safe as issuing is (adr/0006): the first commit notes which files are in hand and under which
name a new revision may lie, then the file is made and stored, the second commit publishes it.
Whatever dies when, the earlier revision stands, and what lies stored is taken up again.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from certlib import ids
from certlib.certificate import CertificateFile
from certlib.errors import (
    CertlibError,
    Conflict,
    Corrupt,
    SealMismatch,
    SigningUnavailable,
    StoreUnavailable,
    Unavailable,
)
from certlib.ports import Clock, EvidenceReader, ObjectStore, SealLifter
from certlib.preservation import LEVELS, Care, CarePlan, Proof, level_of, proof_of
from certlib.registry import AuditRecord, KeptSeal, Registry, UnitOfWork
from certlib.usecases.sealed_file import Meant, difference

ACTOR = "seal-care"
"""Whom the history names."""
LIFT, RECKON = "lift-seal", "reckon-seals"
_SEALS = "seals"
"""Target of the act that speaks of many files at once."""
_LEASE = timedelta(minutes=2)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Preserved:
    """What one round did: numbers of files.

    Attributes:
        looked: files whose dates were reckoned.
        lifted: files with a new revision.
        codes: stable codes of what failed.
    """

    looked: int = 0
    lifted: int = 0
    failed: int = 0
    codes: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A new revision, stored and not on record yet."""

    seal: KeptSeal
    file: CertificateFile


class PreserveSeals:
    """Cares for seals.

    Args:
        lifter: appends validation material and an archive timestamp.
        plan: when care is due.
    """

    def __init__(
        self,
        registry: Registry,
        objects: ObjectStore,
        reader: EvidenceReader,
        lifter: SealLifter,
        clock: Clock,
        plan: CarePlan,
    ) -> None:
        self._registry = registry
        self._objects = objects
        self._reader = reader
        self._lifter = lifter
        self._clock = clock
        self._plan = plan

    def run(self, limit: int = 25) -> Preserved:
        """One round over at most `limit` files of each kind. One process at a time is enough.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        failed: list[CertlibError] = []
        looked = self._look(limit, failed)
        now = self._clock.now()
        with self._registry.begin() as uow:
            leased = uow.lease_seals(now, now + _LEASE, limit)
            if leased:
                uow.commit()
        made: list[_Lifted] = []
        unread = len(failed)
        for seal in leased:
            if self._clock.now() >= now + _LEASE:
                break  # it may be in other hands by now; what is left is leased again
            with self._noting(seal, failed):
                made.append(_Lifted(seal, self._revision(seal)))
            if any(isinstance(error, Unavailable) for error in failed[unread:]):
                break  # the others would fail for the same reason
        lifted = self._publish(made, failed)
        codes = frozenset(error.code for error in failed)
        return Preserved(looked, lifted, len(failed), codes)

    # --- what files rest on -----------------------------------------------------------------

    def _look(self, limit: int, failed: list[CertlibError]) -> int:
        with self._registry.read() as session:
            waiting = session.seals_not_planned(self._plan.name, self._clock.now(), limit)
        found: list[tuple[KeptSeal, Care, str]] = []
        for seal in waiting:
            with self._noting(seal, failed):
                found.append((seal, *self._reckoned(seal)))
        if found:
            with self._registry.begin() as uow:
                for seal, care, level in found:
                    uow.keep_care(seal, care, level)
                uow.append_audit([self._reckoning([seal for seal, _, _ in found])])
                uow.commit()
        return len(found)

    def _reckoned(self, seal: KeptSeal) -> tuple[Care, str]:
        """Of a file that was looked at before the dates are reckoned alone."""
        if seal.proof is not None:
            return self._care(seal, seal.proof, seal.level), seal.level
        facts = self._reader.read(self._bytes(seal.file))
        proof = proof_of(facts) if facts.readable and facts.signatures else None
        if proof is None:
            raise SealMismatch(what=facts.fault or "chain")
        level = level_of(facts)
        return self._care(seal, proof, level), level

    def _reckoning(self, seals: Sequence[KeptSeal]) -> AuditRecord:
        """Dates on certificates change with it: no row changes without an act."""
        identifiers = sorted({seal.file.identifier for seal in seals})
        details = {"plan": self._plan.name, "identifiers": identifiers}
        return AuditRecord(self._clock.now(), ACTOR, RECKON, _SEALS, details)

    # --- new revisions ----------------------------------------------------------------------

    def _revision(self, seal: KeptSeal) -> CertificateFile:
        """The next revision of a file, durable in the object store.

        Raises:
            Corrupt: the stored file is not the recorded one.
            Conflict: somebody else has it in hand, or has replaced it.
            SealMismatch: what was made is not that file with an archive timestamp.
            SigningUnavailable: no timestamp now, or none that would hold longer.
        """
        before = self._bytes(seal.file)
        name = _next_name(seal.file)
        stored = self._objects.get(name)
        if stored is not None:
            # A crash left it, or another round is faster.
            try:
                return self._file(seal, name, before, stored)
            except (SealMismatch, SigningUnavailable):
                self._remove(seal, name)
        made = self._lifter.lift(before).pdf
        file = self._file(seal, name, before, made)
        with suppress(Corrupt):  # another process stored its own: that one stands if it holds
            self._objects.put_once(name, made)
        stored = self._objects.get(name)
        if stored is None:
            raise StoreUnavailable(what="read-back")
        return file if stored == made else self._file(seal, name, before, stored)

    def _remove(self, seal: KeptSeal, name: str) -> None:
        """What does not hold goes, where it was served to nobody: the record has no such file.

        Nobody publishes it while it goes, and later only who has leased the file anew.
        """
        with self._registry.begin() as uow:
            _need_held(uow, seal)
            self._objects.remove(name)

    def _file(self, seal: KeptSeal, name: str, before: bytes, pdf: bytes) -> CertificateFile:
        """The revision that `pdf` is, read back and compared."""
        now, facts = self._clock.now(), self._reader.read(pdf)
        problem = "revision" if not _extends(pdf, before) else difference(facts, _meant(seal), now)
        proof = None if problem else proof_of(facts)
        if proof is None:
            raise SealMismatch(what=problem or "chain")
        level = level_of(facts)
        care = self._care(seal, proof, level, now)
        if not _gains(seal, level, care):
            raise SigningUnavailable(what="no timestamp that holds longer")
        return replace(
            seal.file,
            sha256=hashlib.sha256(pdf).hexdigest(),
            object_name=name,
            size=len(pdf),
            revision=seal.file.revision + 1,
            level=level,
            stored_at=now,
            care=care,
        )

    def _publish(self, made: Sequence[_Lifted], failed: list[CertlibError]) -> int:
        """One commit for the round; when it cannot be, each file is tried alone. How many."""
        if not made:
            return 0
        try:
            with self._registry.begin() as uow:
                for item in made:
                    _need_held(uow, item.seal)
                    uow.replace_file(item.file)
                uow.append_audit(_record(item) for item in made)
                uow.commit()
        except Conflict as error:
            if len(made) > 1:
                return sum(self._publish([item], failed) for item in made)
            self._note(made[0].seal, error, failed)
            return 0
        return len(made)

    # --- both -------------------------------------------------------------------------------

    def _care(
        self, seal: KeptSeal, proof: Proof, level: str, since: datetime | None = None
    ) -> Care:
        return self._plan.care(proof, level, seal.target_level, since or seal.file.stored_at)

    def _bytes(self, file: CertificateFile) -> bytes:
        content = self._objects.get(file.object_name)
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            raise Corrupt(what=file.object_name)
        return content

    @contextmanager
    def _noting(self, seal: KeptSeal, failed: list[CertlibError]) -> Iterator[None]:
        """What goes wrong with one file is counted with it, and keeps no other waiting."""
        try:
            yield
        except CertlibError as error:
            self._note(seal, error, failed)
        except Exception as error:  # noqa: BLE001 - an unforeseen fault of one file
            self._note(seal, Corrupt(what=type(error).__name__), failed)

    def _note(self, seal: KeptSeal, error: CertlibError, failed: list[CertlibError]) -> None:
        failed.append(error)
        wait = _FIRST_WAIT * 2 ** min(seal.attempts, _MOST_DOUBLINGS)
        again = self._clock.now() + min(wait, _LONGEST_WAIT)
        with suppress(CertlibError), self._registry.begin() as uow:
            if seal.until is None or uow.holds_seal(seal):
                uow.care_failed(seal, error.code, again)
                uow.commit()


def _need_held(uow: UnitOfWork, seal: KeptSeal) -> None:
    if not uow.holds_seal(seal):
        raise Conflict


def _next_name(file: CertificateFile) -> str:
    """`KEY.0` → `KEY.1`."""
    stem, _, _ = file.object_name.rpartition(".")
    return f"{stem}.{file.revision + 1}"


def _meant(seal: KeptSeal) -> Meant:
    file = seal.file
    named = ids.parse(file.identifier).identifier
    if named is None:
        raise Corrupt(what="identifier")
    return Meant(file.identifier, seal.type_code, named.issuer_code, file.content_digest)


def _extends(pdf: bytes, before: bytes) -> bool:
    """A revision is appended: what stood there stays, byte for byte (ISO 32000-2, 7.5.6)."""
    return len(pdf) > len(before) and pdf.startswith(before)


def _gains(seal: KeptSeal, level: str, care: Care) -> bool:
    """Whether a revision is worth having: of a higher level, or good for longer."""
    higher = LEVELS.index(level) > LEVELS.index(seal.level)
    return higher or seal.ends_at is None or care.ends_at > seal.ends_at


def _record(item: _Lifted) -> AuditRecord:
    before, file = item.seal.file, item.file
    details = {
        "sha256": file.sha256,
        "previous_sha256": before.sha256,
        "level": file.level,
        "previous_level": item.seal.level,
        "form": file.form,
        "copy_number": str(file.copy_number),
        "revision": str(file.revision),
    }
    return AuditRecord(file.stored_at, ACTOR, LIFT, file.identifier, details)
