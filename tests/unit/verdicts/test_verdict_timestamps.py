"""Rules about timestamps: what proves a moment, and what proves nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.evidence import TimestampFacts
from certlib.indications import Indication, SubIndication
from certlib.verification import FOREIGN, OWN, Facts, Verdict, judge
from tests.fakes import evidence
from tests.fakes.concluding import DAY, NOW, conclude, only, signed_by, trusting
from tests.fakes.evidence import (
    SEALED,
    anchor,
    authority,
    certificate,
    document_timestamp,
    message,
    revocation,
    signature,
    stamper,
    timestamp,
    unchained,
)
from tests.unit.life.builders import issued

MAIL = "1.3.6.1.5.5.7.3.4"


def test_seal_that_existed_before_its_certificate_was_valid():
    """A timestamp proves that it was not made under that certificate."""
    later = certificate(not_before=SEALED + DAY)
    found = only(message=signed_by(later, authority(), anchor()))
    assert (found.problem, found.sub) == ("not-yet-valid", SubIndication.NOT_YET_VALID)
    assert found.indication is Indication.TOTAL_FAILED


def test_timestamp_keeps_a_seal_good_beyond_its_certificate():
    past = certificate(not_after=SEALED + DAY, revocation=revocation(keeps_expired=True))
    path = signed_by(past, authority(), anchor())
    assert only(message=path).problem == ""
    assert only(message=path, timestamp=None).problem == "expired"


@pytest.mark.parametrize(
    ("stamp", "problem"),
    [
        (TimestampFacts(None, False, None), "timestamp-form"),
        (timestamp(message=None), "timestamp-form"),
        (timestamp(None), "timestamp-form"),
        (timestamp(problem="timestamp-form"), "timestamp-form"),
        (timestamp(message=message(unchecked="unsupported sm2")), "unsupported"),
        (timestamp(imprint_ok=False), "timestamp-imprint"),
        (timestamp(message=message(signature_ok=False)), "token-signature"),
        (timestamp(message=message(chain=unchained(signer=stamper()))), "no-path"),
        (timestamp(message=message()), "key-purpose"),
        (
            timestamp(message=signed_by(replace(stamper(), purposes_critical=False), anchor())),
            "key-purpose",
        ),
        (
            timestamp(message=signed_by(replace(stamper(), purposes=(MAIL,)), anchor())),
            "key-purpose",
        ),
        (
            timestamp(
                message=signed_by(
                    replace(stamper(), purposes=(evidence.TIME_STAMPING, MAIL)), anchor()
                )
            ),
            "key-purpose",
        ),
        (timestamp(message=signed_by(stamper(revocation=None), anchor())), "revocation-unknown"),
        (timestamp(message=signed_by(stamper(not_after=NOW - DAY), anchor())), "expired"),
        (
            timestamp(message=signed_by(stamper(not_before=SEALED + DAY), anchor())),
            "timestamp-period",
        ),
        (
            timestamp(message=replace(timestamp().message, digest="sha1")),
            "weak-algorithm",
        ),
        (timestamp(imprint="md5"), "weak-algorithm"),
        (timestamp(NOW + DAY), "timestamp-future"),
    ],
)
def test_timestamp_that_proves_nothing(stamp, problem):
    found = only(timestamp=stamp)
    assert (found.token.proves, found.token.problem) == (None, problem)
    assert (found.moment.made, found.moment.proven) == (NOW, False)
    strict = judge(Facts(file=evidence.file(signature(timestamp=stamp))), OWN, NOW)
    assert strict.verdict is not Verdict.VALID
    lenient = judge(
        Facts(file=evidence.file(signature(timestamp=stamp), looks_ours=False)), FOREIGN, NOW
    )
    assert lenient.code == "foreign-valid", "what proves nothing speaks against nothing"


def test_document_timestamp_proves_what_it_covers():
    """Its authority outlives the one inside: the inner token still counts."""
    inner = timestamp(
        message=signed_by(
            stamper(not_after=SEALED + 2 * DAY, revocation=revocation(keeps_expired=True)), anchor()
        )
    )
    assert conclude(signature(timestamp=inner))[0].token.problem == "expired"
    seal, outer = conclude(signature(timestamp=inner, covers_file=False), document_timestamp())
    assert outer.token.proves == SEALED + DAY
    assert (seal.token.proves, seal.problem) == (SEALED, "")


def test_document_timestamp_that_does_not_hold_proves_nothing():
    bad = document_timestamp()
    bad = replace(bad, timestamp=replace(bad.timestamp, imprint_ok=False))
    seal, outer = conclude(signature(timestamp=None), bad)
    assert (outer.problem, outer.sub) == ("digest", SubIndication.HASH_FAILURE)
    assert not seal.moment.proven


def test_document_timestamp_of_an_unknown_authority():
    stamp = timestamp(SEALED + DAY, message=message(chain=unchained(signer=stamper())))
    _, outer = conclude(signature(), document_timestamp(message=stamp.message, timestamp=stamp))
    assert (outer.problem, outer.sub) == ("no-path", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)


def test_document_timestamp_that_could_not_be_read():
    broken = document_timestamp(timestamp=None)
    assert conclude(broken)[0].sub is SubIndication.HASH_FAILURE
    assert not broken.intact


def test_timestamps_that_contradict_each_other():
    """A signature cannot be younger than what covers it."""
    seal, _ = conclude(signature(timestamp=timestamp(SEALED + 3 * DAY)), document_timestamp())
    assert (seal.problem, seal.sub) == ("timestamp-order", SubIndication.TIMESTAMP_ORDER_FAILURE)


def test_document_timestamp_that_nobody_believes():
    """Over a good seal of others it harms nothing; alone, or over one of ours, it is distrusted."""
    stamp = timestamp(SEALED + DAY, message=message(chain=unchained(signer=stamper())))
    stranger = document_timestamp(message=stamp.message, timestamp=stamp)
    over = evidence.file(signature(covers_file=False), stranger, looks_ours=False)
    assert judge(Facts(file=over), FOREIGN, NOW).code == "foreign-valid"
    assert judge(Facts(file=over), OWN, NOW).code == "seal-untrusted"


@pytest.mark.parametrize("policy", [OWN, FOREIGN])
def test_timestamp_alone_is_no_seal(policy):
    """Anybody gets one for anything: it tells when, and vouches for nothing."""
    alone = evidence.file(document_timestamp(), looks_ours=False)
    assert judge(Facts(file=alone), policy, NOW).code == "not-a-certificate"
    marked = evidence.file(document_timestamp())
    assert judge(Facts(file=marked), policy, NOW).code == "altered"


def test_who_sealed_is_who_signed_and_not_who_stamped_before():
    both = evidence.file(document_timestamp(), signature(), looks_ours=False)
    told = judge(Facts(file=both), FOREIGN, NOW)
    seal = next(item for item in told.findings if item.check.value == "seal")
    assert "揭阳市交通运输局" in seal.zh


def test_untrusted_timestamp_is_distrust():
    bad = timestamp(message=message(chain=unchained()))
    facts = Facts(file=evidence.file(signature(timestamp=bad)), record=issued(), authorised=True)
    assert judge(facts, OWN, NOW).code == "seal-untrusted"


def test_a_broken_timestamp_of_our_own_file_is_alteration():
    """It was good when it was laid in; what anybody may lay into another's file proves nothing."""
    bad = TimestampFacts(None, False, None)
    facts = Facts(file=evidence.file(signature(timestamp=bad)), record=issued(), authorised=True)
    assert judge(facts, OWN, NOW).code == "altered"
    others = evidence.file(signature(timestamp=bad), looks_ours=False)
    assert judge(Facts(file=others), FOREIGN, NOW).code == "foreign-valid"


def test_authority_of_a_timestamp_was_not_there_when_it_says():
    """Believed today, it proves nothing about the time before it was believed, or certified."""
    past = SEALED - DAY * 30
    stamp = timestamp(past)
    old = certificate(not_before=past - DAY, not_after=past + DAY)
    path = signed_by(old, authority(), anchor())
    listed = only(message=path, timestamp=stamp, policy=trusting())
    assert (listed.token.proves, listed.token.problem) == (None, "authority-not-yet")
    young = signed_by(stamper(), authority(not_before=past + DAY), anchor())
    found = only(message=path, timestamp=timestamp(past, message=young))
    assert (found.token.proves, found.token.problem) == (None, "timestamp-period")
    assert found.problem == "expired"


def test_untrusted_timestamp_contradicts_nothing():
    stranger = message(chain=unchained(signer=stamper()))
    inner = timestamp(SEALED + 3 * DAY, message=stranger)
    seal, _ = conclude(signature(timestamp=inner), document_timestamp())
    assert (seal.problem, seal.token.problem) == ("", "no-path")


def test_timestamp_whose_time_has_run_out_is_no_sign_of_forgery():
    """It happens to every authority: undecided, not refused, under our own policy, too."""
    stamps = signed_by(stamper(not_after=NOW - DAY), anchor())
    item = signature(timestamp=timestamp(message=stamps))
    facts = Facts(file=evidence.file(item), registry_asked=False, authorised=True)
    report = judge(facts, OWN, NOW)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "seal-untrusted")


def test_timestamp_that_its_own_form_speaks_against():
    """Whatever the reader found odd in a token of a document timestamp, it then proves nothing."""
    odd = document_timestamp()
    odd = replace(odd, timestamp=replace(odd.timestamp, problem="timestamp-form"))
    seal, outer = conclude(signature(timestamp=None, covers_file=False), odd)
    assert (outer.problem, outer.sub) == ("timestamp-form", SubIndication.SIG_CONSTRAINTS_FAILURE)
    assert (outer.chain, outer.detail) == (None, "")
    assert not seal.moment.proven


def test_timestamp_of_another_signature_proves_nothing_of_what_lies_under_it():
    """It is over that signature's value, and whoever chose its key may have chosen the value."""
    inner, outer = conclude(signature(timestamp=None, covers_file=False), signature())
    assert outer.moment.proven
    assert (inner.moment.made, inner.moment.proven) == (NOW, False)


def test_what_speaks_against_the_signer_comes_before_the_order_of_timestamps():
    revoked = certificate(revocation=revocation(revoked_at=SEALED - DAY))
    late = signature(
        message=signed_by(revoked, authority(), anchor()), timestamp=timestamp(SEALED + 3 * DAY)
    )
    seal, _ = conclude(late, document_timestamp())
    assert (seal.problem, seal.token.problem) == ("revoked", "timestamp-order")


def test_clocks_may_differ_by_five_minutes():
    skew = timedelta(minutes=5)
    assert only(timestamp=timestamp(NOW + skew)).token.proves == NOW + skew
    late = only(timestamp=timestamp(NOW + skew + timedelta(seconds=1)))
    assert (late.token.proves, late.token.problem) == (None, "timestamp-future")


def test_timestamp_of_the_second_in_which_its_authority_begins():
    stamp = timestamp(message=signed_by(stamper(not_before=SEALED), anchor()))
    assert only(timestamp=stamp).token.proves == SEALED


def test_anchor_behind_a_timestamp_may_have_been_renewed_since():
    """RFC 5280, 6.1: its own period does not bind, unless it stamps itself."""
    renewed = timestamp(message=signed_by(stamper(), anchor(not_before=SEALED + DAY)))
    assert only(timestamp=renewed).token.proves == SEALED
    itself = signed_by(stamper(not_before=SEALED + DAY, revocation=None))
    found = only(timestamp=timestamp(message=itself))
    assert (found.token.proves, found.token.problem) == (None, "timestamp-period")


def test_timestamp_that_cannot_be_checked_is_undecided():
    """We lack the algorithm: nothing is held against the file, and nothing is proven."""
    item = signature(timestamp=timestamp(message=message(unchecked="unsupported sm2")))
    facts = Facts(file=evidence.file(item), registry_asked=False, authorised=True)
    report = judge(facts, OWN, NOW)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "seal-untrusted")
    assert report.signatures[0].token.undecided


def test_document_timestamp_by_a_weak_algorithm_names_it():
    stamp = timestamp(SEALED + DAY)
    stamp = replace(stamp, message=replace(stamp.message, digest="sha1"))
    _, outer = conclude(signature(), document_timestamp(message=stamp.message, timestamp=stamp))
    assert (outer.problem, outer.detail) == ("weak-algorithm", "sha1")
