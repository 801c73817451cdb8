import pytest

from tests.unit.usecases.house import build


@pytest.fixture
def house(tmp_path):
    made = build(tmp_path)
    yield made
    made.registry.close()
