"""Certificates: published whole, changed only where the law changes them, read in every state."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certlib.certificate import Decision, PaperStatus, Restriction, RestrictionKind
from certlib.document import Holder
from certlib.errors import CertificateNotFound, Conflict, Corrupt, StaleVersion, Unsupported
from certlib.states import Action, State
from tests.contract.conftest import Store
from tests.fakes import records

SUSPENSION = Decision(
    Action.SUSPEND, "paused", date(2026, 3, 2), "某法第一条", "揭交罚〔2026〕1号", "揭阳市交通运输局",
    "经办人电话 13800000000",
)  # fmt: skip
FREEZE = Restriction(
    RestrictionKind.FROZEN, "揭阳市某法院", "（2026）粤52执1号", date(2026, 3, 1),
    effective_to=date(2026, 3, 31), recorded_at=records.AT,
)  # fmt: skip


def _save(store: Store, certificate, expected: int) -> None:
    with store.registry.begin() as unit:
        unit.save(certificate, expected)
        unit.commit()


def _read(store: Store, number: int = 1):
    with store.registry.read() as session:
        return session.certificate(records.identifier(number))


def test_a_published_certificate_comes_back_whole(store: Store) -> None:
    content = records.content(
        1,
        holders=(
            Holder("蔡梓涵", "111", "445221198501010019"),
            Holder("买买提·艾力", "414", "E12345678"),
            Holder("揭阳市某某运输有限公司", "001", "91445202MA9TEXT00K"),
        ),
    )
    intent = records.intent(1, of=content)
    store.reserve(intent)
    made = records.certificate(
        intent, restrictions=(FREEZE,), former_names=("蔡小涵", "蔡大涵"),
        paper=PaperStatus.PENDING,
    )  # fmt: skip
    with store.registry.begin() as unit:
        unit.publish([records.publication(intent, **_parts(made))])
        unit.commit()
    assert _read(store) == made


def _parts(certificate) -> dict[str, object]:
    names = ("restrictions", "former_names", "paper")
    return {name: getattr(certificate, name) for name in names}


def test_no_certificate_without_its_intent_in_the_database_either(store: Store) -> None:
    """The foreign key says so even to a unit that forgets."""
    from storage import publication as writing
    from storage.tables import CertificateRow, table

    item = records.publication(records.intent(1))
    with store.registry.begin() as unit, pytest.raises(Conflict):
        unit._link.change(
            table(CertificateRow).insert(), [writing._certificate_row(unit._link, item)]
        )


def test_a_type_version_that_is_not_kept_cannot_be_published(store: Store) -> None:
    intent = records.intent(1, of=records.content(1, type_version="1999.1"))
    with pytest.raises(Conflict):
        store.publish(intent)


def test_an_identifier_without_serial_and_version_is_refused(store: Store) -> None:
    intent = records.intent(1, of=records.content(1, identifier="x"))
    with pytest.raises(Unsupported):
        store.publish(intent)


def test_a_step_is_kept_with_state_version_and_history(store: Store) -> None:
    store.publish(records.intent(1))
    now = store.clock.move(minutes=5)
    after = _read(store).decide(SUSPENSION, actor="经办人甲", now=now)
    _save(store, after, 1)
    assert _read(store) == after
    with store.registry.read() as session:
        status = session.status(after.identifier)
    assert (status.state, status.row_version, status.changed_at) == (State.SUSPENDED, 2, now)


def test_flags_change_without_a_step(store: Store) -> None:
    store.publish(records.intent(1))
    now = store.clock.move(hours=1)
    flagged = replace(
        _read(store), row_version=2, paper=PaperStatus.LOST,
        renewals=(records.renewal(),), results=(records.result(),), superseded_by=records.identifier(2),
        former_names=("旧名",), restrictions=(FREEZE,),
    )  # fmt: skip
    _save(store, flagged, 1)
    assert _read(store) == flagged
    with store.registry.read() as session:
        assert session.status(flagged.identifier).changed_at == now
    renamed = replace(flagged, row_version=3, former_names=("旧名", "更旧名"))
    _save(store, renamed, 2)
    assert _read(store) == renamed


def test_a_stale_version_changes_nothing(store: Store) -> None:
    store.publish(records.intent(1))
    before = _read(store)
    after = before.decide(SUSPENSION, actor="a", now=store.clock.now())
    with pytest.raises(StaleVersion), store.registry.begin() as unit:
        unit.save(after, 2)
    assert _read(store) == before


def test_an_unknown_certificate_cannot_be_saved_restricted_or_given_a_file(store: Store) -> None:
    ghost = records.certificate(records.intent(1))
    with pytest.raises(CertificateNotFound), store.registry.begin() as unit:
        unit.save(ghost, 1)
    with pytest.raises(CertificateNotFound), store.registry.begin() as unit:
        unit.add_file(ghost.files[0])


def test_a_restriction_is_put_and_lifted_and_the_version_grows(store: Store) -> None:
    store.publish(records.intent(1))
    lifted = replace(
        FREEZE,
        lifted_on=date(2026, 3, 10),
        effective_to=None,
        lift_document="2号",
        lifted_at=records.AT,
    )
    for version, restriction in ((2, FREEZE), (3, lifted)):
        _save(store, replace(_read(store), restrictions=(restriction,)), version - 1)
        found = _read(store)
        assert found.restrictions == (restriction,)
        assert found.row_version == version


def test_a_level_lift_adds_a_file_and_every_digest_stays_known(store: Store) -> None:
    intent = records.intent(1, seal_level="B-LT")
    store.publish(intent)
    first = records.served_file(intent)
    assert store.rows("SELECT reached_level, timestamp_due IS NULL FROM certificates") in (
        [("B-T", 0)], [("B-T", False)],
    )  # fmt: skip
    lifted = records.served_file(
        intent, sha256="f" * 64, object_name=intent.object_name(1), revision=1, level="B-LT",
        stored_at=records.AT + timedelta(days=1),
    )  # fmt: skip
    copy = records.served_file(
        intent, sha256="e" * 64, object_name=intent.object_name(2), revision=2, level="",
        kind="purpose_copy", purpose="仅供蔡梓涵办理年审", expires_on=date(2026, 4, 1),
        stored_at=records.AT + timedelta(days=2),
    )  # fmt: skip
    store.run("UPDATE seal_care SET coming = 1")
    with store.registry.begin() as unit:
        unit.add_file(copy)
        unit.commit()
    with store.registry.begin() as unit:
        unit.replace_file(lifted)
        unit.commit()
    assert _read(store).files == (first, lifted, copy)
    assert _read(store).row_version == 2
    with store.registry.read() as session:
        assert [session.file(item.sha256) for item in (first, lifted, copy)] == [
            first, lifted, copy,
        ]  # fmt: skip
        assert session.file("0" * 64) is None
    assert store.rows("SELECT reached_level, timestamp_due IS NULL FROM certificates") in (
        [("B-LT", 1)], [("B-LT", True)],
    )  # fmt: skip
    with pytest.raises(Conflict), store.registry.begin() as unit:
        unit.replace_file(lifted)


def test_content_that_is_not_what_its_digest_says_is_corrupt(store: Store) -> None:
    store.publish(records.intent(1))
    store.run("UPDATE certificates SET content_digest = ?", "0" * 64)
    with store.registry.read() as session:
        with pytest.raises(Corrupt) as caught:
            session.certificate(records.identifier(1))
        assert session.status(records.identifier(1)) is not None
    assert caught.value.values == {"what": "certificates.content_digest"}


def test_counts_tell_states_and_pending_intents(store: Store) -> None:
    store.publish(records.intent(1), records.intent(2))
    store.reserve(records.intent(3))
    _save(store, _read(store).decide(SUSPENSION, actor="a", now=store.clock.now()), 1)
    with store.registry.read() as session:
        assert session.counts() == {"ISSUED": 1, "SUSPENDED": 1, "INTENT": 1}


def test_lineage_and_design_stand_in_the_row(store: Store) -> None:
    store.publish(records.intent(7))
    row = store.rows(
        "SELECT type_code, issuer_code, serial, version, storage_key, template_digest,"
        " fonts_digest, typst_digest, target_level, reached_level FROM certificates"
    )
    intent = records.intent(7)
    assert row == [
        (
            records.TYPE, records.ISSUER, f"{7:020d}", "001", intent.storage_key,
            "1" * 64, "2" * 64, "3" * 64, "B-T", "B-T",
        )
    ]  # fmt: skip
