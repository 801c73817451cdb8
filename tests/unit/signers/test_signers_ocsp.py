"""OCSP where the keys lie with a signer: it answers, whoever asks by a node without keys."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certlib.errors import SigningUnavailable
from certlib.signer_errors import SignatureRefused
from keys.ocsp import Status
from keys.ocsp_request import LIMIT
from keys.signer.remote import RemoteAuthority, RemoteResponder
from keys.signer.service import SigningOptions, SigningService
from keys.signer.wire import Ask, Request
from tests.unit.signers.signer_world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def question(world, nonce=b""):
    seal, issuing = map(x509.load_der_x509_certificate, world.key.chain)
    builder = ocsp.OCSPRequestBuilder().add_certificate(seal, issuing, hashes.SHA256())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def test_a_node_without_keys_answers_as_its_signer_does(world):
    remote = RemoteResponder(world.service)
    answer = remote.respond(question(world))
    told = ocsp.load_der_ocsp_response(answer.response)
    assert told.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert (answer.made, answer.until) == (told.this_update_utc, told.next_update_utc)
    assert remote.respond(question(world)) == answer
    assert remote.respond(question(world, b"12345678")).until is None
    assert remote.respond(b"nonsense").status is Status.MALFORMED_REQUEST
    world.authority.revoke_seal(world.key.name)
    after = ocsp.load_der_ocsp_response(remote.respond(question_of(told, world)).response)
    assert after.certificate_status is ocsp.OCSPCertStatus.REVOKED


def question_of(told, world):
    issuing = world.authority.public_certificates()["issuing.cer"]
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        told.issuer_name_hash, told.issuer_key_hash, told.serial_number, told.hash_algorithm
    )
    assert issuing
    return builder.build().public_bytes(Encoding.DER)


def test_while_no_signer_answers_nothing_is_told(world):
    class Gone:
        def ask(self, _request):
            raise SigningUnavailable(what="no signer")

    class Odd:
        def ask(self, _request):
            return (b"", b"", b"", b"")

    assert RemoteResponder(Gone()).respond(question(world)).status is Status.TRY_LATER
    assert RemoteResponder(Odd()).respond(question(world)).status is Status.TRY_LATER
    assert RemoteResponder(Gone()).respond(bytes(LIMIT + 1)).status is Status.MALFORMED_REQUEST


def test_responders_are_renewed_by_the_signers_own_round(world):
    remote = RemoteAuthority(world.service, world.clock)
    assert not remote.keep_responders()
    world.service.keep_up()
    names = {key.name for key in world.authority.list_keys() if key.purpose == "ocsp"}
    assert names == {"ocsp-root-2026", "ocsp-issuing-2026"}


def test_the_key_of_a_responder_signs_nothing_by_asking(world):
    world.service.keep_up()
    request = Request(Ask.TEXT, (b"ocsp-issuing-2026", b"ocsp", b"anything"))
    with pytest.raises(SignatureRefused):
        world.service.ask(request)


def test_a_signer_without_a_responder_says_so(world):
    plain = SigningService(
        world.authority,
        None,
        world.record,
        world.ledger,
        attributes=lambda _key, _digest: b"",
        names=dict,
        gate=lambda _name: None,
        clock=world.clock,
        options=SigningOptions(node="445200"),
    )
    with pytest.raises(SignatureRefused):
        plain.ask(Request(Ask.OCSP, (b"",)))
