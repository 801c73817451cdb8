"""What is appended to a sealed file: honest additions pass, attacks do not.

Incremental saving and shadow attacks: Mladenov et al. 2019, Mainka et al. 2021.
"""

from io import BytesIO

import pytest
import signing_pki
from attacks_forging import (
    content_stream,
    gap,
    last_xref,
    object_of,
    page_of,
    revision,
    root_of,
    size_of,
    stream_revision,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from certlib.evidence import ChangeGrade
from certlib.indications import Indication
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions

BAD = (ChangeGrade.NOT_PERMITTED, ChangeGrade.UNEXPLAINED)


def attack(read, forged, grade=None):
    facts = read(forged)
    assert facts.changes.grade in BAD, facts
    assert not facts.signatures[0].covers_file
    assert facts.signatures[0].intact, "the signed part itself is untouched"
    if grade is not None:
        assert facts.changes.grade is grade, facts.changes
    return facts


def test_objects_without_a_cross_reference(sealed, read):
    """Incremental saving: readers that rebuild the file find the new page."""
    page = page_of(sealed)
    forged = sealed + b"%d 0 obj\n%s\nendobj\n" % (page, object_of(sealed, page))
    attack(read, forged, ChangeGrade.UNEXPLAINED)


def test_objects_with_an_end_that_points_back(sealed, read):
    """Incremental saving: the end marker names the sealed cross-reference again."""
    page = page_of(sealed)
    forged = sealed + b"%d 0 obj\n%s\nendobj\n" % (page, object_of(sealed, page))
    forged += b"startxref\n%d\n%%%%EOF\n" % last_xref(sealed)
    attack(read, forged, ChangeGrade.UNEXPLAINED)


def test_objects_beside_an_empty_revision(sealed, read):
    """Shadow replace: the revision lists nothing, but carries a page."""
    page = page_of(sealed)
    hidden = b"%d 0 obj\n%s\nendobj\n" % (page, object_of(sealed, page))
    attack(read, revision(sealed, {}, unlisted=hidden), ChangeGrade.UNEXPLAINED)


def test_object_inside_an_object(sealed, read):
    """Shadow replace: one listed object whose extent holds another."""
    fresh = size_of(sealed)
    page = page_of(sealed)
    inner = b"(x)\nendobj\n%d 0 obj\n%s" % (page, object_of(sealed, page))
    attack(read, revision(sealed, {fresh: inner}), ChangeGrade.UNEXPLAINED)


def test_object_in_a_comment(sealed, read):
    hidden = b"% 17 0 obj << /Type /Page >> endobj\n"
    attack(read, revision(sealed, {}, unlisted=hidden), ChangeGrade.UNEXPLAINED)


def test_entry_that_points_into_the_signed_part(sealed, read):
    """Shadow hide-and-replace: the page's number gets the place of its older version."""
    number = page_of(sealed)
    offset = sealed.index(b"\n%d 0 obj" % number) + 1
    forged = revision(sealed, {}, listed={number: offset})
    attack(read, forged, ChangeGrade.NOT_PERMITTED)


def test_same_number_twice_in_one_table(sealed, read):
    fresh = size_of(sealed)
    forged = revision(sealed, {fresh: b"(a)"})
    doubled = forged.replace(b"xref\n%d 1\n" % fresh, b"xref\n%d 1\n" % fresh, 1)
    entry = forged[forged.rindex(b"xref\n%d 1\n" % fresh) + 5 : forged.rindex(b"trailer")]
    doubled = forged[: forged.rindex(b"trailer")] + entry + forged[forged.rindex(b"trailer") :]
    attack(read, doubled)


def test_content_replaced(sealed, read):
    number = int(object_of(sealed, page_of(sealed)).split(b"/Contents")[1].split()[0])
    attack(read, revision(sealed, {number: content_stream(b"forged")}), ChangeGrade.NOT_PERMITTED)


def test_page_appended(sealed, read):
    fresh = size_of(sealed)
    pages = b"<< /Type /Pages /Count 2 /Kids [%d 0 R %d 0 R] >>" % (page_of(sealed), fresh)
    page = b"<< /Type /Page /Parent 1 0 R /MediaBox [0 0 600 800] /Contents %d 0 R >>" % (fresh + 1)
    forged = revision(sealed, {1: pages, fresh: page, fresh + 1: content_stream(b"x")})
    attack(read, forged, ChangeGrade.NOT_PERMITTED)


def test_annotation_laid_over_the_page(sealed, read):
    fresh, page = size_of(sealed), page_of(sealed)
    value = object_of(sealed, page).replace(b"/Annots [", b"/Annots [ %d 0 R " % fresh)
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /Contents (x) /F 4 >>"
    attack(read, revision(sealed, {page: value, fresh: note}), ChangeGrade.NOT_PERMITTED)


def test_description_replaced(sealed, read):
    """pyHanko lets new metadata pass under P=1; the verdict shows what it says."""
    number = int(object_of(sealed, root_of(sealed)).split(b"/Metadata")[1].split()[0])
    packet = object_of(sealed, number).replace(b"<zz:KZ_SL>3<", b"<zz:KZ_SL>9<")
    attack(read, revision(sealed, {number: packet}), ChangeGrade.NOT_PERMITTED)


def test_information_dictionary_replaced(sealed, read):
    fresh = size_of(sealed)
    trailer = b"/Info %d 0 R" % fresh
    forged = revision(sealed, {fresh: b"<< /Title (forged) >>"}, trailer=trailer)
    attack(read, forged, ChangeGrade.NOT_PERMITTED)


def test_catalog_replaced(sealed, read):
    root = root_of(sealed)
    value = object_of(sealed, root)[:-2] + b"/OpenAction [1 0 R /Fit] >>"
    attack(read, revision(sealed, {root: value}), ChangeGrade.NOT_PERMITTED)


def test_object_that_the_signed_part_mentions_is_defined_later(pki, content, read):
    """Shadow replace by a dangling reference: pyHanko counts the new object as an orphan."""
    import signing_pki

    page = signing_pki.make_page(content.canonical())
    number = size_of(page) + 50
    resources = page.index(b"/Font<<")
    # The forger prepares the page before it is sealed: a picture that is not there yet.
    prepared = _rewritten(page, resources, b"/XObject<</x0 %d 0 R>>" % number)
    sealed = pki.sealer().seal(prepared, content).pdf
    assert read(sealed).changes.grade is ChangeGrade.NONE
    picture = b"<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Length 0 >>\nstream\n\nendstream"
    attack(read, revision(sealed, {number: picture}), ChangeGrade.NOT_PERMITTED)


def _rewritten(pdf: bytes, position: int, insertion: bytes) -> bytes:
    """`pdf` with bytes inserted and its offsets put right."""
    changed = pdf[:position] + insertion + pdf[position:]
    start = changed.rindex(b"xref\n", 0, changed.rindex(b"startxref"))
    lines = []
    for line in changed[start:].split(b"\n"):
        if line.rstrip().endswith((b" n", b" n\r")) and int(line[:10]) > position:
            line = b"%010d" % (int(line[:10]) + len(insertion)) + line[10:]  # noqa: PLW2901
        lines.append(line)
    tail = b"\n".join(lines)
    return changed[:start] + tail.replace(b"%d\n%%%%EOF" % last_xref(pdf), b"%d\n%%%%EOF" % start)


class _Timestamps(TimeStamper):
    def __init__(self, source):
        super().__init__(include_nonce=False)
        self.source = source

    async def async_timestamp(self, message_digest, md_algorithm):
        from asn1crypto import cms

        return cms.ContentInfo.load(self.source.token(message_digest, md_algorithm))

    async def async_dummy_response(self, md_algorithm):
        return await self.async_timestamp(bytes(32), md_algorithm)


def extended(pdf, pki, *, timestamped=True):
    """The same file lifted: a DSS, then a document timestamp (PAdES B-LTA)."""
    from asn1crypto import x509

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer._update_meta = lambda: None
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, certs=[x509.Certificate.load(pki.issuing.der)], crls=[]
    )
    out = BytesIO()
    writer.write(out)
    if not timestamped:
        return out.getvalue()
    writer = IncrementalPdfFileWriter(out)
    writer._update_meta = lambda: None
    stamper = PdfTimeStamper(_Timestamps(pki.timestamps))
    return stamper.timestamp_pdf(writer, "sha256", validation_context=None).getvalue()


def test_document_timestamp_over_a_dss_is_permitted(sealed, pki, read):
    facts = read(extended(sealed, pki))
    assert facts.changes.grade is ChangeGrade.PERMITTED, facts.changes
    seal, stamp = facts.signatures
    assert (seal.kind, stamp.kind) == ("signature", "document_timestamp")
    assert (seal.covers_file, stamp.covers_file) == (False, True)
    assert stamp.intact
    assert [item.indication for item in conclusions(facts.signatures, OWN, signing_pki.NOW)] == [
        Indication.TOTAL_PASSED
    ] * 2


def test_dss_alone_is_permitted_but_no_signature_covers_the_file(sealed, pki, read):
    facts = read(extended(sealed, pki, timestamped=False))
    assert facts.changes.grade is ChangeGrade.PERMITTED
    assert not any(item.covers_file for item in facts.signatures)


def test_byte_after_an_honest_extension(sealed, pki, read):
    assert read(extended(sealed, pki) + b" ").changes.grade is ChangeGrade.UNEXPLAINED


def test_attack_hidden_under_a_document_timestamp(sealed, pki, read):
    """The last timestamp covers the entire file, the attack included."""
    number = int(object_of(sealed, page_of(sealed)).split(b"/Contents")[1].split()[0])
    forged = revision(sealed, {number: content_stream(b"forged")})
    facts = read(extended(forged, pki))
    assert facts.signatures[-1].covers_file
    assert facts.changes.grade in BAD


def test_empty_revision_in_honest_form_changes_nothing(sealed, read):
    """Only the trailer is new; it is explained, and no signature covers the file any more."""
    facts = read(revision(sealed, {}))
    assert not facts.signatures[0].covers_file
    assert facts.changes.grade in (*BAD, ChangeGrade.PERMITTED)


@pytest.mark.parametrize("move", [b" ", b"\n1 0 obj\n<< >>\nendobj\n"])
def test_wrapped_signature(sealed, read, move):
    """Signature wrapping: the second range moves back, the forger's bytes lie between."""
    start, end = gap(sealed)
    ranges = b"/ByteRange [0 %d %d %d]" % (start, end, len(sealed) - end)
    moved = b"/ByteRange [0 %d %d %d]" % (start, end + len(move), len(sealed) - end)
    at = sealed.index(ranges)
    head = sealed[:at] + moved.ljust(len(ranges) + 4) + sealed[at + len(ranges) + 4 :]
    forged = head[:end] + move + head[end:]
    facts = read(forged)
    assert not facts.readable or facts.signatures[0].layout_problem
    assert facts.changes.grade is not ChangeGrade.NONE


@pytest.fixture(scope="module")
def compressed(pki, content):
    """A sealed file whose cross-references are streams."""
    import signing_pki
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    page = PdfFileReader(BytesIO(signing_pki.make_page(content.canonical())))
    writer = copy_into_new_writer(page, writer_kwargs={"stream_xrefs": True})
    writer._update_meta = lambda: None
    out = BytesIO()
    writer.write(out)
    return pki.sealer().seal(out.getvalue(), content).pdf


def test_honest_extension_of_a_file_with_cross_reference_streams(compressed, pki, read):
    assert not read(compressed).signatures[0].form_problem
    facts = read(extended(compressed, pki))
    assert facts.changes.grade is ChangeGrade.PERMITTED, facts.changes


def test_unlisted_object_in_an_object_stream(compressed, read):
    fresh = size_of(compressed) + 3
    orphan = stream_revision(compressed, {fresh: b"(a)"}, {fresh})
    attack(read, orphan, ChangeGrade.NOT_PERMITTED)
    page = int(object_of(compressed, root_of(compressed)).split(b"/Pages")[1].split()[0])
    hidden = stream_revision(compressed, {fresh: b"(a)", page: b"<< /Type /Pages >>"}, {fresh})
    attack(read, hidden, ChangeGrade.UNEXPLAINED)


def test_replaced_object_in_an_object_stream(compressed, read):
    page = int(object_of(compressed, root_of(compressed)).split(b"/Pages")[1].split()[0])
    forged = stream_revision(compressed, {page: b"<< /Type /Pages /Count 0 /Kids [] >>"}, {page})
    attack(read, forged, ChangeGrade.NOT_PERMITTED)


def test_bytes_beside_a_cross_reference_stream(compressed, read):
    forged = stream_revision(compressed, {size_of(compressed) + 3: b"(a)"}, set())
    cut = forged.rindex(b"startxref")
    attack(read, forged[:cut] + b"1 0 obj (x) endobj\n" + forged[cut:], ChangeGrade.UNEXPLAINED)


def _edited(sealed, change):
    """An honest-looking revision of one fresh object, then edited by hand."""
    honest = revision(sealed, {size_of(sealed): b"(a)"})
    forged = sealed + change(honest[len(sealed) :], size_of(sealed))
    assert forged != honest
    return forged


@pytest.mark.parametrize(
    "change",
    [
        lambda tail, n: tail.replace(b"%d 0 obj" % n, b"%d 0 obj" % (n + 1), 1),
        lambda tail, n: tail.replace(b"endobj", b"endobx", 1),
        lambda tail, n: tail.replace(b"(a)", b"(a", 1),
        lambda tail, n: tail.replace(b"xref\n%d 1\n" % n, b"xref\n%d 2\n" % n, 1),
        lambda tail, n: tail.replace(b" n \n", b" n\n", 1),
        lambda tail, n: tail.replace(b"trailer\n<<", b"trailer\n(", 1),
        lambda tail, n: tail.replace(b"%%EOF", b"%%EOG", 1),
        lambda tail, n: tail.replace(b"startxref", b"(x)\nstartxref", 1),
        lambda tail, n: tail.replace(b"xref\n", b"(x) xref\n", 1),
        lambda tail, n: tail.replace(b"trailer\n<<", b"trailer\n<< /XRefStm 9", 1),
        lambda tail, n: tail.replace(b" 00000 n", b" 00001 n", 1),
        lambda tail, n: tail.replace(b" 00000 n", b" 00000 f", 1),
        lambda tail, n: b"\n" + tail,
        lambda tail, n: tail + tail,
    ],
    ids=[
        "other number",
        "object without end",
        "string without end",
        "entries missing",
        "short entry",
        "trailer broken",
        "marker broken",
        "bytes before startxref",
        "bytes before xref",
        "hybrid",
        "other generation",
        "freed",
        "shifted",
        "doubled",
    ],
)
def test_revision_that_is_not_what_it_lists(sealed, read, change):
    facts = read(_edited(sealed, change))
    assert facts.changes.grade in BAD, facts.changes
    assert not facts.readable or facts.signatures[0].intact


def test_one_place_under_two_numbers(sealed, read):
    fresh = size_of(sealed)
    forged = revision(sealed, {fresh: b"(a)"}, listed={fresh + 1: len(sealed)})
    attack(read, forged)


def test_seal_certified_for_filling_forms_still_hides_nothing(pki, content, read):
    """Approval signatures of strangers admit more, but never unexplained bytes."""
    import signing_pki
    from pyhanko.sign import fields, signers

    writer = IncrementalPdfFileWriter(BytesIO(signing_pki.make_page(content.canonical()) + b"\n"))
    signer = signers.SimpleSigner(
        signing_cert=_asn1(pki.seal.der),
        signing_key=_key(pki.seal.key),
        cert_registry=_store(pki.issuing.der),
    )
    signed = (
        signers.PdfSigner(
            signers.PdfSignatureMetadata(
                field_name="A", certify=True, docmdp_permissions=fields.MDPPerm.FILL_FORMS
            ),
            signer=signer,
        )
        .sign_pdf(writer)
        .getvalue()
    )
    facts = read(signed)
    assert not facts.signatures[0].layout_problem
    assert facts.signatures[0].form_problem
    assert (facts.signatures[0].certified, facts.changes.grade) == (2, ChangeGrade.NONE)
    attack(read, signed + b"x", ChangeGrade.UNEXPLAINED)
    replaced = int(object_of(signed, page_of(signed)).split(b"/Contents")[1].split()[0])
    attack(read, revision(signed, {replaced: content_stream(b"x")}), ChangeGrade.NOT_PERMITTED)


def _asn1(der):
    from asn1crypto import x509

    return x509.Certificate.load(der)


def _store(*certificates):
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    return SimpleCertificateStore.from_certs([_asn1(der) for der in certificates])


def _key(key):
    from asn1crypto import keys
    from cryptography.hazmat.primitives import serialization as form

    plain = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    return keys.PrivateKeyInfo.load(plain)
