"""The timestamp authority over HTTP, and those of others, as real processes and the real openssl."""

import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from api.bootstrap import open_node
from api.schemas import examples
from api.settings import Settings
from certlib.trust import TrustedAuthority, TrustList, Use
from keys import trust_list
from tests.integration.http_process import prepare, serving

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"


def openssl(*arguments) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout + done.stderr).decode()


def ask(server, body, kind=QUERY):
    return httpx.post(f"{server.url}/tsa", content=body, headers={"Content-Type": kind})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tsa") / "var"
    prepare(folder)
    with serving(folder) as started:
        started.folder = folder
        yield started


@pytest.fixture
def desk(tmp_path, server):
    (tmp_path / "data").write_bytes(b"data")
    root = load_der_x509_certificate(httpx.get(f"{server.url}/pki/root.cer").content)
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    return tmp_path


@pytest.mark.parametrize("options", [("-sha256", "-cert"), ("-sha512", "-cert", "-no_nonce")])
def test_openssl_asks_and_verifies(server, desk, options):
    openssl("ts", "-query", "-data", desk / "data", "-out", desk / "q", *options)
    answer = ask(server, (desk / "q").read_bytes())
    assert (answer.status_code, answer.headers["content-type"]) == (200, REPLY)
    (desk / "r").write_bytes(answer.content)
    given = ("-in", desk / "r", "-queryfile", desk / "q", "-CAfile", desk / "root.pem")
    assert "Verification: OK" in openssl("ts", "-verify", *given)


def test_bad_requests_get_their_failure(server, desk):
    """A refusal is an answer of the protocol; what is no request of it at all is one of HTTP."""
    openssl("ts", "-query", "-data", desk / "data", "-out", desk / "sha1", "-sha1")
    other = ("-sha256", "-tspolicy", "1.2.3.4")
    openssl("ts", "-query", "-data", desk / "data", "-out", desk / "policy", *other)
    for body, failure in (
        ((desk / "sha1").read_bytes(), "unrecognized or unsupported algorithm"),
        ((desk / "policy").read_bytes(), "the requested TSA policy is not supported"),
        (b"rubbish", "the data submitted has the wrong format"),
        (b"0" * 5000, "the data submitted has the wrong format"),
    ):
        answer = ask(server, body)
        assert answer.status_code == 200
        (desk / "r").write_bytes(answer.content)
        assert failure in openssl("ts", "-reply", "-in", desk / "r", "-text")
    assert ask(server, b"0" * 20_000).status_code == 413
    assert ask(server, b"x", kind="text/plain").status_code == 415
    assert httpx.get(f"{server.url}/tsa").status_code == 405


def trusting(folder: Path, other: Path):
    """A list of `folder`'s own making that believes the authority in `other` for timestamps."""
    node = open_node(Settings(data_dir=other, demo=True))
    entry = node.authority.trusted()
    node.close()
    listed = TrustedAuthority(
        name="省时间戳机构",
        name_en="The province's timestamp authority",
        certificate=entry.certificate,
        uses=frozenset({Use.TIMESTAMP}),
        issuers=frozenset(),
        types=frozenset(),
        since=entry.since,
    )
    node = open_node(Settings(data_dir=folder, demo=True))
    found = TrustList(1, node.clock.now(), None, "省", (listed,))
    key = node.authority.trust_key()
    (folder.parent / "list.json").write_bytes(trust_list.write(found, key))
    node.close()
    signer = load_der_x509_certificate(key.chain[0])
    from cryptography.hazmat.primitives.hashes import SHA256

    return {
        "CERTLIB_TRUST_LIST": str(folder.parent / "list.json"),
        "CERTLIB_TRUST_SIGNER": signer.fingerprint(SHA256()).hex(),
    }


def sealed(server, number):
    """A new certificate's file; `examples.ORDER` under another number."""
    key = server.bearer() | {"Idempotency-Key": f"tsa-{number}"}
    order = {**examples.ORDER, "number": f"{examples.ORDER['number']}-{number}"}
    answer = httpx.post(f"{server.url}/v1/certificates", json=order, headers=key, timeout=60)
    assert answer.status_code == 201, answer.text
    identifier = answer.json()["identifier"]
    file = httpx.get(
        f"{server.url}/v1/certificates/{identifier}/file", headers=server.bearer(), timeout=60
    )
    assert file.status_code == 200, file.text
    return file.content


def stamped_by(pdf: bytes):
    """The certificate of whoever made the signature timestamp, DER."""
    found = re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", pdf)
    message = cms.ContentInfo.load(bytes.fromhex(found[1].decode()))["content"]
    (attribute,) = message["signer_infos"][0]["unsigned_attrs"]
    token = attribute["values"][0]["content"]
    return token["certificates"][0].chosen.dump()


def test_seals_are_stamped_by_others_and_by_us_while_they_are_away(tmp_path):
    """The province's authority is a process; it is killed, and seals go on; nobody waits for it."""
    here, there = tmp_path / "here" / "var", tmp_path / "there" / "var"
    here.parent.mkdir(), there.parent.mkdir()
    prepare(here), prepare(there)
    given = trusting(here, there)
    with ExitStack() as stack:
        province = stack.enter_context(serving(there))
        theirs = httpx.get(f"{province.url}/pki/timestamp.cer").content
        sources = tmp_path / "sources.toml"
        sources.write_text(
            f'seconds = 4.0\nnetworks = ["127.0.0.0/8"]\n\n[[source]]\nname = "province"\n'
            f'url = "{province.url}/tsa"\nseconds = 2.0\n\n[[source]]\nname = "own"\n'
        )
        given["CERTLIB_TIMESTAMP_SOURCES"] = str(sources)
        node = stack.enter_context(serving(here, **given))
        ours = httpx.get(f"{node.url}/pki/timestamp.cer").content
        pdf = sealed(node, 1)
        assert stamped_by(pdf) == theirs
        answer = httpx.post(
            f"{node.url}/v1/verifications",
            content=pdf,
            headers=node.bearer() | {"Content-Type": "application/pdf"},
            timeout=60,
        )
        assert answer.json()["verdict"] == "valid", answer.text
        province.process.kill()
        province.process.wait()
        for number in range(2, 7):
            assert stamped_by(sealed(node, number)) == ours
        assert httpx.get(f"{node.url}/readyz").status_code == 200
