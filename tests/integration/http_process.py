"""A real server process, and raw sockets to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from api.tokens import hash_secret
from certlib.registry import AuditRecord, Client
from certlib.usecases.caller import DEPARTMENT_SCOPES, SCOPES

SECRET = "0123456789abcdef" * 4
ISSUER = "11445200990090139J"
OTHER = "11445200990090016H"
_SCRIPT = "from api.cli import main; raise SystemExit(main(['serve']))"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def prepare(folder: Path, **environment):
    """A founded node, closed again, so that a server may open it.

    Two clients: `transport` may do everything, `counter` of another department what a
    department's system may.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        node = open_node(Settings(data_dir=folder, demo=True))
    try:
        found(node)
        with node.registry.begin() as uow:
            secret, now = hash_secret(SECRET), node.clock.now()
            uow.put_client(Client("transport", "t", ISSUER, frozenset(SCOPES), secret, now))
            scopes = frozenset(DEPARTMENT_SCOPES)
            uow.put_client(Client("counter", "c", OTHER, scopes, secret, now))
            for name in ("transport", "counter"):
                uow.append_audit([AuditRecord(now, "operator", "add-client", name)])
            uow.commit()
    finally:
        node.close()


class Server:
    def __init__(self, process, port, log, at="127.0.0.1"):
        self.process = process
        self.port = port
        self._log = log
        self.url = f"http://{at}:{port}"

    def lines(self):
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def raw(self, *parts, host="127.0.0.1", family=socket.AF_INET, seconds=20):
        """Everything the server says to raw bytes, until it closes."""
        with socket.socket(family) as talk:
            talk.settimeout(seconds)
            talk.connect((host, self.port))
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have heard enough
                for part in parts:
                    talk.sendall(part)
            answer = b""
            while chunk := talk.recv(65536):
                answer += chunk
            return answer

    def bearer(self, client="transport", act="maker"):
        answer = httpx.post(
            f"{self.url}/oauth2/token",
            data={"grant_type": "client_credentials", "act": act},
            auth=(client, SECRET),
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def serving(folder: Path, at="127.0.0.1", **environment):
    port = free_port()
    log = folder.parent / f"log-{port}"
    inherited = {"PATH": os.environ["PATH"], "TZ": "UTC"}
    settings = {"DATA_DIR": str(folder), "PORT": str(port), "CERTLIB_DEMO": "1", **environment}
    root = Path(__file__).parents[2]
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            env=inherited | settings,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=stream,
        )
        server = Server(process, port, log, at)
        try:
            _wait(server)
            yield server
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(120)
            process.stdout.close()


def _wait(server):
    for _ in range(600):
        if server.process.poll() is not None:
            raise AssertionError(server._log.read_text())
        try:
            httpx.get(f"{server.url}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")
