"""Public files with expected verdicts, through our reader; each difference is listed with its reason."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certlib.evidence import ChangeGrade, FileFacts
from certlib.ports import TrustMaterial
from certlib.verification import FOREIGN
from certlib.verification.signature_validation import conclusions
from signing.evidence.reader import InProcessEvidenceReader

_HERE = Path(__file__).parents[3]
_FOLDER = Path(os.environ.get("CERTLIB_CORPORA", _HERE.parent / "shared" / "corpora"))

AT = datetime(2026, 1, 1, tzinfo=UTC)
DIFFERENCES = {
    "pyhanko/struct-tree-circular-ref.pdf": (
        "no-signature",
        "The circle is in the structure tree (ISO 32000-1, 14.7.2), which we never walk.",
    ),
}


def word_of(facts: FileFacts) -> str:
    """Our facts in the corpus's words: integrity alone, no trust."""
    found = facts.signatures
    if not facts.readable:
        return "malformed"
    if not found:
        return "no-signature"
    concluded = conclusions(found, FOREIGN, AT)
    unread = [item for item in found if item.message is None]
    rules = {
        "malformed": any(not item.layout_problem for item in unread),
        "invalid-structure": any(item.layout_problem for item in found),
        "indeterminate": any(item.problem in ("unsupported", "weak-seal") for item in concluded),
        "invalid-crypto": any(not item.intact for item in found),
        "valid": facts.changes.grade is ChangeGrade.NONE,
        "valid-extended": facts.changes.grade is ChangeGrade.PERMITTED,
    }
    return next((word for word, applies in rules.items() if applies), "invalid-modified")


def _rows() -> list[dict[str, str]]:
    manifest = _FOLDER / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].startswith("pyhanko/")]


ROWS = _rows()


@pytest.mark.skipif(not ROWS, reason="public corpora absent: set CERTLIB_CORPORA to their folder")
def test_the_corpus_is_all_there():
    assert len(ROWS) == 59
    assert set(DIFFERENCES) <= {row["file"] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
@pytest.mark.timeout(3)
def test_corpus_file(row):
    reader = InProcessEvidenceReader(TrustMaterial)
    facts = reader.read((_FOLDER / row["file"]).read_bytes())
    expected, _reason = DIFFERENCES.get(row["file"], (row["expected"], ""))
    assert word_of(facts) == expected, (row["why"], facts.fault_detail, facts.changes)
    assert facts.fault not in ("crashed", "memory"), facts.fault_detail
