"""Promises of both writers: they say the same, and whoever reads their files hears the same."""

import hashlib
import re
from datetime import date
from functools import cache
from io import BytesIO

import pytest
import signing_pki
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import Dereferenceable
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext
from signing_pki import NOW, make_content, make_page

from certlib.evidence import ChangeGrade
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions
from signing import sealing
from signing.evidence.reader import read_facts
from signing.sealing import PadesSealer

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
WRITERS = ("own", "outside")


@cache
def _pki(key: str) -> signing_pki.Pki:
    return signing_pki.make_pki(key=rsa.generate_private_key(65537, 3072) if key == "rsa" else None)


def _sealed(writer: str, pki: signing_pki.Pki, content, level: str, lines: int = 3) -> bytes:
    page = make_page(content.canonical(), lines)
    sealer = PadesSealer(
        pki.seal, pki.timestamps, signing_pki.FixedClock(), materials=pki.materials
    )
    with pytest.MonkeyPatch.context() as patch:
        if writer == "outside":
            patch.setattr(sealing, "recognised", lambda pdf: None)
        made = sealer.seal(page, content, level)
    assert made.level == level
    assert made.sha256 == hashlib.sha256(made.pdf).hexdigest()
    return made.pdf


def _by_pyhanko(pdf: bytes, pki: signing_pki.Pki) -> list[tuple[bool, bool, str]]:
    """Of each signature: intact, valid, and how far it reaches."""
    roots = [x509.Certificate.load(pki.root.der)]
    context = ValidationContext(trust_roots=roots, moment=NOW, revocation_mode="soft-fail")
    found = []
    for item in PdfFileReader(BytesIO(pdf)).embedded_signatures:
        if item.sig_object_type == "/DocTimeStamp":
            status = validate_pdf_timestamp(item, context)
        else:
            status = validate_pdf_signature(item, context, ts_validation_context=context)
            assert status.docmdp_ok
        found.append((status.intact, status.valid, status.coverage.name))
    return found


def _by_ourselves(pdf: bytes, pki: signing_pki.Pki) -> list[tuple[bool, bool, str]]:
    facts = read_facts(pdf, pki.trust)
    return [
        (
            item.message.digest_ok
            and (item.kind != "document_timestamp" or item.timestamp.imprint_ok),
            item.message.signature_ok,
            "ENTIRE_FILE" if item.covers_file else "ENTIRE_REVISION",
        )
        for item in facts.signatures
    ]


_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=30
)


@st.composite
def _contents(draw):
    return make_content(
        number=draw(_TEXTS) or "1",
        valid_to=draw(st.none() | st.dates(date(2026, 6, 2), date(2099, 1, 1))),
        fields={"KZ_JYFW": draw(_TEXTS), "KZ_LB": draw(st.lists(_TEXTS, max_size=3))},
    )


# Each example renders, seals and reads twice: a smaller one is not worth minutes.
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    content=_contents(),
    lines=st.integers(0, 90),
    key=st.sampled_from(("ecdsa", "rsa")),
    level=st.sampled_from(LEVELS),
    spoilt=st.none() | st.floats(0, 1, exclude_max=True),
)
def test_pyhanko_and_our_own_reader_agree_on_both_writers(content, lines, key, level, spoilt):
    """Whole files hold; an octet changed under the seal spoils both readers' answers alike."""
    pki, answers = _pki(key), []
    for writer in WRITERS:
        pdf = _sealed(writer, pki, content, level, lines)
        if spoilt is not None:
            # Inside an XMP value: the file stays readable, so that integrity alone is asked.
            at = pdf.rindex(b"<zz:ZZBFRQ>2026") + 11 + int(spoilt * 8)
            pdf = pdf[:at] + bytes((pdf[at] ^ 1,)) + pdf[at + 1 :]
        own = _by_ourselves(pdf, pki)
        assert own == _by_pyhanko(pdf, pki)
        answers.append(own)
    assert answers[0] == answers[1]
    assert all(intact == (spoilt is None) for intact, _, _ in answers[0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("writer", WRITERS)
def test_every_level_is_of_our_form_and_valid_by_our_own_policy(writer, level):
    pki = _pki("ecdsa")
    facts = read_facts(_sealed(writer, pki, make_content(), level), pki.trust)
    kinds = [item.kind for item in facts.signatures]
    assert kinds == ["signature", "document_timestamp"][: 1 + (level == "B-LTA")]
    assert all(not (item.layout_problem or item.form_problem) for item in facts.signatures)
    assert not any(item.problem for item in conclusions(facts.signatures, OWN, NOW))
    assert facts.signatures[-1].covers_file
    grades = {"B-LTA": ChangeGrade.PERMITTED}
    assert facts.changes.grade is grades.get(level, ChangeGrade.NONE)
    assert not facts.structure.notes


def _plain(value, skipped=("/Parent", "/P", "/ByteRange", "/Contents", "/M")):
    """An object as comparable values; what refers upwards or differs by nature is left out."""
    if isinstance(value, Dereferenceable):
        value = value.get_object()
    if hasattr(value, "data") and hasattr(value, "items"):
        return {"data": value.data}
    if isinstance(value, dict):
        return {key: _plain(value.raw_get(key)) for key in value if key not in skipped}
    if isinstance(value, list):
        return [_plain(value.raw_get(index)) for index in range(len(value))]
    return value


@pytest.mark.parametrize("level", ["B-B", "B-LT", "B-LTA"])
def test_both_writers_say_the_same_entry_by_entry(level):
    """Catalogue with form, field, certification, store and extensions; XMP; the first page."""
    pki, content = _pki("ecdsa"), make_content()
    first, second = (
        PdfFileReader(BytesIO(_sealed(writer, pki, content, level))) for writer in WRITERS
    )
    skipped = {"/StructTreeRoot", "/Pages", "/Outlines"}
    for key in sorted(set(first.root) | set(second.root) - skipped):
        if key not in skipped:
            assert _plain(first.root.raw_get(key)) == _plain(second.root.raw_get(key)), key
    own, other = (reader.root["/Pages"]["/Kids"][0] for reader in (first, second))
    assert own.keys() == other.keys()
    assert _plain(own.raw_get("/Annots")) == _plain(other.raw_get("/Annots"))
    moments = [reader.embedded_signatures[0].sig_object["/M"] for reader in (first, second)]
    assert moments[0] == moments[1]
    ids = [reader.trailer["/ID"] for reader in (first, second)]
    assert ids[0][0] == ids[1][0]
    assert first.trailer.raw_get("/Info") == second.trailer.raw_get("/Info")


def test_store_has_no_vri_and_lies_under_the_seal():
    """EN 319 142-1, 5.4.2: B-LT's material is covered by the seal itself."""
    pki = _pki("ecdsa")
    for writer in WRITERS:
        pdf = _sealed(writer, pki, make_content(), "B-LT")
        reader = PdfFileReader(BytesIO(pdf))
        store = reader.root["/DSS"]
        assert "/VRI" not in store
        wanted = pki.materials.material(())
        held = {key: [item.get_object().data for item in store[key]] for key in ("/Certs", "/CRLs")}
        assert held == {"/Certs": list(wanted.certificates), "/CRLs": list(wanted.crls)}
        assert pdf.count(b"%%EOF") == 2


def test_our_own_pages_take_our_own_writer():
    """pyHanko escapes the colon of dates; our own writer does not."""
    pdf = _sealed("own", _pki("ecdsa"), make_content(), "B-LTA")
    assert b"(D:20260601080000Z)" in pdf
    assert re.search(rb"/V \d+ 0 R>>\nendobj", pdf)
    assert b"(D\\072" in _sealed("outside", _pki("ecdsa"), make_content(), "B-B")
