"""Sealed batches are kept outside the database too, and nothing is sealed against them."""

import json
import sqlite3
from base64 import b64decode
from contextlib import closing

import pytest

from certlib.errors import StoreUnavailable
from certlib.history_errors import HistoryRolledBack
from certlib.registry import AuditRecord
from certlib.registry.seals import batch_name
from certlib.usecases.keep_batches import KeepBatches
from certlib.usecases.seal_history import SealHistory, SealingOptions


def act(house, *targets):
    with house.registry.begin() as uow:
        uow.append_audit(
            [AuditRecord(house.clock.now(), "somebody", "act", target) for target in targets]
        )
        uow.commit()


def batches(house):
    with house.registry.read() as session:
        return list(session.batches())


def sealer(house, objects=None, lock=None):
    """As another process has it, or this one after a restart."""
    kept = KeepBatches(house.registry, objects or house.objects, lock, 30)
    options = SealingOptions("445200", 5, 60.0)
    return SealHistory(
        house.registry, kept, lambda: house.history, house.history, house.clock, options
    )


def change(tmp_path, *statements):
    with closing(sqlite3.connect(tmp_path / "certlib.sqlite")) as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


class Failing:
    """The store of a process that dies, or loses its store, before an object is put."""

    def __init__(self, objects):
        self._objects = objects

    def put_once(self, name, content):
        raise StoreUnavailable(what="EIO")

    def __getattr__(self, name):
        return getattr(self._objects, name)


@pytest.fixture
def house(house):
    """Three batches."""
    for _ in range(3):
        act(house, "a", "b")
        house.seal_history.run(everything=True)
    assert len(batches(house)) == 3
    return house


def test_each_batch_is_kept_with_all_that_proves_it_and_no_record(house):
    assert house.objects.batches() == [batch_name(number) for number in (1, 2, 3)]
    for batch in batches(house):
        kept = json.loads(house.objects.get(batch_name(batch.header.number)))
        assert kept["header"].encode() == batch.header.canonical()
        assert b64decode(kept["signature"]) == batch.signature
        assert b64decode(kept["certificate"]) == batch.certificate
        assert b64decode(kept["timestamp"]) == batch.token
        assert kept.keys() == {
            *("batch", "certificate", "format", "header", "signature", "timestamp")
        }


def test_what_a_crash_left_out_is_put_by_the_next_round(house):
    """The row is committed, its object is not: nothing more is sealed before it is."""
    act(house, "a")
    dying = sealer(house, Failing(house.objects))
    with pytest.raises(StoreUnavailable):
        dying.run(everything=True)
    assert (len(batches(house)), len(house.objects.batches())) == (4, 3)
    act(house, "b")
    with pytest.raises(StoreUnavailable):
        dying.run(everything=True)
    assert len(batches(house)) == 4
    assert sealer(house).run() == 0
    assert house.objects.batches()[-1] == batch_name(4)
    assert sealer(house).run(everything=True) == 1


def test_batches_of_an_earlier_release_are_put(house, tmp_path):
    for path in (tmp_path / "objects" / "history").glob("*"):
        path.unlink()
    assert house.objects.batches() == []
    sealer(house).run()
    assert len(house.objects.batches()) == 3


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM history_batches",),
        ("DELETE FROM history_batches WHERE number > 1",),
        ("DELETE FROM history_batches WHERE number = 3",),
        ("UPDATE history_batches SET signature = x'00' WHERE number = 3",),
        (
            "DELETE FROM history_batches",
            "DELETE FROM audit_history",
            "UPDATE audit_head SET sequence = 0, digest = ''",
        ),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_nothing_is_sealed_against_what_is_kept(house, tmp_path, statements, restarted):
    """The forger deletes the seals; the node does not seal his history for him."""
    change(tmp_path, *statements)
    left = len(batches(house))
    act(house, "forged")
    running = sealer(house) if restarted else house.seal_history
    with pytest.raises(HistoryRolledBack):
        running.run(everything=True)
    assert running.contradicted.startswith("batch ")
    assert len(batches(house)) == left
    assert len(house.objects.batches()) == 3


def test_a_process_remembers_what_it_has_seen(house, tmp_path):
    """Hidden in the store as well: while this process lives, it is not deceived."""
    house.seal_history.run()
    change(tmp_path, "DELETE FROM history_batches")
    for path in (tmp_path / "objects" / "history").glob("*"):
        path.unlink()
    act(house, "forged")
    with pytest.raises(HistoryRolledBack):
        house.seal_history.run(everything=True)
    assert (batches(house), house.objects.batches()) == ([], [])


def test_what_was_brought_back_is_sealed_again(house, tmp_path):
    """Somebody restored the database to its end."""
    with closing(sqlite3.connect(tmp_path / "certlib.sqlite")) as connection:
        row = connection.execute("SELECT * FROM history_batches WHERE number = 3").fetchone()
    change(tmp_path, "DELETE FROM history_batches WHERE number = 3")
    act(house, "a")
    with pytest.raises(HistoryRolledBack):
        house.seal_history.run(everything=True)
    with closing(sqlite3.connect(tmp_path / "certlib.sqlite")) as connection:
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO history_batches VALUES ({marks})", row)
        connection.commit()
    assert house.seal_history.run(everything=True) == 1
    assert house.seal_history.contradicted == ""


def test_another_process_that_seals_meanwhile_is_no_forger(house):
    """Its row was committed before its object was put: asked again, the record has it."""

    class Late:
        """Looks into the database first, and into the store when the other has gone on."""

        def __init__(self, objects):
            self._objects = objects
            self.went_on = 0

        def _go_on(self):
            if self.went_on < 2:
                self.went_on += 1
                act(house, "c")
                house.seal_history.run(everything=True)

        def get(self, name):
            self._go_on()
            return self._objects.get(name)

        def batches(self):
            self._go_on()
            return self._objects.batches()

        def put_once(self, name, content):
            self._objects.put_once(name, content)

    late = Late(house.objects)
    assert sealer(house, late).run(everything=True) == 0
    assert late.went_on == 2
    assert len(batches(house)) == 5


def test_what_another_process_sealed_meanwhile_is_left_alone(house):
    """Between the look at what is due and the look into the store."""

    class Quick(KeepBatches):
        """While this one looks into the store, the other seals everything."""

        settled = True

        def hold(self):
            house.seal_history.run(everything=True)

    act(house, "a")
    kept = Quick(house.registry, house.objects)
    options = SealingOptions("445200", 5, 60.0)
    stamps = house.history
    late = SealHistory(house.registry, kept, lambda: stamps, stamps, house.clock, options)
    assert late.run(everything=True) == 0
    assert len(batches(house)) == 4


def test_kept_batches_are_locked_where_the_store_locks(house):
    """Also the newest one that somebody put, and perhaps died before he locked it."""
    locked = []
    running = sealer(house, lock=lambda *said: locked.append(said))
    running.run()
    last = batches(house)[-1].header.sealed_at
    assert {name for name, _ in locked} == {batch_name(3)}
    assert {(until - last).days for _, until in locked} == {30}
    act(house, "a")
    running.run(everything=True)
    assert locked[-1][0] == batch_name(4)
