"""The trust list: an authority is believed for what the list says, and for nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlib.errors import Invalid
from certlib.trust import TrustedAuthority, TrustList, Use

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
INSIDE = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE, AFTER = SINCE - timedelta(microseconds=1), UNTIL
ISSUER, OTHER = "114452009900900327", "11445200990090016H"
TYPE, OTHER_TYPE = "11100000000013338W001", "11100000000013338W011"
ANCHOR, FOREIGN = b"anchor", b"another anchor"
SEAL, TIMESTAMP = Use.SEAL, Use.TIMESTAMP


def entry(certificate=ANCHOR, /, **changes):
    plain = TrustedAuthority(
        "邻市证照中心",
        "Neighbouring city",
        certificate,
        uses=frozenset({Use.SEAL}),
        issuers=frozenset(),
        types=frozenset(),
        since=SINCE,
        until=UNTIL,
    )
    return replace(plain, **changes)


def listing(*entries, **changes):
    return replace(TrustList(1, SINCE, UNTIL, "揭阳市", entries), **changes)


def refusal(*entries, anchor=ANCHOR, use=SEAL, moment=INSIDE, issuer=ISSUER, type_code=TYPE):
    name = sha256(anchor).hexdigest()
    return listing(*entries).refusal(name, use, moment, issuer, type_code)


def test_an_entry_without_limits_allows_every_seal_in_its_period():
    assert refusal(entry()) == ""
    assert refusal(entry(), issuer="", type_code="") == ""
    assert refusal(entry(until=None), moment=datetime(2999, 1, 1, tzinfo=UTC)) == ""


def test_the_first_instant_is_inside_and_the_last_is_not():
    assert refusal(entry(), moment=SINCE) == ""
    assert refusal(entry(), moment=BEFORE) == "authority-not-yet"
    assert refusal(entry(), moment=UNTIL - timedelta(microseconds=1)) == ""
    assert refusal(entry(), moment=UNTIL) == "authority-ended"


def test_an_anchor_that_no_entry_names_is_unknown():
    assert refusal() == refusal(entry(), anchor=FOREIGN) == "authority-unknown"
    helped = entry(helpers=(FOREIGN,))
    assert refusal(helped, anchor=FOREIGN) == "authority-unknown"  # a helper is no anchor


def test_a_fingerprint_in_capitals_is_the_same_anchor():
    name = sha256(ANCHOR).hexdigest().upper()
    assert listing(entry()).refusal(name, SEAL, INSIDE, ISSUER, TYPE) == ""


def test_each_use_is_named():
    assert refusal(entry(), use=TIMESTAMP) == "authority-not-for-use"
    stamps = entry(uses=frozenset({TIMESTAMP}))
    assert refusal(stamps) == "authority-not-for-use"
    assert refusal(stamps, use=TIMESTAMP) == ""


@pytest.mark.parametrize("code", [OTHER, ""])
def test_an_entry_for_named_issuers_covers_no_other_and_none_unknown(code):
    limited = entry(issuers=frozenset({ISSUER}))
    assert refusal(limited) == ""
    assert refusal(limited, issuer=code) == "authority-not-for-issuer"


@pytest.mark.parametrize("code", [OTHER_TYPE, ""])
def test_an_entry_for_named_types_covers_no_other_and_none_unknown(code):
    limited = entry(types=frozenset({TYPE}))
    assert refusal(limited) == ""
    assert refusal(limited, type_code=code) == "authority-not-for-type"


def test_a_timestamp_has_neither_issuer_nor_type_but_a_period():
    stamps = entry(uses=frozenset(Use), issuers=frozenset({OTHER}), types=frozenset({OTHER_TYPE}))
    assert refusal(stamps, use=TIMESTAMP, issuer="", type_code="") == ""
    assert refusal(stamps, use=TIMESTAMP, moment=AFTER) == "authority-ended"
    assert refusal(stamps, use=TIMESTAMP, moment=BEFORE) == "authority-not-yet"


def test_entries_of_one_anchor_add_up_but_do_not_mix():
    first = entry(issuers=frozenset({ISSUER}), types=frozenset({TYPE}))
    second = entry(issuers=frozenset({OTHER}), types=frozenset({OTHER_TYPE}))
    assert refusal(first, second) == ""
    assert refusal(first, second, issuer=OTHER, type_code=OTHER_TYPE) == ""
    assert refusal(first, second, issuer=OTHER, type_code=TYPE) == "authority-not-for-type"


_STEPS = (
    (entry(FOREIGN), "authority-unknown"),
    (entry(uses=frozenset({TIMESTAMP})), "authority-not-for-use"),
    (entry(since=INSIDE + timedelta(days=1)), "authority-not-yet"),
    (entry(until=INSIDE), "authority-ended"),
    (entry(issuers=frozenset({OTHER})), "authority-not-for-issuer"),
    (entry(types=frozenset({OTHER_TYPE})), "authority-not-for-type"),
    (entry(), ""),
)


@given(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=6))
def test_the_reason_is_that_of_the_entry_that_comes_nearest(steps):
    nearest = max(steps, key=_STEPS.index)
    assert refusal(*(made for made, _ in steps)) == nearest[1]


def test_anchors_stand_once_in_the_order_of_the_list():
    stamps = entry(FOREIGN, uses=frozenset(Use))
    found = listing(entry(), stamps, entry(since=UNTIL, until=None))
    assert found.anchors(SEAL) == (ANCHOR, FOREIGN)
    assert found.anchors(TIMESTAMP) == (FOREIGN,)


def test_helpers_stand_once_and_no_anchor_is_among_them():
    found = listing(entry(helpers=(b"a", FOREIGN)), entry(FOREIGN, helpers=(b"b", b"a")))
    assert found.helpers == (b"a", b"b")


def test_a_list_from_the_future_tells_of_a_wrong_clock():
    """Five minutes two machines may differ; who has signed nothing has said no time either."""
    found = listing()
    assert not found.ahead(found.issued_at - timedelta(minutes=5))
    assert found.ahead(found.issued_at - timedelta(minutes=5, seconds=1))
    assert not replace(found, version=0).ahead(datetime(1999, 1, 1, tzinfo=UTC))


def test_a_list_is_stale_after_its_next_update_and_never_without_one():
    assert not listing().stale(UNTIL)
    assert listing().stale(UNTIL + timedelta(microseconds=1))
    assert not listing(next_update=None).stale(datetime(2999, 1, 1, tzinfo=UTC))


NAIVE = SINCE.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (listing(version=0), {"/version": "version"}),
        (listing(operator=" "), {"/operator": "operator-missing"}),
        (listing(next_update=SINCE), {"/next_update": "date-order"}),
        (listing(issued_at=NAIVE), {"/next_update": "time-zone"}),
        (listing(next_update=NAIVE), {"/next_update": "time-zone"}),
        (
            listing(entry(name="", name_en=" ")),
            {"/authorities/0/name": "name-missing", "/authorities/0/name_en": "name-missing"},
        ),
        (listing(entry(uses=frozenset())), {"/authorities/0/uses": "use-missing"}),
        (listing(entry(until=SINCE)), {"/authorities/0/until": "date-order"}),
        (
            listing(entry(), entry(issuers=frozenset({ISSUER, "x"}), types=frozenset({"W"}))),
            {"/authorities/1/issuers": "issuer-code", "/authorities/1/types": "type-code"},
        ),
    ],
)
def test_what_no_list_may_say_is_named_all_at_once(wrong, fields):
    with pytest.raises(Invalid) as refused:
        wrong.check()
    assert {problem.field: problem.code for problem in refused.value.problems} == fields


def test_codes_in_use_pass():
    codes = {"issuers": frozenset({ISSUER, "445200"}), "types": frozenset({TYPE})}
    listing(entry(**codes), entry(until=None), next_update=None).check()
