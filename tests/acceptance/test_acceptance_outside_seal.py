"""A seal under an outside authority, by commands beside a server that works: asked, answered, used."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from tests.acceptance.hall import ISSUER, acts_on, issue, seal_of, token_of, write_files
from tests.unit.keys.outside_world import OutsideAuthority

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _pem(folder, name, certificate):
    path = folder / name
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return str(path)


def _answered(authority, request, path):
    """As authorities answer: PKCS#7 with the seal's certificate and the one above it."""
    own = x509.load_der_x509_certificate(authority.answer(request.read_bytes()))
    path.write_bytes(pkcs7.serialize_certificates([own, authority.issuing], Encoding.DER))


def _believed(node, authority, folder):
    """The node believes the authority from its next start on, by a list that it has signed."""
    draft, signed = str(folder / "draft.json"), folder / "trust-list.json"
    since = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    named = ("--name", "外部机构", "--name-en", "Outside authority", "--operator", "揭阳")
    node.run(
        "trust", "add", _pem(folder, "root.pem", authority.root), *named, "--use", "seal",
        "--issuer", ISSUER, "--since", since,
        "--helper", _pem(folder, "issuing.pem", authority.issuing), "--draft", draft,
    )  # fmt: skip
    done = node.run("trust", "sign", draft, "--out", str(signed), "--json")
    node.environment["CERTLIB_TRUST_LIST"] = str(signed)
    node.environment["CERTLIB_TRUST_SIGNER"] = json.loads(done.stdout)["signer_key_sha256"]


def _keys(node):
    listed = map(json.loads, node.run("keys", "list", "--json").stdout.splitlines())
    return {item["name"]: item for item in listed if item["issuer_code"] == ISSUER}


@pytest.mark.parametrize("stores", ["embedded", "servers"], indirect=True)
def test_an_outside_seal_is_asked_for_imported_and_used(hall, tmp_path):
    node = hall
    authority = OutsideAuthority(datetime.now(UTC).replace(microsecond=0))
    request, answer = tmp_path / "seal.csr", tmp_path / "seal.p7b"
    asked = json.loads(node.run("keys", "request", ISSUER, "--out", str(request), "--json").stdout)
    assert _keys(node)[asked["key"]]["state"] == "requested"
    _answered(authority, request, answer)

    # Refused while nobody believes the authority, and while its revocation lists are not here.
    refused = node.run("keys", "import", str(answer), check=False)
    assert refused.returncode != 0
    _believed(node, authority, tmp_path)
    refused = node.run("keys", "import", str(answer), check=False)
    assert refused.returncode != 0
    assert _keys(node)[asked["key"]]["state"] == "requested"
    lists = node.data_dir / "trust" / "crls"
    lists.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(authority.crls()):
        (lists / f"outside-{number}.crl").write_bytes(content)
    node.stop()
    node.start()

    # The answer comes while the server is at work: it seals with it from then on.
    token = token_of(node)
    before = issue(node, token, "before")[1]["identifier"]
    told = json.loads(node.run("keys", "import", str(answer), "--json").stdout)
    assert told["issuer_code"] == ISSUER
    again = json.loads(node.run("keys", "import", str(answer), "--json").stdout)
    assert again["fingerprint"] == told["fingerprint"]
    answers = [issue(node, token, f"after-{number}") for number in range(6)]
    assert {(status, body.get("level")) for status, body in answers} == {(201, "B-T")}, answers
    after = [body["identifier"] for _, body in answers]
    old, *new = paths = write_files(node, [before, *after], tmp_path / "files")
    assert {seal_of(path.read_bytes()) for path in new} == {told["fingerprint"]}
    assert seal_of(old.read_bytes()) != told["fingerprint"]
    states = {name: item["state"] for name, item in _keys(node).items()}
    assert states[asked["key"]] == "current"
    verified = node.run("verify", "--json", *map(str, paths), check=False)
    said = [json.loads(line) for line in verified.stdout.splitlines()]
    assert [item["verdict"] for item in said] == ["valid"] * 7, said
    assert acts_on(node, [asked["key"]]) == [["request-seal", "import-seal"]]
    node.stop()
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]
