"""A wrong clock stops stamping: it is found out by the last token, the steady counter, the kernel."""

import threading
from datetime import timedelta

import pytest
from clock_world import SECOND, SetMachine, stamp_clock
from keys_world import START, SetClock

from certlib.clock_errors import ClockNotTrusted
from certlib.errors import SigningUnavailable
from keys.clock_mark import ClockMark, MarkFile
from keys.stamp_clock import FollowedClock, StampClock


@pytest.fixture
def machine():
    return SetMachine()


@pytest.fixture
def clock(tmp_path, machine):
    return stamp_clock(tmp_path, machine)


def refused(clock):
    with pytest.raises(ClockNotTrusted) as found:
        clock.now()
    problem = clock.standing().problem
    assert problem is not None
    assert problem.values == found.value.values
    return found.value.values["reason"]


# --- the time -----------------------------------------------------------------------------------


def test_it_tells_the_nearest_second(clock, machine):
    """So half a second of the accuracy is left for the clock itself."""
    assert clock.now() == START
    machine.passes(milliseconds=400)
    assert clock.now() == START
    machine.passes(milliseconds=200)
    assert clock.now() == START + timedelta(seconds=1)


def test_time_passes(clock, machine):
    for seconds in (0.2, 1, 3, 100, 86_400):
        machine.passes(seconds=seconds)
        assert abs(clock.now().timestamp() - machine.at / SECOND) <= 0.5
    standing = clock.standing()
    assert standing.problem is None
    assert (standing.jump, standing.behind) == (0.0, 0.0)


def test_it_never_goes_back(clock, machine):
    """Time sources set clocks by a few milliseconds all the time: tokens do not follow back."""
    machine.passes(milliseconds=600)
    first = clock.now()
    machine.set_by(milliseconds=-400)
    assert clock.now() == first


# --- what stops it ------------------------------------------------------------------------------


def test_set_back_it_waits_for_the_last_token(clock, machine):
    clock.now()
    machine.set_by(hours=-1)
    assert refused(clock) == "set-back"
    machine.passes(minutes=59)
    assert refused(clock) == "set-back"
    assert clock.standing().behind == pytest.approx(60)


def test_set_forward_it_stops_at_once(clock, machine):
    clock.now()
    machine.set_by(seconds=3)
    assert refused(clock) == "jumped"
    assert clock.standing().jump == pytest.approx(3)


@pytest.mark.parametrize(("milliseconds", "stops"), [(500, False), (501, True), (-501, True)])
def test_half_a_second_is_what_a_clock_may_be_set_by(clock, machine, milliseconds, stops):
    clock.now()
    machine.passes(seconds=10)  # so that it does not stand before the last token
    machine.set_by(milliseconds=milliseconds)
    if stops:
        assert refused(clock) == "jumped"
    else:
        clock.now()


def test_small_steps_add_up(clock, machine):
    """Twice 0.3 s is 0.6 s, however they come."""
    clock.now()
    machine.passes(seconds=30)
    machine.set_by(milliseconds=300)
    clock.now()
    machine.passes(seconds=30)
    machine.set_by(milliseconds=300)
    assert refused(clock) == "jumped"


def test_put_right_it_goes_on(clock, machine):
    clock.now()
    machine.set_by(days=400)
    assert refused(clock) == "jumped"
    machine.set_by(days=-400)
    assert clock.now() == START


def test_a_clock_that_is_wrong_is_not_remembered_as_a_token(clock, machine):
    clock.now()
    machine.set_by(days=400)
    for _ in range(3):
        refused(clock)
        machine.passes(seconds=10)
    machine.set_by(days=-400)
    assert clock.now() == START + timedelta(seconds=30)


# --- the kernel's word --------------------------------------------------------------------------


def test_a_time_source_that_keeps_it_for_a_minute_is_believed(clock, machine):
    """As after a start, when the source comes later than the service."""
    clock.now()
    machine.set_by(seconds=30)
    machine.kept = True
    for _ in range(60):
        assert refused(clock) == "jumped"
        machine.passes(seconds=1)
    assert clock.now() == START + timedelta(seconds=90)
    machine.passes(seconds=5)
    clock.now()
    machine.set_by(seconds=-30)
    assert refused(clock) in {"jumped", "set-back"}


@pytest.mark.parametrize("kept", [False, None])
def test_nobody_keeps_it_nobody_is_believed(clock, machine, kept):
    clock.now()
    machine.set_by(seconds=30)
    machine.kept = kept
    for _ in range(20):
        machine.passes(minutes=1)
        assert refused(clock) == "jumped"


def test_the_minute_begins_again_with_every_jump(clock, machine):
    clock.now()
    machine.kept = True
    for _ in range(5):
        machine.set_by(seconds=30)
        refused(clock)
        machine.passes(seconds=50)
        assert refused(clock) == "jumped"


def test_the_minute_begins_when_the_source_is_there(clock, machine):
    clock.now()
    machine.set_by(seconds=30)
    for kept in (True, False, True):
        machine.kept = kept
        refused(clock)
        machine.passes(seconds=50)
        assert refused(clock) == "jumped"


def test_set_back_no_source_is_believed_before_the_last_token(clock, machine):
    """Its tokens are of a time that is still to come: they would contradict the next ones."""
    clock.now()
    machine.set_by(days=-1)
    machine.kept = True
    for _ in range(5):
        machine.passes(minutes=1)
        assert refused(clock) == "set-back"


def test_where_it_is_required_a_clock_that_nobody_keeps_stamps_nothing(tmp_path, machine):
    clock = stamp_clock(tmp_path, machine, required=True)
    for kept, stops in ((True, False), (False, True), (None, False)):
        machine.kept = kept
        machine.passes(seconds=2)
        if stops:
            assert refused(clock) == "unsynchronised"
        else:
            clock.now()


def test_where_it_is_watched_it_is_told_only(clock, machine):
    machine.kept = False
    clock.now()
    assert clock.standing().synchronised is False
    assert clock.standing().problem is None


# --- processes and restarts ---------------------------------------------------------------------


def test_a_restart_remembers_the_last_token(tmp_path, clock, machine):
    clock.now()
    machine.set_by(days=-30)
    machine.starts_again()
    assert refused(stamp_clock(tmp_path, machine)) == "set-back"


def test_a_restart_of_the_service_does_not_make_a_jump_right(tmp_path, clock, machine):
    """The kernel still runs: what it counted tells how far the clock was set."""
    clock.now()
    machine.set_by(days=1)
    assert refused(stamp_clock(tmp_path, machine)) == "jumped"
    machine.set_by(days=-1)
    assert stamp_clock(tmp_path, machine).now() == START


def test_after_the_machine_was_off_the_clock_may_have_gone_on(tmp_path, clock, machine):
    clock.now()
    machine.passes(days=30)
    machine.starts_again()
    again = stamp_clock(tmp_path, machine)
    assert again.now() == START + timedelta(days=30)
    machine.set_by(seconds=5)
    assert refused(again) == "jumped"


def test_two_processes_know_of_each_others_tokens(tmp_path, machine):
    one, two = stamp_clock(tmp_path, machine), stamp_clock(tmp_path, SetMachine())
    one.now()
    machine.passes(hours=2)
    one.now()
    assert refused(two) == "set-back"


def test_what_one_process_believes_again_the_other_does_too(tmp_path, machine):
    one, two = stamp_clock(tmp_path, machine), stamp_clock(tmp_path, machine)
    one.now(), two.now()
    machine.set_by(seconds=30)
    machine.kept = True
    refused(one)
    machine.passes(seconds=61)
    one.now()
    two.now()


def test_many_threads_never_see_it_go_back(tmp_path):
    machine, seen, stopping = SetMachine(), [[] for _ in range(4)], threading.Event()
    clock = stamp_clock(tmp_path, machine)

    def run(mine):
        while not stopping.is_set():
            mine.append(clock.now())

    threads = [threading.Thread(target=run, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    for step in range(300):
        machine.passes(milliseconds=70)
        if step % 10 == 0:
            machine.set_by(milliseconds=-200 if step % 20 else 200)
    stopping.set()
    for thread in threads:
        thread.join()
    for mine in seen:
        assert mine == sorted(mine)


# --- the operator -------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [{"days": -3}, {"days": 3}])
def test_an_operator_lets_it_go_on(tmp_path, clock, machine, span):
    """Another process, while the service runs: it follows at its next token."""
    clock.now()
    machine.set_by(**span)
    refused(clock)
    assert stamp_clock(tmp_path, machine).accept().problem is not None
    assert clock.now() == START + timedelta(**span)
    machine.passes(days=1)
    assert clock.now() == START + timedelta(**span) + timedelta(days=1)


def test_accepting_a_good_clock_changes_nothing(tmp_path, clock, machine):
    clock.now()
    assert stamp_clock(tmp_path, machine).accept().problem is None
    machine.passes(seconds=5)
    assert clock.now() == START + timedelta(seconds=5)


def test_a_token_does_not_write_over_an_operators_word(tmp_path, machine):
    """The mark that a token was to keep is of the clock before."""
    marks = MarkFile(tmp_path / "clock")
    mark = ClockMark("a", 0, 5 * SECOND)
    assert marks.write(mark)
    accepted = ClockMark("a", 7, SECOND, SECOND)
    marks.accept(accepted)
    assert not marks.write(mark)
    assert marks.read() == accepted


def test_an_earlier_token_does_not_write_over_a_later_one(tmp_path):
    marks = MarkFile(tmp_path / "clock")
    for last in (5, 9, 7):
        assert marks.write(ClockMark("a", 0, last))
    assert marks.read() == ClockMark("a", 0, 9)


# --- what is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"1 00000000\n{}", b"junk", b"2 2144df1c\nx"])
def test_a_damaged_record_stops_it_until_an_operator_looks(tmp_path, clock, machine, content):
    clock.now()
    (tmp_path / "clock" / "mark").write_bytes(content)
    machine.passes(seconds=10)
    assert refused(clock) == "record-damaged"
    stamp_clock(tmp_path, machine).accept()
    assert clock.now() == START + timedelta(seconds=10)


def test_without_its_record_nothing_is_stamped(tmp_path, clock, machine):
    """A token that nobody remembers would leave a clock set back unnoticed."""
    (tmp_path / "clock").write_bytes(b"no folder")
    with pytest.raises(SigningUnavailable) as found:
        clock.now()
    assert not isinstance(found.value, ClockNotTrusted)


def test_looking_keeps_nothing(tmp_path, clock):
    assert clock.standing().problem is None
    assert not (tmp_path / "clock").exists()


def test_it_keeps_the_last_token_within_five_seconds(tmp_path, clock, machine):
    for _ in range(40):
        clock.now()
        kept = MarkFile(tmp_path / "clock").read()
        assert 0 <= machine.at - kept.last < 6 * SECOND
        machine.passes(milliseconds=700)


def test_a_clock_that_is_no_machines_is_followed(tmp_path):
    """As a test sets it: forward at will, not back."""
    given = SetClock()
    clock = StampClock(FollowedClock(given), MarkFile(tmp_path / "clock"))
    assert clock.now() == START
    given.forward(days=2000)
    assert clock.now() == given.now()
    given.forward(days=-1)
    assert refused(clock) == "set-back"
