import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keys"))

import signer_world


@pytest.fixture
def world(tmp_path):
    made = signer_world.World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def door(world, tmp_path):
    made = signer_world.Door(world, tmp_path / "signer.sock")
    yield made
    made.close()
