"""A department's own system at a node in processes of its own: tokens, orders, sealed files."""

import json
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing, contextmanager

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


def issue(node, token, key, **changes):
    order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"} | changes
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return post(node, "/v1/certificates", json.dumps(order).encode(), headers)


@contextmanager
def record_of(node):
    """The node's record, to be read beside it."""
    with closing(open_desk(node.settings())) as desk, desk.registry.read() as session:
        yield session


def files_of(node, identifiers):
    """Each certificate's files on record: every revision, the oldest first."""
    with record_of(node) as session:
        return [session.certificate(identifier).files for identifier in identifiers]


def acts_on(node, targets):
    """What the history says was done to each, the oldest first."""
    with record_of(node) as session:
        return [[record.act for record in session.history_of(target)] for target in targets]


def write_file(node, identifier):
    """The certificate's first file, in the folder of the node too."""
    name = files_of(node, [identifier])[0][0].object_name
    with objects_of(node) as objects:
        pdf = objects.get(name)
    (node.data_dir / "file.pdf").write_bytes(pdf)
    return pdf


def write_files(node, identifiers, folder):
    """The newest revision of each certificate's file, in a folder made for them."""
    folder.mkdir()
    names = [files[-1].object_name for files in files_of(node, identifiers)]
    paths = [folder / f"{number}.pdf" for number in range(len(names))]
    with objects_of(node) as objects:
        for path, name in zip(paths, names, strict=True):
            path.write_bytes(objects.get(name))
    return paths


def seal_of(pdf):
    """SHA-256 of the signer's X.509 certificate."""
    facts = InProcessEvidenceReader(TrustMaterial).read(pdf)
    return facts.signatures[0].signer.sha256


@contextmanager
def objects_of(node):
    """The node's object store, opened beside it."""
    settings, entropy = node.settings(), SystemEntropy()
    kek = key_encryption_key(settings.secrets_folder, entropy, create=False)
    with ExitStack() as stack:
        cipher = Cipher(kek, entropy)
        yield open_stores(store_options(settings), cipher, SystemClock(), entropy, stack).objects


def wait(ready, seconds=120, every=0.1):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "not in time"
        time.sleep(every)
