"""Promises about the facts of one signature: what is told of it, and what comes first."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from signing_messages import (
    CONTENT,
    DATA,
    LEAF,
    ROOT,
    STAMPER,
    STAMPS,
    Writing,
    attribute,
    one_token,
    stamped,
    token,
    written,
)
from signing_pki import NOW, Authority

from certlib.evidence import PathFacts
from certlib.ports import TrustMaterial
from signing.cms import timestamp_attribute, tlv
from signing.evidence import signatures as reading
from signing.evidence.layout import SignatureLayout
from signing.evidence.signatures import _pdf_moment, _worth, signature_facts
from tests.fakes import evidence

TRUST = TrustMaterial(
    seal_anchors=(ROOT.der,), timestamp_anchors=(STAMPS.der,), crls=(ROOT.crl(), STAMPS.crl())
)
STRANGER = Authority("路人时间根").leaf("路人", timestamping=True)
CADES, ADBE, RFC3161 = "/ETSI.CAdES.detached", "/adbe.pkcs7.detached", "/ETSI.RFC3161"
ENCLOSED = "/adbe.pkcs7.sha1"


def facts_of(contents, **changes):
    given = {
        "name": "Seal",
        "subfilter": CADES,
        "byte_range": (0, len(CONTENT), len(CONTENT), 0),
        "contents": contents,
        "covers_file": True,
        **changes,
    }
    return signature_facts(CONTENT, SignatureLayout(**given), TRUST)


def stamp_facts(der):
    return facts_of(der, kind="document_timestamp", subfilter=RFC3161)


def unnamed(content=CONTENT):
    return written(content=content, attributes=Writing(content=content).needed()[:2])


# --- the message ---------------------------------------------------------------------------------


def test_honest_one():
    found = facts_of(stamped(one_token))
    assert (found.intact, found.layout_problem, found.form_problem) == (True, "", "")
    assert found.timestamp.intact
    assert [len(item.message.chain.paths) for item in (found, found.timestamp)] == [1, 1]


@pytest.mark.parametrize(
    ("contents", "problem"),
    [(b"", "cms-unreadable der"), (b"\x30\x03\x02\x01\x01", "cms-unreadable ")],
)
def test_message_that_cannot_be_read(contents, problem):
    found = facts_of(contents)
    assert (found.message, found.intact) == (None, False)
    assert found.form_problem.startswith(problem)


@pytest.mark.parametrize(
    ("subfilter", "told"),
    [
        ("/adbe.x509.rsa_sha1", "unsupported adbe.x509.rsa_sha1"),
        ("/Somebody.elses", "unsupported SubFilter"),
    ],
)
def test_encoding_that_is_no_cms_is_unknown_and_not_broken(subfilter, told):
    """ISO 32000-1, 12.8.3.2, and table 252: a handler may have an encoding of its own."""
    found = facts_of(b"\x04\x01x", subfilter=subfilter)
    assert (found.message.unchecked, found.intact) == (told, False)
    assert found.message.chain.problem == "no-path"
    assert found.form_problem.startswith("cms-unreadable")


@pytest.mark.parametrize("subfilter", ["", CADES, ADBE, RFC3161, ENCLOSED])
def test_encoding_that_must_be_cms_is_broken_where_it_is_none(subfilter):
    assert facts_of(b"\x04\x01x", subfilter=subfilter).message is None


# --- the digest as content -----------------------------------------------------------------------


def enclosed(of=CONTENT, **options):
    """adbe.pkcs7.sha1 (ISO 32000-1, 12.8.3.3.1): what is signed is the digest of the file."""
    content = hashlib.sha1(of).digest()
    inside = tlv(0x30, DATA, tlv(0xA0, tlv(0x04, content)))
    edit = {"encapsulated": inside, **options.pop("edit", {})}
    return written(content=content, edit=edit, **options)


def test_enclosed_digest_of_the_file():
    found = facts_of(enclosed(), subfilter=ENCLOSED)
    assert (found.intact, found.layout_problem) == (True, "")
    # However well it is signed, SHA-1 is what holds it to the file.
    assert found.message.digest == "sha1"


def test_enclosed_digest_of_another_file():
    found = facts_of(enclosed(b"another"), subfilter=ENCLOSED)
    assert (found.message.digest_ok, found.message.signature_ok) == (False, True)


def test_enclosed_digest_of_another_file_that_nobody_can_check_is_altered_all_the_same():
    unknown = tlv(0x30, bytes.fromhex("06032a0304"))
    for of, unchecked in ((CONTENT, True), (b"another", False)):
        found = facts_of(enclosed(of, edit={"digest_algorithm": unknown}), subfilter=ENCLOSED)
        assert (found.message.unchecked != "") is unchecked
        assert not found.intact


def test_enclosed_digest_signed_by_a_weaker_one():
    found = facts_of(enclosed(digest="md5"), subfilter=ENCLOSED)
    assert found.message.digest == "md5"


def test_enclosed_digest_under_another_name_is_content():
    assert facts_of(enclosed(), subfilter=ADBE).layout_problem == "encapsulated-content"
    # Without content it is as any detached one.
    found = facts_of(written(), subfilter=ENCLOSED)
    assert (found.intact, found.message.digest) == (True, "sha256")


def test_whatever_escapes_makes_it_unreadable(monkeypatch):
    def fail(_):
        raise KeyError

    monkeypatch.setattr(reading, "read_message", fail)
    assert facts_of(written()).form_problem == "cms-unreadable KeyError"


def test_lack_of_memory_is_ours(monkeypatch):
    def fail(_):
        raise MemoryError

    monkeypatch.setattr(reading, "read_message", fail)
    with pytest.raises(MemoryError):
        facts_of(written())


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (token(b"x").der(), "encapsulated-content"),
        (unnamed(), "signing-certificate"),
        (written(), ""),
    ],
)
def test_what_is_wrong_with_the_place_comes_first(contents, problem):
    assert facts_of(contents).layout_problem == problem
    assert facts_of(contents, sound_problem="byte-range").layout_problem == "byte-range"


def test_digest_that_nobody_here_knows():
    unknown = tlv(0x30, bytes.fromhex("06032a0304"))
    found = facts_of(written(edit={"digest_algorithm": unknown}))
    assert found.message.unchecked.startswith("unsupported")
    assert not found.intact


@pytest.mark.parametrize(
    ("subfilter", "problem"), [(CADES, ""), (RFC3161, ""), (ADBE, "subfilter"), ("", "subfilter")]
)
def test_subfilters_of_ours(subfilter, problem):
    assert facts_of(written(), subfilter=subfilter).form_problem == problem


def test_first_oddity_is_told():
    stray = tuple(sorted((LEAF.der, STRANGER.der)))
    odd = written(edit={"certificates": stray})
    assert facts_of(odd, subfilter=ADBE).form_problem == "certificates"
    assert facts_of(written(edit={"version": 3}), subfilter=ADBE).form_problem == "cms-form"
    assert facts_of(odd, canonical_problem="gap-digits").form_problem == "gap-digits"


@pytest.mark.parametrize(
    ("count", "problem"), [(5, ""), (6, "too-many-certificates")], ids=["six", "seven"]
)
def test_so_many_certificates_and_no_more(count, problem):
    beside = [ROOT.leaf(f"局{number}").der for number in range(count)]
    found = facts_of(written(edit={"certificates": tuple(sorted((LEAF.der, *beside)))}))
    assert found.message.chain.problem == problem
    assert bool(found.message.chain.paths) is not bool(problem)


def test_claim_in_the_message_comes_before_that_of_the_dictionary():
    said = attribute("06092a864886f70d010905", core.UTCTime(NOW).dump())
    assert facts_of(written(more=(said,)), moment="D:20200101000000Z").claimed_time == NOW
    assert facts_of(written(), moment="D:20200101000000Z").claimed_time.year == 2020


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("D:20260601080000Z", NOW),
        ("D:20260601080000Z00'00'", NOW),
        ("D:20260601160000+08'00'", NOW),
        ("D:20260601160000+08'00", NOW),
        ("D:20260601160000+08", NOW),
        ("D:20260601023000-05'30'", NOW),
        ("D:20260601080000", None),
        ("D:20260601080000+24'00'", None),
        ("D:20260601080000+08'60'", None),
        ("D:20261301080000Z", None),
        ("D:20260230080000Z", None),
        ("D:20260601250000Z", None),
        ("D:18990601080000Z", None),
        ("D:202606010800Z", None),
        ("20260601080000Z", None),
        ("", None),
    ],
)
def test_moments_of_the_dictionary(text, moment):
    assert _pdf_moment(text) == moment


# --- timestamps over a signature -----------------------------------------------------------------


def edited_token(signature, **edit):
    writing = token(signature)
    writing.edit = edit
    return writing.der()


def other_content(signature):
    """What it says is not what was signed."""
    der = token(signature).der()
    content = token(signature).content
    return der.replace(content, content.replace(b"\x02\x01\x05\x18", b"\x02\x01\x06\x18"))


def of_an_unknown_digest(signature):
    imprint = {"hash_algorithm": {"algorithm": "1.2.3.4"}, "hashed_message": bytes(32)}
    return token(signature, message_imprint=imprint).der()


@pytest.mark.parametrize(
    ("make", "intact", "form", "unchecked"),
    [
        (lambda of: token(of).der(), True, "", ""),
        (lambda of: token(b"else").der(), False, "", ""),
        (other_content, False, "", ""),
        (of_an_unknown_digest, False, "", "unsupported 1.2.3.4"),
        (lambda of: edited_token(of, version=1), True, "timestamp-cms-form", ""),
        (
            lambda of: edited_token(of, certificates=(STAMPER.der, STRANGER.der)),
            True,
            "timestamp-certificates",
            "",
        ),
        (
            lambda of: edited_token(of, unsigned=attribute("06032a0304", b"\x05\x00")),
            True,
            "timestamp-unsigned-attributes",
            "",
        ),
    ],
    ids=[
        *("honest", "of something else", "other content", "unknown digest", "another version"),
        *("a stray certificate", "an unsigned attribute"),
    ],
)
def test_timestamp(make, intact, form, unchecked):
    found = facts_of(stamped(lambda signature: timestamp_attribute(make(signature))))
    assert (found.timestamp.intact, found.form_problem) == (intact, form)
    assert found.timestamp.message.unchecked == unchecked
    assert found.intact


@pytest.mark.parametrize("made", [b"\x30\x00", written(), tlv(0x04, b"x")])
def test_timestamp_that_is_none(made):
    found = facts_of(stamped(lambda _: timestamp_attribute(made)))
    assert found.timestamp.message is None
    assert found.timestamp.problem.startswith("token-unreadable")
    assert found.form_problem == "timestamp-form"
    assert found.intact


def test_chains_lead_to_anchors_of_their_own():
    """An authority for seals is none for timestamps, nor the other way round."""
    swapped = TrustMaterial(seal_anchors=(STAMPS.der,), timestamp_anchors=(ROOT.der,))
    layout = SignatureLayout(
        name="Seal",
        subfilter=CADES,
        byte_range=(0, len(CONTENT), len(CONTENT), 0),
        contents=stamped(one_token),
    )
    found = signature_facts(CONTENT, layout, swapped)
    assert found.message.chain.paths == ()
    assert found.timestamp.message.chain.paths == ()


def test_of_two_that_are_worth_the_same_the_first_counts():
    def both(*makers):
        return facts_of(
            stamped(lambda of: b"".join(timestamp_attribute(make(of)) for make in makers))
        ).timestamp

    good, later = (
        lambda of: token(of).der(),
        lambda of: token(of, gen_time=NOW + timedelta(days=1)).der(),
    )
    assert (both(good, later).time, both(later, good).time) == (NOW, NOW + timedelta(days=1))
    strange, ours = (
        lambda _: token(b"else", STRANGER).der(),
        lambda _: token(b"else").der(),
    )
    assert both(strange, ours).message.chain.paths == ()
    assert len(both(ours, strange).message.chain.paths) == 1


def test_what_a_timestamp_is_worth():
    good = evidence.timestamp()
    (path,) = good.message.chain.paths
    broken = replace(good.message.chain, paths=(PathFacts(path.certificates, "path"),))
    assert _worth(good) == (True, True)
    assert _worth(replace(good, message=replace(good.message, chain=broken))) == (True, False)
    assert _worth(replace(good, problem="signing-certificate")) == (False, False)
    assert _worth(replace(good, message=None)) == (False, False)


# --- timestamps over a document ------------------------------------------------------------------


def test_document_timestamp():
    found = stamp_facts(token(CONTENT).der())
    assert (found.kind, found.form_problem) == ("document_timestamp", "")
    assert (found.timestamp.intact, found.timestamp.time) == (True, NOW)
    assert found.message is found.timestamp.message


def test_document_timestamp_of_something_else():
    assert not stamp_facts(token(b"else").der()).timestamp.intact
    assert hashlib.sha256(b"else").digest() in token(b"else").content


@pytest.mark.parametrize(
    ("der", "form"),
    [
        (edited_token(CONTENT, version=1), "cms-form"),
        (edited_token(CONTENT, certificates=(STAMPER.der, STRANGER.der)), "certificates"),
        (written(), "cms-unreadable tst-info"),
    ],
)
def test_form_of_a_document_timestamp(der, form):
    assert stamp_facts(der).form_problem == form


def test_moments_outside_the_calendar_are_told_of_nobody():
    late = datetime(9998, 1, 1, tzinfo=UTC)
    assert (
        stamp_facts(token(CONTENT, gen_time=late).der()).form_problem == "cms-unreadable tst-info"
    )
