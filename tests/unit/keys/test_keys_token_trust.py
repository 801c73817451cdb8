"""Whom the trust list lets stamp: a path to an anchor for timestamps, at that time, not revoked."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from keys_world import START, TRANSPORT, CountedEntropy, SetClock, found

from certlib.errors import SigningUnavailable
from certlib.ports import TrustMaterial
from certlib.trust import Use
from keys import profiles
from keys.algorithms import generate
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource
from keys.timestamps import TimestampAuthority
from keys.token_check import TokenRefusedError
from keys.token_trust import TokenTrust
from keys.trust import material_of
from tests.fakes.answers import GOOD, REVOKED, answer
from tests.fakes.responding import World
from tests.unit.keys.trust_world import entry, listing

IMPRINT = hashlib.sha256(b"data").digest()


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Another city's authority."""
    return found(tmp_path_factory.mktemp("city") / "keys", seed="city")


def ask(city, *entries, crls=(), ocsps=(), pins=(), key=None):
    """A token of `city`, believed as the list says."""
    listed = listing(*entries)
    material = material_of(listed, crls, ocsps)
    trust = TokenTrust(lambda: listed, lambda: material)
    stamper = TimestampAuthority(key or city.timestamp_key(), SetClock(), CountedEntropy("city"))
    source = HttpTimestampSource(
        HttpTimestampOptions(pins),
        lambda body, *_: stamper.respond(body),
        SetClock(),
        CountedEntropy(),
        trust,
    )
    return source.token(IMPRINT)


def for_timestamps(city, **changes):
    return entry(city.trust_material(), uses=frozenset({Use.TIMESTAMP}), **changes)


def test_an_authority_of_the_list_is_taken(city):
    assert ask(city, for_timestamps(city))
    assert ask(city, for_timestamps(city), crls=city.trust_material().crls)


def test_the_list_may_name_the_timestamp_authority_itself(city):
    (own,) = city.timestamp_key().chain
    assert ask(city, for_timestamps(city, certificate=own))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uses": frozenset({Use.SEAL})}, "no path"),
        ({"since": START + timedelta(days=1)}, "authority-not-yet"),
        ({"until": START}, "authority-ended"),
    ],
)
def test_what_the_list_does_not_allow_is_refused(city, changes, reason):
    with pytest.raises(SigningUnavailable, match=reason):
        ask(city, replace(for_timestamps(city), **changes))


def test_an_authority_that_is_not_listed_is_refused(city, settled):
    with pytest.raises(SigningUnavailable, match="no path"):
        ask(city)
    with pytest.raises(SigningUnavailable, match="no path"):
        ask(city, for_timestamps(settled))


def test_a_pin_narrows_what_the_list_says(city, settled):
    assert ask(city, for_timestamps(city), pins=city.timestamp_key().chain)
    with pytest.raises(SigningUnavailable, match="another authority"):
        ask(city, for_timestamps(city), pins=settled.timestamp_key().chain)
    with pytest.raises(SigningUnavailable, match="no path"):
        ask(city, pins=city.timestamp_key().chain)


def issuer_of(city):
    register = city._current().register
    return city._mint._issuer(register.root)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (1, False)])
def test_a_revoked_authority_is_refused_from_then_on(city, days, refused):
    signer = x509.load_der_x509_certificate(city.timestamp_key().chain[0])
    at = START + timedelta(days=days)
    gone = profiles.Revoked(signer.serial_number, at, "keyCompromise")
    crl = revocation_list(issuer_of(city), gone)
    if refused:
        with pytest.raises(SigningUnavailable, match="revoked"):
            ask(city, for_timestamps(city), crls=(crl,))
    else:
        assert ask(city, for_timestamps(city), crls=(crl,))


@pytest.mark.parametrize(
    ("status", "days", "refused"), [(REVOKED, -1, True), (REVOKED, 1, False), (GOOD, 0, False)]
)
def test_an_authority_that_an_answer_calls_revoked_is_refused(city, status, days, refused):
    (own,) = city.timestamp_key().chain
    since = START + timedelta(days=days)
    told = answer(own, issuer_of(city), status, at=START, revoked=since)
    forged = answer(own, issuer_of(city), REVOKED, at=START + timedelta(1), by=World().issuing)
    if refused:
        with pytest.raises(SigningUnavailable, match="revoked"):
            ask(city, for_timestamps(city), ocsps=(forged, told))
    else:
        assert ask(city, for_timestamps(city), ocsps=(forged, told))


def revocation_list(issuer, gone):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    entry = (
        x509.RevokedCertificateBuilder().serial_number(gone.serial).revocation_date(gone.at).build()
    )
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(START)
        .next_update(START + timedelta(days=30))
        .add_revoked_certificate(entry)
        .sign(issuer.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def test_who_only_bears_the_name_of_an_anchor_is_refused(city, tmp_path):
    """Same subject, another key."""
    twin = found(tmp_path / "twin", seed="twin")
    with pytest.raises(SigningUnavailable, match="no path"):
        ask(city, for_timestamps(city), key=twin.timestamp_key())


def test_a_department_is_no_authority(city):
    """Signed by a seal's key: it is no issuer, whatever it signs."""
    seal = city.issue_seal(*TRANSPORT)
    assert seal
    key = city.seal_key(TRANSPORT[0])
    pretended = profiles.Issuer(
        x509.load_der_x509_certificate(key.chain[0]), generate("ecdsa-p256-sha256"), "http://x/x"
    )
    trust = TokenTrust(lambda: listing(for_timestamps(city)), city.trust_material)
    name = profiles.authority_name("揭阳市", "时间戳机构")
    term = profiles.Term(9, START - timedelta(days=1), START + timedelta(days=1))
    forged = profiles.timestamp_certificate(
        pretended, generate("ecdsa-p256-sha256").public_key(), name, term
    )
    with pytest.raises(TokenRefusedError, match="no path"):
        trust.check(forged, key.chain, START)


def test_a_long_way_and_rubbish_lead_nowhere(city):
    """Names that lead in a circle end; what is no certificate is passed over."""
    signer = x509.load_der_x509_certificate(city.timestamp_key().chain[0])
    trust = TokenTrust(listing, TrustMaterial)
    root = city.public_certificates()["root.cer"]
    with pytest.raises(TokenRefusedError, match="no path"):
        trust.check(signer, [b"rubbish", root, root], START)
