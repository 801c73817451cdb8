"""What signers see of the record, on a connection of their own: pending files, and nothing more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certlib.document import ORIGINAL, Form
from certlib.errors import StoreUnavailable
from storage.engines import EngineOptions
from storage.signing_record import SqlSigningRecord
from tests.contract.conftest import Store
from tests.fakes import records

MINUTE = timedelta(minutes=1)
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def record(store: Store) -> Iterator[SqlSigningRecord]:
    """As signers open it: on PostgreSQL with their own login."""
    url = store.url
    if store.server is not None:
        url = store.server.url(store.database, "signers")
    made = SqlSigningRecord(EngineOptions(url, timeout=5))
    yield made
    made.close()


def test_a_pending_file_is_awaited(store: Store, record: SqlSigningRecord) -> None:
    intent = records.intent(1, forms=(ORIGINAL, Form("duplicate", 1)))
    assert record.awaited(intent.identifier, ORIGINAL) is None
    store.reserve(intent)
    first = record.awaited(intent.identifier, ORIGINAL)
    second = record.awaited(intent.identifier, Form("duplicate", 1))
    assert first is not None
    assert second is not None
    assert first.issuer_code == intent.content.issuer_code
    assert first.file != second.file
    assert first.attempt == second.attempt
    assert record.awaited(intent.identifier, Form("duplicate", 2)) is None


def test_what_is_published_or_burned_is_awaited_no_more(
    store: Store, record: SqlSigningRecord
) -> None:
    store.publish(records.intent(1))
    store.reserve(records.intent(2))
    with store.registry.begin() as unit:
        unit.burn(records.identifier(2), "test")
        unit.commit()
    assert record.awaited(records.identifier(1), ORIGINAL) is None
    assert record.awaited(records.identifier(2), ORIGINAL) is None


def test_an_attempt_ends_with_its_note_and_with_another_lease(
    store: Store, record: SqlSigningRecord
) -> None:
    store.reserve(records.intent(1))
    seen = []
    for change in (
        lambda unit: None,
        lambda unit: unit.note_attempt(records.identifier(1), "store-unavailable"),
        lambda unit: unit.lease_intents(
            store.clock.now() + MINUTE, store.clock.now() + 2 * MINUTE, 9
        ),
    ):
        with store.registry.begin() as unit:
            change(unit)
            unit.commit()
        found = record.awaited(records.identifier(1), ORIGINAL)
        assert found is not None
        seen.append(found.attempt)
    assert len(set(seen)) == 3


def test_a_file_to_be_added_is_awaited(store: Store, record: SqlSigningRecord) -> None:
    store.publish(records.intent(1))
    content = records.content(1, form="duplicate", copy_number=3)
    added = replace(
        records.intent(1, of=content, forms=(content.file_form,)), storage_key="ab" * 16
    )
    with store.registry.begin() as unit:
        unit.reserve_form(added)
        unit.commit()
    found = record.awaited(added.identifier, Form("duplicate", 3))
    assert found is not None
    assert found.issuer_code == content.issuer_code
    assert found.file == f"{added.storage_key}/duplicate/3"
    assert record.awaited(added.identifier, ORIGINAL) is None


def test_nothing_can_be_written(store: Store, record: SqlSigningRecord) -> None:
    store.reserve(records.intent(1))
    with record._engines.read.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("UPDATE intents SET status = 'BURNED'"))
    assert record.awaited(records.identifier(1), ORIGINAL) is not None


def test_a_record_that_is_away_is_an_outage(tmp_path) -> None:
    record = SqlSigningRecord(EngineOptions(f"sqlite:///{tmp_path / 'none.db'}"))
    with pytest.raises(StoreUnavailable):
        record.awaited(records.identifier(1), ORIGINAL)
    record.close()


def test_signers_see_nobodys_data(postgres_store: Store) -> None:
    """Names of departments and stops of sealing, beside what is to be sealed; no content."""
    store = postgres_store
    store.publish(records.intent(1))
    with psycopg.connect(store.server.url(store.database, "signers"), autocommit=True) as signer:
        for what in ("* FROM departments", "* FROM department_names", "* FROM sealing_stops"):
            signer.execute(f"SELECT {what}".encode())
        for what in (
            "content FROM intents", "requested_by FROM intents", "content FROM form_intents",
            "content FROM certificates", "* FROM certificate_holders", "* FROM audit_history",
            "secret_hash FROM clients",
        ):  # fmt: skip
            with pytest.raises(DENIED):
                signer.execute(f"SELECT {what}".encode())
        for act in (
            "UPDATE intents SET status = 'BURNED'", "DELETE FROM form_intents",
            "INSERT INTO sealing_stops DEFAULT VALUES", "DELETE FROM sealing_stops",
        ):  # fmt: skip
            with pytest.raises(DENIED):
                signer.execute(act.encode())
