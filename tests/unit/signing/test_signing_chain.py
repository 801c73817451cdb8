"""Chains are found by several threads at once: files of one order are read back side by side."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from signing_pki import make_pki

from signing.evidence.chain import TrustSet, chain_facts

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
            together.wait()
            return chain_facts(der, (), seals)

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(find, range(THREADS)))
        assert [[path.problem for path in item.paths] for item in found] == [[""]] * THREADS
