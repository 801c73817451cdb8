"""The change feed: one line for each act that moved a certificate, in the order of commits."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from certlib.certificate import Decision, Restriction, RestrictionKind
from certlib.departments import Holding
from certlib.registry.notices import Change, ChangeQuery
from certlib.states import Action, State
from storage.engines import EngineOptions, engines
from storage.migrations import configuration
from tests.contract.conftest import Store
from tests.fakes import records

REVOKE = Decision(
    Action.REVOKE,
    "penalty",
    date(2026, 3, 2),
    "某法第一条",
    "揭交罚〔2026〕1号",
    "揭阳市交通运输局",
)


def _feed(store: Store, **query) -> list[Change]:
    with store.registry.read() as session:
        return list(session.changes(ChangeQuery(**query)))


def _publish(store: Store, *numbers: int) -> None:
    intents = [records.intent(number) for number in numbers]
    store.reserve(*intents)
    with store.registry.begin() as unit:
        unit.publish([records.publication(item) for item in intents])
        unit.append_audit([records.audit(item.identifier, act="issue") for item in intents])
        unit.commit()


def _revoke(store: Store, number: int) -> None:
    with store.registry.begin() as unit:
        before = unit.certificate(records.identifier(number))
        after = before.decide(REVOKE, actor="x", now=records.AT)
        unit.save(after, before.row_version)
        unit.append_audit([records.audit(after.identifier, act="revoke")])
        unit.commit()


def test_what_happened_is_told_in_order_with_state_and_version(store: Store) -> None:
    _publish(store, 1, 2)
    _revoke(store, 1)
    feed = _feed(store)
    told = [(item.identifier, item.act, item.state, item.row_version) for item in feed]
    assert told == [
        (records.identifier(1), "issue", State.ISSUED, 1),
        (records.identifier(2), "issue", State.ISSUED, 1),
        (records.identifier(1), "revoke", State.REVOKED, 2),
    ]
    with store.registry.read() as session:
        acts = {record.sequence: record for record in session.audit_trail()}
        assert session.last_sequence() == max(acts)
    assert [acts[item.sequence].target for item in feed] == [item.identifier for item in feed]
    assert {item.recorded_at for item in feed} == {records.AT}


def test_an_act_that_moves_nothing_is_not_told(store: Store) -> None:
    """Questions, readings, acts on something else, and acts on what was never published."""
    _publish(store, 1)
    with store.registry.begin() as unit:
        unit.append_audit(
            [
                records.audit(records.identifier(1), act="verify"),
                records.audit(records.identifier(1), act="some-later-act"),
                records.audit(records.identifier(9), act="issue"),
                records.audit("client-1", act="add-client"),
            ]
        )
        unit.commit()
    assert len(_feed(store)) == 1


def test_what_happens_to_a_holder_is_told_without_moving_anything(store: Store) -> None:
    """With the version that there is; later acts are told as ever, and old events keep their line."""
    _publish(store, 1, 2)
    target = records.identifier(1)
    with store.registry.begin() as unit:
        unit.append_audit([records.audit(target, act="holder-changed")])
        unit.append_audit([records.audit(records.identifier(9), act="holder-changed")])
        unit.commit()
    _revoke(store, 1)
    told = [(item.identifier, item.act, item.row_version) for item in _feed(store)[2:]]
    assert told == [(target, "holder-changed", 1), (target, "revoke", 2)]
    with store.registry.begin() as unit:
        taken = unit.take_events(10)
        acts = {event.event_id: event.change.act for event in unit.events_of(_feed(store))}
    assert "holder-changed" not in {event.change.act for event in taken}
    assert acts[f"{target}:1"] == "issue"


def test_a_restriction_is_told_and_two_acts_of_one_unit_are_two_lines(store: Store) -> None:
    _publish(store, 1)
    restriction = Restriction(RestrictionKind.SEIZED, "法院", "一号", records.AT.date())
    with store.registry.begin() as unit:
        before = unit.certificate(records.identifier(1))
        unit.save(replace(before, restrictions=(restriction,)), before.row_version)
        unit.append_audit(
            [records.audit(records.identifier(1), act=act) for act in ("restrict", "notify")]
        )
        unit.commit()
    assert [(item.act, item.row_version) for item in _feed(store, after=_feed(store)[0].sequence)]
    assert [item.act for item in _feed(store)] == ["issue", "restrict", "notify"]


def test_what_is_rolled_back_is_not_told(store: Store) -> None:
    _publish(store, 1)
    with store.registry.begin() as unit:
        before = unit.certificate(records.identifier(1))
        unit.save(before.decide(REVOKE, actor="x", now=records.AT), before.row_version)
        unit.append_audit([records.audit(before.identifier, act="revoke")])
    assert [item.act for item in _feed(store)] == ["issue"]


def test_filters_and_limits(store: Store) -> None:
    _publish(store, 1, 2, 3)
    assert len(_feed(store, limit=2)) == 2
    assert _feed(store, limit=0) == []
    first = _feed(store)[0]
    assert len(_feed(store, after=first.sequence)) == 2
    assert len(_feed(store, within=(Holding(records.ISSUER),))) == 3
    assert _feed(store, within=(Holding("11445200990090016H"),)) == []
    assert len(_feed(store, since=records.AT, until=records.AT)) == 3
    assert _feed(store, since=records.AT + timedelta(seconds=1)) == []
    assert _feed(store, until=records.AT - timedelta(seconds=1)) == []
    assert len(_feed(store, type_codes=frozenset({records.TYPE}))) == 3
    assert _feed(store, type_codes=frozenset({"other"})) == []


def test_the_feed_is_append_only(store: Store) -> None:
    _publish(store, 1)
    for statement in (
        "UPDATE certificate_changes SET act = 'x'",
        "DELETE FROM certificate_changes",
    ):
        with pytest.raises(Exception, match="append-only"):
            store.run(statement)
    if store.server is not None:
        with pytest.raises(psycopg.Error, match="append-only"):
            store.run("TRUNCATE certificate_changes CASCADE")


@pytest.mark.parametrize("writers", [4])
def test_nothing_ever_appears_behind_a_cursor_already_handed_out(
    store: Store, writers: int
) -> None:
    """Writers of different length race; a reader follows. It sees each line once, none is missed."""
    each = 12
    stop = threading.Event()
    seen: list[int] = []
    faults: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for step in range(each):
                number = 1000 * writer + 10 * step
                # Some units are long, some short: their commits overtake one another.
                _publish(store, *range(number, number + 1 + (writer + step) % 4))
                if step % 3 == 0:
                    _revoke(store, number)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test must see it
            faults.append(error)

    def read() -> None:
        cursor = 0
        while True:
            ended = stop.is_set()
            page = _feed(store, after=cursor, limit=5)
            seen.extend(item.sequence for item in page)
            cursor = page[-1].sequence if page else cursor
            if ended and not page:
                return
            if not page:
                stop.wait(0.001)  # not to keep the interpreter from the writers

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, writers + 1)]
    reader = threading.Thread(target=read)
    reader.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    reader.join()
    assert faults == []
    everything = [item.sequence for item in _feed(store, limit=10_000)]
    assert seen == everything
    assert len(everything) > writers * each


def test_a_short_unit_that_overtakes_a_long_one_stands_before_it(postgres_store: Store) -> None:
    """The one that commits first has the lower sequence, whoever began first."""
    store = postgres_store
    intents = [records.intent(1), records.intent(2)]
    store.reserve(*intents)
    with store.registry.begin() as long:
        long.publish([records.publication(intents[0])])
        long.append_audit([records.audit(intents[0].identifier, act="issue")])
        with store.registry.begin() as short:
            short.publish([records.publication(intents[1])])
            short.append_audit([records.audit(intents[1].identifier, act="issue")])
            short.commit()
        first = _feed(store)
        assert [item.identifier for item in first] == [intents[1].identifier]
        long.commit()
    rest = _feed(store, after=first[-1].sequence)
    assert [item.identifier for item in rest] == [intents[0].identifier]


def test_statuses_of_many_are_those_of_one(store: Store) -> None:
    _publish(store, 1, 2)
    _revoke(store, 2)
    asked = [records.identifier(number) for number in (2, 1, 9, 2)]
    with store.registry.read() as session:
        many = session.statuses(asked)
        assert many == {name: session.status(name) for name in asked[:2]}
        assert session.statuses([]) == {}
        assert session.statuses(["x" * 128, "’; DROP"]) == {}


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/old.db"
        return
    server = request.getfixturevalue("postgres")
    name = server.database()
    yield server.url(name)
    server.drop(name)


def test_an_upgrade_fills_the_feed_from_the_history(old_url: str) -> None:
    """Rows of the release before: what is told is what the history and the steps say."""
    made = engines(EngineOptions(old_url))
    at = "2026-03-02T04:05:06Z"
    with made.write.connect() as connection:
        configured = configuration(connection)
        command.upgrade(configured, "0008")
        meta = sa.MetaData()
        meta.reflect(connection)
        _old_rows(connection, meta, at)
        connection.commit()
        command.upgrade(configured, "0009")
        connection.commit()
        rows = connection.exec_driver_sql(
            "SELECT sequence, identifier, type_code, issuer_code, act, state, row_version"
            " FROM certificate_changes ORDER BY sequence"
        ).fetchall()
    made.close()
    assert [tuple(row) for row in rows] == [
        (2, "one", "t", "i", "issue", "ISSUED", 1),
        (4, "one", "t", "i", "revoke", "REVOKED", 2),
    ]


def _old_rows(connection: sa.Connection, meta: sa.MetaData, at: str) -> None:
    def put(name: str, **values) -> None:
        table = meta.tables[name]
        row = {
            column.name: values.get(column.name, _plain(column, at))
            for column in table.columns
            if column.name in values or not column.nullable
        }
        connection.execute(table.insert(), row)

    put("certificate_types", type_code="t")
    put("type_versions", type_code="t", version="1", ordinal=1, definition_digest="0" * 64)
    put("intents", identifier="one", status="published", seal_level="B-T", storage_key="0" * 32)
    put(
        "certificates",
        identifier="one",
        state="REVOKED",
        type_code="t",
        type_version="1",
        issuer_code="i",
        row_version=2,
        paper="none",
        target_level="B-T",
        reached_level="B-T",
    )
    for sequence, act in enumerate(("reserve", "issue", "verify", "revoke"), start=1):
        put("audit_history", sequence=sequence, act=act, target="one", digest="0" * 64)
    for sequence, (action, before, after) in enumerate(
        (("seal", "DRAFT", "ISSUED"), ("revoke", "ISSUED", "REVOKED")), start=1
    ):
        put(
            "state_changes",
            identifier="one",
            sequence=sequence,
            action=action,
            from_state=before,
            to_state=after,
        )


def _plain(column: sa.Column, at: str) -> object:
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return records.AT
    if isinstance(kind, sa.Date):
        return records.AT.date()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return 0
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    return at


def test_pages_of_statuses_are_those_of_one(store: Store) -> None:
    """In the order of octets, every certificate once, with the digests of its originals."""
    _publish(store, *range(1, 8))
    _revoke(store, 2)
    found, after = [], ""
    with store.registry.read() as session:
        while page := session.status_page(after, 3):
            assert len(page) <= 3
            found += page
            after = page[-1][0].identifier
        names = [row.identifier for row, _ in found]
        assert names == sorted(records.identifier(number) for number in range(1, 8))
        assert all(row == session.status(row.identifier) for row, _ in found)
        for row, files in found:
            known = session.certificate(row.identifier).files
            assert files == tuple(sorted(item.sha256 for item in known))
            assert files
