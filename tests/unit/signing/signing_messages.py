"""Messages written part by part, so that each part can be another one."""

import hashlib
from dataclasses import dataclass, field, replace

from asn1crypto import cms, tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from signing_pki import NOW, Authority, Leaf

from signing.cms import CmsParts, SealTemplate, assemble, set_of, timestamp_attribute, tlv
from signing.evidence.message import check

ROOT, STAMPS = Authority("写信根"), Authority("写信时间根")
LEAF = ROOT.leaf("某局", code="11445200990090139J")
STAMPER = STAMPS.leaf("时间戳", timestamping=True)
CONTENT = b"what is signed"
DIGEST = hashlib.sha256(CONTENT).digest()
DATA = bytes.fromhex("06092a864886f70d010701")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
CONTENT_TYPE, MESSAGE_DIGEST = "06092a864886f70d010903", "06092a864886f70d010904"
ECDSA = bytes.fromhex("300a06082a8648ce3d040302")
RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def attribute(kind, *values):
    return tlv(0x30, bytes.fromhex(kind), tlv(0x31, *values))


def algorithm(name):
    return cms.DigestAlgorithm({"algorithm": name}).dump()


def signing_certificate(leaf, *, issuer=True):
    """SigningCertificateV2 (RFC 5035), with or without issuer and serial number."""
    fixed = SealTemplate((leaf.der,), "ecdsa-p256-sha256")._fixed_attributes[1]
    digest = tlv(0x04, hashlib.sha256(leaf.der).digest())
    short = attribute("060b2a864886f70d010910022f", tlv(0x30, tlv(0x30, tlv(0x30, digest))))
    return fixed if (digest + b"\x30" in fixed) is issuer else short


def sign(key, message, name="sha256"):
    """By whatever key."""
    digest = getattr(hashes, name.upper())() if name.startswith("sha") else None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(digest))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), digest)
    return key.sign(message, digest) if isinstance(key, dsa.DSAPrivateKey) else key.sign(message)


@dataclass
class Writing:
    """A message truly signed, whatever it is made of.

    Attributes:
        attributes: the signed ones; None for those of our seals.
        edit: what is done with the parts before they are put together.
    """

    leaf: Leaf = field(default_factory=lambda: LEAF)
    content: bytes = CONTENT
    info: bool = False
    digest: str = "sha256"
    mechanism: bytes = ECDSA
    attributes: tuple[bytes, ...] | None = None
    more: tuple[bytes, ...] = ()
    unsigned: bytes = b""
    sign: object = sign
    edit: dict = field(default_factory=dict)

    @property
    def kind(self):
        return TST_INFO if self.info else DATA

    def needed(self):
        digest = hashlib.new(self.digest, self.content).digest()
        return (
            attribute(CONTENT_TYPE, self.kind),
            attribute(MESSAGE_DIGEST, tlv(0x04, digest)),
            signing_certificate(self.leaf),
        )

    def parts(self):
        given = self.needed() if self.attributes is None else self.attributes
        attributes = (*given, *self.more)
        template = SealTemplate((self.leaf.der,), "ecdsa-p256-sha256")
        content = (tlv(0xA0, tlv(0x04, self.content)),) if self.info else ()
        parts = CmsParts(
            version=3 if self.info else 1,
            digest_algorithm=algorithm(self.digest),
            encapsulated=tlv(0x30, self.kind, *content),
            certificates=(self.leaf.der,),
            identifier=template._identifier,
            attributes=b"".join(sorted(attributes)),
            signature_algorithm=self.mechanism,
            signature=self.sign(self.leaf.key, set_of(attributes)),
            unsigned=self.unsigned,
        )
        return replace(parts, **self.edit)

    def der(self):
        return assemble(self.parts())


def written(**options):
    return Writing(**options).der()


def token(of, leaf=STAMPER, *, content=None, **changes):
    """A timestamp over these bytes."""
    info = {
        "version": "v1",
        "policy": "1.3.6.1.4.1.32473.1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(of).digest(),
        },
        "serial_number": 5,
        "gen_time": NOW,
        **changes,
    }
    text = tsp.TSTInfo(info).dump() if content is None else content
    return Writing(leaf=leaf, content=text, info=True)


def stamped(make, **options):
    """A message with what `make` makes of its signature as unsigned attributes."""
    writing = Writing(**options)
    writing.sign = kept(writing.sign)
    parts = writing.parts()
    return assemble(replace(parts, unsigned=make(parts.signature)))


def kept(inner):
    """A signature is made once."""
    made = {}
    return lambda key, message: made.setdefault(message, inner(key, message))


def one_token(signature):
    return timestamp_attribute(token(signature).der())


def answers(message, digest=DIGEST):
    """Whether it speaks of that digest, and whether its signature holds."""
    check(message, digest)
    return message.digest_ok, message.signature_ok
