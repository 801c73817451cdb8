"""What the tests of `keys` share: a clock to set, countable randomness, real openssl."""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding

from keys.authority import AuthorityOptions, open_or_create

KEK = bytes(range(32))
START = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
PUBLIC_URL = "https://zz.example"
TRANSPORT = ("11445200990090139J", "揭阳市交通运输局")
PLANNING = ("11445200990090307L", "揭阳市城乡规划局")
P256 = "ecdsa-p256-sha256"
RSA = "rsa-3072-sha256"


class SetClock:
    def __init__(self, at=START):
        self.at = at

    def now(self):
        return self.at

    def forward(self, **span):
        self.at += timedelta(**span)


class CountedEntropy:
    """Different octets at every call, the same in every run."""

    def __init__(self, seed="keys"):
        self._seed = seed
        self._calls = 0

    def octets(self, count):
        self._calls += 1
        return hashlib.shake_256(f"{self._seed}:{self._calls}".encode()).digest(count)


def found(folder: Path, clock=None, *, seed="keys", kek=KEK, **options):
    settings = {"public_url": PUBLIC_URL, "owner": "揭阳市电子证照库"} | options
    return open_or_create(
        folder, kek, clock or SetClock(), CountedEntropy(seed), AuthorityOptions(**settings)
    )


def verify_signature(key, message: bytes) -> None:
    """Raises when `key` does not make signatures that its X.509 certificate verifies."""
    public = x509.load_der_x509_certificate(key.chain[0]).public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(key.sign(message), message, ec.ECDSA(hashes.SHA256()))
    else:
        public.verify(key.sign(message), message, padding.PKCS1v15(), hashes.SHA256())


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def openssl(*arguments, at: datetime | None = None) -> str:
    """Runs openssl, at another time where the command knows `-attime`; fails with its words."""
    timed = ["-attime", str(int(at.timestamp()))] if at else []
    command = ["openssl", *map(str, arguments), *timed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def serving(answer: Callable[[bytes], tuple[int, str, bytes]]) -> Iterator[str]:
    """An HTTP server on loopback that answers POST bodies; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.seen.append((dict(self.headers), body))
            status, kind, content = answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
