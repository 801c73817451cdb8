"""What seal keys have signed is held against the files on record, both ways (INV-1)."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from api.audit import CannotAudit, audit, auditor
from api.bootstrap import open_node
from api.demo.orders import ISSUERS, PLANNING, TRANSPORT
from keys import counters
from tests.unit.audit.audit_store import Store, issued, settings

CODE = ISSUERS[TRANSPORT]


def counter(store: Store, code: str = CODE):
    (found,) = (store.folder / "var" / "keys" / "signatures").glob(f"seal-{code}-*")
    return found


def sign(store: Store, message: bytes = b"nobody's") -> None:
    """As somebody who has got hold of the service does."""
    with closing(open_node(settings(store.folder))) as node:
        node.authority.seal_key(CODE).sign(message)


def findings(store: Store, **changed):
    report = audit(replace(store.options, **changed))
    return {(one.subject, one.code) for item in report.invariants for one in item.violations}


def texts(store: Store) -> str:
    report = audit(store.options)
    return " ".join(one.en for item in report.invariants for one in item.violations)


def spare(store: Store) -> int:
    """How many signatures of that department may have become no file."""
    rows = store.rows("SELECT status, attempts, forms FROM intents WHERE issuer_code = ?", CODE)
    intents = sum(
        (attempts + (status != "published")) * len(json.loads(forms))
        for status, attempts, forms in rows
    )
    added = store.rows(
        "SELECT f.status, f.attempts FROM form_intents f JOIN certificates c "
        "ON c.identifier = f.identifier WHERE c.issuer_code = ?",
        CODE,
    )
    return intents + sum((status != "published") + attempts for status, attempts in added)


def plant(store: Store, number: int = 1) -> str:
    """So many signatures more than attempts on record may explain; the key's name."""
    with closing(open_node(settings(store.folder))) as node:
        key = node.authority.seal_key(CODE)
        for turn in range(spare(store) + number):
            key.sign(b"nobody's %d" % turn)
        return key.name


def test_the_record_of_an_honest_node_explains_every_signature(store: Store):
    assert store.found() == set()
    assert counter(store).stat().st_size > 64 * 5


def test_a_planted_extra_signature_is_found(store: Store):
    name = plant(store)
    assert (name, "signature-unexplained") in findings(store)
    assert "1 signatures of this key are no file on record" in texts(store)


def test_several_are_told_with_the_instants_of_the_last(store: Store):
    plant(store, 4)
    said = texts(store)
    assert "4 signatures" in said
    assert said.count("T") >= 3


def test_the_same_seal_twice_is_one(store: Store):
    """A killed process seals the same page again: the same message."""
    with closing(open_node(settings(store.folder))) as node:
        key, messages = node.authority.seal_key(CODE), []
        count = key._count
        key._count = lambda message: (messages.append(message), count(message))
        issued(node, 77)
        key._count = count
        for _ in range(spare(store) + 3):
            key.sign(messages[0])
    assert "signature-unexplained" not in {code for _, code in findings(store)}


def test_attempts_that_failed_explain_as_many(store: Store):
    """Signed, and then no timestamp, or no page that could be read back."""
    assert spare(store) > 0
    plant(store, 0)
    assert findings(store) == set()


def test_an_attempt_explains_a_signature_for_each_file(store: Store):
    """A killed process that had sealed an original and its duplicate at B-LT: lists were renewed."""
    identifier = store.names["valid"]
    row = "UPDATE intents SET attempts = 1, forms = ? WHERE identifier = ?"
    forms = json.dumps([["original", 0], ["duplicate", 1]])
    name = plant(store, 2)
    assert (name, "signature-unexplained") in findings(store)
    store.put(row, forms, identifier)
    assert (name, "signature-unexplained") not in findings(store)


def test_a_seal_below_its_level_was_made_twice(store: Store):
    """The first wanted a timestamp, and its authority was down."""
    name = plant(store)
    store.set("certificate_files", "level = 'B-B'", "valid")
    assert (name, "signature-unexplained") not in findings(store)


def test_a_seal_that_was_never_counted_is_found(store: Store):
    """Made past the counter, with a key taken from the vault."""
    path = counter(store)
    path.unlink()
    sealed = {
        row[0]
        for row in store.rows("SELECT identifier FROM certificates WHERE issuer_code = ?", CODE)
    }
    assert findings(store) == {(identifier, "seal-uncounted") for identifier in sealed}


def test_a_counter_set_back_is_found(store: Store):
    path = counter(store)
    path.write_bytes(path.read_bytes()[: -2 * 64])
    assert {code for _, code in findings(store)} == {"seal-uncounted"}


def test_what_a_power_cut_may_have_taken_is_not_called_uncounted(store: Store, monkeypatch):
    path = counter(store)
    path.write_bytes(path.read_bytes()[: -2 * 64])
    monkeypatch.setattr(counters, "_boot", lambda: bytes(32))
    sign(store)
    assert "seal-uncounted" not in {code for _, code in findings(store)}


def test_a_damaged_counter_is_named(store: Store):
    path = counter(store, ISSUERS[PLANNING])
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(stored)
    found = findings(store)
    assert (path.name, "counter-damaged") in found
    assert {code for _, code in found} == {"counter-damaged", "seal-uncounted"}  # what it counted
    path.write_bytes(b"x")
    assert (path.name, "counter-damaged") in findings(store)


def test_a_part_of_the_record_explains_only_what_it_holds(store: Store):
    """What was signed before is not asked about; what is in the part must be counted."""
    plant(store)
    since = replace(store.options, since=store.built)
    report = audit(since)
    codes = {one.code for item in report.invariants for one in item.violations}
    assert "signature-unexplained" not in codes


def test_without_seals_or_keys_nothing_is_compared(store: Store):
    plant(store)
    assert findings(store, quick=True) == set()
    assert findings(store, counted=None) == set()
    assert findings(store, counted=store.folder) == set()


def test_seals_from_before_the_counting_are_believed(store: Store):
    """A node of an earlier release counts from its first start under this one."""
    counter(store).unlink()
    read = auditor.counters
    for since in (store.built + timedelta(days=1), None):
        told = partial(_counted_since, read, since)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(auditor, "counters", told)
            assert findings(store) == set()


def _counted_since(read, since, *given):
    return replace(read(*given), since=since)


def test_a_register_that_cannot_be_read_is_no_finding(store: Store):
    options = store.options
    (store.folder / "var" / "keys" / "register").write_text("damaged")
    with pytest.raises(CannotAudit):
        audit(options)
