"""Tests that a library generates get names of their own."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Schemathesis makes one test for each operation, and pytest gives all of them one id.

    Where tests are shared out among processes, those of one id are taken for one test: of all the
    operations the first alone would be asked.
    """
    for item in items:
        label = getattr(item, "operation_label", "")
        if label and item.id.params is None:
            item._id = item.id.with_params(label)
