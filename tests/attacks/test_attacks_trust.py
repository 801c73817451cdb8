"""Seals that verify but must not be trusted, and CMS that says more than was signed."""

import dataclasses
from datetime import timedelta

import pytest
import signing_pki
from attacks_forging import cms_of, gap, parts_of, rebuilt, with_cms
from cryptography.hazmat.primitives.asymmetric import rsa
from signing_pki import NOW, Authority, TestTimestamps, make_content, make_page, make_pki

from certlib.indications import SubIndication
from certlib.ports import TrustMaterial
from signing.cms import tlv
from signing.sealing import PadesSealer


def seal_with(leaf, timestamps, level="B-T"):
    content = make_content()
    sealer = PadesSealer(leaf, timestamps, signing_pki.FixedClock(), reserved=12_000)
    return sealer.seal(make_page(content.canonical()), content, level).pdf


def seal_of(facts, *, at=NOW):
    """What is concluded on the only signature, which is intact."""
    (found,) = facts.signatures
    assert found.message.intact
    return signing_pki.concluded(facts, at=at)


def believed(found):
    return found.chain.trusted, found.chain.problem


def test_seal_of_another_authority(read):
    """The names are the same, the keys are not."""
    facts = read(signing_pki.seal_one(make_pki()))
    found = seal_of(facts)
    assert believed(found) == (False, "no-path")
    assert found.facts.timestamp.intact
    assert found.token.problem == "no-path"
    assert not found.facts.form_problem, "only trust is missing"


def test_self_signed_lookalike(pki, read):
    """A certificate with the department's own subject that nobody vouches for."""
    forged = Authority("伪造").leaf("测试市交通运输局", code=signing_pki.ISSUER_CODE)
    found = seal_of(read(seal_with(forged, pki.timestamps)))
    assert believed(found) == (False, "no-path")
    assert found.facts.signer.code == signing_pki.ISSUER_CODE


@pytest.mark.parametrize(
    ("days", "problem"), [((-400, -1), "expired"), ((1, 400), "not-yet-valid")]
)
def test_seal_outside_its_validity(pki, read, days, problem):
    leaf = pki.issuing.leaf("测试市交通运输局", code=signing_pki.ISSUER_CODE, days=days)
    found = seal_of(read(seal_with(leaf, pki.timestamps)))
    assert believed(found) == (False, problem)


def test_seal_that_expired_after_the_timestamp_stays_good(pki, sealed, read):
    later = NOW + timedelta(days=800)
    lists = [item.crl(at=later, keeps_expired=True) for item in (pki.issuing, pki.root)]
    facts = read(sealed, trust=dataclasses.replace(pki.trust, crls=tuple(lists)))
    assert believed(seal_of(facts, at=later)) == (True, "")


def test_list_that_forgets_the_expired_says_nothing_of_them(pki, sealed, read):
    """RFC 5280, 3.3: an entry may be removed once its certificate has expired."""
    later = NOW + timedelta(days=800)
    lists = (pki.issuing.crl(at=later), pki.root.crl(at=later))
    facts = read(sealed, trust=dataclasses.replace(pki.trust, crls=lists))
    assert believed(seal_of(facts, at=later)) == (None, "revocation-unknown")


def test_timestamp_whose_authority_has_expired_proves_nothing(pki, read):
    """Whoever finds its key afterwards can date back with it; a later timestamp would tell."""
    stamps = TestTimestamps(pki.root.leaf("时间戳", timestamping=True, days=(-365, 30)))
    facts = read(seal_with(pki.seal, stamps))
    assert seal_of(facts).token.proves == NOW
    later = seal_of(facts, at=NOW + timedelta(days=31))
    assert (later.token.proves, later.token.problem) == (None, "expired")
    assert not later.moment.proven


def test_seal_without_a_timestamp_is_judged_by_the_day_of_the_question(pki, read):
    pdf = seal_with(pki.seal, None, "B-B")
    assert believed(seal_of(read(pdf))) == (True, "")
    assert seal_of(read(pdf)).token is None
    found = seal_of(read(pdf), at=NOW + timedelta(days=800))
    assert believed(found) == (False, "expired")


def test_seal_revoked_before_the_timestamp(pki, sealed, read):
    crl = pki.issuing.crl([(pki.seal.serial, NOW - timedelta(days=1))])
    found = seal_of(read(sealed, trust=dataclasses.replace(pki.trust, crls=(crl, pki.root.crl()))))
    assert believed(found) == (False, "revoked")


def test_seal_revoked_after_the_timestamp_stays_good(pki, sealed, read):
    later = NOW + timedelta(days=2)
    crl = pki.issuing.crl([(pki.seal.serial, NOW + timedelta(days=1))], at=later)
    trust = dataclasses.replace(pki.trust, crls=(crl, pki.root.crl(at=later)))
    found = seal_of(read(sealed, trust=trust), at=later)
    assert believed(found) == (True, "")
    assert found.chain.revocation_as_of == later


def test_revoked_authority(pki, sealed, read):
    crl = pki.root.crl([(pki.issuing.certificate.serial_number, NOW - timedelta(days=1))])
    found = seal_of(
        read(sealed, trust=dataclasses.replace(pki.trust, crls=(pki.issuing.crl(), crl)))
    )
    assert believed(found) == (False, "revoked")


@pytest.mark.parametrize(
    ("crls", "problem"),
    [
        ("none", "revocation-unknown"),
        ("stale", "revocation-stale"),
        ("foreign", "revocation-unknown"),
    ],
)
def test_missing_revocation_data_is_undecided(pki, sealed, read, crls, problem):
    lists = {
        "none": (),
        "stale": (pki.issuing.crl(at=NOW - timedelta(days=60)),),
        "foreign": (make_pki().issuing.crl(), b"not a list"),
    }[crls]
    found = seal_of(read(sealed, trust=dataclasses.replace(pki.trust, crls=lists)))
    assert believed(found) == (None, problem)


def test_no_anchor_is_undecided(sealed, read):
    found = seal_of(read(sealed, trust=TrustMaterial()))
    assert believed(found) == (None, "no-anchors")


def test_timestamp_of_another_authority(pki, read):
    found = seal_of(read(seal_with(pki.seal, make_pki().timestamps)))
    assert found.facts.timestamp.intact
    assert (found.token.proves, found.token.problem) == (None, "no-path")
    assert found.chain.trusted is True, "judged by the day of the question, not by that timestamp"


def test_untrusted_timestamp_does_not_turn_back_the_clock(pki, read):
    """An expired seal with a timestamp of the forger's own authority, dated back."""
    leaf = pki.issuing.leaf("测试市交通运输局", days=(-400, -100))
    forged = TestTimestamps(make_pki().timestamps.leaf, moment=NOW - timedelta(days=200))
    assert seal_of(read(seal_with(leaf, forged))).problem == "expired"


def test_timestamp_signed_by_a_seal(pki, read):
    """Only a certificate for timestamps alone may sign them (RFC 3161, 2.3)."""
    found = seal_of(read(seal_with(pki.seal, TestTimestamps(pki.seal))))
    assert (found.token.proves, found.token.problem) == (None, "key-purpose")


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"authority": True}, "signer-is-authority")],
)
def test_signer_with_the_wrong_profile(pki, read, options, problem):
    leaf = pki.issuing.leaf("测试市交通运输局", **options)
    found = seal_of(read(seal_with(leaf, pki.timestamps)))
    assert believed(found) == (False, problem)


def test_timestamp_of_another_signature(pki, sealed, read):
    """A good token, moved here from another file."""
    other = seal_with(pki.seal, pki.timestamps)
    found = seal_of(read(rebuilt(sealed, unsigned=parts_of(other).unsigned)))
    assert (found.token.proves, found.token.problem) == (None, "timestamp-imprint")


_OTHER_ATTRIBUTE = tlv(0x30, bytes.fromhex("06032a0304"), tlv(0x31, tlv(0x04, b"x")))


@pytest.mark.parametrize(
    "change",
    [lambda own: own + _OTHER_ATTRIBUTE, lambda own: _OTHER_ATTRIBUTE + own, lambda own: own + own],
    ids=["attribute added", "attribute before", "two timestamps"],
)
def test_unsigned_attributes_are_exactly_ours(sealed, read, change):
    found = seal_of(read(rebuilt(sealed, unsigned=change(parts_of(sealed).unsigned))))
    assert found.facts.form_problem == "unsigned-attributes"


def test_removed_timestamp_shows(sealed, read):
    assert seal_of(read(rebuilt(sealed, unsigned=b""))).token is None


def test_stranger_among_the_certificates(pki, sealed, read):
    """Nobody signs the list of certificates: it holds the path and nothing else."""
    certificates = sorted((*parts_of(sealed).certificates, make_pki("别人").issuing.der))
    found = seal_of(read(rebuilt(sealed, certificates=tuple(certificates))))
    assert found.facts.form_problem == "certificates"


def test_damage_to_the_authority_that_came_along(pki, sealed, read):
    """Nobody signs that copy: we build the path with our own, and see that theirs is not it.

    Without an authority of our own the damaged copy could only look untrusted.
    """
    trust = dataclasses.replace(pki.trust, issuers=(pki.issuing.der,))
    own = parts_of(sealed).certificates
    place = own.index(pki.issuing.der)
    for position in range(0, len(pki.issuing.der), 37):
        damaged = bytearray(pki.issuing.der)
        damaged[position] ^= 1
        others = tuple(bytes(damaged) if at == place else der for at, der in enumerate(own))
        (seal,) = read(rebuilt(sealed, certificates=others), trust=trust).signatures
        assert seal.form_problem, position
        # Where even the CMS cannot be read nobody's chain is asked.
        assert seal.message is None or not seal.message.chain.problem, position


def test_certificates_in_another_order(sealed, read):
    certificates = tuple(reversed(parts_of(sealed).certificates))
    found = seal_of(read(rebuilt(sealed, certificates=certificates)))
    assert found.facts.form_problem == "cms-form"


def test_revocation_list_inside_the_cms(pki, sealed, read):
    encoded = cms_of(sealed).dump()
    signers = encoded.rindex(parts_of(sealed).identifier) - 7
    position = encoded.rindex(b"\x31", 0, signers)
    inserted = tlv(0xA1, pki.root.crl())
    content = cms_of(sealed)["content"].contents
    at = content.index(encoded[position : position + 12])
    signed = tlv(0x30, content[:at] + inserted + content[at:])
    forged = tlv(0x30, bytes.fromhex("06092a864886f70d010702"), tlv(0xA0, signed))
    found = seal_of(read(with_cms(sealed, forged)))
    assert found.facts.form_problem == "cms-form"


def test_too_many_certificates_are_not_looked_at(pki, read):
    """Path building is factorial in equal subjects: 8 take 17 seconds."""

    class Crowd(signing_pki.Leaf):
        @property
        def chain(self):
            return (self.der, *(Authority("同名").der for _ in range(9)))

    leaf = Crowd(pki.seal.certificate, pki.seal.key, pki.issuing)
    found = seal_of(read(seal_with(leaf, pki.timestamps)))
    assert believed(found) == (None, "too-many-certificates")


def test_equal_subjects_are_not_looked_at(pki, read):
    class Twins(signing_pki.Leaf):
        @property
        def chain(self):
            return (self.der, Authority("同名").der, Authority("同名").der)

    leaf = Twins(pki.seal.certificate, pki.seal.key, pki.issuing)
    found = seal_of(read(seal_with(leaf, pki.timestamps)))
    assert believed(found) == (None, "equal-subjects")


def test_short_rsa_key_is_named(read):
    pki = make_pki(key=rsa.generate_private_key(65537, 1024))
    found = seal_of(read(signing_pki.seal_one(pki), trust=pki.trust))
    assert found.detail == "rsa-1024"


def test_gap_is_examined_before_the_cms(sealed, read):
    start, end = gap(sealed)
    facts = read(sealed[: start + 1] + b"0" * (end - start - 2) + sealed[end - 1 :])
    (found,) = facts.signatures
    assert found.message is None
    assert found.form_problem.startswith("cms-unreadable")


SM3 = bytes.fromhex("300a06082a811ccf55018311")
SM2_WITH_SM3 = bytes.fromhex("300a06082a811ccf55018375")
SHA1 = bytes.fromhex("300706052b0e03021a")


def test_algorithm_that_nobody_here_knows_is_named(sealed, read):
    """Not checked is not the same as failed: the problem is the algorithm's."""
    forged = rebuilt(sealed, digest_algorithm=SM3, signature_algorithm=SM2_WITH_SM3)
    found = signing_pki.concluded(read(forged))
    assert found.sub is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert found.detail.startswith("unsupported")
    assert not found.facts.message.intact


def test_another_digest_algorithm_makes_another_digest(sealed, read):
    """Its name is not signed; what is stated is not the SHA-1 of this file."""
    found = signing_pki.concluded(read(rebuilt(sealed, digest_algorithm=SHA1)))
    assert (found.sub, found.problem) == (SubIndication.HASH_FAILURE, "digest")
