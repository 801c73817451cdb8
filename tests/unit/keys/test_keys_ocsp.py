"""The OCSP responder, asked by `openssl ocsp`, by pyca's reader and by strangers."""

from datetime import timedelta

import pytest
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st
from keys_world import PLANNING, RSA, TRANSPORT, SetClock, found, openssl, pem

from certlib.errors import KeyUnusable, SigningUnavailable
from keys import der
from keys import ocsp as responder_module
from keys.ocsp import OcspResponder, Status
from keys.ocsp_request import LIMIT, MOST_CERTIFICATES, MalformedRequestError, OcspRequest

CODE = TRANSPORT[0]


class World:
    def __init__(self, folder, clock):
        self.folder, self.clock = folder, clock
        self.authority = found(folder / "keys", clock)
        self.authority.issue_seal(*TRANSPORT)
        self.authority.issue_seal(*PLANNING, RSA)
        self.responder = OcspResponder(self.authority, clock)

    def certificate(self, name):
        return x509.load_der_x509_certificate(self.authority.public_certificates()[f"{name}.cer"])

    @property
    def seal(self):
        return self.certificate(self.authority.seal_key(CODE).name)

    def request(self, subject, issuer="issuing", digest=None, nonce=b""):
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            subject, self.certificate(issuer), digest or hashes.SHA256()
        )
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)

    def ask(self, *arguments, **named):
        answer = self.responder.respond(self.request(*arguments, **named))
        return ocsp.load_der_ocsp_response(answer.response)


@pytest.fixture
def world(tmp_path, clock):
    return World(tmp_path, clock)


def status_of(answer):
    """The whole of an answer that tells nothing."""
    assert answer.until is None
    return asn1.OCSPResponse.load(answer.response, strict=True)["response_status"].native


# --- what the answers say -------------------------------------------------------------------


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256()])
def test_a_seal_in_order_is_good(world, digest):
    answer = world.ask(world.seal, digest=digest)
    assert answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.serial_number == world.seal.serial_number
    assert type(answer.hash_algorithm) is type(digest)
    assert answer.this_update_utc == answer.produced_at_utc == world.clock.now()
    assert answer.next_update_utc == world.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "issuer"), [("issuing", "root"), ("timestamp", "root"), ("history", "root")]
)
def test_each_authority_answers_for_what_it_has_issued(world, name, issuer):
    answer = world.ask(world.certificate(name), issuer)
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    answer.certificates[0].verify_directly_issued_by(world.certificate(issuer))


def test_the_responder_is_delegated_by_the_authority_itself(world):
    """RFC 6960 section 4.2.2.2: for OCSP only, nobody asks about it, and it lives for days."""
    answer = world.ask(world.seal)
    (responder,) = answer.certificates
    responder.verify_directly_issued_by(world.certificate("issuing"))
    key = responder.public_key()
    key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    own = x509.SubjectKeyIdentifier.from_public_key(key).digest
    assert answer.responder_key_hash == own
    assert answer.responder_name is None
    extensions = responder.extensions
    purpose = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purpose.critical
    assert [item.dotted_string for item in purpose.value] == ["1.3.6.1.5.5.7.3.9"]
    extensions.get_extension_for_class(x509.OCSPNoCheck)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.crl_sign
    with pytest.raises(x509.ExtensionNotFound):
        extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert responder.not_valid_after_utc - world.clock.now() <= timedelta(days=14)


def test_a_revocation_is_seen_at_once(world):
    """Also by whoever was given an answer before that is still good by its own word."""
    before, name = world.ask(world.seal), world.authority.seal_key(CODE).name
    seal = world.seal
    world.clock.forward(minutes=1)
    world.authority.revoke_seal(name, "keyCompromise")
    after = world.ask(seal)
    assert before.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert after.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert after.revocation_reason is x509.ReasonFlags.key_compromise
    assert after.revocation_time_utc == world.clock.now()


def test_a_revocation_by_another_process_is_seen_at_once(world):
    assert world.ask(world.seal).certificate_status is ocsp.OCSPCertStatus.GOOD
    seal = world.seal
    there = found(world.folder / "keys", world.clock, seed="there")
    there.revoke_seal(there.seal_key(CODE).name)
    answer = world.ask(seal)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_reason is None  # unspecified is left out


@pytest.mark.parametrize("reason", ["affiliationChanged", "superseded", "cessationOfOperation"])
def test_reasons_are_told_as_on_the_list(world, reason):
    seal = world.seal
    world.authority.revoke_seal(world.authority.seal_key(CODE).name, reason)
    assert world.ask(seal).revocation_reason.value == reason


def test_a_number_that_was_never_given_is_unknown(world):
    """Not good: whoever forges a certificate of ours gets no word for it."""
    request = asn1.OCSPRequest.load(world.request(world.seal))
    asked = request["tbs_request"]["request_list"][0]["req_cert"]
    asked["serial_number"] = world.seal.serial_number + 1
    answer = world.responder.respond(request.dump(force=True))
    read = ocsp.load_der_ocsp_response(answer.response)
    assert read.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    assert answer.until is None
    assert not world.responder._book.kept  # strangers' numbers do not fill the memory


@pytest.mark.parametrize("serial", [0, -1, 2**159])
def test_odd_numbers_are_unknown(world, serial):
    request = asn1.OCSPRequest.load(world.request(world.seal))
    request["tbs_request"]["request_list"][0]["req_cert"]["serial_number"] = serial
    answer = world.responder.respond(request.dump(force=True))
    read = ocsp.load_der_ocsp_response(answer.response)
    assert read.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_for_other_authorities_nobody_answers_here(world, settled):
    """`unauthorized`, unsigned: nothing is known here of what they have issued."""
    others = {name: pem(der) for name, der in settled.public_certificates().items()}
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(
            x509.load_der_x509_certificate(settled.seal_key(CODE).chain[0]),
            x509.load_pem_x509_certificate(others["issuing.cer"]),
            hashes.SHA256(),
        )
        .build()
    )
    answer = world.responder.respond(request.public_bytes(Encoding.DER))
    assert status_of(answer) == "unauthorized"


def test_a_digest_that_is_not_taken_names_no_authority(world):
    request = world.request(world.seal, digest=hashes.SHA512())
    assert status_of(world.responder.respond(request)) == "unauthorized"


def test_expired_certificates_are_answered_for_since_the_beginning(world):
    """Archive cutoff (RFC 6960 section 4.4.4): nothing is ever forgotten."""
    seal = world.seal
    world.authority.revoke_seal(world.authority.seal_key(CODE).name, "superseded")
    world.clock.forward(days=6 * 365)
    answer = world.ask(seal)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    encoded = world.responder.respond(world.request(seal)).response
    basic = asn1.OCSPResponse.load(encoded).basic_ocsp_response
    (single,) = basic["tbs_response_data"]["responses"]
    since = single.archive_cutoff_value.native
    assert since == world.certificate("issuing").not_valid_before_utc


# --- nonces ---------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 16, 32, 33, 128])
def test_a_nonce_comes_back_in_a_fresh_answer(world, length):
    """RFC 9654: 1 to 128 octets."""
    nonce = bytes(range(length))
    first = world.ask(world.seal, nonce=nonce)
    assert first.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    world.clock.forward(seconds=1)
    assert world.ask(world.seal, nonce=nonce).produced_at_utc == world.clock.now()
    assert not world.responder._book.kept


@pytest.mark.parametrize("length", [0, 129])
def test_a_nonce_of_another_length_is_malformed(world, length):
    value = der.tlv(der.OCTET_STRING, bytes(length))
    request = with_extensions(world, [extension("1.3.6.1.5.5.7.48.1.2", value=value)])
    assert status_of(world.responder.respond(request)) == "malformed_request"


def test_without_a_nonce_an_answer_is_signed_once_for_half_of_its_life(world):
    request = world.request(world.seal)
    first = world.responder.respond(request)
    world.clock.forward(minutes=29, seconds=59)
    assert world.responder.respond(request) is first
    world.clock.forward(seconds=1)
    second = world.responder.respond(request)
    assert second.made == world.clock.now()
    assert second.until == world.clock.now() + timedelta(hours=1)


def test_an_answer_from_the_future_is_not_given_again(world):
    """A clock that was set back: whoever asks now would not believe it."""
    request = world.request(world.seal)
    world.responder.respond(request)
    world.clock.forward(minutes=-5)
    assert world.responder.respond(request).made == world.clock.now()


def test_the_memory_has_an_end(world, monkeypatch):
    monkeypatch.setattr(responder_module, "_MOST_KEPT", 2)
    for name in ("issuing", "timestamp", "history"):
        world.ask(world.certificate(name), "root")
    assert len(world.responder._book.kept) == 2
    world.clock.forward(minutes=40)
    world.ask(world.certificate("history"), "root")  # signed again, and nobody is put out for it
    assert len(world.responder._book.kept) == 2


def test_what_a_stranger_writes_around_a_question_takes_no_place(world):
    """A name of the requestor, extensions: the answer is the same, and it is kept once."""
    first = world.responder.respond(world.request(world.seal))
    tbs = asn1.OCSPRequest.load(world.request(world.seal))["tbs_request"].contents
    for number in range(20):
        name = der.tlv(0xA1, der.tlv(0x82, b"%d" % number))
        named = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, name, tbs))
        assert world.responder.respond(named) is first
        more = with_extensions(world, [extension("1.2.3.4", value=b"%d" % number)])
        assert world.responder.respond(more) is first
    assert len(world.responder._book.kept) == 1


def test_questions_about_several_take_no_place(world):
    """They have too many orders."""
    pairs = [(world.certificate(name), "root") for name in ("issuing", "timestamp")]
    for asked in (pairs, pairs[::-1], pairs * 2):
        answer = world.responder.respond(requests_of(world, *asked))
        assert answer.until == world.clock.now() + timedelta(hours=1)
    assert not world.responder._book.kept


def test_answers_write_nothing_to_the_disk(world):
    """Anybody may ask, as often as they like; a full disk would keep every key from signing."""
    before = {path for path in (world.folder / "keys").rglob("*") if path.is_file()}
    for number in range(3):
        world.ask(world.seal, nonce=b"%d" % number)
    after = {path for path in (world.folder / "keys").rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {"ocsp-root-2026.key", "ocsp-issuing-2026.key"}


# --- requests -------------------------------------------------------------------------------


def requests_of(world, *pairs):
    """One request for several certificates, as openssl makes them."""
    builder = asn1.TBSRequest({"request_list": []})
    for subject, issuer in pairs:
        one = asn1.OCSPRequest.load(world.request(subject, issuer))
        builder["request_list"].append(one["tbs_request"]["request_list"][0])
    return asn1.OCSPRequest({"tbs_request": builder}).dump()


def test_several_certificates_are_answered_in_their_order(world):
    names = [key.name for key in world.authority.list_keys() if key.purpose == "seal"]
    world.authority.revoke_seal(names[1])
    pairs = [(world.certificate(name), "issuing") for name in names]
    answer = world.responder.respond(requests_of(world, *pairs))
    basic = asn1.OCSPResponse.load(answer.response).basic_ocsp_response
    singles = basic["tbs_response_data"]["responses"]
    assert [single["cert_status"].name for single in singles] == ["good", "revoked"]
    assert [single["cert_id"]["serial_number"].native for single in singles] == [
        subject.serial_number for subject, _ in pairs
    ]


def test_one_answer_speaks_for_one_authority(world):
    """No responder may speak for two (RFC 6960 section 4.2.2.2)."""
    request = requests_of(world, (world.seal, "issuing"), (world.certificate("issuing"), "root"))
    assert status_of(world.responder.respond(request)) == "unauthorized"


@pytest.mark.parametrize(
    ("number", "status"),
    [(0, "malformed_request"), (MOST_CERTIFICATES + 1, "malformed_request")],
)
def test_the_number_of_certificates_is_bounded(world, number, status):
    request = requests_of(world, *[(world.seal, "issuing")] * number)
    assert status_of(world.responder.respond(request)) == status
    most = requests_of(world, *[(world.seal, "issuing")] * MOST_CERTIFICATES)
    assert world.responder.respond(most).status is Status.SUCCESSFUL


def test_a_request_that_is_too_long_is_malformed(world):
    request = der.tlv(der.SEQUENCE, bytes(LIMIT))
    assert status_of(world.responder.respond(request)) == "malformed_request"


def _changed(world, **parts):
    request = asn1.OCSPRequest.load(world.request(world.seal))
    for name, value in parts.items():
        request["tbs_request"][name] = value
    return request.dump(force=True)


def test_a_name_and_a_signature_of_the_requestor_are_passed_over(world):
    named = asn1.GeneralName("directory_name", asn1.Name.build({"common_name": "anybody"}))
    plain = asn1.OCSPRequest.load(_changed(world, requestor_name=named))
    signature = {
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": b"anything",
    }
    for request in (
        plain,
        asn1.OCSPRequest({"tbs_request": plain["tbs_request"], "optional_signature": signature}),
    ):
        assert world.responder.respond(request.dump()).status is Status.SUCCESSFUL


def extension(name, *, critical=False, value=b"\x05\x00"):
    return {"extn_id": name, "critical": critical, "extn_value": value}


@pytest.mark.parametrize(
    ("extensions", "status"),
    [
        ([extension("1.2.3.4")], Status.SUCCESSFUL),
        ([extension("1.2.3.4", critical=True)], Status.MALFORMED_REQUEST),
        ([extension("1.3.6.1.5.5.7.48.1.4", critical=True)], Status.SUCCESSFUL),
        ([extension("1.2.3.4"), extension("1.2.3.4")], Status.MALFORMED_REQUEST),
    ],
)
def test_extensions_that_nobody_understands_are_passed_over_unless_critical(
    world, extensions, status
):
    assert world.responder.respond(with_extensions(world, extensions)).status is status


def with_extensions(world, extensions):
    def encoded(one):
        flag = der.tlv(der.BOOLEAN, b"\xff") if one["critical"] else b""
        value = der.tlv(der.OCTET_STRING, one["extn_value"])
        return der.tlv(der.SEQUENCE, der.oid(one["extn_id"]), flag, value)

    listed = der.tlv(0xA2, der.tlv(der.SEQUENCE, *map(encoded, extensions)))
    tbs = asn1.OCSPRequest.load(world.request(world.seal))["tbs_request"]
    return der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, tbs.contents, listed))


def mutated(base, place, octet):
    return base[:place] + bytes((octet,)) + base[place + 1 :]


@given(st.data())
def test_any_bytes_get_an_answer(any_world, data):
    """And whatever is read is what the library reads, so nobody is answered about another."""
    base = any_world.request(any_world.seal, nonce=b"0123456789abcdef")
    place = data.draw(st.integers(0, len(base) - 1))
    request = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.integers(0, 255).map(lambda octet: mutated(base, place, octet)),
            st.just(base[:place]),
            st.binary(min_size=1, max_size=9).map(lambda more: base + more),
        )
    )
    answer = any_world.responder.respond(request)
    read = asn1.OCSPResponse.load(answer.response, strict=True)
    assert read["response_status"].native in {"successful", "malformed_request", "unauthorized"}
    if answer.status is Status.SUCCESSFUL:
        there = ocsp.load_der_ocsp_request(request)
        told = ocsp.load_der_ocsp_response(answer.response)
        assert told.serial_number == there.serial_number
        assert told.issuer_key_hash == there.issuer_key_hash


@pytest.fixture(scope="module")
def any_world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("any"), SetClock())


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite
        b"\x30\x81\x02\x30\x00",  # long form of a short length
        b"\x30\x82\x00\x02\x30\x00",
        b"\x30\x83\x00\x00\x02\x30\x00",
        b"\x30\x02\x30\x00\x00",  # something behind it
        b"\x30\x05\x30\x03\xa0\x01\x00",  # a version
    ],
)
def test_what_is_not_der_is_malformed(request_bytes):
    with pytest.raises(MalformedRequestError):
        OcspRequest.read(request_bytes)


# --- faults and rotation --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SigningUnavailable(what="key folder"), "try_later"),
        (KeyUnusable(what="root: missing"), "internal_error"),
    ],
)
def test_a_fault_of_ours_says_nothing_about_a_certificate(world, monkeypatch, error, status):
    def failing():
        raise error

    request = world.request(world.seal)
    monkeypatch.setattr(world.authority, "answering", failing)
    assert status_of(world.responder.respond(request)) == status


def test_a_responder_that_has_ended_signs_no_more(world, monkeypatch):
    request = world.request(world.seal)
    snapshot = world.authority.answering()
    monkeypatch.setattr(world.authority, "answering", lambda: snapshot)
    world.clock.forward(days=14)
    assert status_of(world.responder.respond(request)) == "try_later"


def test_the_worker_renews_responders_at_half_of_their_life(world):
    assert world.authority.keep_responders()
    assert not world.authority.keep_responders()
    before = world.ask(world.seal).certificates[0]
    world.clock.forward(days=7, hours=-2)
    assert not world.authority.keep_responders()
    world.clock.forward(hours=2)
    assert world.authority.keep_responders()
    after = world.ask(world.seal).certificates[0]
    assert after.serial_number != before.serial_number
    assert after.public_key() == before.public_key()
    assert len(world.authority._current().register.responders) == 2


def test_a_responder_of_a_wrong_clock_is_followed_at_once(world):
    """Nobody believes its answers before its time comes."""
    world.clock.forward(days=400)
    assert world.authority.keep_responders()
    world.clock.forward(days=-400)
    answer = world.ask(world.seal)  # also where no worker is
    assert answer.certificates[0].not_valid_before_utc <= world.clock.now()
    assert not world.authority.keep_responders()


def test_responders_do_not_pile_up_where_their_authority_has_not_begun(world):
    assert world.authority.keep_responders()
    world.clock.forward(days=-400)
    assert not world.authority.keep_responders()
    world.authority.answering()
    assert not world.authority.keep_responders()


def test_a_new_year_brings_a_new_key(world):
    before = world.ask(world.seal).certificates[0]
    world.clock.forward(days=365)
    assert world.ask(world.seal).certificates[0].public_key() != before.public_key()


def test_answers_live_no_longer_than_their_responder(world):
    world.ask(world.seal)
    snapshot = world.authority.answering()
    world.clock.forward(days=14, hours=-1, minutes=-30)  # the certificate begins an hour back
    monkey = pytest.MonkeyPatch()
    monkey.setattr(world.authority, "answering", lambda: snapshot)
    try:
        answer = world.ask(world.seal)
    finally:
        monkey.undo()
    assert answer.next_update_utc == answer.certificates[0].not_valid_after_utc


def test_near_the_end_of_an_authority_responders_are_not_made_at_every_question(world):
    world.clock.forward(days=15 * 365 - 1)
    world.authority.answering()
    register = world.authority._current().register
    assert world.authority.answering().register is register


def test_what_others_have_followed_is_still_answered_for(world):
    """A receipt's certificate is asked about for years after its key was renewed."""
    world.authority.report_key()
    old = world.certificate("report")
    world.clock.forward(days=5 * 365 - 30)
    world.authority.report_key()
    assert world.certificate("report-2").serial_number != old.serial_number
    assert world.ask(old, "root").certificate_status is ocsp.OCSPCertStatus.GOOD


def test_a_former_authority_answers_until_its_end(world, monkeypatch):
    """With its own responder; a key that was destroyed appoints none, and nobody answers then."""
    from test_keys_revocation_lists import follow

    seal = world.seal
    world.ask(seal)
    follow(world.authority)
    assert world.ask(seal).certificate_status is ocsp.OCSPCertStatus.GOOD
    opened = type(world.authority._mint)._issuer

    def destroyed(mint, member):
        if member.key == "issuing":
            raise KeyUnusable(what="issuing: missing")
        return opened(mint, member)

    monkeypatch.setattr(type(world.authority._mint), "_issuer", destroyed)
    world.clock.forward(days=13, hours=12)
    assert world.ask(world.certificate("issuing-2"), "root").certificate_status is not None
    assert len(world.authority._current().register.responders) == 3
    request = world.request(seal)
    world.clock.forward(days=1)
    assert status_of(world.responder.respond(request)) == "try_later"


# --- openssl --------------------------------------------------------------------------------


def files(world):
    folder = world.folder
    for name in ("root", "issuing"):
        (folder / f"{name}.pem").write_bytes(
            pem(world.authority.public_certificates()[f"{name}.cer"])
        )
    names = [key.name for key in world.authority.list_keys() if key.purpose == "seal"]
    for name in names:
        (folder / f"{name}.pem").write_bytes(
            pem(world.authority.public_certificates()[f"{name}.cer"])
        )
    return folder, names


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("nonce", ["-nonce", "-no_nonce"])
def test_openssl_believes_the_answers(world, digest, nonce):
    folder, names = files(world)
    world.authority.revoke_seal(names[1], "superseded")
    certificates = [item for name in names for item in ("-cert", folder / f"{name}.pem")]
    openssl(
        *("ocsp", digest, "-issuer", folder / "issuing.pem", *certificates, nonce),
        *("-reqout", folder / "request.der"),
    )
    answer = world.responder.respond((folder / "request.der").read_bytes())
    (folder / "answer.der").write_bytes(answer.response)
    said = openssl(
        *("ocsp", digest, "-respin", folder / "answer.der", "-issuer", folder / "issuing.pem"),
        *(*certificates, "-CAfile", folder / "root.pem", "-no_nonce"),
        *("-attime", int(world.clock.now().timestamp()), "-validity_period", str(10**9)),
    )
    assert "Response verify OK" in said
    assert f"{names[0]}.pem: good" in said
    assert f"{names[1]}.pem: revoked" in said
    assert "Reason: superseded" in said
