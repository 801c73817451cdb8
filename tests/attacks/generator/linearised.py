"""Linearised files that were changed, signed, and grown to the length that their head tells.

Annex F of ISO 32000: a reader that trusts the head begins with the first revision, and with it
shows what stood there before anybody signed (Poppler, and browsers that load files by pieces).
"""

from collections.abc import Iterator
from random import Random

from tests.attacks.attacks_forging import object_of, revision
from tests.attacks.generator.case import CHANGED, NOT_OURS, Case, accepted
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import (
    CATALOG,
    CONTENT,
    FIELD,
    HEADER,
    SEAL,
    filled,
    paper_objects,
    seal_dictionary,
    stream,
    words,
)

_HEAD, _CERTIFICATE = 20, 30
_ROW = b"%010d 00000 n \n"


def _first(length: int) -> bytes:
    """The first revision: head, table, objects, the table of the head."""
    objects = paper_objects()
    objects[CONTENT] = words(b"Pay 900 to the bearer")
    objects[FIELD] = objects[FIELD].replace(b" /V 8 0 R", b"")
    objects[SEAL] = b"null"
    head = b"%d 0 obj\n<< /Linearized 1 /L %010d /H [600 9] /O 3 /E 4000 /N 1 /T 0 >>\nendobj\n"
    out = HEADER + head % (_HEAD, length)
    table = len(out)
    ending = b"trailer\n<< /Size 21 /Root 1 0 R /Prev %010d >>\nstartxref\n0\n%%%%EOF\n"
    rows = b"xref\n0 11\n0000000000 65535 f \n" + _ROW % 0 * 10
    at, places, bodies = table + len(rows) + len(ending % 0), [], b""
    for number in range(1, 11):
        places.append(at + len(bodies))
        bodies += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    rows = b"xref\n0 11\n0000000000 65535 f \n" + b"".join(_ROW % place for place in places)
    last = b"xref\n20 1\n" + _ROW % len(HEADER) + b"trailer\n<< /Size 21 /Root 1 0 R >>\n"
    end = b"startxref\n%d\n%%%%EOF\n" % table
    return out + rows + ending % (at + len(bodies)) + bodies + last + end


def _signed(ground: Ground, length: int) -> bytes:
    pdf = _first(length)
    field = object_of(pdf, FIELD).replace(b" >>", b" /V 8 0 R >>")
    honest = {CONTENT: words(b"Pay 100 to the bearer"), FIELD: field, SEAL: seal_dictionary()}
    return filled(revision(pdf, honest), ground.stranger, ground.timestamps)


def _grown(ground: Ground, length: int) -> bytes:
    pdf = _signed(ground, length)
    catalog = object_of(pdf, CATALOG)
    store = b"/Type /Catalog /DSS << /Type /DSS /Certs [%d 0 R] >>" % _CERTIFICATE
    catalog = catalog.replace(b"/Type /Catalog", store, 1)
    return revision(pdf, {CATALOG: catalog, _CERTIFICATE: stream(b"x")})


def cases() -> Iterator[Case]:
    for name, make in (("whole", _signed), ("later", _grown)):

        def right(ground: Ground, _chance: Random, make=make) -> bytes:
            return make(ground, len(make(ground, 0)))

        def other(ground: Ground, _chance: Random, make=make) -> bytes:
            return make(ground, len(make(ground, 0)) - 1)

        yield Case(f"linearised/{name}-of-that-length", right, NOT_OURS, CHANGED)
        yield Case(
            f"linearised/{name}-of-another-length",
            other,
            NOT_OURS,
            accepted("foreign-valid"),
            "annex F: a length that is not the file's says that it was changed since, as it was",
        )
