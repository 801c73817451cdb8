"""What every check needs at hand: intents, certificates and files of one snapshot, no contents."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.audit.database import Row, Snapshot

_INTENTS = (
    "SELECT identifier, status, issuer_code, type_code, storage_key, client_id, route, "
    "idempotency_key, requested_by, approved_by, sealed_by, approvals_required, forms, supersedes, "
    "content_digest, attempts, recorded_at FROM intents"
)
_CERTIFICATES = (
    "SELECT identifier, state, type_code, issuer_code, serial, version, type_version, row_version, "
    "valid_from, valid_to, issue_date, storage_key, supersedes, superseded_by, content_digest, "
    "acting_code, changed_at, recorded_at, target_level, reached_level FROM certificates"
)
_FILES = (
    "SELECT identifier, sha256, object_name, size, form, copy_number, revision, kind, level, "
    "stored_at FROM certificate_files ORDER BY identifier, revision"
)
_ADDITIONS = (
    "SELECT identifier, form, copy_number, status, storage_key, client_id, route, idempotency_key, "
    "requested_by, approved_by, sealed_by, approvals_required, attempts FROM form_intents"
)
_PLANNED = "SELECT identifier FROM planned_successions"
_CARE = "SELECT identifier, form, copy_number, sha256, level, target_level, coming FROM seal_care"
_DRAFTS = "SELECT identifier, status, issuer_code, acting_code, type_code FROM drafts"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The light columns of the main tables.

    Attributes:
        intents, certificates: the last row of each identifier; `repeated` says where there
            were several.
        files: by identifier.
        additions: intents to add a file to a certificate, by identifier.
        care: of the newest file of each form, by identifier.
        drafts: certificates that were made and not sealed, or not yet.
        planned: versions in force that a renewal will replace.
        repeated: (table, identifier) of rows that share their identifier with another row.
    """

    intents: Mapping[str, Row]
    certificates: Mapping[str, Row]
    files: Mapping[str, Sequence[Row]]
    additions: Mapping[str, Sequence[Row]]
    drafts: Mapping[str, Row]
    care: Mapping[str, Sequence[Row]]
    planned: frozenset[str]
    repeated: Sequence[tuple[str, str]]

    @property
    def pending(self) -> int:
        """How many intents are pending."""
        return sum(row["status"] == "pending" for row in self.intents.values())


def ledger(snapshot: Snapshot) -> Ledger:
    """Reads the ledger of a snapshot."""
    repeated: list[tuple[str, str]] = []
    intents = _by_identifier("intents", snapshot, _INTENTS, repeated)
    certificates = _by_identifier("certificates", snapshot, _CERTIFICATES, repeated)
    drafts = _by_identifier("drafts", snapshot, _DRAFTS, repeated)
    files, additions = _grouped(snapshot, _FILES), _grouped(snapshot, _ADDITIONS)
    care = _grouped(snapshot, _CARE)
    planned = frozenset(str(row["identifier"]) for row in snapshot.rows(_PLANNED))
    return Ledger(intents, certificates, files, additions, drafts, care, planned, repeated)


def object_name(storage_key: str, form: str, copy_number: int, revision: int = 0) -> str:
    """`KEY.0`, `KEY.duplicate-2.0`, as docs/storage.md says."""
    part = f".{form}-{copy_number}" if form != "original" else ""
    return f"{storage_key}{part}.{revision}"


def _grouped(snapshot: Snapshot, query: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in snapshot.rows(query):
        found[row["identifier"]].append(row)
    return found


def _by_identifier(
    table: str, snapshot: Snapshot, query: str, repeated: list[tuple[str, str]]
) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in snapshot.rows(query):
        if row["identifier"] in found:
            repeated.append((table, row["identifier"]))
        found[row["identifier"]] = row
    return found
