"""A receipt as JSON, as facts: its JWS in the one form that ours have, or a report without one."""

import json
import re
from base64 import b64decode, urlsafe_b64decode
from dataclasses import replace
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from certlib.evidence import (
    RECEIPT,
    FileFacts,
    MessageFacts,
    SignatureFacts,
    TimestampFacts,
)
from certlib.ports import TrustMaterial
from certlib.receipts import FORMAT, TYPE
from signing.evidence.certificates import loaded
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.message import MessageProblemError, digest_of
from signing.evidence.messages import read_message
from signing.evidence.signatures import token_facts
from signing.jws import encoded, with_timestamp

__all__ = ["json_receipt_facts", "looks_signed_json"]

_MOST: Final = 4 * 1024 * 1024
_FIRST: Final = 16
_HEADER: Final = frozenset({"alg", "typ", "x5c"})
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MOST_CERTIFICATES: Final = 6
_ES256_OCTETS: Final = 64
_MECHANISMS: Final = {"ES256": "sha256_ecdsa", "RS256": "sha256_rsa"}


def looks_signed_json(data: bytes) -> bool:
    """Whether it begins as a JSON object does: no PDF, and nothing else that is read here."""
    return len(data) <= _MOST and data[:_FIRST].lstrip(b" \t\r\n").startswith(b"{")


def json_receipt_facts(data: bytes, trust: TrustMaterial) -> FileFacts | None:
    """The facts of a receipt but for its digest; None where it is none.

    What is a JWS of ours in any member but does not hold together is a fact, too.
    """
    plain = _object(data)
    if plain is None:
        return None
    if plain.get("receipt") == FORMAT:
        content = data.decode("utf-8")
        return FileFacts(
            "", len(data), readable=True, content=content, looks_ours=True, kind=RECEIPT
        )
    header = _object(_decoded(plain.get("protected")))
    if header is None or header.get("typ") != TYPE:
        return None
    payload = _decoded(plain.get("payload"))
    return FileFacts(
        sha256="",
        size=len(data),
        readable=True,
        signatures=(_signature(data, plain, header, trust),),
        content=payload.decode("utf-8", "replace"),
        looks_ours=True,
        kind=RECEIPT,
    )


def _signature(
    data: bytes, plain: dict[str, Any], header: dict[str, Any], trust: TrustMaterial
) -> SignatureFacts:
    facts = SignatureFacts("signature", "JWS", None, covers_file=True, end=len(data))
    chain, algorithm = _chain(header.get("x5c")), header.get("alg")
    # A list is no name of an algorithm, and no key of a mapping either.
    if not chain or header.keys() != _HEADER or str(algorithm) not in _MECHANISMS:
        return replace(facts, form_problem="jws-header")
    payload, signature = plain.get("payload"), plain.get("signature")
    if not (_url_safe(payload) and _url_safe(signature)):
        return replace(facts, form_problem="jws-form")
    signed = f"{plain['protected']}.{payload}".encode()
    good = _verified(chain[0], str(algorithm), signed, _decoded(signature))
    anchors = TrustSet(trust.seal_anchors, trust.crls, trust.issuers, trust.ocsps)
    message = MessageFacts(
        # A JWS has no digest of its own: content and header are what the signature is over.
        digest_ok=True,
        signature_ok=good,
        digest="sha256",
        mechanism=_MECHANISMS[str(algorithm)],
        chain=chain_facts(chain[0], chain[1:], anchors),
    )
    token = _token(plain.get("header"))
    stamp, odd = _timestamp(token, str(signature), trust)
    form = _form_problem(data, plain, token) or odd
    return replace(facts, message=message, timestamp=stamp, form_problem=form)


def _form_problem(data: bytes, plain: dict[str, Any], token: bytes) -> str:
    """Nothing stands in the file but what is signed, and what is stamped."""
    members = {name: plain[name] for name in ("payload", "protected", "signature")}
    try:
        same = canonical_bytes(with_timestamp(members, token)) + b"\n" == data
    except Unsupported:
        return "jws-form"
    return "" if same else "jws-form"


def _timestamp(token: bytes, signature: str, trust: TrustMaterial) -> tuple[TimestampFacts, str]:
    """The timestamp, and what is odd about its form."""
    try:
        found = read_message(token)
        stamp, form = token_facts(found, trust, lambda name: digest_of((signature.encode(),), name))
    except MessageProblemError as error:
        unread = TimestampFacts(
            None, imprint_ok=False, time=None, problem=f"token-unreadable {error}"
        )
        return unread, "timestamp-form"
    return stamp, f"timestamp-{form}" if form else ""


def _verified(der: bytes, algorithm: str, signed: bytes, signature: bytes) -> bool:
    try:
        key = loaded(der).public_key()
        if algorithm == "ES256":
            half = _ES256_OCTETS // 2
            if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != _ES256_OCTETS:
                return False
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
            return True
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _chain(listed: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - any JSON value
    texts = listed if isinstance(listed, list) else []
    if not 1 <= len(texts) <= _MOST_CERTIFICATES or not all(isinstance(t, str) for t in texts):
        return ()
    try:
        return tuple(b64decode(text, validate=True) for text in texts)
    except ValueError:
        return ()


def _token(header: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """The one signature timestamp, or b""; what else may stand there is no form of ours."""
    try:
        return b64decode(header["etsiU"][0]["sigTst"]["tstTokens"][0]["val"], validate=True)
    except (KeyError, IndexError, TypeError, ValueError):
        return b""


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _url_safe(text: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether it is a text of base64url's letters: nothing else can be signed or stamped."""
    return isinstance(text, str) and _URL_SAFE.fullmatch(text) is not None


def _decoded(text: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Base64url in the one way to write it; b"" for anything else."""
    if _url_safe(text) and len(text) % 4 != 1:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if encoded(content) == text:
            return content
    return b""
