"""Promises of the XMP packet (ISO 19005-3, 6.6.2)."""

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import signing_pki
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader

from certlib.errors import ControlCharacter, SealMismatch
from signing.naming import NAMESPACE, PREFIX
from signing.xmp import extended, properties_of

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
BAG = "{http://www.aiim.org/pdfa/ns/extension/}schemas"
SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
PROPERTY = "{http://www.aiim.org/pdfa/ns/property#}"
PREDEFINED = {
    "http://purl.org/dc/elements/1.1/",
    "http://ns.adobe.com/xap/1.0/",
    "http://ns.adobe.com/xap/1.0/mm/",
    "http://ns.adobe.com/xap/1.0/t/pg/",
    "http://ns.adobe.com/pdf/1.3/",
    "http://www.aiim.org/pdfa/ns/id/",
    "http://www.aiim.org/pdfa/ns/extension/",
}
BARE = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'


def _packet(pdf: bytes) -> ET.Element:
    return ET.fromstring(
        PdfFileReader(BytesIO(pdf)).root["/Metadata"].data.split(b"?>", 1)[1].rsplit(b"<?", 1)[0]
    )


def _declared(packet: ET.Element) -> dict[str, dict[str, str]]:
    found = {}
    for schema in packet.iter(f"{SCHEMA}namespaceURI"):
        found[schema.text] = {}
    for bag in packet.iter(BAG):
        for entry in bag.find(f"{RDF}Bag"):
            uri = entry.find(f"{SCHEMA}namespaceURI").text
            for item in entry.iter(f"{PROPERTY}name"):
                found[uri][item.text] = ""
            for item in entry.iter(f"{RDF}li"):
                if item.find(f"{PROPERTY}name") is not None:
                    name = item.find(f"{PROPERTY}name").text
                    found[uri][name] = item.find(f"{PROPERTY}valueType").text
    return found


def _used(packet: ET.Element) -> list[tuple[str, str, ET.Element]]:
    found = []
    for description in packet.iter(f"{RDF}Description"):
        for item in description:
            uri, name = item.tag[1:].split("}")
            found.append((uri, name, item))
    return found


def test_one_extension_bag_declares_every_property_in_use(sealed):
    packet = _packet(sealed)
    assert len(list(packet.iter(BAG))) == 1
    declared = _declared(packet)
    for uri, name, _ in _used(packet):
        assert uri in PREDEFINED or name in declared[uri], (uri, name)
    assert declared[NAMESPACE].keys() == {n for u, n, _ in _used(packet) if u == NAMESPACE}


def test_no_property_stands_twice(sealed):
    used = [(uri, name) for uri, name, _ in _used(_packet(sealed))]
    assert len(used) == len(set(used))


def test_what_typst_wrote_stays(page, sealed):
    before = {(u, n): ET.tostring(e) for u, n, e in _used(_packet(page)) if "extension" not in u}
    after = {(u, n): ET.tostring(e) for u, n, e in _used(_packet(sealed)) if "extension" not in u}
    assert before.items() <= after.items()
    assert ("http://www.aiim.org/pdfa/ns/id/", "part") in before
    assert ("http://www.aiim.org/pdfua/ns/id/", "part") in before


def test_values_are_the_elements_of_the_content(content, sealed):
    packet = _packet(sealed)
    declared = _declared(packet)[NAMESPACE]
    values = {}
    for uri, name, item in _used(packet):
        if uri == NAMESPACE:
            entries = [entry.text for entry in item.iter(f"{RDF}li")]
            values[name] = entries or item.text
    elements = content.as_json()
    assert values.keys() == elements.keys()
    assert values["CZZT"] == elements["CZZT"]
    assert values["ZZBS"] == elements["ZZBS"]
    assert values["KZ_SL"] == "3"
    assert values["KZ_SF"] == "True"
    assert values["KZ_BG"] == '[{"a":1}]'
    assert (declared["CZZT"], declared["KZ_SL"], declared["KZ_SF"], declared["KZ_BG"]) == (
        "seq Text",
        "Integer",
        "Boolean",
        "Text",
    )


def test_packet_stands_in_clear_and_info_is_untouched(page, sealed):
    assert f"<{PREFIX}:ZZBS>{signing_pki.IDENTIFIER}</{PREFIX}:ZZBS>".encode() in sealed
    before, after = (PdfFileReader(BytesIO(pdf)).trailer["/Info"] for pdf in (page, sealed))
    assert dict(before) == dict(after)


def test_packet_without_a_bag_gets_one():
    packet = ET.fromstring(extended(BARE, {"ZZMC": "证照"}))
    assert len(list(packet.iter(BAG))) == 1
    assert _declared(packet) == {NAMESPACE: {"ZZMC": "Text"}}


_TEXTS = st.text().filter(lambda text: not text.startswith(("/9j/", "iVBORw0KGgo")))  # no pictures


@given(st.dictionaries(st.from_regex(r"KZ_[A-Z]{1,8}", fullmatch=True), _TEXTS, min_size=1))
def test_any_text_survives_or_is_refused_by_name(elements):
    try:
        packet = ET.fromstring(extended(BARE, elements))
    except ControlCharacter as error:
        given_characters = {f"U+{ord(character):04X}" for character in "".join(elements.values())}
        if error.values["codepoint"] not in given_characters:
            pytest.fail("wrong character named")
        return
    values = {name: item.text or "" for uri, name, item in _used(packet) if uri == NAMESPACE}
    assert values == elements


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<rdf:RDF>",
        extended(BARE, {"ZZMC": "a"}),
        BARE.replace(b"</rdf:RDF>", b"<pdfaExtension:schemas/></rdf:RDF>"),
    ],
)
def test_packet_that_cannot_be_extended_is_refused(packet):
    with pytest.raises(SealMismatch):
        extended(packet, {"ZZMC": "a"})


def test_key_that_is_no_name_is_refused():
    with pytest.raises(SealMismatch):
        properties_of({"KZ <a>": "x"})


def test_pictures_stay_out_of_the_packet():
    """They stand in the attachment and on the page; a reader of metadata needs neither twice."""
    elements = {
        "ZZMC": "a",
        "KZ_ZP": "/9j/4AAQSkZJRgABAQAAAQABAAD",
        "KZ_TP": [{"caption": "井道", "image": "iVBORw0KGgoAAAANSUhEUg"}],
        "KZ_BZ": ["/9", "iVBOR"],
    }
    assert [item.name for item in properties_of(elements)] == ["ZZMC", "KZ_BZ"]
