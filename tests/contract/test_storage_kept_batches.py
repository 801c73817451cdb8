"""Sealed batches in a bucket: locked, hidden and found again."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from api.audit.bucket import Bucket, ObjectBucket
from storage import Cipher, S3ObjectStore
from tests.contract.conftest import new_bucket
from tests.fakes.seaweedfs import SeaweedServer
from tests.fakes.world import CountingEntropy

CONTENT = b"sealed header"


def test_a_batch_behind_a_delete_marker_is_still_known(seaweed: SeaweedServer) -> None:
    """Whoever stole the service's login can hide a locked batch, and cannot make it forgotten."""
    bucket = new_bucket(seaweed)  # the auditor sees whatever else lies there
    names = ["history/0000000001.json", "history/0000000002.json"]
    cipher = Cipher(bytes(32), CountingEntropy())
    with closing(S3ObjectStore(bucket, cipher, CountingEntropy())) as objects:
        for name in names:
            objects.put_once(name, CONTENT)
            objects.retain(name, datetime.now(UTC) + timedelta(minutes=5))
        seaweed.client().remove_object(bucket.bucket, names[1])
        assert objects.get(names[1]) is None
        assert objects.batches() == names
    place = Bucket(
        bucket.endpoint, bucket.bucket, bucket.region, bucket.access_key, bucket.secret_key
    )
    auditor = ObjectBucket(place)
    listed = auditor.batches()
    assert list(listed) == names
    assert [len(versions) for versions in listed.values()] == [1, 1]
    assert auditor.names() == (frozenset(), ())
    whole, hidden = (auditor.read(name) for name in names)
    assert hidden is None
    assert whole is not None
    assert (whole.octets, whole.locked, whole.damaged) == (CONTENT, True, False)
    older = auditor.read(names[1], listed[names[1]][0])
    assert older is not None
    assert older.octets == CONTENT
