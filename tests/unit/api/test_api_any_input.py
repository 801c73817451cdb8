"""Whatever is sent, nothing is ever unforeseen: no input known to us leads to `unexpected`."""

import json
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.api.api_world import DECISION, ORDER

_UNKNOWN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
_PATHS = st.sampled_from(
    [
        "/v1/certificates?dry_run=true",
        "/v1/certificates",
        "/v1/certificates/search",
        "/v1/certificate-batches",
        f"/v1/certificates/{_UNKNOWN}/revoke",
        f"/v1/certificates/{_UNKNOWN}/renewal-applications",
        f"/v1/certificates/{_UNKNOWN}/restrictions",
        f"/v1/certificates/{_UNKNOWN}/restrictions/lift",
        f"/v1/certificates/{_UNKNOWN}/delivery",
        "/v1/periodic-results",
        "/v1/verifications",
        "/oauth2/token",
        "/tsa",
        "/pki/ocsp",
    ]
)
_MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_TEXT = st.text(max_size=12) | st.sampled_from(
    ["\0", "\ud800", "\u202e", "𰻝", "9" * 40, "2026-02-30", "0000-00-00", "-0", "NaN", "KZ_"]
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


def _allowed(answer):
    assert answer.status_code not in {500, 502, 504}
    assert answer.status_code != 503 or answer.json()["code"] != "unexpected", answer.text


@_MANY
@given(
    path=_PATHS,
    body=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/x", ""]),
)
def test_any_bytes(world, path, body, kind):
    headers = world.bearer() | {"Idempotency-Key": "k", "Content-Type": kind}
    _allowed(world.browser.post(path, content=body, headers=headers))


@_MANY
@given(path=_PATHS, value=_VALUES)
def test_any_json(world, path, value):
    _send(world, path, value)


@_MANY
@given(
    shape=st.sampled_from(["order", "row", "decision", "search", "identifier", "fields"]),
    changes=st.dictionaries(
        st.sampled_from(
            [*ORDER, *DECISION, "approved_by", "supersedes", "limit", "after", "claims"]
        )
        | _TEXT,
        _VALUES,
        min_size=1,
        max_size=3,
    ),
)
def test_good_requests_with_some_values_replaced(world, shape, changes):
    order = ORDER | changes
    match shape:
        case "order":
            _send(world, "/v1/certificates?dry_run=true", order)
        case "row":
            _send(
                world, "/v1/certificate-batches", {"rows": [{"key": "k", "order": order}, changes]}
            )
        case "decision":
            _send(world, f"/v1/certificates/{_UNKNOWN}/revoke", DECISION | changes)
        case "search":
            _send(world, "/v1/certificates/search", changes)
        case "identifier":
            _send(world, "/v1/verifications", {"identifier": _UNKNOWN} | changes)
        case _:
            _send(world, "/v1/verifications", {"fields": changes, "claims": {"number": "x"}})


@_MANY
@given(
    path=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    prefix=st.sampled_from(["/", "/v/", "/v1/status/", "/v1/types/", "/v1/certificates/", "/pki/"]),
    query=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_any_path(world, path, prefix, query):
    address = f"{prefix}{quote(path)}?{quote(query, safe='=&')}"
    _allowed(world.browser.get(address, headers=world.bearer()))


@_MANY
@given(
    name=st.sampled_from(
        [
            b"Idempotency-Key",
            b"If-Match",
            b"If-None-Match",
            b"Range",
            b"X-Request-Id",
            b"Accept-Language",
        ]
    ),
    value=st.binary(max_size=40).filter(lambda raw: not set(raw) & set(b"\0\r\n")),
)
def test_any_header(world, name, value):
    plain = {"Idempotency-Key": "k", **world.bearer()}
    headers = [(key.encode(), text.encode()) for key, text in plain.items() if key.encode() != name]
    for method, path in (
        ("GET", f"/v1/certificates/{_UNKNOWN}/file"),
        ("POST", f"/v1/certificates/{_UNKNOWN}/revoke"),
        ("GET", "/v"),
    ):
        _allowed(
            world.browser.ask(
                method, path, headers=[*headers, (name, value)], content=json.dumps(DECISION)
            )
        )


def _send(world, path, value):
    body = json.dumps(value).encode()
    headers = world.bearer() | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    _allowed(world.browser.post(path, content=body, headers=headers))
