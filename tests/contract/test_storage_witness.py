"""The history bears witness to every row: what is written, read back by plain drivers, agrees."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import bindparam, delete, insert, select, update

from certlib.certificate import Restriction, RestrictionKind
from certlib.errors import Unsupported
from certlib.registry import AuditRecord, Client, Department, IssueListEntry
from storage import SqlRegistry
from storage.tables import ClientRow, FaceNumberRow, RestrictionRow, Row, table
from storage.witness import digest, witnessed
from tests.contract.conftest import KEY, Store
from tests.fakes import records

EXEMPT = {
    "audit_history",
    "audit_head",
    "certificate_changes",
    "history_batches",
    "object_locks_due",
    "seal_care",
    "outbox",
    "webhook_deliveries",
}
LEFT_OUT = dict.fromkeys(
    ("intents", "form_intents"), frozenset({"attempts", "faults", "last_error", "lease_until"})
)
DEPARTMENT = Department(records.ISSUER, "揭阳市交通运输局", "市交通局", "445200", "prefecture")
CLIENT = Client("hall", "大厅", records.ISSUER, frozenset({"issue"}), "hash", records.AT)
ENTRY = IssueListEntry(records.TYPE, records.ISSUER, date(2020, 1, 1), None, "law")
SEIZURE = Restriction(RestrictionKind.SEIZED, "court", "1", date(2026, 3, 2))


def plain(value: Any) -> Any:
    match value:
        case bool():
            return int(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case bytes():
            return hashlib.sha256(value).hexdigest()
    return value


def said_of(name: str, row: dict[str, Any]) -> str:
    """docs/storage.md, without a line of ours."""
    values = {column: plain(value) for column, value in row.items()}
    kept = {
        column: value
        for column, value in values.items()
        if value and column not in LEFT_OUT.get(name, ())
    }
    text = json.dumps(
        {"row": kept, "table": name}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return keyed(f"row\0{text}")


def keyed(text: str) -> str:
    key = HKDF(SHA256(), 32, None, b"certlib/storage/index/1").derive(KEY)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


Rows = dict[tuple[str, str, str], str]
"""(table, first part of the key, hash of the rest) → digest."""


def there(store: Store) -> Rows:
    """Every row as a plain driver reads it."""
    found = {}
    with store.raw() as connection:
        for of in witnessed():
            cursor = connection.execute(f"SELECT * FROM {of.name}")
            names = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                row = dict(zip(names, values, strict=True))
                owner, *rest = (str(plain(row[column.name])) for column in of.primary_key)
                named = keyed("row-key\0" + "\x1f".join(rest))[:32] if rest else ""
                found[of.name, owner, named] = said_of(of.name, row)
    return found


def said_so_far(store: Store) -> Iterator[AuditRecord]:
    with store.registry.read() as session:
        yield from session.history_of("rows")


def witnessed_now(store: Store) -> Rows:
    """What the history said last; what is gone is left out."""
    found: Rows = {}
    for record in said_so_far(store):
        for owner, tables in record.details["rows"].items():
            for name, rows in tables.items():
                for rest, made in rows.items():
                    found[name, owner, rest] = made
    return {key: made for key, made in found.items() if made}


def keep(registry: SqlRegistry, *acts: tuple[str, tuple[Any, ...]], audit: int = 0) -> None:
    with registry.begin() as unit:
        unit.append_audit([records.audit(f"{number}") for number in range(audit)])
        for name, arguments in acts:
            getattr(unit, name)(*arguments)
        unit.commit()


def lead_a_life(store: Store) -> None:
    """Something of everything that the core writes: inserts, upserts, updates, deletions."""
    keep(store.registry, ("put_department", (DEPARTMENT,)), ("put_client", (CLIENT,)))
    keep(store.registry, ("put_client", (replace(CLIENT, disabled_at=records.AT),)))
    keep(store.registry, ("put_issue_entry", (ENTRY,)))
    intents = [records.intent(number) for number in range(1, 4)]
    store.publish(*intents[:2])
    store.reserve(intents[2])
    with store.registry.begin() as unit:
        unit.lease_intents(records.AT, store.clock.move(minutes=1), 5)
        unit.note_attempt(intents[2].identifier, "signing-unavailable")
        unit.commit()
    keep(store.registry, ("burn", (intents[2].identifier, "given-up")))
    first = records.certificate(intents[0], former_names=("旧名",), restrictions=(SEIZURE,))
    keep(store.registry, ("save", (first, 1)))
    freed = replace(first, restrictions=(replace(SEIZURE, lifted_on=ENTRY.effective_from),))
    keep(store.registry, ("save", (freed, 2)))
    lifted = records.served_file(intents[1], sha256="9" * 64, revision=1, object_name="x.1")
    keep(store.registry, ("add_file", (lifted,)))


def test_every_table_is_witnessed_but_those_that_say_why(store: Store) -> None:
    """A new table is taken in by itself."""
    assert {of.name for of in witnessed()} == set(Row.metadata.tables) - EXEMPT


def test_every_row_is_as_the_history_says(store: Store) -> None:
    lead_a_life(store)
    now = there(store)
    assert witnessed_now(store) == now
    assert {name for name, *_ in now} >= {
        "certificates",
        "certificate_files",
        "certificate_holders",
        "certificate_types",
        "clients",
        "departments",
        "face_numbers",
        "holder_names",
        "intents",
        "issue_list",
        "restrictions",
        "state_changes",
        "type_versions",
    }


def test_a_row_that_is_gone_is_said_to_be_gone(store: Store) -> None:
    """A burned intent frees its number: the history says so, and knows it never was silently."""
    store.reserve(records.intent(1))
    assert any(name == "face_numbers" for name, *_ in witnessed_now(store))
    keep(store.registry, ("burn", (records.identifier(1), "given-up")))
    assert not any(name == "face_numbers" for name, *_ in witnessed_now(store))
    assert witnessed_now(store) == there(store)


def test_leases_and_attempts_are_nothing_to_bear_witness_to(store: Store) -> None:
    store.reserve(records.intent(1))
    before = list(said_so_far(store))
    with store.registry.begin() as unit:
        unit.lease_intents(records.AT, records.AT, 5)
        unit.note_attempt(records.identifier(1), "signing-unavailable")
        unit.commit()
    assert list(said_so_far(store)) == before
    assert witnessed_now(store) == there(store)


def test_the_record_says_which_acts_it_belongs_to(store: Store) -> None:
    keep(store.registry, ("put_client", (CLIENT,)), audit=2)
    record = list(said_so_far(store))[-1]
    assert (record.act, record.actor, record.details["acts"]) == ("witness", "client", 2)
    assert record.details["rows"] == {
        "hall": {"clients": {"": there(store)["clients", "hall", ""]}}
    }
    keep(store.registry, ("put_client", (CLIENT,)))
    record = list(said_so_far(store))[-1]
    assert (record.actor, record.details["acts"]) == ("registry", 0)


def test_a_unit_that_is_rolled_back_leaves_no_testimony(store: Store) -> None:
    before = list(said_so_far(store))
    with store.registry.begin() as unit:
        unit.put_client(CLIENT)
    assert list(said_so_far(store)) == before


def test_nothing_of_a_holder_stands_in_the_history(store: Store) -> None:
    lead_a_life(store)
    text = "".join(str(record) for record in said_so_far(store))
    for secret in (records.HOLDER.name, records.HOLDER.code, "旧名", "大厅", "court"):
        assert secret not in text


def test_what_a_statement_matches_is_noted_where_it_names_no_key(store: Store) -> None:
    """An update or deletion by something else than the key: its rows are asked for first."""
    seizures, numbers = table(RestrictionRow), table(FaceNumberRow)
    lead_a_life(store)
    with store.registry.begin() as unit:
        by_identifier = seizures.c.identifier == bindparam("b_identifier")
        statement = update(seizures).where(by_identifier).values(lifted_on=bindparam("b_day"))
        values = {"b_identifier": records.identifier(1), "b_day": date(2026, 5, 1)}
        unit._link.change(statement, values)
        unit._link.change(delete(numbers), [{"unused": ""}])
        unit.commit()
    assert witnessed_now(store) == there(store)
    assert not any(name == "face_numbers" for name, *_ in there(store))


def test_what_a_statement_writes_and_returns_is_noted(store: Store) -> None:
    clients = table(ClientRow)
    keep(store.registry, ("put_client", (CLIENT,)))
    with store.registry.begin() as unit:
        unit._link.fetch(update(clients).values(name="x").returning(clients.c.name))
        unit.commit()
    assert witnessed_now(store) == there(store)


def test_a_write_that_names_no_row_is_refused(store: Store) -> None:
    clients = table(ClientRow)
    copied = insert(clients).from_select(
        [column.name for column in clients.columns], select(clients)
    )
    with store.registry.begin() as unit, pytest.raises(Unsupported):
        unit._link.change(copied, [{"b_nothing": ""}])


def test_a_value_that_no_column_has_is_refused(store: Store) -> None:
    with pytest.raises(Unsupported):
        digest(store.cipher, table(ClientRow), dict.fromkeys(table(ClientRow).columns.keys(), 0.5))


# --- the baseline -------------------------------------------------------------------------------


def of_an_earlier_release(store: Store) -> None:
    """Rows without a word in the history."""
    lead_a_life(store)
    for act in ("no_update", "no_delete"):
        on = "" if store.engine == "sqlite" else " ON audit_history"
        store.run(f"DROP TRIGGER audit_history_{act}{on}")
    store.run("DELETE FROM audit_history")
    store.run("UPDATE audit_head SET sequence = 0, digest = ''")


def test_what_an_earlier_release_wrote_is_witnessed_at_the_first_start(store: Store) -> None:
    of_an_earlier_release(store)
    assert witnessed_now(store) == {}
    store.registry.take_baseline()
    assert witnessed_now(store) == there(store)
    with store.registry.read() as session:
        (mark,) = session.history_of("baseline")
    assert {record.act for record in said_so_far(store)} == {"baseline"}
    assert mark.sequence == len(list(said_so_far(store))) + 1


def test_the_baseline_is_taken_once(store: Store) -> None:
    """Or a change behind the registry's back would be signed off at the next start."""
    of_an_earlier_release(store)
    store.registry.take_baseline()
    before = witnessed_now(store)
    store.run("UPDATE clients SET name = 'changed'")
    store.registry.take_baseline()
    with store.registry.begin() as unit:
        unit.take_baseline()
        unit.commit()
    assert witnessed_now(store) == before != there(store)


def test_an_empty_database_has_its_mark_from_the_start(store: Store) -> None:
    store.registry.take_baseline()
    with store.registry.read() as session:
        assert len(session.history_of("baseline")) == 1
