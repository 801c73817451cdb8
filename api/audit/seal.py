"""The seal of a PDF by its octets alone: byte range, message digest, CMS signature (RFC 5652).

Nothing of a PDF library is used. Our files have one signature over everything but the hole that
holds it, so the last `/ByteRange` of the file must reach to its first and its last octet. Later
revisions are archive timestamps (ETSI EN 319 142-1, 5.4.3), each over all that stood there.
"""

import hashlib
import re
from dataclasses import dataclass

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from api.audit.signed import BadSignature, check_signer, message_of, signer_of
from api.audit.tokens import stamps

_END_OF_FILE = b"%%EOF\n"
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


class BadSeal(Exception):
    """Why a file's seal does not hold; `str()` is a slug."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that holds.

    Attributes:
        organisation: `organizationIdentifier` of the signer's subject, as it stands there.
        signer: hex SHA-256 of the signer's X.509 certificate, DER.
        message: hex SHA-256 of what the key has signed.
    """

    organisation: str
    signer: str = ""
    message: str = ""


def checked_seal(pdf: bytes) -> Seal:
    """The seal of a file, every octet outside it covered.

    Raises:
        BadSeal: there is none, or it does not hold.
    """
    found = list(_RANGE.finditer(pdf))
    last, end = None, len(pdf)
    while found:
        last = found.pop()
        covered, container = _split(pdf[:end], last)
        if not _is_token(container):
            return _sealed(covered, container)
        try:
            stamps(container, covered)
        except BadSignature as error:
            raise BadSeal(f"archive-{error}") from error
        # What was appended with this timestamp begins behind the last end of a file before it.
        end = pdf.rfind(_END_OF_FILE, 0, last.start()) + len(_END_OF_FILE)
    raise BadSeal("no-signature" if last is None else "archive-alone")


def _sealed(covered: tuple[bytes, bytes], container: bytes) -> Seal:
    try:
        signer, certificate = signer_of(cms.ContentInfo.load(container)["content"])
        check_signer(signer, certificate, covered)
    except BadSignature as error:
        raise BadSeal(str(error)) from error
    # asn1crypto raises many kinds on octets that are no CMS.
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadSeal("cms-malformed") from error
    message = hashlib.sha256(message_of(signer)).hexdigest()
    return Seal(_organisation(certificate), certificate.fingerprint(SHA256()).hex(), message)


def _is_token(container: bytes) -> bool:
    try:
        content = cms.ContentInfo.load(container)["content"]
        return bool(content["encap_content_info"]["content_type"].native == "tst_info")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return False


def _split(pdf: bytes, found: re.Match[bytes]) -> tuple[tuple[bytes, bytes], bytes]:
    """The covered octets, and the DER in the hole between them."""
    start, before, after, rest = (int(number) for number in found.groups())
    if start != 0 or after + rest != len(pdf) or before > after:
        raise BadSeal("not-covered")
    hole = pdf[before:after]
    if hole[:1] != b"<" or hole[-1:] != b">":
        raise BadSeal("hole-malformed")
    try:
        octets = bytes.fromhex(hole[1:-1].decode("ascii"))
    except ValueError as error:
        raise BadSeal("hole-malformed") from error
    return (pdf[:before], pdf[after:]), _der(octets)


def _der(octets: bytes) -> bytes:
    """One DER value; what pads it must be zeros."""
    head = 2
    length = octets[1] if len(octets) > 1 else 0
    if length & 0x80:
        head += length & 0x7F
        length = int.from_bytes(octets[2:head], "big")
    end = head + length
    if end > len(octets) or any(octets[end:]):
        raise BadSeal("padding")
    return octets[:end]


def _organisation(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_IDENTIFIER)
    return str(found[0].value) if found else ""
