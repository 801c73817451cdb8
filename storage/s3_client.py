"""One bucket of an S3 store behind the few requests that we make, its faults translated.

Every request has a deadline and few retries. Whatever the library, the network or a damaged
answer raises becomes `StoreUnavailable` with a short stable word, and carries no address.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.response import BaseHTTPResponse

from certlib.errors import StoreUnavailable, StoreUnfit

_CHUNK: Final = 1 << 18
_MOST: Final = 1 << 26
"""Octets of an object that we are ready to read: four times the largest upload."""
_RETRIES: Final = 1
_CONNECT_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class S3Options:
    """Which bucket, and as whom.

    Attributes:
        endpoint: `https://host:port`; `http://` on a network of one's own.
        ca_file: PEM of the authority behind the endpoint; None takes the system's.
        timeout: seconds for one request with its answer.
    """

    endpoint: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_file: str | None = None
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it came: its octets, user metadata (lower case) and answer headers."""

    body: bytes
    headers: Mapping[str, str]

    def note(self, name: str) -> str:
        """User metadata of that name, "" when there is none."""
        return self.headers.get(f"x-amz-meta-{name}", "")


class BucketClient(Minio):
    """minio's client, with the request that it lacks: a write that never replaces.

    Args:
        anonymous: asks without credentials, to see what strangers may do.

    Raises:
        StoreUnfit: the address or the authority's file is none.
    """

    def __init__(self, options: S3Options, *, anonymous: bool = False) -> None:
        address = urlsplit(options.endpoint)
        if address.scheme not in {"http", "https"} or not address.netloc or address.path:
            raise StoreUnfit(
                what="地址应为 https://主机:端口", what_en="the endpoint is no https://host:port"
            )
        self.bucket = options.bucket
        self._timeout = options.timeout
        pool = urllib3.PoolManager(
            maxsize=32,
            timeout=urllib3.Timeout(
                connect=min(_CONNECT_SECONDS, options.timeout), read=options.timeout
            ),
            # A lost answer to a conditional write is told from a lost write by asking again.
            retries=urllib3.Retry(
                total=_RETRIES,
                redirect=False,
                backoff_factor=0.1,
                raise_on_status=False,
                status_forcelist=(500, 502, 503, 504),
            ),
            cert_reqs="CERT_REQUIRED",
            ca_certs=options.ca_file,
        )
        try:
            super().__init__(
                address.netloc,
                None if anonymous else options.access_key,
                None if anonymous else options.secret_key,
                secure=address.scheme == "https",
                region=options.region,
                http_client=pool,
            )
        except ValueError as error:
            raise StoreUnfit(
                what="地址或访问密钥有误", what_en="the endpoint or the access key is malformed"
            ) from error

    def put_new(self, name: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Writes an object that must not be there yet; the answer's headers.

        Raises:
            S3Error: `PreconditionFailed` when the name is taken.
        """
        answer = self._execute(
            "PUT",
            self.bucket,
            name,
            body=body,
            headers={**headers, "If-None-Match": "*"},
            no_body_trace=True,
        )
        return _lowered(answer.headers)

    def fetch(self, name: str, version: str | None = None) -> Found:
        """The whole object, within the deadline.

        Raises:
            S3Error: `NoSuchKey` when there is none.
            StoreUnavailable: too slow, or larger than any object of ours.
        """
        end = monotonic() + self._timeout
        answer = self.get_object(self.bucket, name, version_id=version)
        try:
            found = Found(_read(answer, end), _lowered(answer.headers))
        finally:
            # Not drained: a connection with a rest in it is of no use to anybody.
            answer.close()
            answer.release_conn()
        if found.headers.get("content-length") != str(len(found.body)):
            # An answer that was cut inside its head looks whole, and empty.
            raise StoreUnavailable(what="answer-cut")
        return found

    def versions(self, name: str) -> list[str]:
        """Every version that has this very name, delete markers too."""
        listed = self.list_objects(self.bucket, prefix=name, include_version=True)
        return [str(item.version_id) for item in listed if item.object_name == name]

    def ever(self, prefix: str) -> set[str]:
        """Names under which something was ever written, whatever hides it now."""
        listed = self.list_objects(self.bucket, prefix=prefix, recursive=True, include_version=True)
        return {str(item.object_name) for item in listed if not item.is_delete_marker}

    def close(self) -> None:
        """Closes idle connections."""
        self._http.clear()


def code_of(error: BaseException) -> str:
    """The store's own word for what happened, or ""."""
    return (error.code or "") if isinstance(error, S3Error) else ""


@contextmanager
def named_faults() -> Iterator[None]:
    """Runs the block; what the library raises becomes `StoreUnavailable`.

    Raises:
        StoreUnavailable: `what` is the store's error code or the fault's name.
    """
    try:
        yield
    except (MinioException, HTTPError, OSError, ET.ParseError, ValueError) as error:
        # The library's own words hold addresses and keys' names: they stay here.
        raise StoreUnavailable(what=_word(error)) from S3Fault(_word(error))


def server_time(options: S3Options) -> datetime | None:
    """What time the store says it is, to the second; None when it does not say.

    Raises:
        StoreUnavailable: it does not answer.
    """
    # Not signed: a store refuses what is signed by a clock that is far off.
    with (
        named_faults(),
        urllib3.PoolManager(
            timeout=options.timeout, retries=False, ca_certs=options.ca_file
        ) as pool,
    ):
        said = pool.request("HEAD", options.endpoint).headers.get("Date", "")
        return parsedate_to_datetime(said).astimezone(UTC) if said else None


class S3Fault(Exception):
    """The cause of a translated error, without anything but its name."""


def _word(error: BaseException) -> str:
    if isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    return code_of(error) or type(error).__name__


def _read(answer: BaseHTTPResponse, end: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := answer.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MOST:
            raise StoreUnavailable(what="object-too-large")
        if monotonic() > end:
            raise StoreUnavailable(what="object-too-slow")
    return b"".join(parts)


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
