"""Facts that a reader takes from an uploaded file, before anybody judges them.

The reader runs in a child process without keys, network or clock; what it says travels as JSON
(`dataclasses.asdict`). Facts carry no opinion: `certlib.verification.judge` has all of them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
class TimestampFacts:
    """An RFC 3161 token.

    Attributes:
        intact: the token's own signature and message imprint hold.
        trusted: its authority chains to a timestamp anchor at `time`.
        time: genTime, UTC.
    """

    intact: bool
    trusted: bool
    time: datetime | None
    authority: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature or document timestamp field, in file order.

    Attributes:
        kind: `signature` or `document_timestamp`.
        digest_ok: the digest over the byte range equals the signed one.
        signature_ok: the CMS signature verifies with the embedded signer's key.
        structure_ok: byte range, gap, padding and CMS are exactly what our sealer writes (policy
            `own`); `structure_problem` names the first thing that is not.
        layout_ok: the least that any PDF signature must have (policy `foreign`): two ranges from
            the first byte on, the gap between them exactly `/Contents`, no content inside the CMS.
        covers_file: the byte range is the entire file but the gap.
        chain_ok: the signer's X.509 chains to a seal anchor at the proven time;
            None when it could not be decided (nothing to decide with).
        signer_sha256: hex SHA-256 of the signer's X.509 certificate, DER.
        signer_code: the organisation's credit code in the signer's subject, or "".
        certified: DocMDP permission level of a certification signature, or None.
        claimed_time: the signed signing time; proves nothing alone.
        algorithm_problem: a weak or mismatched algorithm, or `unsupported …`: then `digest_ok`
            and `signature_ok` are False because nobody could check, not because they failed.
        revocation_as_of: thisUpdate of the revocation list that spoke of the signer.
    """

    kind: str
    field_name: str
    digest_ok: bool
    signature_ok: bool
    structure_ok: bool
    covers_file: bool
    chain_ok: bool | None
    structure_problem: str = ""
    chain_problem: str = ""
    signer: str = ""
    signer_code: str = ""
    signer_sha256: str = ""
    digest_algorithm: str = ""
    signature_algorithm: str = ""
    algorithm_problem: str = ""
    certified: int | None = None
    claimed_time: datetime | None = None
    timestamp: TimestampFacts | None = None
    layout_ok: bool = True
    revocation_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything read from one file.

    Attributes:
        sha256: hex digest of the whole file.
        readable: a PDF that can be parsed.
        fault: why not: `empty`, `not-pdf`, `truncated`, `encrypted`, `malformed`, `too-large`
            (the file's fault) or `timeout`, `memory`, `crashed`, `busy` (ours); "" when readable.
        changes: what follows the last covered byte, over all signatures.
        identifier: the electronic certificate identifier found inside (XMP or attachment), or "".
        content: the canonical JSON attachment's bytes as text, or "".
        looks_ours: the file carries our XMP namespace or attachment name.
        is_copy: `original`, `purpose_copy` or `receipt`, as the metadata says.
        scanned: nothing but pictures on the pages (a scan or a photograph of a print).
    """

    sha256: str
    size: int
    readable: bool
    fault: str = ""
    fault_detail: str = ""
    signatures: tuple[SignatureFacts, ...] = ()
    changes: ChangeGrade = ChangeGrade.NONE
    changes_detail: str = ""
    identifier: str = ""
    content: str = ""
    looks_ours: bool = False
    kind: str = "original"
    scanned: bool = False
    milliseconds: float = field(default=0.0, compare=False)
