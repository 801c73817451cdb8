"""Client credentials: the shape of RFC 6749, secrets kept as hashes, tokens that end."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from api.failures import NotAuthenticated
from api.persons import holds_identity_number, is_account
from api.tokens import Tokens, hash_secret, new_secret, secret_matches
from certlib.registry import Client
from tests.unit.api.api_world import SECRET

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
CLIENT = Client("c-1", "c", "11445200990090139J", frozenset({"types:read"}), hash_secret("s"), NOW)
FORM = {"grant_type": "client_credentials", "client_id": "transport", "client_secret": SECRET}


class _Clock:
    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at


class _Entropy:
    def octets(self, count):
        return bytes(range(count))


def _tokens(key=b"k" * 32, node="445200"):
    clock = _Clock()
    return Tokens(key, clock, _Entropy(), node_id=node, seconds=900), clock


def test_a_token_names_client_department_scopes_and_person():
    tokens, _ = _tokens()
    token = tokens.issue(CLIENT, CLIENT.scopes, "zhang.san").token
    caller = tokens.caller(f"Bearer {token}", "r-1")
    assert (caller.client_id, caller.person, caller.request_id) == ("c-1", "zhang.san", "r-1")
    assert caller.department_code == "11445200990090139J"
    assert caller.scopes == {"types:read"}


def test_a_token_ends():
    tokens, clock = _tokens()
    token = tokens.issue(CLIENT, CLIENT.scopes).token
    clock.at += timedelta(seconds=899)
    tokens.caller(f"Bearer {token}", "r")
    clock.at += timedelta(seconds=1)
    with pytest.raises(NotAuthenticated):
        tokens.caller(f"Bearer {token}", "r")


@pytest.mark.parametrize("other", [{"key": b"x" * 32}, {"node": "445100"}])
def test_another_nodes_token_is_refused(other):
    token = _tokens(**other)[0].issue(CLIENT, CLIENT.scopes).token
    with pytest.raises(NotAuthenticated):
        _tokens()[0].caller(f"Bearer {token}", "r")


def _unsigned(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Basic eA==",
        "Bearer " + "a" * 5000,
        "Bearer " + _unsigned({"sub": "c-1", "exp": 9999999999, "aud": "certlib", "iss": "445200"}),
    ],
)
def test_what_we_did_not_sign_is_refused(header):
    with pytest.raises(NotAuthenticated):
        _tokens()[0].caller(header, "r")


def test_what_our_key_signs_for_another_use_is_no_token():
    """RFC 8725 section 3.11: the type is looked at."""
    tokens, _ = _tokens()
    claims = tokens._claims(tokens.issue(CLIENT, CLIENT.scopes).token)
    for header in ({"alg": "HS256", "typ": "JWT"}, {"alg": "HS256"}):
        other = jws.serialize_compact(header, json.dumps(claims).encode(), tokens._key)
        with pytest.raises(NotAuthenticated):
            tokens.caller(f"Bearer {other}", "r")


@given(st.text(max_size=80))
def test_any_header_is_refused_without_surprise(text):
    with pytest.raises(NotAuthenticated):
        _tokens()[0].caller(text, "r")


@given(st.integers(0, 300), st.integers(1, 255))
def test_a_changed_character_makes_a_token_void(place, shift):
    token = _tokens()[0].issue(CLIENT, CLIENT.scopes).token
    place %= len(token)
    changed = token[:place] + chr((ord(token[place]) + shift) % 128) + token[place + 1 :]
    if changed == token:
        return
    # The last character of the signature carries unused bits; all before it counts.
    try:
        caller = _tokens()[0].caller(f"Bearer {changed}", "r")
    except NotAuthenticated:
        return
    assert caller.client_id == "c-1"
    assert changed.split(".")[:2] == token.split(".")[:2]


def test_a_secret_is_kept_as_a_hash_alone():
    secret = new_secret(_Entropy())
    assert len(secret) == 64
    client = replace(CLIENT, secret_hash=hash_secret(secret))
    assert secret not in client.secret_hash
    assert secret_matches(client, secret)
    assert not secret_matches(client, secret + "x")
    assert not secret_matches(None, secret)
    assert not secret_matches(replace(client, disabled_at=NOW), secret)


def _ask(world, form, **headers):
    return world.browser.post("/oauth2/token", data=form, headers=headers)


def test_credentials_in_the_form_or_by_basic(world):
    assert _ask(world, FORM).status_code == 200
    pair = base64.b64encode(f"transport:{SECRET}".encode()).decode()
    answer = _ask(world, {"grant_type": "client_credentials"}, Authorization=f"Basic {pair}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 900
    assert "certificates:issue" in answer.json()["scope"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "\0'"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"scope": "certificates:issue everything"}, 400, "invalid_scope"),
        ({"act": "445221198501010019"}, 400, "invalid_request"),
        ({"act": "张三"}, 400, "invalid_request"),
        ({"act": "x" * 65}, 400, "invalid_request"),
    ],
)
def test_refusals_have_the_shape_of_the_standard(world, changes, status, error):
    form = {key: value for key, value in {**FORM, **changes}.items() if value is not None}
    answer = _ask(world, form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["error_description"].isascii()
    assert answer.json()["error_description_zh"]
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(40)), "application/x-www-form-urlencoded"),
    ],
)
def test_strange_bodies_are_invalid_requests(world, body, kind):
    answer = world.browser.post("/oauth2/token", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x"])
def test_strange_authorization_is_refused(world, header):
    answer = _ask(world, {"grant_type": "client_credentials"}, Authorization=header)
    assert answer.status_code in {400, 401}


def test_a_disabled_client_gets_no_token(world):
    with world.house.registry.begin() as uow:
        client = uow.client("transport")
        uow.put_client(replace(client, disabled_at=NOW))
        uow.commit()
    assert _ask(world, FORM).status_code == 401


def test_fewer_scopes_may_be_asked_for(world):
    answer = _ask(world, FORM | {"scope": "types:read"})
    assert answer.json()["scope"] == "types:read"


def test_without_a_token_nothing_of_v1_is_told(world):
    for path in ("/v1/types", "/v1/certificates/x", "/v1/whatever"):
        answer = world.browser.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "not-authenticated"


def test_a_scope_that_is_missing_is_named(world):
    headers = world.bearer("reader") | {"Idempotency-Key": "k"}
    answer = world.browser.get("/v1/types", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert "types:read" in answer.json()["detail"]


@pytest.mark.parametrize("text", ["zhang.san", "a", "Z_9@x-y", "0" * 14])
def test_accounts(text):
    assert is_account(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "张三",
        ".a",
        "a b",
        "a" * 65,
        "445221198501010019",
        "x-445221198501010019",
        "445221850101001",
        "44522119850101001X",
    ],
)
def test_no_accounts(text):
    assert not is_account(text)


def test_only_good_identity_numbers_count_in_keys():
    assert holds_identity_number("row-445221198501010019")
    assert not holds_identity_number("row-445221198501010018")
    assert not holds_identity_number("202611220000000001")
