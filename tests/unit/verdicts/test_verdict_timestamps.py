"""Rules about timestamps: what proves a moment, and what proves nothing."""

from dataclasses import replace

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
        (timestamp(message=message(unchecked="unsupported sm2")), "unsupported"),
        (timestamp(imprint_ok=False), "timestamp-imprint"),
        (timestamp(message=message(signature_ok=False)), "token-signature"),
        (timestamp(message=message(chain=unchained(signer=stamper()))), "no-path"),
        (timestamp(message=message()), "key-purpose"),
        (
            timestamp(message=signed_by(replace(stamper(), purposes_critical=False), anchor())),
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
