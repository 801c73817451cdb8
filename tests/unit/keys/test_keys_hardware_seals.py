"""Seals of departments whose keys lie in a token: issued, replaced, renamed, restored."""

from datetime import timedelta

import keys_world
import pytest
from cryptography import x509
from keys_world import P256, PLANNING, RSA, TRANSPORT, verify_signature

from certlib.errors import KeyUnusable, SigningUnavailable
from keys import mint as mint_module
from keys.authority import AuthorityOptions, SealOrder, open_or_create
from keys.hardware import HardwareKey
from keys.inspection import inspect
from tests.fakes.tokens import LABEL

CODE, NAME = TRANSPORT


class House:
    """An authority with a token; `again` opens it anew, as another process does."""

    def __init__(self, folder, token):
        self.folder, self.token, self.clock = folder, token, keys_world.SetClock()
        self.seed = 0

    def again(self, *, token=True, **options):
        given = AuthorityOptions(**{"public_url": keys_world.PUBLIC_URL, **options})
        self.seed += 1
        entropy = keys_world.CountedEntropy(f"seed {self.seed}")
        held = self.token if token else None
        return open_or_create(self.folder, keys_world.KEK, self.clock, entropy, given, held)


@pytest.fixture
def house(tmp_path, soft_token):
    token = soft_token.opened()
    yield House(tmp_path / "keys", token)
    token.close()


def seals(authority):
    return [item for item in authority.list_keys() if item.purpose == "seal"]


def places(authority):
    return {item.name: (item.state, item.token) for item in seals(authority)}


def test_all_new_seals_are_made_in_the_token_where_that_is_set(house):
    authority = house.again(hardware_seals=True)
    authority.issue_seal(*TRANSPORT)
    key = authority.seal_key(CODE)
    assert isinstance(key, HardwareKey)
    verify_signature(key, b"x")
    own, issuing = map(x509.load_der_x509_certificate, key.chain)
    own.verify_directly_issued_by(issuing)
    assert places(authority) == {f"seal-{CODE}-001-p256-hsm": ("current", LABEL)}


def test_a_seal_in_the_vault_moves_into_the_token_when_it_is_replaced(house):
    """What the old one has signed stays valid; another process follows at once."""
    authority, other = house.again(), house.again()
    authority.issue_seal(*TRANSPORT, RSA)
    old = other.seal_key(CODE)
    info = authority.replace_seal(CODE, hardware=True)
    key = other.seal_key(CODE)
    assert isinstance(key, HardwareKey)
    assert key.algorithm == RSA
    verify_signature(key, b"x")
    verify_signature(old, b"x")
    assert info.seal_name.startswith(NAME)
    assert places(other) == {
        f"seal-{CODE}-001-rsa3072": ("superseded", ""),
        f"seal-{CODE}-002-rsa3072-hsm": ("current", LABEL),
    }


def test_what_is_in_the_token_stays_there(house):
    """Founding again, a new name, a replacement: none moves a key back into the vault."""
    authority = house.again()
    authority.issue_seals([SealOrder(CODE, NAME, P256, hardware=True), SealOrder(*PLANNING)])
    before = places(authority)
    authority.issue_seals([SealOrder(CODE, NAME), SealOrder(*PLANNING)])
    assert places(authority) == before
    assert authority.keep_seals({CODE: "揭阳市交通局", PLANNING[0]: PLANNING[1]}) == 1
    authority.replace_seal(CODE)
    authority.replace_seal(PLANNING[0])
    found = {name: token for name, (_, token) in places(authority).items()}
    assert [token for name, token in found.items() if CODE in name] == [LABEL] * 3
    assert [token for name, token in found.items() if PLANNING[0] in name] == [""] * 2


def test_an_order_for_the_token_is_not_met_by_the_vault(house):
    authority = house.again()
    authority.issue_seal(*TRANSPORT)
    authority.issue_seals([SealOrder(CODE, NAME, hardware=True)] * 2)
    assert [item.token for item in seals(authority)] == [LABEL, ""]


def test_without_the_token_its_seals_are_known_and_do_not_sign(house):
    house.again(hardware_seals=True).issue_seal(*TRANSPORT)
    authority = house.again(token=False)
    assert places(authority) == {f"seal-{CODE}-001-p256-hsm": ("current", LABEL)}
    with pytest.raises(SigningUnavailable, match="is not set"):
        authority.seal_key(CODE).sign(b"x")
    with pytest.raises(SigningUnavailable, match="no token is set"):
        authority.replace_seal(CODE)
    assert authority.crls()  # everything else goes on


def test_a_token_that_is_away_leaves_the_register_as_it_was(house, soft_token):
    authority = house.again()
    authority.issue_seal(*TRANSPORT)
    before = places(authority)
    soft_token.taken_out()
    for act in (
        lambda: authority.replace_seal(CODE, hardware=True),
        lambda: house.again(hardware_seals=True).issue_seal(*PLANNING),
    ):
        with pytest.raises(SigningUnavailable):
            act()
    assert places(house.again()) == before
    verify_signature(authority.seal_key(CODE), b"x")
    soft_token.put_back()
    authority.replace_seal(CODE, hardware=True)
    verify_signature(authority.seal_key(CODE), b"x")


def test_a_department_without_a_seal_has_none_to_replace(house):
    with pytest.raises(SigningUnavailable, match="no usable seal"):
        house.again().replace_seal(CODE, hardware=True)


def test_a_run_that_was_killed_goes_on_with_the_key_it_made(house, monkeypatch):
    """No second key is left lying in the token."""
    authority = house.again(hardware_seals=True)
    made = []
    generate = mint_module.generate

    def watched(*given):
        made.append((given[1], generate(*given)))
        if len(made) == 1:
            raise SigningUnavailable(what="killed")
        return made[-1][1]

    monkeypatch.setattr(mint_module, "generate", watched)
    with pytest.raises(SigningUnavailable, match="killed"):
        authority.issue_seal(*TRANSPORT)
    house.again(hardware_seals=True).issue_seal(*TRANSPORT)
    assert made[0] == made[1]
    verify_signature(authority.seal_key(CODE), b"x")


def test_what_another_token_was_to_hold_is_not_made_in_this_one(house, soft_token, monkeypatch):
    def killed(*_):
        raise SigningUnavailable(what="killed")

    with monkeypatch.context() as first:
        first.setattr(mint_module, "generate", killed)
        with pytest.raises(SigningUnavailable):
            house.again(hardware_seals=True).issue_seal(*TRANSPORT)
    house.token = soft_token.opened(label="another")
    with pytest.raises(SigningUnavailable, match="token seals is not set"):
        house.again(hardware_seals=True).issue_seal(*TRANSPORT)


def test_two_libraries_in_one_token_do_not_share_keys(house, tmp_path):
    """Their departments have the same names; the ids are drawn by chance."""
    first, second = house.again(hardware_seals=True), None
    first.issue_seal(*TRANSPORT)
    house.folder = tmp_path / "other"
    second = house.again(hardware_seals=True)
    second.issue_seal(*TRANSPORT)
    one, two = first.seal_key(CODE), second.seal_key(CODE)
    assert one.name == two.name
    assert one.chain[0] != two.chain[0]
    verify_signature(one, b"x")
    verify_signature(two, b"x")


def test_a_lost_register_is_not_mistaken_for_a_new_library(house):
    """Though no private key of a seal lies in the vault."""
    house.again(hardware_seals=True).issue_seal(*TRANSPORT)
    (house.folder / "register").unlink()
    with pytest.raises(KeyUnusable, match="missing although seals were issued"):
        house.again()


def test_a_register_of_an_earlier_release_knows_of_no_tokens(house):
    authority = house.again()
    authority.issue_seal(*TRANSPORT)
    path = house.folder / "register"
    content = path.read_bytes().partition(b"\n")[2]
    older = content.replace(b'"place": null', b'"key_": null').replace(b',\n   "key_": null', b"")
    assert older != content
    stamp = authority._ring.vault.stamp("register", older).hex().encode()
    path.write_bytes(stamp + b"\n" + older)
    verify_signature(house.again().seal_key(CODE), b"x")


def test_the_doctor_looks_at_each_key_and_signs_nothing(house, soft_token):
    house.again(hardware_seals=True).issue_seal(*TRANSPORT)

    def looked():
        entropy, now = keys_world.CountedEntropy(), house.clock.now()
        return inspect(house.folder, keys_world.KEK, entropy, now, house.token).unusable

    assert looked() == ()
    soft_token.taken_out()
    house.token.close()
    ((name, error),) = looked()
    assert (name, error.code) == (f"seal-{CODE}-001-p256-hsm", "signing-unavailable")
    soft_token.put_back()


def test_an_expired_seal_is_no_reason_to_leave_the_token(house):
    authority = house.again(seal_days=1)
    authority.issue_seals([SealOrder(CODE, NAME, hardware=True)])
    house.clock.at += timedelta(days=3)
    assert authority.keep_seals({CODE: NAME}) == 1
    assert {item.token for item in seals(authority)} == {LABEL}
