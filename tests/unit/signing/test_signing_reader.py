"""Promises of the reader: what it finds in a file, and that no file breaks it."""

import hashlib
import zlib

import pytest
import signing_pki
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signing_files import PAGE, PAGES, build, simple, stream
from signing_pki import NOW

from certlib.evidence import ChangeGrade
from certlib.ports import TrustMaterial
from signing.evidence.reader import InProcessEvidenceReader, read_facts

FAULTS = {"empty", "not-pdf", "truncated", "encrypted", "malformed", "too-large"}
NOBODY = TrustMaterial()


def read(pdf):
    return read_facts(pdf, NOBODY)


def test_everything_about_a_file_of_ours(pki, sealed, content):
    trust = pki.trust
    facts = InProcessEvidenceReader(lambda: trust).read(sealed)
    (seal,) = facts.signatures
    assert (facts.sha256, facts.size) == (hashlib.sha256(sealed).hexdigest(), len(sealed))
    assert (facts.readable, facts.fault, facts.changes.grade) == (True, "", ChangeGrade.NONE)
    assert (facts.looks_ours, facts.kind, facts.scanned) == (True, "original", False)
    assert facts.identifier == content.identifier
    assert facts.content.encode() == content.canonical()
    assert (seal.kind, seal.field_name, seal.certified) == ("signature", "Seal", 1)
    assert (seal.message.digest, seal.message.mechanism) == ("sha256", "sha256_ecdsa")
    assert (seal.signer.code, seal.claimed_time) == (content.issuer_code, content.sealed_at)
    assert seal.signer.sha256 == hashlib.sha256(pki.seal.der).hexdigest()
    assert seal.signer.name == "测试市交通运输局（演示）"
    assert (seal.signer.key, seal.signer.signed_with) == ("ecdsa-secp256r1", "sha256")
    assert seal.timestamp.time == NOW
    (path,) = seal.message.chain.paths
    assert [item.sha256 for item in path.certificates] == [
        hashlib.sha256(der).hexdigest() for der in (pki.seal.der, pki.issuing.der, pki.root.der)
    ]
    assert [item.revocation is not None for item in path.certificates] == [True, True, False]
    assert path.certificates[0].revocation.this_update == NOW
    assert facts.milliseconds > 0


@pytest.mark.parametrize(
    ("pdf", "fault"),
    [
        (b"", "empty"),
        (b"hello", "not-pdf"),
        (b"PK\x03\x04" + bytes(3000) + b"%PDF-1.7", "not-pdf"),
        (b"%PDF-1.7\n", "truncated"),
        (b"%PDF-1.7\n%%EOF\n", "malformed"),
        (simple()[:-40], "truncated"),
        (build([b"1"]), "malformed"),
    ],
)
def test_files_that_cannot_be_read(pdf, fault):
    facts = read(pdf)
    assert (facts.readable, facts.fault) == (False, fault)
    assert facts.changes.grade is ChangeGrade.UNEXPLAINED


def test_large_file_is_refused_before_it_is_parsed():
    assert read_facts(bytes(101), NOBODY, 100).fault == "too-large"


def test_encrypted_file_says_so():
    encrypt = b"<< /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -1 >>" % (b"x" * 32, b"y" * 32)
    pdf = build(
        [b"<< /Type /Catalog /Pages 2 0 R >>", PAGES, PAGE, encrypt],
        trailer=b"/Encrypt 4 0 R /ID [(a)(b)]",
    )
    assert read(pdf).fault == "encrypted"


def test_unsigned_file_has_no_signature():
    facts = read(simple())
    assert (facts.readable, facts.signatures, facts.looks_ours) == (True, (), False)


def test_page_of_ours_before_sealing_looks_ours(page, content):
    facts = read(page)
    assert (facts.signatures, facts.looks_ours) == ((), True)
    assert facts.identifier == content.identifier


def test_file_with_pictures_only_is_scanned():
    picture = stream(
        b"\0",
        b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8",
    )
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /a 4 0 R >> %s>> >>"
    assert read(simple(b"", picture, page=page % b"")).scanned
    assert not read(simple(b"", picture, page=page % b"/Font << /f 4 0 R >> ")).scanned
    form = stream(b"", b"/Type /XObject /Subtype /Form")
    assert not read(simple(b"", form, page=page % b"")).scanned
    assert not read(simple()).scanned


def _attached(data, entries=b""):
    specification = b"<< /Type /Filespec /UF (certificate.json) /EF << /F 5 0 R >> >>"
    return simple(b"/AF [4 0 R]", specification, stream(data, b"/Type /EmbeddedFile " + entries))


def test_purpose_copy_is_known_by_its_elements():
    facts = read(_attached(b'{"JZJZZSY":"x","ZZBS":"1.2.156"}'))
    assert (facts.kind, facts.identifier, facts.looks_ours) == ("purpose_copy", "1.2.156", True)


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 5000, b"\xff\xfe", b'{"a":1}', b'{"ZZBS":7}'])
def test_attachment_that_is_not_ours_says_nothing(data):
    facts = read(_attached(data))
    assert facts.readable
    assert facts.identifier == ""


def test_identifier_from_the_packet_alone():
    packet = b'<x xmlns:zz="urn:certlib:gbt36903:1.0#"><zz:ZZBS>1.2&amp;3</zz:ZZBS></x>'
    facts = read(simple(b"/Metadata 4 0 R", stream(packet, b"/Type /Metadata /Subtype /XML")))
    assert (facts.looks_ours, facts.identifier) == (True, "1.2&3")


def test_compressed_bomb_is_a_fault_of_the_file():
    bomb = zlib.compress(zlib.compress(bytes(400_000_000)))
    packet = stream(bomb, b"/Type /Metadata /Subtype /XML /Filter [/FlateDecode /FlateDecode]")
    facts = read(simple(b"/Metadata 4 0 R", packet))
    assert facts.fault in ("malformed", "memory")


@pytest.mark.parametrize(
    "catalog",
    [
        b"/AcroForm 1 0 R",
        b"/AcroForm (x)",
        b"/AcroForm << /Fields (x) >>",
        b"/AcroForm << /Fields [7] >>",
        b"/AcroForm << /Fields [4 0 R] >>",
        b"/AcroForm << /Fields [<< /T (a) /Kids [<< /T (b) /Kids 9 >>] >>] >>",
        b"/AcroForm << /Fields [<< /T (a) /FT /Sig /V 99 0 R >>] >>",
        b"/AcroForm << /Fields [<< /T (a) /FT /Sig /V 1 0 R >>] >>",
        b"/AcroForm << /Fields [<< /T (a) /FT /Sig /V << /ByteRange [1] >> >>] >>",
        b"/AcroForm << /Fields [<< /T (a) /FT /Sig /V << /ByteRange [0 1 2 3] /Contents <30> >> >>] >>",
        b"/AcroForm << /Fields [<< /T (a) /FT /Sig /V << /ByteRange [0 (a)] /Contents (30) >> >>] >>",
        b"/Perms (x) /AF (x) /Names (x) /Metadata (x)",
        b"/AF [7] /Names << /EmbeddedFiles << /Names [1] >> >> /Metadata 2 0 R",
    ],
)
def test_odd_documents_end_in_facts(catalog):
    facts = read(simple(catalog, b"<< /T (x) /Kids [4 0 R] >>"))
    assert facts.fault in ("", "malformed"), (facts.fault, facts.fault_detail)
    assert all(not item.intact for item in facts.signatures)


@pytest.mark.parametrize("kids", [b"[2 0 R]", b"[<< /Type /Page >>]", b"[7]", b"(x)", b"[]"])
def test_broken_page_trees_end(kids):
    pages = b"<< /Type /Pages /Count 1 /Kids %s >>" % kids
    facts = read(build([b"<< /Type /Catalog /Pages 2 0 R >>", pages]))
    assert facts.fault in ("", "malformed")


def test_signature_dictionary_that_two_readers_read_differently_is_named(sealed):
    twice = sealed.replace(b"/Filter /Adobe.PPKLite", b"/M (x)  /Adobe.PPKLite", 1)
    (seal,) = read(twice).signatures
    assert seal.layout_problem or seal.form_problem
    assert not seal.intact


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("NTRCN-11445200999999015E", "11445200999999015E"),
        ("11445200999999015E", "11445200999999015E"),
        ("NTRDE-1234", ""),
    ],
)
def test_credit_code_of_the_signer(code, found):
    pki = signing_pki.make_pki()
    pki.seal = pki.issuing.leaf("局", code=code.removeprefix("NTRCN-"))
    assert read(signing_pki.seal_one(pki)).signatures[0].signer.code == found


def test_certification_that_the_catalog_does_not_name(sealed):
    (seal,) = read(sealed.replace(b"/Perms", b"/Perns")).signatures
    assert seal.form_problem == "permissions"


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.data())
def test_no_damage_breaks_the_reader(sealed, data):
    """Any slice of the file replaced by any bytes: facts come out, and no good seal."""
    start = data.draw(st.integers(0, len(sealed) - 1))
    length = data.draw(st.integers(0, 200))
    inserted = data.draw(st.binary(max_size=40))
    damaged = sealed[:start] + inserted + sealed[start + length :]
    facts = read(damaged)
    assert facts.fault in ("", *FAULTS), facts.fault_detail
    if damaged != sealed:
        assert not any(
            item.intact and not item.form_problem and item.covers_file for item in facts.signatures
        )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_a_header_end_in_facts(data):
    facts = read(b"%PDF-1.7\n" + data)
    assert facts.fault in FAULTS
    assert facts.size == len(data) + 9


def test_fault_of_ours_is_not_the_files(monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr("signing.evidence.reader.layouts", broken)
    facts = read(simple())
    assert (facts.fault, facts.fault_detail) == ("crashed", "RuntimeError")

    def hungry(*_):
        raise MemoryError

    monkeypatch.setattr("signing.evidence.reader.layouts", hungry)
    assert read(simple()).fault == "memory"


def test_fallback_that_fails_still_answers(monkeypatch, sealed):
    def broken(*_):
        raise RuntimeError

    for name in ("layouts", "scanned_layouts"):
        monkeypatch.setattr(f"signing.evidence.reader.{name}", broken)
    assert read(sealed).fault == "crashed"
