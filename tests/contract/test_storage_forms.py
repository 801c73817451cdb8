"""Several files of one certificate: at issue, and added later by intents of their own."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from certlib.document import ORIGINAL, Form
from certlib.errors import CertificateNotFound, Conflict
from certlib.issuing_errors import FormTaken
from certlib.registry import AddedForm, Intent, IntentStatus
from tests.contract.conftest import Store
from tests.fakes import records

MINUTE = timedelta(minutes=1)


def _addition(number: int = 1, copy: int = 3, **changes: Any) -> Intent:
    content = records.content(number, form="duplicate", copy_number=copy)
    made = records.intent(
        number, of=content, storage_key=f"{number:016x}{copy:016x}", forms=(content.file_form,)
    )
    return replace(made, **changes)


def _reserve(store: Store, intent: Intent) -> None:
    with store.registry.begin() as unit:
        unit.reserve_form(intent)
        unit.commit()


def _lease(store: Store) -> list[Intent]:
    now = store.clock.now()
    with store.registry.begin() as unit:
        leased = list(unit.lease_forms(now, now + MINUTE, 9))
        unit.commit()
    return leased


def _added(intent: Intent) -> AddedForm:
    file = records.served_file(intent, sha256=f"{intent.content.copy_number:064x}")
    return AddedForm(file, intent)


def test_files_of_one_publication_come_back_original_first(store: Store) -> None:
    intent = records.intent(1, forms=(ORIGINAL, Form("annex", 1), Form("duplicate", 1)))
    files = tuple(
        records.served_file(
            intent,
            sha256=f"{9 - place:064x}",
            object_name=wanted.object_name,
            form=wanted.content.form,
            copy_number=wanted.content.copy_number,
            content_digest=wanted.content_digest,
        )
        for place, wanted in enumerate(intent.files)
    )
    store.reserve(intent)
    with store.registry.begin() as unit:
        assert unit.intent(intent.identifier) == intent
        unit.publish([records.publication(intent, files=files)])
        unit.commit()
    with store.registry.read() as session:
        found = session.certificate(intent.identifier)
        assert found is not None
        assert found.files == files
        assert session.file(files[2].sha256) == files[2]
    assert [file.object_name for file in files] == [
        f"{intent.storage_key}.0",
        f"{intent.storage_key}.annex-1.0",
        f"{intent.storage_key}.duplicate-1.0",
    ]


def test_an_addition_comes_back_as_it_went_in(store: Store) -> None:
    store.publish(records.intent(1))
    intent = _addition(lease_until=records.AT, approved_by=("甲",), approvals_required=1)
    _reserve(store, intent)
    with store.registry.read() as session:
        assert session.form_intents(intent.identifier) == [intent]
        assert session.form_intents(records.identifier(2)) == []


def test_an_addition_needs_its_certificate(store: Store) -> None:
    with pytest.raises(Conflict):
        _reserve(store, _addition())


def test_one_file_is_added_once(store: Store) -> None:
    """Also while the first one is under way; another number is another file."""
    store.publish(records.intent(1))
    first = _addition()
    _reserve(store, first)
    with pytest.raises(FormTaken):
        _reserve(store, _addition(storage_key="ee" * 16))
    _reserve(store, _addition(copy=4))
    with store.registry.begin() as unit:
        unit.publish_form(_added(first))
        unit.commit()
    with pytest.raises(FormTaken):
        _reserve(store, _addition(storage_key="ee" * 16))


def test_what_was_burned_may_be_asked_for_again(store: Store) -> None:
    store.publish(records.intent(1))
    _reserve(store, _addition())
    with store.registry.begin() as unit:
        unit.burn_form(_addition().storage_key, "given-up")
        unit.commit()
    again = _addition(storage_key="ee" * 16)
    _reserve(store, again)
    with store.registry.read() as session:
        states = [item.status for item in session.form_intents(again.identifier)]
    assert states == [IntentStatus.BURNED, IntentStatus.PENDING]
    with store.registry.begin() as unit, pytest.raises(Conflict):
        unit.burn_form(_addition().storage_key, "twice")


def test_publication_grows_the_version_and_keeps_the_digest(store: Store) -> None:
    store.publish(records.intent(1))
    intent = _addition()
    _reserve(store, intent)
    with store.registry.begin() as unit:
        unit.publish_form(_added(intent))
        unit.commit()
    with store.registry.read() as session:
        found = session.certificate(intent.identifier)
    assert found is not None
    assert found.row_version == 2
    assert found.files[-1].file_form == Form("duplicate", 3)
    assert found.files[-1].content_digest == intent.content_digest
    with store.registry.begin() as unit, pytest.raises(Conflict):
        unit.publish_form(_added(intent))


def test_a_file_of_no_certificate_is_not_published(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(records.intent(1))
    intent = _addition()
    _reserve(store, intent)
    stray = replace(_added(intent).file, identifier=records.identifier(7))
    with store.registry.begin() as unit, pytest.raises(CertificateNotFound):
        unit.publish_form(AddedForm(stray, intent))


def test_a_lease_protects_who_works_on_it(store: Store) -> None:
    store.publish(records.intent(1))
    _reserve(store, _addition(lease_until=store.clock.now() + MINUTE))
    assert _lease(store) == []
    store.clock.move(seconds=61)
    (leased,) = _lease(store)
    assert leased.content.file_form == Form("duplicate", 3)
    assert _lease(store) == []


def test_a_lease_that_nobody_ended_was_an_attempt(store: Store) -> None:
    store.publish(records.intent(1))
    _reserve(store, _addition())
    for tried in range(3):
        (leased,) = _lease(store)
        assert leased.attempts == tried
        store.clock.move(minutes=10)


def test_a_failed_attempt_is_counted_and_ends_the_lease(store: Store) -> None:
    store.publish(records.intent(1))
    intent = _addition(lease_until=store.clock.now() + MINUTE)
    _reserve(store, intent)
    with store.registry.begin() as unit:
        unit.note_form_attempt(intent.storage_key, "signing-unavailable", outage=True)
        unit.commit()
    (leased,) = _lease(store)
    assert (leased.attempts, leased.faults) == (1, 0)
    assert leased.last_error == "signing-unavailable"


def test_contents_of_additions_are_sealed_to_their_place(store: Store) -> None:
    store.publish(records.intent(1))
    _reserve(store, _addition())
    text = "".join(str(value) for row in store.rows("SELECT * FROM form_intents") for value in row)
    assert records.HOLDER.code not in text
    assert records.HOLDER.name not in text
