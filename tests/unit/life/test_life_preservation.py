"""How long a file can be judged by itself, by what its outermost proof rests on."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib.crypto_policy import CRYPTO_2026
from certlib.preservation import (
    LEVELS,
    CarePlan,
    Proof,
    Reason,
    is_below,
    level_of,
    proof_of,
    proven_at,
)
from tests.fakes import evidence

END = datetime(2030, 1, 1, tzinfo=UTC)
LATER = datetime(2040, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def seal(**changes):
    chain = evidence.chain(evidence.certificate(not_after=END), evidence.authority(),
                           evidence.anchor(not_after=NOW))  # fmt: skip
    return evidence.signature(message=evidence.message(chain=chain), **changes)


def stamp(end, **changes):
    chain = evidence.chain(evidence.stamper(not_after=end), evidence.anchor(not_after=NOW))
    return replace(evidence.timestamp(), message=evidence.message(chain=chain), **changes)


def archive(end, **changes):
    made = stamp(end)
    return evidence.document_timestamp(message=made.message, timestamp=made, **changes)


SPOILT = evidence.message(digest_ok=False)


@pytest.mark.parametrize(
    ("level", "signatures", "material"),
    [
        ("B-B", [seal(timestamp=None)], False),
        ("B-B", [seal(timestamp=None)], True),
        ("B-B", [seal(timestamp=replace(evidence.timestamp(), imprint_ok=False))], False),
        ("B-T", [seal()], False),
        ("B-LT", [seal()], True),
        ("B-LTA", [seal(), archive(LATER)], True),
        ("B-LTA", [seal(timestamp=None), archive(LATER)], True),
        ("B-T", [seal(timestamp=None), archive(LATER)], False),
        ("B-LT", [seal(), evidence.document_timestamp(message=SPOILT)], True),
    ],
)
def test_the_level_is_what_is_in_the_file(level, signatures, material):
    assert level_of(evidence.file(*signatures, validation_material=material)) == level


EARLY, NOT_EARLY = NOW, NOW + DAY


@pytest.mark.parametrize(
    ("proven", "signatures"),
    [
        (None, [seal(timestamp=None)]),
        (None, [seal(timestamp=evidence.timestamp(NOW, imprint_ok=False))]),
        (None, [seal(timestamp=evidence.timestamp(None))]),
        (EARLY, [seal(timestamp=evidence.timestamp(EARLY))]),
        (EARLY, [seal(timestamp=None), evidence.document_timestamp(EARLY)]),
        (
            EARLY,
            [seal(timestamp=evidence.timestamp(NOT_EARLY)), evidence.document_timestamp(EARLY)],
        ),
        (
            EARLY,
            [seal(timestamp=evidence.timestamp(EARLY)), evidence.document_timestamp(NOT_EARLY)],
        ),
        (None, [seal(timestamp=None), evidence.document_timestamp(EARLY, message=SPOILT)]),
        (None, [seal(timestamp=None, end=9), evidence.document_timestamp(EARLY, end=8)]),
        (None, [seal(timestamp=None), evidence.document_timestamp(EARLY, layout_problem="x")]),
        (None, [seal(timestamp=None), seal(timestamp=evidence.timestamp(EARLY))]),
    ],
)
def test_the_earliest_timestamp_that_covers_the_seal_proves_it(proven, signatures):
    assert proven_at(evidence.file(*signatures)) == proven


def test_levels_are_in_their_order():
    assert [is_below(level, "B-LT") for level in LEVELS] == [True, True, False, False]


@pytest.mark.parametrize(
    ("basis", "end", "signatures"),
    [
        (Reason.SIGNER, END, [seal(timestamp=None)]),
        (Reason.TIMESTAMP, LATER, [seal(timestamp=stamp(LATER))]),
        (Reason.SIGNER, END, [seal(timestamp=stamp(LATER, imprint_ok=False))]),
        (Reason.ARCHIVE, LATER, [seal(timestamp=stamp(END)), archive(END), archive(LATER)]),
        (Reason.ARCHIVE, END, [seal(timestamp=stamp(LATER)), archive(END)]),
    ],
)
def test_a_file_rests_on_its_outermost_proof(basis, end, signatures):
    """An anchor's own period does not bind (RFC 5280, 6.1)."""
    found = proof_of(evidence.file(*signatures))
    assert (found.basis, found.ends_at) == (basis, end)


def test_one_good_path_is_enough_and_the_longest_counts():
    short = evidence.chain(evidence.certificate(not_after=END), evidence.anchor()).paths[0]
    long = evidence.chain(evidence.certificate(not_after=LATER), evidence.anchor()).paths[0]
    chain = replace(evidence.chain(), paths=(short, long, short))
    alone = evidence.signature(timestamp=None, message=evidence.message(chain=chain))
    assert proof_of(evidence.file(alone)).ends_at == LATER


def test_a_certificate_that_is_its_own_anchor_ends_by_itself():
    chain = evidence.chain(evidence.stamper(not_after=END))
    token = replace(evidence.timestamp(), message=evidence.message(chain=chain))
    assert proof_of(evidence.file(seal(timestamp=token))).ends_at == END


def test_nobody_behind_it_is_no_proof():
    alone = evidence.message(chain=evidence.unchained())
    assert proof_of(evidence.file(evidence.signature(timestamp=None, message=alone))) is None
    assert proof_of(evidence.file(evidence.signature(timestamp=None, message=None))) is None


def test_every_algorithm_of_the_proof_is_named():
    path = (
        evidence.stamper(key="ecdsa-secp256r1", signed_with="sha384"),
        evidence.anchor(key="rsa-4096"),
    )
    message = evidence.message(digest="sha512", chain=evidence.chain(*path))
    token = replace(evidence.timestamp(), message=message, imprint="sha3_256")
    assert proof_of(evidence.file(seal(timestamp=token))).algorithms == (
        "digest:sha384", "digest:sha3_256", "digest:sha512", "key:ecdsa-secp256r1", "key:rsa-4096",
    )  # fmt: skip
    plain = proof_of(evidence.file(seal(timestamp=None)))
    assert plain.algorithms == ("digest:sha256", "key:ecdsa-secp256r1")


def care(end=LATER, algorithms=("digest:sha256", "key:rsa-3072"), level="B-T", target="B-T"):
    plan = CarePlan(lead=100 * DAY)
    return plan.care(Proof(Reason.TIMESTAMP, end, algorithms), level, target, NOW)


def test_care_is_due_before_the_end():
    found = care(END)
    assert (found.ends_at, found.reason, found.due_at) == (END, Reason.TIMESTAMP, END - 100 * DAY)


@pytest.mark.parametrize("name", ["key:rsa-2048", "digest:sha224", "key:ecdsa-secp224r1"])
def test_an_algorithm_may_end_first(name):
    found = care(algorithms=("digest:sha256", name))
    last = datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (found.ends_at, found.reason) == (last, Reason.ALGORITHM)
    assert found.due_at == last - 100 * DAY
    assert care(last, ("digest:sha256", name)).reason is Reason.TIMESTAMP


@pytest.mark.parametrize("name", ["key:rsa-512", "key:rsa-x", "key:sm2", "digest:md5"])
def test_what_the_policy_does_not_list_has_ended_long_ago(name):
    assert care(algorithms=(name,)).ends_at.year == 1970


def test_below_its_target_a_file_is_due_at_once():
    assert care(level="B-T", target="B-LTA").due_at == NOW
    assert care(level="B-LTA", target="B-T").due_at == LATER - 100 * DAY


def test_another_lead_or_policy_is_another_plan():
    base = CarePlan(lead=100 * DAY)
    other = replace(base, crypto=replace(CRYPTO_2026, name="certlib-2030"))
    assert len({base.name, CarePlan(lead=99 * DAY).name, other.name, CarePlan().name}) == 4
    assert care().plan == base.name


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("rsa-1024", date(2013, 12, 31)),
        ("rsa-2048", date(2030, 12, 31)),
        ("rsa-4096", None),
        ("dsa-2048", date(2024, 2, 3)),
        ("ed25519", None),
    ],
)
def test_the_last_day_of_a_key(key, end):
    """The same days as by asking whether it is reliable on a day."""
    assert CRYPTO_2026.key_end(key) == end
    if end is not None:
        noon = datetime(end.year, end.month, end.day, 12, tzinfo=UTC)
        assert CRYPTO_2026.key_problem(key, noon) == ""
        assert CRYPTO_2026.key_problem(key, noon + DAY) == key
