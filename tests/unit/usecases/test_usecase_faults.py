"""Every write lost, or done and reported as failed: the answer is honest, the record whole."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from certlib import ids
from certlib.clock_errors import ClockNotTrusted
from certlib.document import Holder
from certlib.errors import (
    CertlibError,
    Conflict,
    Corrupt,
    Invalid,
    IssuerNotAuthorised,
    SealMismatch,
    SigningUnavailable,
    StoreUnavailable,
)
from certlib.page_errors import FaceOverflow
from certlib.registry import IntentStatus
from certlib.sealing_errors import SealingHalted, TimestampMissing, TimestampOutage
from certlib.signer_errors import SigningLimited
from certlib.states import State
from certlib.usecases import issue as issue_module
from certlib.usecases.burn import burn
from certlib.usecases.order import IssueAnswer
from certlib.usecases.publish import publish
from certlib.usecases.verify import Question, VerifyCertificates
from certlib.verification import Claim
from tests.unit.usecases.house import CALLER, DOWN, ENDLESS, TYPE, request

STORE_DOWN = StoreUnavailable(what="database")


def _fails_at(monkeypatch, target, name, call, error):
    """Lets `name` fail at its `call`-th call only, before anything is done."""
    original = getattr(target, name)
    calls = {"count": 0}

    def wrapped(*args, **kwargs):
        calls["count"] += 1
        if calls["count"] == call:
            raise error
        return original(*args, **kwargs)

    monkeypatch.setattr(target, name, wrapped)


@pytest.mark.parametrize("call", [1, 2])
def test_a_registry_that_cannot_be_read_issues_nothing(house, monkeypatch, call):
    """At the look for the key, and at preflight."""
    _fails_at(monkeypatch, house.registry, "read", call, STORE_DOWN)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())
    monkeypatch.undo()
    assert house.counts().get("INTENT", 0) == 0
    assert house.issue.issue_one(CALLER, request()).identifier


@pytest.mark.parametrize("call", [1, 2])
def test_a_group_whose_registry_cannot_be_read_fails_as_one(house, monkeypatch, call):
    _fails_at(monkeypatch, house.registry, "read", call, STORE_DOWN)
    outcomes = house.issue.issue(CALLER, [request("a", number="A"), request("b", number="B")])
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)


def test_one_damaged_record_stops_no_other_order_of_the_group(house, monkeypatch):
    read = house.registry.read

    @contextmanager
    def damaged():
        with read() as session:
            found = session.idempotency

            def idempotency(client, route, key):
                if key == "bad":
                    raise Corrupt(what="idempotency")
                return found(client, route, key)

            monkeypatch.setattr(session, "idempotency", idempotency, raising=False)
            yield session

    monkeypatch.setattr(house.registry, "read", damaged)
    orders = [request(key, number=key) for key in ("a", "bad", "c")]
    kinds = [type(outcome) for outcome in house.issue.issue(CALLER, orders)]
    assert kinds == [IssueAnswer, Corrupt, IssueAnswer]


def test_reservation_lost(house, monkeypatch):
    """Nothing was reserved: the same key issues as if nothing had happened."""
    _fails_at(monkeypatch, house.registry, "begin", 1, STORE_DOWN)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())
    assert house.issue.issue_one(CALLER, request()).identifier
    assert house.counts()["ISSUED"] == 1


def test_publication_lost(house, monkeypatch):
    """Sealed and stored, not published: no 2xx; the reconciler publishes the very same file."""
    _fails_at(monkeypatch, issue_module, "publish", 1, STORE_DOWN)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())
    stored = house.objects.names()
    assert house.reconcile.run().published == 1
    assert house.objects.names() == stored
    assert house.issue.issue_one(CALLER, request()).replayed


def test_publication_done_but_reported_as_failed(house, monkeypatch):
    """The commit went through and its answer was lost: the key answers with the certificate."""
    original = issue_module.publish

    def done_then_failed(*args):
        original(*args)
        raise STORE_DOWN

    monkeypatch.setattr(issue_module, "publish", done_then_failed)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())
    monkeypatch.undo()
    assert house.reconcile.run(take_over=True).published == 0
    assert house.issue.issue_one(CALLER, request()).replayed
    assert house.counts()["ISSUED"] == 1


def test_group_publication_falls_back_to_rows(house, monkeypatch):
    """One row's publication is impossible: the others are published all the same."""
    rows = [request(f"k{n}", number=f"N{n}") for n in range(3)]
    original = issue_module.publish

    def picky(registry, publications, now):
        if any(item.intent.content.number == "N1" for item in publications):
            raise Conflict
        return original(registry, publications, now)

    monkeypatch.setattr(issue_module, "publish", picky)
    outcomes = house.issue.issue(CALLER, rows)
    assert [isinstance(outcome, CertlibError) for outcome in outcomes] == [False, True, False]
    assert house.counts()["ISSUED"] == 2


def test_a_note_that_cannot_be_kept_changes_nothing(house, monkeypatch):
    """Sealing fails and the database is gone too: the first error is told, the lease ends."""
    house.sealer.error = DOWN
    original = house.registry.begin
    calls = {"count": 0}

    @contextmanager
    def begin():
        calls["count"] += 1
        if calls["count"] > 1:
            raise STORE_DOWN
        with original() as uow:
            yield uow

    monkeypatch.setattr(house.registry, "begin", begin)
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request())
    monkeypatch.undo()
    house.sealer.error = None
    house.clock.pass_time(seconds=61)
    assert house.reconcile.run().published == 1


def test_store_reads_back_nothing(house, monkeypatch):
    """An object that was put and is not there is no certificate."""
    monkeypatch.setattr(house.objects, "get", lambda name: None)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())


def test_another_process_stored_its_own_seal_first(house, monkeypatch):
    """Both seals are of the same intent: the one that lies there is published."""
    original = house.objects.put_once
    sealer = house.sealer

    def late(name, content):
        with house.registry.read() as session:
            intent = session.pending_intents()[0]
        monkeypatch.setattr(house.objects, "put_once", original)
        other = sealer.seal(b"%PAGE " + intent.content.canonical(), intent.content)
        original(name, other.pdf)
        original(name, content)

    monkeypatch.setattr(house.objects, "put_once", late)
    answer = house.issue.issue_one(CALLER, request())
    file, content = house.read.file(CALLER, answer.identifier)
    assert b'"seal": 2' in content
    assert file.sha256 == answer.sha256


def _left_behind(house, monkeypatch):
    """An intent whose process died before it sealed anything."""
    monkeypatch.setattr(house.issue, "_produce", _die)
    with pytest.raises(_Died):
        house.issue.issue_one(CALLER, request())
    monkeypatch.undo()
    with house.registry.read() as session:
        return session.pending_intents()[0]


def test_the_reconciler_burns_what_can_never_be_sealed(house, monkeypatch):
    intent = _left_behind(house, monkeypatch)
    house.renderer.error = FaceOverflow()
    assert house.reconcile.run(take_over=True).burned == 1
    with house.registry.read() as session:
        assert session.intent(intent.identifier).status is IntentStatus.BURNED
    assert [record.act for record in house.audit()][-1] == "burn"


@pytest.mark.parametrize(
    "outage",
    [
        SigningUnavailable(what="x"),
        StoreUnavailable(what="x"),
        ClockNotTrusted(what="x", what_en="x"),
        TimestampMissing(what="x"),
        TimestampOutage(hours=1),
        SealingHalted(scope="k", since="t"),
        SigningLimited(key="k", what="x"),
    ],
    ids=lambda error: error.code,
)
def test_attempts_in_an_outage_burn_nothing_after_it(house, outage):
    """The house gives up after three faults; a passing one after the outage is the first."""
    house.sealer.error = outage
    with pytest.raises(type(outage)):
        house.issue.issue_one(CALLER, request())
    for _ in range(4):
        house.clock.pass_time(minutes=5)
        assert house.reconcile.run().failed == 1
    house.sealer.error = None
    house.reader.orphaned = True
    for _ in range(2):
        house.clock.pass_time(minutes=5)
        assert house.reconcile.run().failed == 1
    with house.registry.read() as session:
        (intent,) = session.pending_intents()
    # All of them count for the auditor: each may have made a signature.
    assert (intent.attempts, intent.faults) == (7, 2)
    house.reader.orphaned = False
    house.clock.pass_time(minutes=5)
    assert house.reconcile.run().published == 1


def test_faults_count_through_an_outage(house):
    house.reader.orphaned = True
    with pytest.raises(SealMismatch):
        house.issue.issue_one(CALLER, request())
    house.clock.pass_time(minutes=5)
    assert house.reconcile.run().failed == 1
    house.sealer.error = SigningUnavailable(what="x")
    house.clock.pass_time(minutes=5)
    assert house.reconcile.run().failed == 1
    house.sealer.error = None
    house.clock.pass_time(minutes=5)
    assert house.reconcile.run().failed == 1
    house.clock.pass_time(minutes=5)
    assert house.reconcile.run().burned == 1


def test_the_reconciler_burns_an_order_of_a_type_that_is_gone(house, monkeypatch):
    intent = _left_behind(house, monkeypatch)
    _hide(house, monkeypatch, "type_version")
    assert house.reconcile.run(take_over=True).burned == 1
    monkeypatch.undo()
    with house.registry.read() as session:
        assert session.intent(intent.identifier).status is IntentStatus.BURNED


def test_the_reconciler_yields_to_a_faster_process(house, monkeypatch):
    """Its own publication fails because another process has published meanwhile."""
    from certlib.usecases import reconcile as module

    _left_behind(house, monkeypatch)

    def raced(registry, publications, now):
        publish(registry, publications, now)
        raise Conflict

    monkeypatch.setattr(module, "publish", raced)
    assert house.reconcile.run(take_over=True).published == 1
    assert house.counts()["ISSUED"] == 1


def test_burning_yields_to_a_faster_process(house, monkeypatch):
    from certlib.usecases import reconcile as module

    _left_behind(house, monkeypatch)
    house.renderer.error = FaceOverflow()

    def raced(*_):
        raise Conflict

    monkeypatch.setattr(module, "burn", raced)
    assert house.reconcile.run(take_over=True).published == 1


def test_a_slow_process_leaves_no_orphan_behind_a_burned_intent(house, monkeypatch):
    """Its lease ran out, the reconciler burned the intent, and only then did it store its file."""
    original = issue_module.publish

    def late(registry, publications, now):
        burn(registry, house.objects, house.clock, publications[0].intent, "given-up")
        house.objects.put_once(publications[0].file.object_name, b"stored late")
        return original(registry, publications, now)

    monkeypatch.setattr(issue_module, "publish", late)
    with pytest.raises(Conflict):
        house.issue.issue_one(CALLER, request())
    assert not house.objects.names()
    assert house.counts().get("ISSUED", 0) == 0


def test_an_outage_never_burns_an_intent(house):
    """The timestamp authority is away for a day: what was reserved is sealed when it is back."""
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request())
    for _ in range(12):
        assert house.reconcile.run(take_over=True).failed == 1
    house.sealer.error = None
    assert house.reconcile.run(take_over=True).published == 1


def test_burning_that_fails_is_tried_again(house, monkeypatch):
    """The object cannot be removed: the intent stays, and with it the name of the object."""
    _left_behind(house, monkeypatch)
    house.renderer.error = FaceOverflow()

    def stuck(name):
        raise STORE_DOWN

    monkeypatch.setattr(house.objects, "remove", stuck)
    assert house.reconcile.run(take_over=True).failed == 1
    assert house.counts()["INTENT"] == 1
    monkeypatch.undo()
    assert house.reconcile.run(take_over=True).burned == 1


def test_supersession_of_a_version_that_has_gone(house, monkeypatch):
    """The superseded version cannot be read at publication: nothing is published."""
    first = house.issue.issue_one(CALLER, request())
    original = house.registry.begin

    @contextmanager
    def begin():
        with original() as uow:
            monkeypatch.setattr(uow, "certificate", lambda identifier: None)
            yield uow

    monkeypatch.setattr(house.registry, "begin", begin)
    with pytest.raises(Conflict):
        house.issue.issue_one(CALLER, request("k2", supersedes=first.identifier))
    monkeypatch.undo()
    assert house.certificate(first.identifier).state is State.ISSUED


def test_an_identifier_that_does_not_parse_is_corruption(house, monkeypatch):
    first = house.issue.issue_one(CALLER, request())
    real = ids.parse
    monkeypatch.setattr(ids, "parse", lambda text: replace(real(text), identifier=None))
    with pytest.raises(Corrupt):
        house.issue.issue_one(CALLER, request("k2", supersedes=first.identifier))


def test_a_department_off_the_record_may_not_issue(house, monkeypatch):
    _hide(house, monkeypatch, "department")
    with pytest.raises(IssuerNotAuthorised):
        house.issue.issue_one(CALLER, request())


def test_a_type_off_the_record_leaves_claims_without_titles(house, monkeypatch):
    """The field is named by its key, and the answer still comes."""
    identifier = house.issue.issue_one(CALLER, request()).identifier
    _hide(house, monkeypatch, "type_version")
    asked = Question(claims=(Claim("KZ_JYFW", "别的"),))
    assert "KZ_JYFW" in house.verify.by_identifier(identifier, asked).report.sentence.zh


def test_an_offline_verifier_writes_no_use(house):
    offline = VerifyCertificates(None, house.reader, house.clock)
    answer = offline.by_identifier(request().key, Question())
    offline.record_use(CALLER, answer, "r-1")
    assert len(house.audit()) == 0


def test_dates_at_the_edge(house):
    """A term that would end after year 9999 or on 29 February is measured, not stumbled over."""
    far = request(valid_from=date(9998, 1, 1), valid_to=date(9999, 12, 31))
    assert house.issue.issue_one(CALLER, far).identifier
    leap = {"valid_from": date(2096, 2, 29), "number": "闰日"}  # 2100 is a common year
    with pytest.raises(Invalid):
        house.issue.issue_one(CALLER, request("k1", valid_to=date(2100, 3, 1), **leap))
    assert house.issue.issue_one(CALLER, request("k1", valid_to=date(2100, 2, 28), **leap))
    endless = request("k2", type_code=ENDLESS, valid_to=None)
    assert (
        house.certificate(house.issue.issue_one(CALLER, endless).identifier).content.valid_to
        is None
    )


def test_lists_and_objects_inside_fields_are_read_for_bad_characters(house):
    bad = request(fields={"KZ_JYFW": "x", "KZ_Q": [{"a": "b\u200b"}, 1, None]})
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, bad)
    found = {(item.field, item.code) for item in caught.value.problems}
    assert ("/fields/KZ_Q/0/a", "character-forbidden") in found


def test_persons_may_not_hold_what_is_for_organisations_and_too_many_neither(house):
    holders = (Holder("甲公司", "001", "91445202MA9TEXT00K"),) * 3
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request(holders=holders))
    assert caught.value.problems[0].code == "holder-count"
    assert TYPE


class _Died(Exception):
    """The process is gone."""


def _die(*_):
    raise _Died


def _hide(house, monkeypatch, hidden):
    """Lets every session answer None to one question."""
    original = house.registry.read

    @contextmanager
    def read():
        with original() as session:
            monkeypatch.setattr(session, hidden, lambda *_: None)
            yield session

    monkeypatch.setattr(house.registry, "read", read)
