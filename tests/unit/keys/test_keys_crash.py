"""Whatever is killed when: the next start finds the old state or the new one, never another."""

import os

import pytest
from cryptography import x509
from keys_world import PLANNING, TRANSPORT, found, verify_signature

from keys.authority import SealOrder

BOUNDARIES = ("open", "write", "fsync", "link", "replace", "unlink")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ORDERS = (SealOrder(*TRANSPORT), SealOrder(*PLANNING))


class Killed(BaseException):
    pass


def killed_at(step: int, work) -> bool:
    """Runs `work` in a child that dies without a word at its `step`-th boundary.

    Even steps die before the system call, odd ones after it. Says whether the child died.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def dying(real):
            def call(*args, **kwargs):
                nonlocal count
                for after in (False, True):
                    if count == step:
                        os._exit(9)
                    count += 1
                    if not after:
                        result = real(*args, **kwargs)
                return result

            return call

        for name in BOUNDARIES:
            setattr(os, name, dying(getattr(os, name)))
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, 9}
    return status == 9


def boundaries(work_in):
    """Every step of `work_in(step)` until a child lives to the end."""
    step = 0
    while killed_at(step, work_in(step)):
        yield step
        step += 1
    assert step > 0


def assert_whole(authority, folder):
    """Every key signs what its X.509 certificate verifies, and every chain ends in the root."""
    certificates = {
        name: x509.load_der_x509_certificate(der)
        for name, der in authority.public_certificates().items()
    }
    root, issuing = certificates["root.cer"], certificates["issuing.cer"]
    root.verify_directly_issued_by(root)
    issuing.verify_directly_issued_by(root)
    certificates["timestamp.cer"].verify_directly_issued_by(root)
    certificates["history.cer"].verify_directly_issued_by(root)
    for name, handle in authority._current().handles.items():
        verify_signature(handle, b"message")
        if name.startswith("seal-"):
            certificates[f"{name}.cer"].verify_directly_issued_by(issuing)
    for crl, issuer in (("root.crl", root), ("issuing.crl", issuing)):
        assert x509.load_der_x509_crl(authority.crls()[crl]).is_signature_valid(issuer.public_key())
    names = [path.name for path in folder.rglob("*")]
    assert not any(name.startswith(".tmp-") for name in names)


def test_killed_while_founding(tmp_path):
    """A half-made authority is completed at the next start."""
    steps = 0
    for step in boundaries(lambda step: lambda: found(tmp_path / f"{step}")):
        folder = tmp_path / f"{step}"
        authority = found(folder, seed="next start")
        assert_whole(authority, folder)
        assert authority._ring.vault.names() == {"root", "issuing", "timestamp", "history"}
        again = found(folder, seed="third start")
        assert again.public_certificates() == authority.public_certificates()
        steps += 1
    assert steps > 20


def test_killed_while_issuing(tmp_path):
    """A batch of seals is issued whole or not at all, and the next order completes it."""

    def prepared(step):
        authority = found(tmp_path / f"{step}")
        return lambda: authority.issue_seals(ORDERS)

    for step in boundaries(prepared):
        folder = tmp_path / f"{step}"
        authority = found(folder, seed="next start")
        assert len(authority.list_keys()) in {4, 6}
        authority.issue_seals(ORDERS)
        assert len(authority.list_keys()) == 6
        assert len(authority._ring.vault.names()) == 6
        assert_whole(authority, folder)


def test_killed_while_revoking(tmp_path):
    """The register and its list change together."""

    def prepared(step):
        authority = found(tmp_path / f"{step}")
        authority.issue_seals(ORDERS)
        name = authority.seal_key(TRANSPORT[0]).name
        return lambda: authority.revoke_seal(name)

    for step in boundaries(prepared):
        folder = tmp_path / f"{step}"
        authority = found(folder, seed="next start")
        revoked = sum(key.state == "revoked" for key in authority.list_keys())
        assert len(x509.load_der_x509_crl(authority.crls()["issuing.crl"])) == revoked
        assert_whole(authority, folder)


@pytest.mark.parametrize("name", ["issuing", "timestamp", "history"])
def test_founding_uses_the_keys_that_it_finds(tmp_path, name):
    """No key is made twice, and none is replaced."""
    folder = tmp_path / "keys"
    first = found(folder)
    keys = {key: first._ring.vault.get(key) for key in first._ring.vault.names()}
    (folder / "register").unlink()
    (folder / "private" / f"{name}.key").unlink()
    second = found(folder, seed="next start")
    for key, secret in keys.items():
        assert (second._ring.vault.get(key) == secret) == (key != name)
