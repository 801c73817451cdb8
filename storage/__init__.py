"""Storage: tables, unit of work, object store, migrations."""

from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.objects import FileObjectStore
from storage.registry import SqlRegistry
from storage.s3 import S3ObjectStore
from storage.s3_client import S3Options
from storage.status import StatusReader

__all__ = [
    "Cipher",
    "EngineOptions",
    "FileObjectStore",
    "S3ObjectStore",
    "S3Options",
    "SqlRegistry",
    "StatusReader",
]
