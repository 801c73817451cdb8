import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from keys_world import P256, PLANNING, RSA, TRANSPORT, verify_signature

from certlib.errors import KeyUnusable, SigningUnavailable, Unsupported
from keys import algorithms
from keys.handles import SoftwareKey


class Fetch:
    """Counts how often the private key is asked for."""

    def __init__(self, pkcs8):
        self.pkcs8 = pkcs8
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.pkcs8


@pytest.fixture
def fetch(settled):
    return Fetch(settled._ring.vault.get(settled.seal_key(TRANSPORT[0]).name))


@pytest.fixture
def key(settled, fetch):
    known = settled.seal_key(TRANSPORT[0])
    return SoftwareKey(known.name, known.algorithm, known.chain, fetch)


@pytest.mark.parametrize(("department", "algorithm"), [(TRANSPORT, P256), (PLANNING, RSA)])
def test_signatures_verify_with_the_first_of_the_chain(settled, department, algorithm):
    key = settled.seal_key(department[0])
    assert key.algorithm == algorithm
    verify_signature(key, b"message")
    verify_signature(key, b"")


def test_the_key_is_loaded_at_the_first_signature_and_once(key, fetch):
    assert fetch.calls == 0
    key.sign(b"one")
    key.sign(b"two")
    assert fetch.calls == 1


def test_many_threads_load_once_and_all_sign(key, fetch):
    gate = threading.Barrier(8)

    def work(number):
        gate.wait()
        verify_signature(key, b"%d" % number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert fetch.calls == 1


def test_a_key_that_could_not_be_read_is_asked_for_again(settled, key, fetch):
    def unreachable():
        raise SigningUnavailable(what="key folder")

    flaky = SoftwareKey(key.name, key.algorithm, key.chain, unreachable)
    with pytest.raises(SigningUnavailable):
        flaky.sign(b"x")
    flaky._fetch = fetch
    verify_signature(flaky, b"x")


def test_a_key_of_another_certificate_never_signs(settled, key, fetch):
    """A seal made with the wrong key would look forged to everybody."""
    foreign = algorithms.private_bytes(algorithms.generate(P256))
    mixed = SoftwareKey(key.name, key.algorithm, key.chain, lambda: foreign)
    with pytest.raises(KeyUnusable, match="does not match"):
        mixed.sign(b"x")


@pytest.mark.parametrize("pkcs8", [b"", b"rubbish"])
def test_rubbish_is_no_key(key, pkcs8):
    with pytest.raises(KeyUnusable):
        SoftwareKey(key.name, key.algorithm, key.chain, lambda: pkcs8).sign(b"x")


def test_a_key_of_another_kind_is_refused(settled, key, fetch):
    with pytest.raises(KeyUnusable):
        SoftwareKey(key.name, RSA, key.chain, fetch).sign(b"x")


def test_unknown_algorithms_are_refused(settled, fetch):
    for step in (
        lambda: algorithms.generate("sm2-sm3"),
        lambda: algorithms.load_private("sm2-sm3", fetch(), "name"),
    ):
        with pytest.raises(Unsupported):
            step()


@pytest.mark.parametrize(("algorithm", "other"), [(P256, RSA), (RSA, P256)])
def test_no_signer_takes_a_key_of_the_other_kind(settled, algorithm, other):
    department = TRANSPORT if algorithm == P256 else PLANNING
    pkcs8 = settled._ring.vault.get(settled.seal_key(department[0]).name)
    key = algorithms.load_private(algorithm, pkcs8, "name")
    with pytest.raises(KeyUnusable):
        algorithms.signer(other, key)


def test_the_handle_prints_nothing_secret(settled, key):
    key.sign(b"x")
    assert repr(key) == f"SoftwareKey('{key.name}', 'ecdsa-p256-sha256')"


def test_the_chain_is_seal_then_issuing_authority(settled):
    own, issuing = map(x509.load_der_x509_certificate, settled.seal_key(TRANSPORT[0]).chain)
    own.verify_directly_issued_by(issuing)
    assert issuing.issuer != issuing.subject  # no root
