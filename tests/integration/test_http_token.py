"""A served node whose seal keys lie in a real token (SoftHSM2), in a process of its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from api.audit import AuditOptions, audit, trust_of_register
from api.schemas import examples
from tests.integration.http_process import prepare, serving


@contextmanager
def counter_at(server):
    headers = server.bearer()
    with httpx.Client(base_url=server.url, timeout=60, headers=headers) as http:
        yield Counter(http)


class Counter:
    """Issues certificates as a department's system does."""

    def __init__(self, http):
        self._http = http

    def issue(self, number):
        order = examples.ORDER | {"number": f"粤交运管许可揭字{number:012}号"}
        return self._http.post(
            "/v1/certificates", json=order, headers={"Idempotency-Key": f"token-{number}"}
        )

    def seal(self, answer):
        file = self._http.get(f"/v1/certificates/{answer.json()['identifier']}/file")
        return file.raise_for_status().content

    def verdict(self, pdf):
        sent = {"Content-Type": "application/pdf"}
        answer = self._http.post("/v1/verifications", content=pdf, headers=sent)
        return answer.raise_for_status().json()["verdict"]


def _audited(folder):
    options = AuditOptions(
        f"sqlite:///{folder / 'certlib.sqlite'}",
        folder / "objects",
        (folder.with_name("var-secrets") / "kek",),
        trust_of_register(folder / "keys" / "register"),
        now=datetime.now(UTC),
        counted=folder / "keys",
    )
    return {(item.name, one.code) for item in audit(options).invariants for one in item.violations}


@pytest.mark.timeout(300)
def test_a_node_seals_in_its_token_and_lives_through_its_restart(tmp_path, soft_token):
    """Issued through the token by several at once; while it is away nothing is lost."""
    folder = tmp_path / "var"
    environment = soft_token.environment() | {"CERTLIB_SEAL_KEYS": "token"}
    prepare(folder, **environment)
    assert not list((folder / "keys" / "private").glob("seal-*-p256.key"))
    with serving(folder, **environment) as server, counter_at(server) as counter:
        with ThreadPoolExecutor(4) as pool:
            issued = list(pool.map(counter.issue, range(1, 9)))
        assert {answer.status_code for answer in issued} == {201}
        assert counter.verdict(counter.seal(issued[0])) == "valid"

        soft_token.taken_out()
        refused = counter.issue(20)
        assert refused.status_code == 503
        assert refused.json()["code"] == "signing-unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        assert counter.verdict(counter.seal(issued[1])) == "valid"  # what is sealed stays good
        soft_token.put_back()

        for _ in range(100):
            again = counter.issue(20)
            if again.status_code == 201:
                break
            assert again.status_code in {409, 503}, again.text
            time.sleep(0.2)
        assert again.status_code == 201
        assert counter.verdict(counter.seal(again)) == "valid"
    assert _audited(folder) == set()


@pytest.mark.timeout(120)
def test_a_wrong_pin_is_no_reason_not_to_start(tmp_path, soft_token):
    """Verifying goes on; issuing says what is the matter."""
    folder = tmp_path / "var"
    environment = soft_token.environment() | {"CERTLIB_SEAL_KEYS": "token"}
    prepare(folder, **environment)
    wrong = tmp_path / "wrong-pin"
    wrong.write_text("0000\n")
    environment["CERTLIB_PKCS11_PIN_FILE"] = str(wrong)
    with serving(folder, **environment) as server, counter_at(server) as counter:
        for number in (1, 2):
            refused = counter.issue(number)
            assert refused.status_code == 503
            assert "CKR_PIN_INCORRECT" in refused.text
