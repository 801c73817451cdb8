"""File to facts: the steps in their order, and what each one cannot tell (architecture.md 3)."""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from certlib.evidence import ChangeFacts, ChangeGrade, FileFacts, SignatureFacts
from certlib.ports import TrustMaterial
from signing.evidence.changes import changes_after
from signing.evidence.faults import ReadingFaultError
from signing.evidence.json_receipt import json_receipt_facts, looks_signed_json
from signing.evidence.layout import layouts, scanned_layouts
from signing.evidence.metadata import FileMetadata, metadata_of, scanned_metadata
from signing.evidence.opened import opened
from signing.evidence.signatures import signature_facts
from signing.evidence.store import speaks_of
from signing.evidence.structure import structure_of

__all__ = ["MOST_BYTES", "InProcessEvidenceReader", "read_facts", "unhashed_facts"]

# pyHanko logs what it finds in a file; a file's contents do not belong into our log.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

MOST_BYTES = 20 * 1024 * 1024
_OURS = frozenset({"memory", "crashed"})


class InProcessEvidenceReader:
    """Reads in this process (`certlib.ports.EvidenceReader`): for files that we made ourselves.

    Files of strangers belong into `signing.evidence.child`, which can be killed.
    """

    def __init__(self, trust: Callable[[], TrustMaterial], *, most: int = MOST_BYTES) -> None:
        """Reads with what `trust` answers at each question; refuses files over `most` bytes."""
        self._trust = trust
        self._most = most

    def read(self, pdf: bytes) -> FileFacts:
        """Facts of `pdf`."""
        return read_facts(pdf, self._trust(), self._most)


def read_facts(pdf: bytes, trust: TrustMaterial, most: int = MOST_BYTES) -> FileFacts:
    """Everything there is to know about `pdf`; never raises."""
    return replace(unhashed_facts(pdf, trust, most), sha256=hashlib.sha256(pdf).hexdigest())


def unhashed_facts(pdf: bytes, trust: TrustMaterial, most: int = MOST_BYTES) -> FileFacts:
    """The same without the digest, for whoever asks on behalf of somebody who knows it."""
    started = time.perf_counter()
    try:
        facts = _read(pdf, trust, most)
    except MemoryError:
        facts = _unread(pdf, "memory", "")
    # What else escapes is a fault of our readers, and says nothing against the file.
    except Exception as error:  # noqa: BLE001
        facts = _broken(pdf, trust, ReadingFaultError("crashed", type(error).__name__))
    return replace(facts, milliseconds=round((time.perf_counter() - started) * 1000, 3))


def _read(pdf: bytes, trust: TrustMaterial, most: int) -> FileFacts:
    if looks_signed_json(pdf):
        receipt = json_receipt_facts(pdf, trust)
        if receipt is not None:
            return receipt
    try:
        document = opened(pdf, most)
        found = layouts(document)
        metadata = metadata_of(document)
        structure = structure_of(document)
        changes = changes_after(document, found)
    except ReadingFaultError as error:
        return _broken(pdf, trust, error)
    signatures = tuple(signature_facts(pdf, layout, trust) for layout in found)
    return FileFacts(
        sha256="",
        size=len(pdf),
        readable=True,
        structure=structure,
        signatures=signatures,
        changes=changes,
        identifier=metadata.identifier,
        content=metadata.content,
        looks_ours=metadata.looks_ours,
        kind=metadata.kind,
        scanned=metadata.scanned,
        validation_material=speaks_of(document, _stands_behind(signatures)),
    )


def _stands_behind(signatures: Sequence[SignatureFacts]) -> list[str]:
    """Digests of the certificates of the first signature's signer and of its timestamp's."""
    seal = signatures[0] if signatures else None
    if seal is None or seal.signer is None:
        return []
    stamp = seal.timestamp
    message = stamp.message if stamp is not None and stamp.intact else None
    stamper = None if message is None else message.chain.signer
    return [item.sha256 for item in (seal.signer, stamper) if item is not None]


def _broken(pdf: bytes, trust: TrustMaterial, error: ReadingFaultError) -> FileFacts:
    """A file that does not parse may still show a signature, by its bytes alone.

    Where that signature no longer holds, the bytes were changed, and the fault is the file's. One
    that our readers cannot read either tells nothing, and a fault of ours stays ours.
    """
    if error.fault in ("empty", "too-large", "not-pdf"):
        return _unread(pdf, error.fault, error.detail)
    try:
        found = scanned_layouts(pdf)
        signatures = tuple(signature_facts(pdf, layout, trust) for layout in found)
        metadata = scanned_metadata(pdf)
    # The fallback must not fail where the reading has failed already.
    except Exception:  # noqa: BLE001
        signatures, metadata = (), FileMetadata()
    fault = error.fault
    if fault in _OURS and any(item.message and not item.intact for item in signatures):
        fault = "malformed"
    facts = _unread(pdf, fault, error.detail)
    return replace(
        facts,
        signatures=signatures,
        identifier=metadata.identifier,
        looks_ours=metadata.looks_ours,
    )


def _unread(pdf: bytes, fault: str, detail: str) -> FileFacts:
    return FileFacts(
        sha256="",
        size=len(pdf),
        readable=False,
        fault=fault,
        fault_detail=detail,
        changes=ChangeFacts(ChangeGrade.UNEXPLAINED),
    )
