"""The software key: decrypted at its first signature, then held until the process ends."""

import threading
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certlib.errors import KeyUnusable
from keys import algorithms

__all__ = ["Count", "SoftwareKey"]

Count = Callable[[bytes], None]
"""Told of a message before it is signed; raises where it must not be."""


class SoftwareKey:
    """`certlib.ports.KeyHandle` over a key in memory. Any number of threads may sign at once.

    Attributes:
        name: stable name of the key, safe to log.
        algorithm: see `keys.algorithms`.
        chain: DER, the key's own X.509 certificate first, no root.
    """

    __slots__ = ("_count", "_fetch", "_lock", "_sign", "algorithm", "chain", "name")

    def __init__(
        self,
        name: str,
        algorithm: str,
        chain: tuple[bytes, ...],
        fetch: Callable[[], bytes],
        count: Count | None = None,
    ) -> None:
        """Remembers where the key lies; `fetch` gives its PKCS#8 DER and is called once.

        `count` is told of every message before it is signed.
        """
        self._count = count
        self.name = name
        self.algorithm = algorithm
        self.chain = chain
        self._fetch = fetch
        self._lock = threading.Lock()
        self._sign: algorithms.Sign | None = None

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`.

        Raises:
            KeyUnusable: the stored key does not decrypt or does not match its certificate.
            SigningUnavailable: the key's file cannot be read now, or the signature not be counted.
        """
        sign = self._sign
        if sign is None:
            sign = self._load()
        if self._count is not None:
            self._count(message)
        return sign(message)

    def check(self) -> None:
        """Loads the key and compares it with its certificate; nothing is signed.

        Raises:
            KeyUnusable: the stored key does not decrypt or does not match its certificate.
            SigningUnavailable: the key's file cannot be read now.
        """
        self._load()

    def _load(self) -> algorithms.Sign:
        with self._lock:
            if self._sign is None:
                key = algorithms.load_private(self.algorithm, self._fetch(), self.name)
                if algorithms.public_bytes(key) != _certified_key(self.chain[0]):
                    raise KeyUnusable(what=f"{self.name}: does not match its certificate")
                self._sign = algorithms.signer(self.algorithm, key)
            return self._sign

    def __repr__(self) -> str:
        return f"SoftwareKey({self.name!r}, {self.algorithm!r})"


def _certified_key(der: bytes) -> bytes:
    public = x509.load_der_x509_certificate(der).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
