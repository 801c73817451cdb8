"""Draws the engraved grounds of the page designs: guilloche frames and rosettes as small SVG.

Usage: python scripts/make_guilloche.py [DESIGNS_FOLDER]

The files are committed; run this again only to change them. Every line is one closed curve, given
as cubic Bézier segments whose tangents are those of the curve itself (Hermite form), so a dozen
numbers carry what a polyline would need hundreds for. Units are millimetres.
"""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Point = tuple[float, float]
Curve = Callable[[float], Point]
_TAU = 2 * math.pi
_PER_MILLIMETRE = 33


def closed_path(curve: Curve, segments: int) -> str:
    """SVG path data of the closed `curve` over [0, 1), in `segments` cubic pieces."""
    step = 1 / segments
    points = [curve(i * step) for i in range(segments)]
    slopes = [_slope(curve, i * step, step / 200) for i in range(segments)]
    x, y = (_units(value) for value in points[0])
    parts = [f"M{x} {y}"]
    for i in range(segments):
        start, out = points[i], slopes[i]
        end, into = points[(i + 1) % segments], slopes[(i + 1) % segments]
        bend = step / 3
        marks = (
            (start[0] + out[0] * bend, start[1] + out[1] * bend),
            (end[0] - into[0] * bend, end[1] - into[1] * bend),
            end,
        )
        parts.append("C" + " ".join(f"{_units(px)} {_units(py)}" for px, py in marks))
    return "".join(parts) + "z"


def _slope(curve: Curve, t: float, nudge: float) -> Point:
    (x0, y0), (x1, y1) = curve(t - nudge), curve(t + nudge)
    return (x1 - x0) / (2 * nudge), (y1 - y0) / (2 * nudge)


def _units(millimetres: float) -> int:
    """Whole units of the image: the page carries the numbers as they stand here."""
    return round(millimetres * _PER_MILLIMETRE)


@dataclass(frozen=True)
class RoundedFrame:
    """A rounded rectangle as the line a ribbon follows.

    One way round is counted in waves: `across` of them from the middle of the upper left corner to
    that of the upper right one, `down` of them to the next, so that all four corners look alike.
    """

    left: float
    top: float
    width: float
    height: float
    radius: float
    across: int = 1
    down: int = 1

    @property
    def length(self) -> float:
        """Millimetres round."""
        return 2 * (self.width + self.height) - (8 - _TAU) * self.radius

    @property
    def waves(self) -> int:
        """Waves round."""
        return 2 * (self.across + self.down)

    def at(self, t: float) -> tuple[Point, Point]:
        """Point and outward normal at the share `t` of the waves round."""
        wave = (t % 1) * self.waves
        side = 0
        while wave >= (self.down if side % 2 else self.across):
            wave -= self.down if side % 2 else self.across
            side += 1
        share = wave / (self.down if side % 2 else self.across)
        return self._on_side(side, share)

    def _on_side(self, side: int, share: float) -> tuple[Point, Point]:
        """Half a corner, a straight side, half a corner; turned into place."""
        r = self.radius
        half = (self.height if side % 2 else self.width) / 2
        depth = (self.width if side % 2 else self.height) / 2
        straight, arc = half - r, r * math.pi / 4
        way = (2 * share - 1) * (straight + arc)
        turn = math.copysign(max(0.0, abs(way) - straight) / r, way)
        along = max(-straight, min(straight, way)) + r * math.sin(turn)
        out = depth - r + r * math.cos(turn)
        angle = side * math.pi / 2
        dx, dy = math.cos(angle), math.sin(angle)
        x = self.left + self.width / 2 + along * dx + out * dy
        y = self.top + self.height / 2 + along * dy - out * dx
        normal = angle - math.pi / 2 + turn
        return (x, y), (math.cos(normal), math.sin(normal))

    def offset(self, distance: Callable[[float], float]) -> Curve:
        """The curve that runs `distance(t)` outside this frame."""

        def curve(t: float) -> Point:
            (x, y), (nx, ny) = self.at(t)
            d = distance(t)
            return x + nx * d, y + ny * d

        return curve

    def rectangle(self, grow: float) -> str:
        """SVG rectangle `grow` millimetres outside."""
        radius = max(0.0, self.radius + grow)
        return (
            f'<rect x="{_units(self.left - grow)}" y="{_units(self.top - grow)}"'
            f' width="{_units(self.width + 2 * grow)}"'
            f' height="{_units(self.height + 2 * grow)}" rx="{_units(radius)}"/>'
        )


def stroke(paths: list[str], colour: str, width: float) -> str:
    """One SVG path element of several closed curves."""
    return f'<path d="{"".join(paths)}" stroke="{colour}" stroke-width="{_units(width)}"/>'


@dataclass(frozen=True)
class Weave:
    """Equal waves, each turned a little further, that together make a woven band.

    Attributes:
        inner: nearest reach, millimetres (from the centre, or from the frame's line).
        outer: farthest reach.
        waves: waves on the way round.
        strands: how many turned copies.
        lobes: how often the whole band swells on the way round.
        swell: by which share it swells.
    """

    inner: float
    outer: float
    waves: int
    strands: int
    lobes: int = 0
    swell: float = 0.0

    def reach(self, t: float, strand: int) -> float:
        """The reach of one strand at the share `t` of the way round."""
        middle, depth = (self.inner + self.outer) / 2, (self.outer - self.inner) / 2
        wave = math.sin(_TAU * (self.waves * t + strand / self.strands))
        return (middle + depth * wave) * (1 + self.swell * math.cos(_TAU * self.lobes * t))


def rosette(centre: Point, weave: Weave) -> list[str]:
    """The weave round a centre."""

    def strand(k: int) -> Curve:
        def curve(t: float) -> Point:
            reach = weave.reach(t, k)
            return centre[0] + reach * math.cos(_TAU * t), centre[1] + reach * math.sin(_TAU * t)

        return curve

    # Whole pieces in every lobe, or the lobes come out uneven.
    pieces = weave.lobes * 4 or weave.waves * 5
    pieces = max(pieces, weave.lobes * round(weave.waves * 4 / weave.lobes) if weave.lobes else 0)
    return [closed_path(strand(k), pieces) for k in range(weave.strands)]


def band(frame: RoundedFrame, weave: Weave, pieces: int = 4) -> list[str]:
    """The weave along a frame."""

    def strand(k: int) -> Curve:
        return frame.offset(lambda t: weave.reach(t, k))

    return [closed_path(strand(k), weave.waves * pieces) for k in range(weave.strands)]


def rule(frame: RoundedFrame, grow: float, colour: str, width: float, beads: float = 0) -> str:
    """A line `grow` millimetres outside the frame; with `beads`, dots that far apart."""
    dashes = ""
    if beads:
        length = RoundedFrame(
            frame.left - grow,
            frame.top - grow,
            frame.width + 2 * grow,
            frame.height + 2 * grow,
            max(0.0, frame.radius + grow),
        ).length
        pitch = length / round(length / beads)  # a whole number of beads: no seam where it closes
        dashes = f' stroke-dasharray="0 {_units(pitch)}" stroke-linecap="round"'
    return (
        f'<g stroke="{colour}" stroke-width="{_units(width)}"{dashes}>{frame.rectangle(grow)}</g>'
    )


@dataclass(frozen=True)
class Colours:
    """From paper to the darkest line; the designs exchange them for those of another palette."""

    paper: str
    whisper: str
    light: str
    middle: str
    dark: str


BRONZE = Colours("#fffdf7", "#f1e4c8", "#cfae5e", "#b98f3a", "#a0762a")
GREEN = Colours("#fbfefc", "#dcefe5", "#8fc7ab", "#5aa884", "#2f7d5c")
BLUE = Colours("#fbfdfe", "#dde8f2", "#9dbbd8", "#6a94bd", "#3d6d99")


@dataclass(frozen=True)
class Ground(ABC):
    """One ground: page in millimetres, colours, the rosette in its middle, waves of its frame."""

    colours: Colours
    width: float
    height: float
    across: int
    down: int
    flower: tuple[Weave, ...]
    middle: Point

    @abstractmethod
    def drawing(self) -> str:
        """The SVG."""


class CertificateGround(Ground):
    """A4: woven frame between rules and beads, a large pale rosette."""

    def drawing(self) -> str:
        """The SVG."""
        colours = self.colours
        frame = RoundedFrame(
            13, 13, self.width - 26, self.height - 26, 8.5, across=self.across, down=self.down
        )
        ribbon = Weave(-3.3, 3.3, frame.waves, 6)
        counter = Weave(-1.5, 1.5, frame.waves * 2, 3)
        return _svg(
            self,
            *(stroke(rosette(self.middle, weave), colours.whisper, 0.15) for weave in self.flower),
            stroke(band(frame, ribbon, 4), colours.light, 0.16),
            stroke(band(frame, counter, 2), colours.middle, 0.12),
            rule(frame, 5.7, colours.dark, 0.6),
            rule(frame, 4.75, colours.middle, 0.5, beads=1.1),
            rule(frame, 3.8, colours.dark, 0.15),
            rule(frame, -3.8, colours.dark, 0.15),
            rule(frame, -4.75, colours.middle, 0.5, beads=1.1),
            rule(frame, -5.7, colours.dark, 0.35),
        )


class SheetGround(Ground):
    """Further sheets of a certificate: the same weave, narrow, and no rosette under the lines."""

    def drawing(self) -> str:
        """The SVG."""
        colours = self.colours
        frame = RoundedFrame(
            11, 11, self.width - 22, self.height - 22, 4, across=self.across, down=self.down
        )
        return _svg(
            self,
            stroke(band(frame, Weave(-1.3, 1.3, frame.waves, 4), 3), colours.light, 0.14),
            rule(frame, 2.3, colours.dark, 0.45),
            rule(frame, 1.7, colours.dark, 0.12),
            rule(frame, -1.7, colours.dark, 0.12),
            rule(frame, -2.3, colours.dark, 0.25),
        )


class CardGround(Ground):
    """One face of a card: fine waves from edge to edge, a rosette, a rule with round corners."""

    def drawing(self) -> str:
        """The SVG."""
        colours = self.colours
        edge = RoundedFrame(0.3, 0.3, self.width - 0.6, self.height - 0.6, 6.1)
        clip = (
            f'<clipPath id="c"><rect width="{_units(self.width)}"'
            f' height="{_units(self.height)}" rx="{_units(6.1)}"/></clipPath>'
        )
        waves = [self._wave(k) for k in range(14)]
        return _svg(
            self,
            clip,
            '<g clip-path="url(#c)">',
            *(stroke(rosette(self.middle, weave), colours.whisper, 0.15) for weave in self.flower),
            stroke(waves, colours.light, 0.13),
            "</g>",
            rule(edge, 0, colours.dark, 0.45),
            rule(edge, -2.2, colours.middle, 0.14),
        )

    def _wave(self, strand: int) -> str:
        """One of a bundle of waves along the foot, from the left edge to the right one."""
        pieces, share, lift = 48, strand / 14, self.height - 7.4
        swing = 3.2 * math.cos(math.pi * share)

        def point(i: int) -> Point:
            t = i / pieces
            swell = 1 + 0.5 * math.sin(_TAU * t)
            return t * self.width, lift + swing * swell * math.sin(_TAU * (4 * t + 0.15 * share))

        nudge = 1 / 200
        parts = [f"M{_units(point(0)[0])} {_units(point(0)[1])}"]
        for i in range(pieces):
            (x0, y0), (x1, y1) = point(i), point(i + 1)
            (sx0, sy0), (sx1, sy1) = (
                self._tangent(point, i, nudge),
                self._tangent(point, i + 1, nudge),
            )
            parts.append(
                "C"
                + " ".join(
                    f"{_units(x)} {_units(y)}"
                    for x, y in (
                        (x0 + sx0 / 3, y0 + sy0 / 3),
                        (x1 - sx1 / 3, y1 - sy1 / 3),
                        (x1, y1),
                    )
                )
            )
        return "".join(parts)

    @staticmethod
    def _tangent(point: Callable[[float], Point], at: float, nudge: float) -> Point:
        (x0, y0), (x1, y1) = point(at - nudge), point(at + nudge)
        return (x1 - x0) / (2 * nudge), (y1 - y0) / (2 * nudge)


def _svg(ground: Ground, *parts: str) -> str:
    across, down = _units(ground.width), _units(ground.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{ground.width:g}mm"'
        f' height="{ground.height:g}mm" viewBox="0 0 {across} {down}">'
        f'<path fill="{ground.colours.paper}" d="M0 0h{across}v{down}H0z"/>'
        f'<g fill="none" stroke-linejoin="round">{"".join(parts)}</g></svg>\n'
    )


_DAHLIA = (Weave(22, 70, 6, 18, 12, 0.05), Weave(5, 20, 5, 12))
_ASTER = (
    Weave(56, 72, 20, 5, 8, 0.03),
    Weave(30, 58, 8, 11, 8, 0.05),
    Weave(8, 32, 5, 12, 8, 0.08),
)
_ZINNIA = (Weave(58, 71, 24, 4, 12, 0.03), Weave(24, 60, 6, 16, 12, 0.05), Weave(6, 22, 6, 10))
_DAISY = (Weave(10, 34, 6, 14, 10, 0.05), Weave(3, 9, 5, 8))

GROUNDS: dict[str, Ground] = {
    "licence-landscape/background.svg": CertificateGround(
        BRONZE, 297, 210, 14, 9, _DAHLIA, (148.5, 108)
    ),
    "licence-portrait/background.svg": CertificateGround(
        BRONZE, 210, 297, 9, 14, _ZINNIA, (105, 162)
    ),
    "proof-bilingual/background.svg": CertificateGround(
        GREEN, 297, 210, 14, 9, _ASTER, (148.5, 108)
    ),
    "card/background.svg": CardGround(BLUE, 171.2, 108, 0, 0, _DAISY, (126, 58)),
    "sheet-portrait.svg": SheetGround(BRONZE, 210, 297, 42, 62, (), (0, 0)),
    "sheet-landscape.svg": SheetGround(BRONZE, 297, 210, 62, 42, (), (0, 0)),
}


def main() -> None:
    """Writes every ground."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "signing/pages/designs")
    for name, ground in GROUNDS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(ground.drawing(), "ascii")


if __name__ == "__main__":
    main()
