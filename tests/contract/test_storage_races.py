"""Two writers at the same moment: one wins, the other is told so, nothing is half there."""

import threading
from collections.abc import Callable
from datetime import timedelta

from certlib.certificate import Decision
from certlib.errors import CertlibError, Conflict, FaceNumberTaken, StaleVersion
from certlib.states import Action
from tests.contract.conftest import Store
from tests.fakes import records

RUNNERS = 6


def race(act: Callable[[int], object]) -> list[object]:
    """What each runner got: a result or the error it met."""
    barrier = threading.Barrier(RUNNERS)
    results: list[object] = [None] * RUNNERS

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = act(number)
        except CertlibError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(RUNNERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _won(results: list[object], refusal: type[CertlibError]) -> None:
    assert results.count("won") == 1, results
    assert all(item == "won" or type(item) is refusal for item in results), results


def test_one_idempotency_key(store: Store) -> None:
    def act(number: int) -> object:
        with store.registry.begin() as unit:
            earlier = unit.claim_idempotency(records.key_record(request_digest=f"{number}" * 64))
            unit.reserve([records.intent(number)] if earlier is None else [])
            unit.commit()
        return "won" if earlier is None else earlier.request_digest

    results = race(act)
    assert results.count("won") == 1
    winner = results.index("won")
    assert {item for item in results if item != "won"} == {f"{winner}" * 64}
    with store.registry.read() as session:
        assert [item.identifier for item in session.pending_intents()] == [
            records.identifier(winner)
        ]


def test_one_face_number(store: Store) -> None:
    def act(number: int) -> object:
        store.reserve(records.intent(number, of=records.content(number, number="同号")))
        return "won"

    _won(race(act), FaceNumberTaken)


def test_groups_in_opposite_order_do_not_wait_for_each_other(store: Store) -> None:
    def act(number: int) -> object:
        order = range(20) if number % 2 else range(19, -1, -1)
        store.reserve(
            *(
                records.intent(
                    100 * number + step,
                    of=records.content(100 * number + step, number=f"第{step}号"),
                )
                for step in order
            )
        )
        return "won"

    _won(race(act), FaceNumberTaken)


def test_one_identifier(store: Store) -> None:
    def act(number: int) -> object:
        store.reserve(records.intent(1, of=records.content(1, number=f"第{number}号")))
        return "won"

    _won(race(act), Conflict)


def test_one_row_version(store: Store) -> None:
    store.publish(records.intent(1))
    with store.registry.read() as session:
        before = session.certificate(records.identifier(1))

    def act(number: int) -> object:
        decision = Decision(
            Action.REVOKE, "penalty", records.AT.date(), "某法", f"{number}号", "某局"
        )
        after = before.decide(decision, actor=f"{number}", now=store.clock.now())
        with store.registry.begin() as unit:
            unit.save(after, 1)
            unit.append_audit([records.audit(after.identifier, actor=f"{number}")])
            unit.commit()
        return "won"

    _won(race(act), StaleVersion)
    with store.registry.read() as session:
        after = session.certificate(records.identifier(1))
        (record,) = session.history_of(after.identifier)
    assert after.history[-1].actor == record.actor
    assert (after.row_version, len(after.history)) == (2, 2)


def test_one_publication(store: Store) -> None:
    intent = records.intent(1)
    store.reserve(intent)

    def act(_number: int) -> object:
        with store.registry.begin() as unit:
            unit.publish([records.publication(intent)])
            unit.commit()
        return "won"

    _won(race(act), Conflict)


def test_publication_against_burning(store: Store) -> None:
    """Never both: a burned intent has no certificate, a published one is not burned."""
    intents = [records.intent(number) for number in range(20)]
    store.reserve(*intents)

    def act(number: int) -> object:
        for intent in intents:
            try:
                with store.registry.begin() as unit:
                    if number % 2:
                        unit.publish([records.publication(intent)])
                    else:
                        unit.burn(intent.identifier, "given-up")
                    unit.commit()
            except Conflict:
                continue
        return "done"

    assert race(act) == ["done"] * RUNNERS
    with store.registry.read() as session:
        for intent in intents:
            published = session.certificate(intent.identifier) is not None
            status = session.intent(intent.identifier).status
            assert status == ("published" if published else "burned")


def test_a_lease_goes_to_one_worker(store: Store) -> None:
    store.reserve(*(records.intent(number) for number in range(30)))
    now = store.clock.now()

    def act(_number: int) -> object:
        with store.registry.begin() as unit:
            leased = unit.lease_intents(now, now + timedelta(minutes=5), 5)
            unit.commit()
        return [intent.identifier for intent in leased]

    got = [identifier for part in race(act) for identifier in part]
    assert len(got) == len(set(got)) == 30
