"""Write-once objects: one suite for a file system, an S3 server and the fake that stands in for both."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certlib.errors import Corrupt, Unsupported
from certlib.ports import ObjectStore
from storage import Cipher, FileObjectStore, S3ObjectStore, S3Options
from tests.contract.conftest import new_bucket
from tests.fakes.objects import MemoryObjectStore
from tests.fakes.seaweedfs import SeaweedServer
from tests.fakes.world import CountingEntropy

NAME = "0123456789abcdef0123456789abcdef.0"
OTHER = "0123456789abcdef0123456789abcdef.1"


@pytest.fixture(scope="module")
def shelf(seaweed: SeaweedServer) -> S3Options:
    """A bucket in which nothing is ever locked."""
    return new_bucket(seaweed)


@pytest.fixture(params=["memory", "file", "s3", "s3-sealed"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    cipher = Cipher(bytes(32), CountingEntropy())
    if request.param == "memory":
        yield MemoryObjectStore()
    elif request.param == "file":
        yield FileObjectStore(tmp_path / "objects", cipher)
    else:
        options, sealing = request.getfixturevalue("shelf"), request.param == "s3-sealed"
        with closing(S3ObjectStore(options, cipher, CountingEntropy(), sealing=sealing)) as made:
            yield made
            for name in made.names():
                made.remove(name)


def test_what_was_put_is_got(objects: ObjectStore) -> None:
    objects.put_once(NAME, b"%PDF-1.7")
    objects.put_once(OTHER, b"")
    assert objects.get(NAME) == b"%PDF-1.7"
    assert objects.get(OTHER) == b""


def test_an_unknown_name_is_none(objects: ObjectStore) -> None:
    assert objects.get(NAME) is None


def test_the_same_bytes_again_are_no_error(objects: ObjectStore) -> None:
    objects.put_once(NAME, b"one")
    objects.put_once(NAME, b"one")
    assert objects.get(NAME) == b"one"


@pytest.mark.parametrize("other", [b"two", b"", b"one\n"])
def test_other_bytes_under_a_taken_name_are_refused(objects: ObjectStore, other: bytes) -> None:
    objects.put_once(NAME, b"one")
    with pytest.raises(Corrupt):
        objects.put_once(NAME, other)
    assert objects.get(NAME) == b"one"


def test_names_come_in_order_and_are_all(objects: ObjectStore) -> None:
    names = [f"{number:032x}.{number % 3}" for number in range(0, 2**128, 2**125)]
    for name in reversed(names):
        objects.put_once(name, name.encode())
    assert list(objects.names()) == sorted(names)


def test_a_removed_object_is_gone_and_removing_again_is_no_error(objects: ObjectStore) -> None:
    objects.put_once(NAME, b"one")
    objects.put_once(OTHER, b"two")
    objects.remove(NAME)
    objects.remove(NAME)
    assert objects.get(NAME) is None
    assert list(objects.names()) == [OTHER]
    objects.put_once(NAME, b"new")
    assert objects.get(NAME) == b"new"


@pytest.mark.parametrize("name", [
    "", "../../etc/passwd", NAME.upper(), NAME[:-2], NAME[1:], f"{NAME}\n", f"{NAME[:-1]}00",
    f"{NAME[:-1]}-1", f"{NAME[:-1]}١", f"a/{NAME}", f"{NAME}\x00", NAME[:-1], f"0{NAME}",
])  # fmt: skip
def test_only_object_names_are_names(objects: ObjectStore, name: str) -> None:
    for act in (
        lambda: objects.put_once(name, b"x"),
        lambda: objects.get(name),
        lambda: objects.remove(name),
    ):
        with pytest.raises(Unsupported):
            act()
    assert list(objects.names()) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=5000), st.integers(0, 2**128 - 1), st.integers(0, 999_999_999))
def test_any_bytes_under_any_name(
    objects: ObjectStore, content: bytes, key: int, revision: int
) -> None:
    name = f"{key:032x}.{revision}"
    objects.remove(name)
    objects.put_once(name, content)
    assert objects.get(name) == content


def test_batches_of_the_history_have_names_of_their_own(objects: ObjectStore) -> None:
    """They are no files of certificates, and nobody ever sweeps them."""
    names = ["history/0000000001.json", "history/0000000010.json"]
    for name in names:
        objects.put_once(name, name.encode())
        objects.put_once(name, name.encode())
    assert objects.get(names[1]) == names[1].encode()
    assert objects.get("history/0000000002.json") is None
    assert list(objects.batches()) == names
    assert list(objects.names()) == []
    with pytest.raises(Corrupt):
        objects.put_once(names[0], b"other")
    with pytest.raises(Unsupported):
        objects.remove(names[0])
    for strange in ("history/1.json", "history/00000000001.json", "history/../0000000001.json"):
        with pytest.raises(Unsupported):
            objects.get(strange)
