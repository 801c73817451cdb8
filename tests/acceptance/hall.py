"""A department's own system at a node in processes of its own: tokens, orders, sealed files."""

import json
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing

from api.bootstrap import open_desk, store_options
from api.clock import SystemClock, SystemEntropy
from api.demo.orders import ISSUERS, TRANSPORT
from api.schemas import examples
from api.secret_files import key_encryption_key
from certlib.ports import TrustMaterial
from signing.evidence.reader import InProcessEvidenceReader
from storage.encryption import Cipher
from storage.profile import open_stores

TWO = ("--operator", "值班甲", "--second", "值班乙")
ISSUER = ISSUERS[TRANSPORT]


def post(node, path, body, headers):
    request = urllib.request.Request(
        node.url + path, data=body, headers={"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def token_of(node):
    form = f"grant_type=client_credentials&client_id=hall&client_secret={node.secret}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return post(node, "/oauth2/token", form, kind)[1]["access_token"]


def issue(node, token, key):
    order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return post(node, "/v1/certificates", json.dumps(order).encode(), headers)


def write_file(node, identifier):
    """The certificate's file, in the folder of the node too."""
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        name = session.certificate(identifier).files[0].object_name
    pdf = _stored(node, name)
    (node.data_dir / "file.pdf").write_bytes(pdf)
    return pdf


def seal_of(pdf):
    """SHA-256 of the signer's X.509 certificate."""
    facts = InProcessEvidenceReader(TrustMaterial).read(pdf)
    return facts.signatures[0].signer.sha256


def _stored(node, name):
    settings, entropy = node.settings(), SystemEntropy()
    kek = key_encryption_key(settings.secrets_folder, entropy, create=False)
    with ExitStack() as stack:
        cipher = Cipher(kek, entropy)
        opened = open_stores(store_options(settings), cipher, SystemClock(), entropy, stack)
        return opened.objects.get(name)


def wait(ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
