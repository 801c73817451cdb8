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
from storage.tables.issuing import (
    DraftRow,
    FaceSerialRow,
    FormIntentRow,
    PlannedSuccessionRow,
)
from storage.tables.notices import CertificateChangeRow, WebhookDeliveryRow, WebhookRow
from storage.tables.objects import ObjectLockRow
from storage.tables.paper import BlankFormRow, SheetRow, UntwinnedPrintRow
from storage.tables.parties import (
    DepartmentNameRow,
    HolderChangePartyRow,
    HolderChangeRow,
    SuccessionRow,
    VoidedEventRow,
)
from storage.tables.preservation import SealCareRow
from storage.tables.stops import SealingStopRow
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
    "BlankFormRow",
    "CertificateChangeRow",
    "CertificateFileRow",
    "CertificateHolderRow",
    "CertificateRow",
    "CertificateTypeRow",
    "ClientRow",
    "DeliveryRow",
    "DepartmentNameRow",
    "DepartmentRow",
    "DraftRow",
    "FaceNumberRow",
    "FaceSerialRow",
    "FormIntentRow",
    "HistoryBatchRow",
    "HolderChangePartyRow",
    "HolderChangeRow",
    "HolderNameRow",
    "IdempotencyRow",
    "IntentRow",
    "IssueListRow",
    "ObjectLockRow",
    "OutboxRow",
    "PeriodicResultRow",
    "PlannedSuccessionRow",
    "RenewalApplicationRow",
    "RestrictionRow",
    "Row",
    "SealCareRow",
    "SealingStopRow",
    "SheetRow",
    "StandingRow",
    "StateChangeRow",
    "SuccessionRow",
    "TypeRecordRow",
    "TypeVersionRow",
    "UntwinnedPrintRow",
    "UseListRow",
    "VoidedEventRow",
    "WebhookDeliveryRow",
    "WebhookRow",
    "table",
]
