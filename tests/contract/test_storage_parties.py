"""What the record keeps of those who issue and of those who hold."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from certlib.calendar import legal_day
from certlib.departments import DatedName, Department, Holding, Succession, SuccessionKind
from certlib.errors import Conflict, Corrupt, StaleVersion, Unsupported
from certlib.holder_changes import ChangeKind, HolderKey, key_of
from certlib.ids import ROOT
from certlib.mandates import Capacity, IssueListEntry
from certlib.registry import SearchQuery, StatusRow
from certlib.usecases.widen import widened
from storage.link import Link
from storage.search import page
from tests.contract.conftest import Store
from tests.fakes import records
from tests.fakes.parties import AT, FIRM, PERSON, SOURCE, change, renamed

UNIT = "114451009999990234"
ENTRUSTED = IssueListEntry(
    records.TYPE,
    UNIT,
    date(2026, 1, 1),
    basis="委托书",
    capacity=Capacity.ENTRUSTED,
    principal_code=records.ISSUER,
)


def _put(store: Store, *entries: IssueListEntry) -> None:
    with store.registry.begin() as unit:
        for entry in entries:
            unit.put_issue_entry(entry)
        unit.commit()


def test_one_unit_is_entrusted_by_two_departments_at_once(store: Store) -> None:
    second = replace(ENTRUSTED, principal_code="11445200990090016H", row_version=3)
    own = replace(ENTRUSTED, capacity=Capacity.OWN, principal_code="")
    _put(store, ENTRUSTED, second, own)
    with store.registry.read() as session:
        found = session.issue_list(records.TYPE, UNIT)
    assert found == [own, second, ENTRUSTED]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ENTRUSTED, principal_code=""),
        replace(ENTRUSTED, principal_code=UNIT),
        replace(ENTRUSTED, capacity=Capacity.OWN),
        replace(ENTRUSTED, row_version=0),
    ],
)
def test_principal_and_capacity_fit_each_other_in_the_database_too(
    store: Store, wrong: IssueListEntry
) -> None:
    with pytest.raises(Unsupported):
        _put(store, wrong)


def test_the_acting_unit_stands_beside_the_certificate(store: Store) -> None:
    store.publish(
        records.intent(1, of=records.content(1, acting_code=UNIT, acting_name="揭阳市车辆所")),
        records.intent(2),
    )
    acting = store.rows("SELECT identifier, acting_code FROM certificates ORDER BY identifier")
    assert acting == [(records.identifier(1), UNIT), (records.identifier(2), "")]


# --- departments over time --------------------------------------------------------------------

BODY = Department(UNIT, "揭阳市农业局", "市农业局", "445200", "prefecture", row_version=1)
OTHER_BODY = replace(BODY, credit_code=records.ISSUER, name="揭阳市林业局")


def _name(name: str, since: date, event_id: str) -> DatedName:
    return DatedName(event_id, UNIT, name, "简称", since, SOURCE)


def _succession(event_id: str = "s", **changes: object) -> Succession:
    made = Succession(
        event_id, SuccessionKind.MERGED, UNIT, records.ISSUER, date(2026, 1, 1), SOURCE
    )
    return replace(made, **changes)


def _bodies(store: Store) -> None:
    with store.registry.begin() as unit:
        unit.add_department(BODY)
        unit.add_department(OTHER_BODY)
        unit.commit()


def test_a_department_bears_the_name_of_the_day(store: Store) -> None:
    _bodies(store)
    today = date(2026, 3, 2)
    with store.registry.begin() as unit:
        unit.add_department_name(_name("揭阳市农业农村局", today, "1"))
        unit.add_department_name(_name("揭阳市明日局", today + timedelta(days=1), "2"))
        unit.add_department_name(_name("写错的名称", today, "3"))
        unit.void_event("3", reason="录入错误", actor="operator", at=AT)
        unit.commit()
    with store.registry.read() as session:
        assert session.department(UNIT) == replace(BODY, name="揭阳市农业农村局", short_name="简称")
        assert session.departments()[1].name == OTHER_BODY.name
        names = session.department_names(UNIT)
    assert [(item.name, item.source.voided_at) for item in names] == [
        ("揭阳市农业农村局", None),
        ("写错的名称", AT),
        ("揭阳市明日局", None),
    ]
    store.clock.move(days=1)
    with store.registry.read() as session:
        assert session.department(UNIT).name == "揭阳市明日局"
        assert session.departments()[0].name == "揭阳市明日局"


def test_a_department_is_registered_once_and_changed_by_who_read_it_last(store: Store) -> None:
    _bodies(store)
    with pytest.raises(Conflict):
        _bodies(store)
    ended = replace(BODY, level="county", effective_to=date(2026, 12, 31))
    with store.registry.begin() as unit:
        unit.change_department(ended, 1)
        with pytest.raises(StaleVersion):
            unit.change_department(ended, 1)
        unit.commit()
    with store.registry.read() as session:
        assert session.department(UNIT) == replace(ended, row_version=2)


def test_successions_are_kept_with_what_was_wrong_among_them(store: Store) -> None:
    _bodies(store)
    moved = _succession(
        "m",
        kind=SuccessionKind.MOVED,
        effective_from=date(2025, 1, 1),
        type_codes=frozenset({records.TYPE}),
    )
    with store.registry.begin() as unit:
        unit.add_succession(_succession())
        unit.add_succession(moved)
        unit.void_event("s", reason="错", actor="operator", at=AT)
        unit.commit()
    void = replace(_succession(), source=replace(SOURCE, voided_at=AT))
    with store.registry.read() as session:
        assert session.successions() == [moved, void]


@pytest.mark.parametrize(
    "wrong",
    [
        _succession(successor_code=UNIT),
        _succession(kind=SuccessionKind.MOVED),
        _succession(type_codes=frozenset({"t"})),
    ],
)
def test_a_succession_has_two_sides_and_types_where_functions_move(
    store: Store, wrong: Succession
) -> None:
    _bodies(store)
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit.add_succession(wrong)


def test_an_unreadable_list_of_types_is_corrupt(store: Store) -> None:
    _bodies(store)
    with store.registry.begin() as unit:
        unit.add_succession(_succession())
        unit.commit()
    on = "" if store.engine == "sqlite" else " ON department_successions"
    store.run(f"DROP TRIGGER department_successions_no_update{on}")
    store.run("UPDATE department_successions SET type_codes = '[]]', kind = 'functions-moved'")
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.successions()


def test_the_mandates_of_a_body_whatever_their_type(store: Store) -> None:
    other = replace(ENTRUSTED, type_code="other")
    _put(store, ENTRUSTED, other, replace(ENTRUSTED, issuer_code="somebody"))
    with store.registry.read() as session:
        assert session.mandates(issuer_code=UNIT) == [ENTRUSTED, other]


# --- holders over time ------------------------------------------------------------------------

KEY = HolderKey("001", FIRM.code)
SECOND, THIRD = (replace(FIRM, name=f"{n}公司", code=f"9144520{n}MA9TEXT00K") for n in "34")


def _record(store: Store, *events: object) -> None:
    with store.registry.begin() as unit:
        for event in events:
            unit.add_holder_change(event)
        unit.commit()


def _related(store: Store, *keys: HolderKey, names: tuple[str, ...] = ()) -> list[str]:
    with store.registry.read() as session:
        return [item.event_id for item in session.related_changes(keys, names)]


def test_certificates_of_a_holder_are_named_in_order(store: Store) -> None:
    """By code and type, whatever their number and state; of nobody when nobody is asked for."""
    intents = [records.intent(number) for number in (2, 1)]
    store.publish(*intents)
    (holder,) = intents[0].content.holders
    key = key_of(holder)
    wanted = sorted(item.identifier for item in intents)
    with store.registry.read() as session:
        assert session.held_by([key, KEY]) == wanted
        assert session.held_by([replace(key, code_type="099")]) == []
        assert session.held_by([]) == []


def _asked(store: Store, *identifiers: str) -> list[StatusRow]:
    """The public look-up's rows, questions going together as on a busy day."""

    async def act() -> list[StatusRow]:
        today = legal_day(store.clock.now())
        asked = [store.reader.ask(name, today) for name in identifiers * 2]
        try:
            return [store.reader.read(await one) for one in asked]
        finally:
            await store.reader.release()

    return asyncio.run(act())


@pytest.mark.parametrize("named", ["holder_hash", "NULL", "''"])
def test_the_status_row_says_why_the_sole_holder_is_no_more(store: Store, named: str) -> None:
    """Along its own codes, in the order of days; void events and those to come count for nothing.

    Rows of before schema 0014 do not name their sole holder.
    """
    alone = records.intent(1)
    (holder,) = alone.content.holders
    two = records.intent(2)
    two = replace(two, content=replace(two.content, holders=(holder, SECOND)))
    other = records.intent(3, of=records.content(3, holders=(FIRM,)))
    store.publish(alone, two, other)
    store.run(f"UPDATE certificates SET holder_hash = {named}")
    day = date(2025, 6, 1)

    def gone(identifier: str = alone.identifier) -> object:
        with store.registry.read() as session:
            one = session.status(identifier)
            (many,) = session.statuses([identifier]).values()
        assert [one, many] == _asked(store, other.identifier, identifier)[1::2]
        return one.holder_gone

    assert gone() is None
    _record(store, change("recoded", holder, SECOND, day, event_id="1"))
    _record(store, change("dissolved", THIRD, None, day, event_id="2"))
    _record(store, change("dissolved", SECOND, None, date(2025, 5, 31), event_id="3"))
    _record(store, renamed(SECOND, "别名", date(2025, 6, 2), event_id="4"))
    _record(store, change("merged", SECOND, FIRM, date(2099, 1, 1), event_id="5"))
    assert gone() is None  # another's, before the code was its own, a new name, a day to come
    _record(store, change("merged", SECOND, THIRD, date(2025, 6, 3), event_id="6"))
    _record(store, change("dissolved", SECOND, None, date(2025, 6, 4), event_id="7"))
    assert gone() is ChangeKind.MERGED
    assert gone(two.identifier) is None
    with store.registry.begin() as unit:
        unit.void_event("6", reason="错", actor="operator", at=AT)
        unit.commit()
    assert gone() is ChangeKind.DISSOLVED
    with store.registry.begin() as unit:
        unit.void_event("1", reason="错", actor="operator", at=AT)
        unit.commit()
    assert gone() is None


def test_a_certificate_names_its_sole_holder_by_keyed_hash(store: Store) -> None:
    """So the public look-up need not read its holders; of several none is named.

    An empty name is not believed: it makes the look-up ask the holders themselves.
    """
    one, two = records.intent(1), records.intent(2)
    (holder,) = one.content.holders
    two = replace(two, content=replace(two.content, holders=(holder, SECOND)))
    store.publish(one, two)
    named = store.rows("SELECT holder_hash FROM certificates ORDER BY identifier")
    held = store.rows("SELECT code_hash FROM certificate_holders ORDER BY identifier, position")
    assert [tuple(row) for row in named] == [tuple(held[0]), ("",)]


def test_a_change_is_kept_as_it_was_recorded(store: Store) -> None:
    event = change("merged", (FIRM, SECOND), THIRD, department_code="d", reason_code="")
    _record(store, event)
    with store.registry.begin() as unit:
        unit.void_event(event.event_id, reason="错", actor="operator", at=AT)
        with pytest.raises(Conflict):
            unit.void_event(event.event_id, reason="错", actor="operator", at=AT)
    with store.registry.read() as session:
        assert session.holder_change(event.event_id) == event
        assert session.holder_change("x") is None


def test_chains_are_found_from_every_side_and_circles_end(store: Store) -> None:
    _record(
        store,
        change("recoded", FIRM, SECOND, event_id="1"),
        change("recoded", SECOND, THIRD, event_id="2"),
        change("recoded", THIRD, FIRM, event_id="3"),
        renamed(PERSON, "蔡子涵", event_id="4"),
    )
    for holder in (FIRM, SECOND, THIRD):
        assert _related(store, HolderKey("001", holder.code)) == ["1", "2", "3"]
    assert _related(store, HolderKey("111", "445221850101001")) == ["4"]
    assert _related(store, names=("蔡 子涵",)) == ["4"]
    assert _related(store, KEY, names=("蔡子涵",)) == ["1", "2", "3", "4"]
    assert _related(store, HolderKey("001", "x"), names=("无名氏",)) == []
    assert _related(store) == []


def test_nobody_is_named_in_the_clear(store: Store) -> None:
    event = renamed(PERSON, "蔡子涵", source=replace(SOURCE, basis="蔡梓涵更名登记"))
    _record(store, event)
    with store.registry.begin() as unit:
        unit.void_event(event.event_id, reason="蔡梓涵的登记有误", actor="operator", at=AT)
        unit.commit()
    rows = [
        row
        for name in ("holder_changes", "holder_change_parties", "voided_events")
        for row in store.rows(f"SELECT * FROM {name}")
    ]
    told = "".join(
        bytes(cell).decode("utf-8", "replace")
        if isinstance(cell, bytes | memoryview)
        else str(cell)
        for row in rows
        for cell in row
        if cell != event.event_id
    )
    assert "梓涵" not in told
    assert "子涵" not in told
    assert PERSON.code not in told


@pytest.mark.parametrize(
    "name",
    [
        "department_names",
        "department_successions",
        "holder_changes",
        "holder_change_parties",
        "voided_events",
    ],
)
def test_no_event_is_changed_or_removed(store: Store, name: str) -> None:
    _bodies(store)
    _record(store, renamed(FIRM, "甲公司", event_id="h"))
    with store.registry.begin() as unit:
        unit.add_department_name(_name("甲", date(2026, 1, 1), "n"))
        unit.add_succession(_succession())
        unit.void_event("h", reason="错", actor="operator", at=AT)
        unit.commit()
    for statement in (f"UPDATE {name} SET event_id = 'x'", f"DELETE FROM {name}"):
        with pytest.raises(Exception, match="append-only"):
            store.run(statement)


# --- one page, one query, on an index ---------------------------------------------------------

BROAD = tuple(Holding(code) for code in (records.ISSUER, UNIT, "11445200990090016H"))
PAGES = {
    "one issuer": SearchQuery(within=BROAD[:1]),
    "several issuers": SearchQuery(within=BROAD, after=records.identifier(3)),
    "some types": SearchQuery(within=(Holding(UNIT, frozenset({"t", "u"})), BROAD[0])),
    "what a unit made": SearchQuery(
        within=(*BROAD, Holding("x", frozenset({"t"}), acting_code=UNIT))
    ),
    "a code and its kin": SearchQuery(
        within=BROAD,
        holder_code=FIRM.code,
        holder_code_type="001",
        code_keys=frozenset({KEY, HolderKey("111", PERSON.code)}),
    ),
    "a name and its bearers": SearchQuery(
        within=BROAD, holder_name=FIRM.name, name_keys=frozenset({KEY})
    ),
    "a number": SearchQuery(within=BROAD, number="N1"),
}


@pytest.mark.parametrize("what", PAGES)
def test_a_page_reads_no_table_from_end_to_end(store: Store, what: str) -> None:
    store.publish(*(records.intent(number) for number in range(5)))
    with store.registry.read() as session:
        link: Link = session._link
        statement = page(link, PAGES[what])
        if store.engine == "sqlite":
            shown = statement.compile(
                link.connection, compile_kwargs={"literal_binds": True, "render_postcompile": True}
            )
            plan = link.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {shown}").fetchall()
            steps = [row[-1] for row in plan]
        else:
            link.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            shown = statement.compile(
                link.connection, compile_kwargs={"literal_binds": True, "render_postcompile": True}
            )
            plan = link.connection.exec_driver_sql(f"EXPLAIN {shown}".replace("%", "%%")).fetchall()
            steps = [row[0].strip() for row in plan]
    scans = [
        step
        for step in steps
        if ("SCAN certificate" in step and "INDEX" not in step) or "Seq Scan on cert" in step
    ]
    assert scans == [], steps


def _issued_by(number: int, issuer: str, acting: str = "") -> records.Content:
    identifier = f"{ROOT}.{records.TYPE}.{issuer}.{number:020d}.001.X"
    return records.content(number, issuer_code=issuer, identifier=identifier, acting_code=acting)


def _paged(store: Store, **criteria: object) -> list[str]:
    seen: list[str] = []
    while True:
        after = seen[-1] if seen else ""
        with store.registry.read() as session:
            found = session.search(SearchQuery(limit=5, after=after, **criteria))
        if not found:
            return seen
        seen += [item.identifier for item in found]


def test_the_pages_of_many_issuers_meet_without_gap_or_repeat(store: Store) -> None:
    contents = [_issued_by(number, BROAD[number % 3].issuer_code) for number in range(12)]
    store.publish(*(records.intent(n, of=one) for n, one in enumerate(contents)))
    everything = sorted(one.identifier for one in contents)
    assert _paged(store, within=BROAD) == everything
    typed = tuple(replace(part, only=frozenset({records.TYPE, "t"})) for part in BROAD)
    assert _paged(store, within=typed) == everything
    assert _paged(store, within=BROAD, type_code=records.TYPE) == everything
    assert _paged(store, within=BROAD, type_code="t") == []
    assert _paged(store, within=()) == []
    without = (replace(BROAD[0], but=frozenset({records.TYPE})), BROAD[1])
    for criteria in ({"within": without}, {"within": without, "type_code": records.TYPE}):
        assert _paged(store, **criteria) == [one for one in everything if f".{UNIT}." in one]


def test_a_unit_finds_what_it_made(store: Store) -> None:
    contents = [_issued_by(number, records.ISSUER, UNIT * (number % 2)) for number in range(4)]
    store.publish(*(records.intent(n, of=one) for n, one in enumerate(contents)))
    made = Holding(records.ISSUER, frozenset({records.TYPE}), acting_code=UNIT)
    found = [one.identifier for one in contents if one.acting_code]
    assert _paged(store, within=(made,)) == _paged(store, within=(made, Holding("x"))) == found
    many = (made, *(Holding(f"x{number}") for number in range(200)))
    assert _paged(store, within=many) == found
    number = {"number": contents[1].number}
    assert _paged(store, within=(made,), **number) == found[:1]


def test_looking_for_a_holder_by_old_and_new_codes_costs_one_query_more(store: Store) -> None:
    other = replace(FIRM, code="114451009999990234")
    _record(store, change("recoded", FIRM, SECOND), change("merged", SECOND, other, event_id="m"))
    asked: list[str] = []
    engine = store.registry._engines.read
    event.listen(engine, "before_cursor_execute", lambda *sent: asked.append(sent[2].lstrip()))
    query = SearchQuery(
        within=BROAD, holder_code=FIRM.code, holder_code_type="001", holder_name="某某"
    )
    with store.registry.read() as session:
        asked.clear()  # what opened the snapshot
        session.search(query)
        plain = len(asked)
        session.search(widened(session, query, date(2026, 3, 2)))
    assert (plain, len(asked)) == (1, 1 + 2)
