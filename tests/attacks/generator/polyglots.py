"""Files that are a PDF and something else: each program sees what suits the forger."""

import io
import zipfile
from collections.abc import Iterator
from random import Random

from tests.attacks.generator.case import APPENDED, BORNE, BROKEN, CHANGED, NOT_OURS, Case, refused
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import HEADER, filled, paper_objects, stream, written

_MOMENT = (2026, 11, 22, 2, 0, 0)


def _zip(text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.html", _MOMENT), text)
    return out.getvalue()


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0043000101")
HTML = b"<!DOCTYPE html><html><body>Pay 999<!-- "

LEADING = {
    "zip": _zip(b"Pay 999"),
    "html": HTML,
    "jpeg": JPEG + b"\xff\xfe\x02\x00",
    "elf": b"\x7fELF\x02\x01\x01" + b"\0" * 57,
    "shell": b"#!/bin/sh\nexit\n",
    "byte-order-mark": b"\xef\xbb\xbf",
    "newline": b"\n",
    "kilobyte": b"% " + b"x" * 1000 + b"\n",
    "megabyte": b"% " + b"x" * (1 << 20) + b"\n",
    "other-header": b"%PDF-1.4\n",
    "other-pdf": b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
    "postscript": b"%!PS-Adobe-3.0\n",
}

TRAILING = {
    "zip": _zip(b"Pay 999"),
    "html": b"<html><body>Pay 999</body></html>",
    "jpeg": JPEG,
    "pdf": b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Count 0 /Kids [] >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R >>\n%%EOF\n",
}


def _leading(text: bytes):
    return lambda ground, _chance: text + ground.genuine


def _trailing(text: bytes, level: int | None = None, *, ours: bool):
    return lambda ground, _chance: (ground.genuine if ours else ground.paper(level)) + text


def _signed_leading(text: bytes):
    """The stranger signed the whole, the leading part too: every offset is right."""

    def build(ground: Ground, _chance: Random) -> bytes:
        pdf = written(paper_objects(), header=text + HEADER)
        return filled(pdf, ground.stranger, ground.timestamps)

    return build


def _signed_trailing(text: bytes):
    """Behind the end marker, but inside of what is signed."""

    def build(ground: Ground, _chance: Random) -> bytes:
        return filled(written(paper_objects()) + text, ground.stranger, ground.timestamps)

    return build


def _pdf_inside(ground: Ground, _chance: Random) -> bytes:
    """The genuine file as a stream in an unsigned one, uncompressed for whoever scans bytes."""
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 0 /Kids [] >>",
            3: stream(ground.genuine),
        }
    )


def _pdf_in_a_comment(ground: Ground, chance: Random) -> bytes:
    inner = written({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Kids [] /Count 0 >>"})
    return inner + ground.genuine


# ISO 32000-2, 7.5.2: the header stands at the first byte. What stands before it is another file.
_TWO_FILES = refused(("altered", "unreadable", "not-a-certificate"))
_HARMLESS = {"newline", "byte-order-mark", "other-header", "other-pdf"}
_COMMENT = "no other file: a mark, a line end or another header, signed as it is"
_UNSIGNED_HULL = refused(("altered", "not-a-certificate"))


def cases() -> Iterator[Case]:
    for name, text in LEADING.items():
        ours = BROKEN if len(text) < 1000 else refused(("altered", "unreadable"))
        yield Case(f"polyglots/ours-leading-{name}", _leading(text), ours, ours)
        theirs = BORNE if name in _HARMLESS else _TWO_FILES
        yield Case(
            f"polyglots/signed-leading-{name}", _signed_leading(text), NOT_OURS, theirs, _COMMENT
        )
    for name, text in TRAILING.items():
        yield Case(f"polyglots/ours-trailing-{name}", _trailing(text, ours=True), APPENDED, CHANGED)
        yield Case(
            f"polyglots/theirs-trailing-{name}",
            _trailing(text, 2, ours=False),
            NOT_OURS,
            refused(("altered", "unreadable")),
        )
        yield Case(
            f"polyglots/signed-trailing-{name}", _signed_trailing(text), NOT_OURS, _TWO_FILES
        )
    yield Case("polyglots/pdf-inside", _pdf_inside, _UNSIGNED_HULL, _UNSIGNED_HULL)
    yield Case("polyglots/two-files", _pdf_in_a_comment, BROKEN, BROKEN)
