"""One answer for several processes: a scrape reaches any of them, and must tell of all.

Each process leaves its own figures in a file every few seconds; whoever is asked adds its own,
live, to what the others left. The label `process` keeps their series apart, so that counters only
ever grow, as Prometheus expects.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

_LABEL: Final = "process"


class Shared:
    """The figures of one process among several.

    Args:
        folder: common to the processes of one server.
        number: this process's, from 1.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number

    def leave(self, own: CollectorRegistry) -> None:
        """Writes this process's figures for the others, in one step."""
        path = self._folder / f"{self._number}.prom"
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(generate_latest(own))
        os.replace(unfinished, path)  # noqa: PTH105 - the one step

    def text(self, own: CollectorRegistry) -> bytes:
        """Prometheus text of all processes: this one's as of now."""
        texts = {self._number: generate_latest(own).decode()}
        for path in self._folder.glob("*.prom"):
            with suppress(OSError, ValueError):
                texts.setdefault(int(path.stem), path.read_text("utf-8"))
        merged = CollectorRegistry()
        merged.register(_Merged(texts))
        return generate_latest(merged)


class _Merged(Collector):
    def __init__(self, texts: dict[int, str]) -> None:
        self._texts = texts

    def collect(self) -> Iterable[Metric]:
        """Families by name, each sample under its process."""
        families: dict[str, Metric] = {}
        for number, text in sorted(self._texts.items()):
            for found in text_string_to_metric_families(text):
                family = families.setdefault(
                    found.name, Metric(found.name, found.documentation, found.type)
                )
                for sample in _of_process(found, number):
                    family.samples.append(sample)
        return families.values()


def _of_process(family: Metric, number: int) -> Iterator[Sample]:
    for sample in family.samples:
        yield sample._replace(labels={**sample.labels, _LABEL: str(number)})
