"""Several processes on one port, over PostgreSQL and S3: one server to whoever asks."""

import json
import os
import re
import signal
import threading
import time

import httpx
import psutil
import pytest

from api.metrics_shared import Shared
from api.schemas import examples
from tests.integration.http_process import prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WORKERS = 3


@pytest.fixture(scope="module")
def larger(servers, tmp_path_factory):
    """Folder and settings of a founded node."""
    folder = tmp_path_factory.mktemp("larger")
    stores = servers.environment(folder / "secrets", servers.database(), servers.bucket())
    prepare(folder / "var", **stores)
    return folder / "var", stores


@pytest.fixture(scope="module")
def server(larger):
    folder, stores = larger
    with serving(folder, CERTLIB_WORKERS=str(WORKERS), **stores) as started:
        yield started


def _children(server):
    """Pids of the server processes: those that log; helpers of theirs are further down."""
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def _issue(server, key):
    headers = server.bearer() | {"Idempotency-Key": key}
    order = examples.ORDER | {"number": f"揭交〔2026〕{key}号"}
    return httpx.post(f"{server.url}/v1/certificates", json=order, headers=headers, timeout=60)


def test_one_record_whoever_answers(server):
    """Each request may reach another process: what one has committed all others know."""
    identifiers = set()
    for number in range(6):
        answer = _issue(server, f"w-{number}")
        assert answer.status_code == 201, answer.text
        again = _issue(server, f"w-{number}")
        assert again.json()["identifier"] == answer.json()["identifier"]
        identifiers.add(answer.json()["identifier"])
    assert len(identifiers) == 6
    for identifier in identifiers:
        seen = {httpx.get(f"{server.url}/v1/status/{identifier}").json()["code"] for _ in range(12)}
        assert seen == {"valid"}


def test_a_revocation_is_seen_by_every_process_at_once(server):
    """INV-6, across processes."""
    answer = _issue(server, "revoke-me")
    identifier = answer.json()["identifier"]
    url = f"{server.url}/v1/status/{identifier}"
    for _ in range(12):
        assert httpx.get(url).json()["code"] == "valid"
    done = httpx.post(
        f"{server.url}/v1/certificates/{identifier}/revoke",
        json=examples.DECISION | {"effective_from": "2026-11-01"},
        headers=server.bearer()
        | {"Idempotency-Key": "w-revoke", "If-Match": answer.headers["etag"]},
    )
    assert done.status_code == 200, done.text
    assert {httpx.get(url).json()["code"] for _ in range(24)} == {"revoked"}


def test_every_process_takes_its_part_and_a_scrape_tells_of_all(server):
    before = _counted(server)

    def ask():
        for _ in range(20):
            httpx.get(f"{server.url}/v1/status/x")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(50):
        after = _counted(server)
        if sum(after.values()) - sum(before.values()) == 120:
            break
        time.sleep(0.3)
    assert sum(after.values()) - sum(before.values()) == 120
    assert set(after) == {"1", "2", "3"}
    text = httpx.get(f"{server.url}/metrics").text
    # What is asked of the record is told once, whoever is asked.
    assert len(re.findall(r"^certlib_pending_intents ", text, re.MULTILINE)) == 1
    assert text.count("# TYPE certlib_requests_total ") == 1


def _counted(server):
    text = httpx.get(f"{server.url}/metrics").text
    found = {}
    for line in text.splitlines():
        if line.startswith("certlib_status_answers_total") and 'status="400"' in line:
            process = re.search(r'process="(\d)"', line).group(1)
            found[process] = found.get(process, 0) + float(line.rsplit(" ", 1)[1])
    return found


def test_what_was_published_is_locked_by_one_of_them(server, larger, servers):
    _issue(server, "lock-me")
    client, bucket = servers.seaweed.client(), larger[1]["CERTLIB_S3_BUCKET"]
    for _ in range(100):
        names = [
            item.object_name
            for item in client.list_objects(bucket)
            if re.fullmatch(r"[0-9a-f]{32}\.0", item.object_name)
        ]
        retained = [
            client.get_object_retention(bucket, name)
            for name in names
            if _locked(client, bucket, name)
        ]
        if len(retained) == len(names):
            break
        time.sleep(0.3)
    assert len(retained) == len(names) > 0
    assert {item.mode for item in retained} == {"GOVERNANCE"}


def _locked(client, bucket, name):
    found = client.stat_object(bucket, name)
    return "x-amz-object-lock-mode" in found.metadata


def test_a_process_that_dies_is_replaced_and_nobody_notices_for_long(server):
    children = _children(server)
    assert len(children) == WORKERS
    os.kill(next(iter(children)), signal.SIGKILL)
    for _ in range(200):
        now = _children(server)
        if len(now) == WORKERS and now != children:
            break
        time.sleep(0.1)
    assert len(_children(server)) == WORKERS
    for number in range(5):
        assert _issue(server, f"after-{number}").status_code == 201
    assert any(line["event"] == "process ended" for line in server.lines())


def test_it_ends_in_good_order(larger):
    folder, stores = larger
    with serving(folder, CERTLIB_WORKERS="2", **stores) as started:
        children = _children(started)
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(60) == 0
        assert not any(psutil.pid_exists(pid) for pid in children)
        stopped = [line for line in started.lines() if line["event"] == "stopped"]
        assert len(stopped) == 2


def test_children_end_when_their_parent_is_killed(larger):
    folder, stores = larger
    with serving(folder, CERTLIB_WORKERS="2", **stores) as started:
        children = _children(started)
        started.process.kill()
        for _ in range(200):
            if not any(psutil.pid_exists(pid) for pid in children):
                break
            time.sleep(0.1)
        assert not any(psutil.pid_exists(pid) for pid in children)


def test_settings_that_are_wrong_are_told_once(larger):
    folder, stores = larger
    wrong = stores | {"CERTLIB_S3_BUCKET": "no-such-bucket"}
    with (
        pytest.raises(AssertionError) as caught,
        serving(folder, CERTLIB_WORKERS="3", CERTLIB_LANG="en", **wrong),
    ):
        pass
    assert str(caught.value).count("not set up as it must be") == 1


def test_a_file_of_figures_that_is_damaged_is_left_out(tmp_path):
    from prometheus_client import CollectorRegistry, Counter

    own = CollectorRegistry()
    Counter("certlib_requests", "Requests", ("method",), registry=own).labels("GET").inc(3)
    first, second = Shared(tmp_path, 1), Shared(tmp_path, 2)
    first.leave(own)
    (tmp_path / "x.prom").write_text("no number")
    (tmp_path / "7.prom").mkdir()
    text = second.text(own).decode()
    for number in (1, 2):
        assert f'certlib_requests_total{{method="GET",process="{number}"}} 3.0' in text
    assert json.dumps(text).count("TYPE certlib_requests_total counter") == 1
