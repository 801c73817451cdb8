"""Certificates that no library would write: another library's fields, changed and signed again."""

from collections.abc import Callable

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.cms import tlv
from signing.evidence.der import span_at, spans

Change = Callable[[asn1_x509.TbsCertificate], None]


def resigned(der: bytes, key: ec.EllipticCurvePrivateKey, change: Change) -> bytes:
    """The certificate with its signed part changed, signed by `key`."""
    content = asn1_x509.Certificate.load(der)["tbs_certificate"].copy()
    change(content)
    signed = content.dump(force=True)
    signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, signed, content["signature"].dump(), tlv(0x03, b"\x00", signature))


def parts(der: bytes) -> tuple[bytes, ...]:
    """What is signed, the algorithm, the signature."""
    return tuple(der[begin:end] for begin, _, end in spans(der, span_at(der)))
