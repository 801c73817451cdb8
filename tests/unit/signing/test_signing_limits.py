"""What may be spent on one file, and what becomes of a file that cannot be read."""

import re
from pathlib import Path

import pytest

from signing.evidence import reader
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.opened import opened
from signing.evidence.reader import MOST_BYTES, read_facts

MEBIBYTE = 1024 * 1024
MOST = 20 * MEBIBYTE


@pytest.mark.parametrize(
    ("name", "fault", "detail"),
    [
        ("values", "too-large", "values"),
        ("scanned", "malformed", "overlapping-objects"),
        ("entries", "too-large", "cross-reference-entries"),
        ("decoded", "malformed", "decompression-limit"),
        ("slow", "malformed", "decompression-limit"),
        ("visits", "too-large", "references"),
    ],
)
def test_what_is_left_can_be_spent_and_no_more(name, fault, detail):
    budget = Budget(**{name: 5})
    spend = getattr(budget, f"spend_{name}")
    spend(3)
    spend(2)
    with pytest.raises(ReadingFaultError) as caught:
        spend(1)
    assert (caught.value.fault, caught.value.detail, str(caught.value)) == (fault, detail, fault)


def test_leniency_is_counted_one_by_one():
    budget = Budget(lenient=2)
    budget.spend_lenient()
    budget.spend_lenient()
    with pytest.raises(ReadingFaultError, match="malformed"):
        budget.spend_lenient()


def test_a_large_file_may_be_parsed_a_few_times_and_its_history_more_often():
    assert Budget.of(1000) == Budget(scanned=8 * MEBIBYTE + 4000)
    history = Budget.of_history(1000)
    assert history == Budget(
        values=1_200_000,
        scanned=8 * MEBIBYTE + 48_000,
        visits=600_000,
        entries=1_000_000,
        decoded=192 * MEBIBYTE,
    )
    assert history.slow == Budget().slow


def test_limits_are_those_of_the_page():
    """docs/verification.md tells them to whoever wonders about a refusal."""
    page = (Path(__file__).parents[3] / "docs" / "verification.md").read_text("utf-8")
    limits = re.sub(r"\s+", " ", page[page.index("### Limits") :])
    plain, history = Budget(), Budget.of_history(0)
    for words in (
        f"{MOST_BYTES // MEBIBYTE} MB a file",
        f"{plain.entries:,} entries",
        f"{plain.values:,} values ({history.values:,} over all revisions)",
        f"{plain.decoded // MEBIBYTE} MiB of decompressed bytes",
    ):
        assert words in limits


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(sealed):
    assert read_facts(sealed, reader.TrustMaterial(), len(sealed)).readable
    beyond = read_facts(sealed, reader.TrustMaterial(), len(sealed) - 1)
    assert (beyond.fault, beyond.signatures) == ("too-large", ())


@pytest.mark.parametrize(
    ("before", "behind", "fault"),
    [
        (0, 2042, ""),
        (0, 2048, "truncated"),
        (1016, 0, ""),
        (1017, 0, "not-pdf"),
    ],
)
def test_where_a_file_begins_and_ends(sealed, before, behind, fault):
    """Its header in the first kilobyte, its end in the last two; in between other files may lie."""
    assert sealed.endswith(b"%%EOF\n")
    facts = read_facts(b" " * before + sealed + b" " * behind, reader.TrustMaterial())
    assert facts.fault == fault


def test_what_was_spent_elsewhere_is_spent(sealed):
    with pytest.raises(ReadingFaultError, match="too-large"):
        opened(sealed, MOST, Budget(values=3))


def test_what_is_no_pdf_shows_no_signature(sealed):
    """Whatever lies in it: nobody would open it as one."""
    headless = sealed.replace(b"%PDF-", b"%XYZ-", 1)
    facts = read_facts(headless, reader.TrustMaterial())
    assert (facts.fault, facts.signatures, facts.looks_ours) == ("not-pdf", (), False)


def test_a_fault_of_ours_is_the_files_where_its_signature_is_broken(pki, sealed, monkeypatch):
    """What cannot be read any more and no longer holds was changed: no reader is to blame."""

    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr(reader, "opened", fails)
    whole = read_facts(sealed, pki.trust)
    assert (whole.fault, whole.fault_detail) == ("crashed", "RuntimeError")
    assert [item.intact for item in whole.signatures] == [True]
    place = sealed.index(b"/MediaBox")
    changed = sealed[:place] + b"/mediaBox" + sealed[place + 9 :]
    broken = read_facts(changed, pki.trust)
    assert (broken.fault, broken.fault_detail) == ("malformed", "RuntimeError")
    assert [item.intact for item in broken.signatures] == [False]


def test_a_fault_of_ours_stays_ours_where_nothing_can_be_read(pki, sealed, monkeypatch):
    """A message that our readers do not understand says nothing of the bytes around it."""

    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr(reader, "opened", fails)
    place = sealed.index(b"/Contents <") + len(b"/Contents <")
    unread = sealed[:place] + b"ffff" + sealed[place + 4 :]
    facts = read_facts(unread, pki.trust)
    assert [item.message for item in facts.signatures] == [None]
    assert (facts.fault, facts.looks_ours) == ("crashed", True)


def test_memory_that_runs_out_is_a_fault_of_ours(sealed, monkeypatch):
    def fails(*_):
        raise MemoryError

    monkeypatch.setattr(reader, "opened", fails)
    facts = read_facts(sealed, reader.TrustMaterial())
    assert (facts.fault, facts.readable, facts.signatures) == ("memory", False, ())
