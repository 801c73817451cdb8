"""What is sealed: the demo's median real certificate, and a page of 2 kB."""

from dataclasses import replace
from datetime import UTC, datetime

import typst

from api.demo.load import FEW, MANY, PER_TYPE
from api.shipped import type_files
from signing.pages.renderer import TypstRenderer
from signing.pages.sample import sample_order

MOMENT = datetime(2026, 6, 1, 8, tzinfo=UTC)
_SMALL = b"""#set document(title: "x", date: datetime(year: 2026, month: 1, day: 2))
#set page(width: 40mm, height: 40mm)
#rect(width: 10mm, height: 10mm)
"""


def median_certificate():
    """Page and content of the type whose size is in the middle of the demo's certificates."""
    renderer, sizes = TypstRenderer(), []
    for version, _ in type_files():
        order = sample_order(version, sealed_at=MOMENT, sealed_by="张三")
        page = renderer.render(order)
        weight = PER_TYPE if version.type_code in MANY else FEW
        sizes += [(len(page), version.name, page, order.content)] * weight
    sizes.sort(key=lambda item: item[:2])
    _, name, page, content = sizes[len(sizes) // 2]
    return name, page, content


def small_page(content):
    """A page of 2 kB, and a content as short as it may be."""
    page = typst.Compiler(_SMALL).compile(
        format="pdf", timestamp=MOMENT, pdf_tags=False, pdf_standards=["1.7"]
    )
    return page + b"\n", replace(content, fields={}, matter_name="", decision_number="")
