"""Drafts, several files and planned successions: green as they are, found when they are spoilt."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from api.bootstrap import Node, open_node
from api.demo.orders import TRANSPORT
from api.founding import type_files
from certlib.calendar import legal_day
from certlib.canonical import canonical_bytes
from certlib.catalogue import type_version_from
from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form
from certlib.errors import SigningUnavailable
from certlib.registry import AuditRecord
from certlib.states import Action
from certlib.usecases.add_form import FormRequest
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.four_eyes import Hands
from certlib.usecases.order import IssueRequest
from certlib.usecases.revise import RevisionRequest
from tests.unit.audit.audit_store import Store, _order, caller, issued, settings
from tests.unit.audit.planting import check_planted

STEPS = "2026.8"
MAKER, REVIEWER, SEALER = (caller(person=name) for name in ("maker", "checker", "sealer"))


@pytest.fixture(scope="module")
def issuing_template(audited_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issuing") / "node"
    shutil.copytree(audited_template, folder)
    names = json.loads((folder / "names.json").read_text())
    with closing(open_node(settings(folder))) as node:
        _put_type(node)
        names["open"] = _made(node, 70)
        names["returned"] = _made(node, 71)
        node.review.give_back(REVIEWER, DraftAct(names["returned"], "r", "不符"))
        names["sealed"] = _made(node, 72, forms=(ORIGINAL, Form("duplicate"), Form("annex")))
        node.review.approve(REVIEWER, DraftAct(names["sealed"], "a"))
        node.seal.seal(SEALER, DraftAct(names["sealed"], "s"))
        hands = Hands("maker", ("checker",))
        wanted = Form("duplicate")
        node.add_form.add(SEALER, FormRequest(names["sealed"], wanted, "f-1", hands))
        names["old"] = issued(node, 73)
        renewal = {"valid_to": date(2033, 3, 1)}
        request = RevisionRequest(names["old"], "renewal", "n", renewal, said={"n": 1})
        names["voided"] = node.revise.revise(MAKER, request).identifier
        void = Decision(Action.VOID, "issuing-error", legal_day(node.clock.now()))
        node.change.change(caller(), ChangeRequest(names["voided"], void, "v"))
        names["new"] = node.revise.revise(MAKER, replace(request, key="n-2")).identifier
        _leave_a_file_pending(node, names["sealed"], hands)
    (folder / "names.json").write_text(json.dumps(names))
    return folder


@pytest.fixture
def issuing(issuing_template: Path, tmp_path: Path) -> Store:
    return Store.copy_of(issuing_template, tmp_path / "node")


def _put_type(node: Node) -> None:
    definition = json.loads(
        next(text for item, text in type_files() if item.type_code == TRANSPORT)
    )
    definition |= {
        "version": STEPS,
        "approvals": 1,
        "separate_sealer": True,
        "forms": ["original", "duplicate", "annex"],
    }
    with node.registry.begin() as uow:
        uow.put_type_version(type_version_from(definition), canonical_bytes(definition).decode())
        uow.append_audit([AuditRecord(node.clock.now(), "operator", "publish-type", TRANSPORT)])
        uow.commit()


def _made(node: Node, number: int, **changes: object) -> str:
    order = _order(node, number, TRANSPORT, **{"type_version": STEPS, **changes})
    return str(node.make.make(MAKER, IssueRequest(order, f"make-{number}"))["identifier"])


def _leave_a_file_pending(node: Node, identifier: str, hands: Hands) -> None:
    """Reserved, and dead before it was sealed."""

    class Dead:
        objects = node.objects

        def add(self, *_: object) -> None:
            raise SigningUnavailable(what="test")

    dying = replace_workshop(node.add_form, Dead())
    with pytest.raises(SigningUnavailable):
        dying.add(SEALER, FormRequest(identifier, Form("duplicate", 9), "f-9", hands))


def replace_workshop(use_case, workshop):
    import copy

    other = copy.copy(use_case)
    other._workshop = workshop
    return other


def all_as_it_is(store: Store) -> None:
    del store


def _file(store: Store, form: str, column: str = "object_name") -> str:
    query = f"SELECT {column} FROM certificate_files WHERE identifier = ? AND form = ?"
    return str(store.value(query, store.names["sealed"], form))


def a_copy_that_is_gone(store: Store) -> None:
    store.object_path(_file(store, "annex")).unlink()


def a_copy_that_is_not_on_record(store: Store) -> None:
    name = _file(store, "annex")
    store.run(f"DELETE FROM certificate_files WHERE object_name = '{name}'")
    store.object_path(name).unlink()


def a_copy_under_another_name(store: Store) -> None:
    name = _file(store, "annex")
    other = name.replace("annex-1", "annex-2")
    sealed = store.cipher.open_object(store.object_path(name).read_bytes(), name)
    store.object_path(other).write_bytes(store.cipher.seal_object(sealed, other))
    store.object_path(name).unlink()
    store.run(f"UPDATE certificate_files SET object_name = '{other}' WHERE object_name = '{name}'")


def an_object_of_a_form_that_nobody_named(store: Store) -> None:
    name = _file(store, "annex")
    other = name.replace("annex-1", "annex-7")
    store.object_path(other).write_bytes(store.object_path(name).read_bytes())


def an_object_of_a_pending_file(store: Store) -> None:
    """No orphan: its intent is on record, and the reconciler will look at it."""
    key = store.value("SELECT storage_key FROM form_intents WHERE status = 'pending'")
    path = store.object_path(f"{key}.duplicate-9.0")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed, not published yet")


def an_object_of_a_pending_file_under_another_form(store: Store) -> None:
    key = store.value("SELECT storage_key FROM form_intents WHERE status = 'pending'")
    path = store.object_path(f"{key}.annex-9.0")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed")


def a_sealer_who_made_it(store: Store) -> None:
    store.set("intents", "sealed_by = requested_by", "sealed")


def a_sealer_of_a_copy_who_approved_it(store: Store) -> None:
    store.run("UPDATE form_intents SET sealed_by = 'checker'")


def a_sealer_of_a_copy_who_approved_it_in_capitals(store: Store) -> None:
    store.run("UPDATE form_intents SET sealed_by = 'Checker'")


def a_copy_whose_key_is_lost(store: Store) -> None:
    store.run("DELETE FROM idempotency WHERE route = 'add-form' AND status = 'done'")


def a_succession_that_nobody_planned(store: Store) -> None:
    store.run("DELETE FROM planned_successions")


def a_sealed_draft_opened_again(store: Store) -> None:
    store.set("drafts", "status = 'open'", "sealed")


def an_open_draft_called_sealed(store: Store) -> None:
    store.set("drafts", "status = 'sealed'", "open")


def a_draft_with_a_false_identifier(store: Store) -> None:
    wrong = store.names["open"][:-1] + ("0" if store.names["open"][-1] != "0" else "1")
    store.set("drafts", f"identifier = '{wrong}'", "open")


PLANTED = [
    (all_as_it_is, set()),
    (a_copy_that_is_gone, {("INV-2", "no-object")}),
    (a_copy_that_is_not_on_record, {("INV-2", "no-file")}),
    (a_copy_under_another_name, {("INV-2", "object-name")}),
    (an_object_of_a_form_that_nobody_named, {("INV-1", "orphan")}),
    (an_object_of_a_pending_file, set()),
    (an_object_of_a_pending_file_under_another_form, {("INV-1", "orphan")}),
    (a_sealer_who_made_it, {("INV-9", "sealer-not-separate")}),
    (a_sealer_of_a_copy_who_approved_it, {("INV-9", "sealer-not-separate")}),
    (a_sealer_of_a_copy_who_approved_it_in_capitals, {("INV-9", "sealer-not-separate")}),
    (a_copy_whose_key_is_lost, {("INV-4", "key-not-done")}),
    (a_succession_that_nobody_planned, {("INV-3", "two-current")}),
    (a_sealed_draft_opened_again, {("INV-3", "draft-reused")}),
    (an_open_draft_called_sealed, {("INV-3", "draft-reused")}),
]


@pytest.mark.parametrize(
    ("plant", "expected"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED]
)
def test_what_was_planted_is_found_and_nothing_else(issuing, plant, expected):
    check_planted(issuing, plant, expected)


def test_a_drafts_identifier_is_checked_like_any_other(issuing):
    a_draft_with_a_false_identifier(issuing)
    assert ("INV-3", "check-character") in issuing.found()


def test_a_seal_without_its_record_is_found(issuing):
    issuing.run(
        "UPDATE audit_history SET act = 'sealed' WHERE act = 'seal'"
        f" AND target = '{issuing.names['sealed']}'"
    )
    assert ("INV-7", "reserve-unrecorded") in issuing.found()
