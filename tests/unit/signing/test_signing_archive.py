"""Promises of levels: what is reached is said, lifting and renewal keep what stood before."""

import re
from dataclasses import replace
from io import BytesIO

import pytest
import signing_pki
from pyhanko.pdf_utils.reader import PdfFileReader
from signing_pki import NOW, make_content, make_page

from certlib.errors import SealMismatch, SigningUnavailable
from certlib.evidence import ChangeGrade
from certlib.ports import ValidationMaterial
from certlib.preservation import level_of, proven_at
from certlib.sealing_errors import TimestampMissing
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions
from signing import archive, sealing
from signing.archive import ArchiveLifter, lift
from signing.evidence.reader import read_facts
from signing.sealing import PadesSealer


class Nothing:
    def material(self, chains):
        raise SigningUnavailable(what="no revocation data")


class Failing:
    """A timestamp authority that answers so many times."""

    def __init__(self, inner, answers, error=None):
        self.inner, self.answers = inner, answers
        self.error = error or SigningUnavailable(what="tsa")

    def token(self, imprint, algorithm="sha256"):
        if not self.answers:
            raise self.error
        self.answers -= 1
        return self.inner.token(imprint, algorithm)


def _sealer(pki, timestamps=None, materials=None):
    stamps = timestamps or pki.timestamps
    return PadesSealer(
        pki.seal, stamps, signing_pki.FixedClock(), materials=materials or pki.materials
    )


@pytest.fixture(params=["own", "outside"])
def writer(request, monkeypatch):
    if request.param == "outside":
        monkeypatch.setattr(sealing, "recognised", lambda pdf: None)
        monkeypatch.setattr(archive, "recognised", lambda pdf: None)
    return request.param


def _good(pdf, pki, stamps):
    facts = read_facts(pdf, pki.trust)
    kinds = ["signature", *["document_timestamp"] * stamps]
    assert [item.kind for item in facts.signatures] == kinds
    assert facts.changes.grade is ChangeGrade.PERMITTED
    assert facts.signatures[-1].covers_file
    assert not any(item.layout_problem or item.form_problem for item in facts.signatures)
    assert not any(item.problem for item in conclusions(facts.signatures, OWN, NOW))


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_without_material_b_t_is_reached_and_said(pki, page, content, level):
    assert pki.sealer().seal(page, content, level).level == "B-T"
    made = _sealer(pki, materials=Nothing()).seal(page, content, level)
    assert made.level == "B-T"
    assert b"/DSS" not in made.pdf


@pytest.mark.parametrize("error", signing_pki.OUTAGES, ids=lambda error: error.code)
def test_archive_timestamp_that_fails_leaves_b_lt(pki, page, content, writer, error):
    # One that tells who signs, one for the seal, none for the archive.
    made = _sealer(pki, Failing(pki.timestamps, 2, error)).seal(page, content, "B-LTA")
    assert made.level == "B-LT"
    assert len(read_facts(made.pdf, pki.trust).signatures) == 1


@pytest.mark.parametrize("error", signing_pki.OUTAGES, ids=lambda error: error.code)
def test_an_authority_that_does_not_say_who_it_is_leaves_the_seal(pki, page, content, error):
    with pytest.raises(TimestampMissing) as caught:
        _sealer(pki, Failing(pki.timestamps, 0, error)).seal(page, content, "B-LT")
    assert caught.value.pdf


def test_other_authority_than_expected_leaves_b_t(pki, page, content):
    """Its chain is not in the store that lies under the seal; the next seal expects it."""
    other = signing_pki.make_pki("另一").timestamps

    class Turning:
        calls = 0

        def token(self, imprint, algorithm="sha256"):
            self.calls += 1
            source = pki.timestamps if self.calls == 1 else other
            return source.token(imprint, algorithm)

    seen = []

    class Asked:
        def material(self, chains):
            seen.append([chain[0] for chain in chains])
            return pki.materials.material(chains)

    sealer = _sealer(pki, Turning(), Asked())
    made = sealer.seal(page, content, "B-LTA")
    assert made.level == "B-T"
    assert b"/DSS" in made.pdf
    # Also by the file alone, as whoever finds it after a crash reads it.
    assert level_of(read_facts(made.pdf, pki.trust)) == "B-T"
    assert sealer.seal(page, content, "B-LTA").level == "B-LTA"
    assert seen == [
        [pki.seal.der, pki.timestamps.leaf.der],
        [pki.seal.der, other.leaf.der],
    ]


def test_authority_is_asked_once_who_it_is(pki, page, content):
    stamps = Failing(pki.timestamps, 100)
    sealer = _sealer(pki, stamps)
    for _ in range(3):
        sealer.seal(page, content, "B-LT")
    assert stamps.answers == 100 - 1 - 3


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_lift_and_renewal_add_one_revision_each(pki, page, content, writer, level):
    first = _sealer(pki).seal(page, content, level).pdf
    had = int(level == "B-LTA")
    assert level_of(read_facts(first, pki.trust)) == level
    lifter = ArchiveLifter(pki.timestamps, pki.materials)
    lifted = lifter.lift(first)
    assert level_of(read_facts(lifted.pdf, pki.trust)) == "B-LTA"
    assert lifted.level == "B-LTA"
    assert lifted.pdf.startswith(first)
    _good(lifted.pdf, pki, had + 1)
    facts = read_facts(lifted.pdf, pki.trust)
    stamp = facts.signatures[0].timestamp or facts.signatures[1].timestamp
    assert proven_at(facts) == stamp.time
    renewed = lifter.lift(lifted.pdf)
    assert renewed.pdf.startswith(lifted.pdf)
    assert renewed.pdf.count(b"%%EOF") == first.count(b"%%EOF") + 2
    _good(renewed.pdf, pki, had + 2)


def test_store_grows_by_what_is_new(pki, page, content, writer):
    first = _sealer(pki).seal(page, content, "B-LT").pdf
    known = pki.materials.material(())
    later = pki.root.crl(at=NOW, days=99)
    lifted = lift(first, replace(known, crls=(*known.crls, later)), pki.timestamps)
    store = PdfFileReader(BytesIO(lifted)).root["/DSS"]
    assert [item.get_object().data for item in store["/CRLs"]] == [*known.crls, later]
    assert [item.get_object().data for item in store["/Certs"]] == list(known.certificates)
    assert lifted[len(first) :].count(b"\nstream") == 1
    _good(lifted, pki, 1)
    again = lift(lifted, known, pki.timestamps)
    assert b"\nstream" not in again[len(lifted) :]
    assert b"/DSS" not in again[len(lifted) :]


def test_file_of_the_other_writer_is_lifted(pki, page, content, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "recognised", lambda pdf: None)
        theirs = _sealer(pki).seal(page, content, "B-LT").pdf
    _good(lift(theirs, pki.materials.material(()), pki.timestamps), pki, 1)


def test_store_of_another_form_takes_the_general_writer(pki, page, content):
    own = _sealer(pki).seal(page, content, "B-LT").pdf
    odd = own.replace(b"<</Certs [", b"<</Certs[ ", 1)
    assert odd != own
    lifted = lift(odd, pki.materials.material(()), pki.timestamps)
    assert b"/Type /DocTimeStamp\n" in lifted  # pyHanko's way of writing dictionaries
    assert len(read_facts(lifted, pki.trust).signatures) == 2


def test_lifter_asks_for_every_chain_in_the_file(pki, page, content):
    asked = []

    class Asked:
        def material(self, chains):
            asked.extend(chains)
            return pki.materials.material(chains)

    pdf = _sealer(pki).seal(page, content, "B-T").pdf
    ArchiveLifter(pki.timestamps, Asked()).lift(pdf)
    assert {chain[0] for chain in asked} == {pki.seal.der, pki.timestamps.leaf.der}
    assert pki.issuing.der in next(chain for chain in asked if chain[0] == pki.seal.der)


def test_outage_leaves_the_file_alone(pki, sealed):
    with pytest.raises(SigningUnavailable):
        lift(sealed, pki.materials.material(()), Failing(pki.timestamps, 0))
    with pytest.raises(SigningUnavailable):
        ArchiveLifter(pki.timestamps, Nothing()).lift(sealed)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pdf: b"",
        lambda pdf: pdf[:-200],
        lambda pdf: pdf + b"% more\n",
        lambda pdf: pdf + b"1 0 obj\n<<>>\nendobj\n",
        lambda pdf: re.sub(rb"/Contents <[0-9a-f]{40}", b"/Contents <" + b"0" * 40, pdf),
    ],
    ids=["nothing", "cut off", "comment behind", "object behind", "no message"],
)
def test_file_without_a_whole_seal_is_not_blessed(pki, sealed, spoil):
    """A timestamp over what was added behind a seal would cover it up."""
    with pytest.raises(SealMismatch):
        ArchiveLifter(pki.timestamps, pki.materials).lift(spoil(sealed))


def test_page_without_a_seal_is_not_lifted(pki, page):
    with pytest.raises(SealMismatch):
        lift(page, pki.materials.material(()), pki.timestamps)


def test_token_that_is_longer_than_any_before_gets_its_room(pki, sealed, writer, monkeypatch):
    monkeypatch.setattr(archive, "_RESERVED", 100)
    stamps = Failing(pki.timestamps, 10)
    _good(lift(sealed, pki.materials.material(()), stamps), pki, 1)
    assert stamps.answers == 10 - 2


def test_token_that_grows_for_ever_is_an_outage(pki, sealed, monkeypatch):
    real = archive.writer.stamped
    monkeypatch.setattr(archive.writer, "stamped", lambda *args: real(*args)._replace(room=0))
    stamps = Failing(pki.timestamps, 10)
    with pytest.raises(SigningUnavailable):
        lift(sealed, pki.materials.material(()), stamps)
    assert stamps.answers == 10 - 3


def test_answer_that_is_no_token_is_an_outage(pki, sealed, page, content):
    class Garbage:
        def token(self, imprint, algorithm="sha256"):
            return b"\x30\x03\x02\x01\x05"

    with pytest.raises(SigningUnavailable):
        lift(sealed, ValidationMaterial(), Garbage())
    with pytest.raises(SigningUnavailable):
        _sealer(pki, Garbage()).seal(page, content, "B-T")


def test_empty_material_makes_no_store(pki, sealed, writer):
    lifted = lift(sealed, ValidationMaterial(), pki.timestamps)
    assert b"/DSS" not in lifted
    _good(lifted, pki, 1)


def test_sealing_revision_of_several_pages_marks_the_first(pki, content, writer):
    page = make_page(content.canonical(), 120)
    made = _sealer(pki).seal(page, make_content(), "B-LTA")
    kids = PdfFileReader(BytesIO(made.pdf)).root["/Pages"]["/Kids"]
    pages = [item.get_object() for item in kids]
    assert len(pages) > 1
    assert ["/Annots" in item for item in pages] == [True] + [False] * (len(pages) - 1)
    assert len(pages[0]["/Annots"]) == 2
