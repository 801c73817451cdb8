"""The whole schema as SQLModel tables; `Row.metadata` knows them all."""

from storage.tables.base import Row, table
from storage.tables.catalogue import (
    CertificateTypeRow,
    ClientRow,
    DepartmentRow,
    IssueListRow,
    TypeRecordRow,
    TypeVersionRow,
    UseListRow,
)
from storage.tables.certificates import (
    CertificateFileRow,
    CertificateHolderRow,
    CertificateRow,
    FaceNumberRow,
    HolderNameRow,
    RestrictionRow,
    StateChangeRow,
)
from storage.tables.duties import (
    DeliveryRow,
    PeriodicResultRow,
    RenewalApplicationRow,
    StandingRow,
)
from storage.tables.history import HistoryBatchRow
from storage.tables.notices import CertificateChangeRow
from storage.tables.parties import DepartmentNameRow, SuccessionRow, VoidedEventRow
from storage.tables.workflow import (
    AuditHeadRow,
    AuditRow,
    IdempotencyRow,
    IntentRow,
    OutboxRow,
)

__all__ = [
    "AuditHeadRow",
    "AuditRow",
    "CertificateChangeRow",
    "CertificateFileRow",
    "CertificateHolderRow",
    "CertificateRow",
    "CertificateTypeRow",
    "ClientRow",
    "DeliveryRow",
    "DepartmentNameRow",
    "DepartmentRow",
    "FaceNumberRow",
    "HistoryBatchRow",
    "HolderNameRow",
    "IdempotencyRow",
    "IntentRow",
    "IssueListRow",
    "OutboxRow",
    "PeriodicResultRow",
    "RenewalApplicationRow",
    "RestrictionRow",
    "Row",
    "StandingRow",
    "StateChangeRow",
    "SuccessionRow",
    "TypeRecordRow",
    "TypeVersionRow",
    "UseListRow",
    "VoidedEventRow",
    "table",
]
