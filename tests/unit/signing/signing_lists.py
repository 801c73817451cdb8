"""Certificates and revocation lists, rule by rule, for the tests of what lists say."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signing_pki import NOW, Authority

from signing.evidence.revocation import revocation_facts

DAY = timedelta(days=1)
REASONS = x509.ReasonFlags
SOME = frozenset({REASONS.key_compromise, REASONS.ca_compromise})
OTHERS = frozenset(REASONS) - SOME - {REASONS.unspecified, REASONS.remove_from_crl}
HERE, THERE = (
    [x509.UniformResourceIdentifier(f"http://pki.example/{name}.crl")] for name in ("a", "b")
)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"), b"\x05\x00")
ROOT = Authority("吊销根")
ISSUER = Authority("吊销机构", parent=ROOT)
OTHER = Authority("吊销列表机构", parent=ROOT)


def usage(*, crl_sign):
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def certificate(*extensions, issuer=ISSUER, name=None, serial=7, days=(-365, 365), key=None):
    """DER of a certificate with these extensions and nothing else."""
    builder = x509.CertificateBuilder(
        subject_name=name or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "某局")]),
        issuer_name=issuer.x509_name,
        public_key=(key or ec.generate_private_key(ec.SECP256R1())).public_key(),
        serial_number=serial,
        not_valid_before=NOW + days[0] * DAY,
        not_valid_after=NOW + days[1] * DAY,
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def entry(serial=7, reason=REASONS.key_compromise, *, at=NOW, issuer=None, unknown=False):
    builder = x509.RevokedCertificateBuilder(serial, at)
    builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    if issuer is not None:
        names = [x509.DirectoryName(issuer.x509_name)]
        builder = builder.add_extension(x509.CertificateIssuer(names), critical=True)
    if unknown:
        builder = builder.add_extension(UNKNOWN, critical=True)
    return builder.build()


def scope(**said):
    silent = dict.fromkeys(
        (
            "only_contains_user_certs",
            "only_contains_ca_certs",
            "indirect_crl",
            "only_contains_attribute_certs",
        ),
        False,
    )
    nothing = {"full_name": None, "relative_name": None, "only_some_reasons": None}
    return x509.IssuingDistributionPoint(**{**silent, **nothing, **said})


def points(*, full_name=None, relative_name=None, reasons=None, issuer=None):
    named = None if issuer is None else [x509.DirectoryName(issuer.x509_name)]
    point = x509.DistributionPoint(full_name, relative_name, reasons, named)
    return x509.CRLDistributionPoints([point])


def crl(*entries, by=ISSUER, key=None, at=NOW, days=30, number=1, extensions=()):
    """A list; `extensions` are critical."""
    builder = x509.CertificateRevocationListBuilder(by.x509_name, at, at + days * DAY)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    for item in entries:
        builder = builder.add_revoked_certificate(item)
    return builder.sign(key or by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def told(target, *crls, authorities=()):
    """Of `target`; nobody speaks of the authorities above it unless a list does."""
    return revocation_facts((target, ISSUER.der, ROOT.der), crls, authorities)[0]


PLAIN = certificate()
ROOT_SAYS = crl(by=ROOT)


INDIRECT = scope(indirect_crl=True)
BY_OTHER = certificate(points(issuer=OTHER))


def by_other(*entries, extensions=(INDIRECT,)):
    return told(
        BY_OTHER,
        crl(*entries, by=OTHER, extensions=extensions),
        ROOT_SAYS,
        authorities=(OTHER.der,),
    )


def delta(*entries, base=1, number=5, extensions=(), **how):
    said = (x509.DeltaCRLIndicator(base), *extensions)
    return crl(*entries, number=number, extensions=said, **{"at": NOW + DAY, "days": 2, **how})


def signer(*, crl_sign=True, name=ISSUER.x509_name, **how):
    """Somebody with the issuer's name and another key, for lists only: (DER, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate(
        usage(crl_sign=crl_sign), name=name, key=key, **{"issuer": ROOT, "serial": 70, **how}
    ), key
