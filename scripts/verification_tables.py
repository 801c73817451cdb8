"""Writes the tables of docs/verification.md anew, from the sentences and rules in the code.

Usage: python scripts/verification_tables.py docs/verification.md
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from certlib.clauses import CLAUSES
from certlib.crypto_policy import CRYPTO_2026
from certlib.findings import DISTRUST, FAULTS, FINDINGS
from certlib.verdicts import SENTENCES
from signing.evidence.structure import CLAUSES as NOTES

_TABLE = re.compile(r"(?<=<!-- table: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The page with every marked table written anew."""
    return _TABLE.sub(lambda found: f"{found[1]}{found[2]}\n{_TABLES[found[1]]()}\n", text)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(_cell(item) for item in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    """Placeholders as an ellipsis: values stand there."""
    return re.sub(r"\{\w+\}", "…", text).replace("|", "\\|")


def _sentences() -> str:
    head = ("code", "结论", "下一步", "English", "next step")
    return _rows(
        head,
        (
            (f"`{code}`", item.zh, item.next_zh, item.en, item.next_en)
            for code, item in SENTENCES.items()
        ),
    )


def _pairs(head: tuple[str, ...], table: Mapping[str, tuple[str, str]]) -> str:
    return _rows(
        (*head, "clause"),
        ((f"`{key}`", zh, en, CLAUSES.get(key, "")) for key, (zh, en) in table.items()),
    )


def _findings() -> str:
    return _pairs(("code", "中文", "English"), FINDINGS)


def _distrust() -> str:
    return _pairs(("problem", "中文", "English"), DISTRUST)


def _faults() -> str:
    return _rows(
        ("fault", "中文", "English"), ((f"`{key}`", zh, en) for key, (zh, en) in FAULTS.items())
    )


def _rules() -> str:
    told = set(FINDINGS) | set(DISTRUST)
    return _rows(
        ("problem", "clause"),
        ((f"`{key}`", clause) for key, clause in CLAUSES.items() if key not in told),
    )


def _notes() -> str:
    return _rows(
        ("note", "clause of ISO 32000-2"), ((f"`{key}`", text) for key, text in NOTES.items())
    )


def _crypto() -> str:
    policy = CRYPTO_2026
    lines = [(f"digest `{name}`", _until(day)) for name, day in policy.digests.items()]
    for kind, steps in policy.moduli.items():
        lines += [(f"`{kind}` from {bits} bits on", _until(day)) for bits, day in steps]
    lines += [(f"key `{name}`", _until(day)) for name, day in policy.curves.items()]
    return _rows(("algorithm", "reliable until (UTC)"), lines)


def _until(day: object) -> str:
    return "no end known" if day is None else str(day)


_TABLES = {
    "sentences": _sentences,
    "findings": _findings,
    "distrust": _distrust,
    "faults": _faults,
    "rules": _rules,
    "notes": _notes,
    "crypto": _crypto,
}

if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(filled(page.read_text("utf-8")), "utf-8")
