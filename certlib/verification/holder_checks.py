"""Checks of what has become of the holders: a right of its own does not outlive its holder.

死亡 and 终止 end it, though somebody has to deregister it (Licensing Law art. 70); a merger moves
access, not the certificate: it names the predecessor until the successor has it changed.
"""

from datetime import date

from certlib.certificate import Certificate
from certlib.holder_changes import ChangeKind, Chronicle, Standing
from certlib.verification.holder_matching import merger_values
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.status_checks import goes_on, known_for


def holders_gone(bench: Judgement, check: Check, record: Certificate, day: date) -> list[Finding]:
    """A finding for each holder that is no more; none where the state decides already."""
    known_at = known_for(bench, check)
    if not goes_on(record, day, known_at):
        return []
    content = record.content
    chronicle = Chronicle(bench.facts.holder_changes, known_at)
    standings = (chronicle.standing(item, content.issue_date, day) for item in content.holders)
    return [_finding(bench, check, record, item) for item in standings if item.gone is not None]


def _finding(bench: Judgement, check: Check, record: Certificate, standing: Standing) -> Finding:
    gone = standing.gone
    merged = gone is not None and gone.kind is ChangeKind.MERGED
    code = "holder-merged" if merged else "holder-ended"
    values = merger_values(standing) if merged else {}
    # With other holders, or where a thing is what it speaks of, the right goes on.
    if len(record.content.holders) == 1 and bench.facts.ends_with_holder:
        return bench.finding(check, Outcome.UNKNOWN, code, values)
    return bench.finding(check, Outcome.PASS, f"{code}-noted", values)
