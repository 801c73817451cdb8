"""Offline: what a snapshot of the record lets be said, and never more."""

import json
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
NAMES = json.dumps(
    dict.fromkeys(
        [
            "x",
            "VALID",
            "valid",
            "expired",
            "2024-03-01",
            "2025-03-01",
            "0",
            "none",
            "1",
            "abcd",
            "",
        ],
        0,
    )
).encode()


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
    assert told(offline(on=DAY)) == (UNSURE, "status-as-of")
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=1)):
        assert told(offline(on=day, file=evidence.file(identifier=IDENTIFIER)))[0] is UNSURE
        assert told(offline(REVOKED, on=day)) == (UNSURE, "not-of-that-day")


@pytest.mark.parametrize(
    ("code", "check"),
    [("inspection-overdue", Check.DUTIES_NOW), ("paper-lost", Check.PAPER)],
)
def test_what_stands_beside_a_status_is_told_too(code, check):
    """Nobody is to take a permit for in order because the record is far away."""
    said = Sentence("登记有效，但年审逾期。", "可以采用。", "Valid, but overdue.", "Accept.")
    row = replace(ROW, code=code, sentence=said)
    for on in (None, DAY):
        report = judge(offline(row, on=on), OWN, NOW)
        assert report.verdict is UNSURE
        (found,) = [item for item in report.findings if item.code == code]
        assert (found.check, found.zh, found.en) == (check, said.zh, said.en)
        assert found.data_as_of == THEN
    assert not [item for item in judge(offline(), OWN, NOW).findings if item.check is check]


def test_the_day_of_the_snapshot_was_not_over():
    """A revocation of that noon is in no file of that morning, however long ago that was."""
    facts = offline(on=DAY)
    for hours in (0, 1, 24, 9_000):
        report = judge(facts, OWN, THEN + timedelta(hours=hours))
        assert (report.verdict, report.code) == (UNSURE, "status-as-of")
    bare = replace(facts, file=None)
    assert judge(bare, OWN, THEN).verdict is UNSURE
    assert judge(replace(offline(REVOKED, on=DAY)), OWN, THEN).code == "revoked"


def test_without_a_file_none_is_called_unaltered():
    """An identifier was asked for: what was valid is the record, nobody has seen a file."""
    report = judge(replace(offline(on=DAY), file=None), OWN, NOW)
    assert (report.verdict, report.code) == (UNSURE, "status-as-of")
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


def test_a_snapshot_speaks_of_the_status_and_of_nothing_else():
    """A finding of another check keeps its own sentence, whatever the row says."""
    bad = evidence.signature(message=evidence.message(digest_ok=False))
    altered = replace(REVOKED, code="altered", sentence=WORDS)
    report = judge(offline(altered, file=other(bad)), OWN, NOW)
    assert report.code == "altered"
    assert "已吊销" not in report.sentence.zh
    begun = replace(
        REVOKED, view=View.NOT_YET_EFFECTIVE, code="not-yet-effective", valid_from=legal_day(NOW)
    )
    report = judge(offline(begun), OWN, NOW)
    assert (report.code, "已吊销" in report.sentence.zh) == ("status-as-of", False)


def test_findings_use_the_words_of_the_row_where_they_say_the_same():
    def status(row, **changes):
        report = judge(offline(row, **changes), OWN, NOW)
        return next(item for item in report.findings if item.check is Check.STATUS_NOW)

    assert status(REVOKED).zh == WORDS.zh
    assert status(REVOKED).en == WORDS.en
    begun = replace(REVOKED, view=View.NOT_YET_EFFECTIVE, valid_from=legal_day(NOW))
    assert status(begun).zh != WORDS.zh


def test_a_file_that_no_snapshot_knows_is_told_of_once():
    report = judge(offline(None, file=other(stamped(2))), OWN, NOW)
    assert [item.code for item in report.findings].count("absent-then") == 1
    assert all(item.check is not Check.STATUS_NOW for item in report.findings)
    assert report.findings[-1].evidence["node"] == "445200"


def test_the_term_ends_after_its_last_day():
    last = replace(ROW, valid_to=legal_day(NOW))
    assert told(offline(last)) == (UNSURE, "status-as-of")
    ended = replace(ROW, valid_to=legal_day(NOW) - timedelta(days=1))
    report = judge(offline(ended), OWN, NOW)
    assert report.code == "term-ended-since"
    assert f"有效期已于{ended.valid_to}届满" in report.sentence.zh
    assert told(offline(replace(ROW, valid_to=None))) == (UNSURE, "status-as-of")


def test_a_day_to_the_second_is_long_enough_to_be_on_record():
    whole, short = stamped(1), stamped(1 - 1 / 86_400)
    assert told(offline(None, file=other(whole))) == (INVALID, "absent-then")
    assert told(offline(None, file=other(short))) == (UNSURE, "newer-than-snapshot")


def test_a_snapshot_is_overdue_after_the_moment_that_was_promised():
    def overdue(as_of):
        report = judge(offline(as_of=as_of), OWN, NOW)
        return next(item for item in report.findings if item.check is Check.STATUS_NOW).evidence

    assert overdue(NOW - timedelta(days=1))["snapshot_overdue"] is False
    assert overdue(NOW - timedelta(days=1, seconds=1))["snapshot_overdue"] is True


def test_the_day_that_was_asked_about_is_named():
    report = judge(offline(on=date(2026, 1, 5)), OWN, NOW)
    assert "2026-01-05" in report.sentence.zh


@pytest.mark.parametrize(
    ("age", "words", "english"),
    [
        (timedelta(minutes=5), "不到1小时前", ", less than an hour ago"),
        (timedelta(hours=5), "5小时前", ", 5 h ago"),
        (timedelta(days=40), "40天前", ", 40 d ago"),
    ],
    ids=["minutes", "hours", "days"],
)
def test_the_age_is_told(age, words, english):
    """A clerk reads at once how old it is."""
    sentence = judge(offline(as_of=NOW - age), OWN, NOW).sentence
    assert f"（{words}）" in sentence.zh
    assert english in sentence.en


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
        # Eleven names make no row, though they could be taken apart like one.
        NAMES,
        line_of(ROW)[:-2] + b",0]",
        line_of(ROW).replace(b'"valid","valid"', b'"splendid","valid"'),
        line_of(ROW).replace(b'"valid","valid"', b'"valid","splendid"'),
        line_of(ROW).replace(b'"VALID"', b'"SPLENDID"'),
        line_of(ROW).replace(b'"2024-03-01"', b"3"),
        line_of(replace(ROW, files=("ab" * 33,))),
        line_of(REVOKED).replace(b',"Refuse."', b""),
    ],
    ids=[
        "object",
        "empty",
        "text",
        "names",
        "more",
        "verdict",
        "code",
        "view",
        "day",
        "long",
        "words",
    ],
)
def test_other_rows_are_refused(line):
    """What this release does not know is not guessed at."""
    with pytest.raises(ValueError, match=r".*"):
        row_from(line)


def test_what_is_not_valid_is_told_once():
    """Nothing stands beside it that would say the same and pass."""
    report = judge(offline(REVOKED), OWN, NOW)
    assert [item.code for item in report.findings].count("revoked") == 1
