"""Storage: tables, unit of work, object store, migrations."""

from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.objects import FileObjectStore
from storage.registry import SqlRegistry
from storage.status import StatusReader

__all__ = ["Cipher", "EngineOptions", "FileObjectStore", "SqlRegistry", "StatusReader"]
