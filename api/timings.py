"""How long pages, seals and readings take, measured around the adapters that make them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prometheus_client import Histogram

from api.readings import Readings
from api.signing_figures import SigningFigures
from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.errors import Problem
from certlib.ports import DesignDigests, DocumentSealer, PageOrder, Renderer, SealedDocument

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Timings:
    """Figures of one process, taken around adapters; `api.metrics.Metrics` tells of them."""

    def __init__(self) -> None:
        self.render = Histogram(
            "certlib_render_seconds", "Making a page", buckets=_BUCKETS, registry=None
        )
        self.seal = Histogram(
            "certlib_seal_seconds", "Sealing a page", buckets=_BUCKETS, registry=None
        )
        self.readings = Readings()
        self.signing = SigningFigures()


class TimedRenderer:
    """A `certlib.ports.Renderer` with a watch."""

    def __init__(self, renderer: Renderer, timings: Timings) -> None:
        self._renderer = renderer
        self._timings = timings

    def render(self, order: PageOrder) -> bytes:
        """The unsealed PDF; raises as the renderer does."""
        with self._timings.render.time():
            return self._renderer.render(order)

    def unprintable(self, text: str) -> str:
        """The first character of `text` that no font can draw, or ""."""
        return self._renderer.unprintable(text)

    def problems(self, fields: Mapping[str, Any], version: TypeVersion) -> Sequence[Problem]:
        """What the page would refuse of fields that pass their schema."""
        return self._renderer.problems(fields, version)

    def digests(self, design: str) -> DesignDigests:
        """What the design is made of."""
        return self._renderer.digests(design)


class TimedSealer:
    """A `certlib.ports.DocumentSealer` with a watch."""

    def __init__(self, sealer: DocumentSealer, timings: Timings) -> None:
        self._sealer = sealer
        self._timings = timings

    def seal(self, pdf: bytes, content: Content, level: str = "B-T") -> SealedDocument:
        """The sealed PDF; raises as the sealer does."""
        with self._timings.seal.time():
            return self._sealer.seal(pdf, content, level)
