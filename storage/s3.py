"""Write-once objects in a bucket of an S3 store: versioned, locked once they are public.

    NAME           object, as on a file system; sealed by us as well when asked for
    history/N.json  sealed batch of the history
    probe/RANDOM   what a check of health writes and removes again

An object comes into being by a conditional write (`If-None-Match: *`), which never replaces
anything, and is read back before its name is given to anybody. Its digest stands beside it, so
that octets changed on the way or at rest are noticed. It is locked (`retain`) after its
certificate is published, not before: what a burned intent left can still be taken away.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention
from minio.sse import SseS3

from certlib.errors import Conflict, Corrupt, StoreUnavailable, Unsupported
from certlib.ports import Entropy
from storage.encryption import Cipher
from storage.objects import BATCH_NAME, OBJECT_NAME
from storage.s3_client import BucketClient, Found, S3Options, code_of, named_faults

Lock = Literal["compliance", "governance"]

ABSENT: Final = frozenset({"NoSuchKey", "NoSuchVersion"})
TAKEN: Final = frozenset({"PreconditionFailed"})
_AT_ONCE: Final = frozenset({"ConditionalRequestConflict", "OperationAborted"})
"""Two writes of one name at the same moment: one of them is asked to come again."""
_TRIES: Final = 3
_MODES: Final[Mapping[Lock, str]] = {"compliance": COMPLIANCE, "governance": GOVERNANCE}
_DIGEST: Final = "sha256"
_SEALED: Final = "sealed"
_PROBE: Final = b"certlib health check"


class S3ObjectStore:
    """Objects in a bucket that `storage.s3_bucket.check` has found fit.

    Args:
        options: which bucket, and as whom.
        cipher: seals each object before it is sent; None leaves encryption to the store.
            Reading opens what is sealed, whatever is asked for now.
        entropy: names of probes.
        lock: what `retain` sets.
    """

    def __init__(
        self,
        options: S3Options,
        cipher: Cipher,
        entropy: Entropy,
        *,
        sealing: bool = False,
        lock: Lock = "compliance",
    ) -> None:
        self._client = BucketClient(options)
        self._bucket = options.bucket
        self._cipher = cipher
        self._entropy = entropy
        self._sealing = sealing
        self._mode = _MODES[lock]

    def put_once(self, name: str, content: bytes) -> None:
        """Durable when it returns; the same bytes again are no error.

        Raises:
            Corrupt: other bytes lie under that name.
            StoreUnavailable: nothing is promised; `what` is the store's word for it.
            Unsupported: not an object name.
        """
        _checked(name)
        body, notes = self._packed(name, content)
        for _ in range(_TRIES):
            written = self._write(name, body, notes)
            if written is None:
                continue
            if not written:
                # By whoever was first: perhaps by ourselves, and only the answer was lost.
                if self.get(name) != content:
                    raise Corrupt(what="object")
                return
            self._read_back(name, written.get("x-amz-version-id"), content)
            return
        raise StoreUnavailable(what="ConditionalRequestConflict")

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there is no such object.

        Raises:
            Corrupt: twice in a row its octets are not those that were written.
            StoreUnavailable: the store does not answer.
            Unsupported: not an object name.
        """
        _checked(name)
        return self._got(name, None)

    def names(self) -> Sequence[str]:
        """All object names in order.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        with named_faults():
            listed = [str(item.object_name) for item in self._client.list_objects(self._bucket)]
        return sorted(name for name in listed if OBJECT_NAME.fullmatch(name))

    def batches(self) -> Sequence[str]:
        """Names of all batches of the history, in order; of those behind a delete marker too.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        with named_faults():
            names = self._client.ever("history/")
        return sorted(name for name in names if BATCH_NAME.fullmatch(name))

    def remove(self, name: str) -> None:
        """Sweeps an object that no row names, every version of it; an absent one is no error.

        Raises:
            Conflict: it is locked, so somebody has published it.
            StoreUnavailable: the store does not answer.
            Unsupported: not an object name.
        """
        if BATCH_NAME.fullmatch(name):
            raise Unsupported(what="object name")  # no batch is ever swept
        self._remove(_checked(name))

    def retain(self, name: str, until: datetime) -> None:
        """Locks a published object: nobody removes or replaces it before `until`.

        Asking again is no error, and never shortens a lock.

        Raises:
            StoreUnavailable: the store does not answer, or does not lock.
            Unsupported: not an object name.
        """
        _checked(name)
        with named_faults():
            self._client.set_object_retention(self._bucket, name, Retention(self._mode, until))

    def probe(self) -> None:
        """Writes, reads and removes an object of its own.

        Raises:
            StoreUnavailable: one of these does not work.
        """
        name = f"probe/{self._entropy.octets(16).hex()}"
        if not self._write(name, _PROBE, _notes(_PROBE, sealed="0")):
            raise StoreUnavailable(what="probe")
        try:
            if self._got(name, None) != _PROBE:
                raise StoreUnavailable(what="read-back")
        finally:
            self._remove(name)

    def sweep_temporaries(self, before: datetime | None = None) -> int:
        """Nothing to do: an interrupted write leaves nothing in a bucket."""
        del before
        return 0

    def close(self) -> None:
        """Closes idle connections."""
        self._client.close()

    def _packed(self, name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
        if not self._sealing:
            return content, _notes(content, sealed="0")
        sealed = self._cipher.seal_object(content, name)
        return sealed, _notes(sealed, sealed="1")

    def _write(self, name: str, body: bytes, notes: Mapping[str, str]) -> Mapping[str, str] | None:
        """The answer's headers; none of them when the name is taken; None: to be tried again."""
        with named_faults():
            try:
                return self._client.put_new(name, body, {**notes, **SseS3().headers()})
            except S3Error as error:
                if code_of(error) in TAKEN:
                    return {}
                if code_of(error) in _AT_ONCE:
                    return None
                raise

    def _read_back(self, name: str, version: str | None, content: bytes) -> None:
        """What was just written lies there as it was meant; otherwise it is taken away again."""
        try:
            whole = self._got(name, version) == content
        except Corrupt:
            whole = False
        if whole:
            return
        with named_faults():
            self._client.remove_object(self._bucket, name, version)
        raise StoreUnavailable(what="read-back")

    def _got(self, name: str, version: str | None) -> bytes | None:
        for _ in range(2):  # what was damaged on the way is whole the second time
            with named_faults():
                try:
                    found = self._client.fetch(name, version)
                except S3Error as error:
                    if code_of(error) in ABSENT:
                        return None
                    raise
            if found.note(_DIGEST) == hashlib.sha256(found.body).hexdigest():
                return self._opened(name, found)
        raise Corrupt(what="object")

    def _opened(self, name: str, found: Found) -> bytes:
        match found.note(_SEALED):
            case "0":
                return found.body
            case "1":
                return self._cipher.open_object(found.body, name)
            case _:
                raise Corrupt(what="object")

    def _remove(self, name: str) -> None:
        with named_faults():
            for version in self._client.versions(name):
                try:
                    self._client.remove_object(self._bucket, name, version)
                except S3Error:
                    if self._is_locked(name, version):
                        raise Conflict from None
                    raise

    def _is_locked(self, name: str, version: str) -> bool:
        try:
            found = self._client.get_object_retention(self._bucket, name, version)
        except S3Error:
            return False
        return found is not None


def _checked(name: str) -> str:
    if OBJECT_NAME.fullmatch(name) is None and BATCH_NAME.fullmatch(name) is None:
        raise Unsupported(what="object name")
    return name


def _notes(body: bytes, *, sealed: str) -> dict[str, str]:
    """Headers that let the store and a later reader notice changed octets."""
    md5 = hashlib.md5(body, usedforsecurity=False).digest()  # RFC 1864, against accidents only
    return {
        "Content-Type": "application/octet-stream",
        "Content-MD5": b64encode(md5).decode(),
        f"x-amz-meta-{_DIGEST}": hashlib.sha256(body).hexdigest(),
        f"x-amz-meta-{_SEALED}": sealed,
    }
