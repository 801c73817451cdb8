"""IPv6 is no afterthought: both families are answered, /64s share a rate, literals work in URLs."""

import socket

import httpx
import pymupdf
import pytest
import zxingcpp
from cryptography import x509

from api.schemas import examples
from certlib_client import Credentials, Library
from tests.integration.http_process import SECRET, prepare, serving

pytestmark = pytest.mark.slow

_PUBLIC = "http://[2001:db8:100::7]:8443"


def _has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    folder = tmp_path_factory.mktemp("six") / "var"
    prepare(folder, CERTLIB_PUBLIC_URL=_PUBLIC)
    with serving(folder, CERTLIB_PUBLIC_URL=_PUBLIC, CERTLIB_RATE_PUBLIC="1") as started:
        yield started


def _asked(server, address, times=1):
    """The statuses of questions without a token, as a proxy on this machine hands them on."""
    url = f"http://[::1]:{server.port}/pki/root.cer"
    with httpx.Client(headers={"X-Forwarded-For": address}) as client:
        return [client.get(url).status_code for _ in range(times)]


def test_both_families_are_answered_by_default(server):
    for host in ("[::1]", "127.0.0.1"):
        assert httpx.get(f"http://{host}:{server.port}/healthz").status_code == 200


@pytest.mark.parametrize(("host", "answers"), [("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")])
def test_one_address_may_be_had_alone(tmp_path, host, answers):
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    prepare(tmp_path / "var")
    with serving(tmp_path / "var", at=answers, CERTLIB_HOST=host) as server:
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        other = "127.0.0.1" if ":" in answers else "[::1]"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{other}:{server.port}/healthz")


def test_a_network_of_64_bits_is_one_client(server):
    """Whoever has such a network has 2^64 addresses in it."""
    asked = [
        status
        for host in range(1, 41)
        for status in _asked(server, f"2001:db8:1:2:{host:x}::{host:x}")
    ]
    assert asked[0] == 200
    assert 429 in asked
    assert _asked(server, "2001:db8:1:3::1") == [200]
    assert _asked(server, "203.0.113.9") == [200]
    # IPv4 inside IPv6 is that IPv4 address, and shares nothing with its neighbours.
    assert 429 in _asked(server, "::ffff:198.51.100.7", times=40)
    assert _asked(server, "198.51.100.8") == [200]


def test_the_client_talks_to_a_literal(server):
    with Library(f"http://[::1]:{server.port}", Credentials("transport", SECRET, "maker")) as six:
        issued = six.issue(examples.ORDER, key="six-1")
        pdf = six.file(issued.identifier)
        (status,) = six.statuses([issued.identifier])
        assert status.found
        names = [item["type_code"] for item in six.types()]
    assert len(names) == len(set(names))
    _says_where_it_can_be_looked_up(pdf, issued.identifier)


def _says_where_it_can_be_looked_up(pdf, identifier):
    with pymupdf.open(stream=pdf) as document:
        picture = document[0].get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
    view = memoryview(picture.samples).cast("B", (picture.height, picture.width))
    assert [code.text for code in zxingcpp.read_barcodes(view)] == [f"{_PUBLIC}/v/{identifier}"]


def test_seals_name_their_list_at_a_literal(server):
    answer = httpx.get(f"http://[::1]:{server.port}/pki/timestamp.cer")
    certificate = x509.load_der_x509_certificate(answer.content)
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = points[0].full_name
    assert name.value.startswith(f"{_PUBLIC}/pki/")


def test_links_lead_on_from_wherever_one_asked(server):
    headers = server.bearer()
    answer = httpx.get(f"http://[::1]:{server.port}/v1/types?limit=1", headers=headers)
    following = answer.url.join(answer.links["next"]["url"])
    assert following.host == "::1"
    assert httpx.get(following, headers=headers).json()["types"]
