"""The writer for PDFs of any form, those from outside: pyHanko's incremental writer.

What it says is what `signing.writer` says for pages of our own; it takes some forty times as long.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC
from io import BytesIO
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import cms_embedder, pdf_byterange
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.validation.dss import DocumentSecurityStore

from certlib.errors import CertlibError, SealMismatch
from certlib.ports import ValidationMaterial
from signing.gap import PreparedSeal, SealProfile
from signing.naming import FIELD_LABEL, FIELD_NAME, STAMP_LABEL, STAMP_NAME
from signing.xmp import extended

__all__ = ["sealed", "stamped"]


class _SealingWriter(IncrementalPdfFileWriter):
    """pyHanko's incremental writer without its clock, its randomness and its own metadata.

    pyHanko would stamp `/ModDate` and the XMP with the machine's time, and `/Info` and XMP must
    agree (ISO 19005-3, 6.6.2.3.3): both stay as they are.
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


def sealed(pdf: bytes, profile: SealProfile) -> PreparedSeal:
    """Appends the sealing revision: XMP, one invisible field, a certification (P=1), the gap.

    A file without a line end at its end gets one: ISO 19005-3, 6.1.3 wants it.

    Raises:
        SealMismatch: `pdf` cannot be read, is sealed already or carries form fields.
        ControlCharacter: a value of the metadata cannot stand in XMP.
    """
    return _guarded(lambda: _sealed(pdf if pdf.endswith(b"\n") else pdf + b"\n", profile))


def stamped(pdf: bytes, material: ValidationMaterial | None, reserved: int) -> PreparedSeal:
    """Appends the revision of an archive timestamp: validation material, one field, the gap.

    Raises:
        SealMismatch: `pdf` cannot be read or carries no form.
    """
    return _guarded(lambda: _stamped(pdf, material, reserved))


def _guarded(write: Callable[[], PreparedSeal]) -> PreparedSeal:
    try:
        return write()
    except CertlibError:
        raise
    # pyHanko and what is under it raise many kinds on a page that is not one of ours.
    except Exception as error:
        raise SealMismatch(what="page") from error


def _sealed(pdf: bytes, profile: SealProfile) -> PreparedSeal:
    writer = _SealingWriter(BytesIO(pdf))
    if "/AcroForm" in writer.root:
        raise SealMismatch(what="form")
    if profile.elements:
        _replace_metadata(writer, profile.elements)
    writer.register_extension(ESIC_EXTENSION_1)
    if profile.store:
        _put_store(writer, profile.store)
    placeholder = pdf_byterange.SignatureObject(
        timestamp=profile.moment.astimezone(UTC),
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=2 * profile.reserved,
    )
    certified = cms_embedder.SigMDPSetup(
        md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES
    )
    setup = cms_embedder.SigObjSetup(sig_placeholder=placeholder, mdp_setup=certified)
    return _with_gap(writer, (FIELD_NAME, FIELD_LABEL), setup)


def _stamped(pdf: bytes, material: ValidationMaterial | None, reserved: int) -> PreparedSeal:
    writer = _SealingWriter(BytesIO(pdf))
    if "/AcroForm" not in writer.root:
        raise SealMismatch(what="form")
    if material:
        _put_store(writer, material)
    name = f"{STAMP_NAME}{len(writer.root['/AcroForm']['/Fields']) + 1}"
    placeholder: Any = pdf_byterange.DocumentTimestamp(bytes_reserved=2 * reserved)  # type: ignore[no-untyped-call]  # pyHanko
    setup = cms_embedder.SigObjSetup(sig_placeholder=placeholder)
    return _with_gap(writer, (name, STAMP_LABEL), setup)


def _with_gap(
    writer: _SealingWriter, field: tuple[str, str], setup: cms_embedder.SigObjSetup
) -> PreparedSeal:
    name, label = field
    # The rectangle is empty and outside the page: PDF/UA-1 (ISO 14289-1, 7.18.1) then asks for no
    # structure element, and PDF/A-3 (6.3.3) for no appearance.
    place = SigFieldSpec(
        sig_field_name=name, invis_sig_settings=InvisSigSettings(box_out_of_bounds=True)
    )
    steps = cms_embedder.PdfCMSEmbedder(new_field_spec=place).write_cms(name, writer)
    found = next(steps).get_object()
    found[pdf_name("/TU")] = generic.TextStringObject(label)
    steps.send(setup)
    prepared, output = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", output=BytesIO()))
    start, end = prepared.reserved_region_start, prepared.reserved_region_end
    octets = output.getvalue()
    before, tail = octets[:start], octets[end:]
    return PreparedSeal(
        pieces=(before,),
        tail=tail,
        room=(end - start - 2) // 2,
        state=hashlib.sha256(before),
        digest=prepared.document_digest,
    )


def _put_store(writer: _SealingWriter, material: ValidationMaterial) -> None:
    if not (material.certificates or material.crls or material.ocsps):
        return
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,  # no VRI
        certs=[x509.Certificate.load(der) for der in material.certificates],
        crls=[crl.CertificateList.load(der) for der in material.crls],
        ocsps=[ocsp.OCSPResponse.load(der) for der in material.ocsps],
    )


def _replace_metadata(writer: _SealingWriter, elements: dict[str, Any]) -> None:
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
