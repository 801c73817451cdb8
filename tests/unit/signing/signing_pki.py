"""A small PKI, pages and a sealer for the tests of sealing and reading. All keys live in memory."""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pylopdf_fonts_zh_cn
import typst
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certlib.document import Content, Holder
from certlib.errors import Overloaded, SigningUnavailable, StoreUnavailable
from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial, ValidationMaterial
from certlib.signer_errors import SigningLimited
from certlib.verification import OWN, Policy
from certlib.verification.signature_validation import Conclusion, conclusions
from signing.naming import ATTACHMENT_NAME
from signing.sealing import PadesSealer

NOW = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
ISSUER_CODE = "11445200999999015E"
IDENTIFIER = "1.2.156.3005.2.11100000000013338W011.11445200999999015E.00000000001000000001.001.5"

# expiredCertsOnCRL (X.509 9.5.2.8), from the year 2000 on.
_KEEPS_EXPIRED = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("2.5.29.60"), b"\x18\x0f20000101000000Z"
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class FixedClock:
    def now(self) -> datetime:
        return NOW


def _name(common_name: str, *, code: str = "") -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, common_name),
    ]
    if code:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{code}"))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, f"{common_name}（演示）"))
    return x509.Name(attributes)


@dataclass
class Authority:
    """A root, or what a root has signed; `says` stands in every certificate that it issues."""

    name: str
    parent: "Authority | None" = None
    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    serial: int = 1000
    says: tuple[x509.ExtensionType, ...] = ()

    def __post_init__(self) -> None:
        signer = self.parent or self
        issuer = self.parent.x509_name if self.parent else _name(self.name)
        builder = _builder(
            _name(self.name), self.key, issuer, signer.key, self.serial, (-3650, 3650)
        )
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        builder = builder.add_extension(_usage(authority=True), critical=True)
        for extension in self.parent.says if self.parent else ():
            builder = builder.add_extension(extension, critical=False)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    @property
    def x509_name(self) -> x509.Name:
        return self.certificate.subject

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def leaf(
        self,
        name: str,
        *,
        key: PrivateKey | None = None,
        code: str = "",
        days: tuple[int, int] = (-365, 365),
        timestamping: bool = False,
        authority: bool = False,
        usage: bool = True,
    ) -> "Leaf":
        key = key or ec.generate_private_key(ec.SECP256R1())
        self.serial += 1
        builder = _builder(_name(name, code=code), key, self.x509_name, self.key, self.serial, days)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=authority, path_length=None), critical=True
        )
        if usage:
            builder = builder.add_extension(_usage(authority=authority), critical=True)
        if timestamping:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(purpose, critical=True)
        for extension in self.says:
            builder = builder.add_extension(extension, critical=False)
        return Leaf(builder.sign(self.key, hashes.SHA256()), key, self)

    def crl(
        self,
        revoked: Sequence[tuple[int, datetime]] = (),
        *,
        at: datetime = NOW,
        days: int = 30,
        keeps_expired: bool = False,
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.x509_name)
            .last_update(at)
            .next_update(at + timedelta(days=days))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if keeps_expired:
            builder = builder.add_extension(_KEEPS_EXPIRED, critical=False)
        for serial, when in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(when)
                .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
                .build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _builder(subject, key, issuer, issuer_key, serial, days) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=NOW + timedelta(days=days[0]),
        not_valid_after=NOW + timedelta(days=days[1]),
    )
    subject_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(subject_id, critical=False).add_extension(
        issuer_id, critical=False
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass
class Leaf:
    certificate: x509.Certificate
    key: PrivateKey
    issuer: Authority
    signatures: int = 0

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    # KeyHandle
    @property
    def name(self) -> str:
        return "test-seal"

    @property
    def algorithm(self) -> str:
        return "rsa-3072-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ecdsa-p256-sha256"

    @property
    def chain(self) -> tuple[bytes, ...]:
        if self.issuer.parent is None:
            return (self.der,)
        return (self.der, self.issuer.der)

    def sign(self, message: bytes) -> bytes:
        self.signatures += 1
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    # SealCustody of one seal
    def seal_key(self, issuer_code: str) -> "Leaf":
        return self


@dataclass
class TestTimestamps:
    """RFC 3161 tokens by asn1crypto, so that our own CMS writer is not its own witness."""

    __test__ = False
    leaf: Leaf
    moment: datetime = NOW
    serial: int = 0

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        self.serial += 1
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.3.6.1.4.1.32473.1",
                "message_imprint": {
                    "hash_algorithm": {"algorithm": algorithm},
                    "hashed_message": imprint,
                },
                "serial_number": self.serial,
                "gen_time": self.moment,
            }
        ).dump()
        certificate = asn1_x509.Certificate.load(self.leaf.der)
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute(
                    {"type": "message_digest", "values": [hashlib.sha256(info).digest()]}
                ),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [
                            tsp.SigningCertificateV2(
                                {"certs": [{"cert_hash": hashlib.sha256(self.leaf.der).digest()}]}
                            )
                        ],
                    }
                ),
            ]
        )
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(info),
                },
                "certificates": [certificate],
                "signer_infos": [
                    cms.SignerInfo(
                        {
                            "version": "v1",
                            "sid": cms.SignerIdentifier(
                                {
                                    "issuer_and_serial_number": {
                                        "issuer": certificate.issuer,
                                        "serial_number": certificate.serial_number,
                                    }
                                }
                            ),
                            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                            "signed_attrs": attributes,
                            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                            "signature": self.leaf.sign(attributes.dump()),
                        }
                    )
                ],
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()


OUTAGES = (
    SigningUnavailable(what="authority"),
    SigningLimited(key="timestamp", what="3/minute"),
    Overloaded(),
    StoreUnavailable(what="register"),
)
"""Why a timestamp authority gives no token now."""


@dataclass
class TestMaterials:
    """The same validation material for every chain."""

    __test__ = False
    found: ValidationMaterial

    def material(self, chains) -> ValidationMaterial:
        return self.found


@dataclass
class Pki:
    root: Authority
    issuing: Authority
    seal: Leaf
    timestamps: TestTimestamps

    @property
    def trust(self) -> TrustMaterial:
        return TrustMaterial(
            seal_anchors=(self.root.der,),
            timestamp_anchors=(self.root.der,),
            crls=(self.issuing.crl(), self.root.crl()),
        )

    @functools.cached_property
    def materials(self) -> TestMaterials:
        # Not the root: here it bears the serial number of the authority below it.
        certificates = (self.seal.der, self.issuing.der, self.timestamps.leaf.der)
        return TestMaterials(
            ValidationMaterial(certificates, (self.issuing.crl(), self.root.crl()))
        )

    def sealer(self, **options) -> PadesSealer:
        return PadesSealer(self.seal, self.timestamps, FixedClock(), **options)


def make_pki(name: str = "测试", key: PrivateKey | None = None) -> Pki:
    root = Authority(f"{name}根")
    issuing = Authority(f"{name}签章机构", parent=root)
    seal = issuing.leaf("测试市交通运输局", code=ISSUER_CODE, key=key)
    timestamps = TestTimestamps(root.leaf(f"{name}时间戳", timestamping=True, days=(-365, 3600)))
    return Pki(root, issuing, seal, timestamps)


def make_content(**changes) -> Content:
    values = {
        "type_code": "11100000000013338W011",
        "type_version": "2026.1",
        "name": "道路运输经营许可证",
        "identifier": IDENTIFIER,
        "number": "粤交运管许可字445200000001号",
        "issuer_code": ISSUER_CODE,
        "issuer_name": "测试市交通运输局",
        "issue_date": date(2026, 5, 31),
        "holders": (
            Holder("甲·乙", "111", "445221198501010019"),
            Holder("丙 & <丁>", "111", "445203201301010024"),
        ),
        "division_code": "445200",
        "valid_from": date(2026, 6, 1),
        "valid_to": date(2030, 5, 31),
        "sealed_by": "张三",
        "sealed_at": NOW,
        "seal_name": "测试市交通运输局电子印章",
        "fields": {
            "KZ_JYFW": "普通货运",
            "KZ_LB": ["甲", "乙"],
            "KZ_BG": [{"a": 1}],
            "KZ_SL": 3,
            "KZ_SF": True,
        },
        **changes,
    }
    return Content(**values)


_PAGE = """#set document(title: "证照", date: datetime(year: 2026, month: 1, day: 2))
#set text(font: "Noto Serif SC", lang: "zh")
#pdf.attach("{name}", bytes(sys.inputs.at("json")), relationship: "source",
  mime-type: "application/json", description: "GB/T 36903")
= 道路运输经营许可证
#for i in range(int(sys.inputs.at("lines"))) [第 #i 行 \\ ]
"""


@functools.cache
def make_page(content_json: bytes, lines: int = 3) -> bytes:
    """PDF/A-3a and PDF/UA-1 with the attachment."""
    fonts = pylopdf_fonts_zh_cn.serif_path().parent
    compiler = typst.Compiler(
        _PAGE.replace("{name}", ATTACHMENT_NAME).encode(),
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        sys_inputs={"json": content_json.decode(), "lines": str(lines)},
    )
    return compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"])


def seal_one(pki: Pki, content: Content | None = None, level: str = "B-T") -> bytes:
    content = content or make_content()
    return pki.sealer().seal(make_page(content.canonical()), content, level).pdf


def concluded(facts: FileFacts, *, at: datetime = NOW, policy: Policy = OWN) -> Conclusion:
    """What is concluded on the first signature."""
    return conclusions(facts.signatures, policy, at)[0]
