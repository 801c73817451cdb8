"""A profile is a database and an object store: SQLite with a folder, or PostgreSQL with a bucket.

Which one it is, the options alone say; what stands above sees the same ports.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from certlib.ports import Clock, Entropy
from storage import roles, s3_bucket
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.migrations import holds_intents, upgrade
from storage.objects import FileObjectStore
from storage.registry import SqlRegistry
from storage.s3 import Lock, S3ObjectStore
from storage.s3_client import S3Options
from storage.status import StatusReader

__all__ = [
    "BucketOptions",
    "StoreOptions",
    "Stores",
    "apply_roles",
    "check_bucket",
    "is_founded",
    "make_bucket",
    "migrate",
    "open_stores",
]


_STATUS_SECONDS: Final = 3.0
"""A look-up that takes longer helps nobody at a counter."""


@dataclass(frozen=True, slots=True)
class BucketOptions:
    """A bucket and how it is used.

    Attributes:
        sealed: objects are sealed by us too before they are sent.
        lock: what a published object is locked with.
    """

    s3: S3Options
    sealed: bool = False
    lock: Lock = "compliance"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where the record and the files are.

    Attributes:
        database: URL of the service's own login.
        migration: URL of the owner's login, who alone may change the schema; "" is `database`.
        status: URL of a login that sees what the public look-up tells; "" is `database`.
        folder: objects on a file system, used when there is no bucket.
    """

    database: str = field(repr=False)
    folder: Path
    migration: str = field(default="", repr=False)
    status: str = field(default="", repr=False)
    bucket: BucketOptions | None = None

    @property
    def embedded(self) -> bool:
        """Whether one process alone may write: there is one writer per SQLite file."""
        return EngineOptions(self.database).address.get_backend_name() == "sqlite"


@dataclass(frozen=True, slots=True)
class Stores:
    """An open profile."""

    registry: SqlRegistry
    objects: FileObjectStore | S3ObjectStore
    status: StatusReader


def migrate(options: StoreOptions) -> None:
    """Brings the schema to this release.

    Raises:
        Corrupt: the schema is one that this release does not know.
        StoreUnavailable: the database does not answer.
        StoreUnfit: the login has not the rights for it.
    """
    upgrade(options.migration or options.database)


def is_founded(options: StoreOptions) -> bool:
    """Whether the database holds anything that a key-encryption key has sealed.

    Raises:
        StoreUnavailable: it does not answer.
    """
    return holds_intents(options.database)


def apply_roles(options: StoreOptions) -> None:
    """Makes the groups of least rights and grants them what they need; again changes nothing.

    Raises:
        StoreUnfit: the record is no PostgreSQL, or the owner's login may not do it.
        StoreUnavailable: the database does not answer.
    """
    roles.apply(options.migration or options.database)


def make_bucket(options: StoreOptions) -> None:
    """Makes the bucket where there is none.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: the login has not the rights for it.
    """
    if options.bucket is not None:
        s3_bucket.prepare(options.bucket.s3)


def check_bucket(options: StoreOptions, entropy: Entropy) -> None:
    """What opening the profile asks of a bucket; nothing where there is none.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: the bucket is not as it must be.
    """
    if options.bucket is not None:
        s3_bucket.check(options.bucket.s3, entropy, encrypted_by_us=options.bucket.sealed)


def open_stores(
    options: StoreOptions, cipher: Cipher, clock: Clock, entropy: Entropy, stack: ExitStack
) -> Stores:
    """Opens a migrated profile and checks that it is fit and that the key belongs to it.

    Args:
        options: where everything is.
        cipher: made with the key-encryption key.
        clock: for the registry.
        entropy: for names of probes.
        stack: closes what was opened.

    Raises:
        KeyUnusable: what is stored does not open with this key.
        StoreUnavailable: a store does not answer.
        StoreUnfit: the bucket is not as it must be.
    """
    engine = EngineOptions(options.database)
    registry = SqlRegistry(engine, cipher, clock, locking=options.bucket is not None)
    stack.callback(registry.close)
    registry.check_key()
    registry.take_baseline()
    public = EngineOptions(options.status or options.database, timeout=_STATUS_SECONDS)
    status = StatusReader(public, clock)
    stack.callback(status.close)
    objects = _objects(options, cipher, entropy)
    stack.callback(objects.close)
    return Stores(registry, objects, status)


def _objects(
    options: StoreOptions, cipher: Cipher, entropy: Entropy
) -> FileObjectStore | S3ObjectStore:
    bucket = options.bucket
    if bucket is None:
        return FileObjectStore(options.folder, cipher)
    check_bucket(options, entropy)
    return S3ObjectStore(bucket.s3, cipher, entropy, sealing=bucket.sealed, lock=bucket.lock)
