"""Timestamp keys follow each other without a gap, and what the former ones stamped stays good."""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import cms
from clock_world import SetMachine, stamp_clock
from cryptography import x509
from keys_world import KEK, START, CountedEntropy, SetClock, found, openssl, pem

from certlib.clock_errors import ClockNotTrusted
from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock
from keys import files, profiles
from keys.authority import DevelopmentAuthority
from keys.inspection import inspect
from keys.timestamp_period import signing_period
from keys.timestamps import TimestampAuthority

IMPRINT = hashlib.sha256(b"data").digest()
YEAR = timedelta(days=365)


@pytest.fixture
def authority(tmp_path, clock):
    return found(tmp_path / "keys", clock)


@pytest.fixture
def stamper(authority, clock):
    return TimestampAuthority(authority.timestamp_key, clock, CountedEntropy("serials"))


def signer_of(token: bytes) -> x509.Certificate:
    (certificate,) = cms.ContentInfo.load(token)["content"]["certificates"]
    return x509.load_der_x509_certificate(certificate.dump())


def verify(folder, authority, token, at):
    """By openssl, as of `at`: fails with its words."""
    (folder / "token").write_bytes(token)
    (folder / "root.pem").write_bytes(pem(authority.public_certificates()["root.cer"]))
    given = ("-token_in", "-in", folder / "token", "-digest", IMPRINT.hex())
    said = openssl("ts", "-verify", *given, "-CAfile", folder / "root.pem", at=at)
    assert "Verification: OK" in said


def name_in_use(authority):
    (name,) = [key.name for key in authority.timestamp_keys() if key.state == "current"]
    return name


def test_over_twelve_years_exactly_one_key_signs_at_a_time(tmp_path, authority, stamper, clock):
    """Month by month, the worker's job beside it; every token holds eight years more."""
    made = {}
    for month in range(12 * 12):
        authority.keep_timestamp_key()
        token = stamper.token(IMPRINT)
        certificate = signer_of(token)
        begins, ends = signing_period(certificate)
        assert begins <= clock.now() <= ends
        assert ends - begins <= 3 * YEAR
        if authority.timestamp_key().name not in made or month % 30 == 29:
            made[authority.timestamp_key().name] = certificate
            verify(tmp_path, authority, token, clock.now())
            verify(tmp_path, authority, token, clock.now() + 7 * YEAR)
        clock.forward(days=30)
    assert list(made) == ["timestamp", "timestamp-2", "timestamp-3", "timestamp-4"]
    published = authority.public_certificates()
    for name, certificate in made.items():
        assert published[f"{name}.cer"] == certificate.public_bytes(x509_der())


def x509_der():
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def test_the_next_key_is_there_ninety_days_ahead(authority, stamper, clock):
    _, ends = signing_period(signer_of(stamper.token(IMPRINT)))
    clock.at = ends - timedelta(days=90, seconds=1)
    assert not authority.keep_timestamp_key()
    clock.forward(seconds=1)
    assert authority.keep_timestamp_key()
    assert not authority.keep_timestamp_key()
    assert {key.name: key.state for key in authority.timestamp_keys()} == {
        "timestamp": "current",
        "timestamp-2": "next",
    }
    assert "timestamp-2.cer" in authority.public_certificates()
    clock.at = ends - timedelta(seconds=1)
    before = signer_of(stamper.token(IMPRINT))
    clock.at = ends + timedelta(seconds=1)
    after = signer_of(stamper.token(IMPRINT))
    assert before.serial_number != after.serial_number
    assert name_in_use(authority) == "timestamp-2"
    states = {key.name: key.state for key in authority.list_keys() if key.purpose == "timestamp"}
    assert states == {"timestamp": "superseded", "timestamp-2": "current"}


def test_a_certificate_says_when_its_key_signs(authority):
    """RFC 3280, 4.2.1.4: not critical, and shorter than the certificate by eight years."""
    certificate = x509.load_der_x509_certificate(authority.timestamp_key().chain[0])
    found = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod)
    assert not found.critical
    begins, ends = signing_period(certificate)
    assert begins == certificate.not_valid_before_utc
    assert ends - begins == 3 * YEAR
    assert certificate.not_valid_after_utc - ends == 8 * YEAR


@pytest.mark.parametrize("late", [timedelta(seconds=1), YEAR])
def test_after_years_in_a_drawer_the_first_token_makes_the_key(authority, stamper, clock, late):
    _, ends = signing_period(signer_of(stamper.token(IMPRINT)))
    clock.at = ends + late
    certificate = signer_of(stamper.token(IMPRINT))
    assert signing_period(certificate)[0] <= clock.now()
    assert signing_period(certificate)[1] > clock.now() + 2 * YEAR
    assert name_in_use(authority) == "timestamp-2"


def test_a_former_key_does_not_sign(authority, clock):
    """Whoever still holds its handle, as a process that slept."""
    held = TimestampAuthority(authority.timestamp_key(), clock, CountedEntropy())
    clock.forward(days=3 * 365 + 1)
    with pytest.raises(SigningUnavailable, match="not in its time"):
        held.token(IMPRINT)


def test_another_process_follows(tmp_path, authority, stamper, clock):
    """One makes the key, all stamp with it from the same second on."""
    other = found(tmp_path / "keys", clock, seed="other")
    stamps = TimestampAuthority(other.timestamp_key, clock, CountedEntropy("others"))
    clock.forward(days=3 * 365 - 30)
    assert authority.keep_timestamp_key()
    assert not other.keep_timestamp_key()
    clock.forward(days=60)
    assert signer_of(stamps.token(IMPRINT)) == signer_of(stamper.token(IMPRINT))


def test_many_at_once_make_one_key(tmp_path, authority, clock):
    clock.forward(days=3 * 365)
    processes = [found(tmp_path / "keys", clock, seed=f"p{n}") for n in range(6)]
    threads = [threading.Thread(target=one.keep_timestamp_key) for one in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.name for key in authority.timestamp_keys()] == ["timestamp", "timestamp-2"]


def test_a_key_that_a_crash_left_is_used(authority, monkeypatch, clock):
    """Killed between the key and the register: no second key under that name."""
    clock.forward(days=3 * 365)

    def full(*_):
        raise SigningUnavailable(what="disk")

    with monkeypatch.context() as patched:
        patched.setattr(authority._shelf, "write", full)
        with pytest.raises(SigningUnavailable):
            authority.keep_timestamp_key()
    left = authority._mint._vault.get("timestamp-2")
    assert authority.keep_timestamp_key()
    assert authority._mint._vault.get("timestamp-2") == left
    authority.timestamp_key().check()


def of_an_earlier_release(authority: DevelopmentAuthority, clock: Clock):
    """Its timestamp certificate has ten years and no period; its register knows one key."""
    register = authority._current().register
    mint = authority._mint
    issuer = mint._issuer(register.root)
    certificate = profiles.timestamp_certificate(
        issuer,
        mint._private("timestamp").public_key(),
        profiles.authority_name("揭阳市电子证照库", "时间戳机构"),
        mint._term(10 * 365, issuer.certificate),
    )
    member = replace(register.timestamp, certificate=certificate.public_bytes(x509_der()))
    authority._shelf.write(replace(register, timestamp=member))
    path = authority._shelf._path
    stamp, _, content = files.read(path).partition(b"\n")
    values = json.loads(content)
    del values["later_timestamps"]
    content = json.dumps(values).encode()
    stamp = authority._mint._vault.stamp("register", content).hex().encode()
    files.replace(path, stamp + b"\n" + content)


def test_a_node_of_an_earlier_release_rotates_too(tmp_path, authority, clock):
    of_an_earlier_release(authority, clock)
    node = found(tmp_path / "keys", clock, seed="again")
    stamper = TimestampAuthority(node.timestamp_key, clock, CountedEntropy())
    old = stamper.token(IMPRINT)
    assert not node.keep_timestamp_key()
    clock.forward(days=2 * 365)
    assert signer_of(stamper.token(IMPRINT)) == signer_of(old)
    clock.forward(days=365)
    assert node.keep_timestamp_key()
    clock.forward(days=1)
    assert signer_of(stamper.token(IMPRINT)) != signer_of(old)
    verify(tmp_path, node, old, START + 9 * YEAR)


def test_near_the_end_of_the_root_a_key_signs_as_long_as_the_root_holds(authority, clock):
    clock.forward(days=19 * 365)
    key = authority.timestamp_key()
    certificate = x509.load_der_x509_certificate(key.chain[0])
    root = x509.load_der_x509_certificate(authority.public_certificates()["root.cer"])
    assert signing_period(certificate)[1] == root.not_valid_after_utc
    clock.at = root.not_valid_after_utc - timedelta(days=10)
    with pytest.raises(KeyUnusable, match="root"):
        authority.keep_timestamp_key()
    authority.timestamp_key().check()  # what is there goes on until its end


def test_a_wrong_clock_makes_no_key(tmp_path):
    """Ten years ahead it would use up keys, and stamp with one whose time has not come."""
    machine, clock = SetMachine(), SetClock()
    authority = found(tmp_path / "keys", clock)
    stamps = stamp_clock(tmp_path, machine)
    stamper = TimestampAuthority(authority.timestamp_key, stamps, CountedEntropy())
    stamper.token(IMPRINT)
    clock.forward(days=3650)
    machine.set_by(days=3650)
    with pytest.raises(ClockNotTrusted):
        stamper.token(IMPRINT)
    assert [key.name for key in authority.timestamp_keys()] == ["timestamp"]


def test_who_looks_from_beside_sees_the_key_in_use(tmp_path, authority, clock):
    clock.forward(days=3 * 365)
    authority.keep_timestamp_key()
    clock.forward(days=1)
    facts = inspect(tmp_path / "keys", KEK, CountedEntropy(), clock.now())
    assert facts.timestamp_key.name == "timestamp-2"
    assert not facts.unusable
