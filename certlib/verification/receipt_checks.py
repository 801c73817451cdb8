"""Checks of a receipt (核验回执): is it ours and unaltered; never what became of the certificate.

A receipt has no status check (architecture.md section 3). Its seal is that of the library's key
for reports: a department's seal does not do, whatever the file says.
"""

from collections.abc import Mapping
from typing import Any, Final

from certlib.calendar import CHINA
from certlib.evidence import SIGNATURE, FileFacts
from certlib.receipts import Told, told_by
from certlib.verification.file_checks import changes, integrity, is_signed, of_the_bytes, seal
from certlib.verification.model import Check, Finding, Judgement, Outcome

__all__ = ["VERDICT_CODES", "receipt_findings", "receipt_values"]

VERDICT_CODES: Final[Mapping[str, str]] = {
    "altered": "receipt-altered",
    "seal-untrusted": "receipt-untrusted",
}
"""Findings whose verdict says another thing of a receipt than of a certificate."""

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "valid": ("有效", "valid"),
    "invalid": ("无效", "invalid"),
    "indeterminate": ("无法判定", "indeterminate"),
}


def receipt_findings(bench: Judgement, file: FileFacts) -> list[Finding]:
    """Integrity, changes and seal; a report that nobody sealed says so and proves nothing."""
    told = told_by(file.content)
    if not is_signed(file):
        if told is not None and not told.signed and not file.signatures:
            values = _values(told)
            return [bench.finding(Check.SEAL, Outcome.UNKNOWN, "receipt-unsigned", values)]
        evidence = {"signature": "removed"}
        return [bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence)]
    found = [integrity(bench, file), changes(bench, file)]
    if not any(of_the_bytes(item) for item in bench.signatures):
        found.append(seal(bench))
    if told is None:
        # Sealed by whomever, it says nothing that could be told: nothing of ours looks so.
        evidence = {"content": "unknown"}
        found.append(bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence))
    return found


def receipt_values(file: FileFacts) -> dict[str, Any]:
    """What fills the sentence of a receipt that holds."""
    told = told_by(file.content)
    signer = next(item.signer for item in file.signatures if item.kind == SIGNATURE)
    assert told is not None  # noqa: S101 - `receipt_findings` has seen to both
    assert signer is not None  # noqa: S101
    return {"signer": signer.name or signer.subject, **_values(told)}


def _values(told: Told) -> dict[str, Any]:
    zh, en = _WORDS[told.verdict]
    local = told.as_of.astimezone(CHINA)
    return {
        "number": told.number,
        "then": local.strftime("%Y年%m月%d日 %H:%M"),
        "then_en": local.strftime("%Y-%m-%d %H:%M (UTC+8)"),
        "verdict": zh,
        "verdict_en": en,
        "said": told.zh,
        "said_en": told.en,
        "identifier": told.identifier,
    }
