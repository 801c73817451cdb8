"""No address inside is ever called, however it is written or whatever a name says it is."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.egress.addresses import AddressPolicy, AddressRefused, networks
from certlib.errors import Invalid

POLICY = AddressPolicy()
CITY = AddressPolicy(networks(["10.20.0.0/16", " fd00:20::/32 ", ""]), frozenset({443, 8443}))
PUBLIC = ["1.1.1.1", "114.114.114.114", "223.255.255.254", "2400:3200::1", "2606:4700:4700::1111"]
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_may_be_called(text):
    assert POLICY.allows(ip_address(text))


@pytest.mark.parametrize("text", INSIDE)
def test_addresses_inside_may_not(text):
    assert not POLICY.allows(ip_address(text))
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(Invalid) as caught:
        POLICY.check(f"https://{host}/x")
    assert caught.value.problems[0].code == "url-address-refused"


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is_never_called(address):
    """An independent list: whatever Python knows to be no global unicast address is refused."""
    if not address.is_global or address.is_multicast or getattr(address, "ipv4_mapped", None):
        assert not POLICY.allows(address)


def test_a_network_of_the_city_may_be_opened_and_nothing_beside_it():
    assert CITY.allows(ip_address("10.20.255.1"))
    assert CITY.allows(ip_address("fd00:20::7"))
    for text in ("10.21.0.1", "127.0.0.1", "::ffff:10.20.0.1", "fd00:21::1"):
        assert not CITY.allows(ip_address(text))
    with pytest.raises(ValueError, match="network"):
        networks(["10.20.0.0/99"])


@pytest.mark.parametrize(
    "url",
    [
        "https://receiver.example/hook?key=1",
        "https://receiver.example",
        "https://xn--fiq228c.example/hook",
        "https://1.1.1.1:443/x",
        "https://[2400:3200::1]/x",
    ],
)
def test_good_addresses_may_be_registered(url):
    POLICY.check(url)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://receiver.example/", "url-malformed"),
        ("ftp://receiver.example/", "url-malformed"),
        ("https:///hook", "url-malformed"),
        ("//receiver.example", "url-malformed"),
        ("receiver.example", "url-malformed"),
        ("", "url-malformed"),
        ("https://user:secret@receiver.example/", "url-malformed"),
        ("https://receiver.example@10.0.0.1/", "url-malformed"),
        ("https://receiver.example/#part", "url-malformed"),
        ("https://receiver.example/#", "url-malformed"),
        ("https://办件.example/", "url-malformed"),
        ("https://receiver.example/a b", "url-malformed"),
        ("https://receiver.example/\n", "url-malformed"),
        ("https://receiver.example\\@10.0.0.1/", "url-malformed"),
        ("https://receiver.example:x/", "url-malformed"),
        ("https://receiver.example:99999/", "url-malformed"),
        ("https://[::1/", "url-malformed"),
        ("https://receiver.example/" + "x" * 2048, "url-malformed"),
        ("https://receiver.example:8443/", "url-port"),
        ("https://receiver.example:22/", "url-port"),
        ("https://receiver.example:0/", "url-port"),
        ("https://127.0.0.1/", "url-address-refused"),
        ("https://[::ffff:10.0.0.1]/", "url-address-refused"),
    ],
)
def test_others_are_refused_by_name(url, code):
    with pytest.raises(Invalid) as caught:
        POLICY.check(url)
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("/url", code)


def test_ports_that_the_operator_opens_may_be_used():
    CITY.check("https://10.20.0.1:8443/hook")


@pytest.mark.parametrize(
    "found",
    [
        [],
        ["127.0.0.1"],
        ["1.1.1.1", "10.0.0.1"],
        ["::1", "2400:3200::1"],
        ["fe80::1%eth0"],
        ["2400:3200::1%eth0"],
    ],
)
def test_a_name_with_one_address_inside_is_refused_altogether(found):
    with pytest.raises(AddressRefused):
        POLICY.allowed("receiver.example", 443, lambda _host, _port: found)


def test_a_name_is_resolved_once():
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return ["1.1.1.1", "2400:3200::1", "1.1.1.1"]

    assert POLICY.allowed("receiver.example", 443, resolve) == ["1.1.1.1", "2400:3200::1"]
    assert asked == [("receiver.example", 443)]
