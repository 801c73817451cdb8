"""Objects in a bucket: what a bucket must be, what a lock holds, what faults of every kind do."""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from minio.commonconfig import GOVERNANCE
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig

from certlib.errors import Conflict, Corrupt, StoreUnavailable, StoreUnfit, Unsupported
from storage import Cipher, S3ObjectStore, S3Options
from storage.s3_bucket import check, prepare
from tests.fakes.proxy import Harm, Proxy
from tests.fakes.seaweedfs import SeaweedServer
from tests.fakes.world import CountingEntropy

CONTENT = b"%PDF-1.7 a sealed page" * 1000
_NUMBERS = CountingEntropy("names")


def _name() -> str:
    return f"{_NUMBERS.octets(16).hex()}.0"


def _store(options: S3Options, **more: object) -> S3ObjectStore:
    return S3ObjectStore(options, Cipher(bytes(32), _NUMBERS), _NUMBERS, **more)


@pytest.fixture
def objects(bucket: S3Options) -> Iterator[S3ObjectStore]:
    made = _store(bucket)
    yield made
    made.close()


@pytest.fixture
def proxy(seaweed: SeaweedServer) -> Iterator[Proxy]:
    made = Proxy(("127.0.0.1", seaweed.port))
    yield made
    made.stop()


@pytest.fixture
def far(bucket: S3Options, proxy: Proxy) -> Iterator[S3ObjectStore]:
    """The same bucket behind the proxy."""
    made = _store(replace(bucket, endpoint=f"http://127.0.0.1:{proxy.port}", timeout=2))
    yield made
    made.close()


def _owner(seaweed: SeaweedServer, bucket: S3Options) -> S3Options:
    login = seaweed.owner
    return replace(bucket, access_key=login.access, secret_key=login.secret)


# --- what is kept, and how ---------------------------------------------------------------------


def test_each_write_asks_for_encryption_and_notes_its_digest(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    name = _name()
    objects.put_once(name, CONTENT)
    found = seaweed.client().stat_object(bucket.bucket, name)
    assert found.metadata["x-amz-server-side-encryption"] == "AES256"
    assert len(found.metadata["x-amz-meta-sha256"]) == 64
    assert found.version_id


def test_with_sealing_the_store_never_sees_the_page(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """And what was sealed is read whatever is asked for now."""
    name, clear = _name(), _name()
    sealing = _store(bucket, sealing=True)
    sealing.put_once(name, CONTENT)
    with seaweed.client().get_object(bucket.bucket, name) as answer:
        assert b"sealed page" not in answer.read()
    assert objects.get(name) == CONTENT
    objects.put_once(clear, CONTENT)
    assert sealing.get(clear) == CONTENT


def test_an_object_of_another_name_does_not_open(seaweed: SeaweedServer, bucket: S3Options) -> None:
    """Sealed octets exchanged by somebody with access to the bucket."""
    sealing, one, other = _store(bucket, sealing=True), _name(), _name()
    sealing.put_once(one, CONTENT)
    client = seaweed.client()
    with client.get_object(bucket.bucket, one) as answer:
        octets, notes = answer.read(), dict(answer.headers)
    metadata = {key: value for key, value in notes.items() if key.lower().startswith("x-amz-meta-")}
    client.put_object(bucket.bucket, other, io.BytesIO(octets), len(octets), metadata=metadata)
    with pytest.raises(Corrupt):
        sealing.get(other)


def test_octets_changed_at_rest_are_corrupt(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """Replaced by somebody who may write: the newest version answers, and is not believed."""
    name = _name()
    objects.put_once(name, CONTENT)
    client = seaweed.client()
    digest = client.stat_object(bucket.bucket, name).metadata["x-amz-meta-sha256"]
    other = CONTENT[:-1] + b"x"
    client.put_object(
        bucket.bucket,
        name,
        io.BytesIO(other),
        len(other),
        metadata={"sha256": digest, "sealed": "0"},
    )
    with pytest.raises(Corrupt):
        objects.get(name)
    with pytest.raises(Corrupt):
        objects.put_once(name, CONTENT)


def test_an_object_without_its_notes_is_not_believed(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """Copied there by a tool that left the metadata behind: sealed or not, nobody knows."""
    name = _name()
    client = seaweed.client()
    for notes in ({}, {"sha256": hashlib.sha256(CONTENT).hexdigest()}):
        client.put_object(bucket.bucket, name, io.BytesIO(CONTENT), len(CONTENT), metadata=notes)
        with pytest.raises(Corrupt):
            objects.get(name)


def test_an_object_beyond_all_measure_is_not_read(
    bucket: S3Options, objects: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _name()
    objects.put_once(name, CONTENT)
    monkeypatch.setattr("storage.s3_client._MOST", 100)
    with pytest.raises(StoreUnavailable):
        objects.get(name)


@pytest.mark.parametrize("same", [True, False])
def test_many_writers_of_one_name(bucket: S3Options, same: bool) -> None:
    """All with the same bytes succeed; with different ones exactly one wins."""
    name, outcomes, barrier = _name(), [], threading.Barrier(8)

    def write(number: int) -> None:
        store = _store(bucket)
        barrier.wait()
        try:
            store.put_once(name, CONTENT if same else f"{number}".encode())
        except Corrupt:
            outcomes.append("refused")
        else:
            outcomes.append("kept")
        store.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert outcomes.count("kept") == (8 if same else 1)


# --- the lock ----------------------------------------------------------------------------------


def _until() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


def test_a_locked_object_can_be_removed_by_nobody(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """Not by us (a published file is no burned one), not with our login, not by the owner."""
    name = _name()
    objects.put_once(name, CONTENT)
    objects.retain(name, _until())
    objects.retain(name, _until())
    with pytest.raises(Conflict):
        objects.remove(name)
    for login in (seaweed.application, seaweed.owner):
        client = seaweed.client(login)
        versions = list(client.list_objects(bucket.bucket, prefix=name, include_version=True))
        with pytest.raises(S3Error):
            client.remove_object(bucket.bucket, name, versions[0].version_id)
    assert objects.get(name) == CONTENT


def test_a_lock_is_never_shortened(objects: S3ObjectStore) -> None:
    name = _name()
    objects.put_once(name, CONTENT)
    objects.retain(name, _until())
    with pytest.raises(StoreUnavailable):
        objects.retain(name, _until() - timedelta(hours=12))


def test_our_login_cannot_bypass_a_governance_lock(
    seaweed: SeaweedServer, bucket: S3Options
) -> None:
    name, store = _name(), _store(bucket, lock="governance")
    store.put_once(name, CONTENT)
    store.retain(name, _until())
    client = seaweed.client(seaweed.application)
    (found,) = client.list_objects(bucket.bucket, prefix=name, include_version=True)
    with pytest.raises(S3Error):
        client._execute(
            "DELETE",
            bucket.bucket,
            name,
            query_params={"versionId": found.version_id},
            headers={"x-amz-bypass-governance-retention": "true"},
        )


def test_what_hides_a_locked_object_takes_nothing_away(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """A delete marker makes it look absent; taking the marker away brings it back."""
    name = _name()
    objects.put_once(name, CONTENT)
    objects.retain(name, _until())
    client = seaweed.client()
    client.remove_object(bucket.bucket, name)
    assert objects.get(name) is None
    (marker,) = [
        item
        for item in client.list_objects(bucket.bucket, prefix=name, include_version=True)
        if item.is_delete_marker
    ]
    client.remove_object(bucket.bucket, name, marker.version_id)
    assert objects.get(name) == CONTENT


def test_removing_takes_every_version(
    seaweed: SeaweedServer, bucket: S3Options, objects: S3ObjectStore
) -> None:
    """A burned intent's sealed file must not stay behind as an old version (INV-1)."""
    name = _name()
    objects.put_once(name, CONTENT)
    seaweed.client().remove_object(bucket.bucket, name)
    objects.put_once(name, b"again")
    objects.remove(name)
    left = seaweed.client().list_objects(bucket.bucket, prefix=name, include_version=True)
    assert list(left) == []


def test_only_names_of_objects_are_locked(objects: S3ObjectStore) -> None:
    with pytest.raises(Unsupported):
        objects.retain("probe/x", _until())


# --- the bucket --------------------------------------------------------------------------------


def test_a_bucket_as_init_makes_it_is_fit(bucket: S3Options, seaweed: SeaweedServer) -> None:
    prepare(_owner(seaweed, bucket))
    check(bucket, _NUMBERS, encrypted_by_us=False)
    left = seaweed.client().list_objects(bucket.bucket, "probe/", include_version=True)
    assert list(left) == []


def _unfit(options: S3Options) -> str:
    with pytest.raises(StoreUnfit) as caught:
        check(options, _NUMBERS, encrypted_by_us=False)
    assert caught.value.zh_text != caught.value.en_text
    return str(caught.value.values["what_en"])


@pytest.fixture(scope="module")
def other(seaweed: SeaweedServer, bucket: S3Options) -> S3Options:
    """A fit bucket of its own, to be spoilt."""
    made = replace(_owner(seaweed, bucket), bucket=seaweed.bucket())
    prepare(made)
    return made


def test_a_bucket_that_is_not_there(other: S3Options) -> None:
    assert "no such bucket" in _unfit(replace(other, bucket="certificates-none"))


def test_a_bucket_without_object_lock_or_versioning(
    seaweed: SeaweedServer, other: S3Options
) -> None:
    name = seaweed.bucket()
    client = seaweed.client()
    client.make_bucket(name)
    assert "versioning" in _unfit(replace(other, bucket=name))
    client.set_bucket_versioning(name, VersioningConfig("Enabled"))
    assert "object lock" in _unfit(replace(other, bucket=name))
    client.set_bucket_versioning(name, VersioningConfig(SUSPENDED))
    assert "versioning" in _unfit(replace(other, bucket=name))


def test_a_bucket_that_locks_by_itself(seaweed: SeaweedServer, other: S3Options) -> None:
    client = seaweed.client()
    client.set_object_lock_config(other.bucket, ObjectLockConfig(GOVERNANCE, 1, DAYS))
    assert "default retention" in _unfit(other)
    client.set_object_lock_config(other.bucket, ObjectLockConfig(None, None, None))
    check(other, _NUMBERS, encrypted_by_us=False)


@pytest.mark.parametrize("act", ["s3:GetObject", "s3:ListBucket"])
def test_a_bucket_that_strangers_may_use(
    seaweed: SeaweedServer, other: S3Options, act: str
) -> None:
    client = seaweed.client()
    what = f"arn:aws:s3:::{other.bucket}" + ("" if act == "s3:ListBucket" else "/*")
    client.set_bucket_policy(
        other.bucket,
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
        f'"Action":"{act}","Resource":"{what}"}}]}}',
    )
    try:
        assert "without credentials" in _unfit(other)
    finally:
        client.delete_bucket_policy(other.bucket)


def test_a_store_that_does_not_encrypt(other: S3Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless we do."""
    monkeypatch.setattr(
        "storage.s3_bucket._HEADERS",
        {"Content-Type": "application/octet-stream"},
    )
    assert "does not encrypt" in _unfit(other)
    check(other, _NUMBERS, encrypted_by_us=True)


def test_a_store_that_overwrites_in_spite_of_the_condition(
    other: S3Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minio import Minio

    from storage.s3_client import BucketClient

    real = BucketClient._execute

    def deaf(self: Minio, *args: object, **kwargs: object) -> object:
        headers = kwargs.get("headers") or {}
        kept = {key: value for key, value in headers.items() if key != "If-None-Match"}
        return real(self, *args, **{**kwargs, "headers": kept})

    monkeypatch.setattr(BucketClient, "_execute", deaf)
    assert "conditional" in _unfit(other)


def test_a_login_without_rights(seaweed: SeaweedServer, other: S3Options) -> None:
    for wrong in (
        replace(other, secret_key="not the secret"),
        replace(other, access_key="nobody"),
        replace(other, bucket="readiness", access_key=seaweed.application.access,
                secret_key=seaweed.application.secret),
    ):  # fmt: skip
        assert "rights" in _unfit(wrong)
    with pytest.raises(StoreUnfit):
        prepare(replace(other, bucket="certificates-none", secret_key="not the secret"))


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1:9", "ftp://x", "http://h/path", "http://"])
def test_an_address_that_is_none(bucket: S3Options, endpoint: str) -> None:
    with pytest.raises(StoreUnfit):
        _store(replace(bucket, endpoint=endpoint))


def test_two_that_prepare_at_once(seaweed: SeaweedServer, bucket: S3Options) -> None:
    options = replace(_owner(seaweed, bucket), bucket=seaweed.bucket())
    threads = [threading.Thread(target=prepare, args=(options,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(options, _NUMBERS, encrypted_by_us=False)


def test_options_do_not_print_secrets(bucket: S3Options) -> None:
    assert bucket.secret_key not in repr(bucket)


# --- faults ------------------------------------------------------------------------------------


def test_a_probe_is_real_work_and_leaves_nothing(
    seaweed: SeaweedServer, bucket: S3Options, far: S3ObjectStore, proxy: Proxy
) -> None:
    far.probe()
    assert far.sweep_temporaries() == 0
    left = seaweed.client().list_objects(bucket.bucket, "probe/", include_version=True)
    assert list(left) == []
    proxy.set(Harm(refuse=True))
    with pytest.raises(StoreUnavailable):
        far.probe()


HARMS = {
    "refused": Harm(refuse=True),
    "cut in the request": Harm(cut_request=300),
    "cut before the answer": Harm(cut_answer=0),
    "cut in the answer": Harm(cut_answer=40),
    "answers swallowed": Harm(silence=True),
    "slower than the deadline": Harm(delay=3.0),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_store_that_cannot_be_reached_is_unavailable_never_empty(
    objects: S3ObjectStore, far: S3ObjectStore, proxy: Proxy, harm: Harm
) -> None:
    """INV-14. Whatever became of the write: the same put succeeds when all is well again."""
    name, there = _name(), _name()
    objects.put_once(there, CONTENT)
    proxy.set(harm)
    with pytest.raises(StoreUnavailable) as caught:
        far.put_once(name, CONTENT)
    assert "127.0.0.1" not in str(caught.value)
    with pytest.raises(StoreUnavailable):
        far.get(there)
    proxy.heal()
    assert objects.get(name) in {None, CONTENT}
    far.put_once(name, CONTENT)
    assert far.get(name) == far.get(there) == CONTENT


def test_an_answer_that_is_lost_once_is_asked_for_again(
    objects: S3ObjectStore, far: S3ObjectStore, proxy: Proxy
) -> None:
    """Done but reported as failed: the second request finds the name taken, by the same bytes."""
    name = _name()
    proxy.set(Harm(cut_answer=0))

    def healing(part: bytes) -> bytes:
        proxy.harm = Harm()
        return part

    proxy.harm = Harm(cut_answer=0, flip_request=healing)
    far.put_once(name, CONTENT)
    assert objects.get(name) == CONTENT


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seconds", [0.05, 0.3])
def test_a_slow_store_is_slow_and_right(far: S3ObjectStore, proxy: Proxy, seconds: float) -> None:
    name = _name()
    proxy.set(Harm(delay=seconds))
    far.put_once(name, CONTENT)
    assert far.get(name) == CONTENT
    far.remove(name)
    assert far.get(name) is None


def test_a_trickle_ends_at_the_deadline(
    objects: S3ObjectStore, far: S3ObjectStore, proxy: Proxy
) -> None:
    """Each piece in time, the whole never: the deadline holds for the whole."""
    name = _name()
    objects.put_once(name, CONTENT * 40)
    proxy.set(Harm(delay=0.2))
    with pytest.raises(StoreUnavailable) as caught:
        far.get(name)
    assert caught.value.values["what"] in {"object-too-slow", "ReadTimeoutError"}


def _flip(place: int):
    """Changes one bit of the octet at that place, counted from the end of a piece."""

    def change(part: bytes) -> bytes:
        if len(part) <= abs(place):
            return part
        changed = bytearray(part)
        changed[place] ^= 0x04
        return bytes(changed)

    return change


@pytest.mark.timeout(90)
def test_no_flipped_bit_of_an_answer_is_ever_believed(
    objects: S3ObjectStore, far: S3ObjectStore, proxy: Proxy
) -> None:
    """Head or body, any place: the right bytes or an error, never others, never "no such"."""
    name = _name()
    objects.put_once(name, CONTENT)
    proxy.heal()
    seen = set()
    for place in [*range(0, 700, 23), -1, -2, -1000]:
        proxy.set(Harm(flip=_flip(place)))
        try:
            found = far.get(name)
        except (StoreUnavailable, Corrupt) as error:
            seen.add(type(error).__name__)
        else:
            assert found == CONTENT, place
    assert "Corrupt" in seen


@pytest.mark.timeout(90)
def test_no_flipped_bit_of_a_request_is_ever_kept(
    objects: S3ObjectStore, far: S3ObjectStore, proxy: Proxy
) -> None:
    for place in (-1, -40, -len(CONTENT) // 2, 3, 20, 60, 200):
        name = _name()
        proxy.set(Harm(flip_request=_flip(place)))
        with pytest.raises((StoreUnavailable, Corrupt)):
            far.put_once(name, CONTENT)
        assert objects.get(name) in {None, CONTENT}, place
    proxy.heal()
    far.put_once(name, CONTENT)


def test_what_was_written_and_reads_back_otherwise_is_taken_away(
    objects: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store has damaged it: nothing is promised, and the name is free for the next attempt."""
    name = _name()
    with monkeypatch.context() as patch:
        patch.setattr(objects, "_got", lambda *_: b"other")
        with pytest.raises(StoreUnavailable) as caught:
            objects.put_once(name, CONTENT)
    assert caught.value.values == {"what": "read-back"}
    assert objects.get(name) is None
    objects.put_once(name, CONTENT)


@pytest.mark.parametrize(
    "code", ["InternalError", "ServiceUnavailable", "SlowDown", "QuotaExceeded"]
)
def test_a_store_that_says_no_is_unavailable(
    objects: S3ObjectStore, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A full disk, a quota, an overload: its own word, nothing kept."""

    def failing(*_args: object, **_kwargs: object) -> None:
        raise S3Error(None, code, "message with /path", "/bucket", None, None)

    name = _name()
    with monkeypatch.context() as patch:
        patch.setattr(objects._client, "_execute", failing)
        for act in (
            lambda: objects.put_once(name, CONTENT),
            lambda: objects.get(name),
            lambda: objects.remove(name),
            lambda: objects.retain(name, _until()),
            objects.names,
        ):
            with pytest.raises(StoreUnavailable) as caught:
                act()
            assert caught.value.values == {"what": code}
            assert "path" not in f"{caught.value}{caught.value.__cause__}"
    assert objects.get(name) is None


def test_two_writers_that_are_asked_to_come_again(
    objects: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, real, calls = _name(), objects._client.put_new, []

    def busy(*args: object) -> object:
        calls.append(1)
        if len(calls) < 3:
            raise S3Error(None, "ConditionalRequestConflict", "", "", None, None)
        return real(*args)

    monkeypatch.setattr(objects._client, "put_new", busy)
    objects.put_once(name, CONTENT)
    assert objects.get(name) == CONTENT
    calls[:] = [1] * -9
    monkeypatch.setattr(
        objects._client,
        "put_new",
        lambda *_: (_ for _ in ()).throw(
            S3Error(None, "ConditionalRequestConflict", "", "", None, None)
        ),
    )
    with pytest.raises(StoreUnavailable):
        objects.put_once(_name(), CONTENT)
