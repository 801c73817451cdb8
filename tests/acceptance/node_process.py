"""A real node in processes of its own: init, demo, serve; killed and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NodeProcess:
    """The command line and the server over one data folder."""

    def __init__(self, data_dir, port=None, stores=None):
        """`stores`: settings of the larger profile; without them all lies in `data_dir`."""
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "CERTLIB_DEMO": "1",
            "CERTLIB_PUBLIC_URL": self.url,
            **(stores or {}),
        }
        self._server = None
        self.log = data_dir.with_name(data_dir.name + ".log")

    def settings(self):
        """As the node's own processes read them."""
        from api.settings import Settings

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                if name.startswith("CERTLIB_"):
                    patch.setenv(name, value)
            patch.setenv("DATA_DIR", str(self.data_dir))
            return Settings()

    def run(self, *arguments, check=True, timeout=600):
        """One `certlib` command; answers the completed process."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    def start(self):
        """Starts the server and waits until it is ready."""
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        for _ in range(600):
            assert self._server.poll() is None, self.log.read_text()[-2000:]
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    @property
    def pid(self):
        return self._server.pid

    def kill(self):
        """kill -9, no farewell."""
        self._server.send_signal(signal.SIGKILL)
        self._server.wait(timeout=30)

    def stop(self):
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            self._server.wait(timeout=60)

    def demo(self):
        return json.loads((self.data_dir / "demo.json").read_text("utf-8"))

    def get(self, path, headers=None):
        """Status, headers and body of a GET, whatever the status."""
        request = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()
