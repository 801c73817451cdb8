"""Draws the engraved grounds of the page designs: guilloche frames and rosettes as small SVG.

Usage: python scripts/make_guilloche.py [DESIGNS_FOLDER]

The files are committed; run this again only to change them. Every line is one closed curve, given
as cubic Bézier segments whose tangents are those of the curve itself (Hermite form), so a dozen
numbers carry what a polyline would need hundreds for. Units are millimetres.
"""

import math
import sys
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
class Ground:
    """One ground: colours from paper to the darkest line, its rosette, the strands of its frame."""

    paper: str
    whisper: str
    light: str
    middle: str
    dark: str
    flower: tuple[Weave, ...]
    ribbon: int


def certificate_ground(ground: Ground) -> str:
    """A landscape A4 ground: woven frame between rules and beads, a large pale rosette."""
    frame = RoundedFrame(13, 13, 271, 184, 8.5, across=14, down=9)
    ribbon = Weave(-3.3, 3.3, frame.waves, ground.ribbon)
    counter = Weave(-1.5, 1.5, frame.waves * 2, ground.ribbon // 2)
    whole = f"{_units(297)} {_units(210)}"
    parts = [
        f'<path fill="{ground.paper}" d="M0 0h{_units(297)}v{_units(210)}H0z"/>',
        '<g fill="none" stroke-linejoin="round">',
        *(stroke(rosette((148.5, 108), weave), ground.whisper, 0.15) for weave in ground.flower),
        stroke(band(frame, ribbon, 4), ground.light, 0.16),
        stroke(band(frame, counter, 2), ground.middle, 0.12),
        rule(frame, 5.7, ground.dark, 0.6),
        rule(frame, 4.75, ground.middle, 0.5, beads=1.1),
        rule(frame, 3.8, ground.dark, 0.15),
        rule(frame, -3.8, ground.dark, 0.15),
        rule(frame, -4.75, ground.middle, 0.5, beads=1.1),
        rule(frame, -5.7, ground.dark, 0.35),
        "</g>",
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm"'
        f' viewBox="0 0 {whole}">{"".join(parts)}</svg>\n'
    )


GROUNDS = {
    "licence-landscape": Ground(
        "#fffdf7",
        "#f1e4c8",
        "#cfae5e",
        "#b98f3a",
        "#a0762a",
        (Weave(22, 70, 6, 18, 12, 0.05), Weave(5, 20, 5, 12)),
        6,
    ),
    "proof-bilingual": Ground(
        "#fbfefc",
        "#dcefe5",
        "#8fc7ab",
        "#5aa884",
        "#2f7d5c",
        (
            Weave(56, 72, 20, 5, 8, 0.03),
            Weave(30, 58, 8, 11, 8, 0.05),
            Weave(8, 32, 5, 12, 8, 0.08),
        ),
        6,
    ),
}


def main() -> None:
    """Writes background.svg of every design that has a ground."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "signing/pages/designs")
    for design, ground in GROUNDS.items():
        (folder / design / "background.svg").write_text(certificate_ground(ground), "ascii")


if __name__ == "__main__":
    main()
