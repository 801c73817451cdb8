"""An answer is kept only if it is the one to our question, signed by whom it may, and newer."""

from contextlib import suppress
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.certificates import certificate_from
from keys.ocsp_answers import AnswerRefusedError, answer_from, answers_about, responders_named
from keys.outside_answers import Question, due_of, file_of, holding, keep, questions
from keys.trust_crls import ANSWERS, CrlFolder
from tests.fakes.answers import (
    DAY,
    ELSE,
    GOOD,
    LISTS_ALONE,
    NO_CHECK,
    NOW,
    REVOKED,
    SIGNING,
    STRANGE,
    UNKNOWN,
    Responder,
    answer,
)
from tests.fakes.responding import URL, World

NONCE = b"0123456789abcdef"
WORLD = World()
ISSUING, SEAL = WORLD.issuing, WORLD.seal
QUESTION = Question(URL, SEAL, ISSUING.der)
APPOINTED = Responder(ISSUING, SIGNING, NO_CHECK)
SENT = answer(SEAL, ISSUING, by=APPOINTED, nonce=NONCE)
HALF_A_DAY = timedelta(hours=12)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "ocsps"


def kept(folder, content, *, crls=(), now=NOW):
    return keep(file_of(folder, QUESTION), content, QUESTION, NONCE, crls, now)


def test_the_request_names_one_certificate_and_carries_the_nonce():
    asked = ocsp.load_der_ocsp_request(QUESTION.request(NONCE))
    assert asked.serial_number == certificate_from(SEAL).serial_number
    assert asked.hash_algorithm.name == "sha1"
    assert [item.value.nonce for item in asked.extensions] == [NONCE]


@pytest.mark.parametrize("by", [None, APPOINTED])
@pytest.mark.parametrize("told", [{}, {"nonce": NONCE}, {"digest": hashes.SHA256()}])
def test_a_good_answer_is_laid_into_the_folder(folder, by, told):
    content = answer(SEAL, ISSUING, by=by, **told)
    assert kept(folder, content)
    assert not kept(folder, content)
    assert CrlFolder(folder, ANSWERS).load().lists == (content,)
    assert due_of(file_of(folder, QUESTION)) == NOW + HALF_A_DAY
    assert holding(folder, URL, NOW) == 1
    assert (holding(folder, URL, NOW + DAY), holding(folder, f"{URL}x", NOW)) == (0, 0)


def test_a_newer_answer_takes_the_place_of_an_older_one_and_never_the_other_way(folder):
    old = answer(SEAL, ISSUING)
    new = answer(SEAL, ISSUING, REVOKED, at=NOW + HALF_A_DAY)
    later = NOW + HALF_A_DAY
    assert kept(folder, old)
    assert kept(folder, new, now=later)
    with pytest.raises(AnswerRefusedError, match="older"):
        kept(folder, old, now=later)
    assert file_of(folder, QUESTION).read_bytes() == new


OTHER = ISSUING.leaf()
SHORT = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<html>", "no-answer"),
        (b"", "no-answer"),
        (bytes(60_000), "no-answer"),
        (answer(SEAL, ISSUING)[:-1], "no-answer"),
        (answer(SEAL, ISSUING, extension=STRANGE), "no-answer"),
        (answer(OTHER, ISSUING), "other"),
        (answer(SEAL, WORLD.root), "other"),
        (answer(SEAL, ISSUING, nonce=b"another"), "nonce"),
        (answer(SEAL, ISSUING, by=World().issuing), "signer"),
        (answer(SEAL, ISSUING, by=APPOINTED, carried=[WORLD.root.certificate]), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, NO_CHECK)), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, ELSE, NO_CHECK)), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, SIGNING, NO_CHECK, LISTS_ALONE)), "signer"),
        (answer(SEAL, ISSUING, by=Responder(WORLD.root, SIGNING, NO_CHECK)), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, SIGNING, NO_CHECK, days=(-9, -1))), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, SIGNING, NO_CHECK, days=(1, 9))), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, SIGNING, NO_CHECK, key=SHORT)), "signer"),
        (answer(SEAL, ISSUING, by=Responder(ISSUING, SIGNING)), "responder"),
        (answer(SEAL, ISSUING, UNKNOWN), "unknown"),
        (answer(SEAL, ISSUING, at=NOW + timedelta(minutes=6)), "not-yet"),
        (answer(SEAL, ISSUING, at=NOW - DAY), "ended"),
        (answer(SEAL, ISSUING, days=None), "ended"),
    ],
)
def test_what_is_no_good_answer_changes_nothing(folder, content, fault):
    with pytest.raises(AnswerRefusedError) as refused:
        kept(folder, content)
    assert str(refused.value) == fault
    assert not folder.exists()


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (ocsp.OCSPResponseStatus.UNAUTHORIZED, "unauthorized"),
        (ocsp.OCSPResponseStatus.TRY_LATER, "try-later"),
        (ocsp.OCSPResponseStatus.MALFORMED_REQUEST, "malformed-request"),
    ],
)
def test_what_tells_nothing_is_told_by_its_status(folder, status, fault):
    made = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    with pytest.raises(AnswerRefusedError, match=fault):
        kept(folder, made)


def test_algorithms_that_are_weak_by_now_sign_nothing(folder):
    late = NOW.replace(year=2031)
    made = answer(SEAL, ISSUING, signed=hashes.SHA224(), at=late)
    with pytest.raises(AnswerRefusedError, match="signer"):
        kept(folder, made, now=late)
    weak = Responder(ISSUING, SIGNING, NO_CHECK, digest=hashes.SHA224(), days=(0, 3000))
    with pytest.raises(AnswerRefusedError, match="signer"):
        kept(folder, answer(SEAL, ISSUING, by=weak, at=late), now=late)


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)]
)
def test_responders_with_keys_of_other_kinds(folder, key):
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    by = Responder(ISSUING, SIGNING, NO_CHECK, key=key)
    assert kept(folder, answer(SEAL, ISSUING, by=by, signed=digest))


def test_a_responder_without_nocheck_needs_a_list_that_does_not_name_it(folder):
    by = Responder(ISSUING, SIGNING, serial=77)
    made = answer(SEAL, ISSUING, by=by)
    with pytest.raises(AnswerRefusedError, match="responder"):
        kept(folder, made, crls=(ISSUING.crl(77), WORLD.root.crl()))
    with pytest.raises(AnswerRefusedError, match="responder"):
        kept(folder, made, crls=(ISSUING.crl(at=NOW - 40 * DAY),))
    assert kept(folder, made, crls=(WORLD.root.crl(), ISSUING.crl(78)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_answers_are_refused_in_a_word(tmp_path_factory, data):
    """Never another exception, whatever comes back."""
    content = bytearray(SENT)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, 640))
        content[place] ^= data.draw(st.integers(1, 255))
    with suppress(AnswerRefusedError):
        kept(tmp_path_factory.mktemp("fuzz"), bytes(content))


def test_what_lies_there_and_is_no_answer_is_replaced(folder):
    folder.mkdir()
    file_of(folder, QUESTION).write_bytes(b"damaged")
    assert due_of(file_of(folder, QUESTION)) is None
    assert CrlFolder(folder, ANSWERS).load().bad == (file_of(folder, QUESTION).name,)
    assert kept(folder, answer(SEAL, ISSUING))


def test_an_answer_without_an_end_is_due_at_no_time(folder):
    folder.mkdir()
    file_of(folder, QUESTION).write_bytes(answer(SEAL, ISSUING, days=None))
    assert due_of(file_of(folder, QUESTION)) is None


# --- who is asked about what ----------------------------------------------------------------


def asked(*certificates, allowed=(URL,), authorities=(WORLD.root.der, ISSUING.der), now=NOW):
    return list(questions(certificates, authorities, set(allowed), now))


def test_only_a_responder_that_certificate_and_operator_name_is_asked():
    assert asked(SEAL, SEAL) == [QUESTION]
    assert asked(SEAL, allowed=(f"{URL}other", "http://ocsp.example")) == []
    assert asked(ISSUING.leaf(urls=())) == []
    both = ISSUING.leaf(urls=("http://elsewhere.example/", URL))
    assert [item.address for item in asked(both)] == [URL]


def test_an_authority_is_asked_about_under_the_one_above_it():
    assert asked(ISSUING.der) == [Question(URL, ISSUING.der, WORLD.root.der)]


def test_what_has_ended_or_has_no_known_issuer_is_not_asked_about():
    assert asked(SEAL, now=NOW + 366 * DAY) == []
    assert asked(SEAL, authorities=(WORLD.root.der, b"rubbish")) == []
    assert asked(SEAL, authorities=(World().issuing.der,)) == []
    assert asked(b"rubbish") == []
    assert responders_named(b"rubbish") == ()


def test_answers_about_one_certificate_the_newest_first():
    old, new = answer(SEAL, ISSUING, at=NOW - DAY), answer(SEAL, ISSUING)
    unknown = answer(SEAL, ISSUING, UNKNOWN)
    pair = certificate_from(SEAL), certificate_from(ISSUING.der)
    assert list(answers_about((old, unknown, new), *pair)) == [new, old]
    assert answer_from(new).certificate_status is GOOD
