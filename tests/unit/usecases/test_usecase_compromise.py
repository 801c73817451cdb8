"""A lost key: what it sealed is found by the file, not by the record; each is mended once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.errors import SigningUnavailable
from certlib.sealing_errors import TwoPersonsNeeded
from certlib.states import State, View
from certlib.usecases.compromise import HandleCompromise, LostKey, Remedy
from certlib.usecases.order import IssueAnswer, IssueRequest
from tests.fakes import evidence
from tests.unit.usecases.house import CALLER, ISSUER, LONG, NOW, OTHER, STEPS, order, put_long
from tests.unit.usecases.test_usecase_lower import with_patience
from tests.unit.usecases.test_usecase_preserve import PaperLifter, care_of

TWO = ("值班甲", "值班乙")
KEY, OTHER_KEY = "aa" * 32, "bb" * 32
SINCE = NOW + timedelta(hours=5)
LOST = LostKey("seal-1", KEY, ISSUER, SINCE)


class SealReader:
    """Says of each file which key sealed it, and when that is proven."""

    def __init__(self):
        self.facts = {}
        self.default = self.of(OTHER_KEY, NOW)

    def of(self, key, time, *, imprint_ok=True):
        signer = evidence.certificate(sha256=key)
        message = evidence.message(chain=evidence.chain(signer, evidence.anchor()))
        stamp = None if time is None else evidence.timestamp(time, imprint_ok=imprint_ok)
        return evidence.file(evidence.signature(message=message, timestamp=stamp))

    def read(self, pdf):
        return self.facts.get(pdf, self.default)


@pytest.fixture
def reader():
    return SealReader()


@pytest.fixture
def work(house, reader):
    return HandleCompromise(
        house.registry, house.objects, reader, house.clock, house.change, house.revise
    )


@pytest.fixture
def sealed(house, reader):
    """Issues a certificate and lets the reader say of its file what a test wants."""

    def make(number, key=KEY, time=SINCE, **changes):
        request = IssueRequest(order(number=f"粤交 {number:04} 号", **changes), f"k-{number}")
        answer = house.issue.issue_one(CALLER, request)
        file = house.certificate(answer.identifier).files[0]
        reader.facts[house.objects.get(file.object_name)] = reader.of(key, time)
        return answer.identifier

    return make


def _found(work):
    return {item.identifier: item for item in work.affected(LOST)}


def test_only_the_files_of_that_key_from_that_time_on(house, work, sealed):
    """A second before is proven to be older; the very second is not."""
    house.clock.moment = SINCE
    before = sealed(1, time=SINCE - timedelta(seconds=1))
    at = sealed(2, time=SINCE)
    other = sealed(3, key=OTHER_KEY)
    unproven = sealed(4, time=None)
    found = _found(work)
    assert set(found) == {at, unproven}
    assert found[at].proven == SINCE
    assert found[unproven].proven is None
    assert {before, other}.isdisjoint(found)
    assert found[at].view is View.VALID


def test_a_stamp_that_does_not_hold_proves_nothing(house, work, sealed, reader):
    house.clock.moment = SINCE
    identifier = sealed(1)
    broken = reader.of(KEY, SINCE - timedelta(days=1), imprint_ok=False)
    reader.facts = dict.fromkeys(reader.facts, broken)
    assert _found(work)[identifier].proven is None


def test_files_that_were_stored_long_before_are_not_even_read(house, work, sealed, reader):
    """Unless nothing but the record says when: a file without a timestamp is always looked at."""
    stamped = sealed(1, time=None)
    house.clock.moment = SINCE
    assert stamped not in _found(work)
    with house.registry.read() as session:
        certificate = session.certificate(stamped)
    plain = replace(certificate, files=(replace(certificate.files[0], level="B-B"),))
    assert work._file_of(plain, LOST).identifier == stamped
    copy = replace(certificate.files[0], level="B-B", kind="purpose_copy")
    assert work._file_of(replace(certificate, files=(copy,)), LOST) is None


@pytest.fixture
def caught_up(house):
    """Sealed without a timestamp in an outage; an hour later the job laid one over the file."""
    put_long(house)
    with_patience(house, timedelta(days=1)).sealer.untimed = True
    answer = house.issue.issue_one(CALLER, IssueRequest(order(type_code=LONG), "k"))
    house.sealer.untimed = False
    house.clock.pass_time(hours=1)
    assert care_of(house, PaperLifter(house.clock)).run().lifted == 1
    return house.certificate(answer.identifier)


@pytest.mark.parametrize("minutes", [1, 90, 60 * 24 * 700])
def test_what_was_caught_up_before_the_loss_stands(house, caught_up, minutes):
    """The first revision is for ever B-B; the second proves that it is older."""
    lost = replace(LOST, since=house.clock.now() + timedelta(minutes=minutes))
    house.clock.moment = lost.since
    work = HandleCompromise(
        house.registry, house.objects, house.reader, house.clock, house.change, house.revise
    )
    key = evidence.certificate(code=ISSUER).sha256
    assert list(work.affected(replace(lost, fingerprint=key))) == []
    earlier = replace(lost, fingerprint=key, since=NOW)
    (found,) = work.affected(earlier)
    assert found.proven == NOW + timedelta(hours=1)
    assert found.file == caught_up.files[-1].sha256


def test_every_form_is_asked_by_its_newest_revision(house, work, sealed, reader):
    """A duplicate that the key sealed is found beside an original that another one sealed."""
    house.clock.moment = SINCE
    certificate = house.certificate(sealed(1, key=OTHER_KEY))
    (original,) = certificate.files
    second, third = (original.object_name.removesuffix("0") + end for end in "78")
    house.objects.put_once(second, b"second")
    reader.facts[b"second"] = reader.of(KEY, None)
    copy = replace(original, form="duplicate", object_name=second, sha256="22" * 32)
    found = work._file_of(replace(certificate, files=(original, copy)), LOST)
    assert found.file == copy.sha256
    later = replace(copy, revision=1, object_name=third, sha256="33" * 32)
    house.objects.put_once(third, b"third")
    reader.facts[b"third"] = reader.of(KEY, SINCE - timedelta(seconds=1))
    assert work._file_of(replace(certificate, files=(later, original, copy)), LOST) is None


def test_what_was_sealed_before_the_halt_is_waited_for(house, work):
    """The first row of a batch lies there, sealed and not public, while the second one waits."""
    seen, seal = [], house.sealer.seal

    def slow(*args):
        if house.sealer.seals:
            seen.append((work.under_way(LOST, house.clock.now()), list(work.affected(LOST))))
            other = replace(LOST, issuer_code=OTHER)
            assert work.under_way(other, house.clock.now()) == 0
        return seal(*args)

    house.sealer.seal = slow
    orders = [IssueRequest(order(number=f"{number}"), f"k-{number}") for number in "12"]
    assert all(isinstance(item, IssueAnswer) for item in house.issue.issue(CALLER, orders))
    assert seen == [(2, [])]
    assert work.under_way(LOST, house.clock.now()) == 0


def test_another_departments_files_are_not_asked(house, work, sealed):
    house.clock.moment = SINCE
    sealed(1)
    assert list(work.affected(replace(LOST, issuer_code=OTHER))) == []


def test_pages_of_the_record_are_walked_to_the_end(house, work, sealed, monkeypatch):
    monkeypatch.setattr("certlib.usecases.compromise._PAGE", 2)
    house.clock.moment = SINCE
    expected = {sealed(number) for number in range(4)}
    assert set(_found(work)) == expected


def test_what_cannot_be_read_is_listed_and_left(house, work, sealed, reader):
    house.clock.moment = SINCE
    missing, strange = sealed(1), sealed(2)
    gone = house.certificate(missing).files[0].object_name
    house.objects.remove(gone)
    other = house.objects.get(house.certificate(strange).files[0].object_name)
    reader.facts[other] = evidence.file(readable=False, fault="malformed")
    found = _found(work)
    for identifier in (missing, strange):
        done = work.handle(LOST, found[identifier], Remedy.VOID, TWO)
        assert (done.item.unreadable, done.outcome) == (True, "unreadable")
        assert house.certificate(identifier).state is State.ISSUED


def test_what_a_busy_machine_did_not_read_is_read_once_more(house, work, sealed, reader):
    house.clock.moment = SINCE
    early = sealed(1, time=SINCE - timedelta(seconds=1))
    pdf = house.objects.get(house.certificate(early).files[0].object_name)
    answers = [evidence.file(readable=False, fault="timeout"), reader.read(pdf)]
    reader.read = lambda _: answers.pop(0)
    assert _found(work) == {}
    assert answers == []


def test_nobody_can_tell_a_file_whose_signer_cannot_be_read(house, work, sealed, reader):
    """It is none of the key's: its certificate is not in it."""
    house.clock.moment = SINCE
    sealed(1)
    blank = evidence.file(evidence.signature(message=None, timestamp=None))
    reader.facts = dict.fromkeys(reader.facts, blank)
    assert _found(work) == {}


def test_voiding_takes_nothing_from_the_holder_and_happens_once(house, work, sealed):
    house.clock.moment = SINCE
    identifier = sealed(1)
    (item,) = work.affected(LOST)
    assert work.handle(LOST, item, Remedy.VOID, TWO).outcome == "voided"
    voided = house.certificate(identifier)
    assert voided.state is State.VOIDED
    step = voided.history[-1]
    assert (step.decision.reason_code, step.actor) == ("seal-compromised", "operator/值班甲")
    assert work.handle(LOST, item, Remedy.VOID, TWO).outcome == "voided"
    assert house.certificate(identifier).row_version == voided.row_version
    (again,) = work.affected(LOST)
    assert (again.running, work.handle(LOST, again, Remedy.VOID, TWO).outcome) == (False, "ended")


def test_reissuing_says_the_same_under_another_seal_and_happens_once(house, work, sealed):
    house.clock.moment = SINCE
    identifier = sealed(1)
    (item,) = work.affected(LOST)
    done = work.handle(LOST, item, Remedy.REISSUE, TWO)
    assert done.outcome == "reissued"
    before, after = house.certificate(identifier), house.certificate(done.successor)
    assert (before.state, before.superseded_by) == (State.SUPERSEDED, done.successor)
    assert after.state is State.ISSUED
    for name in ("number", "holders", "fields", "valid_from", "valid_to"):
        assert getattr(after.content, name) == getattr(before.content, name), name
    assert work.handle(LOST, item, Remedy.REISSUE, TWO).successor == done.successor
    (left,) = work.affected(LOST)
    assert work.handle(LOST, left, Remedy.REISSUE, TWO).outcome == "ended"
    assert house.counts() == {"INTENT": 0, "ISSUED": 1, "SUPERSEDED": 1}


def test_the_eyes_that_saw_it_count_again(house, work, sealed):
    """A type with approvals and a sealer apart: maker and reviewers are those of the original."""
    house.clock.moment = SINCE
    identifier = sealed(1, type_code=STEPS, made_by="maker", approved_by=("reviewer",))
    (item,) = work.affected(LOST)
    done = work.handle(LOST, item, Remedy.REISSUE, TWO)
    assert done.outcome == "reissued", done.problem
    with house.registry.read() as session:
        intent = session.intent(done.successor)
    assert intent.requested_by == "maker"
    assert intent.approved_by == ("reviewer", "值班乙")
    assert intent.sealed_by == "值班甲"
    assert house.certificate(identifier).state is State.SUPERSEDED


def test_who_made_it_may_not_seal_it_alone(house, work, sealed):
    """The operator was its maker: then the type's own rule stands in the way, by its code."""
    house.clock.moment = SINCE
    sealed(1, type_code=STEPS, made_by="maker", approved_by=("reviewer",))
    (item,) = work.affected(LOST)
    done = work.handle(LOST, item, Remedy.REISSUE, ("maker", "值班乙"))
    assert done.outcome == "sealer-not-separate"
    assert done.problem is not None


def test_an_outage_leaves_it_for_the_next_run(house, work, sealed):
    house.clock.moment = SINCE
    identifier = sealed(1)
    (item,) = work.affected(LOST)
    house.sealer.error = SigningUnavailable(what="x")
    assert work.handle(LOST, item, Remedy.REISSUE, TWO).outcome == "signing-unavailable"
    house.sealer.error = None
    assert work.handle(LOST, item, Remedy.REISSUE, TWO).outcome == "waits"
    house.clock.pass_time(minutes=2)
    house.reconcile.run()
    assert work.handle(LOST, item, Remedy.REISSUE, TWO).outcome == "reissued"
    assert house.certificate(identifier).state is State.SUPERSEDED


def test_listing_changes_nothing_and_one_person_is_refused(house, work, sealed):
    house.clock.moment = SINCE
    identifier = sealed(1)
    (item,) = work.affected(LOST)
    assert work.handle(LOST, item, Remedy.LIST, TWO).outcome == "listed"
    for act in (
        lambda: work.handle(LOST, item, Remedy.VOID, ("甲", "甲")),
        lambda: work.note(LOST, ("甲", ""), Remedy.VOID),
    ):
        with pytest.raises(TwoPersonsNeeded):
            act()
    assert house.certificate(identifier).state is State.ISSUED


def test_the_history_says_it_once_for_each_thing_that_is_said(house, work):
    for remedy in (Remedy.LIST, Remedy.VOID, Remedy.VOID):
        work.note(LOST, TWO, remedy)
    said = [item for item in house.audit() if item.act == "compromise-key"]
    assert [item.details["remedy"] for item in said] == ["list", "void"]
    assert said[0].details["since"] == "2026-11-22T07:00:00Z"
    assert (said[0].target, said[0].actor) == ("seal-1", "值班甲")
