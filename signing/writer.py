"""Our own writer, for pages that this service rendered: one pass over a structure that is known.

It says what `signing.outside` says, entry by entry; where it stands differs, what it means not.
"""

from __future__ import annotations

from certlib.ports import ValidationMaterial
from signing.gap import PreparedSeal, SealedFile, SealProfile
from signing.naming import FIELD_LABEL, FIELD_NAME, STAMP_LABEL, STAMP_NAME
from signing.plain_objects import date, stream, text
from signing.rendered import PlainFile, Structure
from signing.revision import Revision
from signing.validation_store import Held, put_store
from signing.xmp import extended

__all__ = ["sealed", "stamped"]

_PACKET = b"/Type/Metadata/Subtype/XML"
# EN 319 142-1 and the extension level of ISO 32000-1 that carries its signatures (ESIC 1).
_EXTENSION = (
    b"/Extensions <</ESIC <</Type /DeveloperExtensions/BaseVersion /1.7/ExtensionLevel 1>>>>"
)
# The rectangle is empty and outside the page: PDF/UA-1 (ISO 14289-1, 7.18.1) then asks for no
# structure element, and PDF/A-3 (6.3.3) for no appearance. Flags: printed, locked.
_WIDGET = (
    b"<</Type /Annot/Subtype /Widget/FT /Sig/T %b/TU %b/F 132"
    b"/Rect [-9999 -9999 -9999 -9999]/P %d 0 R/V %d 0 R>>"
)
_SEAL = (
    b"/Type /Sig/Filter /Adobe.PPKLite/SubFilter /ETSI.CAdES.detached/M %b"
    b"/Reference [<</Type /SigRef/TransformMethod /DocMDP"
    b"/TransformParams <</Type /TransformParams/V /1.2/P 1>>>>]"
)
_STAMP = b"/Type /DocTimeStamp/Filter /Adobe.PPKLite/SubFilter /ETSI.RFC3161"
_FORM = b"<</Fields [%b]/SigFlags 3>>"
_SEAL_NAME = b"(%b)" % FIELD_NAME.encode()
_SEAL_LABEL = text(FIELD_LABEL)
_STAMP_LABEL = text(STAMP_LABEL)


def sealed(
    page: tuple[PlainFile, Structure], base: SealedFile, profile: SealProfile
) -> PreparedSeal:
    """Appends the sealing revision: XMP, one invisible field, a certification (P=1), the gap.

    Args:
        page: as `signing.rendered.recognised` gives it, unsealed.
        base: the same page in pieces.
        profile: what to say.

    Raises:
        SealMismatch: the packet cannot be extended.
        ControlCharacter: a value of the metadata cannot stand in XMP.
        ValueError: the packet lies otherwise than typst lays it.
    """
    file, before = page
    revision = Revision(before)
    if profile.elements:
        packet = extended(file.packet(before.metadata), profile.elements)
        revision.put(before.metadata, stream(packet, _PACKET))
    form, field, signature = revision.reserve(), revision.reserve(), revision.reserve()
    catalog = b"%b%b/AcroForm %d 0 R/Perms <</DocMDP %d 0 R>>" % (
        before.catalog,
        _EXTENSION,
        form,
        signature,
    )
    store = put_store(revision, 0, profile.store) if profile.store else 0
    if store:
        catalog = b"%b/DSS %d 0 R" % (catalog, store)
    fields = b"%d 0 R" % field
    face = b"%b/Annots [%b]" % (before.face, fields)
    revision.put(before.page, b"<<%b>>" % face)
    revision.put(before.root, b"<<%b>>" % catalog)
    revision.put(form, _FORM % fields)
    revision.put(field, _WIDGET % (_SEAL_NAME, _SEAL_LABEL, before.page, signature))
    after = before._replace(catalog=catalog, face=face, form=form, fields=fields, store=store)
    entries = _SEAL % date(profile.moment)
    return revision.signed(base, (signature, entries), profile.reserved, after)


def stamped(
    base: SealedFile, material: ValidationMaterial | None, before: Held, reserved: int
) -> PreparedSeal:
    """Appends the revision of an archive timestamp: what the store lacks, one field, the gap.

    Args:
        base: a sealed file with its structure.
        material: what the store shall hold then; None leaves it as it is.
        before: what the store holds now.
        reserved: bytes kept for the token.
    """
    now = base.structure
    assert now is not None  # noqa: S101 - callers have looked
    revision = Revision(now)
    store, catalog = now.store, now.catalog
    if material:
        store = put_store(revision, store, material, before)
        if store != now.store:
            catalog = b"%b/DSS %d 0 R" % (catalog, store)
            revision.put(now.root, b"<<%b>>" % catalog)
    field, signature = revision.reserve(), revision.reserve()
    fields = b"%b %d 0 R" % (now.fields, field)
    face = b"%b %d 0 R]" % (now.face[:-1], field)
    name = b"(%b%d)" % (STAMP_NAME.encode(), fields.count(b" R"))
    revision.put(now.page, b"<<%b>>" % face)
    revision.put(now.form, _FORM % fields)
    revision.put(field, _WIDGET % (name, _STAMP_LABEL, now.page, signature))
    after = now._replace(catalog=catalog, face=face, fields=fields, store=store)
    return revision.signed(base, (signature, _STAMP), reserved, after)
