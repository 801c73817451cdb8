"""Is this bucket fit to keep certificates? Asked at every start, by trying more than by reading.

A bucket that anybody may read, that forgets versions or that overwrites in spite of
`If-None-Match` would look well until the day it matters.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.sse import SseS3
from minio.versioningconfig import VersioningConfig

from certlib.errors import StoreUnfit
from certlib.ports import Entropy
from storage.s3 import TAKEN
from storage.s3_client import BucketClient, S3Options, code_of, named_faults

__all__ = ["check", "prepare"]

_BODY: Final = b"certlib start-up check"
_HEADERS: Final = {
    "Content-Type": "application/octet-stream",
    "Content-MD5": b64encode(hashlib.md5(_BODY, usedforsecurity=False).digest()).decode(),
    **SseS3().headers(),
}
_REFUSED: Final = frozenset(
    {"AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
)
_NO_LOCK: Final = frozenset({"InvalidBucketState", "ObjectLockConfigurationNotFoundError"})
_OWNED: Final = frozenset({"BucketAlreadyOwnedByYou"})


def prepare(options: S3Options) -> None:
    """Makes the bucket when it is not there: versioned, with object lock, private.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: these credentials may not make it.
    """
    client = BucketClient(options)
    with _asking():
        if not client.bucket_exists(options.bucket):
            try:
                client.make_bucket(options.bucket, options.region, object_lock=True)
            except S3Error as error:
                if code_of(error) not in _OWNED:  # another process was faster
                    raise
            client.set_bucket_versioning(options.bucket, VersioningConfig(ENABLED))
    client.close()


def check(options: S3Options, entropy: Entropy, *, encrypted_by_us: bool) -> None:
    """Tries what the library relies on.

    Args:
        options: which bucket, and as whom.
        entropy: the name of what is written for a moment.
        encrypted_by_us: objects are sealed before they are sent: the store need not encrypt.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: names the first thing that is missing.
    """
    client, stranger = BucketClient(options), BucketClient(options, anonymous=True)
    with _asking():
        _check_settings(client)
        name = f"probe/{entropy.octets(16).hex()}"
        written = client.put_new(name, _BODY, _HEADERS)
        try:
            if written.get("x-amz-server-side-encryption") is None and not encrypted_by_us:
                raise StoreUnfit(
                    what="未启用服务端加密（SSE-S3）",
                    what_en="the store does not encrypt at rest (SSE-S3)",
                )
            _check_conditional(client, name)
            _check_strangers(stranger, name)
        finally:
            for version in client.versions(name):
                client.remove_object(options.bucket, name, version)
    client.close()
    stranger.close()


def _check_settings(client: BucketClient) -> None:
    if not client.bucket_exists(client.bucket):
        raise StoreUnfit(
            what="存储桶不存在，请先运行 certlib init",
            what_en="there is no such bucket, run certlib init first",
        )
    if client.get_bucket_versioning(client.bucket).status != ENABLED:
        raise StoreUnfit(what="未启用版本控制", what_en="versioning is off")
    try:
        config = client.get_object_lock_config(client.bucket)
    except S3Error as error:
        if code_of(error) in _NO_LOCK:
            raise StoreUnfit(what="未启用对象锁定", what_en="object lock is off") from None
        raise
    if config.mode is not None:
        # It would lock what is not yet public, and a burned intent's file could not be removed.
        raise StoreUnfit(
            what="设有默认保留期，请取消（发布时由本系统逐个锁定）",
            what_en="it has a default retention: remove it, files are locked when published",
        )


def _check_conditional(client: BucketClient, name: str) -> None:
    try:
        client.put_new(name, _BODY, _HEADERS)
    except S3Error as error:
        if code_of(error) in TAKEN:
            return
        raise
    raise StoreUnfit(
        what="不支持条件写入（If-None-Match）",
        what_en="it does not honour conditional writes (If-None-Match)",
    )


def _check_strangers(stranger: BucketClient, name: str) -> None:
    """Nobody without credentials may list, read or write."""
    acts: tuple[Callable[[], object], ...] = (
        lambda: list(stranger.list_objects(stranger.bucket, prefix=name)),
        lambda: stranger.fetch(name),
        lambda: stranger.put_new(f"{name}.stranger", _BODY, _HEADERS),
    )
    for act in acts:
        try:
            act()
        except S3Error as error:
            if code_of(error) in _REFUSED:
                continue
            raise
        raise StoreUnfit(what="可匿名访问", what_en="anybody may use it without credentials")


@contextmanager
def _asking() -> Iterator[None]:
    with named_faults():
        try:
            yield
        except S3Error as error:
            if code_of(error) not in _REFUSED:
                raise
            raise StoreUnfit(
                what="访问密钥有误或权限不足",
                what_en="the access key is wrong or lacks rights (docs/operations.md)",
            ) from None
