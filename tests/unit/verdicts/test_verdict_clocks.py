"""A machine whose clock is wrong, as far as its own trust list gives it away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.verification import FOREIGN, OWN, Facts, Verdict, judge
from tests.fakes import evidence
from tests.unit.life.builders import IDENTIFIER, NOW
from tests.unit.verdicts.offline_situations import receipt

UNSURE, VALID = Verdict.INDETERMINATE, Verdict.VALID


def listing(issued_at):
    """Every use of the one anchor that the files of these tests have."""
    anchor = TrustedAuthority(
        "根",
        "Root",
        b"",
        frozenset(Use),
        frozenset(),
        frozenset(),
        NOW - timedelta(days=9000),
        None,
    )

    class Named(TrustedAuthority):
        @property
        def sha256(self):
            return evidence.anchor().sha256

    named = Named(**{name: getattr(anchor, name) for name in TrustedAuthority.__slots__})
    return TrustList(3, issued_at, None, "揭阳市", (named,))


def asked(file, policy, issued_at):
    policy = replace(policy, trust=listing(issued_at))
    return judge(Facts(file=file, registry_asked=False), policy, NOW)


FOREIGN_FILE = evidence.file(identifier="", looks_ours=False)


@pytest.mark.parametrize(
    ("file", "policy", "good", "bad"),
    [
        (FOREIGN_FILE, FOREIGN, "foreign-valid", "seal-untrusted"),
        (receipt(), OWN, "receipt-holds", "receipt-untrusted"),
    ],
    ids=["foreign", "receipt"],
)
def test_nothing_is_valid_by_a_clock_behind_its_own_list(file, policy, good, bad):
    """Set back far enough no certificate has expired; nothing is held against the file for it."""
    told = asked(file, policy, NOW)
    assert (told.verdict, told.code) == (VALID, good)
    told = asked(file, policy, NOW + timedelta(minutes=6))
    assert (told.verdict, told.code) == (UNSURE, bad)
    assert "时钟" in told.sentence.zh
    assert {item.problem for item in told.signatures} == {"clock-behind"}
    assert {item.sub.value for item in told.signatures} == {"TRY_LATER"}


def test_what_speaks_against_a_signer_still_does():
    """A revocation is one by whatever clock."""
    revoked = evidence.revocation(revoked_at=NOW - timedelta(days=4000))
    signer = evidence.certificate(revocation=revoked)
    chain = evidence.chain(signer, evidence.authority(), evidence.anchor())
    seal = evidence.signature(message=evidence.message(chain=chain))
    told = asked(evidence.file(seal, identifier=IDENTIFIER), OWN, NOW + timedelta(days=1))
    assert told.signatures[0].problem == "revoked"
