"""Brings the database of an earlier release back to life, on either engine."""

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic import command

from storage import Cipher, FileObjectStore
from storage.engines import EngineOptions, engines
from storage.migrations import configuration
from tests.fakes.world import CountingEntropy

_PARENTS = ("certificate_types", "type_versions", "intents", "certificates", "certificate_holders")


@dataclass(frozen=True)
class Release:
    revision: str
    kek: bytes
    tables: dict[str, list[dict[str, Any]]]
    expected: list[dict[str, Any]]
    files: dict[str, bytes]
    """Path inside the archive to octets."""

    @classmethod
    def read(cls, path: Path) -> "Release":
        with tarfile.open(path) as archive:
            files = {
                item.name: archive.extractfile(item).read() for item in archive if item.isfile()
            }
        said = json.loads(files.pop(f"{path.name.partition('.')[0]}.json"))
        return cls(
            said["revision"], bytes.fromhex(said["kek"]), said["tables"], said["expected"], files
        )

    def cipher(self) -> Cipher:
        return Cipher(self.kek, CountingEntropy())

    def fill(self, url: str) -> None:
        """The schema of that release in an empty database, and its rows."""
        made = engines(EngineOptions(url))
        with made.write.begin() as connection:
            command.upgrade(configuration(connection), self.revision)
        made.close()
        children = [name for name in sorted(self.tables) if name not in _PARENTS]
        with _driver(url) as run:
            for table in (*_PARENTS, *children):
                for row in self.tables[table]:
                    run(table, {name: _octets(value) for name, value in row.items()})

    def lay_out(self, folder: Path) -> FileObjectStore:
        """Its files, as they lay in the object folder."""
        store = FileObjectStore(folder, self.cipher())
        for path, octets in self.files.items():
            kind, name = path.split("/")
            if kind == "clear":
                store.put_once(name, octets)
            else:
                (folder / name[:2]).mkdir(exist_ok=True)
                (folder / name[:2] / name).write_bytes(octets)
        return store


def _octets(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


@contextmanager
def _driver(url: str) -> Iterator[Any]:
    """`run(table, row)` by the plain driver."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as lite, lite:
            yield lambda table, row: lite.execute(*_statement(table, row, "?"))
        return
    with psycopg.connect(url) as connection:
        flags = {
            (table, column)
            for table, column in connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE data_type = 'boolean' AND table_schema = 'public'"
            )
        }

        def run(table: str, row: dict[str, Any]) -> None:
            typed = {
                name: bool(value) if (table, name) in flags else value
                for name, value in row.items()
            }
            connection.execute(*_statement(table, typed, "%s"))

        yield run


def _statement(table: str, row: dict[str, Any], mark: str) -> tuple[Any, tuple[Any, ...]]:
    if table == "audit_head":  # the first schema founded it
        words = f"UPDATE audit_head SET sequence = {mark}, digest = {mark}"
        return _sent(words, mark), (row["sequence"], row["digest"])
    marks = ", ".join(mark for _ in row)
    words = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
    return _sent(words, mark), tuple(row.values())


def _sent(words: str, mark: str) -> Any:
    return words if mark == "?" else words.encode()
