"""Timestamps as the real openssl sees them, and answers to any bytes at all."""

import hashlib
from datetime import UTC, timedelta

import httpx
import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from keys_world import START, TRANSPORT, CountedEntropy, SetClock, openssl, serving

from certlib.clock_errors import ClockNotTrusted, set_back
from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from certlib.ports import TimestampSource
from keys import algorithms, der, profiles
from keys.handles import SoftwareKey
from keys.timestamps import TimestampAuthority
from keys.token_check import TimestampResponse

IMPRINT = hashlib.sha256(b"data").digest()
POLICY = "1.3.6.1.4.1.32473.36904.2"


@pytest.fixture(scope="session")
def stamper(settled):
    return TimestampAuthority(settled.timestamp_key(), SetClock(), CountedEntropy())


@pytest.fixture(scope="session")
def rsa_stamper(settled):
    """The same authority with an RSA-3072 key."""
    root = x509.load_der_x509_certificate(settled.public_certificates()["root.cer"])
    root_key = algorithms.load_private(
        algorithms.ECDSA_P256, settled._ring.vault.get("root"), "root"
    )
    issuer = profiles.Issuer(root, root_key, "https://zz.example/pki/root")
    key = algorithms.generate(algorithms.RSA_3072)
    term = profiles.Term(7, START, START + timedelta(days=1))
    name = profiles.authority_name("揭阳市", "时间戳机构")
    der = profiles.timestamp_certificate(issuer, key.public_key(), name, term)
    handle = SoftwareKey(
        "timestamp-rsa",
        algorithms.RSA_3072,
        (der.public_bytes(Encoding.DER),),
        lambda: algorithms.private_bytes(key),
    )
    return TimestampAuthority(handle, SetClock(), CountedEntropy())


@pytest.fixture
def desk(tmp_path, settled):
    """A folder with data and the root, where openssl works."""
    (tmp_path / "data").write_bytes(b"data")
    root = x509.load_der_x509_certificate(settled.public_certificates()["root.cer"])
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    own = x509.load_der_x509_certificate(settled.timestamp_key().chain[0])
    (tmp_path / "timestamp.pem").write_bytes(own.public_bytes(Encoding.PEM))
    return tmp_path


def query(desk, *options):
    openssl("ts", "-query", "-data", desk / "data", "-out", desk / "q.tsq", *options)
    return (desk / "q.tsq").read_bytes()


def verify(desk, *options):
    return openssl(
        "ts", "-verify", "-in", desk / "r.tsr", "-CAfile", desk / "root.pem", *options, at=START
    )


def info_of(token: bytes):
    """The TSTInfo inside a token."""
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    return tsp.TSTInfo.load(signed["encap_content_info"]["content"].contents, strict=True)


def token_of(answer: bytes):
    return TimestampResponse.load(answer, strict=True)["time_stamp_token"].dump()


def request(**values):
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": IMPRINT}
    return tsp.TimeStampReq({"version": 1, "message_imprint": imprint} | values).dump()


def failure_of(answer: bytes):
    response = TimestampResponse.load(answer, strict=True)
    status = response["status"]
    assert status["status"].native == "rejection"
    assert not len(response["time_stamp_token"].native or ())
    assert status["status_string"].native
    (failure,) = status["fail_info"].native
    return failure


# --- openssl --------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
@pytest.mark.parametrize("maker", ["stamper", "rsa_stamper"])
def test_openssl_accepts_the_answer(desk, maker, digest, request):
    answer = request.getfixturevalue(maker).respond(query(desk, digest, "-cert"))
    (desk / "r.tsr").write_bytes(answer)
    assert "Verification: OK" in verify(desk, "-queryfile", desk / "q.tsq")
    assert "Verification: OK" in verify(desk, "-data", desk / "data")


def test_openssl_accepts_an_answer_without_certificates(desk, stamper):
    """Without -cert the authority's X.509 certificate must come from elsewhere."""
    (desk / "r.tsr").write_bytes(stamper.respond(query(desk, "-sha256")))
    signed = cms.ContentInfo.load(token_of((desk / "r.tsr").read_bytes()))["content"]
    assert not signed["certificates"]
    own = ("-untrusted", desk / "timestamp.pem")
    assert "Verification: OK" in verify(desk, "-queryfile", desk / "q.tsq", *own)


def test_openssl_accepts_our_policy_by_name_and_no_nonce(desk, stamper):
    answer = stamper.respond(query(desk, "-sha256", "-cert", "-no_nonce", "-tspolicy", POLICY))
    (desk / "r.tsr").write_bytes(answer)
    assert "Verification: OK" in verify(desk, "-queryfile", desk / "q.tsq")
    text = openssl("ts", "-reply", "-in", desk / "r.tsr", "-text")
    assert "Mar  2 01:02:03 2026 GMT" in text
    assert "Nonce: unspecified" in text
    assert f"Policy OID: {POLICY}" in text
    assert "Ordering: no" in text
    assert "Accuracy: 0x01 seconds" in text


def test_openssl_accepts_a_token_made_in_process(desk, stamper):
    (desk / "r.tsr").write_bytes(stamper.token(IMPRINT))
    assert "Verification: OK" in verify(desk, "-token_in", "-digest", IMPRINT.hex())


def test_openssl_refuses_the_token_for_other_data(desk, stamper):
    (desk / "r.tsr").write_bytes(stamper.token(hashlib.sha256(b"other").digest()))
    with pytest.raises(AssertionError, match="message imprint mismatch"):
        verify(desk, "-token_in", "-data", desk / "data")


@pytest.mark.enable_socket
def test_openssl_accepts_what_came_over_http(desk, stamper):
    def answer(body):
        return 200, "application/timestamp-reply", stamper.respond(body)

    asked = query(desk, "-sha512", "-cert")
    kind = {"Content-Type": "application/timestamp-query"}
    with serving(answer) as url, httpx.Client(trust_env=False) as client:
        reply = client.post(url, content=asked, headers=kind)
    (desk / "r.tsr").write_bytes(reply.content)
    assert "Verification: OK" in verify(desk, "-queryfile", desk / "q.tsq")


def test_openssl_reads_a_rejection(desk, stamper):
    (desk / "r.tsr").write_bytes(stamper.respond(query(desk, "-sha1")))
    text = openssl("ts", "-reply", "-in", desk / "r.tsr", "-text")
    assert "Status: Rejected." in text
    assert "Failure info: unrecognized or unsupported algorithm identifier" in text


# --- tokens ---------------------------------------------------------------------------------


def source_of(source: TimestampSource) -> bytes:
    return source.token(IMPRINT)


def test_the_token_is_der_and_says_what_it_should(stamper, settled):
    token = source_of(stamper)
    parsed = cms.ContentInfo.load(token, strict=True)
    assert parsed.copy().dump(force=True) == token
    info = info_of(token)
    assert info["version"].native == "v1"
    assert info["policy"].dotted == POLICY
    assert info["message_imprint"]["hashed_message"].native == IMPRINT
    assert info["gen_time"].native == START
    assert info["accuracy"].native == {"seconds": 1, "millis": None, "micros": None}
    assert info["ordering"].native is False
    assert info["nonce"].native is None
    (certificate,) = parsed["content"]["certificates"]
    assert certificate.dump() == settled.timestamp_key().chain[0]


def test_the_signed_attributes_name_the_signer_by_sha256(stamper, settled):
    """ESSCertIDv2 (RFC 5816): nobody can put another X.509 certificate in its place."""
    signer = cms.ContentInfo.load(source_of(stamper))["content"]["signer_infos"][0]
    attributes = {entry["type"].native: entry["values"][0] for entry in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    (entry,) = attributes["signing_certificate_v2"]["certs"]
    own = settled.timestamp_key().chain[0]
    assert entry["cert_hash"].native == hashlib.sha256(own).digest()
    assert entry["hash_algorithm"]["algorithm"].native == "sha256"


def test_serial_numbers_do_not_repeat(stamper):
    serials = {info_of(stamper.token(IMPRINT))["serial_number"].native for _ in range(200)}
    assert len(serials) == 200


@settings(deadline=None)
@given(octets=st.binary(min_size=16, max_size=16))
def test_serial_numbers_are_positive_and_keep_126_random_bits(settled, octets):
    class Fixed:
        def octets(self, count):
            assert count == 16
            return octets

    fixed = TimestampAuthority(settled.timestamp_key(), SetClock(), Fixed())
    serial = info_of(fixed.token(IMPRINT))["serial_number"].native
    assert serial.bit_length() == 127
    assert serial % (1 << 126) == int.from_bytes(octets) % (1 << 126)


def test_the_time_is_the_clocks_in_utc(settled):
    """A clock in another zone does not shift the stamp."""
    clock = SetClock()
    stamper = TimestampAuthority(settled.timestamp_key(), clock, CountedEntropy())
    for span in ({"hours": 9}, {"days": 300}):
        clock.forward(**span)
        info = info_of(stamper.token(IMPRINT))
        assert info["gen_time"].native == clock.now().astimezone(UTC)


@pytest.mark.parametrize(
    ("imprint", "algorithm"),
    [(IMPRINT, "sha512"), (b"", "sha256"), (bytes(20), "sha1"), (bytes(32), "sm3")],
)
def test_a_wrong_imprint_is_refused(stamper, imprint, algorithm):
    with pytest.raises(Unsupported):
        stamper.token(imprint, algorithm)


@pytest.mark.parametrize("days", [-1, 365 * 10])
def test_outside_its_validity_the_authority_stamps_nothing(settled, days):
    clock = SetClock(START + timedelta(days=days))
    stamper = TimestampAuthority(settled.timestamp_key(), clock, CountedEntropy())
    with pytest.raises(SigningUnavailable):
        stamper.token(IMPRINT)
    assert failure_of(stamper.respond(request())) == "system_failure"


def test_a_seal_key_is_no_timestamp_authority(settled):
    with pytest.raises(KeyUnusable):
        TimestampAuthority(settled.seal_key(TRANSPORT[0]), SetClock(), CountedEntropy())


def test_a_key_of_an_unknown_algorithm_is_refused(settled):
    key = settled.timestamp_key()
    other = SoftwareKey("timestamp", "sm2-sm3", key.chain, lambda: b"")
    with pytest.raises(Unsupported):
        TimestampAuthority(other, SetClock(), CountedEntropy())


# --- answers --------------------------------------------------------------------------------


@settings(deadline=None)
@given(nonce=st.integers(-(2**200), 2**200))
def test_any_nonce_comes_back(stamper, nonce):
    assert info_of(token_of(stamper.respond(request(nonce=nonce))))["nonce"].native == nonce


def test_the_imprint_comes_back_as_it_was_sent(stamper):
    """With NULL parameters or without: callers compare bytes."""
    for parameters in ({}, {"parameters": core.Null()}):
        algorithm = {"algorithm": "sha256"} | parameters
        sent = tsp.MessageImprint({"hash_algorithm": algorithm, "hashed_message": IMPRINT})
        answer = stamper.respond(request(message_imprint=sent))
        assert info_of(token_of(answer))["message_imprint"].dump() == sent.dump()


def imprint(algorithm, size, **more):
    return {"hash_algorithm": {"algorithm": algorithm} | more, "hashed_message": bytes(size)}


SHA256 = der.oid("2.16.840.1.101.3.4.2.1")
HASHED = der.tlv(der.OCTET_STRING, IMPRINT)


def raw_request(imprint: bytes) -> bytes:
    """A request that asn1crypto would not write."""
    return der.tlv(der.SEQUENCE, der.small(1), der.tlv(der.SEQUENCE, imprint))


def test_a_request_by_hand_is_answered(stamper):
    """Without parameters of the digest, as RFC 5754 prefers."""
    asked = raw_request(der.tlv(der.SEQUENCE, SHA256) + HASHED)
    assert info_of(token_of(stamper.respond(asked)))["message_imprint"].dump() == asked[5:]


def test_rejections_name_the_failure(stamper):
    extension = {"extn_id": "1.2.3", "critical": True, "extn_value": b"x"}
    null = imprint("sha256", 32, parameters=core.Null())
    long = core.OctetString(b"x" * 5000).dump()
    for expected, bad in (
        ("bad_alg", request(message_imprint=imprint("sha1", 20))),
        ("bad_alg", request(message_imprint=imprint("1.2.156.10197.1.401", 32))),
        ("bad_data_format", request(message_imprint=null).replace(b"\x05\x00", b"\x04\x00")),
        ("bad_data_format", raw_request(der.tlv(der.SEQUENCE, SHA256 + b"\x05\x01x") + HASHED)),
        ("bad_data_format", raw_request(b"\x30\x80" + SHA256 + b"\0\0" + HASHED)),
        ("bad_data_format", raw_request(der.tlv(der.SEQUENCE, SHA256) + HASHED + b"\x05\x00")),
        ("bad_data_format", request(message_imprint=imprint("sha256", 31))),
        ("bad_data_format", request(message_imprint=imprint("sha512", 32))),
        ("bad_data_format", request() + b"\0"),
        ("bad_data_format", request()[:-1]),
        ("bad_data_format", b""),
        ("bad_data_format", b"GET / HTTP/1.1"),
        ("bad_data_format", long),
        ("bad_request", request().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1)),
        ("unaccepted_policy", request(req_policy="1.2.3.4")),
        ("unaccepted_extensions", request(extensions=[extension])),
    ):
        assert failure_of(stamper.respond(bad)) == expected, bad[:40]


def test_an_authority_that_cannot_sign_says_so(settled):
    def gone():
        raise SigningUnavailable(what="key folder")

    key = settled.timestamp_key()
    dead = SoftwareKey(key.name, key.algorithm, key.chain, gone)
    stamper = TimestampAuthority(dead, SetClock(), CountedEntropy())
    with pytest.raises(SigningUnavailable):
        stamper.token(IMPRINT)
    assert failure_of(stamper.respond(request())) == "system_failure"


def assert_answered(answer: bytes):
    response = TimestampResponse.load(answer, strict=True)
    if response["status"]["status"].native == "granted":
        assert info_of(token_of(answer))["gen_time"].native == START
    else:
        assert failure_of(answer)
        assert response.dump(force=True) == answer  # DER


@settings(deadline=None)
@given(body=st.binary(max_size=300))
def test_any_bytes_get_an_answer(stamper, body):
    assert_answered(stamper.respond(body))


@settings(deadline=None)
@given(data=st.data())
def test_any_change_of_a_good_request_gets_an_answer(stamper, data):
    body = bytearray(request(nonce=2**70, cert_req=True, req_policy=POLICY))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert_answered(stamper.respond(bytes(body)))


def test_a_clock_that_is_not_believed_is_an_answer_of_its_own(settled):
    """RFC 3161, 2.4.2: timeNotAvailable, so that callers turn to another authority."""

    class Wrong:
        def now(self):
            raise set_back(60.0)

    stamper = TimestampAuthority(settled.timestamp_key(), Wrong(), CountedEntropy())
    with pytest.raises(ClockNotTrusted):
        stamper.token(IMPRINT)
    assert failure_of(stamper.respond(request())) == "time_not_available"


@pytest.mark.parametrize("certificates", [False, True])
def test_whatever_its_length_a_token_is_der(stamper, certificates):
    """Lengths around what changes are encoded ahead: each step of their form is met."""
    for size in (0, 15, 16, 17, 40, 143, 144, 145, 600):
        nonce = (1 << (8 * size)) + 1
        token = token_of(stamper.respond(request(nonce=nonce, cert_req=certificates)))
        assert cms.ContentInfo.load(token, strict=True).copy().dump(force=True) == token
        assert info_of(token)["nonce"].native == nonce
