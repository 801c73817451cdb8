"""Each rule about a signer, a timestamp or an algorithm, by the one thing that a test makes bad."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib.crypto_policy import CRYPTO_2026, CRYPTO_POLICIES
from certlib.evidence import ChainFacts, PathFacts, StructureFacts
from certlib.indications import Indication, SubIndication, indication_of
from certlib.verification import FOREIGN, OWN, Facts, Outcome, Verdict, judge
from tests.fakes import evidence
from tests.fakes.concluding import (
    CHAIN,
    DAY,
    GENERAL,
    NOW,
    WRITTEN,
    conclude,
    on_day,
    only,
    signed_by,
    trusting,
)
from tests.fakes.evidence import (
    SEALED,
    anchor,
    authority,
    certificate,
    chain,
    message,
    revocation,
    signature,
    stamper,
    timestamp,
    unchained,
)
from tests.unit.life.builders import issued


def asked(*path, problem="", at=NOW, policy=OWN):
    """The conclusion on a seal without a timestamp, by that path."""
    return only(message=signed_by(*path, problem=problem), timestamp=None, at=at, policy=policy)


def test_good_seal_passes_as_of_its_timestamp():
    found = only()
    assert (found.indication, found.sub, found.problem) == (Indication.TOTAL_PASSED, None, "")
    assert (found.moment.made, found.moment.proven) == (SEALED, True)
    assert found.chain.revocation_as_of == revocation().this_update


def test_every_sub_indication_belongs_to_one_indication():
    failed = {sub for sub in SubIndication if indication_of(sub) is Indication.TOTAL_FAILED}
    assert failed == {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.NOT_YET_VALID,
    }


@pytest.mark.parametrize(
    ("changes", "problem", "sub"),
    [
        ({"layout_problem": "byte-range"}, "byte-range", "FORMAT_FAILURE"),
        (
            {"message": None, "form_problem": "cms-unreadable der"},
            "cms-unreadable der",
            "FORMAT_FAILURE",
        ),
        ({"message": message(digest_ok=False)}, "digest", "HASH_FAILURE"),
        ({"message": message(signature_ok=False)}, "signature", "SIG_CRYPTO_FAILURE"),
        (
            {"message": message(unchecked="unsupported sm2")},
            "unsupported",
            "CRYPTO_CONSTRAINTS_FAILURE",
        ),
    ],
)
def test_what_is_broken_comes_before_whom_to_believe(changes, problem, sub):
    found = only(**changes)
    assert (found.problem, found.sub, found.chain) == (problem, SubIndication(sub), None)


@pytest.mark.parametrize(
    ("signer", "problem"),
    [
        ({"problem": "duplicate-extensions"}, "duplicate-extensions"),
        ({"authority": True}, "signer-is-authority"),
        ({"usages": ("keyEncipherment",)}, "key-usage"),
        ({"usages": ()}, "key-usage"),
        ({"purposes": ("1.3.6.1.5.5.7.3.1",)}, "key-purpose"),
        ({"purposes": (evidence.TIME_STAMPING,)}, "key-purpose"),
    ],
)
def test_signer_with_the_wrong_profile(signer, problem):
    found = asked(certificate(**signer), authority(), anchor())
    assert (found.problem, found.sub, found.chain.trusted) == (problem, CHAIN, False)


@pytest.mark.parametrize(
    "signer",
    [{"usages": None}, {"usages": ("nonRepudiation",)}, {"purposes": ("1.3.6.1.5.5.7.3.36",)}],
)
def test_signer_with_a_fitting_profile(signer):
    assert asked(certificate(**signer), authority(), anchor()).problem == ""


@pytest.mark.parametrize(
    ("problem", "sub", "trusted"),
    [
        ("no-anchors", SubIndication.NO_CERTIFICATE_CHAIN_FOUND, None),
        ("no-path", SubIndication.NO_CERTIFICATE_CHAIN_FOUND, False),
        ("too-many-certificates", GENERAL, None),
        ("equal-subjects", GENERAL, None),
        ("too-many-paths", GENERAL, None),
    ],
)
def test_signer_without_a_path(problem, sub, trusted):
    found = only(message=message(chain=unchained(problem)))
    assert (found.problem, found.sub, found.chain.trusted) == (problem, sub, trusted)


def test_signer_whose_certificate_cannot_be_read():
    found = only(message=message(chain=ChainFacts(None, (), "certificate-malformed")))
    assert (found.problem, found.sub) == ("certificate-malformed", CHAIN)


def test_signer_without_a_path_and_without_a_word():
    """No reader says so; nobody is believed for it."""
    for facts in (
        ChainFacts(None),
        ChainFacts(certificate()),
        ChainFacts(None, (PathFacts((certificate(), authority(), anchor())),)),
    ):
        told = only(message=message(chain=facts)).chain
        assert (told.trusted, told.problem) == (False, "no-path")
    for facts in (ChainFacts(None), ChainFacts(stamper())):
        token = only(timestamp=timestamp(message=message(chain=facts))).token
        assert (token.proves, token.problem) == (None, "no-path")


@pytest.mark.parametrize(
    ("path", "problem", "sub"),
    [
        ((certificate(), authority(problem="serial-number"), anchor()), "serial-number", CHAIN),
        (
            (certificate(not_after=NOW - DAY), authority(), anchor()),
            "expired",
            SubIndication.OUT_OF_BOUNDS_NO_POE,
        ),
        (
            (certificate(), authority(not_after=NOW - DAY), anchor()),
            "expired",
            SubIndication.OUT_OF_BOUNDS_NO_POE,
        ),
        (
            (certificate(not_before=NOW + DAY), authority(), anchor()),
            "not-yet-valid",
            SubIndication.OUT_OF_BOUNDS_NO_POE,
        ),
        (
            (certificate(revocation=revocation(revoked_at=NOW)), authority(), anchor()),
            "revoked",
            SubIndication.REVOKED_NO_POE,
        ),
        (
            (certificate(), authority(revocation=revocation(revoked_at=NOW)), anchor()),
            "revoked",
            SubIndication.REVOKED_CA_NO_POE,
        ),
        (
            (certificate(revocation=None), authority(), anchor()),
            "revocation-unknown",
            SubIndication.TRY_LATER,
        ),
        (
            (certificate(), authority(revocation=None), anchor()),
            "revocation-unknown",
            SubIndication.TRY_LATER,
        ),
        (
            (certificate(revocation=revocation(complete=False)), authority(), anchor()),
            "revocation-unknown",
            SubIndication.TRY_LATER,
        ),
        (
            (certificate(revocation=revocation(next_update=NOW - DAY)), authority(), anchor()),
            "revocation-stale",
            SubIndication.TRY_LATER,
        ),
        (
            (certificate(revocation=revocation(next_update=None)), authority(), anchor()),
            "revocation-stale",
            SubIndication.TRY_LATER,
        ),
        (
            (certificate(signed_with="sha1"), authority(), anchor()),
            "weak-algorithm",
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        ),
        (
            (certificate(), authority(key="rsa-1024"), anchor()),
            "weak-algorithm",
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        ),
    ],
)
def test_path_that_does_not_hold(path, problem, sub):
    found = asked(*path)
    assert (found.problem, found.sub) == (problem, sub)
    assert found.chain.trusted is (None if problem.startswith("revocation") else False)


def test_path_that_never_holds():
    found = asked(certificate(), authority(), anchor(), problem="name-constraints")
    assert (found.problem, found.sub) == ("name-constraints", GENERAL)


def test_second_of_validity_counts_to_its_end():
    edge = certificate(not_before=NOW, not_after=NOW)
    assert asked(edge, authority(), anchor()).problem == ""
    assert asked(edge, authority(), anchor(), at=NOW + timedelta(seconds=1)).problem == "expired"
    early = asked(edge, authority(), anchor(), at=NOW - timedelta(seconds=1))
    assert early.problem == "not-yet-valid"


def test_revocation_counts_from_its_second_on():
    revoked = certificate(revocation=revocation(revoked_at=NOW))
    assert asked(revoked, authority(), anchor(), at=NOW - timedelta(seconds=1)).problem == ""


def test_one_good_path_is_enough():
    bad = PathFacts((certificate(), authority(not_after=NOW - DAY), anchor()))
    good = PathFacts((certificate(), authority(), anchor()))
    for paths in ((bad, good), (good, bad)):
        told = ChainFacts(certificate(), paths)
        assert only(message=message(chain=told), timestamp=None).problem == ""


def test_anchor_that_signs_itself_needs_no_list():
    assert asked(anchor(usages=None, authority=False)).problem == ""


def test_list_that_may_have_forgotten_the_expired():
    """RFC 5280, 3.3: it says nothing of a certificate that had expired by then."""
    past = certificate(not_after=SEALED + DAY)
    found = only(message=signed_by(past, authority(), anchor()))
    assert found.problem == "revocation-unknown"


def test_list_of_the_last_second_of_validity_has_forgotten_nothing():
    past = certificate(not_after=revocation().this_update)
    assert only(message=signed_by(past, authority(), anchor())).problem == ""


def test_list_issued_after_the_seal_is_new_enough():
    """What was not revoked then is known for good, however old the list is now."""
    old = certificate(revocation=revocation(this_update=SEALED + DAY, next_update=SEALED + 2 * DAY))
    path = signed_by(old, authority(), anchor())
    assert only(message=path).problem == ""
    assert only(message=path, timestamp=None).problem == "revocation-stale"


def test_list_is_new_enough_to_its_last_second():
    """Until the next one was promised, or from the moment of the seal on."""
    stale = "revocation-stale"
    for promised, problem in ((NOW, ""), (NOW - timedelta(seconds=1), stale)):
        told = certificate(revocation=revocation(next_update=promised))
        assert asked(told, authority(), anchor()).problem == problem
    for issued_at, problem in ((SEALED, ""), (SEALED - timedelta(seconds=1), stale)):
        told = certificate(revocation=revocation(this_update=issued_at, next_update=SEALED))
        assert only(message=signed_by(told, authority(), anchor())).problem == problem


def test_weak_path_of_a_seal_whose_time_is_proven():
    """Weak already then: no proof of existence would help."""
    found = only(message=signed_by(certificate(signed_with="sha1"), authority(), anchor()))
    assert (found.problem, found.detail) == ("weak-algorithm", "sha1")
    assert found.sub is SubIndication.CRYPTO_CONSTRAINTS_FAILURE


def test_seal_made_after_the_day_that_is_asked_about():
    """Whatever the policy: it did not exist by then."""
    for policy in (OWN, FOREIGN):
        told = on_day(date(2024, 1, 1), policy)
        assert told.signatures[0].problem == "sealed-later"
        seal = next(item for item in told.findings if item.check.value == "seal")
        assert seal.code == "seal-untrusted"
    assert on_day(date(2024, 1, 1)).verdict is Verdict.INDETERMINATE
    assert on_day(date(2024, 3, 1)).code == "foreign-valid"


def test_last_second_of_the_day_that_is_asked_about_counts():
    midnight = datetime(2024, 3, 1, 15, 59, 59, tzinfo=UTC)
    for moment, code in (
        (midnight, "foreign-valid"),
        (midnight + timedelta(seconds=1), "seal-untrusted"),
    ):
        assert on_day(date(2024, 3, 1), timestamp=timestamp(moment)).code == code


def test_of_today_a_file_proves_its_existence_itself():
    """It lies before us; a day that has not come is no other question."""
    for day in (NOW.date(), NOW.date() + timedelta(days=9)):
        assert on_day(day, timestamp=None).signatures[0].problem == ""
    yesterday = NOW.date() - timedelta(days=1)
    assert on_day(yesterday, timestamp=None).signatures[0].problem == "existence-unproven"


def test_past_day_proves_nothing_by_itself():
    """Without a timestamp a file may have been made today, under a key that was good then."""
    revoked = certificate(revocation=revocation(revoked_at=datetime(2026, 6, 1, tzinfo=UTC)))
    path = signed_by(revoked, authority(), anchor())
    day = date(2026, 5, 1)
    assert on_day(day, message=path, timestamp=None).code == "seal-untrusted"
    weak = message(digest="sha1")
    assert on_day(date(2012, 9, 1), message=weak, timestamp=None).code == "seal-weak"
    told = on_day(day, timestamp=None)
    assert (told.code, told.signatures[0].problem) == ("seal-untrusted", "existence-unproven")
    assert told.signatures[0].sub is SubIndication.NO_POE
    assert on_day(day, message=path).code == "foreign-valid", "the timestamp proves it"


@pytest.mark.parametrize(
    ("changes", "weak"),
    [
        ({"digest": "sha1"}, "sha1"),
        ({"digest": "md5"}, "md5"),
        ({"chain": chain(certificate(key="rsa-1024"), authority(), anchor())}, "rsa-1024"),
        (
            {"chain": chain(certificate(key="ecdsa-secp192r1"), authority(), anchor())},
            "ecdsa-secp192r1",
        ),
    ],
)
def test_weak_seal_is_named(changes, weak):
    found = only(message=message(**changes))
    assert (found.problem, found.detail) == ("weak-seal", weak)
    assert found.sub is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    bare = only(message=message(**changes), timestamp=None)
    assert bare.sub is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    report = judge(Facts(file=evidence.file(signature(message=message(**changes)))), OWN, NOW)
    finding = next(item for item in report.findings if item.code == "seal-weak")
    assert (finding.outcome, finding.values) == (Outcome.UNKNOWN, {"problem": weak})


def test_algorithm_that_was_good_when_it_was_used():
    early = datetime(2012, 1, 1, tzinfo=UTC)
    path = chain(
        certificate(not_before=early - DAY, key="rsa-1024"),
        authority(not_before=early - DAY),
        anchor(not_before=early - DAY),
    )
    stamp = timestamp(
        early,
        message=signed_by(stamper(not_before=early - DAY), anchor(not_before=early - DAY)),
    )
    assert only(message=message(digest="sha1", chain=path), timestamp=stamp).problem == ""


@pytest.mark.parametrize(
    ("key", "year", "problem"),
    [
        ("rsa-3072", 2040, ""),
        ("rsa-2048", 2030, ""),
        ("rsa-2048", 2031, "rsa-2048"),
        ("rsa-2047", 2026, "rsa-2047"),
        ("rsa-1024", 2013, ""),
        ("rsa-1024", 2014, "rsa-1024"),
        ("rsa-1023", 2013, "rsa-1023"),
        ("rsa-x", 2026, "rsa-x"),
        ("dsa-2048", 2023, ""),
        ("dsa-2048", 2024, "dsa-2048"),
        ("dsa-1024", 2014, "dsa-1024"),
        ("ecdsa-secp192r1", 2014, "ecdsa-secp192r1"),
        ("ecdsa-secp224r1", 2030, ""),
        ("ed25519", 2040, ""),
        ("ecdsa-secp256k1", 2026, "ecdsa-secp256k1"),
        ("ecdsa-secp224r1", 2031, "ecdsa-secp224r1"),
        ("unsupported", 2026, "unsupported"),
    ],
)
def test_keys_by_the_policy(key, year, problem):
    assert CRYPTO_2026.key_problem(key, datetime(year, 6, 1, tzinfo=UTC)) == problem


@pytest.mark.parametrize(
    ("digest", "problem"),
    [("sha256", ""), ("sha3-256", ""), ("shake256_len", ""), ("sha1", "sha1"), ("sm3", "sm3")],
)
def test_digests_by_the_policy(digest, problem):
    assert CRYPTO_2026.digest_problem(digest, NOW) == problem
    assert CRYPTO_POLICIES[CRYPTO_2026.name] is CRYPTO_2026


def test_last_day_of_a_key_counts():
    for key, last in (
        ("rsa-2048", date(2030, 12, 31)),
        ("dsa-2048", date(2024, 2, 3)),
        ("ecdsa-secp224r1", date(2030, 12, 31)),
    ):
        end = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC)
        assert CRYPTO_2026.key_problem(key, end) == ""
        assert CRYPTO_2026.key_problem(key, end + timedelta(seconds=1)) == key


@pytest.mark.parametrize(
    ("digest", "last"), [("sha1", date(2013, 12, 31)), ("sha224", date(2030, 12, 31))]
)
def test_last_day_of_a_digest_counts(digest, last):
    end = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC)
    assert CRYPTO_2026.digest_problem(digest, end) == ""
    assert CRYPTO_2026.digest_problem(digest, end + timedelta(seconds=1)) == digest
    assert CRYPTO_2026.digest_problem("md5", datetime(2003, 1, 1, tzinfo=UTC)) == "md5"


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({}, ""),
        ({"issuers": frozenset({evidence.ISSUER})}, ""),
        ({"issuers": frozenset({"11445200990090016H"})}, "authority-not-for-issuer"),
        ({"types": frozenset({"1" * 21})}, "authority-not-for-type"),
    ],
)
def test_trust_list_limits_whom_an_authority_speaks_for(limits, problem):
    policy = trusting(**limits)
    (found,) = conclude(signature(), policy=policy)
    assert (found.problem, found.sub) == (problem, CHAIN if problem else None)
    assert found.chain.trusted is not bool(problem)


def test_trust_list_that_began_after_the_seal():
    (found,) = conclude(signature(timestamp=None), policy=trusting(since=NOW + DAY))
    assert found.problem == "authority-not-yet"


def test_type_of_the_certificate_comes_from_the_record_or_from_the_file():
    policy = trusting(types=frozenset({issued().content.type_code}))
    of_record = Facts(file=evidence.file(), record=issued(), authorised=True)
    by_itself = Facts(file=evidence.file(identifier=WRITTEN))
    nameless = Facts(file=evidence.file(identifier=""))
    seals = [
        next(item.outcome for item in judge(facts, policy, NOW).findings if item.check == "seal")
        for facts in (of_record, by_itself, nameless)
    ]
    assert seals == [Outcome.PASS, Outcome.PASS, Outcome.FAIL]


def test_notes_on_the_structure_count_for_our_own_files():
    odd = evidence.file(structure=StructureFacts(1, ("hybrid",)), looks_ours=False)
    assert judge(Facts(file=odd), OWN, NOW).code == "altered"
    assert judge(Facts(file=odd), FOREIGN, NOW).code == "foreign-valid"


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
def test_who_signed_is_not_asked_where_the_bytes_are_others(policy):
    """No comfort: a good seal of something else says nothing of this file."""
    report = judge(
        Facts(file=evidence.file(signature(message=message(digest_ok=False)))), policy, NOW
    )
    assert all(item.check.value != "seal" for item in report.findings)


def test_file_that_names_a_certificate_of_ours_must_be_on_record_under_every_policy():
    """Another node's is a matter of that node; offline the marks of our files count."""
    names_us = Facts(file=evidence.file(identifier=WRITTEN), authorised=True)
    assert judge(names_us, FOREIGN, NOW).code == "seal-not-on-record"
    elsewhere = replace(names_us, our_node=False)
    assert judge(elsewhere, FOREIGN, NOW).code == "foreign-valid"
    offline = replace(names_us, registry_asked=False)
    assert judge(offline, FOREIGN, NOW).code == "status-unknown"
    plain = evidence.file(identifier=WRITTEN, looks_ours=False)
    assert judge(replace(offline, file=plain), FOREIGN, NOW).code == "foreign-valid"
    marked = evidence.file(identifier="")
    assert judge(Facts(file=marked, authorised=True), FOREIGN, NOW).code == "seal-not-on-record"


def test_seal_under_another_issuers_name():
    """The identifier names the issuer, whether it is on record or not."""
    other = certificate(code="11445200990090016H")
    item = signature(message=signed_by(other, authority(), anchor()))
    facts = Facts(file=evidence.file(item, identifier=WRITTEN), authorised=True)
    for policy in (OWN, FOREIGN):
        assert judge(facts, policy, NOW).code == "issuer-not-authorised"


def test_another_librarys_certificate_under_another_departments_seal():
    other = certificate(code="11445200990090016H")
    item = signature(message=signed_by(other, authority(), anchor()))
    elsewhere = Facts(file=evidence.file(item, identifier=WRITTEN), our_node=False)
    report = judge(elsewhere, FOREIGN, NOW)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "issuer-not-authorised")


def test_failure_of_one_signature_outweighs_what_is_unknown_of_another():
    unsupported = signature(message=message(unchecked="unsupported sm2"), timestamp=None)
    broken = signature(message=message(digest_ok=False))
    for pair in ((unsupported, broken), (broken, unsupported)):
        file = evidence.file(*pair, looks_ours=False)
        assert judge(Facts(file=file), FOREIGN, NOW).code == "altered"


def test_period_of_an_anchor_does_not_bind():
    """RFC 5280, 6.1: a renewed root vouches for what its key signed before."""
    renewed = anchor(not_before=NOW - DAY)
    assert only(message=signed_by(certificate(), authority(), renewed)).problem == ""
    later = signed_by(certificate(), authority(not_before=SEALED + DAY), anchor())
    found = only(message=later)
    assert (found.problem, found.sub) == ("not-yet-valid", SubIndication.OUT_OF_BOUNDS_NO_POE)
