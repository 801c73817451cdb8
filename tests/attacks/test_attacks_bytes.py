"""One changed byte anywhere is told by the facts alone, without the registry's digest."""

import hashlib
import re

import pytest
import signing_pki
from attacks_forging import gap

from certlib.evidence import ChangeGrade, FileFacts
from certlib.indications import Indication


def looks_untouched(facts: FileFacts) -> bool:
    """What a file must show to pass policy `own`; the digest on record comes on top."""
    if not facts.readable or len(facts.signatures) != 1:
        return False
    (seal,) = facts.signatures
    found = signing_pki.concluded(facts)
    return (
        facts.changes.grade is ChangeGrade.NONE
        and not facts.structure.notes
        and seal.intact
        and not seal.form_problem
        and seal.covers_file
        and seal.certified == 1
        and found.indication is Indication.TOTAL_PASSED
        and found.token is not None
        and found.token.proves is not None
    )


def _problem(facts: FileFacts) -> bool:
    (seal,) = facts.signatures
    odd = seal.layout_problem or seal.form_problem or facts.structure.notes
    return bool(odd) or facts.changes.grade is not ChangeGrade.NONE


def regions(pdf: bytes) -> dict[str, tuple[int, int]]:
    start, end = gap(pdf)
    cms_digits = len(pdf[start + 1 : end - 1].rstrip(b"0"))
    at = {
        "header": pdf.index(b"%PDF"),
        "page stream": pdf.index(b"stream\n"),
        "attachment": pdf.index(b"/EmbeddedFile"),
        "packet": pdf.rindex(b"<?xpacket begin"),
        "identifier": pdf.index(b"<zz:ZZBS>"),
        "signature dictionary": pdf.rindex(b"/Adobe.PPKLite"),
        "byte range": pdf.rindex(b"/ByteRange"),
        "cross-reference": pdf.rindex(b"xref\n", 0, pdf.rindex(b"trailer")),
        "trailer": pdf.rindex(b"trailer"),
        "startxref": pdf.rindex(b"startxref"),
    }
    found = {name: (offset, min(offset + 40, len(pdf))) for name, offset in at.items()}
    found["end"] = (len(pdf) - 8, len(pdf))
    found["gap brackets"] = (start, start + 2)
    found["cms"] = (start + 1, start + 1 + cms_digits)
    found["padding"] = (start + 1 + cms_digits, end)
    return found


PER_REGION = 12


@pytest.mark.parametrize(
    "region",
    [
        "header",
        "page stream",
        "attachment",
        "packet",
        "identifier",
        "signature dictionary",
        "byte range",
        "gap brackets",
        "padding",
        "cross-reference",
        "trailer",
        "startxref",
        "end",
    ],
)
def test_changed_byte_shows(sealed, read, region):
    first, last = regions(sealed)[region]
    step = max(1, (last - first) // PER_REGION)
    for position in range(first, last, step):
        for mask in (0x01, 0x20):
            forged = bytearray(sealed)
            forged[position] ^= mask
            assert not looks_untouched(read(bytes(forged))), (region, position, mask)


def test_changed_digit_of_the_cms_shows(sealed, read):
    """The gap is not signed; 500 of 1,500 such edits pass a verifier that is not strict."""
    first, last = regions(sealed)["cms"]
    for position in range(first, last, 61):
        forged = bytearray(sealed)
        forged[position] = ord(f"{(int(chr(forged[position]), 16) + 1) % 16:x}")
        assert not looks_untouched(read(bytes(forged))), position


def test_untouched_file_looks_untouched(sealed, read):
    facts = read(sealed)
    assert looks_untouched(facts)
    assert facts.sha256 == hashlib.sha256(sealed).hexdigest()


def test_file_that_no_longer_parses_still_shows_whose_it_was_and_that_it_changed(sealed, read):
    forged = sealed.replace(b"/Type/Catalog", b"/Type<Catalog")
    assert forged != sealed
    facts = read(forged)
    assert not facts.readable
    assert facts.fault == "malformed"
    assert facts.looks_ours
    assert facts.identifier in sealed.decode("latin-1")
    assert not facts.signatures[0].intact


def test_added_and_removed_bytes_show(sealed, read):
    start, end = gap(sealed)
    forgeries = {
        "newline appended": sealed + b"\n",
        "zero appended": sealed + b"\0",
        "garbage appended": sealed + b"5 0 obj\n(x)\nendobj\n",
        "newline removed": sealed[:-1],
        "end removed": sealed[:-6],
        "leading byte": b"\n" + sealed,
        "leading page": b"%PDF-1.4\n" + sealed,
        "digit removed": sealed[: end - 2] + sealed[end - 1 :],
        "digits added": sealed[: end - 1] + b"00" + sealed[end - 1 :],
        "upper case": sealed[:start] + sealed[start:end].upper() + sealed[end:],
        "space in the gap": sealed[: end - 3] + b"  " + sealed[end - 1 :],
        "text in the padding": sealed[: end - 21] + b"6869" * 5 + sealed[end - 1 :],
        "comment in the gap": sealed[: end - 11] + b"> % (hello" + sealed[end - 1 :],
    }
    for name, forged in forgeries.items():
        facts = read(forged)
        assert not looks_untouched(facts), name
        if facts.readable:
            assert _problem(facts), name


def test_truncation_anywhere_shows(sealed, read):
    for length in range(0, len(sealed), len(sealed) // 25):
        facts = read(sealed[:length])
        assert not looks_untouched(facts), length


def test_byte_range_that_leaves_something_out_shows(sealed, read):
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]( *)", sealed)
    zero, before, after, rest = (int(number) for number in found.groups()[:4])
    width = found.end() - found.start()
    for forged in (
        (1, before - 1, after, rest),
        (0, before - 1, after, rest),
        (0, before, after + 1, rest - 1),
        (0, before, after, rest - 1),
        (0, before, after, rest + 1),
        (zero, before, after, rest, 0, 0),
        (0, before),
        (0, before, before, rest),
    ):
        text = b"/ByteRange [" + b" ".join(b"%d" % number for number in forged) + b"]"
        pdf = sealed[: found.start()] + text.ljust(width) + sealed[found.end() :]
        facts = read(pdf)
        # Leaving out the last line end still is a range: it is the byte after it that shows.
        assert facts.signatures[0].layout_problem or forged == (0, before, after, rest - 1)
        assert facts.changes.grade is ChangeGrade.UNEXPLAINED, forged
