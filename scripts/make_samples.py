"""Draws the sample pictures of signing/pages/samples: a portrait, a lift, a floor plan, a gauge.

Usage: python scripts/make_samples.py [SAMPLES_FOLDER]

Nobody is shown. The files are committed; run this again only to change them.
"""

import sys
from pathlib import Path

import pymupdf

PORTRAIT = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 250 350">'
    '<rect width="250" height="350" fill="#dbe6f1"/>'
    '<path d="M20 350C22 274 62 252 100 240L150 240C188 252 228 274 230 350Z" fill="#33475f"/>'
    '<path d="M100 238L125 286L150 238L143 212L107 212Z" fill="#f4f6f8"/>'
    '<path d="M119 262L131 262L136 330L125 346L114 330Z" fill="#7c2f36"/>'
    '<path d="M104 196L104 232C112 250 138 250 146 232L146 196Z" fill="#dcb597"/>'
    '<ellipse cx="125" cy="146" rx="52" ry="66" fill="#ebc8ab"/>'
    '<path d="M71 146C62 74 96 58 128 60C166 62 188 84 179 146C174 118 166 108 156 100'
    'C132 110 104 108 88 104C80 112 75 124 71 146Z" fill="#2a2623"/>'
    "</svg>"
)


def _machine() -> str:
    """A lift in its shaft, as an inspector would sketch it."""
    floors = "".join(
        f'<path d="M60 {y}h150M330 {y}h130" stroke="#7f8b97" stroke-width="5"/>'
        f'<rect x="344" y="{y - 66}" width="44" height="66" fill="#c9d2da" stroke="#5c6975"/>'
        f'<path d="M366 {y - 66}v66" stroke="#5c6975"/>'
        for y in (150, 240, 330)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 390">'
        '<rect width="520" height="390" fill="#eef1f3"/>'
        '<rect x="210" y="30" width="120" height="330" fill="#dfe5ea" stroke="#5c6975" '
        'stroke-width="4"/>'
        '<path d="M240 60v300M300 60v300" stroke="#98a4af" stroke-width="3"/>'
        f"{floors}"
        '<circle cx="270" cy="52" r="18" fill="#8b98a5" stroke="#414c57" stroke-width="3"/>'
        '<path d="M256 52v118M284 52v150" stroke="#414c57" stroke-width="2.5"/>'
        '<rect x="228" y="170" width="64" height="88" fill="#b9c6d2" stroke="#414c57" '
        'stroke-width="3"/><path d="M260 172v84" stroke="#414c57" stroke-width="2"/>'
        '<rect x="276" y="200" width="22" height="56" fill="#a2763c" stroke="#5d431f"/>'
        '<rect x="228" y="338" width="84" height="22" fill="#d3b04c"/>'
        "</svg>"
    )


def _plan() -> str:
    """A floor plan with measures."""
    rooms = (
        (60, 60, 190, 150), (250, 60, 130, 150), (380, 60, 200, 110),
        (60, 250, 150, 120), (210, 250, 170, 120), (380, 170, 200, 200),
    )  # fmt: skip
    walls = "".join(
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}"/>'
        for x, y, width, height in rooms
    )
    doors = "".join(
        f'<path d="M{x} {y}h-34a34 34 0 0 1 34 -34" stroke-width="1.5"/>'
        for x, y in ((200, 210), (340, 210), (180, 250), (340, 250), (470, 370))
    )
    ticks = "".join(f'<path d="M{x} 398v14"/>' for x in (60, 210, 380, 580))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 430">'
        '<rect width="640" height="430" fill="#fff"/>'
        f'<g fill="none" stroke="#222" stroke-width="5">{walls}</g>'
        f'<g fill="none" stroke="#222">{doors}</g>'
        f'<g stroke="#444" stroke-width="1.5"><path d="M60 405h520"/>{ticks}</g>'
        '<g fill="none" stroke="#444"><circle cx="606" cy="34" r="18"/>'
        '<path d="M606 54V14l-7 14M606 14l7 14"/></g>'
        "</svg>"
    )


def _gauge() -> str:
    """A pressure gauge that shows 1.6 of 2.5 MPa."""
    ticks = "".join(
        f'<path d="M260 {60 if mark % 5 else 52}v{18 if mark % 5 else 30}" '
        f'transform="rotate({-135 + mark * 10.8:.1f} 260 195)" stroke="#2d3640" '
        f'stroke-width="{3 if mark % 5 else 5}"/>'
        for mark in range(26)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 390">'
        '<rect width="520" height="390" fill="#e7e3dc"/>'
        '<rect x="236" y="330" width="48" height="60" fill="#a98f58"/>'
        '<circle cx="260" cy="195" r="164" fill="#7d868f"/>'
        '<circle cx="260" cy="195" r="148" fill="#fbfbf8" stroke="#3c464f" stroke-width="4"/>'
        '<path d="M155 300A148 148 0 0 0 365 300L330 265A98 98 0 0 1 190 265Z" fill="#edf0ee"/>'
        f"{ticks}"
        '<path d="M254 215L260 78L266 215Z" fill="#b3261e" transform="rotate(37.8 260 195)"/>'
        '<circle cx="260" cy="195" r="14" fill="#2d3640"/>'
        "</svg>"
    )


DRAWINGS = {
    "portrait": (PORTRAIT, 300),
    "landscape": (_machine(), 480),
    "drawing": (_plan(), 900),
    "gauge": (_gauge(), 480),
}


def main() -> None:
    """Writes each picture as JPEG and as PNG."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "signing/pages/samples")
    for name, (svg, width) in DRAWINGS.items():
        with pymupdf.open(stream=svg.encode(), filetype="svg") as document:
            page = document[0]
            zoom = width / page.rect.width
            pixels = page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
        (folder / f"{name}.png").write_bytes(pixels.tobytes("png"))
        (folder / f"{name}.jpg").write_bytes(pixels.tobytes("jpeg", jpg_quality=82))


if __name__ == "__main__":
    main()
