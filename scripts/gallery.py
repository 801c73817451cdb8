"""Draws docs/images/gallery.png: every type of certificate with its samples, on one sheet.

Usage: python scripts/gallery.py [PICTURE]

The same types, designs and fonts give the same picture. The sheet is set by typst, like the pages
on it; a row is seven slots wide, a page on landscape paper takes two.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Final

import typst

from api.preview import preview_order
from api.shipped import type_files
from certlib.catalogue import TypeVersion
from signing.pages.fonts import FONTS_FOLDER, NOTO_FOLDER
from signing.pages.renderer import TypstRenderer

PPI: Final = 118
PAGE_PPI: Final = 2 * PPI * 46 / 210
"""Pages are drawn at twice the size they get, so that fine lines stay fine."""
LONGEST: Final = 18
"""Signs of a name that stand on one line below a narrow page; longer ones are shortened."""
ROWS: Final = (
    ("legend", *["licence-landscape"] * 3),
    (*["licence-landscape"] * 3, "licence-portrait"),
    (*["licence-landscape"] * 2, *["licence-portrait"] * 3),
    ("licence-portrait", *["card"] * 6),
    (*["proof-bilingual"] * 3, "approval-document"),
    (*["proof-bilingual"] * 2, "approval-document", "inspection-report", "official-result"),
)
"""Which design stands where; the types of a design follow each other by their codes."""

SHEET: Final = Path(__file__).with_name("gallery.typ")


def main() -> None:
    """Draws the sheet and says how large it is."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/gallery.png")
    by_design: dict[str, list[TypeVersion]] = defaultdict(list)
    for version, _ in type_files():
        by_design[version.design].append(version)
    with tempfile.TemporaryDirectory() as folder:
        picture = _sheet(Path(folder), by_design)
    if left := [version.name for versions in by_design.values() for version in versions]:
        sys.exit(f"ROWS has no place for {', '.join(left)}")
    target.write_bytes(picture)
    print(f"{target}: {len(picture) // 1000} kB")


def _sheet(folder: Path, by_design: dict[str, list[TypeVersion]]) -> bytes:
    renderer = TypstRenderer()
    rows = [
        [
            None if place == "legend" else _page(folder, renderer, by_design[place].pop(0))
            for place in row
        ]
        for row in ROWS
    ]
    (folder / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    (folder / SHEET.name).write_bytes(SHEET.read_bytes())
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[NOTO_FOLDER, FONTS_FOLDER],
    )
    drawn: bytes = typst.Compiler(root=folder, font_paths=fonts).compile(
        input=folder / SHEET.name, format="png", ppi=PPI
    )
    return drawn


def _page(folder: Path, renderer: TypstRenderer, version: TypeVersion) -> dict[str, object]:
    image = renderer.preview(preview_order(version), PAGE_PPI)[0]
    name = f"{version.type_code}.png"
    (folder / name).write_bytes(image)
    # ISO/IEC 15948 section 11.2.2: width and height stand first in IHDR.
    width, height = (int.from_bytes(image[at : at + 4]) for at in (16, 20))
    return {
        "name": version.name if len(version.name) <= LONGEST else version.short_name,
        "name_en": version.name_en,
        "file": name,
        "wide": width > height,
    }


if __name__ == "__main__":
    main()
