"""An outside authority: root and issuing authority of its own, answers of every kind."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certlib.trust import TrustedAuthority, TrustList, Use
from keys import profiles
from keys.requests import Trusted
from tests.unit.keys.keys_world import START, TRANSPORT

_USAGE = {
    "digital_signature": True,
    "content_commitment": True,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


@dataclass
class OutsideAuthority:
    """Certifies what `certlib keys request` asks for, well or badly."""

    at: datetime = START
    root_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self):
        name, between = _name("外部根"), _name("外部签发机构")
        self.root = self._authority(name, name, self.root_key, self.root_key)
        self.issuing = self._authority(between, name, self.key, self.root_key)

    def answer(self, pem, *, code=None, days=900, start=None, ca=False, usage=None, **more):
        """The certificate, DER. `code`, `ca`, `usage`, `purposes`, `digest` are what is wrong."""
        csr = x509.load_pem_x509_csr(pem) if pem.startswith(b"---") else x509.load_der_x509_csr(pem)
        subject = csr.subject
        if code is not None:
            subject = profiles.seal_subject("别的单位", code, profiles.OUTSIDE_SEAL)
        first = start or self.at - timedelta(hours=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.issuing.subject)
            .public_key(csr.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(first + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**(_USAGE | (usage or {}))), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(csr.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        purposes = more.get("purposes", [profiles.DOCUMENT_SIGNING])
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        made = builder.sign(more.get("key", self.key), more.get("digest", hashes.SHA256()))
        return made.public_bytes(Encoding.DER)

    def crls(self, revoked=(), until=timedelta(days=30)):
        return tuple(
            self._list(above, key, revoked, until)
            for above, key in ((self.root, self.root_key), (self.issuing, self.key))
        )

    def listed(self, **changes):
        """The trust list's entry: the root, with the issuing authority as a helper."""
        plain = {
            "name": "外部机构",
            "name_en": "Outside authority",
            "certificate": self.root.public_bytes(Encoding.DER),
            "uses": frozenset({Use.SEAL}),
            "issuers": frozenset({TRANSPORT[0]}),
            "types": frozenset(),
            "since": self.at - timedelta(days=1),
            "helpers": (self.issuing.public_bytes(Encoding.DER),),
        }
        return TrustedAuthority(**plain | changes)

    def trusted(self, *entries, crls=None, **changes):
        entries = entries or (self.listed(**changes),)
        found = TrustList(1, self.at, None, "揭阳", entries)
        return Trusted(found, self.crls() if crls is None else crls)

    def _authority(self, name, issuer, key, signer):
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=10))
            .not_valid_after(self.at + timedelta(days=4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    **(
                        _USAGE
                        | {
                            "digital_signature": False,
                            "content_commitment": False,
                            "key_cert_sign": True,
                            "crl_sign": True,
                        }
                    )
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
            )
            .sign(signer, hashes.SHA256())
        )

    def _list(self, above, key, revoked, until):
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(above.subject)
            .last_update(self.at - timedelta(days=1))
            .next_update(self.at + until)
        )
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(self.at).build())
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _name(text):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "外部机构"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )
