"""The RFC 3161 timestamp authority: in process for our own seals, over HTTP for anybody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from certlib.clock_errors import ClockNotTrusted
from certlib.errors import CertlibError, SigningUnavailable
from certlib.ports import Clock, Entropy, KeyHandle
from keys.profiles import TIMESTAMP_POLICY
from keys.stamp_clock import ACCURACY
from keys.timestamp_period import signing_period
from keys.timestamp_request import Failure, Refusal, granted, read_request, rejected
from keys.token_check import timestamp_signer
from keys.tokens import TokenWriter, imprint_der

__all__ = ["TimestampAuthority"]

_SERIAL: Final = 16


@dataclass(frozen=True, slots=True)
class _Unit:
    """A key at work (a time-stamping unit, EN 319 421 section 3.1)."""

    key: KeyHandle
    writer: TokenWriter
    start: datetime
    end: datetime


class TimestampAuthority:
    """`certlib.ports.TimestampSource` in process, and the answers for the HTTP route.

    Serial numbers are 126 bits of the system's generator each: no counter that a crash, a restored
    backup or a second process could set back, and none repeats (RFC 3161 section 2.4.2).
    """

    def __init__(
        self,
        key: KeyHandle | Callable[[], KeyHandle],
        clock: Clock,
        entropy: Entropy,
        policy: str = TIMESTAMP_POLICY,
    ) -> None:
        """Issues with `key`, or with the key that it gives at each token, under `policy`.

        Args:
            key: a handle, or who knows which one is in use.
            clock: `keys.stamp_clock.StampClock`, where the time is the machine's own.
            entropy: source of serial numbers.
            policy: object identifier of the timestamp policy.

        Raises:
            KeyUnusable: the key's X.509 certificate is not one for timestamps alone.
        """
        self._key = key if callable(key) else lambda: key
        self._policy = policy
        self._clock = clock
        self._entropy = entropy
        # Which key signs, and as of which second that is known.
        self._ready_at = self._opened(self._key()), datetime.min.replace(tzinfo=UTC)

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over the digest `imprint`, the authority's certificate inside.

        Raises:
            Unsupported: another digest than SHA-256, SHA-384 or SHA-512, or of another length.
            ClockNotTrusted: the machine's clock cannot be believed.
            SigningUnavailable: the key cannot be reached, or may not sign any more.
        """
        encoded = imprint_der(imprint, algorithm)
        writer, at = self._ready()
        return writer.write(encoded, self._serial(), at)

    def respond(self, request: bytes, about_to_sign: Callable[[], None] = lambda: None) -> bytes:
        """DER TimeStampResp to a DER TimeStampReq. Any bytes at all get an answer.

        Args:
            request: any bytes.
            about_to_sign: called before the key is used, not for what is refused anyway; what it
                raises, whoever calls gets.
        """
        try:
            asked = read_request(request, self._policy)
        except Refusal as refusal:
            return rejected(refusal.failure, refusal.text)
        about_to_sign()
        try:
            writer, at = self._ready()
            token = writer.write(
                asked.imprint,
                self._serial(),
                at,
                nonce=asked.nonce,
                certificates=asked.certificates,
            )
        except ClockNotTrusted as error:
            return rejected(Failure.TIME_NOT_AVAILABLE, error.en_text)
        except CertlibError:
            return rejected(Failure.SYSTEM_FAILURE, "the authority cannot sign now, retry later")
        return granted(token)

    def need_clock(self) -> None:
        """Nothing, while the clock is believed: what else bears a time asks before it is signed.

        Raises:
            ClockNotTrusted: the machine's clock cannot be believed.
            SigningUnavailable: what is kept of it cannot be read or written.
        """
        self._clock.now()

    def _ready(self) -> tuple[TokenWriter, datetime]:
        """The clock is asked first: a wrong one must not choose or make a key."""
        now = self._clock.now().astimezone(UTC)
        unit, asked = self._ready_at
        if now != asked:
            key = self._key()  # once a second: it costs a look at the register
            if key is not unit.key:
                unit = self._opened(key)
            if not unit.start <= now <= unit.end:
                raise SigningUnavailable(what=f"{key.name}: not in its time to sign")
            self._ready_at = unit, now
        return unit.writer, now

    def _opened(self, key: KeyHandle) -> _Unit:
        certificate = timestamp_signer(key.chain[0], key.name)
        start, end = signing_period(certificate)
        return _Unit(key, TokenWriter(key, self._policy, ACCURACY), start, end)

    def _serial(self) -> bytes:
        """Sixteen octets, positive and of full length: two bits are fixed."""
        octets = self._entropy.octets(_SERIAL)
        return bytes((octets[0] & 0x3F | 0x40,)) + octets[1:]
