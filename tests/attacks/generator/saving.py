"""Incremental saving: what is appended after the last signed byte (Mladenov et al. 2019).

Honest readers follow the last cross-reference; readers that repair a file take whatever object
comes last. So the cross-reference of the addition may be there, broken, missing or a lie.
"""

import re
from collections.abc import Callable, Iterator
from random import Random

from tests.attacks.attacks_forging import (
    content_stream,
    last_xref,
    object_of,
    page_of,
    revision,
    root_of,
    size_of,
    stream_revision,
)
from tests.attacks.generator.case import APPENDED, BROKEN, CHANGED, NOT_OURS, SPOILT, Case
from tests.attacks.generator.ground import Ground


def _contents_number(pdf: bytes) -> int:
    return int(object_of(pdf, page_of(pdf)).split(b"/Contents")[1].split()[0])


def _new_content(pdf: bytes) -> tuple[int, bytes]:
    return _contents_number(pdf), content_stream(b"FORGED")


def _object(number: int, value: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, value)


def _plain(pdf: bytes, _chance: Random) -> bytes:
    return pdf + _object(*_new_content(pdf))


def _with_trailer_only(pdf: bytes, chance: Random) -> bytes:
    return _plain(pdf, chance) + b"trailer\n<< /Size %d /Root %d 0 R >>\n%%%%EOF\n" % (
        size_of(pdf),
        root_of(pdf),
    )


def _with_end(start: Callable[[bytes], int]):
    def build(pdf: bytes, chance: Random) -> bytes:
        return _plain(pdf, chance) + b"startxref\n%d\n%%%%EOF\n" % start(pdf)

    return build


def _with_copied_xref(pdf: bytes, chance: Random) -> bytes:
    """The signed revision's own table and trailer once more, word for word."""
    body = _plain(pdf, chance)
    tail = pdf[last_xref(pdf) : pdf.rindex(b"startxref")]
    return body + tail + b"startxref\n%d\n%%%%EOF\n" % len(body)


def _honest(pdf: bytes, _chance: Random) -> bytes:
    """An addition in perfect form: only its content is a lie."""
    number, value = _new_content(pdf)
    return revision(pdf, {number: value})


def _without(*words: bytes):
    def build(pdf: bytes, chance: Random) -> bytes:
        tail = _honest(pdf, chance)[len(pdf) :]
        for word in words:
            tail = tail.replace(word, b"")
        return pdf + tail

    return build


def _edited(old: bytes, new: bytes):
    def build(pdf: bytes, chance: Random) -> bytes:
        honest = _honest(pdf, chance)
        tail = honest[len(pdf) :]
        assert old in tail
        return pdf + tail.replace(old, new, 1)

    return build


def _prev(make: Callable[[bytes, bytes], int]):
    """`/Prev` leads elsewhere; `make` gets the signed part and the addition."""

    def build(pdf: bytes, chance: Random) -> bytes:
        honest = _honest(pdf, chance)
        tail = honest[len(pdf) :]
        old = b"/Prev %d" % last_xref(pdf)
        return pdf + tail.replace(old, b"/Prev %d" % make(pdf, honest), 1)

    return build


def _cut(pdf: bytes, chance: Random) -> bytes:
    honest = _honest(pdf, chance)
    return honest[: -chance.randrange(8, 60)]


def _shifted_offsets(pdf: bytes, _chance: Random) -> bytes:
    number, value = _new_content(pdf)
    return revision(pdf, {number: value}, listed={number: len(pdf) + 3})


def _empty_table(pdf: bytes, _chance: Random) -> bytes:
    """The table lists nothing; the object lies beside it."""
    return revision(pdf, {}, unlisted=_object(*_new_content(pdf)))


def _page_added(pdf: bytes, _chance: Random) -> bytes:
    fresh = size_of(pdf)
    tree = int(object_of(pdf, root_of(pdf)).split(b"/Pages")[1].split()[0])
    kids = object_of(pdf, tree)
    page = page_of(pdf)
    kids = b"<< /Type /Pages /Count 2 /Kids [%d 0 R %d 0 R] >>" % (fresh, page)
    return revision(
        pdf,
        {
            tree: kids,
            fresh: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
            % (tree, fresh + 1),
            fresh + 1: content_stream(b"FORGED"),
        },
    )


def _in_object_stream(pdf: bytes, _chance: Random) -> bytes:
    """A revision whose objects hide, compressed, in an object stream."""
    tree = int(object_of(pdf, root_of(pdf)).split(b"/Pages")[1].split()[0])
    value = b"<< /Type /Pages /Count 0 /Kids [] >>"
    return stream_revision(pdf, {tree: value}, {tree})


def _hybrid(pdf: bytes, _chance: Random) -> bytes:
    """The table is empty, a cross-reference stream beside it knows more (ISO 32000-1, 7.5.8.4)."""
    tree = int(object_of(pdf, root_of(pdf)).split(b"/Pages")[1].split()[0])
    inner = stream_revision(pdf, {tree: b"<< /Kids [] >>"}, {tree})
    where = last_xref(inner)
    cut = inner[: inner.rindex(b"startxref")]
    start = len(cut)
    return (
        cut
        + b"xref\n0 0\ntrailer\n<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>\n"
        % (
            size_of(inner),
            root_of(pdf),
            last_xref(pdf),
            where,
        )
        + b"startxref\n%d\n%%%%EOF\n" % start
    )


def _many_revisions(pdf: bytes, chance: Random) -> bytes:
    for _ in range(60):
        pdf = revision(pdf, {})
    return _honest(pdf, chance)


def _garbage(pdf: bytes, chance: Random) -> bytes:
    return pdf + chance.randbytes(chance.randrange(1, 400))


ADDITIONS: dict[str, Callable[[bytes, Random], bytes]] = {
    "honest-form": _honest,
    "no-xref-no-trailer": _plain,
    "trailer-without-xref": _with_trailer_only,
    "end-points-to-the-old-xref": _with_end(last_xref),
    "end-points-to-zero": _with_end(lambda pdf: 0),
    "end-points-beyond": _with_end(lambda pdf: 10 * len(pdf)),
    "end-points-to-the-object": _with_end(len),
    "copied-xref-of-the-signed-revision": _with_copied_xref,
    "no-startxref": _without(b"startxref"),
    "no-end-marker": _without(b"%%EOF\n"),
    "no-trailer-word": _without(b"trailer\n"),
    "no-xref-word": _without(b"xref\n"),
    "entry-short": _edited(b" 00000 n \n", b" 00000 n\n"),
    "entry-free": _edited(b" 00000 n ", b" 00000 f "),
    "other-generation": _edited(b" 00000 n ", b" 00007 n "),
    "count-too-high": _edited(b" 1\n00", b" 9\n00"),
    "count-huge": _edited(b" 1\n00", b" 999999999\n00"),
    "size-zero": _edited(b"/Size ", b"/Size 0 /Zise "),
    "size-huge": _edited(b"/Size ", b"/Size 99999999999 /Zise "),
    "size-negative": _edited(b"/Size ", b"/Size -5 /Zise "),
    "no-root": _edited(b"/Root ", b"/Boot "),
    "root-is-a-page": _edited(b"/Root ", b"/Root 3 0 R /Boot "),
    "prev-to-itself": _prev(lambda pdf, honest: last_xref(honest)),
    "prev-beyond": _prev(lambda pdf, honest: 99999999),
    "prev-zero": _prev(lambda pdf, honest: 0),
    "prev-negative": _prev(lambda pdf, honest: -1),
    "prev-into-a-stream": _prev(lambda pdf, honest: pdf.index(b"stream") + 9),
    "cut-off": _cut,
    "offsets-wrong": _shifted_offsets,
    "xref-lists-nothing": _empty_table,
    "page-added": _page_added,
    "object-stream": _in_object_stream,
    "hybrid": _hybrid,
    "after-sixty-revisions": _many_revisions,
    "garbage": _garbage,
    "one-newline": lambda pdf, chance: pdf + b"\n",
    "one-zero": lambda pdf, chance: pdf + b"\0",
    "end-marker-again": lambda pdf, chance: pdf + b"%%EOF\n",
    "comment": lambda pdf, chance: pdf + b"% nothing to see here\n",
    "table-without-subsection": lambda pdf, chance: revision(pdf, {}),
    "orphan": lambda pdf, chance: revision(pdf, {size_of(pdf): b"(nothing refers to it)"}),
    "the-file-itself": lambda pdf, chance: pdf + pdf,
}


def _first_xref(pdf: bytes) -> bytes:
    return re.findall(rb"startxref\s+(\d+)", pdf)[0]


def _on_ours(make):
    def build(ground: Ground, chance: Random) -> bytes:
        return make(ground.genuine, chance)

    return build


def _on_theirs(make, level):
    def build(ground: Ground, chance: Random) -> bytes:
        return make(ground.paper(level), chance)

    return build


def cases() -> Iterator[Case]:
    # The chain of revisions leads past the seal: the marks are ours, and no signature is to be seen.
    skipping = _prev(lambda pdf, honest: int(_first_xref(pdf)))
    yield Case("saving/ours-prev-skips-the-seal", _on_ours(skipping), BROKEN, BROKEN)
    for name, make in ADDITIONS.items():
        yield Case(f"saving/ours-{name}", _on_ours(make), APPENDED, CHANGED)
        yield Case(f"saving/theirs-{name}", _on_theirs(make, None), NOT_OURS, SPOILT)
        yield Case(f"saving/certified-{name}", _on_theirs(make, 2), NOT_OURS, SPOILT)
