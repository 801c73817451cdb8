"""Archive timestamps (ETSI EN 319 142-1, 5.4.3): one later revision each, over all before it."""

import hashlib
from collections.abc import Sequence

from certlib.errors import CertlibError, SealMismatch, SigningUnavailable
from certlib.ports import (
    SealedDocument,
    TimestampSource,
    ValidationMaterial,
    ValidationMaterialSource,
)
from signing import outside, writer
from signing.evidence.faults import ReadingFaultError
from signing.evidence.layout import SignatureLayout, layouts
from signing.evidence.message import MessageProblemError
from signing.evidence.messages import read_message
from signing.evidence.opened import opened
from signing.gap import SealedFile, finish
from signing.rendered import recognised
from signing.stamping import Stamps, chain_of
from signing.validation_store import Held, held

__all__ = ["ArchiveLifter", "archived", "lift"]

_RESERVED = 4 * 1024
_MARGIN = 256
_RETRIES = 3


class ArchiveLifter:
    """Implements `certlib.ports.SealLifter`. Threads may share one."""

    def __init__(self, timestamps: TimestampSource, materials: ValidationMaterialSource) -> None:
        self._stamps = Stamps(timestamps)
        self._materials = materials

    def lift(self, pdf: bytes) -> SealedDocument:
        """The file with one more revision: material of every chain, then a document timestamp.

        That its bytes are those on record is for the caller to know: a timestamp over a file that
        was tampered with would prove nothing but that.

        Raises:
            SigningUnavailable: the timestamp authority does not answer, or there is no material.
            SealMismatch: the file carries no seal, cannot be read, or goes on behind its last one.
        """
        chains = (*_chains(pdf), self._stamps.chain())
        material = self._materials.material(tuple(dict.fromkeys(chains)))
        file = _lifted(pdf, material, self._stamps)
        return SealedDocument(file.pdf, file.sha256, "B-LTA")


def lift(pdf: bytes, material: ValidationMaterial, timestamps: TimestampSource) -> bytes:
    """The same with material that the caller has; of B-LTA it is the renewal.

    Raises:
        SigningUnavailable: the timestamp authority does not answer.
        SealMismatch: the file carries no seal, cannot be read, or goes on behind its last one.
    """
    _layouts(pdf)
    return _lifted(pdf, material, Stamps(timestamps)).pdf


def archived(
    file: SealedFile,
    stamps: Stamps,
    material: ValidationMaterial | None = None,
    before: Held | None = None,
) -> SealedFile:
    """The file with one document timestamp more.

    Args:
        file: sealed; without a structure it takes the way of files from outside.
        stamps: asked once, or once more where the token is longer than any before.
        material: what the store shall hold, beside what it holds; None leaves it as it is.
        before: what it holds, where the structure is known.

    Raises:
        SigningUnavailable: the timestamp authority does not answer.
        SealMismatch: the file cannot be read.
    """
    reserved = max(_RESERVED, stamps.longest + _MARGIN)
    for _ in range(_RETRIES):
        if file.structure is None:
            prepared = outside.stamped(file.pdf, material, reserved)
        else:
            prepared = writer.stamped(file, material, before or {}, reserved)
        token = stamps.token(prepared.digest)
        if len(token) <= prepared.room:
            return finish(prepared, token)
        reserved = len(token) + _MARGIN
    raise SigningUnavailable(what="timestamp token")


def _lifted(pdf: bytes, material: ValidationMaterial, stamps: Stamps) -> SealedFile:
    found = recognised(pdf)
    state = hashlib.sha256(pdf)
    if found is not None and found[1].form:
        plain, structure = found
        try:
            before = held(plain, structure.store)
        except ValueError:  # a store of another form
            pass
        else:
            return archived(SealedFile((pdf,), state, structure), stamps, material, before)
    return archived(SealedFile((pdf,), state), stamps, material)


def _layouts(pdf: bytes) -> Sequence[SignatureLayout]:
    try:
        found = layouts(opened(pdf, len(pdf)))
    except ReadingFaultError as error:
        raise SealMismatch(what=error.fault) from error
    if not found or not found[-1].covers_file or any(item.sound_problem for item in found):
        raise SealMismatch(what="signatures")
    return found


def _chains(pdf: bytes) -> list[tuple[bytes, ...]]:
    """Of each seal, of each timestamp on a seal, and of each document timestamp."""
    found: list[tuple[bytes, ...]] = []
    for item in _layouts(pdf):
        try:
            message = read_message(item.contents)
            found.append((message.signer_der, *message.others))
            found += [chain_of(token) for token in message.tokens]
        except (MessageProblemError, CertlibError) as error:
            raise SealMismatch(what="signatures") from error
    return found
