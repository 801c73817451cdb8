"""Many mutants: `make mutants N=1000000`, in parallel, and where it was stopped it goes on.

Usage: python -m tests.attacks.mutation [--count N] [--seed S] [--first K] [--jobs J]

What offends lies in `mutants/seed-S/`: the file, and its recipe beside it. `progress` there says up
to which number all is done; with `--first` it is not asked.
"""

import argparse
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from tests.attacks.mutation.invariants import Judge
from tests.attacks.mutation.making import mutant
from tests.attacks.mutation.originals import Originals

_CHUNK = 500
_TELL_SECONDS = 10.0
_FOLDER = Path("mutants")


@cache
def _judge(folder: Path) -> Judge:
    """Of this process: no two may share a database."""
    own = folder / str(os.getpid())
    own.mkdir()
    return Judge(Originals(own))


def _examined(chunk: tuple[Path, int, int, int]) -> tuple[int, int, list[tuple[int, str, str]]]:
    """Numbers from `first` to before `end` of a seed: number, recipe and offence of what offends."""
    folder, seed, first, end = chunk
    judge, found = _judge(folder), []
    for number in range(first, end):
        made = mutant(judge.files, seed, number)
        found += [(number, made.recipe, offence) for offence in judge.offences(made.pdf)]
    return first, end, found


def main() -> int:
    """Exit code 1 where anything offends."""
    warnings.simplefilter("ignore")  # of values in certificates, by cryptography
    asked = _arguments()
    folder = _FOLDER / f"seed-{asked.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    progress = folder / "progress"
    first = asked.first
    if first is None:
        first = int(progress.read_text()) if progress.exists() else 0
    print(
        f"mutants {first} to {asked.count} of seed {asked.seed}, {asked.jobs} at once", flush=True
    )
    tally = _Tally(first)
    with (
        tempfile.TemporaryDirectory(prefix="certlib-mutants-") as scratch,
        get_context("fork").Pool(asked.jobs) as pool,
        closing(tally),
    ):
        chunks = _chunks(Path(scratch), asked.seed, first, asked.count)
        for begin, end, found in pool.imap_unordered(_examined, chunks):
            for number, recipe, offence in found:
                made = mutant(_judge(Path(scratch)).files, asked.seed, number)
                _kept(folder, number, made.pdf, f"{offence}\n{recipe}\n")
                print(f"  {offence} | {recipe}", flush=True)
            progress.write_text(str(tally.add(begin, end, [item[2] for item in found])))
    return int(bool(tally.offences))


def _chunks(
    scratch: Path, seed: int, first: int, count: int
) -> Iterator[tuple[Path, int, int, int]]:
    for begin in range(first, count, _CHUNK):
        yield scratch, seed, begin, min(begin + _CHUNK, count)


def _kept(folder: Path, number: int, pdf: bytes, note: str) -> None:
    (folder / f"{number}.pdf").write_bytes(pdf)
    with (folder / f"{number}.txt").open("a") as notes:
        notes.write(note)


class _Tally:
    """How far it is, told now and then."""

    def __init__(self, first: int) -> None:
        self.offences: Counter[str] = Counter()
        self._began = self._told = time.monotonic()
        self._count, self._whole = 0, first
        self._ahead: dict[int, int] = {}

    def add(self, begin: int, end: int, offences: list[str]) -> int:
        """Up to which number all is done."""
        self.offences.update(offences)
        self._count += end - begin
        self._ahead[begin] = end
        while self._whole in self._ahead:
            self._whole = self._ahead.pop(self._whole)
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            self._say()
        return self._whole

    def close(self) -> None:
        self._say()
        for offence, count in self.offences.most_common():
            print(f"{count:8} {offence}")

    def _say(self) -> None:
        rate = self._count / max(0.001, time.monotonic() - self._began)
        total = sum(self.offences.values())
        print(f"up to {self._whole}: {rate:.0f} a second, {total} offences", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()
