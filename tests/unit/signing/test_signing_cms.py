"""Promises about messages: our own reader takes nothing that another understands otherwise.

What `assemble` puts together is compared byte for byte, so counts and tags outside the signed parts
need no test of their own; what is carried over whole does.
"""

import hashlib
from datetime import UTC, timedelta

import pytest
from asn1crypto import cms, core, keys, x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from signing_forged import parts as parts_of_certificate
from signing_forged import resigned
from signing_messages import (
    CONTENT,
    CONTENT_TYPE,
    DATA,
    DIGEST,
    ECDSA,
    LEAF,
    MESSAGE_DIGEST,
    ROOT,
    RSA,
    STAMPER,
    TST_INFO,
    Writing,
    algorithm,
    answers,
    attribute,
    one_token,
    signing_certificate,
    stamped,
    token,
    written,
)
from signing_pki import NOW, Leaf

from signing.cms import timestamp_attribute, tlv
from signing.evidence import library_message as careful
from signing.evidence.library_message import library_message
from signing.evidence.message import (
    MessageProblemError,
    digest_of,
)
from signing.evidence.messages import read_message
from signing.evidence.own_message import own_message

OTHER = ROOT.leaf("别局", code="91445202MA9TEXT00K")
RSA_KEY = rsa.generate_private_key(65537, 2048)


def with_leaf(change, key=LEAF.key):
    """A signer whose certificate no library would write."""
    der = resigned(LEAF.der, ROOT.key, change)
    return Leaf(crypto_x509.load_der_x509_certificate(der), key, ROOT)


def edited(**edit):
    return written(edit=edit)


# --- our own form --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "der",
    [
        written(),
        written(digest="sha256", mechanism=RSA, leaf=ROOT.leaf("RSA", key=RSA_KEY)),
        written(edit={"certificates": tuple(sorted((LEAF.der, ROOT.der)))}),
        written(attributes=(*Writing().needed()[:2], signing_certificate(LEAF, issuer=False))),
        stamped(one_token),
    ],
    ids=["ecdsa", "rsa", "two certificates", "short reference", "timestamp"],
)
def test_our_form_is_read_by_ourselves(der):
    own, library = own_message(der), library_message(der)
    assert own is not None
    assert (own.signer_der, own.others, own.tokens) == (
        library.signer_der,
        library.others,
        library.tokens,
    )
    assert answers(own) == answers(library) == (True, True)
    assert answers(own_message(der), bytes(32)) == (False, True)


def test_token_of_our_form_is_read_by_ourselves():
    """Its certificates stand as they stand; its version is 3."""
    writing = token(b"x")
    writing.edit = {"certificates": tuple(sorted((STAMPER.der, ROOT.der), reverse=True))}
    for der in (token(b"x").der(), writing.der()):
        own = own_message(der)
        assert own is not None
        assert (own.content_type, own.encapsulated) == ("tst_info", token(b"x").content)
        assert answers(own, hashlib.sha256(own.encapsulated).digest()) == (True, True)
    assert own_message(writing.der()).others == (ROOT.der,)


def outer_changed(der):
    """The same certificate with another algorithm outside what is signed."""
    signed, _, signature = parts_of_certificate(der)
    return tlv(0x30, signed, RSA, signature)


def unused_bits(der):
    signed, mechanism, signature = parts_of_certificate(der)
    content = cms.OctetBitString.load(signature).native
    return tlv(
        0x30, signed, mechanism, tlv(0x03, b"\x01" + content[:-1] + bytes((content[-1] & 0xFE,)))
    )


NEEDED = Writing().needed()
NUMBER = tlv(0x02, b"\x01")
# Put together as a certificate is, of nothing that belongs there.
NONE = tlv(0x30, tlv(0x30, *[NUMBER] * 9), NUMBER, tlv(0x03, b"\x00"))


def naming(der):
    """A message that names this certificate and brings it."""
    signer = x509.Certificate.load(der)
    number = signer["tbs_certificate"]["serial_number"].dump()
    digest = tlv(0x04, hashlib.sha256(der).digest())
    named = attribute("060b2a864886f70d010910022f", tlv(0x30, tlv(0x30, tlv(0x30, digest))))
    edit = {"certificates": (der,), "identifier": tlv(0x30, signer.issuer.dump(), number)}
    return written(attributes=(*NEEDED[:2], named), edit=edit)


SHA384 = bytes.fromhex("300a06082a8648ce3d040303")
REASONS = {
    "version": edited(version=3),
    "digest of another name": written(digest="sha384"),
    "mechanism of another name": written(
        mechanism=SHA384, sign=lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA384()))
    ),
    "certificates in disorder": edited(
        certificates=tuple(sorted((LEAF.der, ROOT.der), reverse=True))
    ),
    "no certificate": edited(certificates=()),
    "certificate of another": edited(certificates=(OTHER.der,)),
    "certificate twice": edited(certificates=(LEAF.der, LEAF.der)),
    "outer algorithm": naming(outer_changed(LEAF.der)),
    "no certificate among them": edited(certificates=tuple(sorted((LEAF.der, NONE)))),
    "content of another type": written(
        attributes=(attribute(CONTENT_TYPE, b"\x06\x01\x2a"), *NEEDED[1:]),
        edit={"encapsulated": tlv(0x30, b"\x06\x01\x2a")},
    ),
    "more than a content": edited(
        encapsulated=tlv(0x30, DATA, tlv(0xA0, tlv(0x04, CONTENT)), b"\x05\x00"), version=3
    ),
    "two contents": edited(
        encapsulated=tlv(0x30, DATA, tlv(0xA0, tlv(0x04, b"a"), tlv(0x04, b"b"))), version=3
    ),
    "content that is no octets": edited(
        encapsulated=tlv(0x30, DATA, tlv(0xA0, tlv(0x0C, b"a"))), version=3
    ),
    "content in another tag": edited(
        encapsulated=tlv(0x30, DATA, tlv(0xA1, tlv(0x04, b"a"))), version=3
    ),
    "no content type": written(attributes=NEEDED[1:]),
    "no digest": written(attributes=(NEEDED[0], NEEDED[2])),
    "certificate not named": written(attributes=NEEDED[:2]),
    "another content type": written(attributes=(attribute(CONTENT_TYPE, TST_INFO), *NEEDED[1:])),
    "another certificate named": written(attributes=(*NEEDED[:2], signing_certificate(OTHER))),
    "attribute twice": written(more=(attribute(MESSAGE_DIGEST, tlv(0x04, bytes(32))),)),
    "two values": written(
        attributes=(
            NEEDED[0],
            NEEDED[2],
            attribute(MESSAGE_DIGEST, tlv(0x04, DIGEST), tlv(0x04, bytes(32))),
        )
    ),
    "unknown attribute": written(more=(attribute("06032a0304", b"\x05\x00"),)),
    "attribute of another tag": written(
        attributes=(*NEEDED[::2], b"\x31" + attribute(MESSAGE_DIGEST, tlv(0x04, DIGEST))[1:])
    ),
    "values of another tag": written(
        attributes=(
            *NEEDED[::2],
            tlv(0x30, bytes.fromhex(MESSAGE_DIGEST), tlv(0x30, tlv(0x04, DIGEST))),
        )
    ),
    "digest of another tag": written(
        attributes=(*NEEDED[::2], attribute(MESSAGE_DIGEST, tlv(0x0C, DIGEST)))
    ),
    "other algorithms protected": written(
        more=(
            attribute("06092a864886f70d010934", tlv(0x30, algorithm("sha256"), b"\xa1" + RSA[1:])),
        )
    ),
    "unsigned attribute": written(unsigned=attribute("06032a0304", b"\x05\x00")),
    "two tokens in one": stamped(
        lambda signature: timestamp_attribute(token(signature).der() + token(b"x").der())
    ),
    "two timestamps": stamped(lambda signature: one_token(signature) * 2),
    "timestamp in another tag": stamped(lambda signature: b"\x31" + one_token(signature)[1:]),
    "values of a timestamp in another tag": stamped(
        lambda signature: one_token(signature).replace(
            bytes.fromhex("060b2a864886f70d010910020e31"),
            bytes.fromhex("060b2a864886f70d010910020e30"),
        )
    ),
    "more behind": written() + b"\0",
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_not_quite_our_form_is_for_another_to_read(reason):
    assert own_message(REASONS[reason]) is None


def test_certificate_whose_number_is_none_is_for_another_to_read():
    """RFC 5280, 4.1.2.2."""
    for number, ours in ((5, True), (0, False), (-5, False)):

        def change(content, number=number):
            content["serial_number"] = number

        made = naming(resigned(LEAF.der, ROOT.key, change))
        assert (own_message(made) is not None) is ours


@pytest.mark.parametrize(
    ("leaf", "mechanism"),
    [
        (LEAF, RSA),
        (ROOT.leaf("RSA", key=RSA_KEY), ECDSA),
        (ROOT.leaf("ED", key=ed25519.Ed25519PrivateKey.generate()), ECDSA),
    ],
    ids=["rsa by ecdsa", "ecdsa by rsa", "ecdsa by ed25519"],
)
def test_mechanism_that_does_not_fit_the_key(leaf, mechanism):
    own = own_message(written(leaf=leaf, mechanism=mechanism))
    assert own is not None
    assert answers(own) == (True, False)
    assert own.form_problem == ""


@pytest.mark.parametrize(
    "signature", [b"", b"\x30\x00", bytes(64), b"\x30\x06\x02\x01\x01\x02\x01\x01"]
)
def test_signature_that_is_none(signature):
    own = own_message(written(sign=lambda *_: signature))
    assert answers(own) == (True, False)


# --- the careful way -----------------------------------------------------------------------------


def pss(key, data):
    return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def mechanism(name, **parameters):
    value = {"algorithm": name} | ({"parameters": parameters} if parameters else {})
    return cms.SignedDigestAlgorithm(value).dump()


PSS = mechanism(
    "rsassa_pss",
    hash_algorithm={"algorithm": "sha256"},
    mask_gen_algorithm={"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
    salt_length=32,
    trailer_field=1,
)


@pytest.mark.parametrize(
    ("key", "how", "digest", "options"),
    [
        (RSA_KEY, "rsassa_pkcs1v15", "sha256", {"mechanism": mechanism("rsassa_pkcs1v15")}),
        (RSA_KEY, "rsassa_pss", "sha256", {"mechanism": PSS, "sign": pss}),
        (dsa.generate_private_key(2048), "dsa", "sha256", {"mechanism": mechanism("sha256_dsa")}),
        (ec.generate_private_key(ec.SECP256R1()), "ecdsa", "sha256", {}),
        (
            ed25519.Ed25519PrivateKey.generate(),
            "ed25519",
            "sha512",
            {"mechanism": mechanism("ed25519")},
        ),
    ],
    ids=["rsa", "pss", "dsa", "ecdsa", "ed25519"],
)
def test_mechanisms_that_are_known(key, how, digest, options):
    leaf = ROOT.leaf(how, key=key)
    found = library_message(written(leaf=leaf, digest=digest, **options))
    assert found.unchecked == ""
    assert answers(found, hashlib.new(digest, CONTENT).digest()) == (True, True)
    broken = library_message(
        written(leaf=leaf, digest=digest, **{**options, "sign": lambda *_: b"x"})
    )
    assert not broken.intact
    assert answers(broken, hashlib.new(digest, CONTENT).digest())[1] is False


def test_ed448_is_known():
    leaf = ROOT.leaf("ED448", key=ed448.Ed448PrivateKey.generate())
    shake = cms.DigestAlgorithm({"algorithm": "shake256"}).dump()
    digest = hashlib.shake_256(CONTENT).digest(64)
    attributes = (
        NEEDED[0],
        attribute(MESSAGE_DIGEST, tlv(0x04, digest)),
        signing_certificate(leaf),
    )
    found = library_message(
        written(
            leaf=leaf,
            mechanism=mechanism("ed448"),
            attributes=attributes,
            edit={"digest_algorithm": shake},
        )
    )
    assert found.unchecked == ""
    assert answers(found, digest_of((CONTENT,), found.digest_algorithm)) == (True, True)


@pytest.mark.parametrize(
    ("options", "unchecked"),
    [
        ({"mechanism": bytes.fromhex("300506032a0304")}, "unsupported 1.2.3.4"),
        (
            {
                "mechanism": mechanism("ed25519"),
                "leaf": ROOT.leaf("ED", key=ed25519.Ed25519PrivateKey.generate()),
            },
            "sha256 does not fit ed25519",
        ),
        ({"edit": {"certificates": ()}}, "no signing certificate"),
    ],
)
def test_why_nobody_here_can_check_it(options, unchecked):
    found = library_message(written(**options))
    assert found.unchecked == unchecked
    assert answers(found) == (False, False)


def test_key_that_lies_on_no_curve_verifies_nothing():
    def change(content):
        point = b"\x00\x04" + bytes(64)
        kind = content["subject_public_key_info"]["algorithm"].dump()
        content["subject_public_key_info"] = keys.PublicKeyInfo.load(
            tlv(0x30, kind, tlv(0x03, point))
        )

    leaf = with_leaf(change)
    found = library_message(written(leaf=leaf))
    assert (found.unchecked, answers(found)) == ("", (False, False))


@pytest.mark.parametrize(
    ("der", "problem"),
    [
        (tlv(0x30, DATA, tlv(0xA0, tlv(0x04, b"x"))), "content-type"),
        (written() + b"x", "ValueError"),
        (b"\x30\x03\x02\x01\x01", "."),
    ],
)
def test_what_is_no_message(der, problem):
    with pytest.raises(MessageProblemError, match=problem):
        library_message(der)


@pytest.mark.parametrize("count", [0, 2])
def test_message_of_several_signers_or_of_none(count):
    """Of two, the first would be taken for the seal's, whoever the second is."""
    outer = cms.ContentInfo.load(written())
    signers = outer["content"]["signer_infos"]
    outer["content"]["signer_infos"] = [signers[0]] * count
    with pytest.raises(MessageProblemError, match="CMSExtractionError"):
        library_message(outer.dump(force=True))


def test_message_without_signed_attributes():
    """RFC 5652, 5.3: then nothing says by which certificate, or when."""
    outer = cms.ContentInfo.load(written())
    signer = outer["content"]["signer_infos"][0]
    bare = {key: signer[key] for key in ("version", "sid", "digest_algorithm")}
    bare |= {"signature_algorithm": signer["signature_algorithm"], "signature": b""}
    outer["content"]["signer_infos"] = [cms.SignerInfo(bare)]
    found = library_message(outer.dump(force=True))
    assert (found.stated, found.claimed_time, found.names_signer) == (None, None, False)
    assert not found.intact


@pytest.mark.parametrize(
    ("made", "stated"),
    [
        ("no certificate", DIGEST),
        ("no digest", None),
        ("two values", None),
        ("attribute twice", None),
    ],
)
def test_digest_that_a_message_states(made, stated):
    """Where it states two, nobody can say of which content it speaks."""
    assert library_message(REASONS[made]).stated == stated


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("060b2a864886f70d010910022f", True),  # signing-certificate-v2 (RFC 5035)
        ("060b2a864886f70d010910020c", True),  # signing-certificate (RFC 2634)
        ("060b2a864886f70d010910020d", False),
    ],
)
def test_attribute_that_names_the_signer(kind, named):
    made = written(attributes=(*NEEDED[:2], attribute(kind, tlv(0x30))))
    assert library_message(made).names_signer is named


@pytest.mark.parametrize("contents", [b"", b"\x31\x00", b"\x30\x05\x00", b"\x30\x85" + bytes(5)])
def test_contents_without_a_message(contents):
    with pytest.raises(MessageProblemError, match=r"^der$"):
        read_message(contents)


def test_padding_is_cut_and_our_own_reader_comes_first(monkeypatch):
    monkeypatch.setattr("signing.evidence.messages.library_message", lambda _: None)
    assert read_message(written() + bytes(9)).signer_der == LEAF.der
    assert read_message(REASONS["unsigned attribute"] + bytes(9)) is None


def by_key_identifier(identifier):
    return {"identifier": tlv(0x80, identifier)}


def test_signer_by_the_identifier_of_its_key():
    known = crypto_x509.SubjectKeyIdentifier.from_public_key(LEAF.key.public_key()).digest
    # A signer info that names a key is of version 3: the digit is no part of what is signed.
    found = library_message(written(edit=by_key_identifier(known)))
    assert found.signer_der == LEAF.der
    assert found.form_problem == "cms-form"
    assert library_message(written(edit=by_key_identifier(bytes(20)))).signer_der == b""


def test_signer_by_issuer_and_number():
    """The same number of another issuer, and another number of the same, are others."""
    twin_issuer = replace_issuer(LEAF.der)
    found = library_message(edited(certificates=tuple(sorted((LEAF.der, OTHER.der, twin_issuer)))))
    assert found.signer_der == LEAF.der
    assert set(found.others) == {OTHER.der, twin_issuer}


def replace_issuer(der):
    def change(content):
        content["issuer"] = x509.Name.load(OTHER.certificate.subject.public_bytes())

    return resigned(der, ROOT.key, change)


@pytest.mark.parametrize(
    ("der", "problem"),
    [
        (written(), ""),
        (token(b"x").der(), ""),
        (stamped(one_token), ""),
        (REASONS["version"], "cms-form"),
        (REASONS["certificates in disorder"], "cms-form"),
        (REASONS["certificate twice"], "cms-form"),
        (REASONS["outer algorithm"], "cms-form"),
        (edited(certificates=(unused_bits(LEAF.der),)), "cms-form"),
        (REASONS["no certificate"], "certificates"),
        (REASONS["unsigned attribute"], "unsigned-attributes"),
        (REASONS["two tokens in one"], "unsigned-attributes"),
        (REASONS["two timestamps"], "unsigned-attributes"),
        (
            written(leaf=ROOT.leaf("PSS", key=RSA_KEY), mechanism=PSS, sign=pss),
            "signature-algorithm",
        ),
    ],
)
def test_what_our_writer_would_have_written_otherwise(der, problem):
    assert library_message(der).form_problem == problem


def test_certificates_of_a_token_stand_as_they_stand():
    for turned in (False, True):
        writing = token(b"x")
        writing.edit = {"certificates": tuple(sorted((STAMPER.der, ROOT.der), reverse=turned))}
        assert library_message(writing.der()).form_problem == ""


def fail(*_):
    raise KeyError


def test_whatever_its_libraries_raise_it_is_no_message(monkeypatch):
    monkeypatch.setattr(careful, "extract_signer_info", fail)
    with pytest.raises(MessageProblemError, match="KeyError"):
        library_message(written())


def test_form_that_cannot_even_be_compared(monkeypatch):
    monkeypatch.setattr(careful, "parts_of", fail)
    assert library_message(written()).form_problem == "cms-form"


def test_empty_content_is_a_content():
    der = edited(encapsulated=tlv(0x30, DATA, tlv(0xA0, tlv(0x04))), version=3)
    assert library_message(der).encapsulated == b""
    assert library_message(written()).encapsulated is None


def test_other_unsigned_attributes_are_no_timestamps():
    der = written(unsigned=attribute("06032a0304", token(b"x").der()))
    assert library_message(der).tokens == ()


def signing_time(*moments):
    values = [core.UTCTime(moment).dump() for moment in moments]
    return attribute("06092a864886f70d010905", *values)


@pytest.mark.parametrize(
    ("attributes", "claimed"),
    [
        ((), None),
        ((signing_time(NOW),), NOW),
        ((signing_time(NOW, NOW + timedelta(days=1)),), None),
        ((attribute("06092a864886f70d010905", tlv(0x18, b"99991231235959Z")),), None),
        ((attribute("06092a864886f70d010905", tlv(0x18, b"00010101000000Z")),), None),
        ((attribute("06092a864886f70d010905", tlv(0x18, b"00000101000000Z")),), None),
        ((attribute("06092a864886f70d010905", tlv(0x18, b"20260601160000+0800")),), NOW),
    ],
    ids=["none", "one", "two", "the end", "the beginning", "no year", "another zone"],
)
def test_time_that_a_message_claims(attributes, claimed):
    found = library_message(written(more=attributes)).claimed_time
    assert (found, found and found.tzinfo) == (claimed, claimed and UTC)
