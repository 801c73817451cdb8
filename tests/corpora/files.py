"""Public PDF files through our reader: in the corpus's words, and where we differ and why."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from certlib.evidence import ChainFacts, ChangeGrade, FileFacts, MessageFacts, SignatureFacts
from certlib.ports import TrustMaterial
from certlib.verification import FOREIGN, OWN, Facts, Verdict, judge
from certlib.verification.signature_validation import conclusions
from signing.evidence.reader import InProcessEvidenceReader
from tests.corpora.folder import FOLDER
from tests.fakes import evidence

AT = datetime(2026, 1, 1, tzinfo=UTC)
DIFFERENCES = {
    "pyhanko/struct-tree-circular-ref.pdf": (
        "no-signature",
        "The circle is in the structure tree (ISO 32000-1, 14.7.2), which we never walk.",
    ),
}
"""The word that we have for a file instead of the expected one, and why it stands."""

ACCEPTED = frozenset({"valid", "valid-extended"})


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


def rows() -> list[dict[str, str]]:
    """The manifest's lines on PDF files; none where the folder is absent."""
    manifest = FOLDER / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].startswith("pyhanko/")]


def read(row: dict[str, str]) -> FileFacts:
    """As any upload is read."""
    data = (FOLDER / row["file"]).read_bytes()
    return InProcessEvidenceReader(TrustMaterial).read(data)


def verdicts(facts: FileFacts) -> dict[str, Verdict]:
    """By policy, as if everybody who signed were trusted: only the file itself is in the way."""
    trusted = replace(facts, signatures=tuple(map(_trusted, facts.signatures)))
    asked = Facts(file=trusted, authorised=True)
    return {policy.name: judge(asked, policy, AT).verdict for policy in (OWN, FOREIGN)}


def _trusted(item: SignatureFacts) -> SignatureFacts:
    stamps = evidence.chain(evidence.stamper(), evidence.anchor())
    seals = stamps if item.kind == "document_timestamp" else evidence.chain()
    stamp = item.timestamp
    if stamp is not None:
        stamp = replace(stamp, message=_by(stamp.message, stamps))
    return replace(item, message=_by(item.message, seals), timestamp=stamp)


def _by(message: MessageFacts | None, chain: ChainFacts) -> MessageFacts | None:
    return None if message is None else replace(message, chain=chain)


def unexplained(row: dict[str, str], facts: FileFacts) -> str:
    """How our answer differs without being listed above; "" when it does not."""
    expected, _ = DIFFERENCES.get(row["file"], (row["expected"], ""))
    found = word_of(facts)
    if found != expected:
        return f"expected {expected}, is {found}: {row['why']} {facts.fault_detail}"
    accepted = {name for name, verdict in verdicts(facts).items() if verdict is Verdict.VALID}
    # Nothing of it is on our record: our own policy accepts none.
    right = {FOREIGN.name} if row["expected"] in ACCEPTED else set()
    return "" if accepted == right else f"{row['expected']}, valid under {accepted or 'no policy'}"


def table(found: list[dict[str, str]]) -> tuple[list[str], bool]:
    """Lines to print, and whether everything is explained."""
    wrong = {row["file"]: told for row in found if (told := unexplained(row, read(row)))}
    lines = [
        f"{'PDF files, expected to be':32}{'files':>7}{'agree':>7}{'listed':>9}{'unexplained':>13}"
    ]
    for word, total in Counter(row["expected"] for row in found).items():
        names = {row["file"] for row in found if row["expected"] == word}
        bad, listed = len(names & wrong.keys()), len(names & DIFFERENCES.keys())
        lines.append(f"{word:32}{total:>7}{total - bad - listed:>7}{listed:>9}{bad:>13}")
    lines += [f"  {name}: {word}: {why}" for name, (word, why) in DIFFERENCES.items()]
    lines += [f"  UNEXPLAINED {name}: {told}" for name, told in wrong.items()]
    return lines, not wrong
