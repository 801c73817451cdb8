"""The bucket of an S3 store, read without the store's code: KEY is the object's name.

Two notes stand beside the octets: `sha256` of what is stored, and `sealed`, which says whether
that is a ciphertext as on a file system or the file itself.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from api.audit.objects import BATCH, OBJECT, Stored
from api.audit.report import CannotAudit

_PROBE = "probe/"
"""What health checks write and remove; not objects."""
_HISTORY = "history/"
_SECONDS = 30
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is, and who may read it."""

    endpoint: str
    name: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    ca_file: str | None = None


class ObjectBucket:
    """Objects in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        address = urlsplit(bucket.endpoint)
        pool = urllib3.PoolManager(
            timeout=_SECONDS, retries=2, cert_reqs="CERT_REQUIRED", ca_certs=bucket.ca_file
        )
        self._name = bucket.name
        self._client = Minio(
            address.netloc,
            bucket.access_key,
            bucket.secret_key,
            secure=address.scheme == "https",
            region=bucket.region,
            http_client=pool,
        )

    def names(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Names of all objects, and keys of what is no object at all.

        Raises:
            CannotAudit: the bucket cannot be listed.
        """
        with _answering():
            keys = [
                str(item.object_name)
                for item in self._client.list_objects(self._name, recursive=True)
            ]
        found = frozenset(key for key in keys if OBJECT.fullmatch(key))
        known = (key for key in keys if key not in found and not key.startswith(_PROBE))
        return found, tuple(sorted(key for key in known if not BATCH.fullmatch(key)))

    def batches(self) -> Mapping[str, Sequence[str]]:
        """Sealed batches with their versions; those behind a delete marker too.

        Raises:
            CannotAudit: the bucket cannot be listed.
        """
        found: dict[str, list[str]] = {}
        with _answering():
            listed = self._client.list_objects(
                self._name, prefix=_HISTORY, recursive=True, include_version=True
            )
            for item in listed:
                name = str(item.object_name)
                if BATCH.fullmatch(name) and not item.is_delete_marker:
                    found.setdefault(name, []).append(str(item.version_id))
        return found

    def read(self, name: str, version: str = "") -> Stored | None:
        """What lies under a name, perhaps an older version; None when nothing does.

        Raises:
            CannotAudit: it is there and cannot be read.
        """
        if not OBJECT.fullmatch(name) and not BATCH.fullmatch(name):
            return None
        with _answering():
            try:
                answer = self._client.get_object(self._name, name, version_id=version or None)
            except S3Error as error:
                if error.code in _ABSENT:
                    return None
                raise
            try:
                octets = answer.read()
                notes = {key.lower(): value for key, value in answer.headers.items()}
            finally:
                answer.close()
                answer.release_conn()
        whole = notes.get("x-amz-meta-sha256") == hashlib.sha256(octets).hexdigest()
        sealed = notes.get("x-amz-meta-sealed")
        return Stored(
            octets=octets,
            sealed=sealed == "1",
            damaged=not whole or sealed not in {"0", "1"},
            locked="x-amz-object-lock-mode" in notes,
        )

    def unfinished(self) -> Iterable[tuple[str, datetime]]:
        """What health checks write and remove.

        Raises:
            CannotAudit: the bucket cannot be listed.
        """
        with _answering():
            kept = list(self._client.list_objects(self._name, prefix=_PROBE, recursive=True))
        return [
            (str(item.object_name), item.last_modified)
            for item in kept
            if item.last_modified is not None
        ]


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (MinioException, HTTPError, OSError, ValueError) as error:
        # The library's own words hold addresses and keys' names.
        name = getattr(error, "code", None) or type(error).__name__
        raise CannotAudit(
            f"无法读取存储桶（{name}）。", f"The bucket cannot be read ({name})."
        ) from None
