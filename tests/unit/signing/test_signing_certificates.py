"""What a certificate must not have, whatever it is used for (RFC 5280, 4), each by a forged one."""

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signing_forged import parts, resigned
from signing_pki import NOW, Authority, _builder, _name

from signing.cms import tlv
from signing.evidence.bounds import LATEST
from signing.evidence.certificates import (
    SerialNumberError,
    certificate_facts,
    key_of,
    loaded,
    name_of,
    signed_by,
)
from signing.evidence.chain import TrustSet, chain_facts

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


def test_name_that_cannot_be_read():
    """A bit string where a text belongs is an error that callers know."""
    text = "某局".encode()
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


def test_validity_without_end():
    """RFC 5280, 4.1.2.5: 9999-12-31T23:59:59Z is no moment to reckon with."""

    def endless(content):
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        content["validity"]["not_after"] = asn1_x509.Time({"general_time": last})

    found = certificate_facts(forged(endless))
    assert (found.not_after, found.problem) == (LATEST, "")


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
