import pytest

from tests.acceptance.node_process import NodeProcess


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """A served node with the whole demo; tests share it and leave its record as it is."""
    made = NodeProcess(tmp_path_factory.mktemp("node") / "var")
    made.run("init")
    made.printed = made.run("demo").stdout
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def originals(node):
    """Every demo certificate's file: (identifier, type code, PDF bytes)."""
    from pathlib import Path

    from api.bootstrap import open_desk
    from api.clock import SystemEntropy
    from api.secret_files import key_encryption_key
    from api.settings import Settings
    from certlib.registry import SearchQuery
    from storage.encryption import Cipher
    from storage.objects import FileObjectStore

    settings = Settings(data_dir=Path(node.data_dir), demo=True)
    desk = open_desk(settings)
    kek = key_encryption_key(settings.secrets_folder, SystemEntropy(), create=False)
    objects = FileObjectStore(settings.data_dir / "objects", Cipher(kek, SystemEntropy()))
    found, after = [], ""
    with desk.registry.read() as session:
        while page := session.search(SearchQuery(limit=100, after=after)):
            found += [
                (item.identifier, item.content.type_code, objects.get(item.files[0].object_name))
                for item in page
            ]
            after = page[-1].identifier
    desk.close()
    return found
