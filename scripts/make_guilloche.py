"""Draws the engraved grounds of the page designs (guilloche frames and rosettes) as small SVG files.

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


def closed_path(curve: Curve, segments: int, digits: int = 2) -> str:
    """SVG path data of the closed `curve` over [0, 1), in `segments` cubic pieces."""
    step = 1 / segments
    nudge = step / 200
    points = [curve(i * step) for i in range(segments)]
    slopes = [_slope(curve, i * step, nudge) for i in range(segments)]
    x, y = points[0]
    parts = [f"M{x:.{digits}f} {y:.{digits}f}"]
    x, y = round(x, digits), round(y, digits)
    for i in range(segments):
        end, after = points[(i + 1) % segments], slopes[(i + 1) % segments]
        numbers: list[float] = []
        for px, py in (
            (points[i][0] + slopes[i][0] * step / 3, points[i][1] + slopes[i][1] * step / 3),
            (end[0] - after[0] * step / 3, end[1] - after[1] * step / 3),
            end,
        ):
            numbers += [round(px - x, digits), round(py - y, digits)]
        x, y = x + numbers[4], y + numbers[5]
        parts.append("c" + _numbers(numbers, digits))
    return "".join(parts) + "z"


def _slope(curve: Curve, t: float, nudge: float) -> Point:
    (x0, y0), (x1, y1) = curve(t - nudge), curve(t + nudge)
    return (x1 - x0) / (2 * nudge), (y1 - y0) / (2 * nudge)


def _numbers(values: list[float], digits: int) -> str:
    out = ""
    for value in values:
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
        text = text.replace("0.", ".", 1) if abs(value) < 1 and "." in text else text
        text = "0" if text in ("", "-", "-0") else text
        out += text if not out or text.startswith("-") else " " + text
    return out


@dataclass(frozen=True)
class RoundedFrame:
    """A rounded rectangle, run through at constant speed, as the line a ribbon follows."""

    left: float
    top: float
    width: float
    height: float
    radius: float

    @property
    def length(self) -> float:
        """Millimetres round."""
        return 2 * (self.width + self.height) - (8 - _TAU) * self.radius

    def at(self, t: float) -> tuple[Point, Point]:
        """Point and outward normal at the share `t` of the way round."""
        r = self.radius
        sides = (self.width - 2 * r, self.height - 2 * r) * 2
        way = (t % 1) * self.length
        corners = (
            (self.left + self.width - r, self.top + r),
            (self.left + self.width - r, self.top + self.height - r),
            (self.left + r, self.top + self.height - r),
            (self.left + r, self.top + r),
        )
        for side, (cx, cy) in enumerate(corners):
            angle = side * math.pi / 2  # direction of travel along this side
            dx, dy = math.cos(angle), math.sin(angle)
            normal = (dy, -dx)
            if way <= sides[side]:
                back = sides[side] - way
                return (cx + normal[0] * r - dx * back, cy + normal[1] * r - dy * back), normal
            way -= sides[side]
            arc = r * math.pi / 2
            if way <= arc:
                turn = angle - math.pi / 2 + way / r
                normal = (math.cos(turn), math.sin(turn))
                return (cx + normal[0] * r, cy + normal[1] * r), normal
            way -= arc
        return self.at(0)

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
            f'<rect x="{self.left - grow:.2f}" y="{self.top - grow:.2f}"'
            f' width="{self.width + 2 * grow:.2f}" height="{self.height + 2 * grow:.2f}"'
            f' rx="{radius:.2f}"/>'
        )


def stroke(paths: list[str], colour: str, width: float) -> str:
    """One SVG path element of several closed curves."""
    return f'<path d="{"".join(paths)}" stroke="{colour}" stroke-width="{width}"/>'


def braid(frame: RoundedFrame, waves: int, strands: int, depth: float, breath: int) -> list[str]:
    """Interlaced strands round the frame; their depth swells `breath` times on the way."""

    def strand(phase: float) -> Curve:
        def distance(t: float) -> float:
            swell = 0.62 + 0.38 * math.cos(_TAU * breath * t)
            return depth * swell * math.sin(_TAU * (waves * t + phase))

        return frame.offset(distance)

    return [closed_path(strand(k / strands), waves * 4) for k in range(strands)]


def lace(frame: RoundedFrame, waves: int, inner: float, outer: float) -> list[str]:
    """A scalloped edge: the same wave twice, half a wave apart."""
    middle, depth = (inner + outer) / 2, (outer - inner) / 2

    def edge(phase: float) -> Curve:
        return frame.offset(lambda t: middle + depth * math.cos(_TAU * (waves * t + phase)))

    return [closed_path(edge(phase), waves * 4) for phase in (0, 0.5)]


def rosette(
    centre: Point, radii: tuple[float, float], petals: int, strands: int, twist: float = 1.0
) -> list[str]:
    """A round guilloche between two radii: one wave, turned a little further for each strand."""
    inner, outer = radii
    middle, depth = (inner + outer) / 2, (outer - inner) / 2

    def strand(k: int) -> Curve:
        def curve(t: float) -> Point:
            a = _TAU * t
            wave = math.sin(petals * a + twist * _TAU * k / strands)
            swell = 0.75 + 0.25 * math.cos(2 * petals * a)
            r = middle + depth * wave * swell
            return centre[0] + r * math.cos(a), centre[1] + r * math.sin(a)

        return curve

    return [closed_path(strand(k), petals * 6) for k in range(strands)]


@dataclass(frozen=True)
class Palette:
    """Colours of one ground, from paper to the darkest line."""

    paper: str
    whisper: str
    light: str
    middle: str
    dark: str


def certificate_ground(palette: Palette) -> str:
    """A landscape A4 ground: braided frame, corner medallions, a large pale rosette."""
    frame = RoundedFrame(12.5, 12.5, 272, 185, 7)
    waves = round(frame.length / 7)
    centre = (148.5, 108.0)
    parts = [
        f'<rect width="297" height="210" fill="{palette.paper}"/>',
        '<g fill="none" stroke-linejoin="round">',
        stroke(rosette(centre, (26, 72), 18, 12), palette.whisper, 0.16),
        stroke(rosette(centre, (12, 25), 12, 8), palette.whisper, 0.14),
        stroke(braid(frame, waves, 4, 3.1, waves // 4), palette.light, 0.17),
        stroke(braid(frame, waves * 2, 3, 1.7, waves // 2), palette.middle, 0.13),
        stroke(lace(frame, waves * 2, 3.3, 4.6), palette.middle, 0.16),
        stroke(lace(frame, waves * 2, -4.6, -3.3), palette.middle, 0.16),
        f'<g stroke="{palette.dark}" stroke-width="0.55">{frame.rectangle(5.6)}</g>',
        f'<g stroke="{palette.dark}" stroke-width="0.18">{frame.rectangle(4.9)}'
        f"{frame.rectangle(-4.9)}</g>",
        f'<g stroke="{palette.dark}" stroke-width="0.4">{frame.rectangle(-5.6)}</g>',
        "</g>",
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm"'
        f' viewBox="0 0 297 210">{"".join(parts)}</svg>\n'
    )


_GROUNDS = {
    "licence-landscape": Palette("#fffdf7", "#f1e4c6", "#dcc288", "#c19a46", "#a67c2b"),
    "proof-bilingual": Palette("#fbfefc", "#d5ebdf", "#a5d3bd", "#5aa884", "#2f7d5c"),
}


def main() -> None:
    """Writes background.svg of every design that has a ground."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "signing/pages/designs")
    for design, palette in _GROUNDS.items():
        target = folder / design / "background.svg"
        target.write_text(certificate_ground(palette), "ascii")
        print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
