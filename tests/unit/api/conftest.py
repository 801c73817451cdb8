import shutil

import pytest

from tests.unit.api.api_world import open_world, portal
from tests.unit.usecases.house import build


@pytest.fixture(scope="session")
def api_portal():
    with portal() as started:
        yield started


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A database with its tables and types; migrating anew for each test costs ten times more."""
    folder = tmp_path_factory.mktemp("template")
    build(folder).registry.close()
    return folder / "certlib.sqlite"


@pytest.fixture
def world(tmp_path, template, api_portal):
    shutil.copy(template, tmp_path)
    made = open_world(tmp_path, api_portal)
    yield made
    made.parts.status.close()
    made.house.registry.close()
