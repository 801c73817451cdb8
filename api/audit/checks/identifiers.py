"""INV-3: no identifier twice, burned ones never reused, check characters right."""

from api.audit.database import Row
from api.audit.identifiers import parts_of
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_TWICE = ("标识重复", "the identifier stands twice")
_REUSED = ("已作废的标识又被使用", "a burned identifier is used again")
_DRAFT = ("待签发证照与签发意图不符", "a draft and the intent of its identifier do not agree")
_FORM = ("标识格式有误", "the identifier is malformed")
_CHECK = ("标识校验位有误", "the check character is wrong")
_COLUMNS = ("标识与登记栏目不符", "the identifier does not fit its columns")
_LINEAGE = ("同一证照有多个现行版本", "several versions of one certificate are current")
_CURRENT = frozenset({"ISSUED", "SUSPENDED"})


def check(ledger: Ledger) -> Invariant:
    """Every identifier that was ever reserved."""
    found = Invariant("INV-3")
    for _, identifier in ledger.repeated:
        found.broken(identifier, "twice", *_TWICE)
    for identifier, row in {**ledger.drafts, **ledger.intents, **ledger.certificates}.items():
        found.checked += 1
        _check_one(found, identifier, row)
    for identifier, draft in ledger.drafts.items():
        handed_over = identifier in ledger.intents
        found.expect(
            handed_over == (draft["status"] == "sealed"), identifier, "draft-reused", _DRAFT
        )
    for identifier, intent in ledger.intents.items():
        used = identifier in ledger.certificates or identifier in ledger.files
        reused = intent["status"] == "burned" and used
        found.expect(not reused, identifier, "burned-reused", _REUSED)
    _check_lineages(found, ledger)
    return found


def _check_one(found: Invariant, identifier: str, row: Row) -> None:
    parts = parts_of(identifier)
    if parts is None:
        found.broken(identifier, "malformed", *_FORM)
        return
    found.expect(parts.check_holds, identifier, "check-character", _CHECK)
    same = parts.type_code == row["type_code"] and parts.issuer_code == row["issuer_code"]
    if "serial" in row:
        same = same and parts.serial == row["serial"] and parts.version == row["version"]
    found.expect(same, identifier, "columns", _COLUMNS)


def _check_lineages(found: Invariant, ledger: Ledger) -> None:
    """One current version each; while a renewal waits for its term, the one before is in force."""
    current: set[tuple[str, str, str]] = set()
    for identifier, row in ledger.certificates.items():
        if row["state"] in _CURRENT and identifier not in ledger.planned:
            lineage = (row["type_code"], row["issuer_code"], row["serial"])
            found.expect(lineage not in current, identifier, "two-current", _LINEAGE)
            current.add(lineage)
