"""Conclusions on facts, one word for each thing that a test makes bad."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from certlib.indications import SubIndication
from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.verification import FOREIGN, OWN, Facts, judge
from certlib.verification.signature_validation import conclusions
from tests.fakes import evidence
from tests.fakes.evidence import (
    SEALED,
    anchor,
    chain,
    message,
    signature,
)

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WRITTEN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
CHAIN, GENERAL = (
    SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
)


def conclude(*found, at=NOW, policy=OWN):
    return conclusions(found, policy, at)


def only(*, at=NOW, policy=OWN, **changes):
    (found,) = conclude(signature(**changes), at=at, policy=policy)
    return found


def signed_by(*path, problem=""):
    return message(chain=chain(*path, problem=problem))


def on_day(day, policy=FOREIGN, **changes):
    found = evidence.file(signature(**changes), looks_ours=False)
    return judge(Facts(file=found, on=day), policy, NOW)


def trusting(**limits):
    """A policy whose list knows the anchor of the good path."""

    class Entry(TrustedAuthority):
        sha256 = anchor().sha256

    options = {"issuers": frozenset(), "types": frozenset(), "since": SEALED - DAY} | limits
    entry = Entry("别市", "Elsewhere", b"", frozenset({Use.SEAL, Use.TIMESTAMP}), **options)
    return replace(OWN, trust=TrustList(1, SEALED, None, "某市", (entry,)))
