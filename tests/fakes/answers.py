"""OCSP answers, rule by rule, for the tests of what they say."""

from datetime import UTC, datetime, timedelta

from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus
NO_CHECK = x509.OCSPNoCheck()
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"), b"\x05\x00")
LISTS_ALONE = x509.KeyUsage(
    **dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    ),
    crl_sign=True,
)
ELSE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


class Responder:
    """Whom an authority appoints to answer for it, well or badly."""

    def __init__(
        self, issuer, *extensions, serial=99, days=(-1, 14), key=None, by=None, digest=None, at=NOW
    ):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder(
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "应答器")]),
            issuer_name=issuer.x509_name,
            public_key=self.key.public_key(),
            serial_number=serial,
            not_valid_before=at + days[0] * DAY,
            not_valid_after=at + days[1] * DAY,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        self.certificate = builder.sign((by or issuer).key, digest or hashes.SHA256())

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)


def answer(target, issuer, status=GOOD, *, by=None, at=NOW, days=1, **told):
    """An OCSPResponse about `target` (DER), by `by`, or by the issuer itself.

    Args:
        told: `revoked` (when), `reason`, `nonce`, `digest` of the CertID, `signed` (digest of the
            signature), `carried` (certificates), `extension` (a critical one).
    """
    signer = by or issuer
    revoked = told.get("revoked", at - DAY) if status is REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=x509.load_der_x509_certificate(target),
        issuer=issuer.certificate,
        algorithm=told.get("digest", hashes.SHA1()),
        cert_status=status,
        this_update=at,
        next_update=None if days is None else at + days * DAY,
        revocation_time=revoked,
        revocation_reason=told.get("reason"),
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if by is not None:
        builder = builder.certificates(told.get("carried", [by.certificate]))
    if "nonce" in told:
        builder = builder.add_extension(x509.OCSPNonce(told["nonce"]), critical=False)
    if "extension" in told:
        builder = builder.add_extension(told["extension"], critical=True)
    digest = told.get("signed", hashes.SHA256())
    made = builder.sign(signer.key, digest).public_bytes(Encoding.DER)
    return resigned(made, signer.key, digest, at)


def resigned(der, key, digest, at, cutoff=None):
    """The answer as if made at `at`: pyca's builder looks at the machine's clock."""
    made = asn1.OCSPResponse.load(der)
    basic = made["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"]
    data["produced_at"] = at
    if cutoff is not None:
        told = [{"extn_id": "archive_cutoff", "extn_value": cutoff}]
        data["responses"][0]["single_extensions"] = told
    content = data.dump(force=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        basic["signature"] = key.sign(content, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPrivateKey):
        basic["signature"] = key.sign(content, padding.PKCS1v15(), digest)
    else:
        basic["signature"] = key.sign(content)
    made["response_bytes"]["response"] = basic
    return made.dump(force=True)
