"""What holds for every test."""

from collections.abc import Generator

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


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: two workers then end together instead of one waiting for the other."""
    items.sort(key=lambda item: not _is_slow(item))
    for item in filter(_is_slow, items):
        item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """The fast tests hold the floors of coverage alone; measuring costs the slow ones minutes.

    Neither they nor the processes that they start are measured.
    """
    with pytest.MonkeyPatch.context() as patch:
        if _is_slow(item):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)
