"""Each violation that can be planted is found, by its invariant and by name; nothing else is."""

import pytest

from tests.unit.audit.audit_store import FOUR_EYES, Plant, Store
from tests.unit.audit.planting import check_planted

WRONG = "0" * 64
RESERVED = "(SELECT MIN(sequence) FROM audit_history WHERE act = 'reserve')"
ROWS = {"row-changed", "row-gone", "row-unknown"}


def a_clean_store(store: Store) -> None:
    del store


# --- INV-1 ------------------------------------------------------------------------------------


def an_object_nobody_named(store: Store) -> None:
    path = store.object_path(store.object_name("valid"))
    extra = store.object_path("ab" * 16 + ".0")
    extra.parent.mkdir(exist_ok=True)
    extra.write_bytes(path.read_bytes())


def a_second_revision_without_record(store: Store) -> None:
    path = store.object_path(store.object_name("valid"))
    path.with_name(path.name.replace(".0", ".1")).write_bytes(path.read_bytes())


def the_object_of_a_burned_intent(store: Store) -> None:
    query = "SELECT storage_key FROM intents WHERE identifier = ?"
    path = store.object_path(f"{store.value(query, store.names['burned'])}.0")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed, and given up")


def a_file_that_is_no_object(store: Store) -> None:
    (store.objects / "ab").mkdir(exist_ok=True)
    (store.objects / "ab" / "certificate.pdf").write_bytes(b"%PDF-")


def a_stray_file_in_the_folder(store: Store) -> None:
    (store.objects / "notes.txt").write_text("")


def a_shared_storage_key(store: Store) -> None:
    key = store.value(
        "SELECT storage_key FROM intents WHERE identifier = ?", store.names["revoked"]
    )
    store.set("intents", f"storage_key = '{key}'", "burned")


# --- INV-2 ------------------------------------------------------------------------------------


def a_deleted_object(store: Store) -> None:
    store.object_path(store.object_name("revoked")).unlink()


def a_flipped_byte(store: Store) -> None:
    path = store.object_path(store.object_name("superseded"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def an_emptied_object(store: Store) -> None:
    store.object_path(store.object_name("valid")).write_bytes(b"")


def another_certificates_object(store: Store) -> None:
    other = store.object_path(store.object_name("revoked"))
    store.object_path(store.object_name("valid")).write_bytes(other.read_bytes())


def another_digest_on_record(store: Store) -> None:
    store.set("certificate_files", f"sha256 = '{WRONG}'", "valid")


def another_size_on_record(store: Store) -> None:
    store.set("certificate_files", "size = size + 1", "valid")


def a_file_row_taken_away(store: Store) -> None:
    store.run(f"DELETE FROM certificate_files WHERE identifier = '{store.names['valid']}'")


def a_file_without_certificate(store: Store) -> None:
    store.run(f"DELETE FROM certificates WHERE identifier = '{store.names['valid']}'")


def an_object_under_another_key(store: Store) -> None:
    store.set("certificates", f"storage_key = '{'cd' * 16}'", "valid")


def a_byte_changed_with_every_digest_made_to_fit(store: Store) -> None:
    pdf = store.file_of("valid")
    at = pdf.rindex(b"endobj")
    store.put_file("valid", pdf[: at - 1] + bytes([pdf[at - 1] ^ 4]) + pdf[at:])


def octets_after_the_seal(store: Store) -> None:
    store.put_file("valid", store.file_of("valid") + b"\n% more\n")


def an_unsealed_page(store: Store) -> None:
    store.put_file("valid", b"%PDF-1.7\n%%EOF\n")


def the_seal_of_another_body(store: Store) -> None:
    store.put_file("valid", store.file_of("planning"))


def a_changed_content(store: Store) -> None:
    store.set("certificates", "content = CAST(X'00' || content AS BLOB)", "valid")


def the_content_of_another_row(store: Store) -> None:
    other = store.names["revoked"]
    store.set(
        "certificates",
        f"content = (SELECT content FROM certificates WHERE identifier = '{other}')",
        "valid",
    )


def another_content_digest(store: Store) -> None:
    store.set("certificates", f"content_digest = '{WRONG}'", "valid")


def a_longer_term_in_the_column(store: Store) -> None:
    store.set("certificates", "valid_to = '2099-12-31'", "valid")


def an_intent_that_was_never_published(store: Store) -> None:
    store.set("intents", "status = 'pending'", "valid")


# --- INV-3 ------------------------------------------------------------------------------------


def an_identifier_twice(store: Store) -> None:
    store.run(
        "CREATE TABLE free AS SELECT * FROM certificates",
        f"INSERT INTO free SELECT * FROM certificates WHERE identifier = '{store.names['valid']}'",
        "DROP TABLE certificates",
        "ALTER TABLE free RENAME TO certificates",
    )


def a_burned_identifier_in_use(store: Store) -> None:
    store.set("intents", "status = 'burned'", "valid")


def a_wrong_check_character(store: Store) -> None:
    _rename(store, "burned", store.names["burned"][:-1] + _other(store.names["burned"][-1]))


def an_identifier_of_no_form(store: Store) -> None:
    _rename(store, "burned", "certificate-1")


def an_issuer_that_is_not_in_the_identifier(store: Store) -> None:
    store.set("intents", "issuer_code = '11445200990090307L'", "burned")


def two_current_versions(store: Store) -> None:
    store.set("certificates", "state = 'ISSUED'", "superseded")


def _rename(store: Store, name: str, identifier: str) -> None:
    store.set("intents", f"identifier = '{identifier}'", name)


def _other(character: str) -> str:
    return "0" if character != "0" else "1"


# --- INV-4 ------------------------------------------------------------------------------------


def _key(store: Store, name: str) -> str:
    return str(
        store.value("SELECT idempotency_key FROM intents WHERE identifier = ?", store.names[name])
    )


def one_key_for_two_certificates(store: Store) -> None:
    store.set("intents", f"idempotency_key = '{_key(store, 'revoked')}'", "valid")


def a_key_that_names_another_certificate(store: Store) -> None:
    key = _key(store, "valid")
    store.run(f"UPDATE idempotency SET identifier = '{store.names['revoked']}' WHERE key = '{key}'")


def a_forgotten_key(store: Store) -> None:
    store.run(f"DELETE FROM idempotency WHERE key = '{_key(store, 'valid')}'")


def a_key_that_runs_for_ever(store: Store) -> None:
    store.run(
        "INSERT INTO idempotency (client_id, route, key, request_digest, status, created_at,"
        f" identifier) VALUES ('c', 'issue', 'k', '{WRONG}', 'running',"
        " '2026-03-02T00:00:00Z', '')"
    )


def a_key_of_a_certificate_that_is_not_there(store: Store) -> None:
    key = _key(store, "valid")
    store.run(f"UPDATE idempotency SET identifier = '1.2.156.3005.2.gone' WHERE key = '{key}'")


def a_key_of_an_act_that_nobody_did(store: Store) -> None:
    key = _key(store, "valid")
    store.run(f"UPDATE idempotency SET identifier = 'whk_gone' WHERE key = '{key}'")


def the_answer_of_another_key(store: Store) -> None:
    one, other = _key(store, "valid"), _key(store, "revoked")
    store.run(
        f"UPDATE idempotency SET answer = (SELECT answer FROM idempotency WHERE key = '{other}')"
        f" WHERE key = '{one}'"
    )


def a_key_kept_for_another_request(store: Store) -> None:
    """Nothing but the testimony of its row tells: a retry would be refused, or answered wrongly."""
    key = _key(store, "valid")
    store.run(f"UPDATE idempotency SET request_digest = '{WRONG}' WHERE key = '{key}'")


# --- INV-5 ------------------------------------------------------------------------------------


def a_state_without_a_step(store: Store) -> None:
    store.set("certificates", "state = 'ISSUED'", "revoked")


def a_forbidden_step(store: Store) -> None:
    store.run(
        "UPDATE state_changes SET action = 'restore', to_state = 'ISSUED' WHERE sequence = 2"
        f" AND identifier = '{store.names['revoked']}'"
    )
    store.set("certificates", "state = 'ISSUED'", "revoked")


def a_missing_step(store: Store) -> None:
    store.run(
        f"DELETE FROM state_changes WHERE sequence = 2 AND identifier = '{store.names['restored']}'"
    )


def no_step_at_all(store: Store) -> None:
    store.run(f"DELETE FROM state_changes WHERE identifier = '{store.names['valid']}'")


def a_step_recorded_too_early(store: Store) -> None:
    store.run(
        "UPDATE state_changes SET recorded_at = '2020-01-01T00:00:00Z' WHERE sequence = 2"
        f" AND identifier = '{store.names['revoked']}'"
    )


def a_revocation_undone(store: Store) -> None:
    """State and step go together: only the history remembers."""
    store.run(
        f"DELETE FROM state_changes WHERE sequence = 2 AND identifier = '{store.names['revoked']}'"
    )
    store.set("certificates", "state = 'ISSUED'", "revoked")


def a_revocation_put_off(store: Store) -> None:
    store.run(
        "UPDATE state_changes SET effective_from = '2099-01-01' WHERE sequence = 2"
        f" AND identifier = '{store.names['revoked']}'"
    )


def a_decision_of_somebody_else(store: Store) -> None:
    store.run(
        "UPDATE state_changes SET actor = 'nobody' WHERE sequence = 2"
        f" AND identifier = '{store.names['revoked']}'"
    )


def a_row_version_turned_back(store: Store) -> None:
    store.set("certificates", "row_version = 1", "restored")


def steps_of_no_certificate(store: Store) -> None:
    store.run(
        "UPDATE state_changes SET identifier = 'nobody'"
        f" WHERE identifier = '{store.names['valid']}'"
    )


def a_successor_that_knows_nothing_of_it(store: Store) -> None:
    store.set("certificates", "supersedes = ''", "successor")


def a_superseded_version_without_successor(store: Store) -> None:
    store.set("certificates", "superseded_by = ''", "superseded")


# --- INV-9 ------------------------------------------------------------------------------------


def the_requester_approves(store: Store) -> None:
    store.set("intents", 'approved_by = \'["checker","maker"]\'', "approved")


def the_requester_approves_in_capitals(store: Store) -> None:
    store.set("intents", 'approved_by = \'["checker"," ＭAKER"]\'', "approved")


def one_person_approves_twice(store: Store) -> None:
    changed = 'approved_by = \'["checker","CHECKER"]\', approvals_required = 2'
    store.set("intents", changed, "approved")


def an_approval_taken_away(store: Store) -> None:
    store.set("intents", "approved_by = '[]'", "approved")


def a_demand_lowered_with_its_approvals(store: Store) -> None:
    store.set("intents", "approved_by = '[]', approvals_required = 0", "approved")


def an_approval_by_nobody(store: Store) -> None:
    store.set("intents", "approved_by = '[\"\"]'", "approved")


def approvals_that_cannot_be_read(store: Store) -> None:
    store.set("intents", "approved_by = 'checker'", "approved")


def a_pending_intent_approved_by_its_requester(store: Store) -> None:
    store.set("intents", "approved_by = '[\"maker\"]', approvals_required = 1", "pending")


PLANTED: list[tuple[Plant, set[tuple[str, str]]]] = [
    (a_clean_store, set()),
    (an_object_nobody_named, {("INV-1", "orphan")}),
    (a_second_revision_without_record, {("INV-1", "orphan")}),
    (the_object_of_a_burned_intent, {("INV-1", "orphan")}),
    (a_file_that_is_no_object, {("INV-1", "not-an-object")}),
    (a_stray_file_in_the_folder, {("INV-1", "not-an-object")}),
    (a_shared_storage_key, {("INV-1", "storage-key-shared")}),
    (a_deleted_object, {("INV-2", "no-object")}),
    (a_flipped_byte, {("INV-2", "does-not-open")}),
    (an_emptied_object, {("INV-2", "does-not-open")}),
    (another_certificates_object, {("INV-2", "does-not-open")}),
    (
        another_digest_on_record,
        {("INV-2", "digest"), ("INV-4", "answer"), ("INV-7", "digest-differs")},
    ),
    (another_size_on_record, {("INV-2", "size")}),
    (
        a_file_row_taken_away,
        {
            ("INV-1", "orphan"),
            ("INV-2", "no-file"),
            ("INV-4", "answer"),
            ("INV-7", "digest-differs"),
        },
    ),
    (
        a_file_without_certificate,
        {
            ("INV-2", "file-without-record"),
            ("INV-2", "published-without-record"),
            ("INV-4", "key-without-certificate"),
            ("INV-5", "steps-without-record"),
            ("INV-8", "announced-unissued"),
        },
    ),
    (an_object_under_another_key, {("INV-2", "object-name")}),
    (
        a_byte_changed_with_every_digest_made_to_fit,
        {("INV-2", "seal"), ("INV-4", "answer"), ("INV-7", "digest-differs")},
    ),
    (
        octets_after_the_seal,
        {("INV-2", "seal"), ("INV-4", "answer"), ("INV-7", "digest-differs")},
    ),
    (an_unsealed_page, {("INV-2", "seal"), ("INV-4", "answer"), ("INV-7", "digest-differs")}),
    (
        the_seal_of_another_body,
        {("INV-2", "signer"), ("INV-4", "answer"), ("INV-7", "digest-differs")},
    ),
    (a_changed_content, {("INV-2", "content-does-not-open")}),
    (the_content_of_another_row, {("INV-2", "content-does-not-open")}),
    (another_content_digest, {("INV-2", "content-digest"), ("INV-2", "not-as-intended")}),
    (a_longer_term_in_the_column, {("INV-2", "columns")}),
    (an_intent_that_was_never_published, {("INV-2", "no-intent")}),
    (an_identifier_twice, {("INV-3", "twice")}),
    (a_burned_identifier_in_use, {("INV-2", "no-intent"), ("INV-3", "burned-reused")}),
    (a_wrong_check_character, {("INV-3", "check-character"), ("INV-7", "reserve-unrecorded")}),
    (an_identifier_of_no_form, {("INV-3", "malformed"), ("INV-7", "reserve-unrecorded")}),
    (
        an_issuer_that_is_not_in_the_identifier,
        {("INV-3", "columns"), ("INV-10", "other-department")},
    ),
    (
        two_current_versions,
        {
            ("INV-3", "two-current"),
            ("INV-5", "state"),
            ("INV-6", "feed-behind"),
            ("INV-6", "state-not-seen"),
        },
    ),
    (one_key_for_two_certificates, {("INV-4", "two-certificates"), ("INV-4", "key-not-done")}),
    (
        a_key_that_names_another_certificate,
        {("INV-4", "answer"), ("INV-4", "key-not-done")},
    ),
    (a_forgotten_key, {("INV-4", "key-not-done")}),
    (a_key_that_runs_for_ever, {("INV-4", "running-without-intent")}),
    (
        a_key_of_a_certificate_that_is_not_there,
        {("INV-4", "key-without-certificate"), ("INV-4", "key-not-done")},
    ),
    (
        a_key_of_an_act_that_nobody_did,
        {("INV-4", "key-without-act"), ("INV-4", "key-not-done")},
    ),
    (a_key_kept_for_another_request, set()),
    (the_answer_of_another_key, {("INV-4", "answer-does-not-open")}),
    (
        a_state_without_a_step,
        {("INV-5", "state"), ("INV-6", "feed-behind"), ("INV-6", "state-not-seen")},
    ),
    (
        a_forbidden_step,
        {("INV-5", "forbidden"), ("INV-6", "feed-behind"), ("INV-7", "step-differs")},
    ),
    (
        a_missing_step,
        {
            ("INV-5", "gap"),
            ("INV-5", "broken"),
            ("INV-7", "step-differs"),
            ("INV-7", "step-undone"),
        },
    ),
    (no_step_at_all, {("INV-5", "no-steps"), ("INV-7", "step-undone")}),
    (a_step_recorded_too_early, {("INV-5", "backwards"), ("INV-7", "step-differs")}),
    (a_revocation_undone, {("INV-6", "feed-behind"), ("INV-7", "step-undone")}),
    (a_revocation_put_off, {("INV-7", "step-differs")}),
    (a_decision_of_somebody_else, {("INV-7", "step-differs")}),
    (
        a_row_version_turned_back,
        {
            ("INV-4", "answer"),
            ("INV-5", "row-version"),
            ("INV-6", "feed-behind"),
            ("INV-8", "announced-ahead"),
        },
    ),
    (
        steps_of_no_certificate,
        {
            ("INV-5", "steps-without-record"),
            ("INV-5", "no-steps"),
            ("INV-7", "step-unrecorded"),
            ("INV-7", "step-undone"),
        },
    ),
    (a_successor_that_knows_nothing_of_it, {("INV-5", "successor")}),
    (a_superseded_version_without_successor, {("INV-5", "successor")}),
    (the_requester_approves, {("INV-9", "self-approved")}),
    (the_requester_approves_in_capitals, {("INV-9", "self-approved")}),
    (one_person_approves_twice, {("INV-9", "missing")}),
    (an_approval_taken_away, {("INV-9", "missing")}),
    (a_demand_lowered_with_its_approvals, {("INV-9", "lowered"), ("INV-9", "missing")}),
    (an_approval_by_nobody, {("INV-9", "missing")}),
    (approvals_that_cannot_be_read, {("INV-9", "unreadable")}),
    (
        a_pending_intent_approved_by_its_requester,
        {("INV-9", "self-approved"), ("INV-9", "missing")},
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


def test_the_template_holds_what_the_tests_spoil(store: Store):
    """A four-eyes certificate, a pending intent and a burned one are really there."""
    version = "SELECT type_version FROM certificates WHERE identifier = ?"
    status = "SELECT status FROM intents WHERE identifier = ?"
    assert store.value(version, store.names["approved"]) == FOUR_EYES
    assert store.value(status, store.names["pending"]) == "pending"
    assert store.value(status, store.names["burned"]) == "burned"
