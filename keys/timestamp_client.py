"""A timestamp authority somewhere else, over HTTP (RFC 3161 section 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
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
from keys.tokens import imprint_der

__all__ = ["HttpTimestampOptions", "HttpTimestampSource", "pinned_authorities"]

_LIMIT: Final = 65536
_REPLY: Final = "application/timestamp-reply"
_HEADERS: Final = {
    "Content-Type": "application/timestamp-query",
    "Accept": _REPLY,
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class HttpTimestampOptions:
    """Settings of a remote authority.

    Attributes:
        url: where requests are posted.
        certificates: X.509 certificates (DER) of the authority; one of them must have signed.
        policy: dotted object identifier to ask for, or "" for the authority's own.
        timeout: seconds for each of connecting, sending and waiting for a part of the answer.
        deadline: seconds for the whole answer.
        tolerance: seconds by which the token's time may differ from ours.
    """

    url: str
    certificates: Sequence[bytes]
    policy: str = ""
    timeout: float = 5.0
    deadline: float = 15.0
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
    """`certlib.ports.TimestampSource` over HTTP. Threads may share one; `close` ends it."""

    def __init__(self, options: HttpTimestampOptions, clock: Clock, entropy: Entropy) -> None:
        """Prepares a connection; nothing is sent yet.

        Raises:
            KeyUnusable: a given certificate cannot be read, or is not for timestamps alone.
        """
        self._signers = [
            timestamp_signer(der, "timestamp authority") for der in options.certificates
        ]
        self._options = options
        self._clock = clock
        self._entropy = entropy
        # No redirects, no proxies of the environment: the address is the operator's word.
        self._client = httpx.Client(
            timeout=options.timeout, headers=_HEADERS, follow_redirects=False, trust_env=False
        )

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken over the digest `imprint`, checked.

        Raises:
            Unsupported: another digest than SHA-256, SHA-384 or SHA-512, or of another length.
            SigningUnavailable: no answer in time, a refusal, or an answer that does not hold.
        """
        nonce = int.from_bytes(self._entropy.octets(8)) >> 1 | 1 << 62
        expected = Expected(imprint, algorithm, nonce, self._options.policy)
        answer = self._post(_request(expected))
        try:
            return self._checked(answer, expected)
        except TokenRefusedError as error:
            raise SigningUnavailable(what=f"timestamp refused: {error}") from error
        except Exception as error:  # asn1crypto raises many kinds on hostile bytes
            raise SigningUnavailable(what="timestamp refused: malformed answer") from error

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def _post(self, request: bytes) -> bytes:
        try:
            with self._client.stream("POST", self._options.url, content=request) as response:
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                if response.status_code != httpx.codes.OK or kind != _REPLY:
                    raise SigningUnavailable(
                        what=f"timestamp authority answers {response.status_code}"
                    )
                return self._body(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = type(error).__name__
            raise SigningUnavailable(what=f"timestamp authority: {kind}") from error

    def _body(self, response: httpx.Response) -> bytes:
        """The answer as it came: what a sender compressed is not unpacked here."""
        last = self._clock.now() + timedelta(seconds=self._options.deadline)
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > _LIMIT or self._clock.now() > last:
                raise SigningUnavailable(what="timestamp authority: answer too long or too slow")
        return bytes(body)

    def _checked(self, answer: bytes, expected: Expected) -> bytes:
        response = TimestampResponse.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in {"granted", "granted_with_mods"}:
            raise TokenRefusedError(f"status {status}")
        token = response["time_stamp_token"]
        at = check_token(token, expected, self._signers)
        if abs(at - self._clock.now()) > timedelta(seconds=self._options.tolerance):
            raise TokenRefusedError("its time is far from ours")
        encoded: bytes = token.dump()
        return encoded


def _request(expected: Expected) -> bytes:
    imprint = tsp.MessageImprint.load(imprint_der(expected.imprint, expected.algorithm))
    values = {
        "version": 1,
        "message_imprint": imprint,
        "nonce": expected.nonce,
        "cert_req": True,
    }
    if expected.policy:
        values["req_policy"] = expected.policy
    encoded: bytes = tsp.TimeStampReq(values).dump()
    return encoded
