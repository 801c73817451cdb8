"""What OCSP answers of our own store say, rule by rule (RFC 6960, RFC 5019)."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from signing_lists import ISSUER, OTHER, PLAIN, REASONS, ROOT, certificate, crl, entry, usage
from signing_lists import UNKNOWN as STRANGE
from signing_pki import NOW, Authority

from certlib.ports import TrustMaterial
from signing.evidence import wire
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.ocsp_answers import read_answer
from signing.evidence.revocation import revocation_facts
from tests.fakes.answers import (
    DAY,
    ELSE,
    GOOD,
    LISTS_ALONE,
    NO_CHECK,
    REVOKED,
    SIGNING,
    UNKNOWN,
    Responder,
    answer,
    resigned,
)

APPOINTED = Responder(ISSUER, SIGNING, NO_CHECK)
FORGED = Authority("吊销机构")


def told(*answers, target=PLAIN, crls=(), issuer=ISSUER):
    path = (target, issuer.der, ROOT.der)
    return revocation_facts(path, crls, (), answers)[0]


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256()])
@pytest.mark.parametrize("by", [None, APPOINTED])
def test_good_counts_as_a_list_that_does_not_name_it(by, digest):
    found = told(answer(PLAIN, ISSUER, by=by, digest=digest))
    assert (found.revoked_at, found.reason, found.complete) == (None, "", True)
    assert (found.this_update, found.next_update) == (NOW, NOW + DAY)


def test_revoked_counts_as_a_list_that_names_it():
    found = told(answer(PLAIN, ISSUER, REVOKED, reason=REASONS.key_compromise))
    assert (found.revoked_at, found.reason) == (NOW - DAY, "keyCompromise")
    assert told(answer(PLAIN, ISSUER, REVOKED)).reason == "unspecified"


def test_of_several_answers_the_newest_speaks():
    held = answer(PLAIN, ISSUER, REVOKED, reason=REASONS.certificate_hold, at=NOW - DAY)
    released = answer(PLAIN, ISSUER)
    for order in ((held, released), (released, held)):
        assert told(*order).revoked_at is None


def test_an_answer_without_an_end_is_one():
    assert told(answer(PLAIN, ISSUER, days=None)).next_update is None


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(answer(PLAIN, ISSUER, UNKNOWN), id="unknown"),
        pytest.param(answer(PLAIN, ISSUER, by=FORGED), id="signed by another key"),
        pytest.param(answer(PLAIN, OTHER), id="of another issuer"),
        pytest.param(answer(certificate(serial=8), ISSUER), id="about another number"),
        pytest.param(answer(PLAIN, ISSUER, extension=STRANGE), id="critical extension"),
        pytest.param(answer(PLAIN, ISSUER, signed=hashes.SHA224(), at=NOW + 2000 * DAY), id="weak"),
        pytest.param(answer(PLAIN, ISSUER)[:-1], id="truncated"),
        pytest.param(b"", id="nothing"),
        pytest.param(
            ocsp.OCSPResponseBuilder.build_unsuccessful(
                ocsp.OCSPResponseStatus.UNAUTHORIZED
            ).public_bytes(Encoding.DER),
            id="unauthorized",
        ),
    ],
)
def test_answer_that_says_nothing(made):
    assert told(made) is None


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(Responder(ISSUER, NO_CHECK), id="for nothing in particular"),
        pytest.param(Responder(ISSUER, ELSE, NO_CHECK), id="for something else"),
        pytest.param(Responder(ISSUER, SIGNING, NO_CHECK, by=OTHER), id="forged"),
        pytest.param(Responder(OTHER, SIGNING, NO_CHECK), id="another's"),
        pytest.param(Responder(ISSUER, SIGNING, NO_CHECK, days=(-9, -1)), id="ended"),
        pytest.param(Responder(ISSUER, SIGNING, NO_CHECK, days=(1, 9)), id="not yet"),
        pytest.param(Responder(ISSUER, SIGNING, NO_CHECK, LISTS_ALONE), id="key usage"),
        pytest.param(Responder(ISSUER, SIGNING), id="nobody says it is not revoked"),
        pytest.param(
            Responder(ISSUER, SIGNING, NO_CHECK, key=rsa.generate_private_key(65537, 1024)),
            id="short key",
        ),
    ],
)
def test_responder_that_is_not_believed(by):
    assert told(answer(PLAIN, ISSUER, by=by)) is None


def test_responder_that_sends_another_certificate_is_not_believed():
    assert told(answer(PLAIN, ISSUER, by=APPOINTED, carried=[OTHER.certificate])) is None


@pytest.mark.parametrize("key", [ed25519.Ed25519PrivateKey.generate(), None])
def test_keys_of_other_kinds_sign_answers(key):
    key = key or rsa.generate_private_key(65537, 2048)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    by = Responder(ISSUER, SIGNING, NO_CHECK, usage(crl_sign=False), key=key)
    assert told(answer(PLAIN, ISSUER, by=by, signed=digest)) is not None


def test_responder_whose_own_status_stands_in_a_list():
    by = Responder(ISSUER, SIGNING)
    made, at = answer(PLAIN, ISSUER, by=by), NOW - DAY
    shard = {"by": ISSUER, "at": at, "days": 1}
    assert told(made, crls=(crl(entry(99, at=at), entry(7), **shard),)).revoked_at == NOW
    named = crl(entry(99, at=at), by=ISSUER, at=at, days=30)
    assert told(made, crls=(named,)).this_update == at  # by the list: the answer is not believed
    clean = crl(by=ISSUER, at=at, days=30)
    both = told(made, crls=(clean,))
    assert (both.this_update, both.next_update) == (at, NOW + 29 * DAY)


def test_an_answer_by_itself_about_itself_proves_nothing():
    by = Responder(ISSUER, SIGNING)
    assert told(answer(by.der, ISSUER, by=by), answer(PLAIN, ISSUER, by=by)) is None


def test_responders_checked_by_responders_come_to_an_end():
    chain = [Responder(ISSUER, SIGNING, serial=100 + place) for place in range(6)]
    made = [answer(PLAIN, ISSUER, by=chain[0])]
    made += [answer(one.der, ISSUER, by=two) for one, two in pairwise(chain)]
    assert told(*made) is None


# --- beside lists ---------------------------------------------------------------------------


def test_the_newer_of_list_and_answer_speaks_and_the_list_where_both_are_as_new():
    old = crl(at=NOW - 2 * DAY)
    assert told(answer(PLAIN, ISSUER), crls=(old,)).this_update == NOW
    assert told(answer(PLAIN, ISSUER, at=NOW - 3 * DAY), crls=(old,)).this_update == NOW - 2 * DAY
    assert told(answer(PLAIN, ISSUER), crls=(crl(),)).next_update == NOW + 30 * DAY


def test_what_either_calls_revoked_stays_revoked():
    gone = {"reason": REASONS.key_compromise, "at": NOW - 2 * DAY, "revoked": NOW - 5 * DAY}
    by_answer = told(answer(PLAIN, ISSUER, REVOKED, **gone), crls=(crl(),))
    assert (by_answer.revoked_at, by_answer.reason) == (NOW - 5 * DAY, "keyCompromise")
    named = crl(entry(7, at=NOW - 4 * DAY), at=NOW - 2 * DAY)
    by_list = told(answer(PLAIN, ISSUER), crls=(named,))
    assert (by_list.revoked_at, by_list.this_update) == (NOW - 4 * DAY, NOW)
    both = told(answer(PLAIN, ISSUER, REVOKED), crls=(named,))
    assert both.revoked_at == NOW - 4 * DAY


def test_what_was_held_is_released_by_whichever_is_newer():
    held = crl(entry(7, REASONS.certificate_hold), at=NOW - DAY)
    assert told(answer(PLAIN, ISSUER), crls=(held,)).revoked_at is None
    on_hold = answer(PLAIN, ISSUER, REVOKED, reason=REASONS.certificate_hold, at=NOW - DAY)
    assert told(on_hold, crls=(crl(),)).revoked_at is None
    assert told(on_hold).reason == "certificateHold"


# --- after the end ---------------------------------------------------------------------------


def test_of_what_has_expired_an_answer_may_have_forgotten():
    expired = certificate(days=(-365, -10))
    assert told(answer(expired, ISSUER), target=expired).keeps_expired is False
    before = answer(expired, ISSUER, at=NOW - 11 * DAY)
    assert told(before, target=expired).keeps_expired is True


def _with_cutoff(der, moment):
    return resigned(der, ISSUER.key, hashes.SHA256(), NOW, moment)


def test_archive_cutoff_says_how_far_back_it_remembers():
    expired = certificate(days=(-365, -10))
    plain = answer(expired, ISSUER)
    since = told(_with_cutoff(plain, NOW - 20 * DAY), target=expired)
    assert since.keeps_expired is True
    late = told(_with_cutoff(plain, NOW - 5 * DAY), target=expired)
    assert late.keeps_expired is False


# --- the way there ---------------------------------------------------------------------------


def test_facts_of_a_chain_take_answers_of_the_store():
    made = answer(PLAIN, ISSUER, REVOKED)
    trust = TrustSet((ROOT.der,), (), (ISSUER.der,), (made,))
    (path,) = chain_facts(PLAIN, (), trust).paths
    assert path.certificates[0].revocation.revoked_at == NOW - DAY
    assert path.certificates[1].revocation is None


def test_answers_travel_to_the_child():
    material = TrustMaterial((ROOT.der,), ocsps=(answer(PLAIN, ISSUER),))
    assert wire.trust_from_bytes(wire.trust_to_bytes(material)) == material


def test_answers_about_equal_numbers_of_other_issuers_do_not_mix():
    other = Authority("另一机构", parent=ROOT)
    mine, theirs = answer(PLAIN, ISSUER), answer(certificate(issuer=other), other, REVOKED)
    assert told(mine, theirs).revoked_at is None
    assert read_answer(theirs).revoked_at is not None
    assert told(theirs) is None
    ours_about_theirs = answer(certificate(issuer=other), other, REVOKED, by=APPOINTED)
    assert told(ours_about_theirs) is None
    assert GOOD is not REVOKED
