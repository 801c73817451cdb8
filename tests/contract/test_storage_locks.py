"""What is published waits for its lock from the same commit on; nothing is forgotten."""

from datetime import timedelta

import pytest

from certlib.errors import StoreUnavailable
from certlib.registry.locks import LockDue
from certlib.usecases.lock_files import Locked, LockFiles
from storage import SqlRegistry
from tests.contract.conftest import Store
from tests.fakes import records


class Locks:
    """A store that locks, but for the names in `broken`."""

    def __init__(self) -> None:
        self.until: dict[str, object] = {}
        self.broken: set[str] = set()
        self.asked = 0

    def retain(self, name: str, until: object) -> None:
        self.asked += 1
        if name in self.broken:
            raise StoreUnavailable(what="AccessDenied")
        self.until[name] = until


@pytest.fixture
def locking(store: Store):
    """The same database, for a node whose objects lie in a bucket."""
    made = SqlRegistry(store.options, store.cipher, store.clock, locking=True)
    yield made
    made.close()


def _publish(registry: SqlRegistry, *numbers: int) -> list[str]:
    intents = [records.intent(number) for number in numbers]
    with registry.begin() as unit:
        unit.reserve(intents)
        unit.commit()
    with registry.begin() as unit:
        unit.publish([records.publication(intent) for intent in intents])
        unit.commit()
    return [intent.object_name() for intent in intents]


def _due(registry: SqlRegistry, limit: int = 100) -> list[LockDue]:
    with registry.read() as session:
        return list(session.locks_due(limit))


def test_a_folder_has_nothing_to_lock(store: Store) -> None:
    _publish(store.registry, 1)
    assert _due(store.registry) == []


def test_every_published_file_is_locked_once(locking: SqlRegistry) -> None:
    names, locks = _publish(locking, 1, 2), Locks()
    assert _due(locking) == sorted(
        (LockDue(name, records.AT) for name in names), key=lambda item: item.object_name
    )
    work = LockFiles(locking, locks, 30)
    assert work.run() == Locked(2, 0)
    assert locks.until == dict.fromkeys(names, records.AT + timedelta(days=30))
    assert work.run() == Locked(0, 0)
    assert locks.asked == 2


def test_what_is_added_later_is_locked_too(locking: SqlRegistry) -> None:
    """A raised level, another form: every file that was ever served."""
    _publish(locking, 1)
    LockFiles(locking, Locks(), 30).run()
    intent = records.intent(1)
    file = records.served_file(
        intent, sha256="f" * 64, object_name=f"{intent.storage_key}.1", revision=1, level="B-LT"
    )
    with locking.begin() as unit:
        unit.add_file(file)
        unit.commit()
    assert [item.object_name for item in _due(locking)] == [file.object_name]


def test_a_publication_that_is_not_committed_leaves_no_lock_to_set(locking: SqlRegistry) -> None:
    intent = records.intent(1)
    with locking.begin() as unit:
        unit.reserve([intent])
        unit.commit()
    with locking.begin() as unit:
        unit.publish([records.publication(intent)])
    assert _due(locking) == []


def test_one_that_cannot_be_locked_does_not_stand_in_the_way(locking: SqlRegistry) -> None:
    names, locks = _publish(locking, *range(8)), Locks()
    locks.broken = set(names[:4])
    work = LockFiles(locking, locks, 30)
    for _ in range(4):
        work.run()
    assert set(locks.until) == set(names[4:])
    locks.broken = set()
    assert work.run() == Locked(4, 0)


def test_a_store_that_is_down_is_asked_three_times(locking: SqlRegistry) -> None:
    locks = Locks()
    locks.broken = set(_publish(locking, *range(10)))
    assert LockFiles(locking, locks, 30).run() == Locked(0, 3)
    assert locks.asked == 3
    assert len(_due(locking)) == 10


def test_after_a_restore_every_file_waits_again(locking: SqlRegistry) -> None:
    names = _publish(locking, 1, 2, 3)
    LockFiles(locking, Locks(), 30).run()
    for _ in range(2):
        with locking.begin() as unit:
            unit.lock_everything()
            unit.commit()
    assert [item.object_name for item in _due(locking)] == sorted(names)
    assert {item.since for item in _due(locking)} == {records.AT}


def test_one_process_at_a_time(store: Store) -> None:
    """On PostgreSQL; SQLite has one process. A turn that has ended is free again."""
    other = SqlRegistry(store.options, store.cipher, store.clock)
    with store.registry.alone("locks") as mine, other.alone("locks") as theirs:
        assert mine
        assert theirs is (store.engine == "sqlite")
        with other.alone("another") as free:
            assert free
    with other.alone("locks") as mine:
        assert mine
    other.close()


def test_the_turn_of_a_process_that_died_is_free(postgres_store: Store) -> None:
    store = postgres_store
    other = SqlRegistry(store.options, store.cipher, store.clock)
    with (
        pytest.raises(StoreUnavailable),  # told when the turn should end
        store.registry.alone("locks"),
    ):
        store.server.kill_sessions(store.database)
    with other.alone("locks") as theirs:
        assert theirs
    other.close()
