"""The signed trust list: what its signers have signed is read, and nothing else is."""

import json
from base64 import b64encode
from hashlib import sha256
from itertools import count
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey

from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from certlib.trust import Use
from certlib.trust_errors import TrustListRefused
from keys import algorithms
from keys.profiles import TRUST_PURPOSE
from keys.trust_list import LIMIT, believed, read, write
from keys.trust_payload import (
    draft_bytes,
    list_from_draft,
    list_from_payload,
    payload_bytes,
    strict_object,
)
from tests.unit.keys.keys_world import found, openssl, pem
from tests.unit.keys.trust_world import (
    NEXT,
    START,
    certificate,
    decoded,
    encoded,
    entry,
    forged,
    key_usage,
    listing,
    of_version_9,
    parts,
    reason_of,
    signer,
    small_rsa,
)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return found(tmp_path_factory.mktemp("signer"), seed="signer").trust_key()


@pytest.fixture(scope="module")
def names(key):
    return frozenset({sha256(key.chain[0]).hexdigest()})


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    return tuple(
        found(tmp_path_factory.mktemp(name), seed=name).trust_material() for name in ("one", "two")
    )


@pytest.fixture(scope="module")
def plain(cities):
    first, second = cities
    ever = entry(second, uses=frozenset({Use.SEAL}), issuers=frozenset(), until=None, helpers=())
    return listing(entry(first), ever)


@pytest.fixture(scope="module")
def file(plain, key):
    return write(plain, key)


def refusal(content, names=None):
    with pytest.raises(TrustListRefused) as refused:
        read(content) if names is None else believed(content, names)
    assert refused.value.zh_text
    assert "{" not in refused.value.en_text
    return reason_of(refused.value)


# --- what is good ---------------------------------------------------------------------------


def test_what_was_signed_is_read(plain, file, names, key):
    signed = believed(file, names)
    # Instants are told to the second: half of one is nothing that a list says.
    assert signed.found == plain
    assert signed.digest == sha256(payload_bytes(plain)).hexdigest()
    assert signed.signer.certificate == key.chain[0]
    assert read(file) == signed


def test_a_key_may_be_named_instead_of_its_certificate(file, key):
    public = x509.load_der_x509_certificate(key.chain[0]).public_key()
    spki = public.public_bytes(Encoding.DER, format=PublicFormat.SubjectPublicKeyInfo)
    assert believed(file, frozenset({sha256(spki).hexdigest()})).signer.key_sha256 in (
        sha256(spki).hexdigest()
    )


def test_other_readers_of_jws_read_it_too(file, plain, key):
    """RFC 7515 as others have built it, and the signature by hand."""
    public = x509.load_der_x509_certificate(key.chain[0]).public_key()
    members = parts(file)
    raw = decoded(members["signature"])
    numbers = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    message = f"{members['protected']}.{members['payload']}".encode()
    public.verify(encode_dss_signature(*numbers), message, ec.ECDSA(hashes.SHA256()))
    jwk = ECKey.import_key(
        public.public_bytes(Encoding.PEM, format=PublicFormat.SubjectPublicKeyInfo)
    )
    registry = jws.JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 4000  # theirs is 512
    answer = jws.deserialize_json(members, jwk, registry=registry)
    assert answer.payload == payload_bytes(plain)


def test_rsa_signs_too(plain):
    key = signer(algorithm=algorithms.RSA_3072)
    content = write(plain, key)
    assert json.loads(decoded(parts(content)["protected"]))["alg"] == "RS256"
    assert believed(content, frozenset({sha256(key.chain[0]).hexdigest()})).found == plain


def test_a_list_may_be_empty_and_without_an_end(key):
    nobody = listing(next_update=None)
    assert read(write(nobody, key)).found == nobody


def test_a_key_of_another_kind_signs_nothing(plain):
    with pytest.raises(Unsupported):
        write(plain, SimpleNamespace(algorithm="sm2-sm3", chain=(b"",)))


def test_a_draft_says_the_same_in_any_layout(plain):
    draft = draft_bytes(plain)
    assert list_from_draft(draft) == plain
    assert list_from_draft(json.dumps(json.loads(draft), indent=7).encode()) == plain
    assert "揭阳市" in draft.decode()


# --- who signed -----------------------------------------------------------------------------


def test_another_signer_is_named_and_refused(plain, names):
    stranger = signer()
    content = write(plain, stranger)
    with pytest.raises(TrustListRefused) as refused:
        believed(content, names)
    assert reason_of(refused.value) == "signer"
    assert read(content).signer.key_sha256 in refused.value.zh_text


def test_without_anybody_named_nobody_is_believed(file):
    assert refusal(file, frozenset()) == "signer"


def test_the_named_certificate_does_not_lend_itself_to_another_key(plain, key, names):
    stranger = signer()
    content = forged(
        stranger,
        payload_bytes(plain),
        lambda header: header | {"x5c": [b64encode(key.chain[0]).decode()]},
    )
    assert refusal(content, names) == "signature"


def test_a_signer_whose_time_was_over_signs_nothing(plain):
    early = signer(last=START.replace(year=2025), first=START.replace(year=2024))
    assert refusal(forged(early, payload_bytes(plain))) == "signer-ended"
    with pytest.raises(TrustListRefused):
        write(plain, early)


# --- tampering ------------------------------------------------------------------------------


def test_a_changed_payload_breaks_the_signature(plain, file, names):
    wider = listing(*(entry_ for entry_ in plain.authorities), version=2)
    members = parts(file) | {"payload": encoded(payload_bytes(wider))}
    assert refusal(json.dumps(members).encode(), names) == "signature"


@pytest.mark.parametrize("member", ["payload", "protected", "signature"])
def test_no_single_octet_can_be_changed(file, names, member):
    members = parts(file)
    for place in range(0, len(members[member]), 97):
        letters = list(members[member])
        letters[place] = "A" if letters[place] != "A" else "B"
        changed = json.dumps(members | {member: "".join(letters)}).encode()
        with pytest.raises(TrustListRefused):
            believed(changed, names)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda header: header | {"crit": ["exp"]}, "header"),
        (lambda header: header | {"crit": ["b64"], "b64": False}, "header"),
        (lambda header: header | {"kid": "1"}, "header"),
        (lambda header: header | {"jwk": {}}, "header"),
        (lambda header: header | {"jku": "https://x.example"}, "header"),
        (lambda header: header | {"typ": "JWT"}, "header"),
        (lambda header: {name: header[name] for name in ("alg", "x5c")}, "header"),
        (lambda header: header | {"alg": "none"}, "algorithm"),
        (lambda header: header | {"alg": "HS256"}, "algorithm"),
        (lambda header: header | {"alg": "ES384"}, "algorithm"),
        (lambda header: header | {"alg": ["ES256"]}, "algorithm"),
        (lambda header: {name: header[name] for name in ("typ", "x5c")}, "algorithm"),
        (lambda header: header | {"alg": "RS256"}, "certificate"),
        (lambda header: header | {"x5c": []}, "certificate"),
        (lambda header: header | {"x5c": header["x5c"] * 7}, "certificate"),
        (lambda header: header | {"x5c": header["x5c"][0]}, "certificate"),
        (lambda header: header | {"x5c": [7]}, "certificate"),
        (lambda header: header | {"x5c": ["AAAA"]}, "certificate"),
        (lambda header: header | {"x5c": ["*"]}, "certificate"),
        (lambda header: header | {"x5c": [of_version_9(header["x5c"][0])]}, "certificate"),
        (lambda header: {name: header[name] for name in ("alg", "typ")}, "certificate"),
        (lambda _: b"[]", "malformed"),
        (lambda _: b"{", "malformed"),
        (
            lambda header: canonical_bytes(header).replace(b"{", b'{"alg":"none",', 1),
            "malformed",
        ),
    ],
    ids=count(),
)
def test_a_header_says_what_it_must_and_nothing_else(plain, key, names, change, reason):
    """Even when the right key has signed it."""
    assert refusal(forged(key, payload_bytes(plain), change), names) == reason


@pytest.mark.parametrize(
    "private", [small_rsa, lambda: ec.generate_private_key(ec.SECP384R1())], ids=count()
)
def test_a_signer_with_a_weak_or_other_key_is_refused(plain, key, private):
    der = certificate(private())
    for name in ("ES256", "RS256"):
        content = forged(
            key,
            payload_bytes(plain),
            lambda header, name=name: header | {"alg": name, "x5c": [b64encode(der).decode()]},
        )
        assert refusal(content) == "certificate"


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members | {"header": {}},
        lambda members: members | {"signatures": []},
        lambda members: {"payload": members["payload"], "signature": members["signature"]},
        lambda members: members | {"payload": 7},
        lambda members: members | {"payload": ""},
        lambda members: members | {"payload": members["payload"] + "="},
        lambda members: members | {"payload": members["payload"] + "\n"},
        lambda members: members | {"payload": "AAAAA"},
        lambda members: members | {"payload": "AB"},
        lambda members: [members],
        lambda members: None,
    ],
    ids=count(),
)
def test_only_the_flattened_form_is_read(file, names, change):
    assert refusal(json.dumps(change(parts(file))).encode(), names) == "malformed"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"\xef\xbb\xbf{}", b"{", b"[" * 100_000, b'{"a":1e9}', b'{"a":NaN}'],
    ids=count(),
)
def test_rubbish_is_refused(content, names):
    assert refusal(content, names) == "malformed"


@pytest.mark.parametrize("number", [b"1.0", b"1e2", b"NaN", b"-Infinity"])
def test_a_list_knows_whole_numbers_only(number):
    """What is read as a fraction has more than one way to be written."""
    with pytest.raises(TrustListRefused, match="number"):
        strict_object(b'{"version":' + number + b"}")


def test_a_member_that_stands_twice_is_refused(file, names):
    twice = file.replace(b'{"payload"', b'{"payload":"AAAA","payload"', 1)
    assert json.loads(twice) == parts(file)  # other readers do not even notice
    assert refusal(twice, names) == "malformed"


def test_a_huge_file_is_refused_before_it_is_parsed(file, names):
    assert refusal(file + b" " * LIMIT, names) == "too-large"


# --- payload --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"\n",
        lambda text: text.replace(b":", b": ", 1),
        lambda text: json.dumps(json.loads(text)).encode(),
        lambda text: text.replace(b'"seal","timestamp"', b'"timestamp","seal"'),
        lambda text: text.replace(b'"seal","timestamp"', b'"seal","seal","timestamp"'),
        lambda text: text.replace(
            b'"114452009900900327","445200"', b'"445200","114452009900900327"'
        ),
    ],
    ids=count(),
)
def test_a_payload_has_one_form(plain, key, change):
    changed = change(payload_bytes(plain))
    assert changed != payload_bytes(plain)
    assert refusal(forged(key, changed)) == "canonical"


def edited(plain, change):
    content = json.loads(payload_bytes(plain))
    change(content)
    return canonical_bytes(content)


def _entry(content):
    return content["authorities"][0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(format=2), "format"),
        (lambda c: c.update(format=True), "format"),
        (lambda c: c.pop("format"), "format"),
        (lambda c: c.update(more=1), "malformed"),
        (lambda c: c.pop("operator"), "malformed"),
        (lambda c: c.update(version="1"), "malformed"),
        (lambda c: c.update(version=True), "malformed"),
        (lambda c: c.update(version=0), "content"),
        (lambda c: c.update(operator=""), "content"),
        (lambda c: c.update(operator=7), "malformed"),
        (lambda c: c.update(authorities={}), "malformed"),
        (lambda c: c.update(authorities=[7]), "malformed"),
        (lambda c: c.update(issued_at="2026-03-02"), "malformed"),
        (lambda c: c.update(issued_at="2026-13-02T00:00:00Z"), "malformed"),
        (lambda c: c.update(issued_at="2026-03-02T01:02:03+00:00"), "malformed"),
        (lambda c: c.update(issued_at="２026-03-02T01:02:03Z"), "malformed"),
        (lambda c: c.update(next_update="2020-01-01T00:00:00Z"), "content"),
        (lambda c: _entry(c).update(countries=[]), "malformed"),
        (lambda c: _entry(c).pop("until"), "malformed"),
        (lambda c: _entry(c).update(uses=["everything"]), "malformed"),
        (lambda c: _entry(c).update(uses=[]), "content"),
        (lambda c: _entry(c).update(issuers="all"), "malformed"),
        (lambda c: _entry(c).update(issuers=["*"]), "content"),
        (lambda c: _entry(c).update(types=[7]), "malformed"),
        (lambda c: _entry(c).update(types=["1"]), "content"),
        (lambda c: _entry(c).update(since=None), "malformed"),
        (lambda c: _entry(c).update(until="2025-01-01T00:00:00Z"), "content"),
        (lambda c: _entry(c).update(certificate="*"), "malformed"),
        (lambda c: _entry(c).update(certificate=""), "anchor"),
        (lambda c: _entry(c).update(certificate="AAAA"), "anchor"),
        (lambda c: _entry(c).update(helpers=["AAAA"]), "anchor"),
        (lambda c: _entry(c).update(helpers=_entry(c)["helpers"] * 7), "malformed"),
    ],
    ids=count(),
)
def test_a_payload_says_what_a_list_may_say(plain, key, change, reason):
    """Signed by the right key all the same: an operator makes mistakes too."""
    assert refusal(forged(key, edited(plain, change))) == reason


def test_a_member_of_the_payload_that_stands_twice_is_refused(plain, key):
    twice = payload_bytes(plain).replace(b'"version":1', b'"version":9,"version":1', 1)
    assert refusal(forged(key, twice)) == "malformed"


def test_a_text_that_is_no_text_is_refused(plain, key):
    lone = payload_bytes(plain).replace("揭阳市".encode(), b"\\ud800", 1)
    assert refusal(forged(key, lone)) == "malformed"


def test_a_version_beyond_all_numbers_is_refused(plain, key):
    for number in (b"9007199254740992", b"9" * 5000):
        changed = payload_bytes(plain).replace(b'"version":1', b'"version":' + number, 1)
        assert refusal(forged(key, changed)) == "malformed"


P256_OID = bytes.fromhex("2a8648ce3d030107")
SM2_OID = bytes.fromhex("2a811ccf5501822d")
CA = x509.BasicConstraints(ca=True, path_length=None)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "not an authority"),
        ({"constraints": x509.BasicConstraints(ca=False, path_length=None)}, "not an authority"),
        ({"constraints": CA, "usage": key_usage(digital_signature=True)}, "may not sign"),
        ({"constraints": CA}, ""),
        ({"constraints": CA, "usage": key_usage(key_cert_sign=True)}, ""),
    ],
    ids=count(),
)
def test_every_anchor_is_an_authority(cities, key, changes, problem):
    content = listing(entry(cities[0], certificate=certificate(**changes), helpers=()))
    if not problem:
        assert read(write(content, key)).found == content
        return
    with pytest.raises(TrustListRefused, match=problem) as refused:
        write(content, key)
    assert reason_of(refused.value) == "anchor"
    assert "邻市电子证照库" in refused.value.zh_text


def test_a_seal_is_no_anchor(settled, cities, key):
    seal = settled.seal_key("11445200990090139J").chain[0]
    with pytest.raises(TrustListRefused):
        write(listing(entry(cities[0], certificate=seal)), key)


def test_a_certificate_cut_short_or_grown_is_no_anchor(cities, key):
    root = cities[0].seal_anchors[0]
    for der in (root[:-1], root + b"\0", b""):
        with pytest.raises(TrustListRefused):
            write(listing(entry(cities[0], certificate=der)), key)


def test_an_authority_that_was_never_valid_is_no_anchor(cities, key):
    der = cities[0].seal_anchors[0]
    found_ = x509.load_der_x509_certificate(der)
    ends = [
        moment.strftime("%y%m%d%H%M%SZ").encode()
        for moment in (found_.not_valid_before_utc, found_.not_valid_after_utc)
    ]
    assert der.count(ends[0]) == der.count(ends[1]) == 1
    with pytest.raises(TrustListRefused, match="never valid"):
        write(listing(entry(cities[0], certificate=der.replace(ends[0], ends[1]))), key)


def test_a_certificate_of_the_first_version_is_no_anchor(cities, key, tmp_path):
    """It cannot say whether it is an authority."""
    named = ("-keyout", tmp_path / "key", "-out", tmp_path / "csr", "-nodes", "-subj", "/CN=Old")
    openssl("req", "-newkey", "rsa:2048", *named)
    own = ("-in", tmp_path / "csr", "-signkey", tmp_path / "key", "-outform", "DER")
    openssl("x509", "-req", *own, "-out", tmp_path / "cer")
    old = (tmp_path / "cer").read_bytes()
    with pytest.raises(TrustListRefused, match="not version 3"):
        write(listing(entry(cities[0], certificate=old)), key)


def test_a_signer_with_a_key_that_is_not_understood_is_refused(plain, key):
    """SM2 will be asked for one day; until then it is no key that anybody here can check."""
    sm2 = key.chain[0].replace(P256_OID, SM2_OID)
    assert sm2 != key.chain[0]
    content = forged(
        key, payload_bytes(plain), lambda header: header | {"x5c": [b64encode(sm2).decode()]}
    )
    assert refusal(content) == "certificate"


def test_what_is_signed_is_canonical(plain):
    assert list_from_payload(payload_bytes(plain)) == plain
    assert canonical_bytes(json.loads(payload_bytes(plain))) == payload_bytes(plain)


def test_instants_are_utc_to_the_second(plain):
    content = json.loads(payload_bytes(plain))
    assert content["issued_at"] == "2026-03-02T01:02:03Z"
    assert content["next_update"] == NEXT.isoformat().replace("+00:00", "Z")


# --- the key --------------------------------------------------------------------------------


def test_the_key_signs_lists_and_is_no_seal(tmp_path):
    """Its one purpose is critical; openssl follows it to the root."""
    authority = found(tmp_path / "keys")
    assert "trust" not in {item.purpose for item in authority.list_keys()}  # until it is needed
    key = authority.trust_key()
    assert authority.trust_key() is key
    certificate_ = x509.load_der_x509_certificate(key.chain[0])
    purpose = certificate_.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purpose.critical
    assert [item.dotted_string for item in purpose.value] == [TRUST_PURPOSE]
    root = authority.trust_material().seal_anchors[0]
    (tmp_path / "root.pem").write_bytes(pem(root))
    (tmp_path / "key.pem").write_bytes(pem(key.chain[0]))
    moment = str(int(START.timestamp()))
    openssl("verify", "-attime", moment, "-CAfile", tmp_path / "root.pem", tmp_path / "key.pem")
    assert found(tmp_path / "keys").trust_key().chain == key.chain  # after a restart
    with pytest.raises(InvalidSignature):
        certificate_.public_key().verify(key.sign(b"a"), b"b", ec.ECDSA(hashes.SHA256()))
