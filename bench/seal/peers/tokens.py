"""The key in SoftHSM2, and the token's own rate."""

import shutil
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from bench.seal.peers.lanes import UnavailableError, in_process
from bench.seal.peers.pages import MOMENT
from keys.algorithms import ECDSA_P256
from keys.cryptoki import Mechanism
from keys.hardware import HardwareKey, generate
from keys.places import TokenPlace
from signing.sealing import PadesSealer
from tests.fakes.tokens import LABEL, MODULE, soft_token

_DIGEST = bytes(range(32))


class TokenKey:
    """A key in a fresh SoftHSM2; the custody of that one seal."""

    def __init__(self, folder, stack) -> None:
        if not MODULE or shutil.which("softhsm2-util") is None:
            raise UnavailableError("softhsm2 is not installed")
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        self.token = soft_token(folder, patch).opened()
        stack.callback(self.token.close)
        place = TokenPlace(LABEL, "seal", "01")
        chain = (_certified(generate(self.token, place, ECDSA_P256)),)
        self.key = HardwareKey("seal", ECDSA_P256, chain, self.token, place)

    def seal_key(self, _issuer_code: str) -> HardwareKey:
        return self.key

    def raw(self, count: int) -> float:
        """Seconds for so many `C_SignInit` and `C_Sign` in one session, over a digest."""
        self.key.sign(b"")  # found, logged in

        def work(module, session):
            key, handle, output = session.keys[self.key], session.handle, session.output
            return in_process(lambda: module.sign(handle, Mechanism.ECDSA, key, _DIGEST, output))(
                count
            )

        return self.token.run(work)

    def signatures(self, count: int) -> float:
        """The same through the key handle: a session from the pool, and each signature verified."""
        return in_process(lambda: self.key.sign(_DIGEST))(count)

    def seals(self, page: bytes, content):
        """Seals through the token, as a node does."""
        sealer = PadesSealer(self, None, None)
        return in_process(lambda: sealer.seal(page, content, "B-B"))


def _certified(public) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    builder = x509.CertificateBuilder(name, name, public, 1).not_valid_before(MOMENT)
    builder = builder.not_valid_after(MOMENT + timedelta(days=365))
    issuer = ec.generate_private_key(ec.SECP256R1())
    return builder.sign(issuer, hashes.SHA256()).public_bytes(Encoding.DER)
