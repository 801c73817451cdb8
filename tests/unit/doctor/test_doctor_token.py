"""What the doctor says of a hardware token, and of keys in it."""

import pytest

from api.doctor import instruments
from keys.authority import AuthorityOptions, SealOrder, open_or_create
from tests.fakes.tokens import LABEL, MODULE, PIN
from tests.unit.doctor.conftest import looked, states, subject, words


@pytest.fixture
def told(soft_token):
    return {"pkcs11_module": MODULE, "pkcs11_token": LABEL, "pkcs11_pin": PIN}


def test_a_token_that_answers(node, told):
    of = subject(node, settings=told)
    assert states(of, "token") == ["ok"]
    assert LABEL in words(of, "token")


def test_no_token_no_word(node):
    assert "token" not in looked(subject(node), "token")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pkcs11_pin": "9999"}, "CKR_PIN_INCORRECT"),
        ({"pkcs11_token": "another"}, "CKR_TOKEN_NOT_PRESENT"),
        ({"pkcs11_module": "absent.so"}, "cannot be loaded"),
    ],
)
def test_a_token_that_does_not_serve(node, told, changed, said):
    of = subject(node, settings=told | changed)
    assert states(of, "token") == ["failed"]
    assert said in words(of, "token")
    assert "lock" in words(of, "token")


def test_a_token_that_cannot_sign_as_seals_need_it(node, told, monkeypatch):
    monkeypatch.setattr(instruments, "token", lambda _: ("RSA_PKCS",))
    assert states(subject(node, settings=told), "token") == ["failed"]


def test_a_seal_whose_key_the_token_has_lost_is_named(node, told, soft_token):
    of = subject(node, settings=told)
    options = AuthorityOptions(public_url="https://zz.example.gov.cn")
    authority = open_or_create(
        node / "keys",
        instruments.secrets(of).kek,
        of.clock,
        of.entropy,
        options,
        soft_token.opened(),
    )
    code = "11445200990090139J"
    authority.issue_seals([SealOrder(code, "揭阳市交通运输局", hardware=True)])
    assert states(of, "keys") == ["ok"]
    for item in (soft_token.folder / "tokens").rglob("*.object"):
        item.unlink()
    assert states(of, "keys") == ["failed"]
    assert f"seal-{code}-002-p256-hsm" in words(of, "keys")
