"""XMP of a certificate: what typst wrote, extended by the GB/T 36903 elements in our namespace.

PDF/A-3 (ISO 19005-3, 6.6.2.3) allows properties outside the predefined schemas only when an
extension schema declares each of them, in one `pdfaExtension:schemas` bag per file. typst has
written such a bag for PDF/UA already; ours is one more entry of that bag, never a second bag.

Pictures stay out of it: they stand in the attachment and on the page.

The packet is spliced as text: typst's bytes stay as they are, so the result is deterministic.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from certlib.canonical import canonical_bytes
from certlib.errors import ControlCharacter, SealMismatch
from signing.naming import NAMESPACE, PREFIX

__all__ = ["Property", "extended", "properties_of"]

_Value = str | tuple[str, ...]
_Declared = tuple[tuple[str, str], ...]

_BAG_END = b"</rdf:Bag></pdfaExtension:schemas>"
_RDF_END = b"</rdf:RDF>"
_NAMESPACE = NAMESPACE.encode()
_PICTURES = ("/9j/", "iVBORw0KGgo")
# What text cannot be laid in as it is: most texts hold none of it.
_SPECIAL = re.compile("[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_DESCRIPTIONS = {
    "ZZMC": "Certificate name (GB/T 36903)",
    "ZZLXDM": "Certificate type code (GB/T 36903)",
    "ZZBH": "Number on the face (GB/T 36903)",
    "ZZBS": "Electronic certificate identifier (GB/T 36904)",
    "ZZBFJG": "Issuing body (GB/T 36903)",
    "ZZBFJGDM": "Code of the issuing body (GB/T 36903)",
    "ZZBFRQ": "Date of issue (GB/T 36903)",
    "CZZT": "Holders (GB/T 36903)",
    "CZZTDM": "Codes of the holders (GB/T 36903)",
    "CZZTDMLX": "Names of the holders' code types (GB/T 36903)",
    "CZZTDMLXDM": "Holders' code types (GB/T 36903, annex A)",
    "ZZYXQQSRQ": "First day of validity (GB/T 36903)",
    "ZZYXQJZRQ": "Last day of validity (GB/T 36903)",
    "ZZQZR": "Sealed by (GB/T 36903)",
    "ZZQZSJ": "Sealing time (GB/T 36903)",
    "ZZQZMC": "Name of the seal (GB/T 36903)",
    "division_code": "Administrative division (GB/T 2260)",
    "matter_code": "Code of the service matter",
    "matter_name": "Name of the service matter",
    "type_version": "Version of the certificate type",
    "form": "Form of the certificate: original, duplicate, annex or drawing",
    "acting_code": "Code of the entrusted unit that acted in the issuer's name",
    "acting_name": "Name of the entrusted unit that acted in the issuer's name",
    "copy_number": "Number of the duplicate, annex or drawing",
    "decision_number": "Number of the decision behind the certificate",
    "decision_date": "Date of the decision behind the certificate",
    "demonstration": "Made for demonstration, without legal effect",
}


class Property(NamedTuple):
    """One XMP property of our namespace.

    Attributes:
        value_type: as the extension schema declares it (`Text`, `Integer`, `Boolean`, `seq Text`).
        value: the lexical form, or one for each item of a sequence.
    """

    name: str
    value_type: str
    value: str | tuple[str, ...]

    @property
    def description(self) -> str:
        """What the extension schema says of it."""
        return _DESCRIPTIONS.get(self.name, "Extended metadata (GB/T 36903)")


def properties_of(elements: Mapping[str, Any]) -> tuple[Property, ...]:
    """The elements of `Content.as_json()` as XMP properties, in their own order.

    A list of texts becomes a sequence; any other list or object stands as its canonical JSON.
    What is or holds a picture is left out.

    Raises:
        SealMismatch: a key is no XML name.
        ControlCharacter: a value holds a character that XML 1.0 cannot carry.
    """
    declared, values = _parts(elements)
    _has_special(values)
    return tuple(Property(*item, value) for item, value in zip(declared, values, strict=True))


def extended(packet: bytes, elements: Mapping[str, Any]) -> bytes:
    """`packet` with the elements and their declarations added.

    Raises:
        SealMismatch: the packet has no `rdf:RDF`, more than one extension bag, or our
            namespace already.
        ControlCharacter: a value holds a character that XML 1.0 cannot carry.
    """
    if packet.count(_RDF_END) != 1 or packet.count(_BAG_END) > 1 or _NAMESPACE in packet:
        raise SealMismatch(what="XMP")
    declared, values = _parts(elements)
    frame, schema = _forms(declared)
    description = _filled(frame, values)
    if _BAG_END in packet:
        packet = packet.replace(_BAG_END, schema)
    elif b"pdfaExtension:schemas" in packet:
        raise SealMismatch(what="XMP")
    else:
        description += _BAG % schema
    return packet.replace(_RDF_END, description + _RDF_END)


def _parts(elements: Mapping[str, Any]) -> tuple[_Declared, list[_Value]]:
    """What is declared, name and type, and beside it the values."""
    declared: list[tuple[str, str]] = []
    values: list[_Value] = []
    for name, value in elements.items():
        if not _is_name(name):
            raise SealMismatch(what="XMP")
        if type(value) is str:  # nearly all of them
            if not value.startswith(_PICTURES):
                declared.append((name, "Text"))
                values.append(value)
        elif type(value) is list and value and _plain(value):
            declared.append((name, "seq Text"))
            values.append(tuple(value))
        elif not (value in ([], None) or _holds_picture(value)):
            value_type, printed = _printed(value)
            declared.append((name, value_type))
            values.append(printed)
    return tuple(declared), values


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    """An XML name as our types have them."""
    return name.isidentifier() and name.isascii()


def _plain(items: list[Any]) -> bool:
    """Texts alone, and none of them a picture; the long way finds out the same, slowly."""
    return all(type(item) is str and not item.startswith(_PICTURES) for item in items)


def _holds_picture(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    """Whether base64 of a JPEG or PNG stands in it: both begin with octets of their own."""
    match value:
        case str():
            return value.startswith(_PICTURES)
        case Mapping():
            return any(_holds_picture(item) for item in value.values())
        case list() | tuple():
            return any(_holds_picture(item) for item in value)
        case _:
            return False


def _printed(value: Any) -> tuple[str, _Value]:  # noqa: ANN401 - a JSON value
    """Type and lexical form."""
    if isinstance(value, bool):
        return "Boolean", "True" if value else "False"
    if isinstance(value, int):
        return "Integer", str(value)
    if isinstance(value, str):
        return "Text", value
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return "seq Text", tuple(value)
    return "Text", canonical_bytes(value).decode()


def _has_special(values: list[_Value]) -> bool:
    """Whether any text must be escaped; one search for all costs a tenth of one for each."""
    text = "".join([value if type(value) is str else "".join(value) for value in values])
    if not _SPECIAL.search(text):
        return False
    if found := _NOT_XML.search(text):
        raise ControlCharacter(codepoint=f"U+{ord(found.group()):04X}")
    return True


def _filled(frame: str, values: list[_Value]) -> bytes:
    if _has_special(values):
        values = [
            _escaped(value) if isinstance(value, str) else tuple(map(_escaped, value))
            for value in values
        ]
    joined = "</rdf:li><rdf:li>"
    texts = [value if type(value) is str else joined.join(value) for value in values]
    return (frame % tuple(texts)).encode()


@lru_cache(maxsize=256)
def _forms(declared: _Declared) -> tuple[str, bytes]:
    """Frame and schema: the same for all certificates of a type."""
    return _frame(declared), _schema(declared)


def _frame(declared: _Declared) -> str:
    """The elements with a place for each value."""
    elements = "".join(_element(name, value_type) for name, value_type in declared)
    return (
        f'<rdf:Description rdf:about="" xmlns:{PREFIX}="{NAMESPACE}">{elements}</rdf:Description>'
    )


def _element(name: str, value_type: str) -> str:
    value = "<rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq>" if value_type == "seq Text" else "%s"
    return f"<{PREFIX}:{name}>{value}</{PREFIX}:{name}>"


def _escaped(text: str) -> str:
    # A literal carriage return would be read back as a line feed (XML 1.0, 2.11).
    return escape(text, {"\r": "&#13;"})


def _schema(declared: _Declared) -> bytes:
    """The extension schema, and the end of its bag."""
    entries = "".join(_declaration(name, value_type) for name, value_type in declared)
    schema = (
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Electronic certificate metadata (GB/T 36903)</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI>"
        f"<pdfaSchema:prefix>{PREFIX}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{entries}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
    return schema.encode() + _BAG_END


def _declaration(name: str, value_type: str) -> str:
    description = _DESCRIPTIONS.get(name, "Extended metadata (GB/T 36903)")
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{escape(description)}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        f"<pdfaProperty:valueType>{value_type}</pdfaProperty:valueType></rdf:li>"
    )


_BAG = (
    b'<rdf:Description rdf:about=""'
    b' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    b"<pdfaExtension:schemas><rdf:Bag>%b</rdf:Description>"
)
