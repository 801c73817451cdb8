"""Rotation: the next seal comes before the end of the old one, and once."""

from datetime import timedelta

import pytest
from cryptography import x509
from keys_world import PLANNING, RSA, START, TRANSPORT, found, verify_signature
from outside_world import OutsideAuthority

from certlib.errors import Unsupported
from keys.authority import SealOrder

CODE, NAME = TRANSPORT
NAMES = {CODE: NAME}
YEARS_5 = 5 * 365


@pytest.fixture
def authority(tmp_path, clock):
    return found(tmp_path / "keys", clock, lead_days=60)


def test_the_next_seal_comes_a_lead_before_the_end_and_once(authority, clock):
    old = authority.issue_seal(*TRANSPORT)
    clock.at = old.not_after - timedelta(days=60)
    assert authority.keep_seals(NAMES) == 0
    clock.forward(seconds=1)
    assert authority.keep_seals(NAMES) == 1
    assert authority.keep_seals(NAMES) == 0
    new = authority.seal_info(CODE)
    assert new.not_after > old.not_after
    assert new.fingerprint != old.fingerprint
    states = {item.fingerprint: item.state for item in authority.list_keys()}
    assert (states[old.fingerprint], states[new.fingerprint]) == ("superseded", "current")


def test_the_old_key_goes_on_for_whoever_holds_it(authority, clock):
    """A seal under way is finished; its certificate stays good to its end and is not revoked."""
    old = authority.issue_seal(*TRANSPORT)
    held = authority.seal_key(CODE)
    clock.at = old.not_after - timedelta(days=1)
    authority.keep_seals(NAMES)
    verify_signature(held, b"under way")
    assert authority.seal_key(CODE) is not held
    crl = x509.load_der_x509_crl(authority.crls()["issuing.crl"])
    assert len(crl) == 0
    assert f"{held.name}.cer" in authority.public_certificates()


def test_founding_again_rotates_too_and_keeps_the_algorithm(authority, clock):
    info = authority.issue_seal(*PLANNING, RSA)
    clock.at = info.not_after - timedelta(days=59)
    assert authority.keep_seals(dict([PLANNING])) == 1
    assert authority.seal_key(PLANNING[0]).algorithm == RSA
    assert authority.issue_seals([SealOrder(*PLANNING, RSA)]) == (authority.seal_info(PLANNING[0]),)


def test_a_short_lived_seal_is_not_followed_at_once(tmp_path, clock):
    """However long the lead: not before the last third of its life, or there were no end to it."""
    authority = found(tmp_path / "keys", clock, seal_days=3, lead_days=60)
    authority.issue_seal(*TRANSPORT)
    assert authority.keep_seals(NAMES) == 0
    clock.forward(days=1, hours=22)
    assert authority.keep_seals(NAMES) == 0
    clock.forward(hours=2)
    assert authority.keep_seals(NAMES) == 1
    assert authority.keep_seals(NAMES) == 0


def test_where_no_seal_could_last_longer_none_is_made(authority, clock):
    """At the end of the issuing authority a new seal every thirty seconds would help nobody."""
    clock.forward(days=15 * 365 - 40)
    authority.issue_seal(*TRANSPORT)
    clock.forward(days=35)
    assert authority.keep_seals(NAMES) == 0


def test_another_process_sees_the_new_seal_at_once(authority, tmp_path, clock):
    old = authority.issue_seal(*TRANSPORT)
    other = found(tmp_path / "keys", clock)
    assert other.seal_info(CODE) == old
    clock.at = old.not_after - timedelta(days=1)
    authority.keep_seals(NAMES)
    assert other.seal_info(CODE) == authority.seal_info(CODE)
    assert other.keep_seals(NAMES) == 0


def test_an_outside_seal_that_ends_is_asked_for_once_and_used_to_its_end(authority, clock):
    outside = OutsideAuthority()
    first = authority.outside.request(SealOrder(*TRANSPORT))
    authority.outside.take(outside.answer(first.request, days=600), outside.trusted())
    info = authority.seal_info(CODE)
    assert authority.ask_seals(NAMES) == 0
    clock.at = info.not_after - timedelta(days=60) + timedelta(seconds=1)
    assert authority.keep_seals(NAMES) == 0
    assert authority.ask_seals(NAMES) == 1
    assert authority.ask_seals(NAMES) == 0
    assert authority.seal_info(CODE) == info
    (asked,) = authority.outside.open_requests()
    assert asked.key != first.key


def test_a_renamed_department_asks_outside_for_its_new_name(authority):
    outside = OutsideAuthority()
    first = authority.outside.request(SealOrder(*TRANSPORT))
    authority.outside.take(outside.answer(first.request), outside.trusted())
    renamed = {CODE: "揭阳市交通局"}
    assert authority.keep_seals(renamed) == 0
    assert authority.ask_seals(renamed) == 1
    assert authority.outside.open_requests()[0].department == "揭阳市交通局"


def test_a_lead_has_bounds(tmp_path):
    with pytest.raises(Unsupported):
        found(tmp_path / "keys", lead_days=0)


# --- a compromised key --------------------------------------------------------------------------


def _entry(authority, serial):
    crl = x509.load_der_x509_crl(authority.crls()["issuing.crl"])
    return crl.get_revoked_certificate_by_serial_number(serial)


def _invalid_since(entry):
    return entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc


def test_a_compromised_seal_stands_on_the_list_with_the_day_since_when(authority, clock, tmp_path):
    """RFC 5280, 5.3.2; what is learned later moves it back, never forward, and for ever."""
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    serial = x509.load_der_x509_certificate(key.chain[0]).serial_number
    clock.forward(days=10)
    authority.revoke_seal(key.name, "superseded")
    first = clock.at
    clock.forward(days=1)
    since = START + timedelta(days=3)
    authority.revoke_seal(key.name, "keyCompromise", since)
    entry = _entry(authority, serial)
    assert entry.revocation_date_utc == first
    assert _invalid_since(entry) == since
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    for other in (since + timedelta(days=1), since, None):
        authority.revoke_seal(key.name, "keyCompromise", other)
        assert _invalid_since(_entry(authority, serial)) == since
    earlier = since - timedelta(days=1)
    authority.revoke_seal(key.name, "keyCompromise", earlier)
    assert _invalid_since(_entry(found(tmp_path / "keys", clock), serial)) == earlier
