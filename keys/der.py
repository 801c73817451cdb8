"""The few DER encodings (X.690) that timestamps and OCSP answers need on their hot paths."""

from asn1crypto.core import ObjectIdentifier

__all__ = [
    "BIT_STRING",
    "BOOLEAN",
    "CONTEXT_0",
    "ENUMERATED",
    "GENERALIZED_TIME",
    "INTEGER",
    "NULL",
    "OBJECT_IDENTIFIER",
    "OCTET_STRING",
    "SEQUENCE",
    "SET",
    "UTF8_STRING",
    "header",
    "oid",
    "small",
    "tlv",
]

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0
NULL = b"\x05\x00"

_SHORT_FORM = 0x80


def tlv(tag: int, *parts: bytes) -> bytes:
    """Tag, definite length in its shortest form, and the joined parts."""
    body = b"".join(parts)
    return header(tag, len(body)) + body


def header(tag: int, size: int) -> bytes:
    """Tag and definite length, in its shortest form, of a body that follows."""
    if size < _SHORT_FORM:
        return bytes((tag, size))
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _SHORT_FORM | len(length))) + length


def small(number: int) -> bytes:
    """INTEGER from 0 to 127."""
    return bytes((INTEGER, 1, number))


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    encoded: bytes = ObjectIdentifier(dotted).dump()
    return encoded
