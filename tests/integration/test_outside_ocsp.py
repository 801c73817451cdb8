"""A real responder process of another authority: `openssl ocsp`, asked as the worker asks it."""

import socket
import subprocess
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.clock import SystemEntropy
from api.outside_answers import open_outside_answers
from api.settings import Settings
from certlib.ports import TrustMaterial
from keys.certificates import certificate_from
from keys.trust_crls import ANSWERS, CrlFolder
from keys.validation_material import StoredMaterial
from signing.evidence.chain import TrustSet, chain_facts
from tests.fakes.answers import NO_CHECK, SIGNING, Responder
from tests.fakes.responding import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class OpenSslResponder:
    """`openssl ocsp` with an index of its own, for the issuing authority of a `World`."""

    def __init__(self, folder, world, port):
        self.folder, self.serial = folder, certificate_from(world.seal).serial_number
        appointed = Responder(world.issuing, SIGNING, NO_CHECK, at=world.issuing.at)
        for name, made in (("ca", world.issuing.certificate), ("signer", appointed.certificate)):
            (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
        key = appointed.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "signer.key").write_bytes(key)
        self.port, self.process = port, None
        self.tells("V")

    def tells(self, state, revoked=""):
        """What the index says from now on; the process reads it once."""
        number = f"{self.serial:X}"
        number = number.zfill(len(number) + len(number) % 2)
        line = f"{state}\t350101000000Z\t{revoked}\t{number}\tunknown\t/CN=seal\n"
        (self.folder / "index.txt").write_text(line)
        self.close()
        self.process = subprocess.Popen(
            [
                *(
                    "openssl",
                    "ocsp",
                    "-port",
                    str(self.port),
                    "-index",
                    "index.txt",
                    "-CA",
                    "ca.pem",
                ),
                *("-rsigner", "signer.pem", "-rkey", "signer.key", "-ndays", "1"),
            ],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
        )
        # A connection without a question would keep it busy: its own word tells when it listens.
        assert "ACCEPT" in self.process.stdout.readline()

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def port():
    return _free_port()


@pytest.fixture
def world(now, port):
    return World(now, f"http://127.0.0.1:{port}/", authority=False)


@pytest.fixture
def responder(tmp_path, world, port):
    (tmp_path / "responder").mkdir()
    made = OpenSslResponder(tmp_path / "responder", world, port)
    yield made
    made.close()


def test_good_then_revoked_by_a_real_responder(tmp_path, world, port, responder, now, monkeypatch):
    monkeypatch.setenv("CERTLIB_OCSP_SOURCES", f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("CERTLIB_CRL_NETWORKS", "127.0.0.0/8")
    settings = Settings(data_dir=tmp_path / "var", demo=True)
    material = TrustMaterial((world.root.der,), issuers=(world.issuing.der,))
    answers = open_outside_answers(
        settings,
        SimpleNamespace(material=lambda: material),
        SimpleNamespace(public_certificates=lambda: {"seal.cer": world.seal}),
        SystemEntropy(),
    )
    folder = CrlFolder(tmp_path / "var" / "trust" / "ocsps", ANSWERS)
    begin = datetime.now(UTC)
    assert [(item.fault, item.fresh) for item in answers.round(begin)] == [("", True)]
    (good,) = folder.load().lists

    crls = (world.root.crl(at=now),)
    source = StoredMaterial(
        lambda: TrustMaterial((world.root.der,), (), crls, (world.issuing.der,), (good,)),
        dict,
        SimpleNamespace(now=lambda: datetime.now(UTC)),
    )
    assert source.material([[world.seal]]).ocsps == (good,)
    assert _revoked_at(world, crls, good) is None

    responder.tells("R", f"{now - timedelta(days=2):%y%m%d%H%M%SZ},keyCompromise")
    later = begin + timedelta(hours=1)
    assert [(item.fault, item.fresh) for item in answers.round(later)] == [("", True)]
    (revoked,) = folder.load().lists
    assert _revoked_at(world, crls, revoked) == (now - timedelta(days=2)).replace(microsecond=0)


def _revoked_at(world, crls, der):
    trust = TrustSet((world.root.der,), crls, (world.issuing.der,), (der,))
    (path,) = chain_facts(world.seal, (), trust).paths
    return path.certificates[0].revocation.revoked_at
