"""Facts that a reader takes from an uploaded file, before anybody judges them.

The reader runs in a child process without keys, network or clock; what it says travels as JSON
(`dataclasses.asdict`). Facts carry no opinion, no policy and no time of their own: the same facts
are judged under any policy and as of any day without a second look at the file
(`certlib.verification.judge`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

RECEIPT: Final = "receipt"
"""`FileFacts.kind` of a receipt (`certlib.receipts`)."""


SIGNATURE, DOCUMENT_TIMESTAMP = "signature", "document_timestamp"
"""Kinds of `SignatureFacts`."""


class ChangeGrade(StrEnum):
    """What was changed after a seal (architecture.md section 3)."""

    NONE = "none"
    PERMITTED = "permitted"
    NOT_PERMITTED = "not_permitted"
    UNEXPLAINED = "unexplained"


class ChangeKind(StrEnum):
    """What a later revision brought, where it could be explained."""

    VALIDATION_MATERIAL = "validation_material"
    DOCUMENT_TIMESTAMP = "document_timestamp"
    SIGNATURE = "signature"
    FORM = "form"
    ANNOTATION = "annotation"
    METADATA = "metadata"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What follows the last byte that a signature covers; the worst over all signatures.

    Attributes:
        grade: by ISO 32000-2, 12.8.2.2 and 12.8.2.4, as the signatures themselves permit.
        kinds: everything that was brought, whatever its grade.
        objects: the objects that decide the grade, as `12 0` or `12 0 /Annots`.
        detail: what exactly was found; for the cryptographer.
    """

    grade: ChangeGrade = ChangeGrade.NONE
    kinds: tuple[ChangeKind, ...] = ()
    objects: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StructureFacts:
    """How the file is put together, by our own reading of its bytes (ISO 32000-2, 7.5).

    Attributes:
        revisions: cross-reference sections that were written one after the other.
        notes: slugs of what two readers could understand differently: `leading-bytes`,
            `trailing-bytes`, `repaired`, `hybrid`, `duplicate-entries`, `cyclic`, ….
    """

    revisions: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevocationFacts:
    """What the newest lists of our own store say of one X.509 certificate (RFC 5280, 5).

    Attributes:
        this_update, next_update: of that list; of several, of the weakest of them.
        revoked_at: revocationDate, or of a lost key invalidityDate (5.3.2) where that is earlier;
            None when the list does not name the certificate.
        reason: as in RFC 5280, 5.3.1 (`keyCompromise`), or "".
        keeps_expired: the list goes on naming certificates that have expired since
            (expiredCertsOnCRL, X.509 9.5.2.8).
        complete: they speak of every reason for revocation (onlySomeReasons, 5.2.5).
    """

    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str = ""
    keeps_expired: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One X.509 certificate, as it says of itself.

    Attributes:
        sha256: hex SHA-256 of its DER.
        subject, issuer: RFC 4514 strings; `name` is what people call the subject.
        code: the organisation's credit code in the subject, or "".
        authority: basicConstraints cA.
        usages: keyUsage bits by their RFC 5280 names; None without the extension.
        purposes: extKeyUsage as dotted numbers; None without the extension.
        purposes_critical: whether that extension is critical.
        key: `rsa-3072`, `ecdsa-secp256r1`, `ed25519`, ….
        signed_with: digest of the issuer's signature (`sha256`), or the key's name for those
            that bring their own (`ed25519`).
        problem: what is wrong with it at any time and for any use, or "".
        revocation: None when no list at hand speaks for its issuer.
    """

    sha256: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    name: str = ""
    code: str = ""
    authority: bool = False
    usages: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    purposes_critical: bool = False
    key: str = ""
    signed_with: str = ""
    problem: str = ""
    revocation: RevocationFacts | None = None


@dataclass(frozen=True, slots=True)
class PathFacts:
    """A certification path whose signatures hold.

    Attributes:
        certificates: the signer's first, the anchor's last.
        problem: what RFC 5280, 6.1 finds wrong with it at any time, or "".
    """

    certificates: tuple[CertificateFacts, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """Who signed, and the ways from there to anchors that the reader was given.

    Attributes:
        signer: None when the certificate itself could not be read.
        paths: at most a few; empty when there is none, and `problem` says why: `no-anchors`,
            `no-path`, `certificate-malformed`, `serial-number`, `too-many-certificates`,
            `equal-subjects`, `too-many-paths`.
    """

    signer: CertificateFacts | None = None
    paths: tuple[PathFacts, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A CMS SignedData with one signer (RFC 5652).

    Attributes:
        digest_ok: the message-digest attribute equals the digest of what is signed.
        signature_ok: the signature verifies with the key of the embedded certificate.
        digest, mechanism: algorithms, `sha256` and `sha256_ecdsa`.
        unchecked: why nobody here could check it (`unsupported …`, or digest and mechanism do
            not fit each other), or ""; both answers above are False then. A message that states
            another digest than that of what is signed needs no checking: it is none of this file.
        chain: of the signer.
    """

    digest_ok: bool
    signature_ok: bool
    digest: str = ""
    mechanism: str = ""
    unchecked: str = ""
    chain: ChainFacts = field(default_factory=ChainFacts)

    @property
    def intact(self) -> bool:
        """Signed by that key, and of that content."""
        return self.digest_ok and self.signature_ok


@dataclass(frozen=True, slots=True)
class TimestampFacts:
    """An RFC 3161 token.

    Attributes:
        message: the token's own CMS; None when it could not be read.
        imprint_ok: the message imprint is the digest of what the token is laid upon.
        imprint: algorithm of that digest.
        time: genTime and its accuracy, UTC: by then it existed.
        problem: why the token could not be read, `signing-certificate` where it does not name its
            authority's certificate, or "".
    """

    message: MessageFacts | None
    imprint_ok: bool
    time: datetime | None
    imprint: str = ""
    problem: str = ""

    @property
    def intact(self) -> bool:
        """The token holds, and speaks of this very signature or file."""
        return self.message is not None and self.message.intact and self.imprint_ok


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature or document timestamp field, in the order of what they cover.

    Attributes:
        kind: `signature` or `document_timestamp`.
        message: the CMS; of a document timestamp the token's own. None when unreadable.
        timestamp: the signature timestamp; of a document timestamp the token itself.
        layout_problem: what any PDF signature must not have (ISO 32000-2, 12.8.1): other than
            two ranges from the first byte on, a gap that is not exactly `/Contents`, content
            inside the CMS, or nothing signed that names the signer's certificate where that is
            mandatory; or "".
        form_problem: what our own sealer would never write, beyond that: canonical gap and CMS,
            exactly the certificates of the path; or "".
        covers_file: the byte range is the entire file but the gap.
        end: offset after the last covered byte.
        certified: DocMDP permission level of a certification signature, or None.
        claimed_time: the signed signing time; proves nothing alone.
    """

    kind: str
    field_name: str
    message: MessageFacts | None
    covers_file: bool
    end: int = 0
    layout_problem: str = ""
    form_problem: str = ""
    certified: int | None = None
    claimed_time: datetime | None = None
    timestamp: TimestampFacts | None = None

    @property
    def intact(self) -> bool:
        """Digest and signature hold, of a document timestamp its imprint, too."""
        stamped = self.kind != DOCUMENT_TIMESTAMP or (
            self.timestamp is not None and self.timestamp.intact
        )
        return self.message is not None and self.message.intact and stamped

    @property
    def signer(self) -> CertificateFacts | None:
        """The signer's certificate, where it could be read."""
        return None if self.message is None else self.message.chain.signer


_OUR_FAULTS = frozenset({"timeout", "memory", "crashed", "busy"})


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything read from one file.

    Attributes:
        sha256: hex digest of the whole file.
        readable: a PDF that can be parsed.
        fault: why not: `empty`, `not-pdf`, `truncated`, `encrypted`, `malformed`, `too-large`
            (the file's fault) or `timeout`, `memory`, `crashed`, `busy` (ours); "" when readable.
        identifier: the electronic certificate identifier found inside (XMP or attachment), or "".
        content: the canonical JSON attachment's bytes as text, or "".
        looks_ours: the file carries our XMP namespace or attachment name.
        kind: `original`, `purpose_copy` or `receipt`, as the metadata says; of a receipt
            `content` is what it says, and `identifier` is "".
        validation_material: the newest revision has a document security store (EN 319 142-1,
            5.4.2) with revocation data, and in it the X.509 certificates of whoever made the
            first signature and of the authority that stamped it: it speaks of them.
        scanned: nothing but pictures on the pages (a scan or a photograph of a print).
    """

    sha256: str
    size: int
    readable: bool
    fault: str = ""
    fault_detail: str = ""
    structure: StructureFacts = field(default_factory=StructureFacts)
    signatures: tuple[SignatureFacts, ...] = ()
    changes: ChangeFacts = field(default_factory=ChangeFacts)
    identifier: str = ""
    content: str = ""
    looks_ours: bool = False
    kind: str = "original"
    scanned: bool = False
    validation_material: bool = False
    milliseconds: float = field(default=0.0, compare=False)

    @property
    def our_fault(self) -> bool:
        """Whether nothing is said of the file: read once more, it may be readable."""
        return self.fault in _OUR_FAULTS
