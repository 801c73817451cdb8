"""What the domain asks of the outside, as Protocols. Adapters live in keys, signing and storage."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.errors import Problem
from certlib.evidence import FileFacts
from certlib.receipts import Receipt as VerificationReceipt


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware UTC, whole seconds."""
        ...


class Entropy(Protocol):
    """The only source of randomness."""

    def octets(self, count: int) -> bytes:
        """`count` bytes from the operating system's generator."""
        ...


class SchemaValidator(Protocol):
    """JSON Schema 2020-12."""

    def problems(self, schema: Mapping[str, Any], value: Mapping[str, Any]) -> Sequence[Problem]:
        """Every violation at once; `field` is a JSON pointer into `value`."""
        ...


class KeyHandle(Protocol):
    """A key that signs. Where it lives is its own affair; the digest algorithm belongs to it.

    Attributes:
        name: stable name of the key, safe to log.
        algorithm: `ecdsa-p256-sha256` or `rsa-3072-sha256` (PKCS#1 v1.5); later `sm2-sm3`.
        chain: DER, the key's own X.509 certificate first, the issuing authority next, no root.
    """

    @property
    def name(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def chain(self) -> tuple[bytes, ...]: ...

    def sign(self, message: bytes) -> bytes:
        """The signature over `message` (not over its digest: SM2 hashes more than the message).

        ECDSA signatures are DER `ECDSA-Sig-Value`.

        Raises:
            SigningUnavailable: the key cannot be reached now.
        """
        ...


class SealCustody(Protocol):
    """Finds the seal of a department."""

    def seal_key(self, issuer_code: str) -> KeyHandle:
        """The department's current seal key.

        Raises:
            SigningUnavailable: the department has no usable seal key.
        """
        ...


class TimestampSource(Protocol):
    """An RFC 3161 authority, in process or over HTTP."""

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        """DER TimeStampToken (a CMS ContentInfo) over the digest `imprint`.

        Raises:
            SigningUnavailable: the authority does not answer, or answers badly.
            Unavailable: it stamps no more for now: a limit, too much at once.
        """
        ...


@dataclass(frozen=True, slots=True)
class ValidationMaterial:
    """What a long-term seal carries, so that it can be judged when nobody else answers; all DER.

    The three arrays of a document security store (ETSI EN 319 142-1, 5.4.2.2). Equal material
    should be the same object: its encoding is kept with it.

    Attributes:
        certificates: of the chains, anchors included; what a message carries anyway may be absent.
        crls: `CertificateList`s (RFC 5280, 5).
        ocsps: `OCSPResponse`s (RFC 6960, 4.2.1), not bare basic responses.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


class ValidationMaterialSource(Protocol):
    """Validation material from our own store; asks nobody outside. Threads may share one."""

    def material(self, chains: Sequence[Sequence[bytes]]) -> ValidationMaterial:
        """Everything that a reader needs for each of the chains, at this moment.

        Args:
            chains: DER, each as `KeyHandle.chain`: a certificate, then those above it as far as
                they are known; of a seal, and of the authority that stamps it.

        Raises:
            SigningUnavailable: for one of the certificates below an anchor there is no issuer, or
                no revocation data that holds now: half a store would not be B-LT.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """What a reader may believe; all DER.

    Attributes:
        seal_anchors: roots under which seals chain.
        timestamp_anchors: roots under which timestamp authorities chain.
        crls: revocation lists of our own store.
        issuers: issuing authorities of our own store, no anchors: paths are built with them
            before anything that a file brings along.
        ocsps: OCSPResponses of our own store, each about one certificate.
    """

    seal_anchors: tuple[bytes, ...] = ()
    timestamp_anchors: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    issuers: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class PageOrder:
    """What to render. Same order, same bytes.

    Attributes:
        verify_url: the content of the QR code.
        attachment: canonical JSON, laid into the PDF as `/AFRelationship /Source`.
        draft: a page to look at before anything is sealed: marked on its face, without the
            seal's image, and of no use as a certificate.
    """

    content: Content
    type_version: TypeVersion
    verify_url: str
    attachment: bytes
    draft: bool = False


@dataclass(frozen=True, slots=True)
class DesignDigests:
    """Hex SHA-256 of what a page was made with; the certificate's row keeps them."""

    template: str
    fonts: str
    typst: str


class Renderer(Protocol):
    """Data to page: PDF/A-3a and PDF/UA-1."""

    def render(self, order: PageOrder) -> bytes:
        """The unsealed PDF, deterministic."""
        ...

    def unprintable(self, text: str) -> str:
        """The first character of `text` that no font can draw, or ""."""
        ...

    def problems(self, fields: Mapping[str, Any], version: TypeVersion) -> Sequence[Problem]:
        """What the page would refuse of fields that pass their schema: pictures, sums, days."""
        ...

    def digests(self, design: str) -> DesignDigests:
        """What the design is made of."""
        ...


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A sealed PDF.

    Attributes:
        level: the PAdES level really reached (`B-B`, `B-T`, `B-LT` or `B-LTA`), perhaps lower
            than asked for: whoever keeps the file must note it, and lift it later.
    """

    pdf: bytes
    sha256: str
    level: str


class DocumentSealer(Protocol):
    """Page to sealed page (PAdES, certified P=1)."""

    def seal(self, pdf: bytes, content: Content, level: str = "B-T") -> SealedDocument:
        """Lays XMP of `content` into the PDF and seals it with the issuer's seal key.

        Raises:
            SigningUnavailable: the key does not answer.
            TimestampMissing: the key does, the timestamp authority does not.
        """
        ...


class SealLifter(Protocol):
    """Sealed file to a longer-lived one; built by `signing.archive`. Threads may share one."""

    def lift(self, pdf: bytes) -> SealedDocument:
        """Appends one revision: validation material of every chain, then a document timestamp.

        The file of B-B, B-T or B-LT is B-LTA then (ETSI EN 319 142-1, 6.3); that of B-LTA is
        renewed: its last timestamp is judged by the new one from now on. What stood there stays,
        byte for byte.

        Raises:
            SigningUnavailable: the timestamp authority does not answer, or there is no material.
            SealMismatch: the file carries no seal, or cannot be read.
        """
        ...


class ReportPress(Protocol):
    """Receipt to sealed file, in two forms of one content."""

    def pdf(self, receipt: VerificationReceipt) -> bytes:
        """PDF/A-3a and PDF/UA-1, sealed B-T with the key of reports.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        ...

    def json(self, receipt: VerificationReceipt) -> bytes:
        """A JWS by the same key, with a signature timestamp.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer.
        """
        ...


class EvidenceReader(Protocol):
    """File to facts. Never raises on hostile input: its faults are facts."""

    def read(self, pdf: bytes) -> FileFacts:
        """Facts of `pdf`, the same whenever and by whatever policy they are judged."""
        ...


class ObjectStore(Protocol):
    """Write-once objects under random names."""

    def put_once(self, name: str, content: bytes) -> None:
        """Durable when it returns. Writing the same bytes again is no error.

        Raises:
            Corrupt: other bytes lie under that name.
            StoreUnavailable: the store does not answer; nothing is promised.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there is no such object.

        Raises:
            Corrupt: what lies there does not decrypt or is damaged.
            StoreUnavailable: the store does not answer.
        """
        ...

    def names(self) -> Sequence[str]:
        """All names, for the auditor and the sweeper."""
        ...

    def remove(self, name: str) -> None:
        """Sweeps an object that no row names."""
        ...


class BatchStore(Protocol):
    """An object store that keeps sealed batches of the history too, under names of their own."""

    def put_once(self, name: str, content: bytes) -> None:
        """As `ObjectStore.put_once`."""
        ...

    def get(self, name: str) -> bytes | None:
        """As `ObjectStore.get`."""
        ...

    def batches(self) -> Sequence[str]:
        """Names of all batches that were ever kept, also of those that somebody has hidden."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What is posted to a receiver outside."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver answered.

    Attributes:
        status: HTTP status, or 0 when no answer came.
        error: stable code of why none came (`address-refused`, `timeout`, …), or "".
        retry_after: seconds that the receiver asks for; 0 when it does not.
    """

    status: int
    error: str = ""
    retry_after: int = 0


class NoticeSender(Protocol):
    """Posts to addresses outside the house, and to none inside."""

    def send(self, url: str, letters: Iterable[Letter]) -> Generator[Receipt, None, None]:
        """Posts one letter after the other over one connection; a receipt for each.

        Each letter is taken when the one before has its receipt. Never raises for what the
        receiver, the network or the address does.
        """
        ...
