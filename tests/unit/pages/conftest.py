"""One renderer for all tests of the pages: making one reads the fonts."""

import pytest

from signing.pages.renderer import TypstRenderer


@pytest.fixture(scope="session")
def renderer() -> TypstRenderer:
    return TypstRenderer()
