import json
from functools import cache

import pytest

from api.demo.orders import ISSUERS, TRANSPORT
from tests.acceptance.node_process import NodeProcess

PROFILES = ("embedded", "servers")


@pytest.fixture
def stores(request, tmp_path):
    """Settings of the profile that a test asks for; `parametrize("stores", PROFILES, indirect=True)`."""
    if request.param == "embedded":
        return {}
    made = request.getfixturevalue("servers")
    return made.environment(tmp_path / "store-secrets", made.database(), made.bucket())


@pytest.fixture(scope="session")
def nodes(request, tmp_path_factory):
    """Served nodes with the whole demo by profile, each made once, whatever the order of tests."""

    @cache
    def served(profile):
        folder = tmp_path_factory.mktemp("node")
        stores = {}
        if profile == "servers":
            made = request.getfixturevalue("servers")
            stores = made.environment(folder / "store-secrets", made.database(), made.bucket())
        node = NodeProcess(folder / "var", stores=stores)
        running.append(node)
        node.run("init")
        node.printed = node.run("demo").stdout
        node.start()
        return node

    running = []
    yield served
    for node in running:
        node.stop()


@pytest.fixture(params=PROFILES)
def node(request, nodes):
    """A served node; tests share it and leave its record as it is."""
    return nodes(request.param)


@pytest.fixture
def originals(node):
    """Every demo certificate's file: (identifier, type code, PDF bytes)."""
    return _originals(node)


@cache
def _originals(node):
    from contextlib import ExitStack

    from api.bootstrap import store_options
    from api.clock import SystemClock, SystemEntropy
    from api.secret_files import key_encryption_key
    from certlib.registry import SearchQuery
    from storage.encryption import Cipher
    from storage.profile import open_stores

    settings, entropy = node.settings(), SystemEntropy()
    kek = key_encryption_key(settings.secrets_folder, entropy, create=False)
    found, after = [], ""
    with ExitStack() as stack:
        cipher = Cipher(kek, entropy)
        opened = open_stores(store_options(settings), cipher, SystemClock(), entropy, stack)
        with opened.registry.read() as session:
            while page := session.search(SearchQuery(limit=100, after=after)):
                found += [
                    (
                        item.identifier,
                        item.content.type_code,
                        opened.objects.get(item.files[0].object_name),
                    )
                    for item in page
                ]
                after = page[-1].identifier
    return found


@pytest.fixture
def hall(stores, tmp_path):
    """A served node, in the larger profile with two processes."""
    more = {"CERTLIB_WORKERS": "2"} if stores else {}
    made = NodeProcess(tmp_path / "var", stores={**stores, **more})
    made.run("init")
    added = made.run("clients", "add", "hall", "--department", ISSUERS[TRANSPORT], "--json")
    made.secret = json.loads(added.stdout)["client_secret"]
    made.start()
    yield made
    made.stop()
