"""Reads RFC 3161 requests from anybody, and writes the answers around tokens."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from asn1crypto import tsp

from keys import der
from keys.tokens import DIGESTS

__all__ = ["Failure", "Refusal", "Request", "granted", "read_request", "rejected"]

_LIMIT: Final = 4096
_SIZES: Final = dict(DIGESTS.values())
_GRANTED: Final = der.tlv(der.SEQUENCE, der.small(0))


class Failure(IntEnum):
    """PKIFailureInfo (RFC 3161 section 2.4.2): numbers of its bits."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    SYSTEM_FAILURE = 25


class Refusal(Exception):
    """The request is answered with a rejection."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text


@dataclass(frozen=True, slots=True)
class Request:
    """What a TimeStampReq asks.

    Attributes:
        imprint: MessageImprint, DER as the caller sent it: it must return unchanged.
        nonce: INTEGER, DER, or nothing.
    """

    imprint: bytes
    nonce: bytes
    certificates: bool


def read_request(encoded: bytes, policy: str) -> Request:
    """Reads a TimeStampReq (RFC 3161 section 2.4.1) to an authority that has one policy.

    Raises:
        Refusal: with the failure that the answer must carry.
    """
    if len(encoded) > _LIMIT:
        raise Refusal(Failure.BAD_DATA_FORMAT, "the request is too long")
    try:
        return _read(encoded, policy)
    except Refusal:
        raise
    except Exception as error:  # asn1crypto raises many kinds on hostile bytes
        raise Refusal(Failure.BAD_DATA_FORMAT, "the request is not a TimeStampReq") from error


def _read(encoded: bytes, policy: str) -> Request:
    request = tsp.TimeStampReq.load(encoded, strict=True)
    if request["version"].native != "v1":
        raise Refusal(Failure.BAD_REQUEST, "version 1 is expected")
    if len(request["extensions"]):
        raise Refusal(Failure.UNACCEPTED_EXTENSION, "no extension is known here")
    imprint = request["message_imprint"]
    _check_imprint(imprint)
    asked, nonce = request["req_policy"], request["nonce"]
    if asked.native is not None and asked.dotted != policy:
        raise Refusal(Failure.UNACCEPTED_POLICY, f"the policy here is {policy}")
    return Request(
        imprint=imprint.dump(),
        nonce=nonce.dump(force=True) if nonce.native is not None else b"",
        certificates=bool(request["cert_req"].native),
    )


def _check_imprint(imprint: Any) -> None:  # noqa: ANN401 - asn1crypto has no types
    algorithm = imprint["hash_algorithm"]
    dotted = algorithm["algorithm"].dotted
    if dotted not in _SIZES:
        raise Refusal(Failure.BAD_ALG, "SHA-256, SHA-384 or SHA-512 is expected")
    if algorithm["parameters"].dump() not in {b"", der.NULL}:
        raise Refusal(Failure.BAD_DATA_FORMAT, "the digest takes no parameters")
    if len(imprint["hashed_message"].native) != _SIZES[dotted]:
        raise Refusal(Failure.BAD_DATA_FORMAT, "the digest has another length")
    if imprint.copy().dump(force=True) != imprint.dump():
        raise Refusal(Failure.BAD_DATA_FORMAT, "the imprint is not DER")


def granted(token: bytes) -> bytes:
    """TimeStampResp with a token."""
    return der.tlv(der.SEQUENCE, _GRANTED, token)


def rejected(failure: Failure, text: str) -> bytes:
    """TimeStampResp with status rejection, a sentence and the failure."""
    octets = bytearray(failure // 8 + 1)
    octets[-1] = 0x80 >> failure % 8
    unused = 7 - failure % 8  # named bits end with the last one set (X.690 section 11.2.2)
    status = der.tlv(
        der.SEQUENCE,
        der.small(2),
        der.tlv(der.SEQUENCE, der.tlv(der.UTF8_STRING, text.encode())),
        der.tlv(der.BIT_STRING, bytes((unused,)), bytes(octets)),
    )
    return der.tlv(der.SEQUENCE, status)
