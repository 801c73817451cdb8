"""Keys of history, trust lists, receipts and snapshots follow one another for the root's life."""

from datetime import timedelta
from hashlib import sha256

import keys_world
import pytest
from cryptography import x509
from keys_world import SetClock, found, verify_signature

from api.audit.batches import Batch, BatchChain
from api.audit.canonical import canonical
from api.audit.trust import trust_of_register
from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.trust_errors import TrustListRefused
from keys import trust_list
from keys.timestamps import TimestampAuthority
from keys.vault import Vault
from tests.unit.keys.trust_world import listing

PURPOSES = ("history", "trust", "report", "snapshot")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


def key_of(authority, purpose):
    return getattr(authority, f"{purpose}_key")()


def ends(key):
    return x509.load_der_x509_certificate(key.chain[0]).not_valid_after_utc


def sealed(authority, clock, before=None):
    """A batch of the history behind `before`, as it is kept."""
    key, number = authority.history_key(), 1 if before is None else before.number + 1
    header = {
        "batch": number,
        "first": number,
        "last": number,
        "count": 1,
        "certificate": sha256(key.chain[0]).hexdigest(),
        "head": "00" * 32,
        "node": "445200",
        "previous": "" if before is None else before.digest.hex(),
        "root": "11" * 32,
        "sealed_at": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "tree": "rfc6962-sha256",
    }
    octets = canonical(header)
    signature = key.sign(octets)
    entropy = keys_world.CountedEntropy(f"stamps {number}")
    stamps = TimestampAuthority(authority.timestamp_key, clock, entropy)
    token = stamps.token(sha256(octets + signature).digest())
    return Batch(number, octets, key.chain[0], signature, token)


def test_the_history_is_sealed_and_lists_are_signed_for_nineteen_years(folder, clock):
    """By the worker's rounds alone; and what each key has signed still holds at the end."""
    authority = found(folder, clock)
    for purpose in PURPOSES:
        key_of(authority, purpose)
    batches, lists = [], []
    while clock.now() < keys_world.START + timedelta(days=19 * 365):
        authority.keep_timestamp_key()
        authority.keep_own_keys()
        keys = authority._current().own_keys
        for purpose in PURPOSES:
            assert ends(keys[purpose]) - clock.now() > timedelta(days=60)
        batches.append(sealed(authority, clock, batches[-1] if batches else None))
        lists.append(trust_list.write(_listed(clock), authority.trust_key()))
        clock.forward(days=30)
    names = {batch.certificate: None for batch in batches}
    certificates = authority.public_certificates()
    assert list(names) == [certificates["history.cer"], certificates["history-2.cer"]]
    chain = BatchChain(trust_of_register(folder / "register"))
    assert [chain.take(batch)[1] for batch in batches] == [[]] * len(batches)
    for purpose in ("trust", "trust-2"):
        signer = frozenset({sha256(certificates[f"{purpose}.cer"]).hexdigest()})
        assert any(_believed(content, signer) for content in lists)
    former = {member.key for member in authority._current().register.former}
    assert {"history", "trust", "report", "report-2", "snapshot"} <= former


def _listed(clock):
    return listing(issued_at=clock.now(), next_update=clock.now() + timedelta(days=30))


def _believed(content, signers):
    try:
        return trust_list.believed(content, signers)
    except TrustListRefused:
        return None


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_key_that_ended_while_nobody_looked_is_followed_when_it_is_asked_for(
    folder, clock, purpose
):
    authority = found(folder, clock)
    old = key_of(authority, purpose)
    clock.forward(days=10 * 365 + 1)
    new = key_of(authority, purpose)
    assert new.name == f"{purpose}-2"
    verify_signature(new, b"message")
    again = found(folder, clock, seed="restart")
    assert key_of(again, purpose).chain == new.chain
    assert old.chain[0] in again.public_certificates().values()
    names = [item.name for item in again.list_keys() if item.purpose == purpose]
    assert names == [new.name]


def test_only_what_runs_out_is_followed_and_only_once(folder, clock):
    authority, other = found(folder, clock), found(folder, clock, seed="other")
    assert not authority.keep_own_keys()
    clock.forward(days=10 * 365 - 91)
    assert not authority.keep_own_keys()
    clock.forward(days=2)
    assert authority.keep_own_keys()
    assert not authority.keep_own_keys()
    assert not other.keep_own_keys()
    assert list(authority._current().own_keys) == ["history"]  # nothing is made unasked
    assert {item.name for item in other.list_keys()} >= {"history-2"}


def test_a_key_that_ends_with_the_root_is_followed_by_none(folder, clock):
    """It would end on the same day: there would be one at each look."""
    authority = found(folder, clock)
    clock.forward(days=16 * 365)
    first = authority.report_key()
    clock.forward(days=4 * 365 - 10)
    assert authority.report_key().chain == first.chain
    assert authority.keep_own_keys()  # the history's had ended
    assert not authority.keep_own_keys()
    assert authority.report_key().chain == first.chain


@pytest.mark.parametrize("purpose", PURPOSES)
def test_where_the_root_itself_is_of_a_wrong_clock_no_keys_pile_up(folder, clock, purpose):
    """Nothing that is made now would begin before the root does."""
    clock.forward(days=400)
    authority = found(folder, clock)
    key_of(authority, purpose)
    clock.at = keys_world.START
    for _ in range(2):
        with pytest.raises(SigningUnavailable, match="not valid now"):
            key_of(authority, purpose)
    assert not authority.keep_own_keys()
    assert not authority._current().register.former


@pytest.mark.parametrize("purpose", PURPOSES)
def test_one_look_at_a_wrong_clock_costs_a_key_and_no_time(folder, clock, purpose):
    authority = found(folder, clock)
    key_of(authority, purpose)
    clock.forward(days=10 * 365)
    assert key_of(authority, purpose).name == f"{purpose}-2"
    clock.at = keys_world.START + timedelta(minutes=5)
    assert authority.keep_own_keys()
    key = key_of(authority, purpose)
    assert key.name == f"{purpose}-3"
    verify_signature(key, b"message")
    assert not authority.keep_own_keys()


def test_a_key_that_holds_is_used_while_the_next_cannot_be_made(folder, clock, monkeypatch):
    authority = found(folder, clock)
    first = authority.history_key()
    clock.forward(days=10 * 365 - 30)
    monkeypatch.setattr(Vault, "get", _missing)
    with pytest.raises(KeyUnusable):
        authority.keep_own_keys()
    assert authority.history_key() is first
    clock.forward(days=30)
    with pytest.raises(KeyUnusable):
        authority.history_key()
    with pytest.raises(KeyUnusable):
        authority.trust_key()


def _missing(_vault, name):
    raise KeyUnusable(what=f"{name}: missing")


def test_without_a_key_there_is_none(folder):
    authority = found(folder, SetClock())
    with pytest.raises(SigningUnavailable, match="no key for report"):
        authority._valid(None, "report")
