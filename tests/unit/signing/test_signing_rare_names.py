"""Whatever a signer is called: rare characters cost nobody a verdict, odd ones break no report."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509.oid import NameOID

from certlib.verification import FOREIGN, OWN, Facts, detailed, judge
from signing.evidence import messages, wire
from signing.evidence.library_message import library_message
from signing.evidence.reader import read_facts
from tests.unit.signing import signing_pki
from tests.unit.signing.signing_pki import NOW, make_pki, seal_one

SCHEMA = Path(__file__).parents[3] / "docs" / "verification-report.schema.json"
CHECKER = jsonschema.Draft202012Validator(
    json.loads(SCHEMA.read_text("utf-8")),
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)
RARE = {
    "extension-b": "𠮷",
    "extension-c": "𫜴",
    "extension-e": "𬱖",
    "extension-g": "𰻝",
    "private": "\ue000",
    "arabic-and-latin": "بنك A",
}
ODD = {
    "emoji": "😀",
    "controls": "\x00\x1b[2J\n有效",
    "bidi": "\u202e效有\u2066",
    "markup": "<script>alert(1)</script>\"'",
    "format": "{0}%s{signer}",
    "blank": "   ",
    "long": "市" * 20,
}


def named(text):
    attributes = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return x509.Name([x509.NameAttribute(kind, text) for kind in attributes])


@pytest.fixture
def sealed(monkeypatch):
    """A file whose signer, or whose signer's authority, bears a name."""

    def make(text, whose="测试市"):
        plain = signing_pki._name
        with monkeypatch.context() as patched:
            patched.setattr(
                signing_pki,
                "_name",
                lambda name, *, code="": named(text) if whose in name else plain(name, code=code),
            )
            pki = make_pki()
            return pki, seal_one(pki)

    return make


@pytest.mark.parametrize("whose", ["测试市", "签章机构"], ids=["signer", "authority"])
@pytest.mark.parametrize("reader", ["own", "library"])
@pytest.mark.parametrize("text", RARE.values(), ids=RARE)
def test_a_rare_name_is_no_alteration(monkeypatch, sealed, text, reader, whose):
    """Neither under our own eyes nor where the library has to look."""
    pki, pdf = sealed(f"{text}市", whose)
    if reader == "library":
        monkeypatch.setattr(messages, "own_message", lambda _: None)
    facts = read_facts(pdf, pki.trust)
    (seal,) = facts.signatures
    assert seal.form_problem == ""
    assert seal.intact
    for policy in (OWN, FOREIGN):
        report = judge(Facts(file=facts, registry_asked=False), policy, NOW)
        assert report.code == "status-unknown", report.findings


def test_names_that_differ_in_a_rare_character_differ():
    """What the library gives up on is not simply the same."""
    one, same, other = (
        asn1.Name.load(named(text).public_bytes()) for text in ("𬱖 a", "𬱖  A", "𬱗 a")
    )
    assert one == same
    assert one.hashable == same.hashable
    assert one != other
    assert one.hashable != other.hashable


@pytest.mark.parametrize("text", [*RARE.values(), *ODD.values()], ids=[*RARE, *ODD])
def test_every_name_comes_through_the_wire_and_into_a_report(sealed, text):
    """As it is: the report is data, and keeps its shape."""
    pki, pdf = sealed(text)
    facts = read_facts(pdf, pki.trust)
    kept = wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(facts, 0))).facts
    assert kept == facts
    assert facts.signatures[0].signer.name == text
    for policy in (OWN, FOREIGN):
        report = judge(Facts(file=facts, registry_asked=False), policy, NOW)
        found = detailed(report, facts)
        CHECKER.validate(found)
        assert json.loads(json.dumps(found, ensure_ascii=False).encode()) == found
        assert report.code == "status-unknown"


def test_the_careful_reader_reads_what_our_own_reads(sealed):
    """Of one message with such a name, by each of them."""
    _, pdf = sealed("𬱖")
    found = re.search(rb"/Contents ?<([0-9a-f]+)>", pdf)
    assert found is not None
    der = bytes.fromhex(found[1].decode())
    size = 4 + int.from_bytes(der[2:4])
    ours, theirs = messages.own_message(der[:size]), library_message(der[:size])
    assert ours is not None
    assert (ours.signer_der, ours.others) == (theirs.signer_der, theirs.others)
