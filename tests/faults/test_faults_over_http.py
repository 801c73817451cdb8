"""A served node whose PostgreSQL or S3 store fails: 503 with Retry-After, never a wrong answer."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.schemas import examples
from tests.fakes.proxy import Harm, Proxy
from tests.integration.http_process import prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HARMS = {
    "refused": Harm(refuse=True),
    "cut off": Harm(cut_answer=0),
    "silent": Harm(silence=True),
}


@dataclass
class Running:
    server: Any
    database: Proxy
    bucket: Proxy
    identifier: str = ""
    etag: str = ""

    def get(self, path, **more):
        return httpx.get(f"{self.server.url}{path}", timeout=90, **more)

    def issue(self, key):
        return httpx.post(
            f"{self.server.url}/v1/certificates",
            json=examples.ORDER | {"number": f"揭交〔2026〕{key}号"},
            headers=self.headers | {"Idempotency-Key": key},
            timeout=90,
        )

    def verify(self, pdf=None):
        if pdf is not None:
            typed = self.headers | {"Content-Type": "application/pdf"}
            return httpx.post(
                f"{self.server.url}/v1/verifications", content=pdf, headers=typed, timeout=90
            )
        return httpx.post(
            f"{self.server.url}/v1/verifications",
            json={"identifier": self.identifier},
            headers=self.headers,
            timeout=90,
        )

    def recovers(self, key):
        """After healing: the same order, sent again with its key, ends in one certificate."""
        for _ in range(100):
            answer = self.issue(key)
            if answer.status_code == 201:
                return answer
            assert answer.status_code in {409, 503}, answer.text
            time.sleep(0.5)
        raise AssertionError(answer.text)


@pytest.fixture(scope="module")
def running(servers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    database = servers.database()
    environment = servers.environment(folder / "secrets", database, servers.bucket())
    prepare(folder / "var", **environment)
    proxies = Proxy(str(servers.postgres.socket)), Proxy(("127.0.0.1", servers.seaweed.port))
    for name, login in (("database", "service"), ("status", "public_status")):
        (folder / "secrets" / f"{name}-url").write_text(
            f"postgresql://{login}@127.0.0.1:{proxies[0].port}/{database}?sslmode=disable"
        )
    environment |= {
        "CERTLIB_S3_ENDPOINT": f"http://127.0.0.1:{proxies[1].port}",
        "CERTLIB_S3_TIMEOUT": "2",
        "CERTLIB_REQUEST_SECONDS": "15",
    }
    with serving(folder / "var", **environment) as server:
        made = Running(server, *proxies)
        made.headers = server.bearer()
        answer = made.issue("first")
        assert answer.status_code == 201, answer.text
        made.identifier, made.etag = answer.json()["identifier"], answer.headers["etag"]
        made.pdf = made.get(
            f"/v1/certificates/{made.identifier}/file", headers=made.headers
        ).content
        yield made
    for proxy in proxies:
        proxy.stop()


def _says_503(answer):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert '"valid"' not in answer.text


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_database_that_fails(running, harm):
    """Status and issue say 503; a verification is 503 or cannot tell; nobody hears "valid"."""
    key = f"database-{list(HARMS.values()).index(harm)}"
    running.database.set(harm)
    try:
        _says_503(running.get(f"/v1/status/{running.identifier}"))
        _says_503(running.issue(key))
        for answer in (running.verify(), running.verify(running.pdf)):
            if answer.status_code == 200:
                found = answer.json()
                assert (found["verdict"], found["code"]) == ("indeterminate", "cannot-tell")
            else:
                _says_503(answer)
        page = running.get(f"/v/{running.identifier}")
        assert "登记有效" not in page.text
        assert running.get("/healthz").status_code == 200
        assert running.get("/metrics").status_code == 200
    finally:
        running.database.heal()
    assert running.get(f"/v1/status/{running.identifier}").json()["code"] == "valid"
    issued = running.recovers(key).json()["identifier"]
    assert running.recovers(key).json()["identifier"] == issued
    assert running.get(f"/v1/status/{issued}").json()["code"] == "valid"


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_store_that_fails(running, harm):
    """The record goes on answering; what needs a file says 503, and is made good afterwards."""
    key = f"bucket-{list(HARMS.values()).index(harm)}"
    running.bucket.set(harm)
    try:
        assert running.get(f"/v1/status/{running.identifier}").json()["code"] == "valid"
        _says_503(running.issue(key))
        _says_503(
            running.get(f"/v1/certificates/{running.identifier}/file", headers=running.headers)
        )
        assert running.verify().json()["code"] == "valid"
    finally:
        running.bucket.heal()
    issued = running.recovers(key).json()["identifier"]
    file = running.get(f"/v1/certificates/{issued}/file", headers=running.headers)
    assert file.content.startswith(b"%PDF-")


def test_readiness_names_what_is_missing(running):
    running.bucket.set(Harm(refuse=True))
    try:
        for _ in range(60):
            parts = {item["name"]: item["fault"] for item in running.get("/readyz").json()["parts"]}
            if parts["objects"]:
                break
            time.sleep(0.5)
        assert parts["objects"] == "store-unavailable"
        assert parts["database"] == ""
    finally:
        running.bucket.heal()


def test_a_start_without_its_stores_is_one_sentence(running, servers, tmp_path):
    stores = servers.environment(tmp_path / "secrets", servers.database(), servers.bucket())
    for name, value in (
        ("CERTLIB_S3_ENDPOINT", "http://127.0.0.1:9"),
        ("CERTLIB_STATUS_URL_FILE", str(tmp_path / "none")),
    ):
        wrong = stores | {name: value, "CERTLIB_LANG": "en"}
        with pytest.raises(AssertionError) as caught, serving(tmp_path / "var", **wrong):
            pass
        said = [line for line in str(caught.value).splitlines() if not line.startswith("{")]
        assert len(said) == 1, said  # beside log lines


def test_no_log_line_names_an_address_or_a_secret(running, servers):
    text = json.dumps(running.server.lines(), ensure_ascii=False)
    assert servers.seaweed.application.secret not in text
    for secret in ("91445202MA9TEXT00K", "postgresql://"):
        assert secret not in text
