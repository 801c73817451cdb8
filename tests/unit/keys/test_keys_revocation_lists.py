"""CRLs of the own authority: shards, their scope, when they are made anew, how they count."""

import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from keys_world import PLANNING, START, TRANSPORT, SetClock, found, openssl, pem

from certlib.errors import KeyUnusable
from keys import profiles, revocation_lists
from keys.register import Member
from keys.revocation_lists import authorities, issuer_of, lists_of

CODE = TRANSPORT[0]


@pytest.fixture
def authority(tmp_path, clock, monkeypatch):
    """Two certificates to a shard."""
    monkeypatch.setattr(revocation_lists, "SHARD_SIZE", 2)
    return found(tmp_path / "keys", clock)


def loaded(authority, name):
    return x509.load_der_x509_crl(authority.crls()[name])


def number(authority, name):
    found = loaded(authority, name).extensions.get_extension_for_class(x509.CRLNumber)
    return found.value.crl_number


def serials(authority, name):
    return {entry.serial_number for entry in loaded(authority, name)}


def scope(crl):
    return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)


def issue(authority, count):
    """The seals of one department under as many names, the newest last."""
    for _ in range(count):
        generation = sum(key.purpose == "seal" for key in authority.list_keys())
        authority.issue_seal(CODE, f"第{generation}局")
    entries = authority._current().register.seals
    return [x509.load_der_x509_certificate(entry.certificate) for entry in entries]


def point(certificate):
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert len(points) == 1
    return points[0].full_name[0].value


def test_certificates_fill_one_shard_after_the_other(authority):
    points = [point(seal) for seal in issue(authority, 5)]
    numbers = [1, 1, 2, 2, 3]
    assert points == [f"https://zz.example/pki/issuing.{n:04d}.crl" for n in numbers]
    assert {url.rpartition("/")[2] for url in points} < authority.crls().keys()


def test_a_shard_says_of_whom_it_speaks(authority):
    """RFC 5280 section 5.2.5: critical, with the very name that the certificates look for."""
    (seal,) = issue(authority, 1)
    found = scope(loaded(authority, "issuing.0001.crl"))
    assert found.critical
    assert [name.value for name in found.value.full_name] == [point(seal)]
    assert found.value.only_contains_user_certs
    for name in ("root.crl", "issuing.crl"):
        with pytest.raises(x509.ExtensionNotFound):
            scope(loaded(authority, name))


def test_a_revoked_seal_stands_on_its_shard_and_on_the_complete_list(authority):
    """At once, and nothing else is signed anew: other lists have not changed."""
    first, _, third = issue(authority, 3)
    before = authority.crls()
    authority.revoke_seal(f"seal-{CODE}-001-p256", "superseded")
    assert serials(authority, "issuing.0001.crl") == {first.serial_number}
    assert serials(authority, "issuing.crl") == {first.serial_number}
    changed = {name for name, crl in authority.crls().items() if before[name] != crl}
    assert changed == {"issuing.crl", "issuing.0001.crl"}
    assert third.serial_number not in serials(authority, "issuing.0002.crl")


def test_each_list_counts_for_itself_and_never_back(authority, clock):
    issue(authority, 3)
    clock.forward(days=16)
    authority.refresh_crls()
    authority.revoke_seal(f"seal-{CODE}-001-p256")
    assert [number(authority, name) for name in authority.crls()] == [2, 3, 3, 2]


def test_lists_are_there_well_before_the_next_is_due(authority, clock):
    issue(authority, 3)
    for _ in range(5):
        clock.forward(days=15)
        assert authority.refresh_crls()
        ends = [loaded(authority, name).next_update_utc for name in authority.crls()]
        assert min(ends) == authority.crls_end() == clock.now() + timedelta(days=30)


def test_one_look_at_a_wrong_clock_makes_no_list_useless(authority, clock):
    """What begins in the future is signed anew as soon as the clock is right; numbers grow."""
    issue(authority, 3)
    before = {name: number(authority, name) for name in authority.crls()}
    clock.forward(days=400)
    assert authority.refresh_crls()
    clock.forward(days=-400, minutes=10)
    assert authority.refresh_crls()
    assert not authority.refresh_crls()
    for name in authority.crls():
        found_ = loaded(authority, name)
        assert found_.last_update_utc == clock.now()
        assert found_.next_update_utc == clock.now() + timedelta(days=30)
        assert number(authority, name) == before[name] + 2


@pytest.mark.parametrize(("back", "due"), [(5, False), (6, True)])
def test_clocks_may_differ_by_minutes(authority, clock, back, due):
    authority.crls()
    clock.forward(minutes=-back)
    assert authority.refresh_crls() is due


def test_a_list_that_moved_is_found_under_both_addresses(tmp_path, clock):
    """The public address may change: certificates that name the old one still have their list."""
    found(tmp_path / "keys", clock).issue_seal(*TRANSPORT)
    moved = found(tmp_path / "keys", clock, public_url="https://new.example")
    moved.issue_seal(*PLANNING)
    names = scope(loaded(moved, "issuing.0001.crl")).value.full_name
    assert [name.value.split("/pki/")[0] for name in names] == [
        "https://new.example",
        "https://zz.example",
    ]


def test_certificates_of_an_earlier_release_keep_their_list(authority, monkeypatch):
    """They name the complete list, and it goes on."""
    with monkeypatch.context() as earlier:
        earlier.setattr(revocation_lists, "open_shard", lambda _register: "issuing.crl")
        (old,) = issue(authority, 1)
    *_, new = issue(authority, 1)
    assert [point(seal).rpartition("/")[2] for seal in (old, new)] == [
        "issuing.crl",
        "issuing.0001.crl",
    ]
    authority.revoke_seal(f"seal-{CODE}-001-p256")
    assert serials(authority, "issuing.crl") == {old.serial_number}
    assert serials(authority, "issuing.0001.crl") == set()


def test_a_register_of_an_earlier_release_is_read(authority):
    from keys.register import _from_json, _to_json

    register = authority._current().register
    content = _to_json(register)
    for name in ("lists", "former", "responders"):
        del content[name]
    assert _from_json(content) == register


def test_an_unknown_serial_number_is_never_lost(authority):
    """Whatever was revoked stands on the complete list, whoever forgot its certificate."""
    from keys.profiles import Revoked

    register = authority._current().register
    forgotten = replace(register, revoked=(Revoked(7, START, "superseded"),))
    listed = dict(lists_of(authority._mint.with_crls(forgotten)))
    assert [entry.serial_number for entry in x509.load_der_x509_crl(listed["issuing.crl"])] == [7]


# --- authorities that others have followed --------------------------------------------------


@pytest.fixture
def followed(authority, clock):
    """A second issuing authority after the first; each has one seal."""
    issue(authority, 1)
    follow(authority)
    issue(authority, 1)
    return authority


def follow(authority):
    """A second issuing authority takes the place of the first."""
    mint, register = authority._mint, authority._current().register
    key = mint._private("issuing-2")
    made = profiles.issuing_certificate(
        mint._issuer(register.root),
        key.public_key(),
        profiles.authority_name("揭阳市", "电子印章签发机构"),
        mint._term(3000),
    )
    new = Member("issuing-2", register.issuing.algorithm, made.public_bytes(Encoding.DER))
    rotated = replace(register, issuing=new, former=(register.issuing,))
    authority._change(lambda _snapshot: mint.with_crls(rotated))


def test_a_former_authority_goes_on_signing_its_lists(followed, clock):
    assert list(followed.crls()) == [
        "root.crl",
        "issuing-2.crl",
        "issuing.crl",
        "issuing.0001.crl",
        "issuing-2.0001.crl",
    ]
    clock.forward(days=20)
    followed.revoke_seal(f"seal-{CODE}-001-p256")
    register = followed._current().register
    for name, crl in lists_of(register):
        issuer = next(
            member
            for member in authorities(register)
            if name.rpartition("/")[2].startswith(f"{member.key}.")
        )
        key = x509.load_der_x509_certificate(issuer.certificate).public_key()
        assert x509.load_der_x509_crl(crl).is_signature_valid(key)
    assert len(loaded(followed, "issuing.crl")) == 1
    assert len(loaded(followed, "issuing-2.crl")) == 0


def test_seals_of_a_former_authority_keep_their_chain(followed):
    handles = followed._current().handles
    for generation, issuer in ((1, "issuing"), (2, "issuing-2")):
        key = handles[f"seal-{CODE}-{generation:03d}-p256"]
        assert key.chain[1] == followed.public_certificates()[f"{issuer}.cer"]
        assert issuer_of(followed._current().register, key.chain[0]).key == issuer
    assert len(followed.trust_material().issuers) == 2
    assert len(followed.trusted().helpers) == 2


def test_a_stranger_has_no_issuer_here(followed, settled):
    assert issuer_of(followed._current().register, settled.seal_key(CODE).chain[0]) is None


def test_the_last_list_of_an_authority_is_for_ever(followed, clock):
    """Nobody will sign another, and what was revoked stays to be seen."""
    followed.revoke_seal(f"seal-{CODE}-001-p256")
    clock.forward(days=15 * 365 - 10)
    followed.refresh_crls()
    last = loaded(followed, "issuing.crl")
    assert last.next_update_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    clock.forward(days=400)
    followed.refresh_crls()
    assert loaded(followed, "issuing.crl") == last


def test_a_former_key_that_was_destroyed_leaves_its_last_list(followed, clock, monkeypatch):
    last = followed.crls()["issuing.crl"]
    opened = type(followed._mint)._issuer

    def destroyed(mint, member):
        if member.key == "issuing":
            raise KeyUnusable(what="issuing: missing")
        return opened(mint, member)

    monkeypatch.setattr(type(followed._mint), "_issuer", destroyed)
    clock.forward(days=20)
    assert followed.crls()["issuing.crl"] == last
    assert number(followed, "issuing-2.crl") == 2


def test_a_key_in_use_that_is_lost_is_no_quiet_matter(authority, clock, monkeypatch):
    def lost(_mint, _member):
        raise KeyUnusable(what="issuing: missing")

    monkeypatch.setattr(type(authority._mint), "_issuer", lost)
    clock.forward(days=20)
    with pytest.raises(KeyUnusable):
        authority.crls()


# --- as others see it -----------------------------------------------------------------------


def crl_pem(der):
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def verified(folder, authority, seal, lists, *options):
    (folder / "crls.pem").write_bytes(b"".join(crl_pem(authority.crls()[name]) for name in lists))
    for name in ("root", "issuing"):
        (folder / f"{name}.pem").write_bytes(pem(authority.public_certificates()[f"{name}.cer"]))
    (folder / "seal.pem").write_bytes(seal.public_bytes(Encoding.PEM))
    return openssl(
        *("verify", "-x509_strict", "-CAfile", folder / "root.pem"),
        *("-untrusted", folder / "issuing.pem", "-CRLfile", folder / "crls.pem"),
        *("-attime", int(START.timestamp()), *options, folder / "seal.pem"),
    )


def test_openssl_takes_the_shard_of_a_seal_and_no_other(tmp_path, authority):
    first, _, third = issue(authority, 3)
    shards = ("issuing.0001.crl", "issuing.0002.crl")
    assert "OK" in verified(tmp_path, authority, first, shards[:1], "-crl_check")
    assert "OK" in verified(tmp_path, authority, third, ("root.crl", *shards), "-crl_check_all")
    with pytest.raises(AssertionError, match=r"CRL scope|get certificate CRL"):
        verified(tmp_path, authority, third, shards[:1], "-crl_check")
    with pytest.raises(AssertionError, match="unable to get certificate CRL"):
        verified(tmp_path, authority, first, shards, "-crl_check_all")  # the root's is missing
    authority.revoke_seal(f"seal-{CODE}-001-p256")
    for lists in (shards, ("issuing.crl",)):
        with pytest.raises(AssertionError, match="certificate revoked"):
            verified(tmp_path, authority, first, lists, "-crl_check")
    assert "OK" in verified(tmp_path, authority, third, shards, "-crl_check")


_REVOKES = textwrap.dedent("""
    import sys
    from pathlib import Path
    from keys_world import KEK, START, SetClock, found
    authority = found(Path(sys.argv[1]), SetClock(START), seed=sys.argv[2])
    for generation in range(int(sys.argv[3]), int(sys.argv[4])):
        authority.revoke_seal(f"seal-{sys.argv[5]}-{generation:03d}-p256")
""")


def test_processes_at_once_give_no_number_twice_and_lose_no_revocation(tmp_path):
    """Real processes on one folder: each revocation counts the list on by one."""
    folder = tmp_path / "keys"
    authority = found(folder)
    issue(authority, 12)
    paths = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _REVOKES, folder, f"p{part}", *bounds, CODE], env=paths
        )
        for part, bounds in enumerate([("1", "5"), ("5", "9"), ("9", "13")])
    ]
    assert [child.wait(60) for child in running] == [0, 0, 0]
    again = found(folder, SetClock())
    assert len(loaded(again, "issuing.crl")) == len(loaded(again, "issuing.0001.crl")) == 12
    assert number(again, "issuing.crl") == 13
