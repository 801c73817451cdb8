"""An outside authority that answers by OCSP alone: root, issuing authority, certificates of both."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certlib.ports import TrustMaterial
from tests.fakes.answers import DAY, NOW

URL = "http://ocsp.example/"


@dataclass
class Issuing:
    """Something that issues: `answer` and `Responder` of `tests.fakes.answers` take it."""

    name: str
    parent: "Issuing | None" = None
    urls: tuple[str, ...] = ()
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    at: datetime = NOW

    def __post_init__(self):
        issuer = self.parent or self
        # A root's own certificate is no question of anybody's.
        self.certificate = _certificate(self, issuer, self.name, self.key, urls=self.urls, ca=True)

    @property
    def x509_name(self):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    def leaf(self, name="某局", *, urls=(URL,), serial=None, days=365, key=None, extensions=()):
        """DER of a certificate that names its responder."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        made = _certificate(
            self, self, name, key, urls=urls, serial=serial, days=days, extensions=extensions
        )
        return made.public_bytes(Encoding.DER)

    def crl(self, *serials, at=NOW, days=30):
        builder = x509.CertificateRevocationListBuilder(self.x509_name, at, at + days * DAY)
        for serial in serials:
            entry = x509.RevokedCertificateBuilder(serial, at)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _certificate(
    owner, issuer, name, key, *, urls, ca=False, serial=None, days=3650, extensions=()
):
    builder = x509.CertificateBuilder(
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        issuer_name=issuer.x509_name,
        public_key=key.public_key(),
        serial_number=serial or x509.random_serial_number(),
        not_valid_before=owner.at - 30 * DAY,
        not_valid_after=owner.at + days * DAY,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if urls:
        places = [
            x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)
            )
            for url in urls
        ]
        access = x509.AuthorityInformationAccess(places)
        builder = builder.add_extension(access, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


class World:
    """Root and issuing authority, and one certificate of theirs."""

    def __init__(self, at=NOW, url=URL, *, authority=True):
        """Without `authority` only the seal names a responder."""
        self.root = Issuing("外部根", at=at)
        self.issuing = Issuing("外部签发机构", self.root, (url,) if authority else (), at=at)
        self.seal = self.issuing.leaf(urls=(url,))

    def material(self, **more):
        fields = {"seal_anchors": (self.root.der,), "issuers": (self.issuing.der,)} | more
        return TrustMaterial(**fields)
