"""The care of seals on record: what is due, who has it, what became of it, the whole stock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from certlib.document import Form
from certlib.errors import CertificateNotFound, Conflict
from certlib.preservation import Reason
from certlib.registry import AddedForm, CareBacklog, Queue, StockGroup
from certlib.states import RUNNING, State
from storage.migrations import upgrade
from tests.contract.conftest import Store
from tests.fakes import records

DAY = timedelta(days=1)
AT = records.AT


def put(store: Store, number: int, care=None, **changes) -> None:
    """Publishes one certificate with one file."""
    intent = records.intent(number, seal_level=changes.pop("target", "B-T"))
    file = records.served_file(intent, care=care, **changes)
    store.reserve(intent)
    with store.registry.begin() as unit:
        unit.publish([records.publication(intent, files=(file,))])
        unit.commit()


def lease(store: Store, now: datetime, limit: int = 10):
    with store.registry.begin() as unit:
        found = unit.lease_seals(now, now + timedelta(minutes=5), limit)
        unit.commit()
    return found


def lifted(number: int, revision: int = 1, **changes):
    intent = records.intent(number)
    made = records.served_file(
        intent, sha256=f"{revision}f" * 32, object_name=intent.object_name(revision),
        revision=revision, level="B-LTA", stored_at=AT + 300 * DAY, care=records.care(4000),
    )  # fmt: skip
    return replace(made, **changes)


def replace_file(store: Store, file) -> None:
    with store.registry.begin() as unit:
        unit.replace_file(file)
        unit.commit()


def read(store: Store, number: int = 1):
    with store.registry.read() as session:
        return session.certificate(records.identifier(number))


def backlog(store: Store, now: datetime) -> CareBacklog:
    with store.registry.read() as session:
        return session.care_backlog(now)


def test_the_record_says_what_was_asked_for_what_was_reached_and_when_care_is_due(
    store: Store,
) -> None:
    put(store, 1, records.care(365), target="B-T")
    found = read(store)
    assert (found.target_level, found.reached_level) == ("B-T", "B-T")
    assert found.care_due_at == AT + 265 * DAY


def test_a_certificate_is_as_good_as_the_worst_of_its_files(store: Store) -> None:
    intent = records.intent(1, seal_level="B-T")
    content = intent.content.in_form(Form("duplicate", 1))
    files = (
        records.served_file(intent, care=records.care(365)),
        records.served_file(
            replace(intent, content=content), sha256="d" * 64, level="B-B",
            object_name=intent.object_name() + "x", care=records.care(100),
        ),
    )  # fmt: skip
    store.reserve(intent)
    with store.registry.begin() as unit:
        unit.publish([records.publication(intent, files=files)])
        unit.commit()
    found = read(store)
    assert (found.reached_level, found.care_due_at) == ("B-B", AT)


def test_a_file_added_later_counts_too(store: Store) -> None:
    put(store, 1, records.care(365))
    content = records.content(1).in_form(Form("duplicate", 1))
    intent = records.intent(1, of=content, storage_key="b" * 32)
    file = records.served_file(intent, sha256="d" * 64, level="B-B", care=records.care(150))
    with store.registry.begin() as unit:
        unit.reserve_form(intent)
        unit.publish_form(AddedForm(file, intent))
        unit.commit()
    found = read(store)
    assert (found.reached_level, found.care_due_at) == ("B-B", AT + 50 * DAY)


def test_what_is_due_is_leased_once_the_most_urgent_first(store: Store) -> None:
    put(store, 1, records.care(300))
    put(store, 2, records.care(200))
    put(store, 3, records.care(900))
    now = AT + 250 * DAY
    found = lease(store, now)
    assert [item.file.identifier for item in found] == [
        records.identifier(2), records.identifier(1),
    ]  # fmt: skip
    first = found[0]
    assert (first.proof, first.ends_at) == (records.care(200).proof, AT + 200 * DAY)
    assert (first.type_code, first.target_level, first.attempts) == (records.TYPE, "B-T", 0)
    assert lease(store, now) == []
    assert len(lease(store, now + timedelta(minutes=5), limit=1)) == 1


def test_a_lease_is_held_until_the_next_one_or_the_next_revision(store: Store) -> None:
    def held(seal) -> bool:
        with store.registry.begin() as unit:
            return unit.holds_seal(seal)

    put(store, 1, records.care(200))
    now = AT + 250 * DAY
    (first,) = lease(store, now)
    assert held(first)
    assert not held(replace(first, until=None))
    (second,) = lease(store, now + timedelta(minutes=5))
    assert (held(first), held(second)) == (False, True)
    replace_file(store, lifted(1))
    assert not held(second)


def test_what_nobody_has_looked_at_is_not_leased_but_listed(store: Store) -> None:
    put(store, 1)
    put(store, 2, records.care(365))
    assert lease(store, AT + 9999 * DAY, limit=5)[0].file.identifier == records.identifier(2)
    with store.registry.read() as session:
        assert [item.file.identifier for item in session.seals_not_planned("plan-1", AT, 5)] == [
            records.identifier(1)
        ]
        assert len(session.seals_not_planned("plan-2", AT + 99999 * DAY, 5)) == 2
        assert len(session.seals_not_planned("plan-0", AT + 99999 * DAY, 1)) == 1
        assert session.seals_not_planned("plan-1", AT, 5)[0].proof is None
    assert read(store, 1).care_due_at is None


def test_what_was_found_is_kept_and_the_file_stays(store: Store) -> None:
    put(store, 1)
    before = read(store)
    with store.registry.begin() as unit:
        (seal,) = unit.seals_not_planned("plan-1", AT, 5)
        unit.keep_care(seal, records.care(120), "B-B")
        unit.commit()
    found = read(store)
    assert (found.files, found.row_version) == (before.files, before.row_version)
    assert (found.reached_level, found.care_due_at) == ("B-B", AT + 20 * DAY)
    with store.registry.read() as session:
        assert session.seals_not_planned("plan-1", AT, 5) == []


def test_what_was_found_of_a_file_that_was_replaced_meanwhile_is_dropped(store: Store) -> None:
    put(store, 1, records.care(200))
    (seal,) = lease(store, AT + 250 * DAY)
    replace_file(store, lifted(1))
    with store.registry.begin() as unit:
        unit.keep_care(seal, records.care(1), "B-B")
        unit.care_failed(seal, "late", AT + 9000 * DAY)
        unit.commit()
    assert read(store).reached_level == "B-LTA"
    assert len(lease(store, AT + 4000 * DAY)) == 1


def test_a_lifted_file_replaces_the_one_before_and_both_stay_known(store: Store) -> None:
    put(store, 1, records.care(200), target="B-LTA")
    first = read(store).files[0]
    lease(store, AT + 250 * DAY)
    file = lifted(1)
    replace_file(store, file)
    found = read(store)
    assert found.files == (first, replace(file, care=None))
    assert (found.reached_level, found.care_due_at) == ("B-LTA", AT + 3900 * DAY)
    assert found.row_version == 2
    with store.registry.read() as session:
        assert session.file(first.sha256) == first
        assert session.file(file.sha256) is not None
    assert lease(store, AT + 3000 * DAY) == []
    (again,) = lease(store, AT + 3950 * DAY)
    assert (again.file.sha256, again.attempts) == (file.sha256, 0)


def test_only_the_next_revision_of_a_leased_file_replaces_it(store: Store) -> None:
    put(store, 1, records.care(200))
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.replace_file(lifted(1))
    lease(store, AT + 250 * DAY)
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.replace_file(lifted(1, 2))
    with pytest.raises(CertificateNotFound), store.registry.begin() as unit:
        unit.replace_file(lifted(2))
    assert read(store).row_version == 1
    replace_file(store, lifted(1))
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.replace_file(lifted(1))


def test_a_failed_attempt_is_counted_and_waits(store: Store) -> None:
    put(store, 1, records.care(200))
    now = AT + 250 * DAY
    (seal,) = lease(store, now)
    with store.registry.begin() as unit:
        unit.care_failed(seal, "signing-unavailable", now + DAY)
        unit.commit()
    assert lease(store, now + timedelta(hours=23)) == []
    (again,) = lease(store, now + DAY)
    assert again.attempts == 1
    # An object may lie under the next name: the auditor has to know of it.
    assert store.rows("SELECT coming, last_error FROM seal_care") == [(1, "signing-unavailable")]


def test_what_waits_is_counted(store: Store) -> None:
    assert backlog(store, AT) == CareBacklog(Queue(), Queue(), 0)
    put(store, 1, records.care(200), stored_at=AT + DAY)
    put(store, 2, records.care(5000, due_at=AT + 2 * DAY), level="B-B", stored_at=AT + 2 * DAY)
    put(store, 3)
    later = AT + 150 * DAY
    assert backlog(store, later) == CareBacklog(Queue(1, AT + 2 * DAY), Queue(2, AT + 2 * DAY), 0)
    assert backlog(store, AT + 201 * DAY).ended == 1
    assert backlog(store, AT + 200 * DAY).ended == 0


def test_a_lowered_seal_is_one_without_a_timestamp(store: Store) -> None:
    def since():
        with store.registry.read() as session:
            return session.lowered_since()

    put(store, 1, level="B-T", target="B-LTA")
    put(store, 2, level="B-B", target="B-B")
    assert since() is None
    put(store, 3, level="B-B", stored_at=AT + DAY)
    put(store, 4, level="B-B", stored_at=AT)
    assert since() == AT


@pytest.mark.parametrize("state", sorted(State))
def test_what_has_ended_is_neither_cared_for_nor_counted(store: Store, state: State) -> None:
    """Until it stands again: its seal may be one that nobody can lift any more."""
    put(store, 1, records.care(200, due_at=AT), level="B-B", stored_at=AT)
    put(store, 2, records.care(5000, due_at=AT), level="B-B", stored_at=AT + DAY)
    now, named = AT + 201 * DAY, records.identifier(1)
    both = CareBacklog(Queue(2, AT), Queue(2, AT), 1)
    one = CareBacklog(Queue(1, AT + DAY), Queue(1, AT), 0)
    for current in (state, State.ISSUED):
        store.run(f"UPDATE certificates SET state = '{current}' WHERE identifier = '{named}'")
        runs = current in RUNNING
        assert backlog(store, now) == (both if runs else one)
        with store.registry.read() as session:
            assert session.lowered_since() == (AT if runs else AT + DAY)
            assert sum(group.files for group in session.seal_stock(now)) == 1 + runs
        with store.registry.begin() as unit:  # nothing is kept: it is due the next time, too
            found = [seal.file.identifier for seal in unit.lease_seals(now, now + DAY, 10)]
        assert found == ([named] if runs else []) + [records.identifier(2)]


def test_the_whole_stock_is_told_by_type_and_year(store: Store) -> None:
    year = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    put(store, 1, records.care(ends_at=year))
    put(store, 2, records.care(ends_at=year - DAY))
    put(store, 3, records.care(ends_at=year + timedelta(seconds=1), reason=Reason.ALGORITHM))
    put(store, 4, level="B-B", target="B-LTA")
    with store.registry.read() as session:
        found = list(session.seal_stock(year))
    due, kind = records.care().due_at, Reason
    assert due < year
    assert found == [
        StockGroup(records.TYPE, "B-B", "B-LTA", None, 0, 1, 0, 1, None),
        StockGroup(
            records.TYPE, "B-T", "B-T", kind.ALGORITHM, 2028, 1, 0, 1, year + timedelta(seconds=1)
        ),
        StockGroup(records.TYPE, "B-T", "B-T", kind.TIMESTAMP, 2027, 2, 1, 2, year - DAY),
    ]


def test_files_of_an_earlier_release_are_taken_in(store: Store) -> None:
    put(store, 1)
    put(store, 2, level="B-B", target="B-LT")
    before = store.rows("SELECT * FROM seal_care ORDER BY identifier")
    store.run("DROP TABLE seal_care")
    for name in ("intents", "form_intents"):  # of a later step
        store.run(f"ALTER TABLE {name} DROP COLUMN faults")
    store.run("UPDATE alembic_version SET version_num = '0015'")
    upgrade(store.owner_url or store.url)
    assert store.rows("SELECT * FROM seal_care ORDER BY identifier") == before
