"""Reads OCSP requests (RFC 6960 section 4.1.1) from anybody: strict DER, every length bounded.

What is read here comes from strangers at the rate of the network: no library is asked that knows
all of ASN.1, and nothing is guessed. A signature of the requestor is passed over: anybody may ask.
"""

from dataclasses import dataclass
from typing import Final

from keys import der

__all__ = ["LIMIT", "MOST_CERTIFICATES", "Asked", "MalformedRequestError", "OcspRequest"]

LIMIT: Final = 4096
"""Octets of a request; the largest that may be asked for has half of it."""
MOST_CERTIFICATES: Final = 16
MOST_NONCE: Final = 128
"""RFC 9654 section 2.1: 1 to 128 octets; what is longer, or empty, is malformed."""

_NONCE: Final = der.oid("1.3.6.1.5.5.7.48.1.2")
_UNDERSTOOD: Final = frozenset(
    {
        _NONCE,
        der.oid("1.3.6.1.5.5.7.48.1.4"),  # response types: basic is the one that everybody takes
        der.oid("1.3.6.1.5.5.7.48.1.7"),  # service locator
        der.oid("1.3.6.1.5.5.7.48.1.8"),  # preferred signature algorithms
    }
)
_CONTEXT_1, _CONTEXT_2 = 0xA1, 0xA2
_LONG_FORM: Final = 0x80
_MORE: Final = 0x80
"""In the octets of an identifier: another one of the same part follows."""
_MOST_LENGTH_OCTETS: Final = 2
_MOST_SERIAL: Final = 20


class MalformedRequestError(Exception):
    """It is no OCSP request that may be answered: `malformedRequest`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One CertID.

    Attributes:
        encoded: DER, as the caller sent it: it must return unchanged.
        issuer: digest algorithm (DER of its identifier), digests of the issuer's name and key.
    """

    encoded: bytes
    issuer: tuple[bytes, bytes, bytes]
    serial: int


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """What a request asks.

    Attributes:
        nonce: the extension, DER as the caller sent it; nothing without one.
    """

    asked: tuple[Asked, ...]
    nonce: bytes

    @classmethod
    def read(cls, encoded: bytes) -> "OcspRequest":
        """Reads an OCSPRequest.

        Raises:
            MalformedRequestError: it is none, too long, asks for too much, or for what is
                critical and not understood here.
        """
        if len(encoded) > LIMIT:
            raise MalformedRequestError("length")
        whole = _Reader(encoded)
        outer = whole.inside(der.SEQUENCE)
        whole.end()
        request = outer.inside(der.SEQUENCE)
        if outer.sees(der.CONTEXT_0):
            outer.take(der.CONTEXT_0)  # optionalSignature
        outer.end()
        if request.sees(der.CONTEXT_0):
            raise MalformedRequestError("version")  # v1 is the default, which DER leaves out
        if request.sees(_CONTEXT_1):
            request.take(_CONTEXT_1)  # requestorName
        asked = _asked(request.inside(der.SEQUENCE))
        nonce = _extensions(request, _CONTEXT_2)
        request.end()
        return cls(asked, nonce)


def _asked(listed: "_Reader") -> tuple[Asked, ...]:
    found: list[Asked] = []
    while not listed.done:
        if len(found) == MOST_CERTIFICATES:
            raise MalformedRequestError("certificates")
        single = listed.inside(der.SEQUENCE)
        encoded = single.take(der.SEQUENCE)
        _extensions(single, der.CONTEXT_0)
        single.end()
        found.append(_cert_id(encoded))
    if not found:
        raise MalformedRequestError("certificates")
    return tuple(found)


def _cert_id(encoded: bytes) -> Asked:
    inside = _Reader(encoded).inside(der.SEQUENCE)
    algorithm = inside.inside(der.SEQUENCE)
    digest = algorithm.identifier()
    if not algorithm.done and algorithm.rest() != der.NULL:
        raise MalformedRequestError("digest")
    name, key = inside.value(der.OCTET_STRING), inside.value(der.OCTET_STRING)
    octets = inside.value(der.INTEGER)
    inside.end()
    serial = int.from_bytes(octets, signed=True)
    if not 1 <= len(octets) <= _MOST_SERIAL + 1 or len(octets) != _shortest(serial):
        raise MalformedRequestError("serial")
    return Asked(encoded, (digest, name, key), serial)


def _shortest(number: int) -> int:
    """Octets of an INTEGER in DER (X.690 section 8.3.2)."""
    return (number if number >= 0 else ~number).bit_length() // 8 + 1


def _extensions(reader: "_Reader", tag: int) -> bytes:
    """The nonce among optional extensions, whole; each extension once."""
    if not reader.sees(tag):
        return b""
    wrapped = reader.inside(tag)
    listed = wrapped.inside(der.SEQUENCE)
    wrapped.end()
    nonce, seen = b"", set[bytes]()
    while not listed.done:
        encoded = listed.take(der.SEQUENCE)
        extension = _Reader(encoded).inside(der.SEQUENCE)
        name = extension.identifier()
        critical = extension.sees(der.BOOLEAN)
        if critical and extension.value(der.BOOLEAN) != b"\xff":
            raise MalformedRequestError("boolean")  # FALSE is the default, which DER leaves out
        value = extension.value(der.OCTET_STRING)
        extension.end()
        if name in seen or (critical and name not in _UNDERSTOOD):
            raise MalformedRequestError("extension")
        seen.add(name)
        if name == _NONCE:
            nonce = encoded
            _check_nonce(value)
    return nonce


def _check_nonce(value: bytes) -> None:
    inside = _Reader(value)
    octets = inside.value(der.OCTET_STRING)
    inside.end()
    if not 1 <= len(octets) <= MOST_NONCE:
        raise MalformedRequestError("nonce")


class _Reader:
    """Definite lengths in their shortest form, one element after the other (X.690 section 10.1)."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._data)

    def sees(self, tag: int) -> bool:
        return self._data[self._at : self._at + 1] == bytes((tag,))

    def rest(self) -> bytes:
        return self._data[self._at :]

    def end(self) -> None:
        if not self.done:
            raise MalformedRequestError("more than expected")

    def take(self, tag: int) -> bytes:
        """The next element with its tag and length."""
        start = self._at
        self.value(tag)
        return self._data[start : self._at]

    def identifier(self) -> bytes:
        """The next element, an OBJECT IDENTIFIER with every part in its shortest form."""
        encoded = self.take(der.OBJECT_IDENTIFIER)
        begins = True
        for octet in encoded[2:]:
            if begins and octet == _MORE:
                raise MalformedRequestError("identifier")
            begins = octet < _MORE
        if not begins or len(encoded) == len(b"\x06\x00"):
            raise MalformedRequestError("identifier")
        return encoded

    def inside(self, tag: int) -> "_Reader":
        """What the next element holds."""
        return _Reader(self.value(tag))

    def value(self, tag: int) -> bytes:
        """The contents of the next element."""
        if not self.sees(tag):
            raise MalformedRequestError("another element")
        start = self._at + 2
        head = self._data[self._at + 1 : start]
        if not head:
            raise MalformedRequestError("cut off")
        size = head[0]
        if size >= _LONG_FORM:
            octets = size - _LONG_FORM
            if not 1 <= octets <= _MOST_LENGTH_OCTETS:
                raise MalformedRequestError("length")
            size = int.from_bytes(self._data[start : start + octets])
            start += octets
            if size < _LONG_FORM or size >> 8 * (octets - 1) == 0:
                raise MalformedRequestError("length")
        if start + size > len(self._data):
            raise MalformedRequestError("cut off")
        self._at = start + size
        return self._data[start : self._at]
