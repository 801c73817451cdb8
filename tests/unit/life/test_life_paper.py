"""Paper goes its own way: lost, declared void, replaced, collected; the certificate stays."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.certificate import PaperStatus
from certlib.errors import Invalid, TransitionForbidden
from certlib.paper import SHEET_STEPS, PaperAct, Print, Sheet, current, numbers_between, overall

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def sheet(number="P1", status=PaperStatus.SYNCED, form="original", replaces=""):
    printed = Print(form, number, "揭阳市", NOW, replaces=replaces)
    return Sheet("1.2", printed, status, NOW, "actor")


@pytest.mark.parametrize(("status", "act"), list(product(PaperStatus, PaperAct)))
def test_a_sheet_moves_along_the_table_only(status, act):
    before = sheet(status=status)
    if (status, act) in SHEET_STEPS:
        after = before.after(act, TODAY, today=TODAY, notice="揭阳日报")
        assert after.status is SHEET_STEPS[status, act]
        assert (after.status_on, after.notice) == (TODAY, "揭阳日报")
    else:
        with pytest.raises(TransitionForbidden):
            before.after(act, TODAY, today=TODAY, notice="揭阳日报")


def test_a_declaration_names_its_notice_and_no_day_lies_ahead():
    with pytest.raises(Invalid) as caught:
        sheet().after(PaperAct.DECLARE_VOID, TODAY + timedelta(days=1), today=TODAY)
    assert [item.field for item in caught.value.problems] == ["/on", "/notice"]


def test_the_original_decides_what_is_said_of_the_paper():
    lost_copy = sheet("P2", PaperStatus.LOST, form="duplicate")
    assert overall([sheet(), lost_copy], has_paper=True) is PaperStatus.SYNCED
    assert overall([lost_copy], has_paper=True) is PaperStatus.PENDING
    assert overall([], has_paper=True) is PaperStatus.PENDING
    assert overall([], has_paper=False) is PaperStatus.NONE


def test_a_replaced_sheet_does_not_count():
    void = sheet("P1", PaperStatus.DECLARED_VOID)
    assert overall([void], has_paper=True) is PaperStatus.DECLARED_VOID
    assert overall([void, sheet("P2", replaces="P1")], has_paper=True) is PaperStatus.SYNCED
    gone = sheet("P3", PaperStatus.COLLECTED)
    assert overall([gone], has_paper=True) is PaperStatus.COLLECTED


def test_of_twins_the_one_of_the_same_form_is_replaced():
    twins = [sheet("P1"), sheet("P1", form="duplicate")]
    second = sheet("P2", replaces="P1")
    assert [item.key for item in current([*twins, second])] == [
        ("duplicate", "P1"),
        ("original", "P2"),
    ]
    other = sheet("P3", form="annex", replaces="P2")
    assert [item.key for item in current([*twins, second, other])] == [
        ("duplicate", "P1"),
        ("annex", "P3"),
    ]


@given(st.integers(0, 9000), st.integers(0, 999))
def test_a_range_of_numbers_has_every_number_once(first, more):
    found = numbers_between(f"JT{first:06}", f"JT{first + more:06}")
    assert len(found) == len(set(found)) == more + 1
    assert (found[0], found[-1]) == (f"JT{first:06}", f"JT{first + more:06}")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("A1", "B2"),
        ("A2", "A1"),
        ("A1", "A10"),
        ("A", "A"),
        ("", ""),
        ("A00000", "A10000"),
        ("A１", "A２"),
    ],
)
def test_what_is_no_range_is_refused(first, last):
    with pytest.raises(Invalid):
        numbers_between(first, last)
