import keys_world
import pytest


@pytest.fixture(scope="session")
def settled(tmp_path_factory):
    """An authority that nobody changes: two departments, one with RSA."""
    authority = keys_world.found(tmp_path_factory.mktemp("settled") / "keys")
    authority.issue_seal(*keys_world.TRANSPORT)
    authority.issue_seal(*keys_world.PLANNING, keys_world.RSA)
    return authority


@pytest.fixture
def clock():
    return keys_world.SetClock()
