"""X.509 objects out of files that anybody may have written: one error for all that is wrong.

`cryptography` raises `InvalidVersion` and `UnsupportedGeneralNameType`, which are no `ValueError`,
for octets that a stranger chose.
"""

from typing import Final

from cryptography import x509

__all__ = ["certificate_from", "crl_from", "extensions_of"]

_PEM: Final = b"-----BEGIN"


def certificate_from(der: bytes) -> x509.Certificate:
    """The certificate in `der`.

    Raises:
        ValueError: it is none that can be read.
    """
    try:
        found = x509.load_der_x509_certificate(der)
        _ = found.subject, found.issuer  # parsed only now, and kept
    except (x509.InvalidVersion, TypeError) as error:
        raise ValueError("certificate") from error
    return found


def crl_from(content: bytes) -> x509.CertificateRevocationList:
    """The revocation list in `content`, DER or PEM.

    Raises:
        ValueError: it is none that can be read.
    """
    try:
        if content.startswith(_PEM):
            return x509.load_pem_x509_crl(content)
        return x509.load_der_x509_crl(content)
    except (x509.InvalidVersion, TypeError) as error:
        raise ValueError("crl") from error


def extensions_of(certificate: x509.Certificate) -> x509.Extensions:
    """Its extensions, each once.

    Raises:
        ValueError: one stands twice, or holds what cannot be read.
    """
    try:
        return certificate.extensions
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, TypeError) as error:
        raise ValueError("extensions") from error
