"""Hostile files through the real pool: read or refused within their limits, the next one answered.

Limits of processor time decide here, not the clock on the wall: other tests run beside.
"""

import os
import re
import zlib

import pytest
from signing_files import PAGE, PAGES, build, simple, stream, table

from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.process import ChildLimits

pytestmark = pytest.mark.slow

_MUCH = 19_000_000
_CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s>>"
_FLATE = b"/Filter /FlateDecode"


def _zeros(mebibytes):
    """So many, packed a thousand times smaller."""
    engine = zlib.compressobj(9)
    parts = [engine.compress(bytes(1 << 20)) for _ in range(mebibytes)]
    return b"".join([*parts, engine.flush()])


def _filled(unit, size=_MUCH):
    return (unit * (size // len(unit) + 1))[:size]


def _alone(body, end=b"\nstartxref\n9\n%%EOF\n"):
    return b"%PDF-1.7\n" + body + end


def _with_message(sealed, octets):
    """The sealed file with other hex digits for its signature, as many."""
    found = re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", sealed)
    start, end = found.span(1)
    return sealed[:start] + octets.ljust(end - start, b"0")[: end - start] + sealed[end:]


_CASES = {
    "a bomb": lambda _: simple(b"/Metadata 4 0 R", stream(_zeros(300), _FLATE)),
    "a bomb in a bomb": lambda _: simple(
        b"/Metadata 4 0 R",
        stream(zlib.compress(_zeros(600)), b"/Filter [/FlateDecode /FlateDecode]"),
    ),
    "fifty bombs": lambda _: simple(
        b"/Metadata 4 0 R", *[stream(_zeros(20), b"/Type /ObjStm /N 5 /First 5 " + _FLATE)] * 50
    ),
    "a cyclic chain": lambda _: build([_CATALOG % b"", PAGES, PAGE], trailer=b"/Prev 9"),
    "cyclic pages": lambda _: build(
        [_CATALOG % b"", b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>", PAGE]
    ),
    "cyclic references": lambda _: simple(b"/Metadata 4 0 R", b"5 0 R", b"4 0 R"),
    "a deep array": lambda _: _alone(b"1 0 obj\n" + _filled(b"[")),
    "a deep dictionary": lambda _: _alone(b"1 0 obj\n" + _filled(b"<</A")),
    "a deep value": lambda _: simple(b"/X " + b"[" * 200_000 + b"]" * 200_000),
    "heads of objects": lambda _: _alone(_filled(b"1 0 obj ")),
    "whole objects": lambda _: _alone(_filled(b"1 0 obj\nnull\nendobj\n")),
    "ends of files": lambda _: _filled(b"%PDF-1.7\nstartxref\n0\n%%EOF\n"),
    "noise": lambda _: _alone(os.urandom(1_000_000) * 19),
    "byte ranges": lambda _: _alone(_filled(b"/ByteRange [0 1 2 3]"), b""),
    "broken byte ranges": lambda _: _alone(_filled(b"/ByteRange [")),
    "a string without end": lambda _: _alone(b"1 0 obj\n" + _filled(b"(")),
    "digits without end": lambda _: _alone(b"1 0 obj\n<" + _filled(b"0")),
    "many names": lambda _: simple(b"".join(b"/K%d %d " % (n, n) for n in range(500_000))),
    "comments": lambda _: _alone(b"1 0 obj\n" + _filled(b"%\n", 4_000_000)),
    "rows": lambda _: table(
        b"%PDF-1.7\n",
        [(0, [b"0000000009 00000 n \n"] * 900_000)],
        b"<< /Size 900000 /Root 1 0 R >>",
    ),
    "a deep message": lambda sealed: _with_message(sealed, b"3080" * 20_000),
    "a message longer than all": lambda sealed: _with_message(sealed, b"3084ffffffff"),
    "fields that are themselves": lambda _: simple(
        b"/AcroForm << /Fields [%s] /SigFlags 3 >>" % (b"4 0 R " * 300_000),
        b"<< /FT /Sig /Kids [4 0 R] /T (a) >>",
    ),
}


class _Notes:
    def __init__(self):
        self.causes, self.readings = [], []

    def started(self, measures):
        pass

    def ended(self, cause):
        self.causes.append(cause)

    def read(self, reading):
        self.readings.append(reading)


@pytest.fixture(scope="module")
def pool(pki):
    trust, notes = pki.trust, _Notes()
    limits = ChildLimits(wall_seconds=60.0, processor_seconds=3)
    options = ChildOptions(children=1, queue_seconds=60.0, limits=limits)
    made = ChildEvidenceReader(lambda: trust, options, notes)
    made.keep_warm()
    yield made, notes
    made.close()


@pytest.mark.parametrize("case", _CASES)
def test_a_hostile_file_costs_no_child_even(pool, sealed, case):
    """Our own bounds come first; the child's limits are for what nobody foresaw."""
    reader, notes = pool
    before = len(notes.causes)
    facts = reader.read(_CASES[case](sealed))
    assert not any(item.intact for item in facts.signatures)
    assert notes.readings[-1].incident == ""
    assert set(notes.causes[before:]) <= {"worn"}
    assert reader.read(sealed).readable
