"""INV-10: no department touches another's certificates, and none is told of them."""

import json

from api.audit.database import Row, Snapshot
from api.audit.history import Record
from api.audit.jurisdiction import Jurisdiction
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_ROOT = "1.2.156.3005.2."
_OPEN = frozenset({"verify", "holder-changed", "holder-change-voided"})
"""What every department may do with every certificate, or to its holder."""
_OPERATOR = "library:operate"

_OUTSIDE = ("操作单位与证照颁发机构无关", "an act by a department that is not responsible")
_TOLD = ("变更通知发给了无关单位", "a department was told of another's certificate")
_KEPT = ("应答保存给了无关单位", "an answer is kept for a department that is not responsible")
_CLIENTS = "SELECT client_id, department_code, scopes FROM clients"
_DELIVERIES = (
    "SELECT d.created_at, w.department_code, c.identifier, c.issuer_code, c.type_code "
    "FROM webhook_deliveries d JOIN webhooks w ON w.webhook_id = d.webhook_id "
    "JOIN certificate_changes c ON c.sequence = d.sequence"
)
_KEYS = "SELECT client_id, identifier, created_at FROM idempotency WHERE identifier <> ''"


class Departments:
    """Walks along the history and asks of each act whose system did it."""

    def __init__(self, snapshot: Snapshot, ledger: Ledger) -> None:
        self.found = Invariant("INV-10")
        self._ledger = ledger
        self._jurisdiction = Jurisdiction(snapshot)
        # An operator's system keeps the library for everybody.
        self._clients = {
            row["client_id"]: row["department_code"]
            for row in snapshot.rows(_CLIENTS)
            if _OPERATOR not in json.loads(row["scopes"])
        }

    def see(self, record: Record) -> None:
        """Takes the next record."""
        client = record.actor.partition("/")[0]
        department = self._clients.get(client)
        if department is None or record.act in _OPEN or not record.target.startswith(_ROOT):
            return
        self.found.checked += 1
        held = self._may(department, record.target, record.at)
        self.found.expect(held, record.target, "other-department", _OUTSIDE)

    def end(self, snapshot: Snapshot) -> Invariant:
        """Looks at what was told and kept beside the history."""
        for row in snapshot.rows(_DELIVERIES):
            self.found.checked += 1
            held = self._may(row["department_code"], row["identifier"], row["created_at"])
            self.found.expect(held, row["identifier"], "told-outside", _TOLD)
        for row in snapshot.rows(_KEYS):
            department = self._clients.get(row["client_id"])
            if department is not None and row["identifier"] in self._ledger.certificates:
                self.found.checked += 1
                held = self._may(department, row["identifier"], row["created_at"])
                self.found.expect(held, row["identifier"], "kept-outside", _KEPT)
        return self.found

    def _may(self, department: str, identifier: str, at: str) -> bool:
        row = self._row(identifier)
        if row is None:
            return True  # a target that is no certificate of ours; other checks name it
        issuer, kind = row["issuer_code"], row["type_code"]
        if department in self._jurisdiction.departments(issuer, kind, at):
            return True
        if "acting_code" in row:
            return bool(row["acting_code"]) and row["acting_code"] == department
        return department in self._jurisdiction.units(issuer, kind)

    def _row(self, identifier: str) -> Row | None:
        ledger = self._ledger
        return (
            ledger.certificates.get(identifier)
            or ledger.drafts.get(identifier)
            or ledger.intents.get(identifier)
        )
