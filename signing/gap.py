"""The seam of sealing: `prepare` leaves a gap and gives the digest, `finish` fills the gap.

pyHanko writes the incremental revision; the CMS is none of its business here, so no dry run, no
event loop and no second signature happen. A faster writer for pages of our own may replace
`prepare` later without a change on either side.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import cms_embedder, pdf_byterange
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1

from certlib.errors import CertlibError, SealMismatch
from signing.naming import FIELD_NAME
from signing.xmp import extended

__all__ = ["PreparedSeal", "SealProfile", "finish", "prepare"]


@dataclass(frozen=True, slots=True)
class SealProfile:
    """What the sealing revision says.

    Attributes:
        elements: `Content.as_json()`, laid into the XMP packet; empty leaves the packet alone.
        moment: claimed signing time, `/M`; aware.
        reserved: bytes kept for the CMS (the gap holds twice as many hexadecimal digits).
    """

    elements: dict[str, Any]
    moment: datetime
    reserved: int


@dataclass(frozen=True, slots=True)
class PreparedSeal:
    """A PDF with an empty gap.

    Attributes:
        pdf: the whole file; the gap between `start` and `end` is `<000…0>`.
        digest: SHA-256 of everything outside the gap.
    """

    pdf: bytearray
    digest: bytes
    start: int
    end: int

    @property
    def room(self) -> int:
        """How many bytes of CMS the gap holds."""
        return (self.end - self.start - 2) // 2


class _SealingWriter(IncrementalPdfFileWriter):
    """pyHanko's incremental writer without its clock, its randomness and its own metadata.

    pyHanko would stamp `/ModDate` and the XMP with the machine's time, and `/Info` and XMP must
    agree (ISO 19005-3, 6.6.2.3.3): both stay as typst wrote them.
    """

    def _update_meta(self) -> None:
        """Leaves the metadata alone."""

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:  # noqa: ANN401 - pyHanko's reader
        digest = hashlib.sha256(prev.stream.getbuffer()).digest()[:16]
        first = prev.trailer["/ID"][0] if "/ID" in prev.trailer else digest
        kept = first if isinstance(first, bytes) else first.original_bytes
        return generic.ArrayObject(
            [generic.ByteStringObject(kept), generic.ByteStringObject(digest)]
        )


def prepare(pdf: bytes, profile: SealProfile) -> PreparedSeal:
    """Appends the sealing revision: XMP, one invisible field, a certification (P=1), the gap.

    typst ends its file without a line end, which ISO 19005-3, 6.1.3 wants: it is added first.

    Raises:
        SealMismatch: `pdf` cannot be read, is sealed already or carries form fields.
        ControlCharacter: a value of the metadata cannot stand in XMP.
    """
    if not pdf.endswith(b"\n"):
        pdf += b"\n"
    try:
        return _prepare(pdf, profile)
    except CertlibError:
        raise
    # pyHanko and what is under it raise many kinds on a page that is not one of ours.
    except Exception as error:
        raise SealMismatch(what="page") from error


def finish(prepared: PreparedSeal, cms: bytes) -> bytes:
    """The sealed file: lower-case digits, zeros up to the end of the gap.

    Raises:
        SealMismatch: the CMS does not fit; compare with `PreparedSeal.room` first.
    """
    digits = cms.hex().encode()
    start = prepared.start + 1
    if start + len(digits) >= prepared.end:
        raise SealMismatch(what="reserve")
    sealed = bytearray(prepared.pdf)
    sealed[start : start + len(digits)] = digits
    return bytes(sealed)


def _prepare(pdf: bytes, profile: SealProfile) -> PreparedSeal:
    writer = _SealingWriter(BytesIO(pdf))
    if "/AcroForm" in writer.root:
        raise SealMismatch(what="form")
    if profile.elements:
        _replace_metadata(writer, profile.elements)
    writer.register_extension(ESIC_EXTENSION_1)
    steps = cms_embedder.PdfCMSEmbedder(new_field_spec=_FIELD).write_cms(FIELD_NAME, writer)
    field = next(steps).get_object()
    field[pdf_name("/TU")] = generic.TextStringObject("电子签章")
    placeholder = pdf_byterange.SignatureObject(
        timestamp=profile.moment.astimezone(UTC),
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=2 * profile.reserved,
    )
    certified = cms_embedder.SigMDPSetup(
        md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES
    )
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder, mdp_setup=certified))
    prepared, output = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", output=BytesIO()))
    return PreparedSeal(
        pdf=bytearray(output.getbuffer()),
        digest=prepared.document_digest,
        start=prepared.reserved_region_start,
        end=prepared.reserved_region_end,
    )


# The rectangle is empty and outside the page: PDF/UA-1 (ISO 14289-1, 7.18.1) then asks for no
# structure element, and PDF/A-3 (6.3.3) for no appearance.
_FIELD = SigFieldSpec(
    sig_field_name=FIELD_NAME,
    invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
)


def _replace_metadata(writer: IncrementalPdfFileWriter, elements: dict[str, Any]) -> None:
    reference = writer.root.raw_get("/Metadata").reference
    packet = reference.get_object().data
    stream = generic.StreamObject(
        dict_data={
            pdf_name("/Type"): pdf_name("/Metadata"),
            pdf_name("/Subtype"): pdf_name("/XML"),
        },
        stream_data=extended(packet, elements),
    )
    writer.objects[(reference.generation, reference.idnum)] = stream
