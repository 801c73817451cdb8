"""Offline: what a snapshot of the record lets be said, and never more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.calendar import legal_day
from certlib.snapshot import line_of, row_from
from certlib.states import View
from certlib.verdicts import Sentence
from certlib.verification import FOREIGN, OWN, Check, Facts, Verdict, judge
from tests.fakes import evidence
from tests.unit.life.builders import IDENTIFIER, NOW
from tests.unit.verdicts.offline_situations import ROW, THEN, offline, other, stamped

VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE
WORDS = Sentence("已吊销，不再有效。", "不予采用。", "Revoked: no longer valid.", "Refuse.")
REVOKED = replace(ROW, view=View.REVOKED, verdict="invalid", code="revoked", sentence=WORDS)
RESTRICTED = replace(ROW, verdict="indeterminate", code="restricted", restricted=True)
DAY = legal_day(THEN)


def told(facts):
    report = judge(facts, OWN, NOW)
    return report.verdict, report.code


def test_without_a_snapshot_nothing_is_known():
    """File and seal hold, and no more is said."""
    facts = Facts(file=evidence.file(identifier=IDENTIFIER), registry_asked=False)
    assert told(facts) == (UNSURE, "status-unknown")


def test_valid_then_is_not_valid_now():
    """The sentence says of when, how long ago, and where to ask."""
    report = judge(offline(), OWN, NOW)
    assert (report.verdict, report.code) == (UNSURE, "status-as-of")
    assert "（3天前）" in report.sentence.zh
    status = next(item for item in report.findings if item.check is Check.STATUS_NOW)
    assert (status.data_as_of, status.data_age) == (THEN, 3 * 86_400)
    assert status.evidence["snapshot_overdue"] is True


@pytest.mark.parametrize("on", [None, DAY])
def test_not_valid_then_is_invalid_with_its_code(on):
    """In the words that the look-up used, with their time."""
    report = judge(offline(REVOKED, on=on), OWN, NOW)
    assert (report.verdict, report.code) == (INVALID, "revoked")
    assert report.sentence.zh.startswith("已吊销，不再有效（截至")
    assert "3 d ago" in report.sentence.en
    assert report.sentence.next_zh == "不予采用。"


def test_what_is_left_to_the_clerk_stays_so():
    """A restriction decides nothing here either; without words of its own it has the code's."""
    assert told(offline(RESTRICTED)) == (UNSURE, "restricted")
    assert told(offline(replace(RESTRICTED, sentence=WORDS))) == (UNSURE, "restricted")


def test_a_snapshot_knows_its_own_day_alone():
    """Between other days and that one anything may have been recorded."""
    assert told(offline(on=DAY)) == (VALID, "valid-as-of")
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=1)):
        assert told(offline(on=day, file=evidence.file(identifier=IDENTIFIER)))[0] is UNSURE
        assert told(offline(REVOKED, on=day)) == (UNSURE, "not-of-that-day")


def test_today_is_not_over():
    """Asked for by its date it is still now: a revocation of this noon is in no morning's file."""
    facts = offline(on=DAY)
    for hours in (0, 1):
        report = judge(facts, OWN, THEN + timedelta(hours=hours))
        assert (report.verdict, report.code) == (UNSURE, "status-as-of")
    bare = replace(facts, file=None)
    assert judge(bare, OWN, THEN).verdict is UNSURE
    assert judge(replace(offline(REVOKED, on=DAY)), OWN, THEN).code == "revoked"


def test_without_a_file_none_is_called_unaltered():
    """An identifier was asked for: what was valid is the record, nobody has seen a file."""
    report = judge(replace(offline(on=DAY), file=None), OWN, NOW)
    assert (report.verdict, report.code) == (VALID, "valid-as-of")
    assert "未核验文件" in report.sentence.zh
    said = [report.sentence.zh, report.sentence.en]
    said += [text for item in report.findings for text in (item.zh, item.en)]
    assert not [text for text in said if "一致" in text or "unaltered" in text]


def test_a_seal_that_is_bad_outranks_the_snapshot():
    """No status makes up for it."""
    bad = evidence.signature(message=evidence.message(digest_ok=False))
    assert told(offline(file=other(bad), on=DAY)) == (INVALID, "altered")


def test_not_yet_effective_then_may_be_so_now():
    """The calendar goes on where the record cannot be asked."""
    row = replace(
        ROW,
        view=View.NOT_YET_EFFECTIVE,
        verdict="invalid",
        code="not-yet-effective",
        valid_from=legal_day(NOW),
    )
    assert told(offline(row)) == (UNSURE, "status-as-of")
    later = replace(row, valid_from=date(2027, 1, 1), valid_to=None, sentence=WORDS)
    assert told(offline(later)) == (INVALID, "not-yet-effective")


@pytest.mark.parametrize(
    ("seal", "known", "kind", "expected"),
    [
        (stamped(2), False, "original", (INVALID, "absent-then")),
        (stamped(2), True, "original", (INVALID, "absent-then")),
        # Within a day of the snapshot it may have been on its way to the record.
        (stamped(0.5), True, "original", (UNSURE, "newer-than-snapshot")),
        # Nothing proves when it was sealed.
        (evidence.signature(timestamp=None), True, "original", (UNSURE, "newer-than-snapshot")),
        # Copies for a purpose do not stand in a snapshot.
        (stamped(2), True, "purpose_copy", (UNSURE, "newer-than-snapshot")),
    ],
    ids=["unknown", "other-bytes", "fresh", "unproven", "copy"],
)
def test_bytes_that_are_not_on_record(seal, known, kind, expected):
    """Ours, sealed before the snapshot and not in it: as absent from the record."""
    row = ROW if known else None
    assert told(offline(row, file=other(seal, kind=kind))) == expected


def test_another_roots_snapshot_says_nothing():
    """Whoever signs snapshots speaks of seals under its own root alone."""
    assert told(offline(anchor="00" * 32)) == (UNSURE, "status-unknown")
    assert told(offline(REVOKED, anchor="00" * 32)) == (UNSURE, "status-unknown")
    unreadable = evidence.signature(message=evidence.message(chain=evidence.unchained("no-path")))
    assert told(offline(file=other(unreadable))) == (INVALID, "seal-untrusted")


def test_an_identifier_alone_can_be_asked_for_too():
    """Without a file there is a status, and no more."""
    for row, expected in (
        (ROW, (UNSURE, "status-as-of")),
        (REVOKED, (INVALID, "revoked")),
        (None, (UNSURE, "newer-than-snapshot")),
    ):
        assert told(replace(offline(row), file=None)) == expected


def test_others_files_have_no_status_here():
    """Under `foreign` a snapshot of ours has nothing to say of them."""
    plain = evidence.file(identifier="", looks_ours=False)
    report = judge(Facts(file=plain, registry_asked=False), FOREIGN, NOW)
    assert report.code == "foreign-valid"
    seen = replace(offline(), file=plain)
    assert judge(seen, FOREIGN, NOW).code == "foreign-valid"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=5), "不到1小时前"),
        (timedelta(hours=5), "5小时前"),
        (timedelta(days=40), "40天前"),
    ],
    ids=["minutes", "hours", "days"],
)
def test_the_age_is_told(age, words):
    """A clerk reads at once how old it is."""
    assert words in judge(offline(as_of=NOW - age), OWN, NOW).sentence.zh


@pytest.mark.parametrize(
    "row",
    [ROW, REVOKED, RESTRICTED, replace(ROW, valid_to=None, files=())],
    ids=["valid", "revoked", "restricted", "endless"],
)
def test_a_row_is_read_as_it_was_written(row):
    """One line, and the same again."""
    line = line_of(row)
    assert line.count(b"\n") == 1
    assert row_from(line) == row


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"nothing",
        line_of(ROW).replace(b'"valid","valid"', b'"splendid","valid"'),
        line_of(ROW).replace(b'"valid","valid"', b'"valid","splendid"'),
        line_of(ROW).replace(b'"VALID"', b'"SPLENDID"'),
        line_of(ROW).replace(b'"2024-03-01"', b"3"),
        line_of(replace(ROW, files=("ab" * 33,))),
        line_of(REVOKED).replace(b',"Refuse."', b""),
    ],
    ids=["object", "empty", "text", "verdict", "code", "view", "day", "long", "words"],
)
def test_other_rows_are_refused(line):
    """What this release does not know is not guessed at."""
    with pytest.raises(ValueError, match=r".*"):
        row_from(line)
