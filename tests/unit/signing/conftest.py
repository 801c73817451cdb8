import pytest
import signing_pki


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
