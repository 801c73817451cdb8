"""What a CMS says and whether it holds: digest, signature, form; no opinion about trust.

The form is checked by assembling the message again from its signed parts with the code that writes
our own seals: whatever a forger put beside them (revocation lists, further attributes, other
encodings of the same value) makes the two differ.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.general import extract_certificate_info, extract_signer_info
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.utils import DEFAULT_ALGORITHM_USAGE_POLICY

from signing.cms import SIGNATURE_ALGORITHMS, CmsParts, assemble, timestamp_attribute, tlv
from signing.evidence.layout import der_length

__all__ = ["MessageProblemError", "SignedMessage", "check", "digest_of", "read_message", "tst_info"]

_MOST_CERTIFICATES = 6
_DIGESTS = frozenset(
    {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"}
)
_MECHANISMS = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "dsa", "ecdsa", "ed25519", "ed448"})


class MessageProblemError(ValueError):
    """The bytes are no SignedData with exactly one signer."""


@dataclass(slots=True)
class SignedMessage:
    """One SignedData.

    Attributes:
        others: DER of the embedded certificates beside the signer's, in order.
        digest_ok: see `certlib.evidence.SignatureFacts`.
        form_problem: how the encoding differs from what our writer makes, or "".
        unchecked: why nobody here can check it, or ""; weak algorithms are for the judge.
        encapsulated: the content, for a timestamp token; None when detached.
    """

    signed_data: cms.SignedData
    signer_info: cms.SignerInfo
    signer: x509.Certificate
    others: tuple[bytes, ...]
    encapsulated: bytes | None
    digest_algorithm: str
    digest_ok: bool = False
    signature_ok: bool = False
    form_problem: str = ""
    unchecked: str = ""
    token: bytes = field(default=b"", repr=False)

    @property
    def signer_der(self) -> bytes:
        """The signer's certificate as it was sent."""
        return bytes(self.signer.dump())

    @property
    def claimed_time(self) -> datetime | None:
        """The signing-time attribute."""
        for attribute in self.signer_info["signed_attrs"] or ():
            if attribute["type"].native == "signing_time" and len(attribute["values"]) == 1:
                moment = attribute["values"][0].native
                return moment.astimezone(UTC) if isinstance(moment, datetime) else None
        return None

    @property
    def certificate_problem(self) -> str:
        """What forbids building a path: it is factorial in certificates with equal subjects."""
        if len(self.others) + 1 > _MOST_CERTIFICATES:
            return "too-many-certificates"
        subjects = {_subject(der) for der in (self.signer.dump(), *self.others)}
        return "equal-subjects" if len(subjects) <= len(self.others) else ""


def read_message(contents: bytes) -> SignedMessage:
    """The message at the start of `contents`; what follows it is padding.

    Raises:
        MessageProblemError: not CMS, not one signer, or the signer's certificate is absent.
    """
    length = der_length(contents)
    if not length:
        raise MessageProblemError("der")
    try:
        return _read(contents[:length])
    except MessageProblemError:
        raise
    # asn1crypto and pyHanko raise ValueError, KeyError, TypeError and more on hostile ASN.1.
    except Exception as error:
        raise MessageProblemError(type(error).__name__) from error


def check(message: SignedMessage, digest: bytes) -> None:
    """Fills in whether the message is signed and speaks of `digest`."""
    message.unchecked = _obstacle(message)
    content_type = message.signed_data["encap_content_info"]["content_type"].native
    try:
        message.digest_ok, message.signature_ok = validate_sig_integrity(
            message.signer_info, message.signer, content_type, digest
        )
    # Beside its own error, pyHanko lets asn1crypto's and cryptography's escape on hostile values.
    except Exception:  # noqa: BLE001 - whatever it is, the signature does not hold
        message.form_problem = message.form_problem or "signed-attributes"


def digest_of(parts: Iterable[memoryview | bytes], algorithm: str) -> bytes:
    """The digest of all parts.

    Raises:
        MessageProblemError: an algorithm that is not known.
    """
    # RFC 8419 and RFC 8702 fix SHAKE256 in CMS at 512 bits.
    if algorithm in ("shake256", "shake256_len"):
        return hashlib.shake_256(b"".join(parts)).digest(64)
    if algorithm not in _DIGESTS:
        raise MessageProblemError("digest-algorithm")
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def tst_info(message: SignedMessage) -> tsp.TSTInfo:
    """The content of a timestamp token.

    Raises:
        MessageProblemError: the message is no timestamp token.
    """
    eci = message.signed_data["encap_content_info"]
    if eci["content_type"].native != "tst_info" or message.encapsulated is None:
        raise MessageProblemError("tst-info")
    try:
        info = tsp.TSTInfo.load(message.encapsulated, strict=True)
        _ = info["gen_time"].native, info["message_imprint"]["hashed_message"].native
    except (ValueError, TypeError, KeyError) as error:
        raise MessageProblemError("tst-info") from error
    return info


@lru_cache(maxsize=256)
def _subject(der: bytes) -> str:
    return str(x509.Certificate.load(der).subject.hashable)


def _read(der: bytes) -> SignedMessage:
    outer = cms.ContentInfo.load(der, strict=True)
    if outer["content_type"].native != "signed_data":
        raise MessageProblemError("content-type")
    signed_data = outer["content"]
    signer_info = extract_signer_info(signed_data)
    found = extract_certificate_info(signed_data)
    content = signed_data["encap_content_info"]["content"]
    message = SignedMessage(
        signed_data=signed_data,
        signer_info=signer_info,
        signer=found.signer_cert,
        others=tuple(item.dump() for item in found.other_certs),
        encapsulated=None if isinstance(content, core.Void) else content.contents or b"",
        digest_algorithm=signer_info["digest_algorithm"]["algorithm"].native,
    )
    message.form_problem = _form_problem(message, der)
    return message


def _form_problem(message: SignedMessage, der: bytes) -> str:
    unsigned = message.signer_info["unsigned_attrs"]
    for attribute in unsigned or ():
        if attribute["type"].native == "signature_time_stamp_token" and not message.token:
            message.token = attribute["values"][0].dump()
    written = timestamp_attribute(message.token) if message.token else b""
    if (unsigned.contents or b"") != written:
        return "unsigned-attributes"
    parts = _parts(message, written)
    if parts.signature_algorithm not in SIGNATURE_ALGORITHMS:
        return "signature-algorithm"
    return "" if assemble(parts) == der else "cms-form"


def _parts(message: SignedMessage, unsigned: bytes) -> CmsParts:
    signed_data, signer_info = message.signed_data, message.signer_info
    certificates = [_whole(item.chosen.untag()) for item in signed_data["certificates"]]
    # Our seals sort theirs, as DER wants it; of timestamp authorities not all do.
    if message.encapsulated is None:
        certificates.sort()
    return CmsParts(
        version=1 if message.encapsulated is None else 3,
        digest_algorithm=signer_info["digest_algorithm"].dump(),
        encapsulated=_encapsulated(message),
        certificates=tuple(certificates),
        identifier=_identifier(message.signer),
        attributes=signer_info["signed_attrs"].contents or b"",
        signature_algorithm=signer_info["signature_algorithm"].dump(),
        signature=signer_info["signature"].native,
        unsigned=unsigned,
    )


def _encapsulated(message: SignedMessage) -> bytes:
    content_type = message.signed_data["encap_content_info"]["content_type"].dump()
    if message.encapsulated is None:
        return tlv(0x30, content_type)
    return tlv(0x30, content_type, tlv(0xA0, tlv(0x04, message.encapsulated)))


def _whole(certificate: x509.Certificate) -> bytes:
    """The certificate with its outer algorithm taken from the signed one (RFC 5280, 4.1.1.2)."""
    signed = certificate["tbs_certificate"]
    signature = tlv(0x03, b"\x00", certificate["signature_value"].native)
    return tlv(0x30, signed.dump(), signed["signature"].dump(), signature)


def _identifier(signer: x509.Certificate) -> bytes:
    return tlv(0x30, signer.issuer.dump(), signer["tbs_certificate"]["serial_number"].dump())


def _obstacle(message: SignedMessage) -> str:
    """Names an algorithm that is unknown here or does not fit the digest; "" when neither."""
    mechanism = message.signer_info["signature_algorithm"]
    try:
        if mechanism.signature_algo in _MECHANISMS:
            return _misfit(message, mechanism)
    except (ValueError, KeyError, TypeError):
        pass
    return f"unsupported {mechanism['algorithm'].native}"


def _misfit(message: SignedMessage, mechanism: cms.SignedDigestAlgorithm) -> str:
    """RFC 8419, 3.1: some mechanisms bring their digest along."""
    digest = cms.DigestAlgorithm({"algorithm": message.digest_algorithm})
    fitting = DEFAULT_ALGORITHM_USAGE_POLICY.digest_combination_allowed(mechanism, digest, None)
    return "" if fitting else f"{message.digest_algorithm} does not fit {mechanism.signature_algo}"
