import pytest
import signing_pki
from signing_files import signed


@pytest.fixture(scope="session")
def pki():
    return signing_pki.make_pki()


@pytest.fixture(scope="session")
def content():
    return signing_pki.make_content()


@pytest.fixture(scope="session")
def page(content):
    return signing_pki.make_page(content.canonical())


@pytest.fixture(scope="session")
def sealed(pki, content, page):
    return pki.sealer().seal(page, content).pdf


@pytest.fixture(scope="session")
def cms(sealed):
    """Any well-formed CMS: pyHanko reads one before it compares."""
    start = sealed.index(b"/Contents <") + 11
    digits = sealed[start : sealed.index(b">", start)]
    length = 4 + int.from_bytes(bytes.fromhex(digits[4:8].decode()), "big")
    return bytes.fromhex(digits[: 2 * length].decode())


@pytest.fixture(scope="session")
def make(cms):
    return lambda objects=None, **options: signed(cms, objects, **options)
