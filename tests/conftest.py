"""What holds for every test."""

import os
from collections.abc import Generator
from posix import _exit

import coverage
import pytest
from hypothesis import settings

from tests.fakes.statements import share_compiled

# A shared machine is slow at times: no promise of ours is one of milliseconds.
settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")
share_compiled()

# Their tests look at a node of tests/acceptance/conftest.py, one of each profile.
SHARING_NODES = {
    f"tests/acceptance/test_acceptance_{name}.py" for name in ("docs", "readers", "verdicts")
}
# Its parts take half a minute each and share nothing that is dear: each may go to another worker.
MANY_MUTANTS = "tests/attacks/test_attacks_mutants.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants-seed", type=int, default=1, help="other mutants than every day's")


@pytest.fixture(scope="session")
def servers():
    """PostgreSQL and S3 for nodes of the larger profile, as servers of their own."""
    from tests.fakes.profiles import Servers
    from tests.fakes.servers import started

    with started(Servers) as made:
        yield made


@pytest.fixture
def soft_token(tmp_path, monkeypatch):
    """A hardware token of the test's own, by SoftHSM2."""
    from tests.fakes.tokens import soft_token

    return soft_token(tmp_path / "token", monkeypatch)


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _declared(item: pytest.Item) -> float:
    """The seconds that a test may take as it says of itself."""
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest first: workers then end together instead of all waiting for one."""
    items.sort(key=lambda item: (not _is_slow(item), -_declared(item)))
    for item in filter(_is_slow, items):
        item.add_marker("no_cover")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """What shares a node with the whole demo goes to one worker, which makes it once."""
    from xdist.scheduler import LoadFileScheduling

    class BySharedNode(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            if file == MANY_MUTANTS:
                return nodeid
            if file not in SHARING_NODES:
                return file
            return "servers" if "[servers" in nodeid else "embedded"

    return BySharedNode(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """A worker of xdist is measured once, by what pytest-cov starts next and pauses where asked.

    Until then it measures itself twice, as a process that pytest started and as a pytest of its
    own. Both would go on: in the slow tests too, and in whatever they fork.
    """
    while hasattr(config, "workerinput") and (running := coverage.Coverage.current()):
        running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """The fast tests hold the floors of coverage alone; measuring costs the slow ones minutes.

    Neither their calls are measured nor the processes that these start.
    """
    with pytest.MonkeyPatch.context() as patch:
        if _is_slow(item):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
            patch.setattr(os, "_exit", _exit)  # coverage's own saves what was measured until then
        return (yield)
