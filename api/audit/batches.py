"""Sealed batches of the history: each by itself, and one behind the other."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509

from api.audit.canonical import canonical
from api.audit.signed import BadSignature, verifies
from api.audit.tokens import token_time
from api.audit.trust import Trust, for_history

_TREE = "rfc6962-sha256"
_APART = timedelta(minutes=10)
"""How far the clock of the seal and that of the timestamp may differ."""
_NUMBERS = ("batch", "first", "last", "count")
_TEXTS = ("certificate", "head", "node", "previous", "root", "sealed_at", "tree")

Fault = tuple[str, str, str]
"""Slug, Chinese, English."""

_HEADER = ("header", "封签头无法读取", "the header cannot be read")
_GAP = ("batch-gap", "批次之间有缺口", "there is a gap before this batch")
_LINK = ("batch-link", "批次与前一批不衔接", "the batch does not name the one before")
_COUNT = ("batch-count", "批次记录数有误", "the batch counts its records wrongly")
_FOREIGN = ("batch-certificate", "封签证书与封签头不符", "sealed with another certificate")
_PURPOSE = ("batch-purpose", "封签证书不是历史封签专用", "the certificate is not for the history")
_UNTRUSTED = ("batch-untrusted", "封签证书不受信任", "the certificate leads to no root")
_EXPIRED = ("batch-expired", "封签时证书无效", "the certificate was not valid then")
_SIGNATURE = ("batch-signature", "批次签名无效", "the signature of the batch does not hold")
_TIME = ("batch-time", "封签时间与时间戳相差过大", "sealed at another time than stamped")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it is kept: the signed octets of its header, and what seals them."""

    number: int
    header: bytes
    certificate: bytes
    signature: bytes
    token: bytes

    @property
    def digest(self) -> bytes:
        """What its token covers and the next batch names."""
        return hashlib.sha256(self.header + self.signature).digest()


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says."""

    batch: int
    first: int
    last: int
    count: int
    certificate: str
    head: str
    node: str
    previous: str
    root: str
    sealed_at: str
    tree: str

    @property
    def time(self) -> datetime:
        """When it was sealed, by the clock of the node."""
        return datetime.strptime(self.sealed_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class BatchChain:
    """Takes batches in order and tells what is wrong with each.

    Args:
        trust: what seals and tokens must lead to.
        anywhere: the first batch may be any; otherwise it must be number 1.
    """

    def __init__(self, trust: Trust, *, anywhere: bool = False) -> None:
        self._trust = trust
        self._before: tuple[int, int, str] | None = None if anywhere else (0, 0, "")

    def take(self, batch: Batch) -> tuple[Header | None, list[Fault]]:
        """What its header says, None when it cannot be read, and every fault."""
        header = header_of(batch.header)
        if header is None:
            self._before = None  # the next one is not to blame
            return None, [_HEADER]
        faults = [*self._order(batch, header), *self._seal(batch, header)]
        self._before = (header.batch, header.last, batch.digest.hex())
        return header, faults

    def _order(self, batch: Batch, header: Header) -> Iterator[Fault]:
        if self._before is not None:
            number, last, digest = self._before
            if (header.batch, header.first) != (number + 1, last + 1):
                yield _GAP
            elif header.previous != digest:
                yield _LINK
        if batch.number != header.batch or header.count != header.last - header.first + 1:
            yield _COUNT

    def _seal(self, batch: Batch, header: Header) -> Iterator[Fault]:
        if hashlib.sha256(batch.certificate).hexdigest() != header.certificate:
            yield _FOREIGN
        try:
            certificate = x509.load_der_x509_certificate(batch.certificate)
            signed = verifies(certificate, batch.signature, batch.header)
        except (ValueError, BadSignature):
            yield _SIGNATURE
            return
        if not signed:
            yield _SIGNATURE
        yield from self._authority(certificate, header)
        try:
            stamped = token_time(batch.token, batch.digest, self._trust)
        except BadSignature as bad:
            yield "batch-timestamp", f"时间戳无效（{bad}）", f"the timestamp does not hold ({bad})"
            return
        if abs(stamped - header.time) > _APART:
            yield _TIME
        if self._trust.revoked(certificate, stamped):
            yield _EXPIRED

    def _authority(self, certificate: x509.Certificate, header: Header) -> Iterator[Fault]:
        if not for_history(certificate):
            yield _PURPOSE
        if self._trust.root_of(certificate) is None:
            yield _UNTRUSTED
        if not certificate.not_valid_before_utc <= header.time <= certificate.not_valid_after_utc:
            yield _EXPIRED


def header_of(octets: bytes) -> Header | None:
    """What a header says; None unless it is canonical JSON of just those members."""
    try:
        said: Any = json.loads(octets)
        numbers = all(type(said[name]) is int for name in _NUMBERS)
        texts = all(isinstance(said[name], str) for name in _TEXTS)
        if not (numbers and texts) or canonical(said) != octets or said["tree"] != _TREE:
            return None
        header = Header(**said)
        _ = header.time
    except (ValueError, KeyError, TypeError):
        return None
    return header
