"""Facts that exclude each other reach nobody, whoever says them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from certlib.evidence import ChainFacts, ChangeFacts, ChangeGrade, PathFacts
from signing.evidence.bounds import EARLIEST, LATEST, check_facts, clamped
from tests.fakes import evidence

SIGNER = evidence.certificate()
OTHER = evidence.certificate("别的单位")


def chained(signer, *paths, problem=""):
    found = tuple(PathFacts(path) for path in paths)
    return evidence.signature(message=evidence.message(chain=ChainFacts(signer, found, problem)))


def stamped(**changes):
    return evidence.signature(timestamp=evidence.timestamp(**changes))


LIES = {
    "no path and no problem": chained(SIGNER),
    "nobody and no problem": chained(None),
    "a path and a problem": chained(SIGNER, (SIGNER, evidence.anchor()), problem="no-path"),
    "an empty path": chained(SIGNER, ()),
    "a path of another": chained(SIGNER, (OTHER, evidence.anchor())),
    "a path of nobody": chained(None, (OTHER, evidence.anchor())),
    "the path of a better one": chained(
        replace(SIGNER, problem="serial-number"), (SIGNER, evidence.anchor())
    ),
    "no message and no problem": evidence.signature(message=None),
    "no token and no problem": stamped(message=None),
    "a token without a time": stamped(time=None),
    "unchecked, yet it holds": evidence.signature(
        message=evidence.message(unchecked="unsupported")
    ),
    "unchecked, yet its digest holds": evidence.signature(
        message=evidence.message(unchecked="unsupported", signature_ok=False)
    ),
    "unchecked, yet its signature holds": evidence.signature(
        message=evidence.message(unchecked="unsupported", digest_ok=False)
    ),
    "a token of no chain": stamped(message=evidence.message(chain=ChainFacts(SIGNER))),
    "a time at the end": stamped(time=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    "a time at the beginning": stamped(time=datetime(1, 1, 1, tzinfo=UTC)),
    "a claim at the end": evidence.signature(claimed_time=datetime(9999, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_excludes_itself_is_refused(lie):
    with pytest.raises(ValueError):
        check_facts(evidence.file(LIES[lie]))


def test_what_is_possible_passes():
    unread = evidence.signature(message=None, form_problem="cms-unreadable der")
    unchained = evidence.signature(message=evidence.message(chain=evidence.unchained()))
    nobody = evidence.message(
        digest_ok=False,
        signature_ok=False,
        unchecked="no signing certificate",
        chain=ChainFacts(None, (), "no-path"),
    )
    unnamed = evidence.signature(message=nobody)
    bare = evidence.signature(timestamp=None)
    misplaced = evidence.signature(message=None, layout_problem="byte-range")
    unstamped = stamped(message=None, time=None, problem="token-unreadable der")
    found = evidence.file(
        evidence.signature(), unread, unchained, unnamed, misplaced, unstamped, bare
    )
    check_facts(found)


WITHIN = {
    "number": {"size": (1 << 53) - 1},
    "text": {"identifier": "x" * 65_536},
    "content": {"content": "x" * 2 * 1024 * 1024},
    "items": {"changes": ChangeFacts(ChangeGrade.UNEXPLAINED, objects=("1 0",) * 10_000)},
    "first moment": {"signatures": (evidence.signature(claimed_time=EARLIEST),)},
    "last moment": {"signatures": (evidence.signature(claimed_time=LATEST),)},
}
BEYOND = {
    "number": {"size": 1 << 53},
    "below": {"size": -(1 << 53)},
    "beyond all": {"size": 10**400},
    "endless": {"milliseconds": float("inf")},
    "no number": {"milliseconds": float("nan")},
    "text": {"identifier": "x" * 65_537},
    "content": {"content": "x" * (2 * 1024 * 1024 + 1)},
    "items": {"changes": ChangeFacts(ChangeGrade.UNEXPLAINED, objects=("1 0",) * 10_001)},
    "half a character": {"content": "\ud800"},
    "half a character in a name": {"identifier": "\ud800"},
    "no zone": {"signatures": (evidence.signature(claimed_time=datetime(2026, 1, 1)),)},
    "kind": {"kind": "other"},
    "fault": {"fault": "splendid", "readable": False},
    "of the child": {"fault": "timeout", "readable": False},
    "fault and facts": {"fault": "malformed"},
    "neither": {"readable": False},
    "kind of signature": {"signatures": (evidence.signature(kind="other"),)},
}


@pytest.mark.parametrize("name", WITHIN)
def test_the_bound_itself_is_within(name):
    check_facts(evidence.file(**WITHIN[name]))


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_bound_is_refused(name):
    with pytest.raises(ValueError):
        check_facts(evidence.file(**BEYOND[name]))


def test_moments_are_held_within_the_calendar():
    for moment, held in (
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), LATEST),
        (datetime(1, 1, 1, tzinfo=UTC), EARLIEST),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        assert clamped(moment) == held
