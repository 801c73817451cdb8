"""Lanes run in turns, so that whatever disturbs the machine disturbs all of them alike.

The figure of a lane is its fastest round: a host that is shared can only make rounds slower.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


class UnavailableError(Exception):
    """Why there is no figure: `n/a` with this reason is a result."""


@dataclass
class Lane:
    """One thing that is measured: `spend(count)` does it so often and answers seconds."""

    name: str
    spend: Callable[[int], float] | None
    reason: str = ""
    warm: int = 3
    count: int = 1
    spent: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Of one operation, in the fastest round."""
        return min(self.spent) if self.spent else None

    @property
    def rate(self) -> float | None:
        """Operations a second."""
        return 1 / self.seconds if self.spent else None

    def __str__(self):
        if not self.spent:
            return f"{self.name:<52} {'n/a':>10}  {self.reason}"
        return f"{self.name:<52} {self.rate:>8,.0f}/s {self.seconds * 1000:>9.3f} ms  {self.reason}"


def in_process(work: Callable[[], object]) -> Callable[[int], float]:
    """The seconds that `count` calls of `work` take."""

    def spend(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            work()
        return time.perf_counter() - started

    return spend


def lane(name: str, make: Callable[[], Callable[[int], float]], **options) -> Lane:
    """A lane, or its reason not to run."""
    try:
        return Lane(name, make(), **options)
    except UnavailableError as error:
        return Lane(name, None, reason=str(error))


def run(lanes: list[Lane], rounds: int, seconds: float) -> None:
    """So many rounds of all lanes, each about `seconds` in each, begun by another one each time."""
    running = []
    for item in lanes:
        if item.spend is None:
            continue
        try:
            item.spend(item.warm)
            once = item.spend(max(1, item.warm)) / max(1, item.warm)
        except UnavailableError as error:
            item.reason, item.spend = str(error), None
            continue
        item.count = max(1, min(100_000, int(seconds / once)))
        running.append(item)
    for number in range(rounds):
        for place in range(len(running)):
            item = running[(place + number) % len(running)]
            item.spent.append(item.spend(item.count) / item.count)
