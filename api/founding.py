"""What a new node is given: departments, published types, the issue list, and every seal."""

from contextlib import suppress

from api.bootstrap import Node
from api.shipped import departments, issue_list, type_files
from certlib.catalogue import TypeVersion
from certlib.errors import SigningUnavailable
from certlib.registry import AuditRecord, Department, IssueListEntry, UnitOfWork
from keys.mint import SealOrder

__all__ = ["departments", "found", "issue_list", "seal_founding", "type_files"]

_RSA_SEALS = frozenset({"11445200990090307L"})
"""Departments whose development seal is RSA-3072: both algorithms are in daily use."""


def found(node: Node) -> None:
    """Gives the node its departments, types, issue list and seals; again changes nothing."""
    listed = list(departments())
    with node.registry.begin() as uow:
        known = {item.credit_code for item in uow.departments()}
        new = [item for item in listed if item.credit_code not in known]
        for department in new:
            uow.put_department(department)
        types = [item for item in type_files() if not _kept(uow, item[0])]
        for version, definition in types:
            uow.put_type_version(version, definition)
        entries = [entry for entry in issue_list() if not _listed(uow, entry)]
        for entry in entries:
            uow.put_issue_entry(entry)
        founded = {"departments": len(new), "types": len(types), "entries": len(entries)}
        if any(founded.values()):
            now = node.clock.now()
            uow.append_audit([AuditRecord(now, "operator", "found", "catalogue", founded)])
        uow.commit()
    node.authority.issue_seals([_seal_order(item) for item in listed])


def seal_founding(node: Node) -> None:
    """Seals the history of what was just made; without an authority the service will do it."""
    with suppress(SigningUnavailable):
        node.seal_history.run(everything=True)


def _kept(uow: UnitOfWork, version: TypeVersion) -> bool:
    return uow.type_version(version.type_code, version.version) is not None


def _listed(uow: UnitOfWork, entry: IssueListEntry) -> bool:
    """Whether the entry is there; one that was changed since stays as it was changed."""
    kept = uow.issue_list(entry.type_code, entry.issuer_code)
    key = (entry.effective_from, entry.principal_code)
    return any((item.effective_from, item.principal_code) == key for item in kept)


def _seal_order(department: Department) -> SealOrder:
    algorithm = "rsa-3072-sha256" if department.credit_code in _RSA_SEALS else "ecdsa-p256-sha256"
    return SealOrder(department.credit_code, department.name, algorithm)
