"""Chains are found by several threads at once: files of one order are read back side by side."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from asn1crypto import x509
from signing_pki import NOW, make_pki

from signing.evidence.chain import TrustSet, Usage, chain_finding

THREADS, ROUNDS = 3, 60


@pytest.fixture
def eager():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager")
def test_threads_that_start_together_find_the_same():
    """Nothing that is parsed at the first look is shared: half parsed, an anchor is a forgery."""
    for _ in range(ROUNDS):
        pki = make_pki()  # of which nothing is known yet
        seals = TrustSet(pki.trust.seal_anchors, pki.trust.crls, (pki.issuing.der,))
        together = Barrier(THREADS)

        def find(_, der=pki.seal.der, seals=seals, together=together):
            signer = x509.Certificate.load(der)
            together.wait()
            return chain_finding(signer, (), seals, Usage(NOW, NOW))

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(find, range(THREADS)))
        assert [(item.trusted, item.problem) for item in found] == [(True, "")] * THREADS
