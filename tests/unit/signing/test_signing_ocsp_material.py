"""Seals whose authority answers by OCSP alone: what they carry, and what is said of them."""

from io import BytesIO

import pytest
import signing_pki
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from signing_lists import HERE, crl, points, scope
from signing_pki import NOW, Authority, Pki, TestTimestamps

from certlib.errors import SigningUnavailable
from certlib.ports import TrustMaterial
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions
from keys.validation_material import StoredMaterial
from signing import sealing
from signing.evidence.reader import read_facts
from signing.sealing import PadesSealer
from tests.fakes.answers import DAY, NO_CHECK, REVOKED, SIGNING, Responder, answer

NAMED = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP,
            x509.UniformResourceIdentifier("http://ocsp.example/"),
        )
    ]
)
ROOT = Authority("应答根", serial=1, says=(NAMED,))
ISSUING = Authority("应答机构", parent=ROOT, serial=500, says=(NAMED,))
PKI = Pki(
    ROOT,
    ISSUING,
    ISSUING.leaf("测试市交通运输局", code=signing_pki.ISSUER_CODE),
    TestTimestamps(ROOT.leaf("应答时间戳", timestamping=True, days=(-365, 3600))),
)
APPOINTED = Responder(ISSUING, SIGNING, NO_CHECK)
CHECKED = Responder(ISSUING, SIGNING, points(full_name=HERE))
ABOUT_SEAL = answer(PKI.seal.der, ISSUING, by=APPOINTED)
ABOUT_ISSUING = answer(ISSUING.der, ROOT)
ABOUT_STAMP = answer(PKI.timestamps.leaf.der, ROOT)
EVERY = (ABOUT_SEAL, ABOUT_ISSUING, ABOUT_STAMP)


class Clock:
    def __init__(self, at=NOW):
        self.at = at

    def now(self):
        return self.at


def trust(*ocsps, crls=()):
    return TrustMaterial((ROOT.der,), (ROOT.der,), crls, (ISSUING.der,), ocsps)


def source(*ocsps, crls=(), clock=None):
    return StoredMaterial(lambda: trust(*ocsps, crls=crls), dict, clock or Clock())


SEAL = (PKI.seal.chain,)
STAMP = (PKI.timestamps.leaf.der,)


def test_an_answer_speaks_where_no_list_does_and_brings_its_responder():
    found = source(*EVERY).material(SEAL)
    assert (found.crls, found.ocsps) == ((), (ABOUT_SEAL, ABOUT_ISSUING))
    assert found.certificates == (PKI.seal.der, ISSUING.der, ROOT.der, APPOINTED.der)


def test_a_list_comes_before_an_answer():
    lists = (ISSUING.crl(), ROOT.crl())
    found = source(*EVERY, crls=lists).material(SEAL)
    assert (found.crls, found.ocsps) == (lists, ())
    mixed = source(*EVERY, crls=(lists[1],)).material(SEAL)
    assert (mixed.crls, mixed.ocsps) == (lists[1:], (ABOUT_SEAL,))


def test_a_responder_that_may_be_revoked_brings_what_is_said_of_it():
    """Its list speaks of the responder alone: the seal names no such point."""
    told = answer(PKI.seal.der, ISSUING, by=CHECKED)
    with pytest.raises(SigningUnavailable, match="or answer"):
        source(told, ABOUT_ISSUING).material(SEAL)
    lists = (crl(by=ISSUING, extensions=[scope(full_name=HERE)]), ROOT.crl())
    found = source(told, crls=lists).material(SEAL)
    assert (found.crls, found.ocsps) == (lists, (told,))
    assert found.certificates[-1] == CHECKED.der


def test_material_holds_until_the_first_answer_ends():
    clock = Clock()
    kept = source(*EVERY, clock=clock)
    first = kept.material(SEAL)
    clock.at = NOW + DAY / 2
    assert kept.material(SEAL) is first
    clock.at = NOW + DAY
    with pytest.raises(SigningUnavailable, match="or answer"):
        kept.material(SEAL)


def test_an_answer_of_a_stranger_is_none():
    forged = answer(PKI.seal.der, ISSUING, by=Authority("应答机构"))
    with pytest.raises(SigningUnavailable, match="or answer"):
        source(forged, ABOUT_ISSUING).material(SEAL)
    assert source(forged, *EVERY).material(SEAL).ocsps == (ABOUT_SEAL, ABOUT_ISSUING)


@pytest.fixture(params=["own", "outside"])
def lasting(request, monkeypatch, page, content):
    """A B-LT file by either writer, nothing but answers about its chains."""
    if request.param == "outside":
        monkeypatch.setattr(sealing, "recognised", lambda pdf: None)
    sealer = PadesSealer(
        PKI.seal, PKI.timestamps, signing_pki.FixedClock(), materials=source(*EVERY)
    )
    return sealer.seal(page, content, "B-LT").pdf


def test_pyhanko_finds_all_that_it_needs_in_the_file(lasting):
    """Nothing is fetched, and a certificate without revocation information would be refused."""
    reader = PdfFileReader(BytesIO(lasting))
    store = DocumentSecurityStore.read_dss(reader)
    assert (len(store.ocsps), len(store.crls)) == (3, 0)
    context = store.as_validation_context(
        {
            "trust_roots": [asn1_x509.Certificate.load(ROOT.der)],
            "moment": NOW,
            "revocation_mode": "require",
            "allow_fetching": False,
        }
    )
    (signature,) = reader.embedded_signatures
    status = validate_pdf_signature(signature, context, ts_validation_context=context)
    assert status.valid
    assert status.trusted
    assert status.timestamp_validity.trusted


def concluded(pdf, *ocsps, at=NOW, crls=()):
    facts = read_facts(pdf, trust(*ocsps, crls=crls))
    (found,) = conclusions(facts.signatures, OWN, at)
    return found.problem


def test_verification_goes_by_the_answers_of_our_own_store(lasting):
    assert concluded(lasting, *EVERY) == ""
    assert concluded(lasting) == "revocation-unknown"  # those in the file count for nothing
    assert concluded(lasting, ABOUT_ISSUING, ABOUT_STAMP) == "revocation-unknown"
    gone = answer(PKI.seal.der, ISSUING, REVOKED, by=APPOINTED)
    assert concluded(lasting, gone, ABOUT_ISSUING, ABOUT_STAMP) == "revoked"
    lists = (ISSUING.crl(), ROOT.crl())
    assert concluded(lasting, gone, crls=lists) == "revoked"


def test_material_is_the_same_object_for_equal_answers():
    kept = source(*EVERY)
    assert kept.material((*SEAL, STAMP)) is kept.material((*SEAL, STAMP))
    assert kept.material((STAMP,)).ocsps == (ABOUT_STAMP,)
