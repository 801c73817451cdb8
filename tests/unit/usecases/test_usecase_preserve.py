"""Seals are lifted and renewed in time: nothing is lost or doubled, whatever dies when."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from certlib.crypto_policy import CRYPTO_2026
from certlib.errors import Conflict, Corrupt, SigningUnavailable, StoreUnavailable
from certlib.ports import SealedDocument
from certlib.preservation import CarePlan
from certlib.usecases.preserve import Preserved, PreserveSeals
from certlib.usecases.seal_health import seal_health
from certlib.usecases.verify import Question
from certlib.verification import Verdict
from tests.unit.usecases.house import CALLER, LONG, TYPE, put_long, request

DAY = timedelta(days=1)
PLAN = CarePlan(60 * DAY)
YEARS = 365 * DAY
NOTHING = Preserved()


class PaperLifter:
    """Appends a line that `PlainReader` takes for an archive timestamp."""

    def __init__(self, clock):
        self.clock = clock
        self.error = None
        self.life = 10 * YEARS
        self.lifts = 0
        self.spoil = lambda pdf: pdf

    def lift(self, pdf):
        self.lifts += 1
        if self.error is not None:
            raise self.error
        now = self.clock.now()
        line = {"archive": self.lifts, "at": now.isoformat(), "end": (now + self.life).isoformat()}
        made = self.spoil(pdf + b"\n" + json.dumps(line).encode())
        return SealedDocument(made, hashlib.sha256(made).hexdigest(), "B-LTA")


@pytest.fixture
def lifter(house):
    put_long(house)
    return PaperLifter(house.clock)


@pytest.fixture
def preserve(house, lifter):
    return care_of(house, lifter)


def care_of(house, lifter, plan=PLAN):
    return PreserveSeals(house.registry, house.objects, house.reader, lifter, house.clock, plan)


def issued(house, key="key-1", type_code=LONG, **changes):
    answer = house.issue.issue_one(
        CALLER, request(key, type_code=type_code, number=f"字 {key} 号", **changes)
    )
    return house.certificate(answer.identifier)


def newest(house, certificate):
    return house.certificate(certificate.identifier).files[-1]


def acts(house):
    return [record for record in house.audit() if record.act == "lift-seal"]


def test_a_seal_below_its_target_is_lifted_at_once(house, preserve):
    before = issued(house)
    assert (before.target_level, before.reached_level) == ("B-LTA", "B-T")
    assert preserve.run() == Preserved(lifted=1)
    after = house.certificate(before.identifier)
    assert (after.reached_level, after.row_version) == ("B-LTA", before.row_version + 1)
    assert after.care_due_at == house.clock.now() + 10 * YEARS - 60 * DAY
    first, second = after.files
    assert first == before.files[0]
    assert (second.revision, second.level) == (1, "B-LTA")
    assert second.object_name == first.object_name.removesuffix(".0") + ".1"
    served, content = house.read.file(CALLER, before.identifier)
    assert served.sha256 == second.sha256 == hashlib.sha256(content).hexdigest()
    assert content.startswith(house.read.bytes_of(first))
    assert preserve.run() == NOTHING


def test_the_history_says_which_file_followed_which(house, preserve):
    before = issued(house)
    preserve.run()
    (record,) = acts(house)
    after = newest(house, before)
    assert (record.actor, record.target) == ("seal-care", before.identifier)
    assert record.details == {
        "sha256": after.sha256,
        "previous_sha256": before.files[0].sha256,
        "level": "B-LTA",
        "previous_level": "B-T",
        "form": "original",
        "copy_number": "0",
        "revision": "1",
    }


def test_a_download_of_before_stays_valid(house, preserve):
    before = issued(house)
    old = house.read.bytes_of(before.files[0])
    preserve.run()
    new = house.read.bytes_of(newest(house, before))
    for pdf in (old, new):
        assert house.verify.by_file(pdf, Question()).report.verdict is Verdict.VALID


def test_every_seal_is_renewed_before_its_end(house, preserve, lifter):
    """Whatever its target: a target says what a file must have at once, not that it may rot."""
    before = issued(house, type_code=TYPE)
    assert before.target_level == before.reached_level == "B-T"
    due = before.care_due_at
    house.clock.moment = due - timedelta(seconds=1)
    assert preserve.run() == NOTHING
    house.clock.moment = due
    assert preserve.run() == Preserved(lifted=1)
    assert len(house.certificate(before.identifier).files) == 2


def test_every_archive_timestamp_is_renewed_before_its_end(house, preserve, lifter):
    lifter.life = 2 * YEARS
    before = issued(house)
    for _ in range(4):
        assert preserve.run() == Preserved(lifted=1)
        house.clock.moment = house.certificate(before.identifier).care_due_at
    assert [file.revision for file in house.certificate(before.identifier).files] == [0, 1, 2, 3, 4]


def test_an_algorithm_that_ends_is_cared_for_too(house, lifter):
    before = issued(house, type_code=TYPE)
    end = house.clock.now().date() + 61 * DAY
    weak = replace(CRYPTO_2026, name="weak", digests={**CRYPTO_2026.digests, "sha256": end})
    preserve = care_of(house, lifter, CarePlan(60 * DAY, weak))
    reads = house.reader.reads
    assert preserve.run() == Preserved(looked=1)
    assert house.reader.reads == reads
    assert house.certificate(before.identifier).care_due_at.date() == end - 60 * DAY


def test_files_of_an_earlier_release_are_looked_at(house, preserve):
    before = issued(house, type_code=TYPE)
    forget(house)
    assert seal_health(house.registry, house.clock.now()).unseen == 1
    assert preserve.run() == Preserved(looked=1)
    assert house.certificate(before.identifier) == before
    told = [item for item in house.audit() if item.act == "reckon-seals"]
    assert [item.details["identifiers"] for item in told] == [[before.identifier]]
    assert preserve.run() == NOTHING


def test_what_cannot_be_looked_at_keeps_nobody_waiting(house, preserve):
    lost, good = issued(house, "key-1", TYPE), issued(house, "key-2", TYPE)
    unread = issued(house, "key-3", TYPE)
    forget(house)
    house.objects.remove(lost.files[0].object_name)
    house.reader.blind.add(unread.files[0].sha256)
    assert preserve.run(1) == Preserved(failed=1) or preserve.run(3)
    house.clock.pass_time(hours=2)
    assert preserve.run(3).failed == 2
    assert house.certificate(good.identifier).care_due_at == good.care_due_at
    assert preserve.run(3) == NOTHING


def test_a_file_that_leads_to_nobody_is_told_as_not_looked_at(house, preserve):
    certificate = issued(house, type_code=TYPE)
    forget(house)
    house.reader.orphaned = True
    assert preserve.run() == Preserved(failed=1)
    assert seal_health(house.registry, house.clock.now()).unseen == 1
    assert certificate.files


def forget(house):
    """As an upgrade leaves it: nobody has looked at any file."""
    with house.registry.begin() as uow:
        uow._link.connection.exec_driver_sql(
            "UPDATE seal_care SET plan = '', ends_at = NULL, basis = '', reason = ''"
        )
        uow.commit()


@pytest.mark.parametrize("moment", ["lift", "put_once", "after", "get"])
def test_a_crash_at_any_moment_loses_and_doubles_nothing(
    house, preserve, lifter, monkeypatch, moment
):
    before = issued(house)
    lifts = {"lift": 2, "put_once": 2, "after": 1, "get": 1}[moment]
    crash = _crash(house, lifter, monkeypatch, moment)
    with pytest.raises(KeyboardInterrupt):
        preserve.run()
    monkeypatch.undo()
    assert crash
    assert house.certificate(before.identifier) == before
    assert preserve.run() == NOTHING  # leased still
    house.clock.pass_time(minutes=2)
    assert preserve.run() == Preserved(lifted=1)
    after = house.certificate(before.identifier)
    assert [file.revision for file in after.files] == [0, 1]
    assert lifter.lifts == lifts
    assert len(acts(house)) == 1
    assert len(house.objects.names()) == 2


def _crash(house, lifter, monkeypatch, moment):
    put, get, seen = house.objects.put_once, house.objects.get, []

    def dies(*_):
        raise KeyboardInterrupt

    if moment == "lift":
        original = lifter.lift

        def lift(pdf):
            original(pdf)
            dies()

        monkeypatch.setattr(lifter, "lift", lift)
    elif moment == "put_once":
        monkeypatch.setattr(house.objects, "put_once", dies)
    elif moment == "after":

        def put_and_die(name, content):
            put(name, content)
            dies()

        monkeypatch.setattr(house.objects, "put_once", put_and_die)
    else:

        def get_and_die(name):
            found = get(name)
            return dies() if found is not None and name.endswith(".1") else found

        monkeypatch.setattr(house.objects, "get", get_and_die)
    return seen or [moment]


def test_what_does_not_hold_under_the_announced_name_is_removed(house, preserve, lifter):
    before = issued(house)
    name = before.files[0].object_name.removesuffix(".0") + ".1"
    house.objects.put_once(name, b"half of something")
    assert preserve.run() == Preserved(lifted=1)
    assert house.read.bytes_of(newest(house, before)).startswith(b"{")


def test_of_two_that_lift_at_once_the_first_stands(house, preserve, lifter, monkeypatch):
    before = issued(house)
    theirs, put = [], house.objects.put_once

    def overtaken(name, content):
        theirs.append(lifter.lift(house.read.bytes_of(before.files[0])).pdf)
        put(name, theirs[0])
        put(name, content)

    monkeypatch.setattr(house.objects, "put_once", overtaken)
    assert preserve.run() == Preserved(lifted=1)
    assert house.read.bytes_of(newest(house, before)) == theirs[0]


def test_a_slow_round_takes_nothing_from_the_one_that_followed(house, preserve):
    """Its lease was over, the file is in force; that it cannot read it now is its own fault."""
    before = issued(house)
    with house.registry.begin() as uow:
        (slow,) = uow.lease_seals(house.clock.now(), house.clock.now() + timedelta(minutes=2), 25)
        uow.commit()
    house.clock.pass_time(minutes=3)
    assert preserve.run() == Preserved(lifted=1)
    new = newest(house, before)
    house.reader.blind.add(new.sha256)
    with pytest.raises(Conflict):
        preserve._revision(slow)
    assert hashlib.sha256(house.read.bytes_of(new)).hexdigest() == new.sha256


@pytest.mark.parametrize("fails", [True, False])
def test_a_slow_round_leaves_the_lease_of_the_next_one_alone(
    house, preserve, lifter, monkeypatch, fails
):
    """It neither publishes, nor notes its own failure over it."""
    before = issued(house)
    lift, leased = lifter.lift, []

    def slow(pdf):
        house.clock.pass_time(minutes=3)
        now = house.clock.now()
        with house.registry.begin() as uow:
            leased.extend(uow.lease_seals(now, now + timedelta(minutes=2), 25))
            uow.commit()
        lifter.error = SigningUnavailable(what="tsa") if fails else None
        return lift(pdf)

    monkeypatch.setattr(lifter, "lift", slow)
    assert preserve.run() == Preserved(failed=1)
    assert house.certificate(before.identifier) == before
    with house.registry.begin() as uow:
        assert uow.holds_seal(leased[0])


def test_a_round_ends_with_its_lease(house, preserve, lifter, monkeypatch):
    for number in range(3):
        issued(house, f"key-{number}")
    lift = lifter.lift

    def slow(pdf):
        house.clock.pass_time(minutes=1)
        return lift(pdf)

    monkeypatch.setattr(lifter, "lift", slow)
    assert preserve.run() == Preserved(lifted=2)
    assert preserve.run() == Preserved(lifted=1)


def test_a_store_that_loses_what_it_took_is_no_store(house, preserve, monkeypatch):
    issued(house)
    monkeypatch.setattr(house.objects, "put_once", lambda *_: None)
    assert preserve.run() == Preserved(failed=1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pdf: pdf[1:],
        lambda pdf: pdf.partition(b"\n")[0],
        lambda pdf: pdf.replace(b"\n{", b'\n{"broken": true, '),
        lambda pdf: pdf.replace(b"\n{", b'\n{"uncovered": true, '),
        lambda pdf: pdf.replace(b"\n{", b'\n{"changes": "annotation", '),
        lambda pdf: pdf.replace(b"\n{", b'\n{"kind": "signature", '),
    ],
    ids=["other bytes", "nothing new", "broken", "not all covered", "something else", "a seal"],
)  # fmt: skip
def test_what_is_not_the_same_file_with_a_timestamp_is_not_kept(house, preserve, lifter, spoil):
    before = issued(house)
    lifter.spoil = spoil
    assert preserve.run() == Preserved(failed=1)
    assert house.certificate(before.identifier) == before
    assert len(house.objects.names()) == 1


def test_a_file_that_is_damaged_gets_no_timestamp(house, preserve, lifter):
    before = issued(house)
    house.objects.remove(before.files[0].object_name)
    assert preserve.run() == Preserved(failed=1)
    assert lifter.lifts == 0


def test_an_outage_ends_the_round_and_a_later_one_goes_on(house, preserve, lifter):
    for number in range(3):
        issued(house, f"key-{number}")
    lifter.error = SigningUnavailable(what="timestamps")
    assert preserve.run() == Preserved(failed=1)
    assert lifter.lifts == 1
    lifter.error = None
    house.clock.pass_time(minutes=2)
    assert preserve.run() == Preserved(lifted=3)


@pytest.mark.parametrize("error", [Corrupt(what="file"), ValueError("unforeseen")])
def test_one_that_fails_for_itself_keeps_nobody_waiting(house, preserve, lifter, error):
    issued(house, "key-0")
    issued(house, "key-1")
    lifter.error = error
    result = preserve.run()
    assert (result, result.codes) == (Preserved(failed=2), {"corrupt"})


def test_failures_wait_longer_each_time(house, preserve, lifter):
    issued(house)
    lifter.error = Corrupt(what="file")
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert preserve.run() == Preserved(failed=1)
        house.clock.pass_time(minutes=minutes, seconds=-1)
        assert preserve.run() == NOTHING
        house.clock.pass_time(seconds=1)


def test_a_timestamp_that_holds_no_longer_renews_nothing(house, preserve, lifter):
    before = issued(house)
    preserve.run()
    house.clock.moment = house.certificate(before.identifier).care_due_at
    lifter.life = 60 * DAY
    assert preserve.run() == Preserved(failed=1)
    assert len(house.certificate(before.identifier).files) == 2
    lifter.life = 61 * DAY
    house.clock.pass_time(minutes=2)
    assert preserve.run() == Preserved(lifted=1)


def test_a_file_that_was_replaced_meanwhile_leaves_the_others(house, preserve, monkeypatch):
    issued(house, "key-0")
    other = issued(house, "key-1")
    begin = house.registry.begin

    def stolen(uow):
        original = uow.replace_file

        def replace_file(file):
            if file.identifier == other.identifier:
                raise Conflict
            original(file)

        uow.replace_file = replace_file
        return uow

    class Stealing:
        def __init__(self):
            self.context = begin()

        def __enter__(self):
            return stolen(self.context.__enter__())

        def __exit__(self, *args):
            return self.context.__exit__(*args)

    monkeypatch.setattr(house.registry, "begin", Stealing)
    assert preserve.run() == Preserved(lifted=1, failed=1)
    assert len(house.certificate(other.identifier).files) == 1


def test_a_record_that_does_not_answer_says_so(house, preserve, monkeypatch):
    issued(house)

    def down():
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(house.registry, "begin", down)
    with pytest.raises(StoreUnavailable):
        preserve.run()


def test_rounds_are_small(house, preserve):
    for number in range(3):
        issued(house, f"key-{number}")
    assert [preserve.run(2).lifted for _ in range(3)] == [2, 1, 0]


def test_six_years_on_nothing_waits_if_care_was_taken(house, preserve, lifter):
    lifter.life = 2 * YEARS
    issued(house, "key-0")
    issued(house, "key-1", TYPE)
    later = house.clock.now() + 6 * YEARS
    alone = seal_health(house.registry, later + 30 * YEARS)
    assert (alone.files, alone.ended, alone.green) == (2, 2, False)
    while house.clock.now() < later:
        preserve.run()
        house.clock.pass_time(days=30)
    preserve.run()
    health = seal_health(house.registry, house.clock.now())
    assert (health.files, health.ended, health.due, health.below, health.unseen) == (2, 0, 0, 0, 0)
    assert health.green


def test_what_is_below_its_level_is_no_health(house, lifter):
    issued(house)
    health = seal_health(house.registry, house.clock.now())
    assert (health.below, health.due, health.green) == (1, 1, False)


def test_an_identifier_that_is_none_gets_no_timestamp(house, preserve, monkeypatch):
    """The record's own names are read as anybody's are."""
    issued(house)
    unread = SimpleNamespace(identifier=None)
    monkeypatch.setattr("certlib.usecases.preserve.ids.parse", lambda _: unread)
    assert preserve.run().codes == {"corrupt"}
