"""At rest there is no holder to be read, and no ciphertext works in another's place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from certlib.certificate import Decision
from certlib.document import Holder
from certlib.errors import CertlibError, Corrupt, KeyUnusable
from certlib.registry import SearchQuery
from certlib.states import Action
from storage import Cipher, SqlRegistry
from tests.contract.conftest import KEY, Store
from tests.fakes import records
from tests.fakes.world import CountingEntropy

PLANTED = {
    "name": "植入甲乙丙",
    "former": "植入旧名丁",
    "code": "445221198501010019",
    "number": "植入编号7654321",
    "field": "植入经营范围",
    "purpose": "植入用途说明",
    "note": "植入备注内容",
    "answer": "植入答复内容",
    "payload": "植入通知内容",
}


@pytest.fixture
def planted(store: Store) -> Store:
    content = records.content(
        1,
        holders=(Holder(PLANTED["name"], "111", PLANTED["code"]),),
        number=PLANTED["number"],
        fields={"KZ_JYFW": PLANTED["field"]},
    )
    intent = records.intent(1, of=content)
    decision = Decision(
        Action.SUSPEND, "paused", date(2026, 3, 2), "某法", "1号", "某局", PLANTED["note"]
    )
    copy = records.served_file(
        intent, sha256="e" * 64, object_name=intent.object_name(1), revision=1,
        kind="purpose_copy", purpose=PLANTED["purpose"],
    )  # fmt: skip
    store.reserve(intent, records.intent(2))
    with store.registry.begin() as unit:
        unit.claim_idempotency(records.key_record())
        unit.publish([records.publication(intent, former_names=(PLANTED["former"],))])
        unit.add_file(copy)
        made = unit.certificate(intent.identifier)
        unit.save(made.decide(decision, actor="a", now=store.clock.now()), 1)
        answer = f'"{PLANTED["answer"]}"'
        unit.complete_idempotency("client", "issue", "key", identifier="x", answer=answer)
        unit.add_events([records.event("e", payload={"t": PLANTED["payload"]})])
        unit.append_audit([records.audit(intent.identifier)])
        unit.commit()
    return store


def test_the_database_files_hold_none_of_it(planted: Store) -> None:
    """INV-11: not in a table, not in an index, not in a log of the engine."""
    seen = 0
    for path in _files(planted):
        octets = path.read_bytes()
        seen += octets.count(records.identifier(1).encode())
        for what, text in PLANTED.items():
            assert text.encode() not in octets, (what, path.name)
            assert text.encode().hex().encode() not in octets, (what, path.name)
    assert seen > 0, "these are not the files of this database"


def _files(store: Store) -> Iterator[Path]:
    if store.path is not None:
        return store.path.parent.glob("registry.db*")
    with store.raw() as connection:
        connection.autocommit = True
        connection.execute("CHECKPOINT")
        (folder,) = connection.execute("SHOW data_directory").fetchone()
        (oid,) = connection.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    data = Path(folder)
    return (
        path for part in (data / "base" / str(oid), data / "pg_wal") for path in part.rglob("*")
        if path.is_file()
    )  # fmt: skip


def test_with_the_key_all_of_it_is_read(planted: Store) -> None:
    """The test above proves nothing if the planted words were never written."""
    with planted.registry.read() as session:
        certificate = session.certificate(records.identifier(1))
        key = session.idempotency("client", "issue", "key")
    assert certificate.content.holders[0].name == PLANTED["name"]
    assert certificate.content.holders[0].code == PLANTED["code"]
    assert certificate.content.number == PLANTED["number"]
    assert certificate.content.fields["KZ_JYFW"] == PLANTED["field"]
    assert certificate.former_names == (PLANTED["former"],)
    assert certificate.files[-1].purpose == PLANTED["purpose"]
    assert certificate.history[-1].decision.note == PLANTED["note"]
    assert PLANTED["answer"] in key.answer


def test_another_key_reads_nothing_and_finds_nothing(planted: Store) -> None:
    stranger = SqlRegistry(
        planted.options, Cipher(bytes(32), CountingEntropy("other")), planted.clock
    )
    with stranger.read() as session:
        assert session.search(SearchQuery(holder_code=PLANTED["code"])) == []
        for read in (
            lambda: session.certificate(records.identifier(1)),
            lambda: session.intent(records.identifier(1)),
            lambda: session.idempotency("client", "issue", "key"),
            lambda: session.file("e" * 64),
            lambda: session.search(SearchQuery()),
        ):
            with pytest.raises(Corrupt):
                read()
        assert session.status(records.identifier(1)) is not None
    stranger.close()


def test_a_wrong_key_is_noticed_at_start(planted: Store) -> None:
    planted.registry.check_key()
    stranger = SqlRegistry(
        planted.options, Cipher(bytes(32), CountingEntropy("other")), planted.clock
    )
    with pytest.raises(KeyUnusable):
        stranger.check_key()
    stranger.close()


def test_an_empty_database_takes_any_key(store: Store) -> None:
    store.registry.check_key()


def test_after_a_rotation_old_and_new_rows_are_read_and_found(planted: Store) -> None:
    rotated = SqlRegistry(
        planted.options, Cipher(bytes(32), CountingEntropy("other"), former=[KEY]), planted.clock
    )
    later = records.intent(
        3, of=records.content(3, holders=(Holder(PLANTED["name"], "111", PLANTED["code"]),))
    )
    with rotated.begin() as unit:
        unit.reserve([later])
        unit.publish([records.publication(later)])
        unit.commit()
    with rotated.read() as session:
        found = session.search(SearchQuery(holder_code=PLANTED["code"]))
    assert [one.identifier for one in found] == [records.identifier(1), records.identifier(3)]
    rotated.close()


@pytest.mark.parametrize("column", ["intents.content", "certificates.content"])
def test_content_of_another_row_is_refused_even_with_its_digest(store: Store, column: str) -> None:
    """Exchanged within the table: authentic ciphertext, wrong place."""
    store.publish(records.intent(1), records.intent(2))
    table = column.partition(".")[0]
    for name in ("content", "content_digest"):
        store.run(
            f"UPDATE {table} SET {name} = (SELECT {name} FROM {table} WHERE identifier = ?)"
            f" WHERE identifier = ?",
            records.identifier(2), records.identifier(1),
        )  # fmt: skip
    with store.registry.read() as session, pytest.raises(Corrupt) as caught:
        _ = (session.intent if table == "intents" else session.certificate)(records.identifier(1))
    assert caught.value.values == {"what": column}


def test_content_of_another_table_is_refused(store: Store) -> None:
    store.publish(records.intent(1))
    store.run("UPDATE certificates SET content = (SELECT content FROM intents)")
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.certificate(records.identifier(1))


def test_an_answer_of_another_key_is_refused(store: Store) -> None:
    with store.registry.begin() as unit:
        for key in ("a", "b"):
            unit.claim_idempotency(records.key_record(key))
            unit.complete_idempotency("client", "issue", key, identifier="x", answer=f'"{key}"')
        unit.commit()
    store.run(
        "UPDATE idempotency SET answer = (SELECT answer FROM idempotency WHERE key = 'b')"
        " WHERE key = 'a'"
    )
    with store.registry.read() as session:
        with pytest.raises(Corrupt):
            session.idempotency("client", "issue", "a")
        assert session.idempotency("client", "issue", "b").answer == '"b"'


def test_one_changed_bit_is_refused(store: Store) -> None:
    store.publish(records.intent(1))
    ((sealed,),) = store.rows("SELECT content FROM certificates")
    for place in (0, 1, 5, 17, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        store.run("UPDATE certificates SET content = ?", bytes(changed))
        with store.registry.read() as session, pytest.raises(Corrupt):
            session.certificate(records.identifier(1))


def test_equal_contents_do_not_look_equal(store: Store) -> None:
    """Two holders with one name: nobody can tell from the ciphertext."""
    twice = replace(records.content(1), holders=(records.HOLDER, records.HOLDER))
    store.publish(records.intent(1, of=twice))
    codes = store.rows("SELECT code FROM certificate_holders")
    assert len({bytes(code) for (code,) in codes}) == 2


def test_errors_say_where_and_never_what(store: Store) -> None:
    store.publish(records.intent(1))
    taken = records.intent(2, of=records.content(2, number=records.content(1).number))
    broken = records.intent(3, of=records.content(3), storage_key="short")
    for intent in (taken, broken, records.intent(1)):
        with pytest.raises(CertlibError) as caught, store.registry.begin() as unit:
            unit.reserve([intent])
        text = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert records.HOLDER.code not in text
        assert records.HOLDER.name not in text
        assert intent.storage_key not in text
