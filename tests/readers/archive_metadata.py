"""Metadata of an archive file (ISO 19005-3, 6.6): its parts, its declarations, and `/Info` beside it."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}"
_SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
_PROPERTY = "{http://www.aiim.org/pdfa/ns/property#}"
_ID = "{http://www.aiim.org/pdfa/ns/id/}"
_DC, _XMP, _PDF = (
    "{http://purl.org/dc/elements/1.1/}",
    "{http://ns.adobe.com/xap/1.0/}",
    "{http://ns.adobe.com/pdf/1.3/}",
)
_PREDEFINED = {
    name.strip("{}")
    for name in (_DC, _XMP, _PDF, _ID, _EXTENSION, "{http://ns.adobe.com/xap/1.0/mm/}")
} | {"http://ns.adobe.com/xap/1.0/rights/", "http://ns.adobe.com/xap/1.0/t/pg/"}
# ISO 19005-3, 6.6.2.2, table 1: what stands in both must say the same.
_TWINS = {
    "title": f"{_DC}title",
    "author": f"{_DC}creator",
    "subject": f"{_DC}description",
    "keywords": f"{_PDF}Keywords",
    "creator": f"{_XMP}CreatorTool",
    "producer": f"{_PDF}Producer",
    "creationDate": f"{_XMP}CreateDate",
    "modDate": f"{_XMP}ModifyDate",
}


def metadata_violations(document) -> Iterator[str]:
    """Every rule of 6.6 that the document breaks, each after its clause."""
    packet = document.get_xml_metadata()
    if re.search(r"<\?xpacket begin=[^>]*\b(bytes|encoding)=", packet):
        yield "6.6.2.1 bytes or encoding in the packet's header"
    try:
        tree = ET.fromstring(packet)
    except ET.ParseError:
        yield "6.6.2.1 no well-formed metadata"
        return
    about = {
        item.get(f"{RDF}about")
        for item in tree.iter(f"{RDF}Description")
        if item.get(f"{RDF}about") is not None
    }
    if len(about) > 1:
        yield "6.6.2.1 metadata about several things"
    properties = dict(_properties(tree))
    if (properties.get(f"{_ID}part"), properties.get(f"{_ID}conformance")) != ("3", "A"):
        yield "6.6.4 not marked as PDF/A-3a"
    yield from _declarations(tree, properties)
    yield from _twins(document.metadata, properties)


def _properties(tree) -> Iterator[tuple[str, object]]:
    """Each property: its name and its text, or its items."""
    for description in tree.find(f"{RDF}RDF"):
        for name, value in description.attrib.items():
            if not name.startswith(RDF):
                yield name, value
        for element in description:
            items = [item.text or "" for item in element.iter(f"{RDF}li")]
            yield element.tag, items if len(element) else element.text or ""


def _declarations(tree, properties) -> Iterator[str]:
    bags = list(tree.iter(f"{_EXTENSION}schemas"))
    if len(bags) > 1:
        yield "6.6.2.3 several bags of extension schemas"
    declared = {}
    for schema in (item for bag in bags for item in bag.iterfind(f"{RDF}Bag/{RDF}li")):
        namespace = schema.findtext(f"{_SCHEMA}namespaceURI")
        for key in ("schema", "prefix"):
            if not schema.findtext(f"{_SCHEMA}{key}"):
                yield f"6.6.2.3.3 a schema without {key}"
        for item in schema.find(f"{_SCHEMA}property").iter(f"{RDF}li"):
            said = {
                key: item.findtext(f"{_PROPERTY}{key}")
                for key in ("name", "valueType", "category", "description")
            }
            if None in said.values() or said["category"] not in ("internal", "external"):
                yield "6.6.2.3.3 a property that is declared by half"
            name = f"{{{namespace}}}{said['name']}"
            if name in declared:
                yield f"6.6.2.3.3 {said['name']} is declared twice"
            declared[name] = said["valueType"]
    for name, value in properties.items():
        namespace, _, local = name.removeprefix("{").partition("}")
        if namespace in _PREDEFINED:
            continue
        if name not in declared:
            yield f"6.6.2.3 {local} is not declared"
        elif not _is(declared[name], value):
            yield f"6.6.2.3 {local} is no {declared[name]}"


def _is(kind: str, value) -> bool:
    match kind:
        case "Boolean":
            return value in ("True", "False")
        case "Integer":
            return isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value) is not None
        case "Text":
            return isinstance(value, str)
        case _:
            return isinstance(value, list) == kind.startswith(("seq ", "bag ", "alt "))


def _twins(info, properties) -> Iterator[str]:
    for key, name in _TWINS.items():
        said, twin = info.get(key), properties.get(name)
        if not said:
            continue
        found = twin[0] if isinstance(twin, list) and twin else twin
        if key.endswith("Date"):
            said, found = re.sub(r"\D", "", said)[:14], re.sub(r"\D", "", found or "")[:14]
        if said != found:
            yield f"6.6.2.2 /{key} of the information dictionary says something else"
