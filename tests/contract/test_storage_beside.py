"""What stands beside the state, at rest: whole, append-only, and summed up for the look-up."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.delivery import Channel, Delivery
from certlib.departments import Holding
from certlib.document import Holder
from certlib.duties import DutyResult
from certlib.errors import CertificateNotFound, StaleVersion
from certlib.registry import LateQuery, OverdueQuery, OverdueRule
from certlib.renewals import RenewalDecision, RenewalOutcome
from certlib.states import Action, State
from tests.contract.conftest import Store
from tests.fakes import records

NAME = records.identifier(1)
MINE = (Holding(records.ISSUER),)
DECIDED = RenewalDecision(
    RenewalOutcome.GRANTED, date(2026, 3, 4), "准延1号", records.AT, "审核人乙"
)
SUSPENSION = Decision(
    Action.SUSPEND, "withheld", date(2026, 3, 2), "法", "号", "机关",
    until=date(2026, 6, 30), automatic=True,
)  # fmt: skip
TRANSFER = Decision(
    Action.TRANSFER_OUT, "moved", date(2026, 3, 2), "法",
    receiving_authority="汕头市交通运输局", receiving_division="440500",
)  # fmt: skip


def _read(store: Store, name: str = NAME):
    with store.registry.read() as session:
        return session.certificate(name)


def _save(store: Store, certificate) -> None:
    with store.registry.begin() as unit:
        unit.save(certificate, certificate.row_version - 1)
        unit.commit()


def _grow(store: Store, name: str = NAME, **changes):
    before = _read(store, name)
    after = replace(before, row_version=before.row_version + 1, **changes)
    _save(store, after)
    return after


@pytest.mark.parametrize("decision", [SUSPENSION, TRANSFER])
def test_a_period_and_a_receiver_come_back(store: Store, decision: Decision) -> None:
    store.publish(records.intent(1))
    after = _read(store).decide(decision, actor="o", now=store.clock.move(days=1))
    _save(store, after)
    assert _read(store) == after


def test_renewals_come_back_as_they_were_decided(store: Store) -> None:
    store.publish(records.intent(1))
    first = records.renewal()
    assert _grow(store, renewals=(first,)) == _read(store)
    decided = replace(first, decision=DECIDED)
    assert _grow(store, renewals=(decided,)) == _read(store)
    second = records.renewal(2, applied_on=date(2026, 3, 5))
    assert _grow(store, renewals=(decided, second)) == _read(store)


def test_results_are_added_and_never_change(store: Store) -> None:
    store.publish(records.intent(1))
    first = records.result()
    second = records.result(
        2, result=DutyResult.FAILED, next_due=None, period_start=records.AT.date()
    )
    assert _grow(store, results=(first,)) == _read(store)
    assert _grow(store, results=(first, second)) == _read(store)
    for statement in (
        "UPDATE periodic_results SET result = 'exempt'",
        "DELETE FROM periodic_results",
    ):
        with pytest.raises(Exception, match="append-only"):
            store.run(statement)
    assert _read(store).results == (first, second)


@pytest.mark.parametrize("table", ["renewal_applications", "restrictions", "deliveries"])
def test_nothing_beside_the_state_is_ever_deleted(store: Store, table: str) -> None:
    store.publish(records.intent(1, of=records.content(1, decision_date=date(2026, 2, 20))))
    before = _read(store)
    freeze = records.freeze()
    _grow(store, renewals=(records.renewal(),), restrictions=(*before.restrictions, freeze))
    with pytest.raises(Exception, match="append-only"):
        store.run(f"DELETE FROM {table}")
    if store.server is not None:
        with pytest.raises(Exception, match="append-only"):
            store.run(f"TRUNCATE {table}")


def test_the_look_up_reads_one_row_that_says_how_it_stands(store: Store) -> None:
    """Nothing has happened: no row. From the first change on: the sum of all of it."""
    store.publish(records.intent(1))
    assert store.reader.status(NAME).standing is None
    _grow(store, renewals=(records.renewal(),), results=(records.result(),))
    found = store.reader.status(NAME)
    assert found.renewal_pending_since == date(2026, 3, 3)
    assert found.standing.personal is True
    assert [item.next_due for item in found.standing.results] == [date(2027, 3, 2)]
    assert found.standing.granted_on is None
    _grow(store, renewals=(replace(records.renewal(), decision=DECIDED),))
    found = store.reader.status(NAME)
    assert (found.renewal_pending_since, found.standing.granted_on) == (None, date(2026, 3, 4))
    after = _read(store).decide(SUSPENSION, actor="o", now=store.clock.move(days=1))
    _save(store, after)
    found = store.reader.status(NAME)
    assert found.state is State.SUSPENDED
    assert found.standing.begins == date(2026, 3, 2)
    assert found.standing.decision == replace(
        SUSPENSION, legal_basis="", document_number="", authority=""
    )
    with store.registry.read() as session:
        assert session.status(NAME) == found


def test_an_organisation_is_no_person(store: Store) -> None:
    holder = Holder("揭阳市某某运输有限公司", "001", "91445202MA9TEXT00K")
    store.publish(records.intent(1, of=records.content(1, holders=(holder,))))
    _save(store, _read(store).decide(SUSPENSION, actor="o", now=store.clock.now()))
    assert store.reader.status(NAME).standing.personal is False


def test_refused_renewals_leave_no_trace_in_the_look_up(store: Store) -> None:
    store.publish(records.intent(1))
    refused = replace(DECIDED, outcome=RenewalOutcome.REFUSED)
    late = records.renewal(applied_on=date(2031, 1, 1), decision=DECIDED)
    _grow(store, renewals=(late, replace(records.renewal(2), decision=refused)))
    found = store.reader.status(NAME)
    assert (found.renewal_pending_since, found.standing.granted_on) == (None, None)


# --- lists ---------------------------------------------------------------------------------------


def _overdue(store: Store, **changes):
    rule = OverdueRule("2026.1", date(2027, 3, 1), date(2026, 2, 28))
    query = OverdueQuery(MINE, records.TYPE, "annual-inspection", (rule,), date(2027, 4, 1), 10)
    with store.registry.read() as session:
        return [item.identifier for item in session.overdue(replace(query, **changes))]


def test_overdue_by_the_last_fulfilled_period_or_the_day_of_issue(store: Store) -> None:
    early, names = date(2026, 2, 28), [records.identifier(place) for place in range(1, 7)]
    for place in range(1, 7):
        day = date(2026, 3, 2) if place == 2 else early
        ending = {"valid_to": date(2027, 3, 31)} if place == 6 else {}
        store.publish(records.intent(place, of=records.content(place, issue_date=day, **ending)))
    _grow(store, names[2], results=(records.result(next_due=date(2027, 3, 1)),))
    failed = records.result(2, result=DutyResult.FAILED, done_on=date(2026, 4, 1), next_due=None)
    _grow(store, names[3], results=(records.result(next_due=date(2027, 2, 28)), failed))
    ended = _read(store, names[4]).decide(
        Decision(Action.REVOKE, "penalty", date(2026, 3, 2), "法", "号", "机关"),
        actor="o",
        now=store.clock.now(),
    )
    _save(store, ended)
    assert _overdue(store) == [names[0], names[3]]
    assert _overdue(store, after=names[0]) == [names[3]]
    assert _overdue(store, limit=1) == [names[0]]
    assert _overdue(store, duty_code="other") == [names[0], names[2], names[3]]
    assert _overdue(store, within=()) == []
    assert _overdue(store, within=(Holding("11445200990090016H"),)) == []
    assert _overdue(store, rules=()) == []


def _delivered(store: Store, number: int, day: date, *, late: bool) -> None:
    name = records.identifier(number)
    with store.registry.begin() as unit:
        known = unit.handover(name)
        made = replace(
            known, delivered_on=day, channel=Channel.COUNTER, receiver="王小明", late=late,
            recorded_at=records.AT, actor="o",
        )  # fmt: skip
        unit.put_handover(made, 1)
        unit.commit()
    with store.registry.read() as session:
        assert session.handover(name) == made
        assert session.certificate(name).row_version == 2


def test_deliveries_are_expected_from_the_decision_and_kept_once(store: Store) -> None:
    for place in (1, 2, 3, 4):
        content = records.content(place, decision_date=date(2026, 2, 10 + place))
        store.publish(records.intent(place, of=content))
    store.publish(records.intent(5))
    with store.registry.read() as session:
        assert session.handover(records.identifier(5)) is None
        assert session.handover(NAME) == Delivery(
            NAME, records.TYPE, records.ISSUER, date(2026, 2, 11)
        )
    _delivered(store, 2, date(2026, 3, 2), late=True)
    _delivered(store, 3, date(2026, 2, 20), late=False)
    assert "王小明" not in str(store.rows("SELECT receiver FROM deliveries"))
    query = LateQuery(MINE, date(2026, 2, 13), 10)
    first, second = records.identifier(1), records.identifier(2)
    assert _late(store, query) == [first, second]
    assert _late(store, replace(query, undelivered=True)) == [first]
    assert _late(store, replace(query, decided_until=date(2026, 2, 14))) == [
        first, second, records.identifier(4),
    ]  # fmt: skip
    assert _late(store, replace(query, limit=1)) == [first]
    assert _late(store, replace(query, after=first)) == [second]
    assert _late(store, replace(query, type_code="other")) == []
    assert _late(store, replace(query, within=())) == []


def _late(store: Store, query: LateQuery) -> list[str]:
    with store.registry.read() as session:
        return [item.identifier for item in session.late_handovers(query)]


def test_a_delivery_without_a_decision_day_is_kept_too(store: Store) -> None:
    store.publish(records.intent(1))
    made = Delivery(NAME, records.TYPE, records.ISSUER, None, date(2026, 3, 2), Channel.POST)
    with store.registry.begin() as unit:
        unit.put_handover(made, 1)
        unit.commit()
    with store.registry.read() as session:
        assert session.handover(NAME) == made


def test_a_delivery_moves_the_version_that_was_read(store: Store) -> None:
    store.publish(records.intent(1))
    made = Delivery(NAME, records.TYPE, records.ISSUER, None, date(2026, 3, 2), Channel.POST)
    with pytest.raises(StaleVersion), store.registry.begin() as unit:
        unit.put_handover(made, 2)
    unknown = replace(made, identifier=records.identifier(9))
    with pytest.raises(CertificateNotFound), store.registry.begin() as unit:
        unit.put_handover(unknown, 1)
