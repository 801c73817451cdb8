"""Any SignedData with one signer, read by asn1crypto and pyHanko: the careful way.

The form is checked by assembling the message again from its signed parts with the code that writes
our own seals: whatever a forger put beside them (revocation lists, further attributes, other
encodings of the same value) makes the two differ.
"""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

from asn1crypto import cms, core, keys, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.utils import DEFAULT_ALGORITHM_USAGE_POLICY

from signing.cms import SIGNATURE_ALGORITHMS, CmsParts, assemble, timestamp_attribute, tlv
from signing.evidence.bounds import in_bounds
from signing.evidence.message import MessageProblemError, SignedMessage

__all__ = ["library_message", "parts_of"]

_MOST_TOKENS = 4
_MECHANISMS = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "dsa", "ecdsa", "ed25519", "ed448"})


def library_message(der: bytes) -> SignedMessage:
    """The message.

    Raises:
        MessageProblemError: not CMS, or not one signer.
    """
    try:
        return _read(der)
    except MessageProblemError:
        raise
    # asn1crypto and pyHanko raise ValueError, KeyError, TypeError and more on hostile ASN.1.
    except Exception as error:
        raise MessageProblemError(type(error).__name__) from error


def _read(der: bytes) -> SignedMessage:
    outer = cms.ContentInfo.load(der, strict=True)
    if outer["content_type"].native != "signed_data":
        raise MessageProblemError("content-type")
    signed_data = outer["content"]
    signer_info = extract_signer_info(signed_data)
    signer, others = _certificates(signed_data, signer_info)
    info = signed_data["encap_content_info"]
    tokens = _tokens(signer_info)
    return SignedMessage(
        signer_der=b"" if signer is None else bytes(signer.dump()),
        others=tuple(item.dump() for item in others),
        content_type=str(info["content_type"].native),
        encapsulated=_encapsulated(info)[1],
        digest_algorithm=signer_info["digest_algorithm"]["algorithm"].native,
        mechanism=str(signer_info["signature_algorithm"]["algorithm"].native),
        signature=signer_info["signature"].native,
        verify=lambda digest: _verified(signed_data, signer, digest),
        unchecked=_obstacle(signer_info, signer),
        tokens=tokens,
        names_signer=_names_signer(signer_info),
        stated=_stated(signer_info),
        form_problem=_form_problem(signed_data, signer, tokens, der),
        claimed_time=_claimed_time(signer_info),
    )


def _certificates(
    signed_data: cms.SignedData, signer_info: cms.SignerInfo
) -> tuple[x509.Certificate | None, list[x509.Certificate]]:
    """The signer's and the others; beside certificates the set may hold what is none."""
    # RFC 5652, 10.2.2: attribute certificates and other formats are no X.509 certificates.
    found = [
        item.chosen.untag() for item in signed_data["certificates"] if item.name == "certificate"
    ]
    signer, others = None, []
    for item in found:
        if _is_signer(item, signer_info["sid"]):
            signer = item
        else:
            others.append(item)
    return signer, others


def _is_signer(certificate: x509.Certificate, sid: cms.SignerIdentifier) -> bool:
    if sid.name == "subject_key_identifier":
        return bool(certificate.key_identifier == sid.chosen.native)
    named = sid.chosen
    same = certificate.serial_number == named["serial_number"].native
    return bool(same and certificate.issuer == named["issuer"])


def _names_signer(signer_info: cms.SignerInfo) -> bool:
    """Whether the signing-certificate attribute is there; what it says is looked at on checking."""
    named = {attribute["type"].native for attribute in signer_info["signed_attrs"]}
    return not named.isdisjoint(("signing_certificate", "signing_certificate_v2"))


def _stated(signer_info: cms.SignerInfo) -> bytes | None:
    found = [
        attribute["values"][0].native
        for attribute in signer_info["signed_attrs"]
        if attribute["type"].native == "message_digest" and len(attribute["values"]) == 1
    ]
    return found[0] if len(found) == 1 else None


def _verified(
    signed_data: cms.SignedData, signer: x509.Certificate | None, digest: bytes
) -> tuple[bool, bool]:
    content_type = signed_data["encap_content_info"]["content_type"].native
    signer_info = signed_data["signer_infos"][0]
    digest_ok, signature_ok = validate_sig_integrity(signer_info, signer, content_type, digest)
    return bool(digest_ok), bool(signature_ok)


def _tokens(signer_info: cms.SignerInfo) -> tuple[bytes, ...]:
    values = (
        bytes(value.dump())
        for attribute in signer_info["unsigned_attrs"]
        if attribute["type"].native == "signature_time_stamp_token"
        for value in attribute["values"]
    )
    return tuple(islice(values, _MOST_TOKENS))


def _claimed_time(signer_info: cms.SignerInfo) -> datetime | None:
    for attribute in signer_info["signed_attrs"]:
        if attribute["type"].native == "signing_time" and len(attribute["values"]) == 1:
            moment = attribute["values"][0].native
            told = isinstance(moment, datetime) and in_bounds(moment)
            return moment.astimezone(UTC) if told else None
    return None


def _form_problem(
    signed_data: cms.SignedData,
    signer: x509.Certificate | None,
    tokens: tuple[bytes, ...],
    der: bytes,
) -> str:
    """Beside the verdict: what our writer would not have written may well be sound."""
    if signer is None:
        return "certificates"
    try:
        return _other_form(signed_data, signer, tokens, der)
    # asn1crypto raises ValueError, KeyError, TypeError and more on hostile ASN.1.
    except Exception:  # noqa: BLE001 - whatever it is, it is not our form
        return "cms-form"


def _other_form(
    signed_data: cms.SignedData, signer: x509.Certificate, tokens: tuple[bytes, ...], der: bytes
) -> str:
    written = timestamp_attribute(tokens[0]) if tokens else b""
    if (signed_data["signer_infos"][0]["unsigned_attrs"].contents or b"") != written:
        return "unsigned-attributes"
    parts = parts_of(signed_data, signer, written)
    if parts.signature_algorithm not in SIGNATURE_ALGORITHMS:
        return "signature-algorithm"
    if len(set(parts.certificates)) != len(parts.certificates):
        return "cms-form"  # nothing that is signed tells of one that came twice
    return "" if assemble(parts) == der else "cms-form"


def parts_of(signed_data: cms.SignedData, signer: x509.Certificate, unsigned: bytes) -> CmsParts:
    """What the message would be made of, had our own writer made it."""
    signer_info = signed_data["signer_infos"][0]
    encapsulated, content = _encapsulated(signed_data["encap_content_info"])
    certificates = [
        _whole(item.chosen.untag())
        for item in signed_data["certificates"]
        if item.name == "certificate"
    ]
    # Our seals sort theirs, as DER wants it; of timestamp authorities not all do.
    if content is None:
        certificates.sort()
    return CmsParts(
        version=1 if content is None else 3,
        digest_algorithm=signer_info["digest_algorithm"].dump(),
        encapsulated=encapsulated,
        certificates=tuple(certificates),
        identifier=_identifier(signer),
        attributes=signer_info["signed_attrs"].contents or b"",
        signature_algorithm=signer_info["signature_algorithm"].dump(),
        signature=signer_info["signature"].native,
        unsigned=unsigned,
    )


def _encapsulated(info: cms.EncapsulatedContentInfo) -> tuple[bytes, bytes | None]:
    """EncapsulatedContentInfo as our writer would write it, and the content."""
    content_type = info["content_type"].dump()
    if isinstance(info["content"], core.Void):
        return tlv(0x30, content_type), None
    content = info["content"].contents or b""
    return tlv(0x30, content_type, tlv(0xA0, tlv(0x04, content))), content


def _whole(certificate: x509.Certificate) -> bytes:
    """The certificate with its outer algorithm taken from the signed one (RFC 5280, 4.1.1.2)."""
    signed = certificate["tbs_certificate"]
    signature = tlv(0x03, b"\x00", certificate["signature_value"].native)
    return tlv(0x30, signed.dump(), signed["signature"].dump(), signature)


def _identifier(signer: x509.Certificate) -> bytes:
    return tlv(0x30, signer.issuer.dump(), signer["tbs_certificate"]["serial_number"].dump())


def _obstacle(signer_info: cms.SignerInfo, signer: x509.Certificate | None) -> str:
    """Why nobody here can check it: no certificate, or something unknown; "" when neither."""
    if signer is None:
        return "no signing certificate"
    mechanism = signer_info["signature_algorithm"]
    with suppress(ValueError, KeyError, TypeError):
        if mechanism.signature_algo in _MECHANISMS:
            return _misfit(signer_info, mechanism) or _unknown_key(signer)
    return f"unsupported {mechanism['algorithm'].native}"


def _misfit(signer_info: cms.SignerInfo, mechanism: cms.SignedDigestAlgorithm) -> str:
    """RFC 8419, 3.1: some mechanisms bring their digest along."""
    name = signer_info["digest_algorithm"]["algorithm"].native
    digest = cms.DigestAlgorithm({"algorithm": name})
    fitting = DEFAULT_ALGORITHM_USAGE_POLICY.digest_combination_allowed(mechanism, digest, None)
    return "" if fitting else f"{name} does not fit {mechanism.signature_algo}"


def _unknown_key(signer: x509.Certificate) -> str:
    """Names a key that is of a kind or on a curve that the library lacks."""
    key = signer.public_key
    try:
        load_der_public_key(key.dump())
    except UnsupportedAlgorithm:
        return f"unsupported {_kind(key)}"
    except ValueError:  # of a kind that is known, and no such key: then nothing verifies with it
        return ""
    return ""


def _kind(key: keys.PublicKeyInfo) -> str:
    algorithm = key["algorithm"]
    with suppress(ValueError, KeyError, TypeError):
        if key.algorithm == "ec" and algorithm["parameters"].name == "named":
            return str(algorithm["parameters"].native)
    return str(algorithm["algorithm"].native)
