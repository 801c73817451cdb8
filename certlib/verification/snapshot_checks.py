"""Checks by a status snapshot, on a machine without the record: as of then, never as of today.

Not valid in the snapshot is `invalid` with its code; valid in it is `indeterminate`, for its own
day, too, which was not over: what was recorded since nobody here can know. Sealed by ours before
the snapshot and yet absent from it is `invalid`, as ours but absent from the record is
(architecture.md section 3); where nothing proves that the seal is older than the snapshot it may
have been issued since.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from certlib.calendar import CHINA, legal_day
from certlib.evidence import FileFacts
from certlib.snapshot import SETTLING, Seen, SnapshotRow
from certlib.states import View
from certlib.verdicts import Sentence
from certlib.verification.model import Check, Finding, Judgement, Outcome

__all__ = ["original_then", "snapshot_values", "statuses_then", "told_then"]

_ORIGINAL: Final = "original"
_OF_PAPER: Final = frozenset({"paper-lost", "paper-void"})
_DAY_SECONDS: Final = 86_400
_HOUR_SECONDS: Final = 3_600


def original_then(bench: Judgement, file: FileFacts) -> Finding:
    """Whether the file is byte for byte on record, by the snapshot."""
    evidence: dict[str, Any] = {"sha256": file.sha256}
    seen = speaking(bench)
    if seen is None:
        return bench.finding(Check.ORIGINAL, Outcome.UNKNOWN, "status-unknown", evidence=evidence)
    evidence |= _evidence(bench, seen)
    values = snapshot_values(bench, seen)
    if seen.row is not None and file.sha256 in seen.row.files:
        return _as_of(
            seen, bench.finding(Check.ORIGINAL, Outcome.PASS, "on-record-then", values, evidence)
        )
    if file.kind == _ORIGINAL and _sealed_before(bench, seen):
        code, outcome = "absent-then", Outcome.FAIL
    else:
        code, outcome = "newer-than-snapshot", Outcome.UNKNOWN
    return _as_of(seen, bench.finding(Check.ORIGINAL, outcome, code, values, evidence))


def statuses_then(bench: Judgement) -> list[Finding]:
    """What the snapshot says for today, and for the day that is asked about."""
    seen = speaking(bench)
    if seen is None:
        return [bench.finding(Check.STATUS_NOW, Outcome.UNKNOWN, "status-unknown")]
    if seen.row is None:
        if bench.facts.file is not None:
            return []  # `original_then` has said it
        values = snapshot_values(bench, seen)
        finding = bench.finding(
            Check.STATUS_NOW, Outcome.UNKNOWN, "newer-than-snapshot", values, _evidence(bench, seen)
        )
        return [_as_of(seen, finding)]
    found = [_status(bench, Check.STATUS_NOW, seen, seen.row, legal_day(bench.at))]
    if bench.facts.on is not None:
        found.append(_status(bench, Check.STATUS_ON, seen, seen.row, bench.facts.on))
    return found + _beside(bench, seen, seen.row)


def told_then(bench: Judgement, finding: Finding) -> Sentence | None:
    """The sentence of what a snapshot's row decides, in the words that it was told in."""
    seen = speaking(bench)
    if seen is None or seen.row is None or finding.check not in (Check.STATUS_NOW, Check.STATUS_ON):
        return None
    words = seen.row.sentence
    if words is None or finding.code != seen.row.code:
        return None
    values = snapshot_values(bench, seen)
    return Sentence(
        f"{_open(words.zh)}（截至{values['then']}的登记快照，{values['age']}前）。",
        words.next_zh,
        f"{_open(words.en)} (by the snapshot as of {values['then_en']}, {values['age_en']} ago).",
        words.next_en,
    )


def speaking(bench: Judgement) -> Seen | None:
    """The snapshot, where it may speak of this file: its signer and the seal have one root."""
    seen = bench.facts.snapshot
    if seen is None or bench.facts.file is None:
        return seen
    chains = [item.chain for item in bench.signatures if item.chain is not None]
    roots = {chain.path[-1].sha256 for chain in chains if chain.path}
    return seen if seen.header.anchor in roots else None


def snapshot_values(bench: Judgement, seen: Seen) -> dict[str, Any]:
    """What fills the sentences: the snapshot's time, and how long ago that was."""
    local = seen.header.as_of.astimezone(CHINA)
    seconds = max(0, int((bench.at - seen.header.as_of).total_seconds()))
    days, hours = seconds // _DAY_SECONDS, seconds // _HOUR_SECONDS
    on, row = bench.facts.on, seen.row
    ends = "" if row is None or row.valid_to is None else row.valid_to.isoformat()
    return {
        "then": local.strftime("%Y年%m月%d日 %H:%M"),
        "then_en": local.strftime("%Y-%m-%d %H:%M (UTC+8)"),
        "age": f"{days}天" if days else f"{hours}小时" if hours else "不到1小时",
        "age_en": f"{days} d" if days else f"{hours} h" if hours else "less than an hour",
        "day": "" if on is None else on.isoformat(),
        "ends": ends,
    }


def _status(bench: Judgement, check: Check, seen: Seen, row: SnapshotRow, day: date) -> Finding:
    values, evidence = snapshot_values(bench, seen), _evidence(bench, seen)
    code, outcome = _weighed(check, seen, row, day)
    found = bench.finding(check, outcome, code, values, evidence | {"day": day.isoformat()})
    if code == row.code and row.sentence is not None:
        found = replace(found, zh=row.sentence.zh, en=row.sentence.en)
    return _as_of(seen, found)


def _beside(bench: Judgement, seen: Seen, row: SnapshotRow) -> list[Finding]:
    """What was told beside a status that is valid: a duty that is overdue, a paper that is lost."""
    words = row.sentence
    if row.verdict != "valid" or words is None:
        return []
    check = Check.PAPER if row.code in _OF_PAPER else Check.DUTIES_NOW
    values = snapshot_values(bench, seen)
    found = bench.finding(check, Outcome.PASS, row.code, values, _evidence(bench, seen))
    return [_as_of(seen, replace(found, zh=words.zh, en=words.en))]


def _weighed(check: Check, seen: Seen, row: SnapshotRow, day: date) -> tuple[str, Outcome]:
    """What may be said for `day`, knowing all that was known at the time of the snapshot."""
    if check is Check.STATUS_ON and day != seen.header.day:
        return "not-of-that-day", Outcome.UNKNOWN
    begun = row.view is View.NOT_YET_EFFECTIVE and day >= row.valid_from
    if row.verdict != "valid" and not begun:
        return row.code, Outcome.FAIL if row.verdict == "invalid" else Outcome.UNKNOWN
    ended = row.valid_to is not None and day > row.valid_to
    return "term-ended-since" if ended else "status-as-of", Outcome.UNKNOWN


def _sealed_before(bench: Judgement, seen: Seen) -> bool:
    """Proven by a timestamp: it was sealed so long before the snapshot that it must stand there."""
    first = bench.signatures[0].moment
    return first.proven and first.made <= seen.header.as_of - SETTLING


def _evidence(bench: Judgement, seen: Seen) -> dict[str, Any]:
    header = seen.header
    return {
        "node": header.node,
        "snapshot_as_of": header.as_of.isoformat(),
        "snapshot_overdue": bench.at > header.next_update,
    }


def _as_of(seen: Seen, finding: Finding) -> Finding:
    return replace(finding, data_as_of=seen.header.as_of)


def _open(words: str) -> str:
    """A sentence without its full stop: something follows."""
    return words.rstrip("。.")
