"""Seals from outside: what is asked for, and every reason why an answer is not taken."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID
from keys_world import P256, PLANNING, RSA, START, TRANSPORT, found, openssl, verify_signature
from outside_world import OutsideAuthority

from certlib.errors import SigningUnavailable, Unsupported
from certlib.key_errors import SealAnswerRefused
from keys import algorithms
from keys.authority import SealOrder
from keys.requests import LIMIT, certificates_in

CODE = TRANSPORT[0]


@pytest.fixture
def authority(tmp_path, clock):
    return found(tmp_path / "keys", clock)


@pytest.fixture(scope="module")
def outside():
    return OutsideAuthority()


def _request(authority, algorithm=P256):
    return authority.outside.request(SealOrder(*TRANSPORT, algorithm))


def _pem(*ders):
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in ders)


@pytest.mark.parametrize("algorithm", [P256, RSA])
def test_openssl_reads_the_request(authority, tmp_path, algorithm):
    """RFC 2986: its own signature holds, subject and wished extensions are those of a seal."""
    made = _request(authority, algorithm)
    path = tmp_path / "request.der"
    path.write_bytes(made.request)
    said = openssl("req", "-inform", "DER", "-in", path, "-verify", "-noout", "-text")
    assert "verify OK" in said
    assert "Digital Signature, Non Repudiation" in said
    assert "1.3.6.1.5.5.7.3.36" in said or "Document Signing" in said
    csr = x509.load_der_x509_csr(made.request)
    assert csr.subject.rfc4514_string().count(f"NTRCN-{CODE}") == 1
    assert "演示" not in csr.subject.rfc4514_string()


def test_asking_again_is_the_same_request_until_it_is_answered(authority, outside, tmp_path):
    first = _request(authority)
    assert _request(authority) == first
    assert _request(found(tmp_path / "keys", seed="other")) == first
    other = _request(authority, RSA)
    assert other.key != first.key
    authority.outside.take(outside.answer(first.request), outside.trusted())
    assert authority.outside.open_requests() == (other,)
    assert _request(authority).key not in {first.key, other.key}


def test_a_request_alone_changes_no_seal_and_is_listed(authority):
    before = authority.issue_seal(*TRANSPORT)
    made = _request(authority)
    assert authority.seal_info(CODE) == before
    (listed,) = [item for item in authority.list_keys() if item.state == "requested"]
    assert (listed.name, listed.issuer_code) == (made.key, CODE)
    assert listed.not_before == listed.not_after == START
    assert f"{made.key}.cer" not in authority.public_certificates()


@pytest.mark.parametrize("form", ["der", "pem", "chain", "p7-der", "p7-pem"])
def test_the_answer_is_the_next_seal_in_whatever_form_it_comes(authority, outside, form):
    authority.issue_seal(*TRANSPORT)
    der = outside.answer(_request(authority).request)
    both = [x509.load_der_x509_certificate(der), outside.issuing]
    content = {
        "der": der,
        "pem": _pem(der),
        "chain": b"words before\n" + _pem(outside.issuing.public_bytes(Encoding.DER), der),
        "p7-der": pkcs7.serialize_certificates(both, Encoding.DER),
        "p7-pem": pkcs7.serialize_certificates(both, Encoding.PEM),
    }[form]
    info = authority.outside.take(content, outside.trusted())
    assert authority.seal_info(CODE) == info
    assert not info.demonstration
    assert info.seal_name == "揭阳市交通运输局电子印章"
    key = authority.seal_key(CODE)
    assert key.chain == (der, outside.issuing.public_bytes(Encoding.DER))
    verify_signature(key, b"message")
    states = {item.name: item.state for item in authority.list_keys() if item.purpose == "seal"}
    assert sorted(states.values()) == ["current", "superseded"]
    assert authority.public_certificates()[f"{key.name}.cer"] == der


def test_importing_again_changes_nothing(authority, outside, tmp_path):
    der = outside.answer(_request(authority).request)
    info = authority.outside.take(der, outside.trusted())
    register = (tmp_path / "keys" / "register").read_bytes()
    assert authority.outside.take(der, outside.trusted()) == info
    assert (tmp_path / "keys" / "register").read_bytes() == register
    assert found(tmp_path / "keys").seal_info(CODE) == info


def test_a_seal_that_begins_later_waits_for_its_day(authority, outside, clock):
    """The old one seals until then: rotation without a gap and without a hand at midnight."""
    old = authority.issue_seal(*TRANSPORT)
    first = outside.answer(_request(authority).request)
    authority.outside.take(first, outside.trusted())
    current = authority.seal_info(CODE)
    assert current != old
    later = outside.answer(_request(authority).request, start=START + timedelta(days=20))
    info = authority.outside.take(later, outside.trusted())
    assert authority.seal_info(CODE) == current
    clock.forward(days=21)
    assert authority.seal_info(CODE) == info


WRONG = {
    "code": {"code": "114452009900903070"},
    "authority": {"ca": True},
    "usage": {"usage": {"content_commitment": False}},
    "purpose": {"purposes": [ExtendedKeyUsageOID.TIME_STAMPING]},
    "expired": {"start": START - timedelta(days=20), "days": 10},
    "chain": {"key": ec.generate_private_key(ec.SECP256R1())},
}


@pytest.mark.parametrize("reason", WRONG)
def test_an_answer_outside_the_profile_is_refused_by_name(authority, outside, reason):
    before = authority.issue_seal(*TRANSPORT)
    der = outside.answer(_request(authority).request, **WRONG[reason])
    with pytest.raises(SealAnswerRefused) as refused:
        authority.outside.take(der, outside.trusted())
    assert refused.value.values["reason"] == reason
    assert refused.value.zh_text
    assert authority.seal_info(CODE) == before
    assert len(authority.outside.open_requests()) == 1


def test_no_purpose_at_all_is_no_document_seal(authority, outside):
    der = outside.answer(_request(authority).request, purposes=[])
    assert _reason(authority, der, outside.trusted()) == "purpose"


def test_a_weak_digest_is_refused(authority, outside):
    der = outside.answer(_request(authority).request, digest=hashes.SHA224())
    assert _reason(authority, der, outside.trusted()) == "digest"


def _reason(authority, content, trusted):
    with pytest.raises(SealAnswerRefused) as refused:
        authority.outside.take(content, trusted)
    return refused.value.values["reason"]


def test_an_answer_to_nobodys_question_is_refused(authority, outside):
    other = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder(outside.issuing.subject).sign(
        other, hashes.SHA256()
    )
    der = outside.answer(csr.public_bytes(Encoding.DER))
    assert _reason(authority, der, outside.trusted()) == "no-request"


def test_only_an_authority_of_the_trust_list_counts(authority, outside):
    """For this department, for seals, now; and every certificate on the way needs its list."""
    request = _request(authority).request
    der = outside.answer(request)
    someone_else = OutsideAuthority()
    assert _reason(authority, der, someone_else.trusted()) == "chain"
    for changes in (
        {"issuers": frozenset({PLANNING[0]})},
        {"since": START + timedelta(days=1)},
        {"until": START - timedelta(hours=1)},
        {"uses": frozenset()},
    ):
        assert _reason(authority, der, outside.trusted(**changes)) == "not-trusted", changes
    without_helper = outside.trusted(helpers=())
    assert _reason(authority, der, without_helper) == "chain"
    for crls in ((), outside.crls()[:1], outside.crls()[1:], outside.crls(until=timedelta(0))):
        assert _reason(authority, der, outside.trusted(crls=crls)) == "no-list"
    serial = x509.load_der_x509_certificate(der).serial_number
    assert _reason(authority, der, outside.trusted(crls=outside.crls([serial]))) == "revoked"
    limited = outside.listed(types=frozenset({"11100000000013338W001"}))
    assert authority.outside.take(der, outside.trusted(limited))


def test_a_responder_that_the_worker_asks_stands_in_for_a_list(authority, outside, monkeypatch):
    der = outside.answer(_request(authority).request)
    named = ("http://ocsp.example/",)
    monkeypatch.setattr("keys.requests.responders_named", lambda _der: named)
    trusted = replace(outside.trusted(crls=()), responders=frozenset({"http://x/"}))
    assert _reason(authority, der, trusted) == "no-list"
    assert authority.outside.take(der, replace(trusted, responders=frozenset(named)))


def test_a_seal_certifies_no_other(authority, outside):
    """RFC 5280, 6.1.4: who is no authority stands in no path, however good its signature."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder(outside.root.subject).sign(key, hashes.SHA256())
    leaf = x509.load_der_x509_certificate(outside.answer(csr.public_bytes(Encoding.DER)))
    forger = OutsideAuthority()
    forger.key, forger.issuing = key, leaf
    forged = forger.answer(_request(authority).request)
    content = _pem(forged, leaf.public_bytes(Encoding.DER))
    assert _reason(authority, content, outside.trusted()) == "chain"


def test_an_intermediate_that_has_ended_leads_nowhere(authority, outside, clock):
    der = outside.answer(_request(authority).request, days=9000)
    clock.forward(days=4001)
    assert _reason(authority, der, outside.trusted()) == "chain"


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_said_so(content):
    with pytest.raises(SealAnswerRefused) as refused:
        certificates_in(content)
    assert refused.value.values["reason"] == "unreadable"


def test_a_large_file_is_not_parsed():
    with pytest.raises(SealAnswerRefused) as refused:
        certificates_in(b"0" * (LIMIT + 1))
    assert refused.value.values["reason"] == "too-large"


def test_a_crowd_of_certificates_is_not_searched_for_paths(outside):
    """Paths through certificates of equal names multiply: nobody's chain has eleven."""
    one = outside.issuing.public_bytes(Encoding.PEM)
    assert len(certificates_in(one * 10)) == 10
    with pytest.raises(SealAnswerRefused) as refused:
        certificates_in(one * 11)
    assert refused.value.values["reason"] == "too-many"


def test_a_key_left_by_a_crash_is_asked_for_not_replaced(authority, monkeypatch):
    """The vault has it before the register: the next request is for that very key."""
    monkeypatch.setattr(
        authority._shelf, "write", lambda _: (_ for _ in ()).throw(SigningUnavailable(what="full"))
    )
    with pytest.raises(SigningUnavailable):
        _request(authority)
    monkeypatch.undo()
    stored = {name for name in authority._ring.vault.names() if "-o001-" in name}
    made = _request(authority)
    assert {made.key} == stored
    private = algorithms.load_private(P256, authority._ring.vault.get(made.key), made.key)
    public = x509.load_der_x509_csr(made.request).public_key()
    assert private.public_key() == public


def test_a_seal_given_up_never_seals_again_and_none_of_ours_takes_its_place(authority, outside):
    authority.issue_seal(*TRANSPORT)
    authority.outside.take(outside.answer(_request(authority).request), outside.trusted())
    name = authority.seal_key(CODE).name
    authority.outside.give_up(name)
    authority.outside.give_up(name)
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)
    states = {item.name: item.state for item in authority.list_keys()}
    assert states[name] == "revoked"
    assert authority.keep_seals({CODE: TRANSPORT[1]}) == 0
    assert authority.ask_seals({CODE: TRANSPORT[1]}) == 1
    with pytest.raises(Unsupported):
        authority.outside.give_up("seal-nobody")


def test_our_own_root_speaks_for_no_department_whose_seal_is_anothers_alone(authority, outside):
    authority.issue_seal(*PLANNING)
    authority.outside.take(outside.answer(_request(authority).request), outside.trusted())
    assert authority.trusted().issuers == frozenset({PLANNING[0]})
