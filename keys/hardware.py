"""The hardware key: it signs in a token; its certificate verifies each signature before it leaves.

A token that holds another key under the same name, or that erred (a faulty RSA signature can give
the key away), would otherwise seal what nobody can verify.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from keys.algorithms import ECDSA_P256, RSA_3072
from keys.cryptoki import Attribute, Cryptoki, Mechanism, ObjectClass, TokenError, attributes
from keys.handles import Count
from keys.hardware_sessions import HardwareToken, Session
from keys.places import TokenPlace

__all__ = ["HardwareKey", "generate"]

_P256: Final = bytes.fromhex("06082a8648ce3d030107")
_COORDINATE: Final = 32
_RSA_BITS: Final = 3072
_EXPONENT: Final = 65537
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of RFC 8017, section 9.2, up to the digest."""
_DIGEST: Final = utils.Prehashed(hashes.SHA256())
_ECDSA: Final = ec.ECDSA(_DIGEST)
_REFUSALS: Final = frozenset({"CKR_MECHANISM_INVALID", "CKR_FUNCTION_NOT_SUPPORTED"})

Verify = Callable[[bytes, bytes], None]
"""Takes signature and SHA-256 digest; raises `InvalidSignature`."""


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How one algorithm of `keys.algorithms` is asked of a token.

    Attributes:
        combined: mechanism that takes the message; `raw`: that takes what `prepared` makes of
            its SHA-256 digest.
        finished: the token's answer as `KeyHandle.sign` gives it.
    """

    combined: Mechanism
    raw: Mechanism
    prepared: Callable[[bytes], bytes]
    finished: Callable[[bytes], bytes]
    verify: Callable[[PublicKeyTypes], Verify | None]
    pair: Mechanism
    template: dict[Attribute, bytes]


class HardwareKey:
    """`certlib.ports.KeyHandle` over a key in a token. Any number of threads may sign at once.

    Attributes:
        name: stable name of the key, safe to log.
        algorithm: see `keys.algorithms`.
        chain: DER, the key's own X.509 certificate first, no root.
        place: where it lies.
    """

    __slots__ = ("_count", "_scheme", "_token", "_verify", "algorithm", "chain", "name", "place")

    def __init__(
        self,
        name: str,
        algorithm: str,
        chain: tuple[bytes, ...],
        token: HardwareToken | None,
        place: TokenPlace,
        count: Count | None = None,
    ) -> None:
        """Remembers where the key lies; the token is asked at the first signature.

        `count` is told of every message before the token is.

        Raises:
            KeyUnusable: the certificate is not for a key of that algorithm.
        """
        self.name = name
        self.algorithm = algorithm
        self.chain = chain
        self.place = place
        self._token = token
        self._count = count
        self._scheme = _scheme(algorithm)
        verify = self._scheme.verify(x509.load_der_x509_certificate(chain[0]).public_key())
        if verify is None:
            raise KeyUnusable(what=f"{name}: not a key for {algorithm}")
        self._verify = verify

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, verified with the key's certificate.

        Raises:
            KeyUnusable: the token holds another key under this name.
            SigningUnavailable: no such token, no such key, or what it gave does not verify.
        """
        digest = hashlib.sha256(message).digest()
        token = self._reached()
        if self._count is not None:
            self._count(message)
        made = token.run(
            lambda module, session: self._made(token, module, session, message, digest)
        )
        try:
            signature = self._scheme.finished(made)
            self._verify(signature, digest)
        except (InvalidSignature, ValueError) as error:
            what = f"{self.name}: the token's signature does not verify"
            raise SigningUnavailable(what=what) from error
        return signature

    def check(self) -> None:
        """Finds the key and compares it with its certificate; nothing is signed.

        A token that does not tell public keys is believed here: `sign` verifies.

        Raises:
            KeyUnusable: the token holds another key under this name.
            SigningUnavailable: no such token, or no such key in it.
        """
        self._reached().run(self._found)

    def _reached(self) -> HardwareToken:
        token = self._token
        if token is None or token.label != self.place.token:
            raise SigningUnavailable(what=f"{self.name}: token {self.place.token} is not set")
        return token

    def _made(
        self,
        token: HardwareToken,
        module: Cryptoki,
        session: Session,
        message: bytes,
        digest: bytes,
    ) -> bytes:
        key = session.keys.get(self)
        if key is None:
            key = self._found(module, session)
        scheme, asked = self._scheme, session.handle
        if _combines(token, module, session, scheme.combined):
            try:
                return module.sign(asked, scheme.combined, key, message, session.output)
            except TokenError as error:
                if error.name not in _REFUSALS:
                    raise
                token.unfit.add(scheme.combined)  # listed, and refused for this kind of key
        return module.sign(asked, scheme.raw, key, scheme.prepared(digest), session.output)

    def _found(self, module: Cryptoki, session: Session) -> int:
        found = _objects(module, session, ObjectClass.PRIVATE_KEY, self.place)
        if len(found) != 1:
            say = "several keys of that name" if found else "missing"
            raise SigningUnavailable(what=f"{self.name}: {say} in token {self.place.token}")
        public = _public_key(module, session, self.place)
        certified = x509.load_der_x509_certificate(self.chain[0]).public_key()
        if public is not None and public != certified:
            raise KeyUnusable(what=f"{self.name}: does not match its certificate")
        session.keys[self] = found[0]
        return found[0]

    def __repr__(self) -> str:
        return f"HardwareKey({self.name!r}, {self.algorithm!r}, {self.place.token!r})"


def generate(
    token: HardwareToken, place: TokenPlace, algorithm: str
) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    """Makes a key in the token that never leaves it; the public half of one that is there already.

    Raises:
        KeyUnusable: a key of that name is there, and the token does not tell its public half.
        SigningUnavailable: the token is away or refuses.
        Unsupported: no such algorithm.
    """
    scheme = _scheme(algorithm)

    def work(
        module: Cryptoki, session: Session
    ) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey | None:
        if not _objects(module, session, ObjectClass.PRIVATE_KEY, place):
            name = {"label": place.label.encode(), "id": bytes.fromhex(place.id)}
            public = attributes(token=True, private=False, verify=True, **name) | scheme.template
            private = attributes(
                token=True, private=True, sensitive=True, extractable=False, sign=True, **name
            )
            module.generate_pair(session.handle, scheme.pair, public, private)
        return _public_key(module, session, place)

    made = token.run(work, writes=True)
    if made is None or scheme.verify(made) is None:
        raise KeyUnusable(what=f"{place.label}: not a key for {algorithm}")
    return made


def _combines(
    token: HardwareToken, module: Cryptoki, session: Session, mechanism: Mechanism
) -> bool:
    """Whether the token hashes by itself; asked once in a session."""
    known = session.keys.get(mechanism)
    if known is None:
        known = session.keys[mechanism] = int(module.signs(session.slot, mechanism))
    return bool(known) and mechanism not in token.unfit


def _objects(module: Cryptoki, session: Session, kind: ObjectClass, place: TokenPlace) -> list[int]:
    wanted = attributes(**{"class": kind}, label=place.label.encode(), id=bytes.fromhex(place.id))
    return list(module.find(session.handle, wanted))


def _public_key(
    module: Cryptoki, session: Session, place: TokenPlace
) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey | None:
    """The public key object of that name; None where the token has none that can be read."""
    for item in _objects(module, session, ObjectClass.PUBLIC_KEY, place):
        point = module.attribute(session.handle, item, Attribute.EC_POINT)
        if point is not None:
            return _on_p256(point)
        modulus = module.attribute(session.handle, item, Attribute.MODULUS)
        exponent = module.attribute(session.handle, item, Attribute.PUBLIC_EXPONENT)
        if modulus is not None and exponent is not None:
            numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus))
            return numbers.public_key()
    return None


def _on_p256(told: bytes) -> ec.EllipticCurvePublicKey | None:
    """CKA_EC_POINT: an OCTET STRING around the point (PKCS#11 2.40); some give the point alone."""
    try:
        whole = len(told) == 1 + 2 * _COORDINATE
        point = told if whole else core.OctetString.load(told).native
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return None


def _scheme(algorithm: str) -> _Scheme:
    try:
        return _SCHEMES[algorithm]
    except KeyError as error:
        raise Unsupported(what=f"signature algorithm {algorithm}") from error


def _dss_signature(made: bytes) -> bytes:
    """ECDSA-Sig-Value (RFC 3279, 2.2.3) of the token's r and s, one behind the other."""
    if len(made) != 2 * _COORDINATE:
        raise ValueError(len(made))
    r, s = made[:_COORDINATE], made[_COORDINATE:]
    return utils.encode_dss_signature(int.from_bytes(r), int.from_bytes(s))


def _ecdsa_verify(public: PublicKeyTypes) -> Verify | None:
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return None
    if not isinstance(public.curve, ec.SECP256R1):
        return None
    verify = public.verify
    return lambda signature, digest: verify(signature, digest, _ECDSA)


def _rsa_verify(public: PublicKeyTypes) -> Verify | None:
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size != _RSA_BITS:
        return None
    verify, pad = public.verify, padding.PKCS1v15()
    return lambda signature, digest: verify(signature, digest, pad, _DIGEST)


_SCHEMES: Final = {
    ECDSA_P256: _Scheme(
        Mechanism.ECDSA_SHA256,
        Mechanism.ECDSA,
        lambda digest: digest,
        _dss_signature,
        _ecdsa_verify,
        Mechanism.EC_KEY_PAIR_GEN,
        {Attribute.EC_PARAMS: _P256},
    ),
    RSA_3072: _Scheme(
        Mechanism.SHA256_RSA_PKCS,
        Mechanism.RSA_PKCS,
        lambda digest: _SHA256_INFO + digest,
        lambda made: made,
        _rsa_verify,
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        {
            **attributes(modulus_bits=_RSA_BITS),
            Attribute.PUBLIC_EXPONENT: _EXPONENT.to_bytes(3),
        },
    ),
}
