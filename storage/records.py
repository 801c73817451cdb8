"""Reading certificates whole: the row, its history, restrictions, files and former names."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, case, exists, func, select

from certlib.certificate import Certificate, CertificateFile, PaperStatus
from certlib.document import ORIGINAL
from certlib.errors import Unsupported
from certlib.states import State
from storage import files, intents, standing, steps
from storage.content import open_content
from storage.encryption import Place
from storage.link import Link
from storage.prepared import Prepared
from storage.tables import CertificateFileRow, CertificateRow, HolderNameRow, StandingRow, table

_CERTIFICATES = table(CertificateRow)
_STANDING = table(StandingRow)
_FILES = table(CertificateFileRow)
_NAMES = table(HolderNameRow)
_MANY: BindParameter[Sequence[str]] = bindparam("identifiers", expanding=True)

COLUMNS = (
    *(
        _CERTIFICATES.c[name]
        for name in (
            "identifier",
            "state",
            "row_version",
            "recorded_at",
            "paper",
            "supersedes",
            "superseded_by",
            "content_digest",
            "content",
            "duties_since",
            "target_level",
            "reached_level",
            "timestamp_due",
        )
    ),
    exists()
    .where(_STANDING.c.identifier == _CERTIFICATES.c.identifier)
    .correlate(_CERTIFICATES)
    .label("changed"),
)
"""What a certificate is made of, beside its child rows; `changed`: something happened to it."""

_ONE = Prepared(select(*COLUMNS).where(_CERTIFICATES.c.identifier == bindparam("identifier")))
_FILE = Prepared(select(_FILES).where(_FILES.c.sha256 == bindparam("sha256")))
_FILES_OF = Prepared(
    select(_FILES)
    .where(_FILES.c.identifier.in_(_MANY))
    .order_by(
        _FILES.c.identifier,
        _FILES.c.stored_at,
        _FILES.c.revision,
        # Files of one moment: the original first, copies by their numbers.
        case((_FILES.c.form == ORIGINAL.kind, ""), else_=_FILES.c.form),
        _FILES.c.copy_number,
        _FILES.c.sha256,
    )
)
_OF_LINEAGE = Prepared(
    select(*COLUMNS)
    .where(_CERTIFICATES.c.issuer_code == bindparam("issuer_code"))
    .where(_CERTIFICATES.c.type_code == bindparam("type_code"))
    .where(_CERTIFICATES.c.serial == bindparam("serial"))
    # An identifier begins with type, issuer and serial: the primary key has them side by side.
    .where(_CERTIFICATES.c.identifier > bindparam("first"))
    .where(_CERTIFICATES.c.identifier < bindparam("last"))
    .order_by(_CERTIFICATES.c.version)
)
_FORMER = Prepared(
    select(_NAMES)
    .where(_NAMES.c.identifier.in_(_MANY))
    .where(_NAMES.c.sequence > 0)
    .order_by(*_NAMES.primary_key)
)
_BY_STATE = Prepared(
    select(_CERTIFICATES.c.state, func.count().label("number")).group_by(_CERTIFICATES.c.state)
)


def find(link: Link, identifier: str) -> Certificate | None:
    """The certificate in whatever state it is."""
    row = link.first(_ONE, identifier=identifier)
    return None if row is None else whole(link, [row])[0]


def lineage(link: Link, identifier: str) -> list[Certificate]:
    """Every version of a lineage, oldest first."""
    issuer_code, type_code, serial = lineage_of(identifier)
    stem = identifier.rsplit(".", 2)[0]
    rows = link.fetch(
        _OF_LINEAGE,
        issuer_code=issuer_code,
        type_code=type_code,
        serial=serial,
        first=f"{stem}.",
        last=f"{stem}/",  # the character after the point
    )
    return whole(link, rows)


def lineage_of(identifier: str) -> tuple[str, str, str]:
    """Issuer, type and serial of an identifier (GB/T 36904: parsed from the right).

    Raises:
        Unsupported: too few parts.
    """
    parts = identifier.rsplit(".", 5)
    if len(parts) != 6:  # noqa: PLR2004 -- root, type, issuer, serial, version, check character
        raise Unsupported(what="identifier without its parts")
    return parts[2], parts[1], parts[3]


def file(link: Link, sha256: str) -> CertificateFile | None:
    """The served file with this digest."""
    row = link.first(_FILE, sha256=sha256)
    return None if row is None else files.file_of(link, row)


def counts(link: Link) -> dict[str, int]:
    """Certificates by stored state, and pending intents under `INTENT`."""
    found = {row.state: int(row.number) for row in link.fetch(_BY_STATE)}
    return {**found, "INTENT": intents.count_pending(link)}


def whole(link: Link, rows: Sequence[Row[Any]]) -> list[Certificate]:
    """Certificates of `COLUMNS` rows, in their order; four to six more queries however many."""
    identifiers = [row.identifier for row in rows]
    if not identifiers:
        return []
    histories = steps.histories(link, identifiers)
    restrictions = steps.restrictions(link, identifiers)
    served = _files(link, identifiers)
    names = _former_names(link, identifiers)
    changed = [row.identifier for row in rows if row.changed]
    renewals = standing.renewals(link, changed)
    results = standing.results(link, changed)
    return [
        Certificate(
            content=open_content(
                link.cipher, _CERTIFICATES.name, row.identifier, row.content, row.content_digest
            ),
            state=State(row.state),
            row_version=row.row_version,
            recorded_at=row.recorded_at,
            history=tuple(histories.get(row.identifier, ())),
            restrictions=tuple(restrictions.get(row.identifier, ())),
            files=tuple(served.get(row.identifier, ())),
            paper=PaperStatus(row.paper),
            renewals=tuple(renewals.get(row.identifier, ())),
            results=tuple(results.get(row.identifier, ())),
            supersedes=row.supersedes,
            superseded_by=row.superseded_by,
            former_names=tuple(names.get(row.identifier, ())),
            duties_since=standing.clocks_of(row.duties_since),
            target_level=row.target_level,
            reached_level=row.reached_level,
            care_due_at=row.timestamp_due,
        )
        for row in rows
    ]


def _files(link: Link, identifiers: Sequence[str]) -> dict[str, list[CertificateFile]]:
    found: dict[str, list[CertificateFile]] = {}
    for row in link.fetch_of(_FILES_OF, identifiers):
        found.setdefault(row.identifier, []).append(files.file_of(link, row))
    return found


def _former_names(link: Link, identifiers: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in link.fetch_of(_FORMER, identifiers):
        place = Place(_NAMES.name, "name", f"{row.identifier}\x1f{row.position}\x1f{row.sequence}")
        name = link.cipher.open_text(bytes(row.name), place)
        found.setdefault(row.identifier, []).append(name)
    return found
