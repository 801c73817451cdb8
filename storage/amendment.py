"""What may change after publication: state, flags, restrictions, names; never the content."""

from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from certlib.certificate import Certificate, CertificateFile
from certlib.errors import CertificateNotFound, StaleVersion
from certlib.states import State
from storage import face_numbers, files, publication, standing, steps
from storage.link import Link
from storage.lookup import number_hash
from storage.prepared import Prepared
from storage.tables import CertificateRow, HolderNameRow, StateChangeRow, table

CURRENT = frozenset({State.DRAFT, State.ISSUED, State.SUSPENDED})
"""States in which a version holds its face number."""

_CERTIFICATES = table(CertificateRow)
_NAMES = table(HolderNameRow)
_STEPS = table(StateChangeRow)
_HERE = _CERTIFICATES.c.identifier == bindparam("b_identifier")
_SAVE = (
    update(_CERTIFICATES)
    .where(_HERE)
    .where(_CERTIFICATES.c.row_version == bindparam("b_expected"))
    .values(
        row_version=_CERTIFICATES.c.row_version + 1,
        **{
            name: bindparam(f"b_{name}")
            for name in ("state", "paper", "renewal_pending_since", "superseded_by", "changed_at")
        },
    )
)
_TOUCH = (
    update(_CERTIFICATES)
    .where(_HERE)
    .where(_CERTIFICATES.c.row_version == bindparam("b_expected"))
    .values(row_version=_CERTIFICATES.c.row_version + 1, changed_at=bindparam("b_changed_at"))
)
_TARGET = Prepared(
    select(_CERTIFICATES.c.target_level).where(
        _CERTIFICATES.c.identifier == bindparam("identifier")
    )
)
_BEFORE = Prepared(
    select(
        _CERTIFICATES.c.state,
        _CERTIFICATES.c.issuer_code,
        _CERTIFICATES.c.type_code,
        _CERTIFICATES.c.form,
        _CERTIFICATES.c.number_hash,
    ).where(_CERTIFICATES.c.identifier == bindparam("identifier"))
)
_KNOWN_STEPS = Prepared(select(func.count()).where(_STEPS.c.identifier == bindparam("identifier")))
_KNOWN_NAMES = Prepared(
    select(func.count())
    .where(_NAMES.c.identifier == bindparam("identifier"))
    .where(_NAMES.c.sequence > 0)
)
_INSERT_NAME = insert(_NAMES)


def save(link: Link, certificate: Certificate, expected_version: int) -> None:
    """Keeps what may change, as `UnitOfWork.save` says.

    Raises:
        StaleVersion: the row's version is not `expected_version`.
        CertificateNotFound: there is no such row.
    """
    if link.change(_SAVE, _changes(link, certificate, expected_version)) == 0:
        raise _lost(link, certificate.identifier)
    _add_new_parts(link, certificate)
    if certificate.state not in CURRENT:
        held = face_numbers.claim_of(
            certificate.content, number_hash(link.cipher, certificate.content.number)
        )
        if held is not None:
            face_numbers.release(link, held)
            _give_back(link, certificate)


def _give_back(link: Link, ended: Certificate) -> None:
    """A renewal that ends before its day: its number is that of the version in force still."""
    row = link.first(_BEFORE, identifier=ended.supersedes) if ended.supersedes else None
    if row is None or row.number_hash is None or State(row.state) not in CURRENT:
        return
    before = face_numbers.Claim(
        row.issuer_code, row.type_code, row.form, row.number_hash, ended.supersedes
    )
    face_numbers.reclaim(link, before)


def touch(link: Link, identifier: str, expected_version: int) -> None:
    """The record changes somewhere else: its version grows.

    Raises:
        StaleVersion: the row's version is not `expected_version`.
        CertificateNotFound: there is no such row.
    """
    touched = {
        "b_identifier": identifier,
        "b_expected": expected_version,
        "b_changed_at": link.clock.now(),
    }
    if link.change(_TOUCH, touched) == 0:
        raise _lost(link, identifier)


def _lost(link: Link, identifier: str) -> CertificateNotFound | StaleVersion:
    """Why an update touched nothing."""
    found = link.first(_TARGET, identifier=identifier)
    return CertificateNotFound() if found is None else StaleVersion()


def add_file(link: Link, file: CertificateFile) -> None:
    """Keeps a served file that is no revision of one that is there.

    Raises:
        CertificateNotFound: there is no such row.
        Conflict: the file is known already.
    """
    row = link.first(_TARGET, identifier=file.identifier)
    if row is None:
        raise CertificateNotFound
    files.add(link, [file])


def _changes(link: Link, certificate: Certificate, expected_version: int) -> dict[str, Any]:
    recorded = [step.recorded_at for step in certificate.history[-1:]]
    return {
        "b_identifier": certificate.identifier,
        "b_expected": expected_version,
        "b_state": certificate.state,
        "b_paper": certificate.paper,
        "b_renewal_pending_since": certificate.renewal_pending_since,
        "b_superseded_by": certificate.superseded_by,
        "b_changed_at": max([link.clock.now(), *recorded]),
    }


def _add_new_parts(link: Link, certificate: Certificate) -> None:
    identifier = certificate.identifier
    known = _count(link, _KNOWN_STEPS, identifier)
    new = certificate.history[known:]
    steps.add(link, [(identifier, step) for step in new])
    if any(step.from_state is State.SUPERSEDED and step.to_state in CURRENT for step in new):
        # It stands again: the number on its face is its own again.
        number = number_hash(link.cipher, certificate.content.number)
        wanted = face_numbers.claim_of(certificate.content, number)
        if wanted is not None:
            face_numbers.reclaim(link, wanted)
    steps.put_restrictions(link, [(identifier, one) for one in certificate.restrictions])
    standing.keep(link, certificate)
    if certificate.former_names:
        named = _count(link, _KNOWN_NAMES, identifier)
        link.change(_INSERT_NAME, publication.former_name_rows(link, certificate, named))


def _count(link: Link, statement: Prepared, identifier: str) -> int:
    row = link.first(statement, identifier=identifier)
    return 0 if row is None else int(row[0])
