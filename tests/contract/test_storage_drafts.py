"""Drafts: kept for ever with identifier and number, ended once, handed over to an intent whole."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from certlib.certificate import Decision
from certlib.departments import Holding
from certlib.document import ORIGINAL, Form
from certlib.errors import Conflict, Corrupt, FaceNumberTaken, StaleVersion
from certlib.registry import Draft, DraftQuery, DraftStatus
from certlib.states import Action
from tests.contract.conftest import Store
from tests.fakes import records

MINE = (Holding(records.ISSUER),)
NOTE = "经营范围与决定书不符"


def _draft(number: int = 1, **changes: Any) -> Draft:
    content = records.content(number, sealed_at=None, **changes.pop("content", {}))
    made = Draft(
        content=content,
        made_by="officer-1",
        actor="client/officer-1",
        recorded_at=records.AT,
        changed_at=records.AT,
        approvals_required=1,
    )
    return replace(made, **changes)


def _put(store: Store, *drafts: Draft) -> None:
    with store.registry.begin() as unit:
        for draft in drafts:
            unit.put_draft(draft)
        unit.commit()


def _found(store: Store, draft: Draft) -> Draft | None:
    with store.registry.read() as session:
        return session.draft(draft.identifier)


def _end(store: Store, draft: Draft, **changes: Any) -> Draft:
    after = replace(draft, row_version=draft.row_version + 1, **changes)
    with store.registry.begin() as unit:
        unit.save_draft(after, draft.row_version)
        unit.commit()
    return after


def test_a_draft_comes_back_as_it_went_in(store: Store) -> None:
    day = records.AT.date()
    full = _draft(
        forms=(ORIGINAL, Form("duplicate", 1), Form("duplicate", 2)),
        supersedes=records.identifier(9),
        succession=Decision(Action.SUPERSEDE, "lowered", day, "法", "文号", "机关", "附注"),
    )
    _put(store, full)
    assert _found(store, full) == full
    with store.registry.read() as session:
        assert session.draft("1.2.3") is None


def test_what_an_act_changes_is_kept(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    later = records.AT + timedelta(hours=1)
    approved = _end(store, draft, approved_by=("officer-2",), changed_at=later)
    assert _found(store, draft) == approved
    returned = _end(store, approved, status=DraftStatus.RETURNED, ended_by="officer-3", note=NOTE)
    assert _found(store, draft) == returned


def test_nobody_overwrites_what_another_did(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    _end(store, draft, approved_by=("officer-2",))
    with pytest.raises(StaleVersion):
        _end(store, draft, approved_by=("officer-4",))


def test_an_ended_draft_cannot_be_changed(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    ended = _end(store, draft, status=DraftStatus.DISCARDED)
    with pytest.raises(StaleVersion):
        _end(store, ended, status=DraftStatus.OPEN)


def test_an_identifier_is_drafted_once(store: Store) -> None:
    _put(store, _draft(content={"number": "a"}))
    with pytest.raises(Conflict):
        _put(store, _draft(content={"number": "b"}))


def test_a_draft_holds_its_number_until_it_comes_to_nothing(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    rival = records.intent(2, of=records.content(2, number=draft.content.number))
    with pytest.raises(FaceNumberTaken):
        store.reserve(rival)
    _end(store, draft, status=DraftStatus.RETURNED)
    store.reserve(rival)


def test_a_sealed_draft_hands_its_number_over(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    intent = records.intent(1)
    sealed = replace(draft, status=DraftStatus.SEALED, row_version=2)
    with store.registry.begin() as unit:
        unit.seal_draft(sealed, intent, 1)
        unit.commit()
    with store.registry.begin() as unit:
        unit.publish([records.publication(intent)])
        unit.commit()
    with store.registry.read() as session:
        assert session.certificate(draft.identifier) is not None
    with pytest.raises(FaceNumberTaken):
        _put(store, _draft(3, content={"number": draft.content.number}))


def test_a_burned_intent_of_a_draft_frees_the_number(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    with store.registry.begin() as unit:
        sealed = replace(draft, status=DraftStatus.SEALED, row_version=2)
        unit.seal_draft(sealed, records.intent(1), 1)
        unit.burn(draft.identifier, "given-up")
        unit.commit()
    _put(store, _draft(3, content={"number": draft.content.number}))


def test_a_list_shows_what_one_is_responsible_for(store: Store) -> None:
    other = "114451009999990234"
    drafts = [_draft(number) for number in range(1, 5)]
    drafts[1] = replace(drafts[1], recorded_at=records.AT + timedelta(seconds=5))
    foreign = _draft(9, content={"issuer_code": other})
    entrusted = _draft(8, content={"acting_code": other, "acting_name": "受托单位"})
    _put(store, *drafts, foreign, entrusted)
    seen: list[str] = []
    after = ""
    with store.registry.read() as session:
        while page := session.drafts(DraftQuery(MINE, limit=2, after=after)):
            seen += [draft.identifier for draft in page]
            after = seen[-1]
        acting = session.drafts(DraftQuery((Holding(records.ISSUER, acting_code=other),)))
        assert session.drafts(DraftQuery(())) == []
    assert seen[-1] == drafts[1].identifier
    assert sorted(seen) == sorted(item.identifier for item in (*drafts, entrusted))
    assert [draft.identifier for draft in acting] == [entrusted.identifier]


def test_nothing_personal_lies_open(store: Store) -> None:
    draft = _draft()
    _put(store, draft)
    _end(store, draft, status=DraftStatus.RETURNED, note=NOTE)
    for row in store.rows("SELECT * FROM drafts"):
        text = "".join(str(value) for value in row)
        assert records.HOLDER.code not in text
        assert records.HOLDER.name not in text
        assert NOTE not in text


def test_a_moved_content_does_not_open(store: Store) -> None:
    _put(store, _draft(1), _draft(2))
    store.run(
        "UPDATE drafts SET content = (SELECT content FROM drafts WHERE identifier = ?)"
        " WHERE identifier = ?",
        records.identifier(2),
        records.identifier(1),
    )
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.draft(records.identifier(1))


@pytest.mark.parametrize("table", ["drafts", "form_intents"])
def test_what_used_an_identifier_cannot_be_deleted(store: Store, table: str) -> None:
    _put(store, _draft(1))
    store.publish(records.intent(2))
    added = records.intent(2, of=records.content(2, form="duplicate", copy_number=1))
    with store.registry.begin() as unit:
        unit.reserve_form(replace(added, storage_key="ab" * 16))
        unit.commit()
    with pytest.raises(Exception, match="append-only"):
        store.run(f"DELETE FROM {table}")
