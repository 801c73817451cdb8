"""A history that was changed, cut off or written anew is found, by its name."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from api.audit import AuditOptions, audit, merkle
from api.audit.canonical import canonical
from api.audit.objects import ObjectFolder, Stored
from tests.unit.audit.audit_store import Plant, Store
from tests.unit.audit.planting import (
    Line,
    check_planted,
    lines_of,
    put_header,
    rewrite,
    self_signed,
    sign_off,
    write_anew,
)

WRONG = "0" * 64
RESERVED = "(SELECT MIN(sequence) FROM audit_history WHERE act = 'reserve')"


def a_changed_audit_line(store: Store) -> None:
    store.run('UPDATE audit_history SET details = \'{"level":"B-B"}\' WHERE sequence = ' + RESERVED)


def another_actor(store: Store) -> None:
    store.run("UPDATE audit_history SET actor = 'nobody' WHERE sequence = " + RESERVED)


def unreadable_details(store: Store) -> None:
    store.run("UPDATE audit_history SET details = '{' WHERE sequence = " + RESERVED)


def a_missing_audit_line(store: Store) -> None:
    store.run("DELETE FROM audit_history WHERE sequence = " + RESERVED)


def a_cut_end(store: Store) -> None:
    store.run(
        "DELETE FROM audit_history WHERE sequence = (SELECT MAX(sequence) FROM audit_history)"
    )


def a_cut_end_with_its_head_moved(store: Store) -> None:
    rewrite(store, lambda sequence, last: sequence < last)


def a_history_written_anew_without_one_act(store: Store) -> None:
    target = store.names["revoked"]
    query = "SELECT sequence FROM audit_history WHERE act = 'revoke' AND target = ?"
    gone = store.value(query, target)
    rewrite(store, lambda sequence, _last: sequence != gone)


def a_missing_head(store: Store) -> None:
    store.run("DELETE FROM audit_head")


def another_file_in_the_history(store: Store) -> None:
    store.run(
        f'UPDATE audit_history SET details = \'{{"sha256":"{WRONG}"}}\''
        f" WHERE act = 'issue' AND target = '{store.names['valid']}'"
    )


def a_history_written_anew_in_another_name(store: Store) -> None:
    """Chain and head fit, rows are untouched: nothing but the seals can tell."""
    target = store.names["revoked"]

    def renamed(line: Line) -> Line:
        of_it = (line["act"], line["target"]) == ("verify", target)
        return {**line, "actor": "nobody"} if of_it else line

    write_anew(store, map(renamed, lines_of(store)))


def a_change_signed_off_without_an_act(store: Store) -> None:
    """Somebody with database and key changes a row, and says so to the history."""
    sign_off(store, "witness", acts=0)


def a_change_signed_off_as_part_of_another_act(store: Store) -> None:
    sign_off(store, "witness", acts=1, other="verify")


def a_change_signed_off_as_if_found_at_the_start(store: Store) -> None:
    sign_off(store, "baseline", acts=0)


def a_testimony_of_no_form(store: Store) -> None:
    lines = lines_of(store)
    lines.append({**lines[-1], "details": {"rows": [1], "acts": 1}})
    write_anew(store, lines)


def a_batch_taken_away(store: Store) -> None:
    store.run("DELETE FROM history_batches WHERE number = 2")


def a_batch_that_says_less_in_its_columns(store: Store) -> None:
    store.run("UPDATE history_batches SET last_sequence = last_sequence - 1 WHERE number = 2")


def a_batch_that_cannot_be_read(store: Store) -> None:
    store.run("UPDATE history_batches SET header = '{}' WHERE number = 2")


def a_batch_with_another_root(store: Store) -> None:
    """Its header is canonical and well-formed, and nobody signed it."""
    header = json.loads(store.value("SELECT header FROM history_batches WHERE number = 2"))
    put_header(store, header | {"root": WRONG})


def a_batch_with_the_signature_of_another(store: Store) -> None:
    store.run(
        "UPDATE history_batches SET signature = "
        "(SELECT signature FROM history_batches WHERE number = 1) WHERE number = 2"
    )


def a_batch_with_the_timestamp_of_another(store: Store) -> None:
    store.run(
        "UPDATE history_batches SET token = "
        "(SELECT token FROM history_batches WHERE number = 1) WHERE number = 2"
    )


def a_batch_without_timestamp(store: Store) -> None:
    store.run("UPDATE history_batches SET token = x'' WHERE number = 2")


def a_batch_sealed_by_a_key_of_their_own(store: Store) -> None:
    """History, chain, root and signature fit; only no authority of ours knows the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(key)
    write_anew(store, [{**line, "actor": "nobody"} for line in lines_of(store)])
    lines = [canonical(line) for line in lines_of(store)]
    previous = ""
    for number, first, last in store.rows(
        "SELECT number, first_sequence, last_sequence FROM history_batches ORDER BY number"
    ):
        leaves = [merkle.leaf(line) for line in lines[first - 1 : last]]
        said = store.value("SELECT header FROM history_batches WHERE number = ?", number)
        head = hashlib.sha256(lines[last - 1]).hexdigest()
        fingerprint = hashlib.sha256(certificate).hexdigest()
        changed = {"root": merkle.root(leaves).hex(), "head": head, "certificate": fingerprint}
        header = canonical(json.loads(said) | changed | {"previous": previous})
        signature = key.sign(header, ec.ECDSA(hashes.SHA256()))
        previous = hashlib.sha256(header + signature).hexdigest()
        store.put(
            "UPDATE history_batches SET header = ?, digest = ?, certificate = ?, signature = ? "
            "WHERE number = ?",
            *(header.decode(), previous, certificate, signature, number),
        )


def every_seal_deleted_and_history_written_anew(store: Store) -> None:
    """Nothing in the database is left to contradict it: only what the object store keeps."""
    store.run("DELETE FROM history_batches")
    a_history_written_anew_in_another_name(store)


def the_newest_seal_deleted(store: Store) -> None:
    store.run(
        "DELETE FROM history_batches WHERE number = (SELECT MAX(number) FROM history_batches)"
    )


def a_kept_batch_taken_away(store: Store) -> None:
    (store.objects / "history" / "0000000002.json").unlink()


def a_kept_batch_of_another(store: Store) -> None:
    folder = store.objects / "history"
    (folder / "0000000002.json").write_bytes((folder / "0000000001.json").read_bytes())


def a_kept_batch_that_was_never_sealed(store: Store) -> None:
    name = "history/0000000099.json"
    (store.objects / name).write_bytes(store.cipher.seal_object(b"{}", name))


def a_file_among_the_kept_batches(store: Store) -> None:
    (store.objects / "history" / "notes.txt").write_text("")


def _of_history(*codes: str) -> set[tuple[str, str]]:
    return {("INV-7", code) for code in codes}


PLANTED: list[tuple[Plant, set[tuple[str, str]]]] = [
    (a_changed_audit_line, _of_history("changed", "batch-root")),
    (another_actor, _of_history("changed", "batch-root")),
    (unreadable_details, _of_history("changed", "batch-root")),
    (
        a_missing_audit_line,
        _of_history("gap", "link", "reserve-unrecorded", "row-without-act", "batch-records"),
    ),
    (a_cut_end, _of_history("head")),
    (a_cut_end_with_its_head_moved, set()),
    (
        a_history_written_anew_without_one_act,
        _of_history("step-unrecorded", "row-without-act", "batch-root")
        | {("INV-6", code) for code in ("feed-differs", "feed-state", "not-in-feed")},
    ),
    (a_missing_head, _of_history("no-head")),
    (another_file_in_the_history, _of_history("changed", "digest-differs", "batch-root")),
    (a_history_written_anew_in_another_name, _of_history("batch-root")),
    (a_change_signed_off_without_an_act, _of_history("row-without-act")),
    (a_change_signed_off_as_part_of_another_act, _of_history("row-of-other-act")),
    (a_change_signed_off_as_if_found_at_the_start, _of_history("late-baseline")),
    (a_testimony_of_no_form, _of_history("testimony-malformed")),
    (every_seal_deleted_and_history_written_anew, _of_history("batch-unrecorded")),
    (the_newest_seal_deleted, _of_history("batch-unrecorded")),
    (a_kept_batch_of_another, _of_history("batch-differs")),
    (a_kept_batch_that_was_never_sealed, _of_history("batch-unrecorded")),
    (a_file_among_the_kept_batches, {("INV-1", "not-an-object")}),
    (a_batch_taken_away, _of_history("batch-gap", "batch-unrecorded")),
    (a_batch_that_says_less_in_its_columns, _of_history("batch-columns")),
    (a_batch_that_cannot_be_read, _of_history("header", "batch-differs")),
    (
        a_batch_with_another_root,
        _of_history(
            "batch-root", "batch-signature", "batch-timestamp", "batch-link", "batch-differs"
        ),
    ),
    (
        a_batch_with_the_signature_of_another,
        _of_history(
            "batch-signature", "batch-timestamp", "batch-link", "batch-columns", "batch-differs"
        ),
    ),
    (
        a_batch_with_the_timestamp_of_another,
        _of_history("batch-timestamp", "batch-differs"),
    ),
    (a_batch_without_timestamp, _of_history("batch-timestamp", "batch-differs")),
    (
        a_batch_sealed_by_a_key_of_their_own,
        _of_history(
            "batch-untrusted", "batch-purpose", "batch-timestamp", "step-differs", "batch-differs"
        ),
    ),
]


@pytest.mark.parametrize(
    ("plant", "expected"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED]
)
def test_what_was_planted_is_found_and_nothing_else(
    store: Store, plant: Plant, expected: set[tuple[str, str]]
):
    """Exactly the violations that the planted change makes, under their own names."""
    check_planted(store, plant, expected)


def test_a_batch_that_the_store_lost_is_found_when_it_should_be_there(store: Store):
    """A store that was away for a moment is no violation; a while later it is."""
    a_kept_batch_taken_away(store)
    assert store.found() == set()
    late = replace(store.options, now=store.built + timedelta(minutes=11))
    assert ("INV-7", "batch-not-kept") in found_by(late)
    patient = replace(late, seal_seconds=600.0)
    assert found_by(patient) == set()


def test_records_that_nobody_seals_are_found(store: Store):
    """What the last minutes wrote may wait for its seal, and no longer."""
    assert found_by(replace(store.options, now=store.built + timedelta(minutes=9))) == set()
    late = replace(store.options, now=store.built + timedelta(minutes=11))
    assert found_by(late) == {("INV-7", "unsealed-overdue")}


def test_a_database_that_was_upgraded_and_not_started_waits_for_nothing(store: Store):
    """Its records are old; this release, which seals them, has never run."""
    lines = [line for line in lines_of(store) if line["target"] not in {"rows", "baseline"}]
    shutil.rmtree(store.objects / "history")
    store.run("DELETE FROM history_batches")
    write_anew(store, lines)
    late = replace(store.options, now=store.built + timedelta(days=400))
    assert ("INV-7", "unsealed-overdue") not in found_by(late)


def test_a_part_of_the_history_knows_every_batch_all_the_same(store: Store):
    """What was sealed before is believed, but not that there is nothing of it."""
    later = replace(store.options, since=store.built + timedelta(days=1))
    assert found_by(later) == set()
    store.run("DELETE FROM history_batches WHERE number = 2")
    assert found_by(later) == {("INV-7", "batch-gap"), ("INV-7", "batch-unrecorded")}


def found_by(options: AuditOptions) -> set[tuple[str, str]]:
    report = audit(options)
    return {(item.name, one.code) for item in report.invariants for one in item.violations}


class Hidden:
    """A bucket in which somebody put a delete marker before a batch, and another one behind it."""

    def __init__(self, store: Store, forged: bytes | None = None):
        self._folder = ObjectFolder(store.objects)
        self._forged = forged

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folder, name)

    def batches(self) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(self._folder.batches(), ("a", "b"))

    def read(self, name: str, version: str = "") -> Stored | None:
        found = self._folder.read(name)
        if name != "history/0000000002.json" or found is None:
            return found
        if version != "a":
            return None if self._forged is None else replace(found, locked=False)
        return found if self._forged is None else replace(found, octets=self._forged)


@pytest.mark.parametrize(
    ("forged", "expected"),
    [
        (None, {("INV-7", "batch-not-kept")}),
        (b"other", {("INV-7", "batch-differs"), ("INV-7", "batch-not-locked")}),
    ],
)
def test_a_batch_hidden_or_replaced_in_a_bucket_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, forged: bytes | None, expected: set[Any]
):
    monkeypatch.setattr("api.audit.auditor._objects", lambda _: Hidden(store, forged))
    late = replace(store.options, now=store.built + timedelta(minutes=11))
    assert found_by(late) - {("INV-7", "unsealed-overdue")} == expected
