"""A receipt as JSON, by its octets: each rule of its one form, without a library behind it."""

import json
from base64 import b64encode
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certlib.canonical import canonical_bytes
from certlib.errors import KeyUnusable
from certlib.ports import TrustMaterial
from certlib.receipts import TYPE
from signing import jws
from signing.evidence import json_receipt
from signing.evidence.json_receipt import json_receipt_facts, looks_signed_json
from signing.evidence.reader import read_facts
from signing.jws import encoded

MOST = 4 * 1024 * 1024
TRUST = TrustMaterial()
SIGNED = b"signed"


def certified(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 5, datetime(2024, 1, 1), datetime(2034, 1, 1)
    ).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


CURVE, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
OF_CURVE, OF_RSA = certified(CURVE), certified(RSA)


def coordinates(signed=SIGNED):
    r, s = decode_dss_signature(CURVE.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32), s.to_bytes(32)


def written(*, head=None, token="MAA=", **members):
    """A JWS that its key has really signed, stamped with what is no token."""
    header = {"alg": "ES256", "typ": TYPE, "x5c": [b64encode(OF_CURVE).decode()]}
    protected = encoded(canonical_bytes(header | (head or {})))
    payload = encoded(b"{}")
    signature = encoded(b"".join(coordinates(f"{protected}.{payload}".encode())))
    plain = {
        "header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": token}]}}]},
        "payload": payload,
        "protected": protected,
        "signature": signature,
    }
    return json.dumps(plain | members, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def facts(data):
    found = json_receipt_facts(data, TRUST)
    assert found is not None
    return found.signatures[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", True),
        (b" \t\r\n{}", True),
        (b" " * 15 + b"{}", True),
        (b" " * 16 + b"{}", False),
        (b"[{}]", False),
        (b"%PDF-1.7 {", False),
        (b"{" + b" " * (MOST - 1), True),
        (b"{" + b" " * MOST, False),
    ],
)
def test_what_may_be_a_receipt(data, expected):
    """An object, and no longer than any of ours: all else is not parsed as JSON at all."""
    assert looks_signed_json(data) is expected


def test_a_long_object_is_not_looked_into():
    """It would be parsed whole before anybody could say that it is none."""
    content = b'{"receipt":1,"x":"' + b"x" * MOST + b'"}'
    assert read_facts(content, TRUST).fault == "not-pdf"
    assert read_facts(b'{"receipt":1,"x":"x"}', TRUST).readable


def test_a_signature_holds_and_its_form_is_told():
    found = facts(written())
    assert (found.message.signature_ok, found.form_problem) == (True, "timestamp-form")
    assert (found.timestamp.imprint_ok, found.timestamp.message) == (False, None)
    assert found.timestamp.problem.startswith("token-unreadable")
    whole = json_receipt_facts(written(), TRUST)
    assert (whole.looks_ours, whole.kind, whole.content) == (True, "receipt", "{}")
    plain = json_receipt_facts(b'{"receipt":1}', TRUST)
    assert (plain.looks_ours, plain.kind, plain.signatures) == (True, "receipt", ())


@pytest.mark.parametrize(
    "head",
    [{"typ": "JWT"}, {"typ": None}, {"typ": [TYPE]}],
    ids=["other", "none", "list"],
)
def test_a_jws_of_another_type_is_no_receipt(head):
    assert json_receipt_facts(written(head=head), TRUST) is None


@pytest.mark.parametrize("protected", [b"[1]", b"3", b'"x"', b"{", b"\xff", b'{"typ":1,"typ":1}'])
def test_a_header_that_is_no_object_is_no_header(protected):
    assert json_receipt_facts(written(protected=encoded(protected)), TRUST) is None


@pytest.mark.parametrize(
    "head",
    [
        {"crit": ["b64"]},
        {"jwk": {}},
        {"alg": "none"},
        {"alg": "ES384"},
        {"x5c": []},
        {"x5c": 3},
        {"x5c": {"0": "AAAA"}},
        {"x5c": b64encode(OF_CURVE).decode()},
        {"x5c": [b64encode(OF_CURVE).decode()] * 7},
        {"x5c": [b64encode(OF_CURVE).decode() + "\n"]},
        {"x5c": [b64encode(OF_CURVE).decode(), 3]},
    ],
    ids=["crit", "jwk", "none", "curve", "empty", "number", "object", "text", "7", "line", "mixed"],
)
def test_a_header_that_we_do_not_write_is_refused_though_its_key_signed_it(head):
    """Nothing that a header asks for is followed, and nothing in it is passed over."""
    found = facts(written(head=head))
    assert (found.form_problem, found.message) == ("jws-header", None)


def test_six_certificates_are_the_most():
    found = facts(written(head={"x5c": [b64encode(OF_CURVE).decode()] * 6}))
    assert found.message is not None


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"token": ""},
        {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": "MAA="}], "x": 1}}]}},
        {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": "MAA="}]}}], "x": 1}},
        {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": "MA\nA="}]}}]}},
        {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": "MAA=MAA="}]}}]}},
        {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": 1}]}}]}},
        {"header": {"etsiU": {}}},
        {"header": []},
        {"more": 1.5},
    ],
)
def test_nothing_stands_beside_what_is_signed_and_stamped(change):
    """Whoever adds something there needs no key: the form alone notices it."""
    found = facts(written(**change))
    assert found.message.signature_ok
    assert found.form_problem in {"jws-form", "timestamp-form"}
    assert facts(written()[:-1]).form_problem == "jws-form"
    assert facts(written() + b" ").form_problem == "jws-form"


def test_a_member_stands_once():
    """Two readers would take another one each."""
    twice = written().replace(b'{"header"', b'{"payload":"e30","header"', 1)
    assert json_receipt_facts(twice, TRUST) is None
    report = b'{"receipt":1,"report":1,"report":2}'
    assert json_receipt_facts(report, TRUST) is None
    assert json_receipt_facts(b'{"receipt":1,"report":2}', TRUST) is not None


@pytest.mark.parametrize("text", ["A", "AAAAA", "AB", "AA=", "A A", "é", "", None, 5, ["AA"]])
def test_base64url_has_one_way_to_be_written(text):
    assert json_receipt._decoded(text) == b""
    assert json_receipt._decoded("AA") == b"\0"
    assert json_receipt._decoded("AAAA") == bytes(3)
    assert json_receipt._decoded("-_-_") == b"\xfb\xff\xbf"


def test_a_signature_by_a_curve_has_sixty_four_octets():
    r, s = coordinates()
    assert json_receipt._verified(OF_CURVE, "ES256", SIGNED, r + s)
    for other in (r + b"\0" + s, r + s[:-1], r + s + b"\0", b"", r):
        assert not json_receipt._verified(OF_CURVE, "ES256", SIGNED, other)
    assert not json_receipt._verified(OF_CURVE, "ES256", b"other", r + s)


def test_a_signature_by_rsa():
    """A library whose keys are RSA signs receipts, too."""
    good = RSA.sign(SIGNED, padding.PKCS1v15(), hashes.SHA256())
    assert json_receipt._verified(OF_RSA, "RS256", SIGNED, good)
    assert not json_receipt._verified(OF_RSA, "RS256", b"other", good)
    assert not json_receipt._verified(b"", "RS256", SIGNED, good)


def test_an_algorithm_and_a_key_of_another_kind_do_not_fit():
    r, s = coordinates()
    assert not json_receipt._verified(OF_RSA, "ES256", SIGNED, r + s)
    assert not json_receipt._verified(OF_CURVE, "RS256", SIGNED, r + s)
    der = CURVE.sign(SIGNED, ec.ECDSA(hashes.SHA256()))
    assert not json_receipt._verified(OF_CURVE, "RS256", SIGNED, der)


class Key:
    """A key of whatever algorithm is said."""

    chain = (OF_RSA,)

    def __init__(self, algorithm):
        self.algorithm = algorithm

    def sign(self, content):
        return RSA.sign(content, padding.PKCS1v15(), hashes.SHA256())


class Stamps:
    def token(self, digest, name):
        assert (len(digest), name) == (32, "sha256")
        return b"0\0"


def test_a_key_of_rsa_signs_as_it_is_read():
    data = jws.signed_json(b"{}", TYPE, Key("rsa-3072-sha256"), Stamps())
    found = facts(data)
    assert (found.message.signature_ok, found.message.mechanism) == (True, "sha256_rsa")


def test_a_key_of_another_algorithm_signs_no_receipt():
    with pytest.raises(KeyUnusable):
        jws.signed_json(b"{}", TYPE, Key("ed25519"), Stamps())
