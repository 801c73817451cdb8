import sys
from pathlib import Path

import pytest

# The small PKI lives beside the unit tests of the same package.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "signing"))

import signing_pki

from signing.evidence.reader import InProcessEvidenceReader


@pytest.fixture(scope="session")
def pki():
    return signing_pki.make_pki()


@pytest.fixture(scope="session")
def content():
    return signing_pki.make_content()


@pytest.fixture(scope="session")
def sealed(pki, content):
    return signing_pki.seal_one(pki, content)


@pytest.fixture(scope="session")
def read(pki):
    """Facts of a file, with the PKI's own trust unless told otherwise."""
    own = pki.trust

    def _read(pdf, *, trust=own):
        return InProcessEvidenceReader(lambda: trust).read(pdf)

    return _read
