"""The history is sealed in batches: when due, whole, once, and only if it is the chain it was."""

import hashlib
import sqlite3
from contextlib import closing

import pytest

from certlib import merkle
from certlib.canonical import canonical_bytes
from certlib.errors import Corrupt, SigningUnavailable
from certlib.registry import AuditRecord
from certlib.usecases.keep_batches import KeepBatches
from certlib.usecases.seal_history import SealHistory, SealingOptions


def act(house, *targets):
    with house.registry.begin() as uow:
        uow.append_audit(
            [AuditRecord(house.clock.now(), "somebody", "act", target) for target in targets]
        )
        uow.commit()


def batches(house):
    with house.registry.read() as session:
        return list(session.batches())


def waiting(house):
    with house.registry.read() as session:
        return session.history_tail().records


@pytest.fixture
def house(house):
    """One batch is there already."""
    act(house, "first")
    house.seal_history.run(everything=True)
    return house


@pytest.fixture
def built(house):
    return len(batches(house))


def test_nothing_is_sealed_before_it_is_due(house, built):
    act(house, "a")
    house.clock.pass_time(seconds=59)
    assert house.seal_history.run() == 0
    assert (waiting(house), len(batches(house))) == (1, built)


def test_a_record_that_is_old_enough_is_sealed(house, built):
    act(house, "a", "b")
    house.clock.pass_time(seconds=60)
    assert house.seal_history.run() == 1
    assert (waiting(house), len(batches(house))) == (0, built + 1)
    assert house.seal_history.run() == 0


def test_full_batches_are_sealed_at_once_and_the_rest_waits(house, built):
    act(house, *"abcdefghijkl")
    assert house.seal_history.run() == 2
    assert waiting(house) == 2
    assert house.seal_history.run(everything=True) == 1
    assert len(batches(house)) == built + 3


def test_batches_cover_the_history_without_a_gap(house):
    act(house, *"abcdefgh")
    house.seal_history.run(everything=True)
    trail, sealed = house.trail(), batches(house)
    before, previous = 0, ""
    for number, batch in enumerate(sealed, 1):
        header = batch.header
        assert (header.number, header.first, header.previous) == (number, before + 1, previous)
        records = trail[header.first - 1 : header.last]
        lines = [canonical_bytes(record.canonical_line()) for record in records]
        assert header.root == merkle.root([merkle.leaf_hash(line) for line in lines]).hex()
        assert (header.head, header.node) == (records[-1].digest, "445200")
        assert header.count == len(records)
        before, previous = header.last, batch.digest
    assert before == len(trail)


def test_the_seal_covers_the_header_and_the_timestamp_both(house):
    act(house, "a")
    house.seal_history.run(everything=True)
    batch = batches(house)[-1]
    signed = batch.header.canonical()
    assert batch.header.certificate == hashlib.sha256(b"DER of history").hexdigest()
    assert batch.signature == house.history.sign(signed)
    digest = hashlib.sha256(signed + batch.signature)
    assert batch.token == b"token " + digest.digest()
    assert batch.digest == digest.hexdigest()


def test_an_outage_seals_nothing_and_is_caught_up(house, built):
    act(house, *"abcde")
    house.history.error = SigningUnavailable(what="tsa")
    with pytest.raises(SigningUnavailable):
        house.seal_history.run()
    assert len(batches(house)) == built
    house.history.error = None
    assert house.seal_history.run() == 1


def test_of_two_processes_one_seals(house, built):
    """The second finds its number taken, keeps nothing, and goes on behind the first."""
    act(house, "a", "b")

    class Slow:
        """While this one waits for its timestamp, the other seals one record more."""

        name, algorithm, chain = house.history.name, house.history.algorithm, house.history.chain
        sign = house.history.sign

        def token(self, imprint, algorithm="sha256"):
            act(house, "c")
            house.seal_history.run(everything=True)
            return b"token " + imprint

    slow = Slow()
    options = SealingOptions("445200", 5, 60.0)
    kept = KeepBatches(house.registry, house.objects)
    late = SealHistory(house.registry, kept, lambda: slow, slow, house.clock, options)
    assert late.run(everything=True) == 0
    assert (len(batches(house)), waiting(house)) == (built + 1, 0)
    assert batches(house)[-1].header.count == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_history SET actor = 'nobody' WHERE sequence = {last}",
        "UPDATE audit_history SET previous = '' WHERE sequence = {last}",
        "DELETE FROM audit_history WHERE sequence = {last}",
        "DELETE FROM audit_history WHERE sequence = {last} - 1",
        "DELETE FROM audit_history WHERE sequence > {last} - 2",
    ],
)
def test_a_history_that_was_changed_is_not_sealed(house, built, tmp_path, change):
    """A seal over it would make the forgery look good."""
    act(house, "a", "b")
    last = len(house.trail())
    with closing(sqlite3.connect(tmp_path / "certlib.sqlite")) as connection:
        connection.execute("DROP TRIGGER audit_history_no_update")
        connection.execute("DROP TRIGGER audit_history_no_delete")
        connection.execute(change.format(last=last))
        connection.commit()
    with pytest.raises(Corrupt, match="audit_history"):
        house.seal_history.run(everything=True)
    assert waiting(house) > 0
