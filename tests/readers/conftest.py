"""The five readers, started once; where one is not installed, CI fails and others skip, visibly."""

import os

import pytest

from tests.readers import drivers, pages


@pytest.fixture(scope="session")
def readers(tmp_path_factory):
    """The five readers by the algorithm of the authority that they are given."""
    absent = drivers.missing()
    if absent:
        told = f"install {', '.join(absent)} (scripts/system_packages.sh test)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    trust = pages.authority(pages.KEYS[0]).trust
    with drivers.all_readers(tmp_path_factory.mktemp("readers"), trust, pages.AT) as found:
        yield found
