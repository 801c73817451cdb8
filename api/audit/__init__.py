"""The auditor: does the record keep its promises (architecture.md section 8)?

It shares no code with the pipeline: plain drivers, its own decryption, its own tables of states
and its own arithmetic, written from `docs/storage.md` and the standards. What both got wrong in
the same way would have to be got wrong twice. It only reads, beside a server that runs.
"""

from api.audit.auditor import AuditOptions, audit
from api.audit.bucket import Bucket
from api.audit.report import CannotAudit, Invariant, Report, Violation
from api.audit.trust import Trust, trust_of_files, trust_of_register

__all__ = [
    "AuditOptions",
    "Bucket",
    "CannotAudit",
    "Invariant",
    "Report",
    "Trust",
    "Violation",
    "audit",
    "trust_of_files",
    "trust_of_register",
]
