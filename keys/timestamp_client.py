"""A timestamp authority somewhere else, over HTTP (RFC 3161 section 3.4)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock, Entropy
from keys import files
from keys.token_check import (
    Expected,
    TimestampResponse,
    TokenRefusedError,
    check_token,
    timestamp_signer,
)
from keys.token_trust import TokenTrust
from keys.tokens import imprint_der

__all__ = ["HttpTimestampOptions", "HttpTimestampSource", "Post", "pinned_authorities"]

_HEADERS: Final = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": "certlib",
}
_MOST: Final = 16

Post = Callable[[bytes, Mapping[str, str], float], bytes]
"""Body, headers and seconds for all of it → body of an answer; raises `SigningUnavailable`."""


@dataclass(frozen=True, slots=True)
class HttpTimestampOptions:
    """Settings of a remote authority.

    Attributes:
        certificates: X.509 certificates (DER) of the authority, one of which must have signed.
            Without any, a trust list must say who may.
        policy: dotted object identifier to ask for, or "" for the authority's own.
        seconds: for the whole answer.
        tolerance: seconds by which the token's time may differ from ours.
    """

    certificates: Sequence[bytes] = ()
    policy: str = ""
    seconds: float = 15.0
    tolerance: float = 300.0


def pinned_authorities(path: Path | None) -> tuple[bytes, ...]:
    """The X.509 certificates (DER) in a PEM file that an operator put there.

    Raises:
        KeyUnusable: no file is named, it is missing, or holds something else.
        SigningUnavailable: it is there and cannot be read.
    """
    content = files.read(path) if path is not None else None
    try:
        found = x509.load_pem_x509_certificates(content or b"")
    except ValueError as error:
        raise KeyUnusable(what="certificates of the timestamp authority") from error
    return tuple(one.public_bytes(Encoding.DER) for one in found)


class HttpTimestampSource:
    """`certlib.ports.TimestampSource` over HTTP. Threads may share one."""

    def __init__(
        self,
        options: HttpTimestampOptions,
        post: Post,
        clock: Clock,
        entropy: Entropy,
        trust: TokenTrust | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            options: whom to believe, and for how long to wait.
            post: reaches the authority; nothing else does.
            clock: what its time is held against.
            entropy: source of nonces.
            trust: the trust list, where it has to let the authority stamp.

        Raises:
            KeyUnusable: a given certificate cannot be read, or is not for timestamps alone.
        """
        self._signers = [
            timestamp_signer(der, "timestamp authority") for der in options.certificates
        ]
        self._trust = trust
        self._options = options
        self._post = post
        self._clock = clock
        self._entropy = entropy

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over the digest `imprint`, checked.

        Raises:
            Unsupported: another digest than SHA-256, SHA-384 or SHA-512, or of another length.
            SigningUnavailable: no answer in time, a refusal, or an answer that does not hold.
        """
        return self.token_within(imprint, algorithm, self._options.seconds)

    def token_within(self, imprint: bytes, algorithm: str, seconds: float) -> bytes:
        """As `token`, in `seconds` at most."""
        nonce = int.from_bytes(self._entropy.octets(8)) >> 1 | 1 << 62
        expected = Expected(imprint, algorithm, nonce, self._options.policy)
        answer = self._post(_request(expected), _HEADERS, seconds)
        try:
            return self._checked(answer, expected)
        except TokenRefusedError as error:
            raise SigningUnavailable(what=f"timestamp refused: {error}") from error
        except Exception as error:  # asn1crypto raises many kinds on hostile bytes
            raise SigningUnavailable(what="timestamp refused: malformed answer") from error

    def _checked(self, answer: bytes, expected: Expected) -> bytes:
        response = TimestampResponse.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in {"granted", "granted_with_mods"}:
            raise TokenRefusedError(f"status {status}")
        token = response["time_stamp_token"]
        sent = [entry.dump() for entry in token["content"]["certificates"]]
        at, signer = check_token(token, expected, self._signers or list(self._sent(sent)))
        if abs(at - self._clock.now()) > timedelta(seconds=self._options.tolerance):
            raise TokenRefusedError("its time is far from ours")
        if self._trust is not None:
            self._trust.check(signer, sent, at)
        encoded: bytes = token.dump()
        return encoded

    def _sent(self, sent: Sequence[bytes]) -> Iterator[x509.Certificate]:
        """Without pins whoever signed is a candidate, for the trust list to judge."""
        if self._trust is not None:
            for der in sent[:_MOST]:
                with suppress(KeyUnusable):
                    yield timestamp_signer(der, "timestamp authority")


def _request(expected: Expected) -> bytes:
    imprint = tsp.MessageImprint.load(imprint_der(expected.imprint, expected.algorithm))
    values: dict[str, Any] = {
        "version": 1,
        "message_imprint": imprint,
        "nonce": expected.nonce,
        "cert_req": True,
    }
    if expected.policy:
        values["req_policy"] = expected.policy
    encoded: bytes = tsp.TimeStampReq(values).dump()
    return encoded
