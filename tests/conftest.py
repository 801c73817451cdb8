"""What holds for every test."""

import pytest
from hypothesis import settings

# A shared machine is slow at times: no promise of ours is one of milliseconds.
settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def servers():
    """PostgreSQL and S3 for nodes of the larger profile, as servers of their own."""
    from tests.fakes.profiles import Servers
    from tests.fakes.servers import started

    with started(Servers) as made:
        yield made


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: two workers then end together instead of one waiting for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
