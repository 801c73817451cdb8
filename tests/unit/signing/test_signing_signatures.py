"""Messages that are sound and not of our form, and what is mandatory beside a sound signature."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import cms, keys, tsp
from cryptography import x509
from signing_forged import resigned
from signing_pki import NOW, Authority, Leaf

from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from certlib.verification import FOREIGN
from certlib.verification.signature_validation import conclusions
from signing.cms import CmsParts, SealTemplate, assemble, set_of, timestamp_attribute, tlv
from signing.evidence.bounds import check_facts
from signing.evidence.layout import SignatureLayout
from signing.evidence.signatures import signature_facts

ROOT, STAMPS = Authority("签名根"), Authority("时间根")
LEAF = ROOT.leaf("某局", code="11445200990090139J")
STAMPER = STAMPS.leaf("时间戳", timestamping=True)
STRANGER = Authority("路人根").leaf("路人", timestamping=True)
TRUST = TrustMaterial(
    seal_anchors=(ROOT.der,), timestamp_anchors=(STAMPS.der,), crls=(ROOT.crl(), STAMPS.crl())
)
BELOW = Authority("签名中间", ROOT)
OFFICE = BELOW.leaf("另一局", code="11445200990090139J")
_KNOWN = replace(TRUST, issuers=(BELOW.der,), crls=(*TRUST.crls, BELOW.crl()))
CONTENT = b"what is signed"
CADES, ADBE = "/ETSI.CAdES.detached", "/adbe.pkcs7.detached"
_DATA = bytes.fromhex("06092a864886f70d010701")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_ECDSA = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
_ATTRIBUTE_CERTIFICATE = tlv(
    0xA2,
    tlv(
        0x30,
        tlv(0x02, b"\x01"),
        tlv(0x30),
        tlv(0xA0, tlv(0x30)),
        _ECDSA,
        tlv(0x02, b"\x05"),
        tlv(0x30, tlv(0x18, b"20260101000000Z"), tlv(0x18, b"20270101000000Z")),
        tlv(0x30),
    ),
    _ECDSA,
    tlv(0x03, b"\x00\x00"),
)


def attribute(kind, value):
    return tlv(0x30, bytes.fromhex(kind), tlv(0x31, value))


def first_version(leaf):
    """The signing-certificate attribute of RFC 2634."""
    value = tsp.SigningCertificate({"certs": [{"cert_hash": hashlib.sha1(leaf.der).digest()}]})
    return attribute("060b2a864886f70d010910020c", value.dump())


def message(leaf, content, *, naming=None, certificates=None, tokens=(), info=False):
    """A CMS truly signed.

    Args:
        naming: instead of the signing-certificate-v2 attribute.
        certificates: what lies in it instead of the signer's certificate.
        tokens: makers of signature timestamps.
        info: the content is a TSTInfo, and lies in it.
    """
    template = SealTemplate((leaf.der,), "ecdsa-p256-sha256")
    kind = _TST_INFO if info else _DATA
    attributes = (
        attribute("06092a864886f70d010903", kind),
        attribute("06092a864886f70d010904", tlv(0x04, hashlib.sha256(content).digest())),
        *((template._fixed_attributes[1],) if naming is None else naming),
    )
    signature = leaf.sign(set_of(attributes))
    return assemble(
        CmsParts(
            version=3 if info else 1,
            digest_algorithm=cms.DigestAlgorithm({"algorithm": "sha256"}).dump(),
            encapsulated=tlv(0x30, kind, *([tlv(0xA0, tlv(0x04, content))] if info else [])),
            certificates=(leaf.der,) if certificates is None else certificates,
            identifier=template._identifier,
            attributes=b"".join(sorted(attributes)),
            signature_algorithm=template._mechanism,
            signature=signature,
            unsigned=b"".join(timestamp_attribute(make(signature)) for make in tokens),
        )
    )


def stamping(leaf=STAMPER, *, accuracy=None, of=None, **options):
    """A maker of tokens."""

    def make(signature):
        imprint = hashlib.sha256(signature if of is None else of).digest()
        info = {
            "version": "v1",
            "policy": "1.3.6.1.4.1.32473.1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": imprint,
            },
            "serial_number": 5,
            "gen_time": NOW,
        } | ({} if accuracy is None else {"accuracy": accuracy})
        return message(leaf, tsp.TSTInfo(info).dump(), info=True, **options)

    return make


def facts_of(contents, subfilter=CADES, trust=TRUST, **changes):
    layout = SignatureLayout(
        name="Seal",
        subfilter=subfilter,
        byte_range=(0, len(CONTENT), len(CONTENT), 0),
        contents=contents,
        covers_file=True,
        **changes,
    )
    found = signature_facts(CONTENT, layout, trust)
    check_facts(FileFacts(sha256="a", size=1, readable=True, signatures=(found,)))
    return found


def problem_of(facts):
    return conclusions((facts,), FOREIGN, NOW)[0].problem


def test_honest_one():
    found = facts_of(message(LEAF, CONTENT, tokens=(stamping(),)))
    assert (found.intact, found.layout_problem, found.form_problem) == (True, "", "")
    assert (found.timestamp.intact, found.timestamp.problem) == (True, "")
    assert problem_of(found) == ""


# --- the signer's certificate is named under the signature ---------------------------------------


@pytest.mark.parametrize(
    ("naming", "subfilter", "problem"),
    [
        ((), CADES, "signing-certificate"),
        ((), ADBE, ""),
        ((first_version(LEAF),), CADES, ""),
    ],
)
def test_signature_names_its_certificate(naming, subfilter, problem):
    """ETSI EN 319 142-1, 6.3; the older subfilter does not ask for it."""
    found = facts_of(message(LEAF, CONTENT, naming=naming), subfilter)
    assert (found.intact, found.layout_problem) == (True, problem)
    assert problem_of(found) == problem


def test_certificate_of_the_same_key_cannot_take_the_place_of_the_signers():
    """What the rule is for: another certificate of that key, another department's name."""
    twin = ROOT.leaf("别的单位", key=LEAF.key, code="91445202MA9TEXT00K")
    borrowed = replace(twin, key=LEAF.key)
    assert facts_of(message(borrowed, CONTENT, naming=())).layout_problem == "signing-certificate"
    named = SealTemplate((LEAF.der,), "ecdsa-p256-sha256")._fixed_attributes[1]
    assert not facts_of(message(borrowed, CONTENT, naming=(named,))).intact


def test_what_is_broken_anyway_says_so():
    found = facts_of(message(LEAF, b"something else", naming=()))
    assert (found.layout_problem, problem_of(found)) == ("", "digest")


def test_token_that_does_not_name_its_certificate_proves_nothing():
    """RFC 3161, 2.4.2 and RFC 5816."""
    found = facts_of(message(LEAF, CONTENT, tokens=(stamping(naming=()),)))
    assert found.timestamp.problem == "signing-certificate"
    concluded = conclusions((found,), FOREIGN, NOW)[0]
    assert (concluded.token.proves, concluded.token.problem) == (None, "signing-certificate")


# --- sound, and not as we write it ---------------------------------------------------------------


def test_attribute_certificate_among_the_certificates_breaks_nothing():
    found = facts_of(message(LEAF, CONTENT, certificates=(LEAF.der, _ATTRIBUTE_CERTIFICATE)))
    assert (found.intact, found.form_problem, problem_of(found)) == (True, "cms-form", "")


@pytest.mark.parametrize(("of", "told"), [(CONTENT, "unsupported"), (b"other", "digest")])
def test_what_speaks_of_other_content_is_altered_however_it_is_signed(of, told):
    """`unsupported` would say that nothing speaks against the file."""
    absent = message(LEAF, of, certificates=())
    known, unknown = (bytes.fromhex("06082a8648ce3d0403") + last for last in (b"\x02", b"\x7f"))
    before, _, after = message(LEAF, of).rpartition(known)
    for contents in (absent, before + unknown + after):
        found = facts_of(contents)
        assert (found.intact, problem_of(found)) == (False, told)


@pytest.mark.parametrize("octet", [0, 255])
def test_what_speaks_of_two_digests_or_of_none_tells_nothing(octet):
    digest = "06092a864886f70d010904"
    second = attribute(digest, tlv(0x04, bytes([octet]) * 32))
    two = message(LEAF, CONTENT, naming=(second,), certificates=())
    other = bytes.fromhex(digest[:-2] + "7f")
    none = message(LEAF, CONTENT, certificates=()).replace(bytes.fromhex(digest), other)
    for contents in (two, none):
        assert problem_of(facts_of(contents)) == "unsupported"


def test_absent_certificate_is_no_alteration():
    found = facts_of(message(LEAF, CONTENT, certificates=()))
    assert (found.message.unchecked, found.signer) == ("no signing certificate", None)
    assert (found.form_problem, problem_of(found)) == ("certificates", "unsupported")


@pytest.mark.parametrize(
    ("carried", "form"),
    [
        (lambda: (OFFICE.der, BELOW.der), ""),
        (lambda: (OFFICE.der, BELOW.der, ROOT.der), ""),
        (lambda: (OFFICE.der,), "certificates"),
        (lambda: (OFFICE.der, BELOW.der, STRANGER.der), "certificates"),
    ],
    ids=["whole", "with its anchor", "one taken away", "one put there"],
)
def test_the_path_and_no_others_are_carried(carried, form):
    """They are not signed: whoever passes a file on could take one away, or add one."""
    found = facts_of(message(OFFICE, CONTENT, certificates=sorted(carried())), trust=_KNOWN)
    assert (found.intact, found.form_problem, problem_of(found)) == (True, form, "")


def _on_curve(number):
    def change(content):
        point = content["subject_public_key_info"]["public_key"].dump()
        curve = tlv(0x30, bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex(number))
        content["subject_public_key_info"] = keys.PublicKeyInfo.load(tlv(0x30, curve, point))

    der = resigned(LEAF.der, ROOT.key, change)
    return Leaf(x509.load_der_x509_certificate(der), LEAF.key, ROOT)


@pytest.mark.parametrize(
    ("number", "curve"),
    [
        ("06082a811ccf5501822d", "1.2.156.10197.1.301"),  # SM2
        ("06092b2403030208010109", "brainpoolp320r1"),
        ("0500", "ec"),  # parameters that the issuer has: none at all
    ],
)
def test_curve_that_nobody_here_knows_is_no_alteration(number, curve):
    found = facts_of(message(_on_curve(number), CONTENT))
    assert found.message.unchecked == f"unsupported {curve}"
    assert problem_of(found) == "unsupported"


# --- timestamps ----------------------------------------------------------------------------------

_ODD = {
    "a stranger's": stamping(STRANGER),
    "of something else": stamping(of=b"something else"),
    "nameless": stamping(naming=()),
    "unreadable": lambda _: tlv(0x30, b"\x05\x00"),
}


@pytest.mark.parametrize("odd", _ODD)
@pytest.mark.parametrize("turned", [False, True])
def test_token_that_somebody_added_hides_no_other(odd, turned):
    """They are not signed: whoever passes a file on may add one."""
    both = (_ODD[odd], stamping())
    found = facts_of(message(LEAF, CONTENT, tokens=both[::-1] if turned else both))
    assert found.timestamp.message.chain.signer.name == "时间戳（演示）"
    assert (found.timestamp.intact, found.timestamp.problem) == (True, "")
    assert found.form_problem == "unsigned-attributes"
    assert conclusions((found,), FOREIGN, NOW)[0].token.proves == NOW


def test_four_tokens_are_read_and_no_more():
    strange = _ODD["a stranger's"]
    for before, name in ((3, "时间戳（演示）"), (4, "路人（演示）")):
        found = facts_of(message(LEAF, CONTENT, tokens=(*[strange] * before, stamping())))
        assert found.timestamp.message.chain.signer.name == name


@pytest.mark.parametrize(
    ("accuracy", "later"),
    [
        (None, timedelta(0)),
        ({"seconds": 2}, timedelta(seconds=2)),
        ({"millis": 5, "micros": 7}, timedelta(milliseconds=5, microseconds=7)),
        ({"seconds": 300 * 86_400}, timedelta(days=300)),
    ],
)
def test_token_proves_the_end_of_what_it_leaves_open(accuracy, later):
    """RFC 3161, 2.4.2: genTime may be off by its accuracy."""
    found = facts_of(message(LEAF, CONTENT, tokens=(stamping(accuracy=accuracy),)))
    assert found.timestamp.time == NOW + later


@pytest.mark.parametrize("seconds", [-1, 3 * 10**11, 10**12, 10**30])
def test_accuracy_that_leads_out_of_the_calendar(seconds):
    made = message(LEAF, CONTENT, tokens=(stamping(accuracy={"seconds": seconds}),))
    found = facts_of(made)
    assert (found.timestamp.time, found.timestamp.problem) == (None, "token-unreadable tst-info")
    assert found.intact


@pytest.mark.parametrize("moment", ["D:99991231235959Z", "D:00010101000000Z"])
def test_claim_outside_the_calendar_is_none(moment):
    assert facts_of(message(LEAF, CONTENT), moment=moment).claimed_time is None
