"""The RFC 3161 timestamp authority: in process for our own seals, over HTTP for anybody."""

from datetime import UTC, datetime
from typing import Final

from certlib.errors import CertlibError, SigningUnavailable
from certlib.ports import Clock, Entropy, KeyHandle
from keys.profiles import TIMESTAMP_POLICY
from keys.timestamp_request import Failure, Refusal, granted, read_request, rejected
from keys.token_check import timestamp_signer
from keys.tokens import TokenWriter, imprint_der

__all__ = ["TimestampAuthority"]

_ACCURACY: Final = 1  # the Clock counts whole seconds
_SERIAL: Final = 16


class TimestampAuthority:
    """`certlib.ports.TimestampSource` in process, and the answers for the HTTP route.

    Serial numbers are random (126 bits), so that none repeats, whichever process issues.
    """

    def __init__(
        self, key: KeyHandle, clock: Clock, entropy: Entropy, policy: str = TIMESTAMP_POLICY
    ) -> None:
        """Issues with `key` under `policy`.

        Raises:
            KeyUnusable: the key's X.509 certificate is not one for timestamps alone.
        """
        certificate = timestamp_signer(key.chain[0], key.name)
        self._name = key.name
        self._start = certificate.not_valid_before_utc
        self._end = certificate.not_valid_after_utc
        self._writer = TokenWriter(key, policy, _ACCURACY)
        self._policy = policy
        self._clock = clock
        self._entropy = entropy

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over the digest `imprint`, the authority's certificate inside.

        Raises:
            Unsupported: another digest than SHA-256, SHA-384 or SHA-512, or of another length.
            SigningUnavailable: the key cannot be reached, or has expired.
        """
        return self._writer.write(imprint_der(imprint, algorithm), self._serial(), self._time())

    def respond(self, request: bytes) -> bytes:
        """DER TimeStampResp to a DER TimeStampReq. Any bytes at all get an answer."""
        try:
            asked = read_request(request, self._policy)
            token = self._writer.write(
                asked.imprint,
                self._serial(),
                self._time(),
                nonce=asked.nonce,
                certificates=asked.certificates,
            )
        except Refusal as refusal:
            return rejected(refusal.failure, refusal.text)
        except CertlibError:
            return rejected(Failure.SYSTEM_FAILURE, "the authority cannot sign now, retry later")
        return granted(token)

    def _time(self) -> datetime:
        now = self._clock.now().astimezone(UTC)
        if not self._start <= now <= self._end:
            raise SigningUnavailable(what=f"{self._name}: its X.509 certificate is not valid now")
        return now

    def _serial(self) -> bytes:
        """Sixteen octets, positive and of full length: two bits are fixed."""
        octets = self._entropy.octets(_SERIAL)
        return bytes((octets[0] & 0x3F | 0x40,)) + octets[1:]
