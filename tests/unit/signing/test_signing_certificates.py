"""What a certificate must not have, whatever it is used for (RFC 5280, 4), each by a forged one."""

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signing_forged import parts, resigned
from signing_pki import NOW, Authority, _builder, _name, _usage

from signing.cms import tlv
from signing.evidence.bounds import EARLIEST, LATEST
from signing.evidence.certificates import (
    SerialNumberError,
    certificate_facts,
    key_of,
    loaded,
    name_of,
    signature_holds,
    signed_by,
)
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.der import span_at

ROOT = Authority("格式根")
LEAF = ROOT.leaf("某局")


def forged(change):
    return resigned(LEAF.der, ROOT.key, change)


def problem(change):
    der = forged(change)
    assert signed_by(loaded(der), loaded(ROOT.der)), "only the rule is in the way"
    return certificate_facts(der).problem


def number(value):
    def change(content):
        content["serial_number"] = value

    return change


def test_good_one_has_no_problem():
    assert certificate_facts(LEAF.der).problem == ""
    assert problem(number(2**158)) == ""


@pytest.mark.parametrize("value", [0, -1, -(2**70)])
def test_serial_number_is_positive(value):
    der = forged(number(value))
    with pytest.raises(SerialNumberError):
        loaded(der)
    found = chain_facts(der, (), TrustSet((ROOT.der,)))
    assert (found.signer, found.paths, found.problem) == (None, (), "serial-number")


def test_serial_number_has_twenty_octets_at_most():
    assert problem(number(2**159 - 1)) == ""
    assert problem(number(2**159)) == "serial-number"


def test_extension_stands_once():
    def twice(content):
        content["extensions"].append(content["extensions"][0])

    assert problem(twice) == "duplicate-extensions"


@pytest.mark.parametrize(("critical", "told"), [(True, "critical-extension"), (False, "")])
def test_unknown_extension(critical, told):
    def unknown(content):
        content["extensions"].append(
            {"extn_id": "1.3.6.1.4.1.32473.9", "critical": critical, "extn_value": b"\x05\x00"}
        )

    assert problem(unknown) == told


CONSTRAINED = x509.NameConstraints([x509.DNSName("example")], None)
POLICIES = x509.CertificatePolicies(
    [x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), None)]
)


def raw(number, value):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(number), bytes.fromhex(value))


def with_extension(extension, *, critical):
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        ROOT.x509_name, _name("某局"), key.public_key(), 7, NOW, NOW + timedelta(days=1)
    )
    made = builder.add_extension(extension, critical=critical).sign(ROOT.key, hashes.SHA256())
    return made.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "extension",
    [
        x509.SubjectKeyIdentifier(b"x"),
        _usage(authority=False),
        x509.SubjectAlternativeName([x509.DNSName("example")]),
        x509.BasicConstraints(ca=False, path_length=None),
        CONSTRAINED,
        POLICIES,
        raw("2.5.29.33", "3000"),
        x509.AuthorityKeyIdentifier(b"x", None, None),
        x509.PolicyConstraints(1, None),
        x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")]),
        x509.InhibitAnyPolicy(0),
    ],
    ids=lambda item: item.oid.dotted_string,
)
def test_extensions_that_may_be_critical(extension):
    """Path validation or the judge minds them (RFC 5280, 4.2)."""
    assert certificate_facts(with_extension(extension, critical=True)).problem == ""


@pytest.mark.parametrize(
    "extension",
    [
        x509.IssuerAlternativeName([x509.DNSName("example")]),
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.DNSName("example")], None, None, None)]
        ),
        x509.FreshestCRL([x509.DistributionPoint([x509.DNSName("example")], None, None, None)]),
        raw("2.5.29.9", "3000"),  # subjectDirectoryAttributes
    ],
    ids=lambda item: item.oid.dotted_string,
)
def test_extensions_that_nobody_minds_here(extension):
    """Their names are known and their rules are not followed: critical, they forbid."""
    for critical, told in ((True, "critical-extension"), (False, "")):
        assert certificate_facts(with_extension(extension, critical=critical)).problem == told


USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}


@pytest.mark.parametrize("usage", USAGES)
def test_each_usage_has_its_name(usage):
    """RFC 5280, 4.2.1.3; what is not said is not told."""
    silent = dict.fromkeys([*USAGES, "encipher_only", "decipher_only"], False)
    said = x509.KeyUsage(**{**silent, usage: True})
    assert certificate_facts(with_extension(said, critical=True)).usages == (USAGES[usage],)


def test_what_a_certificate_does_not_say_is_not_told():
    bare = certificate_facts(with_extension(CONSTRAINED, critical=False))
    assert (bare.authority, bare.usages, bare.purposes) == (False, None, None)
    purpose = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")])
    assert not certificate_facts(with_extension(purpose, critical=False)).purposes_critical


# cRLDistributionPoints that are cut off; subjectAltName with an x400Address (RFC 5280, 4.2.1.6)
@pytest.mark.parametrize(
    ("number", "value"), [("2.5.29.31", "3005"), ("2.5.29.17", "3004a3023000")]
)
def test_extension_that_cannot_be_read(number, value):
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name("某局"), key, ROOT.x509_name, ROOT.key, 7, (-1, 1))
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier(number), bytes.fromhex(value))
    made = builder.add_extension(broken, critical=False).sign(ROOT.key, hashes.SHA256())
    der = made.public_bytes(Encoding.DER)
    assert certificate_facts(der).problem == "certificate-malformed"
    found = chain_facts(der, (), TrustSet((ROOT.der,), (ROOT.crl(),)))
    assert found.paths[0].certificates[0].revocation is None


def test_validity_ends_after_its_beginning():
    def turned(content):
        first, last = (content["validity"][end].native for end in ("not_before", "not_after"))
        content["validity"] = {
            "not_before": asn1_x509.Time({"utc_time": last}),
            "not_after": asn1_x509.Time({"utc_time": first}),
        }

    assert problem(turned) == "validity-order"


@pytest.mark.parametrize("whose", ["某局", "格式根"])
def test_name_that_cannot_be_read(whose):
    """A bit string where a text belongs is an error that callers know."""
    text = whose.encode()
    der = LEAF.der.replace(b"\x0c" + bytes([len(text)]) + text, b"\x03" + bytes([len(text)]) + text)
    assert der != LEAF.der
    with pytest.raises(ValueError):
        loaded(der)


@pytest.mark.parametrize("version", [1, 7])
def test_versions_that_nobody_reads(version):
    """A certificate of another version is no certificate: an error that callers know."""

    def other(content):
        content["version"] = asn1_x509.Version(version)

    with pytest.raises(ValueError):
        loaded(forged(other))


def test_extensions_belong_to_version_three():
    def older(content):
        content["version"] = "v1"

    assert problem(older) == "certificate-malformed"


def test_algorithm_outside_is_the_one_inside():
    content, algorithm, signature = parts(LEAF.der)
    other = algorithm.replace(bytes.fromhex("040302"), bytes.fromhex("040303"))  # SHA-384
    der = tlv(0x30, content, other, signature)
    assert (other != algorithm, loaded(der).serial_number) == (True, LEAF.serial)
    assert certificate_facts(der).problem == "certificate-malformed"


@pytest.mark.parametrize(
    "junk", [b"", b"\x30", b"\x30\x84", b"\x30\x00", b"\x30\x02\x30\x00", b"%PDF"]
)
def test_what_is_no_certificate(junk):
    with pytest.raises(ValueError):
        loaded(junk)
    assert chain_facts(junk, (), TrustSet((ROOT.der,))).problem == "certificate-malformed"


def attribute(text, oid=NameOID.COMMON_NAME):
    return x509.NameAttribute(oid, text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([attribute("Some  Office ")], [attribute("some office")], True),
        ([attribute("ＡＢ")], [attribute("ab")], True),
        ([attribute("Straße")], [attribute("STRASSE")], True),
        ([attribute("some office")], [attribute("someoffice")], False),
        ([attribute("a")], [attribute("a", NameOID.ORGANIZATION_NAME)], False),
        ([attribute("a"), attribute("b")], [attribute("b"), attribute("a")], False),
    ],
)
def test_names_compare_as_people_read_them(one, other, same):
    assert (name_of(x509.Name(one)) == name_of(x509.Name(other))) is same


def test_unique_identifiers_are_no_letters():
    def identifier(value):
        kind = x509.name._ASN1Type.BitString
        return x509.Name([x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, value, kind)])

    assert name_of(identifier(b"\x00A")) != name_of(identifier(b"\x00a"))
    assert name_of(identifier(b"\x00A")) == name_of(identifier(b"\x00A"))


CODE, OTHER = "11445200990090139J", "91445202MA9TEXT00K"
BY, SERIAL = NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ([(BY, f"NTRCN-{CODE}")], CODE),
        ([(BY, f"VATCN-{CODE}")], CODE),
        ([(BY, CODE)], CODE),
        ([(SERIAL, CODE)], CODE),
        ([(BY, f"NTRCN-{CODE}"), (SERIAL, OTHER)], CODE),
        ([(BY, "NTRDE-HRB 1234"), (SERIAL, CODE)], ""),
        ([(BY, f"NTRDE-{CODE}")], ""),
        ([(BY, f"anything-{CODE}")], ""),
        ([(BY, f"VATCN-NTRCN-{CODE}")], ""),
        ([(BY, f"NTRCN{CODE}")], ""),
        ([(BY, f"NTRCN-{CODE}"), (BY, f"NTRCN-{OTHER}")], ""),
        ([(BY, f"NTRCN-{CODE}"), (BY, f"NTRCN-{CODE}")], ""),
        ([(BY, f"NTRCN-{CODE}\n")], ""),
        ([(SERIAL, f"NTRCN-{CODE}")], ""),
        ([(SERIAL, f"IDCN-{CODE}")], ""),
        ([(SERIAL, CODE), (SERIAL, OTHER)], ""),
        ([(BY, f"NTRCN-{CODE.lower()}")], ""),
        ([(BY, f"NTRCN-{CODE[:-1]}X")], ""),  # a wrong check digit
        ([(BY, "NTRCN-１１445200990090139J")], ""),
        ([], ""),
    ],
)
def test_code_of_the_organisation(attributes, code):
    """From one place only: what an authority lets a subscriber write elsewhere names nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([attribute("某局"), *(attribute(text, oid) for oid, text in attributes)])
    made = _builder(name, key, ROOT.x509_name, ROOT.key, 7, (-1, 1)).sign(ROOT.key, hashes.SHA256())
    assert certificate_facts(made.public_bytes(Encoding.DER)).code == code


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ([(NameOID.ORGANIZATION_NAME, "某局"), (NameOID.COMMON_NAME, "某局印章")], "某局印章"),
        ([(NameOID.ORGANIZATION_NAME, "某局")], "某局"),
        ([(NameOID.COMMON_NAME, "甲"), (NameOID.COMMON_NAME, "乙")], "甲"),
        ([(NameOID.COUNTRY_NAME, "CN")], ""),
    ],
)
def test_name_that_people_read(attributes, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([attribute(text, oid) for oid, text in attributes])
    builder = _builder(subject, key, ROOT.x509_name, ROOT.key, 7, (-1, 1))
    made = builder.sign(ROOT.key, hashes.SHA256())
    assert certificate_facts(made.public_bytes(Encoding.DER)).name == name


def test_validity_without_end():
    """RFC 5280, 4.1.2.5: 9999-12-31T23:59:59Z is no moment to reckon with."""

    def endless(content):
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        content["validity"]["not_after"] = asn1_x509.Time({"general_time": last})

    found = certificate_facts(forged(endless))
    assert (found.not_after, found.problem) == (LATEST, "")


def test_validity_without_beginning():
    def ancient(content):
        first = datetime(1800, 1, 1, tzinfo=UTC)
        content["validity"]["not_before"] = asn1_x509.Time({"general_time": first})

    assert certificate_facts(forged(ancient)).not_before == EARLIEST


class Holder:
    """A certificate as far as its key is concerned."""

    def __init__(self, key):
        self.key = key

    def public_key(self):
        if isinstance(self.key, Exception):
            raise self.key
        return self.key.public_key()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (rsa.generate_private_key(65537, 2048), "rsa-2048"),
        (ec.generate_private_key(ec.BrainpoolP256R1()), "ecdsa-brainpoolp256r1"),
        (dsa.generate_private_key(1024), "dsa-1024"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (ed448.Ed448PrivateKey.generate(), "ed448"),
        (x25519.X25519PrivateKey.generate(), "unsupported"),
        (ValueError("curve"), "unsupported"),
    ],
    ids=["rsa", "curve", "dsa", "ed25519", "ed448", "no signatures", "unknown curve"],
)
def test_keys_have_the_names_of_crypto_policies(key, name):
    assert key_of(Holder(key)) == name


def test_facts_say_what_the_certificate_says():
    found = certificate_facts(LEAF.der)
    assert found.usages == ("digitalSignature", "nonRepudiation")
    assert (found.authority, found.purposes, found.signed_with) == (False, None, "sha256")
    assert found.not_after - found.not_before == timedelta(days=730)
    assert found.not_before < NOW < found.not_after
    stamper = certificate_facts(ROOT.leaf("时间戳", timestamping=True).der)
    assert (stamper.purposes, stamper.purposes_critical) == (("1.3.6.1.5.5.7.3.8",), True)
    assert certificate_facts(ROOT.der).authority


@pytest.mark.parametrize(
    ("key", "digest", "name"),
    [
        (rsa.generate_private_key(65537, 2048), hashes.SHA256(), "sha256"),
        (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), "sha384"),
        (dsa.generate_private_key(2048), hashes.SHA256(), "sha256"),
        (ed25519.Ed25519PrivateKey.generate(), None, "ed25519"),
        (ed448.Ed448PrivateKey.generate(), None, "ed448"),
    ],
    ids=["rsa", "curve", "dsa", "ed25519", "ed448"],
)
def test_keys_of_each_kind_sign(key, digest, name):
    """What they have signed, and nothing else."""
    subject = _name("某局")
    made = _builder(subject, key, subject, key, 7, (-1, 1)).sign(key, digest)
    der = made.public_bytes(Encoding.DER)
    certificate = loaded(der)
    assert signed_by(certificate, certificate)
    assert not signature_holds(certificate, certificate, certificate.tbs_certificate_bytes + b"x")
    assert not signed_by(certificate, loaded(ROOT.der))
    assert not signed_by(loaded(LEAF.der), certificate)
    assert certificate_facts(der).signed_with == name


def test_key_that_cannot_sign_has_signed_nothing():
    key = x25519.X25519PrivateKey.generate()
    made = _builder(ROOT.x509_name, key, ROOT.x509_name, ROOT.key, 7, (-1, 1))
    der = made.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert certificate_facts(der).key == "unsupported"
    assert not signed_by(loaded(LEAF.der), loaded(der))


def test_validity_may_be_one_moment():
    key = ec.generate_private_key(ec.SECP256R1())
    made = _builder(_name("某局"), key, ROOT.x509_name, ROOT.key, 7, (1, 1))
    der = made.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert certificate_facts(der).problem == ""


def test_bits_that_a_signature_leaves_out_are_none():
    """X.690, 8.6.2.2: or one signature would hold for several files."""
    der = LEAF.der
    while der[-1] & 1:
        der = forged(lambda _: None)
    content, algorithm, signature = parts(der)
    assert signed_by(loaded(der), loaded(ROOT.der))
    bits = signature[signature.index(b"\0") + 1 :]
    other = tlv(0x30, content, algorithm, tlv(0x03, b"\x01", bits))
    assert loaded(other).signature == loaded(der).signature
    assert not signed_by(loaded(other), loaded(ROOT.der))


def test_time_that_no_calendar_has_is_no_certificate(pki):
    """Year 0 (RFC 5280, 4.1.2.5.2 allows four digits): asked for later it would raise anywhere."""
    der = pki.issuing.der
    parsed = x509.load_der_x509_certificate(der)
    begins = parsed.not_valid_before_utc.strftime("%y%m%d%H%M%SZ").encode()
    utc, general = b"\x17\x0d" + begins, b"\x18\x0f00000101000000Z"
    assert der.count(utc) == 1
    longer = der.replace(utc, general)
    for place, grown in _lengths_around(der, der.index(utc), len(general) - len(utc)):
        longer = longer[:place] + grown + longer[place + len(grown) :]
    with pytest.raises(ValueError):
        loaded(longer)


def _lengths_around(der, place, more):
    """Lengths of the sequences around a place, each longer by so many octets."""
    begin = 0
    while begin < place:
        header = 4 if der[begin + 1] == 0x82 else 2
        size = int.from_bytes(der[begin + 2 : begin + 4]) if header == 4 else der[begin + 1]
        if begin + header + size > place:
            whole = (size + more).to_bytes(2) if header == 4 else bytes((size + more,))
            yield begin + (2 if header == 4 else 1), whole
            begin += header
        else:
            begin += header + size


def without_extensions(content):
    """Version 1, as it was before there were any (RFC 5280, 4.1)."""
    content["version"] = "v1"
    del content["extensions"]


def test_version_one_without_extensions_is_a_certificate():
    assert problem(without_extensions) == ""


NOBODYS = "1.3.6.1.4.1.32473.9"
UNREAD_KEYS = {
    "on no curve": ("301306072a8648ce3d020106082a8648ce3d030107", b"\x00\x04" + bytes(64)),
    "of no kind": ("300506032a0304", b"\x00" + bytes(64)),
}


def with_key(kind):
    """A certificate whose key nobody here can read."""
    algorithm, bits = UNREAD_KEYS[kind]

    def change(content):
        content["subject_public_key_info"] = keys.PublicKeyInfo.load(
            tlv(0x30, bytes.fromhex(algorithm), tlv(0x03, bits))
        )

    return forged(change)


@pytest.mark.parametrize("kind", UNREAD_KEYS)
def test_key_that_cannot_be_read_has_signed_nothing(kind):
    der = with_key(kind)
    assert certificate_facts(der).key == "unsupported"
    assert not signed_by(loaded(LEAF.der), loaded(der))


def with_unknown_algorithm():
    content, algorithm, signature = parts(LEAF.der)
    known = bytes.fromhex("06082a8648ce3d040302")
    unknown = core.ObjectIdentifier(NOBODYS).dump()
    other = tlv(0x30, unknown)
    _, begin, end = span_at(content)
    body = content[begin:end].replace(algorithm, other)
    assert (algorithm, body.count(other)) == (tlv(0x30, known), 1)
    return tlv(0x30, tlv(0x30, body), other, signature)


def test_algorithm_that_nobody_knows_is_told_by_its_number():
    """And by it nothing is signed, whoever is asked."""
    der = with_unknown_algorithm()
    assert certificate_facts(der).signed_with == NOBODYS
    assert not signed_by(loaded(der), loaded(ROOT.der))


def test_signature_of_another_kind_of_key_does_not_hold():
    """Its parameters are none for this key."""
    names = ("椭圆", "素数")
    made = []
    for name, key in zip(
        names,
        (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)),
        strict=True,
    ):
        subject = _name(name)
        built = _builder(subject, key, subject, key, 7, (-1, 1)).sign(key, hashes.SHA256())
        made.append(loaded(built.public_bytes(Encoding.DER)))
    curve, prime = made
    assert not signed_by(curve, prime)
    assert not signed_by(prime, curve)


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(b"\x30", id="ends after its tag"),
        pytest.param(b"\x30\x03\x30\x01\x02", id="serial number ends after its tag"),
        pytest.param(b"\x30\x84", id="ends in its length"),
        pytest.param(b"\x30\x02\x30\x00", id="has no serial number"),
    ],
)
def test_what_has_no_serial_number_is_left_to_the_parser(junk):
    """It is no certificate at all, and not one with a bad serial number."""
    with pytest.raises(ValueError) as raised:
        loaded(junk)
    assert not isinstance(raised.value, SerialNumberError)
