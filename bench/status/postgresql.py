"""Public status over HTTP on PostgreSQL, two workers, beside a bare asyncpg loop in the same run.

Both ask the same server the same question for 300 demo certificates in turn: wrk over HTTP with 16
connections from the same two cores, the loop (one process on uvloop) with 16 to the database,
doing nothing with what it gets. The limit that counts: at least 55 % of the loop. Needs Debian's
wrk.
Usage: python bench/status/postgresql.py [--seconds 6] [--rounds 3]
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

from bench.status.run import paths_script, wrk
from certlib.calendar import legal_day
from storage.status_sql import UNTOUCHED_SQL
from tests.acceptance.node_process import NodeProcess
from tests.fakes.profiles import Servers

CONNECTIONS = 16
LIMIT = 0.55
QUERY = UNTOUCHED_SQL.replace(":identifier", "$1").replace(":today", "$2")


async def _loop(url: str, identifiers: list[str], seconds: float) -> float:
    """Look-ups a second of a loop that does nothing else."""
    done = 0
    today = legal_day(datetime.now(UTC))
    names = itertools.cycle(identifiers)
    connections = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    end = time.perf_counter() + seconds

    async def ask(connection: asyncpg.Connection) -> None:
        nonlocal done
        statement = await connection.prepare(QUERY)
        while time.perf_counter() < end:
            await statement.fetchrow(next(names), today)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(ask(connection) for connection in connections))
    rate = done / (time.perf_counter() - started)
    for connection in connections:
        await connection.close()
    return rate


@contextmanager
def _served() -> Iterator[tuple[NodeProcess, str]]:
    """A node with the demo on real servers, and the address of its database."""
    servers = Servers()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder, database = Path(scratch), servers.database()
            stores = servers.environment(folder / "secrets", database, servers.bucket())
            stores |= {"CERTLIB_WORKERS": "2", "CERTLIB_RATE_PUBLIC": "10000000"}
            node = NodeProcess(folder / "var", stores=stores)
            node.run("init")
            node.run("demo")
            node.start()
            try:
                yield node, servers.postgres.url(database)
            finally:
                node.stop()
    finally:
        servers.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ours, bare = [], []
    with _served() as (node, database), tempfile.TemporaryDirectory() as scratch:
        names = [name for found in node.demo()["identifiers"].values() for name in found]
        script = paths_script(Path(scratch), names)
        wrk(node.url, 2, script, CONNECTIONS)
        for _ in range(given.rounds):
            ours.append(wrk(node.url, given.seconds, script, CONNECTIONS))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                bare.append(runner.run(_loop(database, names, given.seconds)))
    status = statistics.median(rate for rate, _ in ours)
    loop = statistics.median(bare)
    verdict = "ok" if status / loop >= LIMIT else "UNDER THE LIMIT"
    print(f"status, PostgreSQL, two workers: {status:,.0f}/s (p99 {ours[-1][1]})")
    print(f"bare asyncpg loop, {CONNECTIONS} connections: {loop:,.0f}/s")
    print(f"ratio {status / loop:.2f} (limit {LIMIT}: {verdict})")


if __name__ == "__main__":
    main()
