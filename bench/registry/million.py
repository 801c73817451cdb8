"""The registry at 10,000 and at 1,000,000 certificates, beside the raw driver in the same run.

    python bench/registry/million.py [--rows 1000000] [--samples 2000] [--engine sqlite,postgresql]

Two thousand certificates are issued through the registry; the rest are copies of their rows made
by the engine itself, with identifiers, hashes and keys of their own, so that every table and index
has its real size. Status and search ask for certificates all over the table. p50 and p99 of:

- status by identifier (what `/v1/status` asks), beside one look-up by primary key with the driver;
- search by holder, beside the same join with the driver, nothing decrypted;
- issuing one certificate (two commits), beside two commits of one row with the driver;
- care of seals (`certlib seal-health`, and what the job asks), beside one count of all rows.
"""

import argparse
import mmap
import multiprocessing
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Self

import psycopg

from bench.registry.growth import SEEDS, Engine, grow, postgresql, sqlite
from bench.registry.run import issue
from certlib.document import Holder
from certlib.registry import SearchQuery
from storage import Cipher, EngineOptions, SqlRegistry, StatusReader
from storage.lookup import code_hash
from storage.migrations import upgrade
from tests.fakes import records
from tests.fakes.postgres import PostgresServer
from tests.fakes.world import CountingEntropy, FixedClock

MAP_LOCKED = 0x2000
"""Of mmap(2) on Linux; Python's own module does not name it."""
ROUNDS = 5
"""Of `samples` look-ups each; nothing is asked twice."""
FRESH = 2_000_000_000
"""Those issued while measuring lie beyond all copies."""
BUFFERS = "8GB"
"""Of PostgreSQL: what is read lies in it, as docs/operations.md asks for."""
LIMIT = 1.5
"""p99 of status at the larger size over that at the smaller one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=2_000)
    parser.add_argument("--engine", default="sqlite,postgresql")
    given = parser.parse_args()
    wanted = given.engine.split(",")
    with tempfile.TemporaryDirectory() as folder, _server(wanted) as server:
        for name in wanted:
            engine = sqlite(folder) if name == "sqlite" else postgresql(server)
            measure(engine, (given.small, given.rows), given.samples)


@contextmanager
def _server(wanted: list[str]) -> Iterator[Any]:
    if "postgresql" not in wanted:
        yield None
        return
    server = PostgresServer(durable=True, buffers=BUFFERS)
    try:
        yield server
    finally:
        server.stop()


def holder(number: int) -> Holder:
    return Holder(f"示例运输有限公司{number}", "001", f"91445202{number:010d}")


def measure(engine: Engine, sizes: tuple[int, int], samples: int) -> None:
    upgrade(engine.url)
    clock = FixedClock()
    options = EngineOptions(engine.url, timeout=1200)
    cipher = Cipher(bytes(32), CountingEntropy())
    registry = SqlRegistry(options, cipher, clock)
    with registry.begin() as unit:
        unit.put_type_version(*records.type_version())
        unit.commit()
    for start in range(1, SEEDS + 1, 100):
        issue(registry, list(range(start, start + 100)), holder)
    p99: list[float] = []
    have = SEEDS
    for size in sizes:
        started = time.perf_counter()
        # In a process of its own: what it leaves in this one's memory would be measured.
        growing = multiprocessing.get_context("spawn").Process(
            target=grow, args=(engine, options, have, size)
        )
        growing.start()
        growing.join()
        assert growing.exitcode == 0
        have = size
        print(
            f"{engine.name}: {size:,} certificates, {_octets(engine) / 1e9:.2f} GB "
            f"({time.perf_counter() - started:.0f} s to grow)"
        )
        p99.append(ask(engine, registry, options, cipher, size, samples))
    verdict = "within" if p99[1] <= LIMIT * p99[0] else "OVER"
    print(f"{engine.name}: p99 of status {p99[1] / p99[0]:.2f} times ({verdict} the limit {LIMIT})")
    registry.close()


def ask(
    engine: Engine,
    registry: SqlRegistry,
    options: EngineOptions,
    cipher: Cipher,
    size: int,
    samples: int,
) -> float:
    dice = random.Random(7)
    reader = StatusReader(options, FixedClock())
    anyone = lambda: [records.identifier(dice.randint(1, size)) for _ in range(samples)]  # noqa: E731
    with _in_memory(engine), _driver(engine) as raw:
        assert all(map(reader.status, anyone()))
        one = raw("SELECT state, valid_from, valid_to FROM certificates WHERE identifier = {}")
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(cuts(spent(reader.status, anyone())))
            bare.append(cuts(spent(one, anyone())))
        p99 = tell("status by identifier", *middle(ours))
        tell("  raw driver", *middle(bare))
        seeds = [dice.randint(1, SEEDS) for _ in range(samples // 3)]
        search = lambda number: _found(registry, holder(number))  # noqa: E731
        show("search by holder", spent(search, seeds))
        by_hash = raw(
            "SELECT c.* FROM certificates c JOIN certificate_holders h USING (identifier) "
            "WHERE h.code_hash = {}"
        )
        hashes = [code_hash(cipher, "001", holder(number).code) for number in seeds]
        show("  raw driver", spent(by_hash, hashes))
        fresh = count(FRESH + size)
        show("issue one (two commits)", spent(
            lambda _: issue(registry, [next(fresh)], holder), range(samples // 10)
        ))  # fmt: skip
        show("  raw driver, two commits of one row", spent(raw.two_commits, range(samples // 10)))
        ask_care(registry, raw)
    reader.close()
    return p99


def ask_care(registry: SqlRegistry, raw: "_driver") -> None:
    """The timetable of the whole stock, and what the job asks each time."""
    day = records.AT + timedelta(days=400)

    def timetable(_: int) -> None:
        with registry.read() as session:
            assert sum(group.files for group in session.seal_stock(day)) > 0

    def backlog(_: int) -> None:
        with registry.read() as session:
            session.care_backlog(records.AT)

    def lease(_: int) -> None:
        with registry.begin() as unit:
            assert unit.lease_seals(day, day + timedelta(hours=1), 100)
            # Nothing is kept: each time the same files are due.

    show("seal-health, the whole stock", spent(timetable, range(5)))
    counted = raw("SELECT count(*) FROM seal_care WHERE stored_at < {}")
    show("  raw driver, one count of all", spent(counted, [day.isoformat()] * 5))
    show("backlog of care, nothing due", spent(backlog, range(50)))
    show("lease of the first 100 due", spent(lease, range(20)))


@contextmanager
def _in_memory(engine: Engine) -> Iterator[None]:
    """All of it written and in memory, and kept there, as on a server that reads it all day.

    A virtual machine takes pages back that were not read for a minute: what would be measured then
    is its disk.
    """
    if engine.name == "sqlite":
        os.sync()
        # By another process: to close the file here would let go of SQLite's locks on it.
        apart = multiprocessing.get_context("spawn")
        ready, done = apart.Event(), apart.Event()
        path = engine.url.removeprefix("sqlite:///")
        holding = apart.Process(target=hold, args=(path, ready, done), daemon=True)
        holding.start()
        while not ready.wait(1):
            assert holding.is_alive(), "the file cannot be held in memory"
        try:
            yield
        finally:
            done.set()
            holding.join()
        return
    with psycopg.connect(engine.url, autocommit=True) as link:
        link.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        link.execute(
            "SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i') "
            "AND relnamespace = 'public'::regnamespace"
        )
        link.execute("CHECKPOINT")  # gigabytes are being written still
    os.sync()
    yield


def _octets(engine: Engine) -> int:
    """What all tables and indexes take."""
    if engine.name == "sqlite":
        return Path(engine.url.removeprefix("sqlite:///")).stat().st_size
    with psycopg.connect(engine.url) as link:
        (found,) = link.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    return int(found)


def hold(path: str, ready: Event, done: Event) -> None:
    """Keeps a file in memory until it is told that all is done."""
    with Path(path).open("rb") as file:
        try:
            held = mmap.mmap(
                file.fileno(), 0, flags=mmap.MAP_SHARED | MAP_LOCKED, prot=mmap.PROT_READ
            )
        except OSError as error:  # not root, and `ulimit -l` is smaller than the file
            print(f"    not locked in memory ({error.strerror}): read once instead")
            while file.read(1 << 20):
                pass
            held = None
        ready.set()
        done.wait()
        if held is not None:
            held.close()


def _found(registry: SqlRegistry, of: Holder) -> None:
    with registry.read() as session:
        assert session.search(SearchQuery(holder_code=of.code, holder_code_type=of.code_type))


class _driver:  # noqa: N801 - used as a function
    """A connection of the bare driver."""

    def __init__(self, engine: Engine) -> None:
        self._sqlite = engine.name == "sqlite"
        self._url = engine.url
        self._numbers = count()

    def __enter__(self) -> Self:
        self._link: Any = (
            sqlite3.connect(self._url.removeprefix("sqlite:///"), isolation_level=None)
            if self._sqlite
            else psycopg.connect(self._url, autocommit=True, prepare_threshold=1)
        )
        if self._sqlite:
            self._link.execute("PRAGMA synchronous=FULL")
        self._link.execute("CREATE TABLE IF NOT EXISTS bench_rows (id BIGINT PRIMARY KEY, v TEXT)")
        return self

    def __exit__(self, *_: object) -> None:
        self._link.execute("DROP TABLE bench_rows")
        self._link.close()

    def __call__(self, sql: str) -> Callable[[Any], Any]:
        statement = sql.format("?" if self._sqlite else "%s")
        return lambda value: self._link.execute(statement, (value,)).fetchall()

    def two_commits(self, _: int) -> None:
        mark = "?" if self._sqlite else "%s"
        for _ in range(2):
            self._link.execute(
                f"INSERT INTO bench_rows VALUES ({mark}, 'x')", (next(self._numbers),)
            )


def spent(act: Callable[[Any], Any], values: Any) -> list[float]:
    found = []
    for value in values:
        start = time.perf_counter()
        act(value)
        found.append(time.perf_counter() - start)
    return found


def cuts(seconds: list[float]) -> tuple[float, float]:
    """p50 and p99."""
    found = quantiles(seconds, n=100)
    return found[49], found[98]


def middle(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of each over the rounds: what else the machine does is in one or two of them."""
    return median(p50 for p50, _ in rounds), median(p99 for _, p99 in rounds)


def tell(what: str, p50: float, p99: float) -> float:
    print(f"    {what}: p50 {p50 * 1e6:,.0f} µs, p99 {p99 * 1e6:,.0f} µs")
    return p99


def show(what: str, seconds: list[float]) -> None:
    tell(what, *cuts(seconds))


if __name__ == "__main__":
    main()
