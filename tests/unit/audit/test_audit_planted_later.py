"""INV-6, INV-8 and INV-10 to INV-14: what is planted is found, by its invariant and by name."""

import json
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.audit import AuditOptions, CannotAudit, audit
from api.audit.checks.privacy import Holders
from certlib.webhooks import event_id
from storage.encryption import Place
from tests.unit.audit.audit_store import Plant, Store
from tests.unit.audit.planting import check_planted, lines_of, write_anew

OTHER = "11445200990090016H"
LINE = "sequence = (SELECT MAX(sequence) FROM certificate_changes WHERE identifier = '{}')"

# --- INV-6 ------------------------------------------------------------------------------------


def a_revocation_nobody_was_told_of(store: Store) -> None:
    store.run(f"DELETE FROM certificate_changes WHERE {LINE.format(store.names['revoked'])}")


def a_holders_change_nobody_was_told_of(store: Store) -> None:
    lines = lines_of(store)
    line = {**lines[-1], "act": "holder-changed", "target": store.names["valid"], "details": {}}
    write_anew(store, [*lines, {**line, "at": _later(store)}])


def a_feed_that_tells_another_act(store: Store) -> None:
    where = LINE.format(store.names["revoked"])
    store.run(f"UPDATE certificate_changes SET act = 'restore' WHERE {where}")


def a_line_of_no_act(store: Store) -> None:
    store.run(
        "INSERT INTO certificate_changes SELECT 9999, identifier, type_code, issuer_code, act,"
        " state, row_version, recorded_at FROM certificate_changes WHERE "
        + LINE.format(store.names["valid"])
    )


def a_row_older_than_its_revocation(store: Store) -> None:
    store.set("certificates", "changed_at = '2020-01-01T00:00:00Z'", "revoked")


def a_feed_that_names_another_issuer(store: Store) -> None:
    where = LINE.format(store.names["valid"])
    store.run(f"UPDATE certificate_changes SET issuer_code = '{OTHER}' WHERE {where}")


def a_feed_that_names_another_type(store: Store) -> None:
    where = LINE.format(store.names["valid"])
    store.run(f"UPDATE certificate_changes SET type_code = '{OTHER}001' WHERE {where}")


def a_feed_that_tells_another_version(store: Store) -> None:
    """In the middle: the last line still fits the row."""
    store.run(
        "UPDATE certificate_changes SET row_version = 1 WHERE row_version = 2"
        f" AND identifier = '{store.names['restored']}'"
    )


def a_feed_that_tells_another_state(store: Store) -> None:
    store.run(
        "UPDATE certificate_changes SET state = 'ISSUED' WHERE row_version = 2"
        f" AND identifier = '{store.names['restored']}'"
    )


# --- INV-8 ------------------------------------------------------------------------------------


def an_event_taken_away(store: Store) -> None:
    store.run(f"DELETE FROM outbox WHERE event_id = '{store.names['revoked']}:2'")


def an_event_of_a_burned_intent(store: Store) -> None:
    _event(store, store.names["burned"], "x:1")


def an_event_of_a_version_to_come(store: Store) -> None:
    _event(store, store.names["valid"], f"{store.names['valid']}:99")


def _event(store: Store, identifier: str, event_id: str, payload: str = "{}") -> None:
    sealed = store.cipher.seal(payload.encode(), Place("outbox", "payload", event_id))
    store.put(
        "INSERT INTO outbox (event_id, topic, identifier, payload, created_at, attempts,"
        " last_error) VALUES (?, 'certificate.issued', ?, ?, '2026-03-02T00:00:00Z', 0, '')",
        event_id,
        identifier,
        sealed,
    )


def _webhook(store: Store, department: str) -> None:
    store.put(
        "INSERT INTO webhooks (webhook_id, department_code, topics, type_codes, description,"
        " created_at, created_by, disabled_reason, url, secret) VALUES"
        " ('hook', ?, '[]', '[]', '', '2026-03-02T00:00:00Z', '', '', x'', x'')",
        department,
    )


def _delivery(store: Store, delivery: str, event: str, webhook: str = "hook") -> None:
    (sequence,) = store.rows(
        "SELECT MAX(sequence) FROM certificate_changes WHERE identifier = ?", store.names["valid"]
    )[0]
    store.put(
        "INSERT INTO webhook_deliveries (delivery_id, webhook_id, event_id, topic, sequence,"
        " status, attempts, created_at, next_at, last_status, last_error) VALUES (?, ?, ?, '', ?,"
        " 'waiting', 0, '2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z', 0, '')",
        *(delivery, webhook, event, sequence),
    )


def the_content_of_another_event(store: Store) -> None:
    one, other = (f"{store.names[name]}:2" for name in ("revoked", "suspended"))
    store.run(
        f"UPDATE outbox SET payload = (SELECT payload FROM outbox WHERE event_id = '{other}')"
        f" WHERE event_id = '{one}'"
    )


def an_event_announced_as_something_else(store: Store) -> None:
    event = f"{store.names['revoked']}:2"
    store.run(f"UPDATE outbox SET topic = 'certificate.changed' WHERE event_id = '{event}'")


def _told(store: Store) -> str:
    """The event of the newest line about a certificate, as receivers hear of it."""
    line = store.rows(
        "SELECT identifier, row_version FROM certificate_changes WHERE identifier = ?"
        " ORDER BY sequence DESC LIMIT 1",
        store.names["valid"],
    )[0]
    return event_id(*line)


def deliveries_of_nothing_to_nobody(store: Store) -> None:
    _delivery(store, "one", "no-event", "no-hook")


# --- INV-10 -----------------------------------------------------------------------------------


def a_client_of_another_department(store: Store) -> None:
    """Its acts on record are now acts of a department that has nothing to do with them."""
    client = store.value("SELECT client_id FROM intents WHERE identifier = ?", store.names["valid"])
    store.put("UPDATE clients SET department_code = ? WHERE client_id = ?", OTHER, client)


def a_department_that_was_told_of_anothers(store: Store) -> None:
    _webhook(store, OTHER)
    _delivery(store, "one", _told(store))


# --- INV-11 -----------------------------------------------------------------------------------


def a_code_in_a_document_number(store: Store) -> None:
    code = next(text for text in store.holder_texts() if len(text) == 18)
    store.put(
        "UPDATE state_changes SET document_number = ? WHERE sequence = 2 AND identifier = ?",
        f"揭交罚{code}号",
        store.names["revoked"],
    )


def a_name_in_a_clients_name(store: Store) -> None:
    store.put(
        "INSERT INTO clients (client_id, name, department_code, scopes, secret_hash, created_at)"
        " VALUES ('x', ?, 'x', '[]', 'x', '2026-03-02T00:00:00Z')",
        f"{_name(store)}的系统",
    )


def a_name_in_an_event(store: Store) -> None:
    identifier = store.names["valid"]
    _event(store, identifier, f"{identifier}:0", json.dumps({"who": _name(store)}))


def a_name_in_the_history(store: Store) -> None:
    lines = lines_of(store)
    said = {"verdict": "invalid", "who": f"/{_name(store)}/"}
    write_anew(store, [*lines, {**lines[-1], "act": "verify", "target": "", "details": said}])


def a_name_of_a_file(store: Store) -> None:
    (store.objects / f"{_name(store)}.pdf").write_text("")


def a_holder_that_does_not_open(store: Store) -> None:
    store.set("certificate_holders", "code = x'00'", "valid")


def _name(store: Store) -> str:
    return max(filter(re.compile("[一-鿿]{5,}").fullmatch, store.holder_texts()), key=len)


# --- INV-12 -----------------------------------------------------------------------------------


def _left(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (0, 0))


def an_unfinished_write(store: Store) -> None:
    _left(store.objects / "incoming" / "half.1.2.3")


def an_unfinished_key(store: Store) -> None:
    _left(store.folder / "var" / "keys" / "private" / ".tmp-abc")


def an_unfinished_secret(store: Store) -> None:
    _left(store.folder / "secrets" / "kek.4711")


def a_lease_nobody_took_over(store: Store) -> None:
    store.set("intents", "lease_until = '2020-01-01T00:00:00Z'", "pending")


# --- INV-14 -----------------------------------------------------------------------------------


def _said_valid(store: Store, target: str, at: str = "", **asked: str) -> None:
    lines = lines_of(store)
    said = {"verdict": "valid", "code": "valid", **asked}
    line = {**lines[-1], "act": "verify", "target": target, "details": said}
    write_anew(store, [*lines, {**line, "at": at or _later(store)}])


def _later(store: Store) -> str:
    return (store.built + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_revoked_one_called_valid(store: Store) -> None:
    _said_valid(store, store.names["revoked"])


def one_called_valid_before_it_was_issued(store: Store) -> None:
    _said_valid(store, store.names["valid"], "2020-01-01T00:00:00Z")


def one_called_valid_that_does_not_exist(store: Store) -> None:
    _said_valid(store, store.names["burned"])


def one_called_valid_years_later(store: Store) -> None:
    _said_valid(store, store.names["valid"], "2039-01-01T00:00:00Z")


def one_called_valid_on_a_day_before_its_period(store: Store) -> None:
    _said_valid(store, store.names["valid"], on="2001-01-01")


_WHEN = ("effective_from", "recorded_at")


def _last_step(store: Store, target: str) -> tuple[str, str]:
    sql = "FROM state_changes WHERE identifier = ? ORDER BY sequence DESC"
    day, instant = (store.value(f"SELECT {name} {sql}", target) for name in _WHEN)
    return str(day), str(instant)


def an_ended_one_called_valid_on_the_day_of_its_end(store: Store) -> None:
    target = store.names["revoked"]
    _said_valid(store, target, on=_last_step(store, target)[0])


def an_answer_for_a_day_before_the_end(store: Store) -> None:
    target = store.names["revoked"]
    day = date.fromisoformat(_last_step(store, target)[0])
    store.run(
        f"UPDATE state_changes SET effective_from = '{day + timedelta(days=2)}'"
        f" WHERE identifier = '{target}' AND action = 'revoke'"
    )
    _said_valid(store, target, on=(day + timedelta(days=1)).isoformat())


def an_answer_in_the_very_second_of_the_end(store: Store) -> None:
    target = store.names["revoked"]
    _said_valid(store, target, _last_step(store, target)[1])


def an_answer_by_what_was_known_before_the_end(store: Store) -> None:
    target = store.names["revoked"]
    day, instant = _last_step(store, target)
    _said_valid(store, target, on=day, known_at=instant)


PLANTED: list[tuple[Plant, set[tuple[str, str]]]] = [
    (a_revocation_nobody_was_told_of, {("INV-6", "not-in-feed"), ("INV-6", "feed-behind")}),
    (a_holders_change_nobody_was_told_of, {("INV-6", "not-in-feed")}),
    (a_feed_that_tells_another_act, {("INV-6", "feed-differs")}),
    (a_line_of_no_act, {("INV-6", "feed-unrecorded")}),
    (a_feed_that_names_another_issuer, {("INV-6", "feed-other")}),
    (a_feed_that_names_another_type, {("INV-6", "feed-other")}),
    (a_feed_that_tells_another_version, {("INV-6", "feed-version")}),
    (a_feed_that_tells_another_state, {("INV-6", "feed-state")}),
    (a_row_older_than_its_revocation, {("INV-6", "row-older")}),
    (an_event_taken_away, {("INV-8", "not-announced")}),
    (an_event_of_a_burned_intent, {("INV-8", "announced-unissued")}),
    (an_event_of_a_version_to_come, {("INV-8", "announced-ahead")}),
    (the_content_of_another_event, {("INV-8", "event-does-not-open")}),
    (an_event_announced_as_something_else, {("INV-8", "announced-as-other")}),
    (deliveries_of_nothing_to_nobody, {("INV-8", "no-event"), ("INV-8", "no-receiver")}),
    (
        a_client_of_another_department,
        {("INV-10", "other-department"), ("INV-10", "kept-outside")},
    ),
    (a_department_that_was_told_of_anothers, {("INV-10", "told-outside")}),
    (a_code_in_a_document_number, {("INV-11", "personal-data")}),
    (a_name_in_a_clients_name, {("INV-11", "personal-data")}),
    (a_name_in_an_event, {("INV-11", "personal-data")}),
    (a_name_in_the_history, {("INV-11", "personal-data")}),
    (a_name_of_a_file, {("INV-1", "not-an-object"), ("INV-11", "personal-data")}),
    (a_holder_that_does_not_open, {("INV-11", "holder-does-not-open")}),
    (an_unfinished_write, {("INV-12", "upload-left")}),
    (an_unfinished_key, {("INV-12", "file-left")}),
    (an_unfinished_secret, {("INV-12", "file-left")}),
    (a_lease_nobody_took_over, {("INV-12", "lease-left")}),
    (a_revoked_one_called_valid, {("INV-14", "valid-not-in-force")}),
    (one_called_valid_before_it_was_issued, {("INV-14", "valid-too-early")}),
    (one_called_valid_that_does_not_exist, {("INV-14", "valid-unknown")}),
    (one_called_valid_years_later, {("INV-14", "valid-outside-period")}),
    (
        one_called_valid_on_a_day_before_its_period,
        {("INV-14", "valid-outside-period"), ("INV-14", "valid-not-in-force")},
    ),
    (an_ended_one_called_valid_on_the_day_of_its_end, {("INV-14", "valid-not-in-force")}),
]


@pytest.mark.parametrize(
    ("plant", "expected"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED]
)
def test_what_was_planted_is_found_and_nothing_else(
    store: Store, plant: Plant, expected: set[tuple[str, str]]
):
    """Exactly the violations that the planted change makes, under their own names."""
    check_planted(store, plant, expected)


def test_one_event_on_its_way_twice_is_found(store: Store):
    """The database refuses it; somebody took that rule away."""
    indexes = store.rows(
        "SELECT name FROM sqlite_master WHERE tbl_name = 'webhook_deliveries' AND type = 'index'"
        " AND sql IS NOT NULL"
    )
    store.run(*(f"DROP INDEX {name}" for (name,) in indexes))
    department = store.value(
        "SELECT issuer_code FROM certificates WHERE identifier = ?", store.names["valid"]
    )
    _webhook(store, department)
    for delivery in ("one", "two"):
        _delivery(store, delivery, f"{store.names['valid']}:1")
    assert ("INV-8", "delivered-twice") in store.found()


def codes(options: AuditOptions) -> set[str]:
    return {one.code for item in audit(options).invariants for one in item.violations}


def test_a_department_that_succeeded_is_no_stranger(store: Store):
    """From the day on, and for what passed on to it."""
    a_client_of_another_department(store)
    assert "other-department" in codes(store.options)
    issuer = store.value(
        "SELECT issuer_code FROM certificates WHERE identifier = ?", store.names["valid"]
    )
    store.put(
        "INSERT INTO department_successions (event_id, kind, predecessor_code, successor_code,"
        " effective_from, type_codes, basis, document_number, recorded_at, actor) VALUES"
        " ('e', 'merged', ?, ?, '2020-01-01', '[]', '', '', '2020-01-01T00:00:00Z', '')",
        issuer,
        OTHER,
    )
    assert "other-department" not in codes(store.options)
    store.run("INSERT INTO voided_events VALUES ('e', x'', '2020-01-02T00:00:00Z', '')")
    assert "other-department" in codes(store.options)


@pytest.mark.parametrize(
    "plant",
    [
        an_answer_for_a_day_before_the_end,
        an_answer_in_the_very_second_of_the_end,
        an_answer_by_what_was_known_before_the_end,
    ],
    ids=lambda plant: plant.__name__,
)
def test_a_true_answer_is_no_violation(store: Store, plant: Plant):
    """It is held against the day and the knowledge that it spoke of."""
    plant(store)
    assert not {code for invariant, code in store.found() if invariant == "INV-14"}


def test_a_suspension_that_ends_by_itself_is_over(store: Store):
    target = store.names["suspended"]
    effective, recorded = _last_step(store, target)
    day = date.fromisoformat(effective)
    later = date.fromisoformat(recorded[:10]) + timedelta(days=40)
    _said_valid(store, target, f"{later}T03:00:00Z")
    assert ("INV-14", "valid-not-in-force") in store.found()
    store.run(
        f"UPDATE state_changes SET until = '{day + timedelta(days=9)}', automatic = 1"
        f" WHERE identifier = '{target}' AND action = 'suspend'"
    )
    assert ("INV-14", "valid-not-in-force") not in store.found()


def test_an_operators_client_may_touch_everything(store: Store):
    a_client_of_another_department(store)
    store.run("UPDATE clients SET scopes = '[\"library:operate\"]'")
    assert "other-department" not in codes(store.options)


def test_log_files_are_searched(store: Store, tmp_path: Path):
    log = tmp_path / "server.log"
    log.write_text('{"event": "request"}\n', encoding="utf-8")
    options = replace(store.options, logs=(log,))
    assert codes(options) == set()
    log.write_text(f'{{"event": "{_name(store)}"}}\n', encoding="utf-8")
    assert codes(options) == {"personal-data"}
    with pytest.raises(CannotAudit):
        audit(replace(options, logs=(tmp_path / "absent",)))


def test_answers_that_clients_kept_are_looked_for(store: Store, tmp_path: Path):
    """An acknowledged certificate that is not on record was lost."""
    kept = tmp_path / "answers.jsonl"
    sha256 = store.value(
        "SELECT sha256 FROM certificate_files WHERE identifier = ?", store.names["valid"]
    )
    lines = [{"identifier": store.names["valid"], "sha256": sha256, "row_version": 1}, {}]
    kept.write_text("\n".join(map(json.dumps, lines)))
    options = replace(store.options, acknowledged=(kept,))
    assert codes(options) == set()
    kept.write_text(json.dumps({**lines[0], "row_version": 7}))
    assert codes(options) == {"acknowledged-otherwise"}
    kept.write_text(json.dumps({"identifier": store.names["burned"]}))
    assert codes(options) == {"acknowledged-lost"}
    kept.write_text("{")
    with pytest.raises(CannotAudit):
        audit(options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("445221198501010019", True),
        ("x-445221198501010019.pdf", True),
        ("44522119850101001x", True),
        ("4452211985010100191", False),
        ("王小明", True),
        ("“王小明”", True),
        ("王小明天来", False),
        ("揭阳市示例运输有限公司的", True),
        ("买买提·艾力", True),
        ("高明", False),
        ("plain", False),
        ("", False),
    ],
)
def test_what_counts_as_a_holder(text: str, expected: bool):
    """Short names count only by themselves: they are parts of many words."""
    holders = Holders()
    for code in ("445221198501010019", "44522119850101001X", "short"):
        holders.add("code", code)
    for name in ("王小明", "揭阳市示例运输有限公司", "买买提·艾力", "王", "市交通局"):
        holders.add("name", name)
    holders.leave_out((), {"市交通局"})
    assert holders.in_text(text) is expected
    assert not holders.in_text("市交通局")
    assert not holders.in_text("王小明", names=False)


# --- a part, and an earlier export --------------------------------------------------------------


def test_an_audit_of_the_latest_part_believes_what_was_sealed_before(store: Store):
    """A day later nothing is new: a change of today is still seen, one of old is not."""
    later = replace(store.options, since=store.built + timedelta(days=1))
    report = audit(later)
    assert report.green
    store.run("UPDATE audit_history SET actor = 'nobody' WHERE sequence = 7")
    assert audit(later).green
    assert not audit(replace(later, since=store.built - timedelta(days=1))).green


def test_an_audit_of_the_latest_part_walks_from_a_batch_on(store: Store):
    """Everything from then on is held against seals, acts and rows as ever."""
    at = store.value("SELECT at FROM audit_history ORDER BY sequence DESC LIMIT 1")
    part = replace(store.options, since=store.built)
    assert at
    assert audit(part).green
    store.set("intents", "burn_reason = 'changed'", "burned")
    assert codes(part) == {"row-changed"}
    store.run("UPDATE audit_head SET sequence = sequence + 1")
    assert codes(part) == {"row-changed", "head"}


def test_progress_is_told(store: Store):
    told: list[tuple[str, int, int]] = []
    audit(replace(store.options, progress=lambda *step: told.append(step)))
    assert {stage for stage, _, _ in told} >= {"files", "history", "certificates"}
    assert ("files", 8, 8) in told
