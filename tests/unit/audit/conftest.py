"""The node that audits are tried on: built once, copied for each test."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.unit.audit.planting")

from tests.unit.audit.audit_store import Store, found_store  # noqa: E402 - behind the line above


@pytest.fixture(scope="session")
def audited_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    found_store(folder)
    return folder


@pytest.fixture
def store(audited_template: Path, tmp_path: Path) -> Store:
    return Store.copy_of(audited_template, tmp_path / "node")
