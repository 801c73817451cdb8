import os
import stat
from datetime import timedelta

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keys_world import P256, PLANNING, RSA, START, TRANSPORT, SetClock, found, verify_signature

from certlib.errors import KeyUnusable, MalformedCode, SigningUnavailable, Unsupported
from certlib.ports import KeyHandle, SealCustody, TrustMaterial
from keys.authority import AuthorityOptions, SealOrder
from keys.mint import Mint

CODE = TRANSPORT[0]


def custody_of(authority: SealCustody) -> KeyHandle:
    return authority.seal_key(CODE)


def crl_of(authority, name="issuing.crl"):
    return x509.load_der_x509_crl(authority.crls()[name])


def crl_number(authority):
    return crl_of(authority).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def authority(folder, clock):
    return found(folder, clock)


# --- opening --------------------------------------------------------------------------------


def test_the_second_start_finds_what_the_first_made(folder, clock):
    first = found(folder, clock)
    first.issue_seal(*TRANSPORT)
    second = found(folder, clock, seed="other")
    assert second.public_certificates() == first.public_certificates()
    assert second.list_keys() == first.list_keys()
    assert custody_of(second).chain == custody_of(first).chain
    verify_signature(custody_of(second), b"message")


def test_another_key_encryption_key_opens_nothing(folder, authority):
    with pytest.raises(KeyUnusable):
        found(folder, kek=bytes(32))


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_changed_bit_in_the_register_is_noticed(settled, position, bit):
    """Nobody without the key-encryption key can slip in another root."""
    path = settled._folder / "register"
    good = path.read_bytes()
    bad = bytearray(good)
    bad[position % len(bad)] ^= 1 << bit
    try:
        path.write_bytes(bad)
        reopened = found(settled._folder)
    except KeyUnusable:
        pass
    else:  # hexadecimal digits of the stamp may change their case
        assert reopened.public_certificates() == settled.public_certificates()
    finally:
        path.write_bytes(good)


def test_a_lost_register_is_not_a_first_start(folder, authority):
    """Founding anew would leave every seal issued so far without its root."""
    authority.issue_seal(*TRANSPORT)
    (folder / "register").unlink()
    with pytest.raises(KeyUnusable, match="register"):
        found(folder)
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)


def test_no_private_key_lies_readable_anywhere(folder, authority):
    """Neither as PEM nor as DER, whole or by its secret number."""
    authority.issue_seal(*TRANSPORT)
    authority.issue_seal(*PLANNING, RSA)
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"PRIVATE KEY" not in everything
    for name in authority._ring.vault.names():
        secret = authority._ring.vault.get(name)
        assert secret not in everything
        assert all(secret[at : at + 24] not in everything for at in range(len(secret) - 24))
    ec_public_key = bytes.fromhex("06072a8648ce3d0201")
    rsa_encryption = bytes.fromhex("06092a864886f70d010101")
    for path in (folder / "private").iterdir():
        content = path.read_bytes()
        assert ec_public_key not in content
        assert rsa_encryption not in content


def test_only_the_owner_gets_into_the_folder(folder, authority):
    for path in (folder, *folder.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path.name


def test_two_processes_at_once_make_one_authority(folder):
    """The lock decides; every process ends with the same root and can sign with its keys."""
    ready, go = os.pipe()
    children, outputs = [], []
    for number in range(4):
        out_read, out_write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.read(ready, 1)
                authority = found(folder, seed=f"process {number}")
                authority.issue_seal(*TRANSPORT)
                verify_signature(authority.seal_key(CODE), b"message")
                certificates = authority.public_certificates()
                line = b"".join(certificates[name] for name in sorted(certificates))
                os.write(out_write, len(certificates).to_bytes(1) + line)
            finally:
                os._exit(0)
        os.close(out_write)
        children.append(child)
        outputs.append(out_read)
    os.write(go, b"4444")
    answers = [b"".join(iter(lambda pipe=pipe: os.read(pipe, 65536), b"")) for pipe in outputs]
    for child in children:
        os.waitpid(child, 0)
    for descriptor in (ready, go, *outputs):
        os.close(descriptor)
    assert answers[0][0] == 5  # root, issuing, timestamp, history, one seal
    assert len(set(answers)) == 1


# --- issuing --------------------------------------------------------------------------------


def test_a_department_has_no_seal_before_one_is_issued(authority):
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)
    with pytest.raises(SigningUnavailable):
        authority.seal_info(CODE)


def test_seal_info_says_what_the_page_prints(authority):
    info = authority.issue_seal(*TRANSPORT)
    assert info == authority.seal_info(CODE)
    assert info.issuer_code == CODE
    assert info.seal_name == "揭阳市交通运输局电子印章（演示）"
    assert info.demonstration
    assert info.not_before == START - timedelta(hours=1)
    assert info.not_after == info.not_before + timedelta(days=5 * 365)
    own = x509.load_der_x509_certificate(authority.seal_key(CODE).chain[0])
    assert info.fingerprint == own.fingerprint(own.signature_hash_algorithm).hex()


def test_issuing_the_same_seal_again_changes_nothing(folder, authority):
    """A demo that is loaded twice has one seal for each department."""
    first = authority.issue_seal(*TRANSPORT)
    before = (folder / "register").read_bytes()
    assert authority.issue_seal(*TRANSPORT) == first
    assert authority.issue_seals([SealOrder(*TRANSPORT)] * 2) == (first, first)
    assert (folder / "register").read_bytes() == before


def test_one_order_twice_in_a_batch_is_one_seal(authority):
    infos = authority.issue_seals([SealOrder(*TRANSPORT)] * 2)
    assert infos[0] == infos[1]
    assert sum(key.purpose == "seal" for key in authority.list_keys()) == 1


def test_a_batch_is_one_commit(authority, monkeypatch):
    written = []
    real = authority._shelf.write
    monkeypatch.setattr(authority._shelf, "write", lambda reg: written.append(reg) or real(reg))
    authority.issue_seals([SealOrder(*TRANSPORT), SealOrder(*PLANNING)])
    assert len(written) == 1


def test_a_renamed_department_gets_a_new_seal_and_keeps_the_old_one_valid(authority):
    old = authority.issue_seal(*TRANSPORT)
    new = authority.issue_seal(CODE, "揭阳市交通局")
    assert new.seal_name == "揭阳市交通局电子印章（演示）"
    assert authority.seal_info(CODE) == new
    states = {key.fingerprint: key.state for key in authority.list_keys()}
    assert states[old.fingerprint] == "superseded"
    assert states[new.fingerprint] == "current"
    assert crl_of(authority).get_revoked_certificate_by_serial_number(1) is None
    assert len(crl_of(authority)) == 0


def test_another_algorithm_is_another_seal(authority):
    authority.issue_seal(*TRANSPORT)
    authority.issue_seal(*TRANSPORT, RSA)
    assert authority.seal_key(CODE).algorithm == RSA
    verify_signature(authority.seal_key(CODE), b"message")


def test_the_same_handle_is_given_every_time(authority):
    """The private key is loaded once, also when other seals are issued meanwhile."""
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    authority.issue_seal(*PLANNING)
    assert authority.seal_key(CODE) is key


def test_an_expired_seal_signs_no_more_and_the_next_order_renews_it(authority, clock):
    old = authority.issue_seal(*TRANSPORT)
    clock.at = old.not_after
    assert authority.seal_info(CODE) == old
    clock.forward(seconds=1)
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)
    new = authority.issue_seal(*TRANSPORT)
    assert new.not_before <= clock.now() < new.not_after
    assert [key.state for key in authority.list_keys() if key.purpose == "seal"] == [
        "current",
        "expired",
    ]


def test_no_seal_outlives_its_issuing_authority(folder, clock):
    authority = found(folder, clock, seal_days=7000)
    issuing = x509.load_der_x509_certificate(authority.public_certificates()["issuing.cer"])
    assert authority.issue_seal(*TRANSPORT).not_after == issuing.not_valid_after_utc


def test_an_expired_issuing_authority_issues_nothing(authority, clock):
    clock.forward(days=15 * 365)
    with pytest.raises(KeyUnusable):
        authority.issue_seal(*TRANSPORT)


@pytest.mark.parametrize(
    ("code", "name", "algorithm", "error"),
    [
        ("", "局", P256, MalformedCode),
        ("11445200990090139", "局", P256, MalformedCode),
        ("11445200990090139j", "局", P256, MalformedCode),
        ("../../etc/passwd11", "局", P256, MalformedCode),
        (CODE, "", P256, Unsupported),
        (CODE, "  ", P256, Unsupported),
        (CODE, "局\n", P256, Unsupported),
        (CODE, "局" * 65, P256, Unsupported),
        (CODE, "局", "rsa-1024-sha1", Unsupported),
    ],
)
def test_a_wrong_order_issues_nothing(authority, code, name, algorithm, error):
    with pytest.raises(error):
        authority.issue_seal(code, name, algorithm)
    assert len(authority.list_keys()) == 4


@pytest.mark.parametrize("name", ["局" * 64, "局a" * 32, "Department-" * 5, "揭阳市𠮷野局" * 8])
def test_a_long_department_name_stands_whole_in_the_seal(authority, name):
    """CN is cut to 64 octets, which readers count; O and the printed seal name are whole."""
    assert authority.issue_seal(CODE, name).seal_name == f"{name}电子印章（演示）"
    subject = x509.load_der_x509_certificate(authority.seal_key(CODE).chain[0]).subject
    values = {attribute.oid._name: attribute.value for attribute in subject}
    assert values["organizationName"] == name
    assert values["commonName"].endswith("…电子印章（演示）")
    assert name.startswith(values["commonName"].partition("…")[0])
    assert 60 < len(values["commonName"].encode()) <= 64


def test_the_longest_name_of_the_authority_is_taken(folder):
    authority = found(folder, owner="揭" * 60)
    assert all("演示" in key.subject for key in authority.list_keys())


@pytest.mark.parametrize(
    "options",
    [
        {"public_url": ""},
        {"public_url": "zz.example"},
        {"public_url": "ftp://zz.example"},
        {"public_url": "https://"},
        {"public_url": "https://[::1"},
        {"public_url": "https://证照.example"},
        {"public_url": "https://zz.example/a?b"},
        {"public_url": "https://zz.example/\n"},
        {"public_url": "https://zz.example", "seal_days": 0},
        {"public_url": "https://zz.example", "crl_days": 0},
        {"public_url": "https://zz.example", "crl_days": 10**6},
        {"public_url": "https://zz.example", "owner": ""},
        {"public_url": "https://zz.example", "owner": "揭" * 61},
    ],
)
def test_wrong_settings_are_refused_before_anything_is_made(options):
    with pytest.raises(Unsupported):
        AuthorityOptions(**options)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://[::1]:8443", "https://a.b/c/"])
def test_usual_addresses_are_taken(folder, url):
    authority = found(folder, public_url=url)
    issuing = x509.load_der_x509_certificate(authority.public_certificates()["issuing.cer"])
    points = issuing.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == f"{url.rstrip('/')}/pki/root.crl"


def test_serial_numbers_are_random_positive_and_different(settled):
    serials = [
        x509.load_der_x509_certificate(der).serial_number
        for der in settled.public_certificates().values()
    ]
    assert len(set(serials)) == len(serials) == 6
    assert all(serial.bit_length() == 127 for serial in serials)


# --- revoking and publishing ----------------------------------------------------------------


def test_a_revoked_seal_signs_no_more_and_stands_on_the_list(authority, clock):
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    before = crl_number(authority)
    clock.forward(minutes=5)
    authority.revoke_seal(key.name, "keyCompromise")
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)
    serial = x509.load_der_x509_certificate(key.chain[0]).serial_number
    entry = crl_of(authority).get_revoked_certificate_by_serial_number(serial)
    assert entry.revocation_date_utc == clock.now()
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    assert crl_number(authority) == before + 1
    assert [key.state for key in authority.list_keys() if key.purpose == "seal"] == ["revoked"]


def test_revoking_twice_is_revoking_once(authority, clock):
    authority.issue_seal(*TRANSPORT)
    name = authority.seal_key(CODE).name
    authority.revoke_seal(name)
    number = crl_number(authority)
    clock.forward(days=1)
    authority.revoke_seal(name, "keyCompromise")
    assert crl_number(authority) == number
    assert len(crl_of(authority)) == 1
    assert not crl_of(authority)[0].extensions  # unspecified: no reason is written


def test_after_revocation_the_department_gets_a_new_seal(authority):
    old = authority.issue_seal(*TRANSPORT)
    authority.revoke_seal(authority.seal_key(CODE).name)
    new = authority.issue_seal(*TRANSPORT)
    assert new.fingerprint != old.fingerprint
    verify_signature(authority.seal_key(CODE), b"message")


@pytest.mark.parametrize(
    ("name", "reason"), [("root", "keyCompromise"), ("seal-x", "unspecified"), ("", "hold")]
)
def test_what_cannot_be_revoked_is_refused(authority, name, reason):
    with pytest.raises(Unsupported):
        authority.revoke_seal(name, reason)


def test_lists_are_renewed_when_half_of_their_life_has_passed(authority, clock):
    """Whoever asks for a list never gets one that is overdue, and numbers count on."""
    first = authority.crls()
    clock.forward(days=15, seconds=-1)
    assert not authority.refresh_crls()
    assert authority.crls() == first
    clock.forward(seconds=1)
    assert authority.refresh_crls()
    assert not authority.refresh_crls()
    assert crl_number(authority) == 2
    clock.forward(days=400)
    for name in ("root.crl", "issuing.crl"):
        assert crl_of(authority, name).next_update_utc == clock.now() + timedelta(days=30)
    assert authority.trust_material().crls == tuple(authority.crls().values())  # no seal, no shard


def test_renewed_lists_keep_what_was_revoked(authority, clock):
    authority.issue_seal(*TRANSPORT)
    authority.revoke_seal(authority.seal_key(CODE).name)
    clock.forward(days=20)
    assert len(crl_of(authority)) == 1


def test_the_root_is_the_anchor_for_both_purposes(settled):
    published = settled.public_certificates()
    root, issuing = published["root.cer"], published["issuing.cer"]
    crls = tuple(settled.crls()[name] for name in ("root.crl", "issuing.crl"))
    assert settled.trust_material() == TrustMaterial((root,), (root,), crls, (issuing,))


def test_every_certificate_is_published_under_the_name_it_is_looked_for(settled):
    published = {"ocsp", *settled.public_certificates(), *settled.crls()}
    for der in settled.public_certificates().values():
        extensions = x509.load_der_x509_certificate(der).extensions
        for extension in extensions:
            match extension.value:
                case x509.CRLDistributionPoints() as points:
                    url = points[0].full_name[0].value
                case x509.AuthorityInformationAccess() as access:
                    url = " ".join(item.access_location.value for item in access)
                case _:
                    continue
            for one in url.split():
                address, _, name = one.rpartition("/")
                assert address == "https://zz.example/pki"
                assert name in published


def test_the_list_of_keys_names_algorithm_fingerprint_and_expiry(settled):
    keys = settled.list_keys()
    assert [key.purpose for key in keys] == [
        "root",
        "issuing",
        "timestamp",
        "history",
        *["seal"] * 2,
    ]
    assert {key.algorithm for key in keys} == {P256, RSA}
    assert {key.state for key in keys} == {"current"}
    assert all("演示" in key.subject for key in keys)
    assert {key.issuer_code for key in keys} == {"", CODE, PLANNING[0]}
    assert all(len(key.fingerprint) == 64 and key.not_before < key.not_after for key in keys)


def test_expired_authorities_are_listed_as_expired(folder):
    clock = SetClock()
    authority = found(folder, clock)
    clock.forward(days=10 * 365 + 1)
    assert [key.state for key in authority.list_keys()] == [*["current"] * 2, *["expired"] * 2]


def test_the_history_has_a_key_of_its_own(authority):
    key = authority.history_key()
    assert (key.name, key.algorithm) == ("history", P256)
    assert key.chain == (authority.public_certificates()["history.cer"],)
    verify_signature(key, b"message")
    assert authority.history_key() is key


def test_an_authority_of_an_earlier_release_gets_its_history_key(folder, clock, monkeypatch):
    """Once: the next start finds it there."""
    with monkeypatch.context() as earlier:
        earlier.setattr(Mint, "completed", lambda _mint, register: register)
        old = found(folder, clock)
        assert not old._current().own_keys
    before = old.public_certificates()
    new = found(folder, clock)
    verify_signature(new.history_key(), b"message")
    assert new.public_certificates().items() > before.items()
    assert found(folder, clock).public_certificates() == new.public_certificates()
    assert old.history_key().chain == new.history_key().chain


# --- several processes ----------------------------------------------------------------------


def test_what_one_process_changes_the_others_see(folder, clock):
    here, there = found(folder, clock), found(folder, clock, seed="there")
    there.issue_seal(*TRANSPORT)
    key = here.seal_key(CODE)
    assert key.chain == there.seal_key(CODE).chain
    here.issue_seal(*PLANNING)
    there.revoke_seal(key.name)
    with pytest.raises(SigningUnavailable):
        here.seal_key(CODE)
    assert here.crls() == there.crls()
    assert here.list_keys() == there.list_keys()


def test_two_processes_issue_into_one_register(folder, clock):
    """Whoever writes reads first, under the lock: no entry is lost."""
    here, there = found(folder, clock), found(folder, clock, seed="there")
    here.issue_seal(*TRANSPORT)
    there.issue_seal(*PLANNING)
    assert here.seal_info(PLANNING[0]) == there.seal_info(PLANNING[0])
    assert len(found(folder, clock).list_keys()) == 6


def test_only_one_process_renews_the_lists(folder, clock):
    here, there = found(folder, clock), found(folder, clock, seed="there")
    clock.forward(days=16)
    snapshot = there._current()
    assert here.refresh_crls()
    assert there._with_fresh_crls(there._current()) is there._current().register
    assert snapshot.register is not there._current().register
    assert crl_number(there) == 2


def test_a_full_disk_issues_nothing_and_says_so(folder, authority, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SigningUnavailable):
        authority.issue_seal(*TRANSPORT)
    monkeypatch.undo()
    assert len(found(folder).list_keys()) == 4
    authority.issue_seal(*TRANSPORT)  # uses the key that was stored before the disk was full
    assert authority._ring.vault.names() == {
        "root",
        "issuing",
        "timestamp",
        "history",
        f"seal-{CODE}-001-p256",
    }
    verify_signature(authority.seal_key(CODE), b"message")


def test_a_folder_that_is_gone_is_reported(authority, folder):
    """A file in the folder's place: a mount that was lost looks like it."""
    authority.issue_seal(*TRANSPORT)
    folder.rename(folder.with_name("moved"))
    folder.write_bytes(b"")
    with pytest.raises(SigningUnavailable):
        authority.seal_key(CODE)


def test_a_register_of_another_version_is_not_read(folder, authority):
    """A later release may change the form; an older one must not guess."""
    content = (folder / "register").read_bytes().partition(b"\n")[2]
    later = content.replace(b'"format": 1', b'"format": 2')
    stamp = authority._ring.vault.stamp("register", later).hex().encode()
    (folder / "register").write_bytes(stamp + b"\n" + later)
    with pytest.raises(KeyUnusable, match="another version"):
        found(folder)


def test_a_department_gets_a_seal_when_it_has_none_or_another_name(authority):
    """What the old seal signed stays good; names that no certificate can carry get none."""
    authority.issue_seal(*TRANSPORT, RSA)
    names = {TRANSPORT[0]: TRANSPORT[1], PLANNING[0]: PLANNING[1], "1" * 18: "长" * 65}
    assert authority.keep_seals(names) == 1
    assert authority.keep_seals(names) == 0
    old = authority.seal_info(TRANSPORT[0])
    assert authority.keep_seals({TRANSPORT[0]: "揭阳市交通局"}) == 1
    new = authority.seal_info(TRANSPORT[0])
    assert (new.seal_name != old.seal_name, new.fingerprint != old.fingerprint) == (True, True)
    states = {item.name: item.state for item in authority.list_keys() if TRANSPORT[0] in item.name}
    assert sorted(states.values()) == ["current", "superseded"]
    assert all("rsa3072" in name for name in states)
    with pytest.raises(SigningUnavailable):
        authority.seal_info("1" * 18)
