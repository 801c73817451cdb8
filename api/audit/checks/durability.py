"""INV-13: no answer before the durable commit.

From outside one can see whether the engine is set to lose nothing, and whether everything that
clients hold an answer for is on record; the order inside is shown by the test suite.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from api.audit.database import Snapshot
from api.audit.ledger import Ledger
from api.audit.report import CannotAudit, Invariant

_SETTING = ("数据库设置会丢失已提交的数据", "the database is set to lose what it has committed")
_LOST = ("客户端已收到应答，登记中没有", "acknowledged to a client, and not on record")
_OTHER = ("客户端收到的应答与登记不符", "acknowledged to a client otherwise than on record")
_POSTGRESQL = (
    "SELECT name, setting FROM pg_settings "
    "WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
)
_LOSING = frozenset({"off"})
_JOURNALS = frozenset({"wal", "delete", "truncate", "persist"})


def check(snapshot: Snapshot, ledger: Ledger, acknowledged: Sequence[Path]) -> Invariant:
    """Settings of the engine, and answers that clients kept (JSON lines with `identifier`).

    Raises:
        CannotAudit: a file of answers cannot be read.
    """
    found = Invariant("INV-13")
    for name, setting in _settings(snapshot):
        found.checked += 1
        durable = setting in _JOURNALS if name == "journal_mode" else setting not in _LOSING
        found.expect(durable, name, "not-durable", _SETTING)
    for path in acknowledged:
        _check_answers(found, ledger, path)
    return found


def _settings(snapshot: Snapshot) -> list[tuple[str, str]]:
    if snapshot.engine == "postgresql":
        return [(row["name"], row["setting"]) for row in snapshot.rows(_POSTGRESQL)]
    return [
        ("journal_mode", str(row["journal_mode"])) for row in snapshot.rows("PRAGMA journal_mode")
    ]


def _check_answers(found: Invariant, ledger: Ledger, path: Path) -> None:
    try:
        lines = [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
        answers = [(str(line["identifier"]), line) for line in lines if line.get("identifier")]
    except (OSError, ValueError, AttributeError) as error:
        raise CannotAudit(
            f"无法读取应答文件 {path.name}。", f"The file of answers {path.name} cannot be read."
        ) from error
    for identifier, answer in answers:
        found.checked += 1
        certificate = ledger.certificates.get(identifier)
        if not found.expect(certificate is not None, identifier, "acknowledged-lost", _LOST):
            continue
        files = {row["sha256"] for row in ledger.files.get(identifier, ())}
        version = int((certificate or {}).get("row_version", 0))
        same = answer.get("sha256", "") in {"", *files}
        same = same and int(answer.get("row_version") or 0) <= version
        found.expect(same, identifier, "acknowledged-otherwise", _OTHER)
