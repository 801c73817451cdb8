"""So many requests for each client, and not one more until a token is there again."""

import pytest

from api.egress.addresses import networks
from api.middleware.rates import Buckets, Kind, Rates
from certlib.usecases.caller import Caller
from tests.unit.api.api_world import ORDER

SLOW = Kind("read", 2.0)


class Moment:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def moment():
    return Moment()


@pytest.fixture
def buckets(moment):
    return Buckets(moment, most=3)


def test_a_bucket_empties_and_fills_with_time(buckets, moment):
    assert SLOW.burst == 8
    left = [buckets.take(SLOW, "a") for _ in range(8)]
    assert [taken.left for taken in left] == [7, 6, 5, 4, 3, 2, 1, 0]
    refused = buckets.take(SLOW, "a")
    assert (refused.left, refused.retry_after, refused.full_after) == (0, 1, 4)
    moment.at += 0.5
    assert buckets.take(SLOW, "a").retry_after == 0
    assert buckets.take(SLOW, "a").retry_after == 1
    moment.at += 1000
    assert buckets.take(SLOW, "a").left == 7


def test_clients_and_kinds_have_buckets_of_their_own(buckets):
    for _ in range(9):
        buckets.take(SLOW, "a")
    assert buckets.take(SLOW, "b").left == 7
    assert buckets.take(Kind("write", 2.0), "a").left == 7


def test_memory_is_bounded_and_the_longest_unused_goes_first(buckets):
    for name in "abcab":
        buckets.take(SLOW, name)
    buckets.take(SLOW, "d")
    assert [who for _, who in buckets._kept] == ["a", "b", "d"]


def test_rates_below_one_a_second_wait_longer(buckets):
    hourly = Kind("public", 1 / 3600)
    assert hourly.burst == 1
    assert hourly.policy == '"public";q=1;w=3600'
    assert buckets.take(hourly, "a").retry_after == 0
    assert buckets.take(hourly, "a").retry_after == 3600


def _rates(world, **settings):
    parts = world.parts
    made = parts.settings.model_copy(update=settings)
    return Rates(made, world.site.metrics, networks(["10.0.0.0/8", "::1/128"]))


def _scope(address, forwarded="", path="/v", method="GET", caller=None):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    state = {"caller": caller} if caller else {}
    return {
        "type": "http",
        "client": address and (address, 1234),
        "headers": headers,
        "path": path,
        "method": method,
        "state": state,
    }


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("::ffff:198.51.100.7", "", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # anybody may write such a header
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "[2001:db8:5::1]", "2001:db8:5::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        (None, "", "unknown"),
        ("unix", "", "unknown"),
    ],
)
def test_who_asks_without_a_token(world, peer, forwarded, who):
    assert _rates(world).address(_scope(peer, forwarded)) == who


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/certificates/x", "read"),
        ("POST", "/v1/certificates/search", "read"),
        ("POST", "/v1/certificates", "write"),
        ("DELETE", "/v1/webhooks/x", "write"),
        ("POST", "/v1/verifications", "verify"),
        ("POST", "/v1/statuses", "verify"),
    ],
)
def test_kinds_of_requests(world, method, path, kind):
    caller = Caller("client", "department", frozenset())
    told = dict(_rates(world).take(_scope("1.1.1.1", path=path, method=method, caller=caller)))
    assert told[b"ratelimit"].startswith(f'"{kind}";r='.encode())


def test_over_its_rate_a_client_is_told_when_to_come_back(world):
    limited = world.again(rate_read=0.5)
    headers = limited.bearer()
    first = limited.browser.get("/v1/types", headers=headers)
    assert first.status_code == 200
    assert first.headers["ratelimit-policy"] == '"read";q=2;w=4'
    assert first.headers["ratelimit"] == '"read";r=1;t=2'
    limited.browser.get("/v1/types", headers=headers)
    refused = limited.browser.get("/v1/types", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "2"
    assert refused.headers["ratelimit"].startswith('"read";r=0;')
    assert refused.headers["x-request-id"] == refused.json()["instance"].rpartition(":")[2]
    # Another kind, another client: nobody else pays for it.
    assert limited.browser.get("/v1/types", headers=limited.bearer("reform")).status_code == 200
    act = headers | {"Idempotency-Key": "k"}
    assert limited.browser.post("/v1/certificates", json=ORDER, headers=act).status_code == 201
    text = limited.browser.get("/metrics").text
    assert 'certlib_rate_limited_total{kind="read"} 1.0' in text


def test_anonymous_paths_are_limited_by_address(world):
    limited = world.again(rate_public=0.5)
    unknown = "/v1/status/" + "1.2.156.3005.2.11100000000019713D008.11445200990090139J"
    unknown += ".0123456789ABCDEFGHJK.001.4"
    assert limited.browser.get(unknown).status_code == 404
    assert limited.browser.get("/v").status_code == 200
    for path in (unknown, "/v", "/openapi.json"):
        answer = limited.browser.get(path)
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    token = limited.browser.post("/oauth2/token", data={})
    assert token.status_code == 429


def test_health_is_told_at_any_rate(world):
    limited = world.again(rate_public=0.25)
    for path in ("/healthz", "/readyz", "/metrics") * 2:
        answer = limited.browser.get(path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


def test_a_rate_of_nothing_is_no_limit(world):
    free = world.again(rate_public=0.0)
    for _ in range(3):
        answer = free.browser.get("/v")
        assert answer.status_code == 200
        assert "ratelimit-policy" not in answer.headers


def test_a_public_status_on_record_is_told_with_its_request_id(world):
    identifier = world.issued()
    sent = {"X-Request-Id": "abcd-1234"}
    answer = world.browser.get(f"/v1/status/{identifier}", headers=sent)
    assert answer.headers["x-request-id"] == "abcd-1234"
    assert answer.headers["ratelimit"].startswith('"public";')
    wrong = world.browser.get("/v1/status/x", headers=sent)
    assert wrong.json()["instance"] == "urn:certlib:request:abcd-1234"
    other = world.browser.post("/v1/status/x", headers=sent)
    assert (other.status_code, other.headers["x-request-id"]) == (405, "abcd-1234")
