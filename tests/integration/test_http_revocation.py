"""A server process asked by openssl: OCSP over HTTP, and lists where certificates name them."""

import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.integration import http_process
from tests.integration.http_process import prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_REVOKE = """
import sys
from pathlib import Path
from api.cli.local import own_authority
own_authority(Path(sys.argv[1])).revoke_seal(sys.argv[2], "keyCompromise")
"""


def openssl(*arguments):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


class Node:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.seals = sorted(
            path.stem for path in (folder / "var" / "keys" / "private").glob("seal-*")
        )[:2]
        for name in ("root", "issuing", *self.seals):
            found = x509.load_der_x509_certificate(self.get(f"{name}.cer").content)
            (folder / f"{name}.pem").write_bytes(found.public_bytes(Encoding.PEM))
        crl = x509.load_der_x509_crl(self.get("root.crl").content)
        (folder / "root.crl").write_bytes(crl.public_bytes(Encoding.PEM))

    def get(self, name, **headers):
        answer = httpx.get(f"{self.server.url}/pki/{name}", headers=headers)
        assert answer.status_code in {200, 304}, answer.text
        return answer

    def certificate(self, name):
        return x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())

    def asked(self, *options):
        chain = ("-issuer", self.folder / "issuing.pem", "-CAfile", self.folder / "root.pem")
        seals = [item for name in self.seals for item in ("-cert", self.folder / f"{name}.pem")]
        return openssl("ocsp", "-url", f"{self.server.url}/pki/ocsp", *options, *chain, *seals)

    def verified(self, name, *options):
        """Lists come from where certificates name them; a root names none of its own."""
        return openssl(
            *("verify", "-x509_strict", "-CAfile", self.folder / "root.pem"),
            *("-untrusted", self.folder / "issuing.pem", "-crl_download", *options),
            *("-CRLfile", self.folder / "root.crl"),
            self.folder / f"{name}.pem",
        )

    def revoke(self, name):
        """In another process, as an operator does."""
        command = [sys.executable, "-c", _REVOKE, self.folder / "var", name]
        root = Path(__file__).parents[2]
        subprocess.run(
            [*map(str, command)], check=True, timeout=60, cwd=root, env={"CERTLIB_DEMO": "1"}
        )


@pytest.fixture
def node(tmp_path, monkeypatch):
    port = http_process.free_port()
    monkeypatch.setattr(http_process, "free_port", lambda: port)
    address = {"CERTLIB_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    prepare(tmp_path / "var", **address)
    with serving(tmp_path / "var", **address) as server:
        yield Node(tmp_path, server)


def test_openssl_asks_and_believes(node):
    """Everything in one start of a server: good, revoked at once, on the lists, in caches."""
    good, revoked = node.seals
    access = node.certificate(good).extensions.get_extension_for_class(
        x509.AuthorityInformationAccess
    )
    assert access.value[0].access_location.value == f"{node.server.url}/pki/ocsp"
    for options in ((), ("-no_nonce",), ("-sha256",), ("-sha256", "-no_nonce")):
        code, said = node.asked(*options)
        assert code == 0, said
        assert "Response verify OK" in said
        assert said.count(": good") == 2
        assert "WARNING: no nonce" not in said or "-no_nonce" in options
    for check in ("-crl_check", "-crl_check_all"):
        for name in node.seals:
            code, said = node.verified(name, check)
            assert code == 0, said
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(node.certificate(revoked), node.certificate("issuing"), hashes.SHA1())
        .build()
    )
    path = "ocsp/" + quote(b64encode(request.public_bytes(Encoding.DER)), safe="")
    before = node.get(path)
    assert before.headers["cache-control"] == "public, max-age=60, must-revalidate"
    assert node.get(path, **{"If-None-Match": before.headers["etag"]}).status_code == 304
    shard = (
        node.certificate(revoked)
        .extensions.get_extension_for_class(x509.CRLDistributionPoints)
        .value[0]
        .full_name[0]
        .value.rpartition("/")[2]
    )
    listed = node.get(shard)

    node.revoke(revoked)

    for options in ((), ("-no_nonce",)):
        code, said = node.asked(*options)
        assert code == 0, said
        assert f"{good}.pem: good" in said
        assert f"{revoked}.pem: revoked" in said
        assert "Reason: keyCompromise" in said
    after = node.get(path, **{"If-None-Match": before.headers["etag"]})
    told = ocsp.load_der_ocsp_response(after.content)
    assert told.certificate_status is ocsp.OCSPCertStatus.REVOKED
    again = node.get(shard, **{"If-None-Match": listed.headers["etag"]})
    serials = {entry.serial_number for entry in x509.load_der_x509_crl(again.content)}
    assert serials == {node.certificate(revoked).serial_number}
    code, said = node.verified(revoked, "-crl_check")
    assert code != 0
    assert "certificate revoked" in said
    code, said = node.verified(good, "-crl_check_all")
    assert code == 0, said
