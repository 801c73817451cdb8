"""Five independent readers give one answer on what we seal, and the same on what was changed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.readers import pages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MATRIX = pytest.mark.parametrize(
    ("algorithm", "level", "writer"),
    [
        (algorithm, level, writer)
        for algorithm in pages.KEYS
        for level in pages.LEVELS
        for writer in pages.WRITERS
    ],
)
# What fonts can draw and parsers stumble over: brackets, backslashes, angles, letters beyond ASCII.
_TEXT = st.text("揭阳市榕城区（）〔〕第号甲乙·—()<>[]\\/%&#'\"AZaz09 éß", min_size=1, max_size=40)


READ_STAMPS = ("pyHanko", "PDFBox")
"""Who understands document timestamps; what the others say is in test_readers_long_term.py."""


def all_say(readers, pdf, *, holds, signatures=1):
    """Every reader answers so, for so many signatures."""
    found = {name: read(pdf) for name, read in readers.items()}
    assert {name: answer.holds for name, answer in found.items()} == dict.fromkeys(found, holds), (
        found
    )
    if holds:
        assert {answer.signatures for answer in found.values()} == {signatures}, found


@st.composite
def seals(draw, levels):
    """A page of any type with texts by chance, and how it is sealed."""
    version = draw(st.sampled_from(pages.versions()))
    changes = {"number": draw(_TEXT).strip() or "1", "sealed_by": draw(_TEXT)}
    return (
        version,
        changes,
        draw(st.sampled_from(pages.KEYS)),
        draw(st.sampled_from(levels)),
        draw(st.sampled_from(pages.WRITERS)),
    )


SOME = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CHANGE = {"number": st.integers(0, 2**30), "mask": st.integers(1, 255)}


def agreed(readers, wanted, number, mask, *, signatures=1):
    """Intact for all, and with one signed byte changed for none."""
    version, changes, algorithm, level, writer = wanted
    order = pages.sample(version, **changes)
    sealed = pages.sealed(pages.page_of(order), order.content, algorithm, level, writer)
    all_say(readers, sealed.pdf, holds=True, signatures=signatures)
    place = sealed.signed_place(number % sealed.outside)
    all_say(readers, sealed.changed(place, mask), holds=False)


@SOME
@given(wanted=seals(pages.LEVELS), **CHANGE)
def test_five_readers_agree_on_any_page_and_any_changed_byte(readers, wanted, number, mask):
    """Whatever page, key and writer, at B-B and B-T."""
    agreed(readers, wanted, number, mask)


@SOME
@given(wanted=seals(pages.LONG_TERM), **CHANGE)
def test_readers_of_timestamps_agree_on_long_term_seals(readers, wanted, number, mask):
    """The same at B-LT and B-LTA, for the two that read document timestamps."""
    both = {name: readers[name] for name in READ_STAMPS}
    agreed(both, wanted, number, mask, signatures=pages.LONG_TERM.index(wanted[3]) + 1)


@MATRIX
def test_readers_see_a_change_wherever_it_is(readers, algorithm, level, writer):
    """Page, attachment, metadata, cross-reference, what the seal says of itself, and its signature."""
    order = pages.sample(pages.versions()[0])
    sealed = pages.sealed(pages.page_of(order), order.content, algorithm, level, writer)
    all_say(readers, sealed.pdf, holds=True)
    for place in places(sealed):
        all_say(readers, sealed.changed(place, 0x01), holds=False)


def places(sealed):
    """One place of each kind; the last is within the digits of the signed attributes."""
    pdf = sealed.pdf
    yield from (3, len(pdf) // 3)
    for mark in (b"/EmbeddedFile", b"/ByteRange [", b"/M (D", b"/DocMDP", b"/SubFilter /ETSI"):
        yield pdf.rindex(mark) + len(mark) - 1
    yield from (pdf.rindex(b"\nxref") + 10, pdf.rindex(b"startxref") + 12, len(pdf) - 2)
    # message-digest is an attribute of its own: OID, then SET, OCTET STRING, and the digest itself.
    message = bytes.fromhex(pdf[sealed.start + 1 : sealed.end - 1].decode())[: sealed.message]
    digest = message.index(bytes.fromhex("06092a864886f70d010904")) + 11 + 6
    yield sealed.start + 1 + 2 * digest
