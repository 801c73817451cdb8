"""Promises about descriptions: what saving a file leaves in them, and what is said anew."""

import pytest
from signing_changed import DESCRIPTION, brought
from signing_changed import make as made
from signing_files import changes_of, stream, update

from certlib.evidence import ChangeGrade
from signing.evidence.permissions import Permission

INFO = b"<< /Title (a) /Producer (p) /ModDate (D:2026) >>"
PACKET = (
    b'<x xmp:ModifyDate="2026" pdf:Producer="p" dc:t="a"><xmp:MetadataDate>1</xmp:MetadataDate></x>'
)
KIND = b"/Type /Metadata /Subtype /XML"
FIRST = made({11: INFO, 12: stream(PACKET, KIND)}, catalog=b"/Metadata 12 0 R ")
FIRST = update(FIRST, {}, trailer=b"/Info 11 0 R ")


def described(objects):
    """What came, and whether P=1 permits it."""
    (found,) = brought(FIRST, update(FIRST, objects, trailer=b"/Info 11 0 R "))
    assert found.kind is DESCRIPTION
    assert Permission(2).permits(found)
    return Permission(1).permits(found)


@pytest.mark.parametrize(
    ("info", "saved"),
    [
        (b"<< /Title (a) /Producer (p; q) /ModDate (D:2027) >>", True),
        (b"<< /Title (a) /Producer <70> /ModDate (D:2027) >>", True),
        (b"<< /Title (a) >>", True),
        (b"<< /Title (b) /Producer (p) /ModDate (D:2027) >>", False),
        (b"<< /Producer (p) /ModDate (D:2027) >>", False),
        (b"<< /Title (a) /Subject (s) /Producer (p) /ModDate (D:2027) >>", False),
        (b"<< /Title (a) /Producer (p) /ModDate << /S /JavaScript >> >>", False),
        (b"<< /Title (a) /Producer 30 0 R /ModDate (D:2027) >>", False),
        (b"(D:2027)", False),
    ],
)
def test_information_of_a_file_that_was_saved(info, saved):
    assert described({11: info}) is saved


@pytest.mark.parametrize(
    ("packet", "saved"),
    [
        (PACKET.replace(b"2026", b"2027"), True),
        (PACKET.replace(b'"p"', b'"p; q"').replace(b">1<", b">2<"), True),
        (PACKET.replace(b' pdf:Producer="p"', b""), True),
        (PACKET.replace(b'"a"', b'"b"'), False),
        (PACKET.replace(b">1<", b"><y/><"), False),
        (PACKET.replace(b'"2026"', b'"&e;"'), False),
        (PACKET.replace(b'"2026"', b'"%s"' % (b"2" * 201)), False),
        (PACKET.replace(b"xmp:ModifyDate", b"xmp:ModifyDatf"), False),
        (PACKET.replace(b" xmp:ModifyDate", b" axmp:ModifyDate"), False),
    ],
)
def test_packet_of_a_file_that_was_saved(packet, saved):
    assert described({12: stream(packet, KIND)}) is saved


@pytest.mark.parametrize(
    "value",
    [
        stream(PACKET, b"/Type /Metadata /Subtype /X"),
        stream(PACKET, KIND + b" /Filter /Unknown"),
        b"<< /Type /Metadata >>",
    ],
    ids=["kind", "what nobody reads", "no stream"],
)
def test_what_is_another_packet(value):
    assert not described({12: value})


def test_packet_may_be_packed_otherwise():
    assert described({12: stream(PACKET.hex().encode() + b">", KIND + b" /Filter /ASCIIHexDecode")})


def test_under_the_strictest_level_a_file_may_say_that_it_was_saved(make):
    signed = make({11: INFO}, certified=1, trailer=b"/Info 11 0 R ")
    for info, grade in (
        (INFO.replace(b"2026", b"2027"), ChangeGrade.PERMITTED),
        (INFO.replace(b"(a)", b"(b)"), ChangeGrade.NOT_PERMITTED),
    ):
        assert changes_of(update(signed, {11: info}, trailer=b"/Info 11 0 R ")).grade is grade
