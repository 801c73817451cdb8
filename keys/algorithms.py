"""The signature algorithms of `certlib.ports.KeyHandle`: one row each. SM2 will be a third row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certlib.errors import KeyUnusable, Unsupported

__all__ = [
    "ECDSA_P256",
    "RSA_3072",
    "PrivateKey",
    "generate",
    "load_private",
    "private_bytes",
    "public_bytes",
    "signer",
]

ECDSA_P256: Final = "ecdsa-p256-sha256"
RSA_3072: Final = "rsa-3072-sha256"

_RSA_BITS = 3072

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Scheme:
    generate: Callable[[], PrivateKey]
    fits: Callable[[object], bool]
    signer: Callable[[PrivateKey], Sign]


def generate(algorithm: str) -> PrivateKey:
    """A fresh private key. RSA-3072 takes a second or more.

    The key comes from the library's own generator (the operating system's, as `Entropy`).

    Raises:
        Unsupported: no such algorithm.
    """
    return _scheme(algorithm).generate()


def load_private(algorithm: str, pkcs8: bytes, name: str) -> PrivateKey:
    """The private key in `pkcs8` (DER), which was authenticated when it was decrypted.

    Raises:
        KeyUnusable: it is no key of that algorithm.
    """
    try:
        # The vault has authenticated the bytes: checking the RSA primes again costs 60 ms.
        key = serialization.load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(what=f"{name}: not a private key") from error
    if not isinstance(key, PrivateKey) or not _scheme(algorithm).fits(key):
        raise KeyUnusable(what=f"{name}: not a key for {algorithm}")
    return key


def private_bytes(key: PrivateKey) -> bytes:
    """PKCS#8 DER, unencrypted: for the vault only."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_bytes(key: PrivateKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def signer(algorithm: str, key: PrivateKey) -> Sign:
    """The raw operation: message in, signature out, nothing looked up on the way."""
    return _scheme(algorithm).signer(key)


def _scheme(algorithm: str) -> _Scheme:
    try:
        return _SCHEMES[algorithm]
    except KeyError as error:
        raise Unsupported(what=f"signature algorithm {algorithm}") from error


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def _is_rsa(key: object) -> bool:
    return isinstance(key, rsa.RSAPrivateKey) and key.key_size == _RSA_BITS


def _ecdsa_signer(key: PrivateKey) -> Sign:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyUnusable(what=f"not a key for {ECDSA_P256}")
    sign, scheme = key.sign, ec.ECDSA(hashes.SHA256())
    return lambda message: sign(message, scheme)


def _rsa_signer(key: PrivateKey) -> Sign:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyUnusable(what=f"not a key for {RSA_3072}")
    sign, pad, digest = key.sign, padding.PKCS1v15(), hashes.SHA256()
    return lambda message: sign(message, pad, digest)


_SCHEMES: Final = {
    ECDSA_P256: _Scheme(lambda: ec.generate_private_key(ec.SECP256R1()), _is_p256, _ecdsa_signer),
    RSA_3072: _Scheme(lambda: rsa.generate_private_key(65537, _RSA_BITS), _is_rsa, _rsa_signer),
}
